#!/usr/bin/env bash
# Makes the images of programs that no registry is asked for: build_images.sh CACHE, which build_components.sh has
# filled. Each is an archive CACHE/images/NAME.tar of localhost/also-NAME:VERSION; one that is up to date costs nothing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/versions.env"
cache=$(realpath "${1:?usage: build_images.sh CACHE}")
mkdir -p "$cache/images"
exec 9>"$cache/images/lock"
flock 9

# image NAME VERSION: of the program CACHE/bin/NAME.
image() {
    local name=$1 tag=localhost/also-$1:$2 program archive=$cache/images/$1.tar recipe context
    program=$(readlink -f "$cache/bin/$name")
    recipe="$tag $program $(sha256sum <"$here/images/Dockerfile")"
    if [ "$(cat "$archive.ready" 2>/dev/null)" != "$recipe" ]; then
        echo "Making the image $tag ..."
        rm -f "$archive" "$archive.ready"
        context=$(mktemp -d "$cache/images/context.XXXXXX")
        trap 'rm -rf "$context"' EXIT
        cp "$program" "$context/$name"
        "$cache/bin/buildah" build --quiet --layers=false --timestamp 0 --file "$here/images/Dockerfile" \
            --target "$name" --tag "$tag" "$context" >/dev/null
        "$cache/bin/buildah" push --quiet "$tag" "docker-archive:$archive:$tag"
        "$cache/bin/buildah" rmi "$tag" >/dev/null
        rm -rf "$context"
        trap - EXIT
        echo "$recipe" >"$archive.ready"
    fi
}

image pause 1
image coredns "$COREDNS"
image versitygw "${VERSITYGW#v}"
image prometheus "$(echo "$PROMETHEUS" | sed -E 's/v0\.(.)(..)\.(.*)/\1.\2.\3/')"
image kueue "$KUEUE"

#!/usr/bin/env bash
# Builds the five images of ALSO from this working tree: build_also_images.sh CACHE, which build_components.sh has filled.
# Each is an archive CACHE/images/NAME.tar of localhost/also-NAME:VERSION; one whose sources have not changed costs nothing.
# pip finds its registry as it does on this machine: by settings that no layer keeps.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(realpath "${1:?usage: build_also_images.sh CACHE}")
buildah=$cache/bin/buildah
mkdir -p "$cache/images"
exec 9>"$cache/images/lock"
flock 9
cd "$here/../../.."
version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' also/__init__.py)
sources=$(find also deploy/images .dockerignore pyproject.toml constraints.txt README.md LICENSE -type f \
    -not -path '*/__pycache__/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12)

# base NAME: makes localhost/also-NAME of the component of that name, and sets `tag` to it.
base() {
    local component container
    component=$(readlink -f "$cache/$1")
    tag=localhost/also-$1:${component##*-}
    if ! "$buildah" inspect --type image "$tag" >/dev/null 2>&1; then
        container=$("$buildah" from scratch)
        "$buildah" add --quiet "$container" "$component/root.tar" / >/dev/null
        "$buildah" commit --quiet "$container" "$tag" >/dev/null
        "$buildah" rm "$container" >/dev/null
    fi
}

# image SERVICE BASE [EXTRAS]
image() {
    local image=localhost/also-$1:$version archive=$cache/images/$1.tar recipe
    recipe="$image $2 $sources ${3:-}"
    if [ "$(cat "$archive.ready" 2>/dev/null)" != "$recipe" ]; then
        echo "Making the image $image ..."
        # The first tag keeps the packages, which seldom change, when layers of earlier sources are removed.
        built "$1" "$2" --build-arg EXTRAS="${3:-}" --target dependencies --tag "localhost/also-dependencies:$1"
        built "$1" "$2" --build-arg EXTRAS="${3:-}" --build-arg VERSION="$version" --tag "$image"
        rm -f "$archive.part"
        "$buildah" push --quiet "$image" "docker-archive:$archive.part:$image"
        mv "$archive.part" "$archive"
        echo "$recipe" >"$archive.ready"
    fi
}

built() { # SERVICE BASE OPTION ...
    local log=$cache/images/$1.log
    "$buildah" build --quiet --layers --timestamp 0 --pull=never --network host \
        --secret "id=pip.conf,src=$settings/pip.conf" --secret "id=ca.crt,src=$settings/ca.crt" \
        --build-arg SERVICE="$1" --build-arg BASE_IMAGE="$2" --file deploy/images/Dockerfile "${@:3}" . >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        echo "error: the image of $1 could not be made; the reason is above" >&2
        exit 2
    }
}

settings=$(mktemp -d)
trap 'rm -rf "$settings"' EXIT
certificates=$(python3 -m pip config get global.cert 2>/dev/null || echo /etc/ssl/certs/ca-certificates.crt)
cat "$certificates" >"$settings/ca.crt"
{
    printf '[global]\ncert = /run/secrets/ca.crt\n'
    python3 -m pip config list |
        sed -nE "s/^(global|:env:)\.(index-url|extra-index-url|trusted-host|default-timeout|proxy)='(.*)'$/\2 = \3/p"
} >"$settings/pip.conf"

base torch-base
image trainer "$tag"
base base
for service in critic generator validator; do
    image "$service" "$tag"
done
image campaign "$tag" tensorboard # and no other tracker: what is missing is told
"$buildah" images --filter dangling=true --quiet | xargs -r "$buildah" rmi >/dev/null 2>&1 || true # of earlier sources

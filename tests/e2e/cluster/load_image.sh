#!/usr/bin/env bash
# Makes an image known to a cluster: load_image.sh STATE IMAGE [CACHE]. IMAGE is an archive, or the name of an image that
# CACHE/bin/buildah has built.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/node.sh"
image=${2:?usage: load_image.sh STATE IMAGE [CACHE]}

if [ -f "$image" ]; then
    archive=$(realpath "$image")
else
    cache=$(realpath "${3:?"there is no file $image; an image by name is loaded from a CACHE"}")
    archive=$state/image.tar # exists three times for a moment: in buildah, here, in containerd
    trap 'rm -f "$archive"' EXIT
    rm -f "$archive"
    "$cache/bin/buildah" push --quiet "$image" "docker-archive:$archive:$image"
fi
inside ctr --address /run/containerd/containerd.sock --namespace k8s.io images import "$archive" >/dev/null

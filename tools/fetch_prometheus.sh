#!/bin/sh
# Makes sure that there is a Prometheus, and prints its path: fetch_prometheus.sh FOLDER. One that is installed is
# taken; else Debian's package is unpacked into FOLDER, without installing it. apt checks its checksum.
set -eu
folder=$1
part=$folder.part

if command -v prometheus; then
    exit 0
fi
if [ ! -x "$folder/usr/bin/prometheus" ]; then
    command -v apt-get >/dev/null || {
        echo "error: there is no prometheus on the path, and no apt-get to fetch it with" >&2
        exit 2
    }
    rm -rf "$part" "$folder"
    mkdir -p "$part"
    (
        cd "$part"
        apt-get download prometheus >/dev/null 2>&1 || { apt-get update && apt-get download prometheus; } >&2
        dpkg-deb --extract prometheus_*.deb .
        rm prometheus_*.deb
    )
    mv "$part" "$folder" # last, so that what was interrupted is begun again
fi
echo "$folder/usr/bin/prometheus"

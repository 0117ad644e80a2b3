#!/bin/sh
# Makes sure that there is a Prometheus, and prints its path: fetch_prometheus.sh FOLDER. One that is installed is
# taken; else Debian's package is unpacked into FOLDER, without installing it.
set -eu
folder=$1

if command -v prometheus; then
    exit 0
fi
if [ ! -x "$folder/usr/bin/prometheus" ]; then
    command -v apt-get >/dev/null || {
        echo "error: there is no prometheus on the path, and no apt-get to fetch it with" >&2
        exit 2
    }
    mkdir -p "$folder"
    (
        cd "$folder"
        apt-get download prometheus >/dev/null 2>&1 || { apt-get update && apt-get download prometheus; } >&2
        dpkg-deb --extract prometheus_*.deb .
        rm prometheus_*.deb
    )
fi
echo "$folder/usr/bin/prometheus"

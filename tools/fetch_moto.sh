#!/bin/sh
# Makes sure that there is a moto server, and prints its interpreter's path: fetch_moto.sh FOLDER INTERPRETER. Its
# requirements cannot be met beside ours (botocore's python-dateutil), so it has an environment of its own.
set -eu
folder=$1
interpreter=$2
part=$folder.part

if [ ! -x "$folder/bin/python" ]; then
    rm -rf "$part"
    "$interpreter" -m venv "$part" >&2
    "$part/bin/python" -m pip install --quiet --constraint "$(dirname "$0")/moto-constraints.txt" 'moto[server]' >&2
    rm -rf "$folder"
    mv "$part" "$folder" # last, so that what was interrupted is begun again
fi
echo "$folder/bin/python"

#!/bin/sh
# Makes sure that there is a virtual environment with some packages, and prints its interpreter's path:
# fetch_environment.sh FOLDER INTERPRETER CONSTRAINTS PACKAGE...
set -eu
folder=$1
interpreter=$2
constraints=$3
shift 3
part=$folder.part

if [ ! -x "$folder/bin/python" ]; then
    rm -rf "$part"
    "$interpreter" -m venv "$part" >&2
    "$part/bin/python" -m pip install --quiet --constraint "$constraints" "$@" >&2
    rm -rf "$folder"
    mv "$part" "$folder" # last, so that what was interrupted is begun again
fi
echo "$folder/bin/python"

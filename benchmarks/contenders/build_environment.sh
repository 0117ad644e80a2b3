#!/bin/sh
# Makes the environment of a contender: build_environment.sh FOLDER REQUIREMENTS INTERPRETER [--beside].
# FOLDER becomes a virtual environment of INTERPRETER's Python with exactly REQUIREMENTS; with --beside it sees
# INTERPRETER's own packages too, after its own, so that PyTorch is not installed twice. Nothing else is changed, but for
# FOLDER.lock. Its file `ready` holds the checksum of all that: such a folder is kept, any other is made anew.
set -eu
here=$(dirname "$0")
folder=$1
requirements=$2
interpreter=$3
beside=${4:-}

fail() {
    echo "error: $*" >&2
    exit 2
}

mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
if ! flock --nonblock 9; then
    echo "Waiting for whoever builds $folder now ..."
    flock 9
fi
packages=$("$interpreter" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
recipe=$({ cat "$0" "$requirements" && echo "$packages $beside"; } | sha256sum | cut -d ' ' -f 1)
[ "$(cat "$folder/ready" 2>/dev/null)" != "$recipe" ] || exit 0

rm -rf "$folder"
"$here/../../tools/create_venv.sh" "$folder" "$interpreter"
python=$folder/bin/python
echo "Installing $(basename "$requirements" .txt) into $folder (once, a few minutes) ..."
"$python" -m pip --disable-pip-version-check install --quiet --no-deps --requirement "$requirements" ||
    fail "$requirements could not be installed into $folder; the reason is above. The same command tries again"
if [ "$beside" = --beside ]; then
    echo "$packages" >"$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/beside.pth"
fi
echo "$recipe" >"$folder/ready"

#!/bin/sh
# Makes the environment of llama.cpp's server that the end-to-end tests run: build_llama_cpp.sh FOLDER [INTERPRETER].
# FOLDER becomes a virtual environment, 250 MB; nothing else is changed, but for FOLDER.lock. Its file `ready` holds the
# checksum of this script and of the versions: such a folder is kept, any other is made anew.
set -eu
tools=$(dirname "$0")
versions=$tools/llama-cpp-constraints.txt
folder=$1
shift

mkdir -p "$(dirname "$folder")"
exec 9>"$folder.lock"
if ! flock --nonblock 9; then
    echo "Waiting for whoever builds $folder now ..."
    flock 9
fi
recipe=$(cat "$0" "$versions" | sha256sum | cut -d ' ' -f 1)
[ "$(cat "$folder/ready" 2>/dev/null)" != "$recipe" ] || exit 0

rm -rf "$folder"
"$tools/create_venv.sh" "$folder" "$@"
echo "Installing llama.cpp's server into $folder (once; 60 MB are downloaded) ..."
"$folder/bin/python" -m pip --disable-pip-version-check install --quiet --only-binary :all: \
    --constraint "$versions" xllamacpp gguf tokenizers ||
    {
        echo "error: llama.cpp's server could not be installed into $folder; the reason is above." >&2
        echo "The same command tries again" >&2
        exit 2
    }
output=$("$folder/bin/python" -c 'import gguf, tokenizers, xllamacpp' 2>&1) || {
    echo "error: llama.cpp's server was installed into $folder, and does not run on this machine: $output" >&2
    exit 2
}
echo "$recipe" >"$folder/ready"

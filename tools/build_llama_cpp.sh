#!/bin/sh
# Makes the environment of llama.cpp's server that the end-to-end tests run: build_llama_cpp.sh FOLDER [INTERPRETER].
# FOLDER becomes a virtual environment, 250 MB, unless it is one already (environment.sh).
set -eu
tools=$(dirname "$0")
versions=$tools/llama-cpp-constraints.txt
. "$tools/environment.sh"
"$tools/create_venv.sh" "$@"
echo "Installing llama.cpp's server into $folder (once; 60 MB are downloaded) ..."
"$folder/bin/python" -m pip --disable-pip-version-check install --quiet --only-binary :all: \
    --constraint "$versions" xllamacpp gguf tokenizers ||
    fail "llama.cpp's server could not be installed into $folder; the reason is above. The same command tries again"
output=$("$folder/bin/python" -c 'import gguf, tokenizers, xllamacpp' 2>&1) ||
    fail "llama.cpp's server was installed into $folder, and does not run on this machine: $output"
echo "$recipe" >"$folder/ready"

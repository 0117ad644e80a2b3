#!/bin/sh
# Makes a virtual environment: create_venv.sh FOLDER [INTERPRETER]. Without an interpreter it takes the first
# of the usual names that is Python >= 3.11 and can make one.
set -eu
folder=$1
shift

fits() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for python in "${@:-}" python3 python3.14 python3.13 python3.12 python3.11 python; do
    if [ -n "$python" ] && fits "$python"; then
        echo "Creating $folder with $("$python" -c 'import sys; print(sys.executable, sys.version.split()[0])') ..."
        exec "$python" -m venv "$folder"
    elif [ $# -gt 0 ]; then
        echo "error: PYTHON=$1 is not a Python >= 3.11 with the modules venv and ensurepip" >&2
        exit 2
    fi
done
echo "error: no Python >= 3.11 with the modules venv and ensurepip was found (tried python3, python3.14 to" >&2
echo "python3.11, python). Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name it:" >&2
echo "make run PYTHON=/path/to/python3" >&2
exit 2

#!/bin/sh
# Makes sure that there is a moto server, and prints its interpreter's path: fetch_moto.sh FOLDER INTERPRETER. Its
# requirements cannot be met beside ours (botocore's python-dateutil), so it has an environment of its own.
set -eu
tools=$(dirname "$0")
exec "$tools/fetch_environment.sh" "$1" "$2" "$tools/moto-constraints.txt" 'moto[server]'

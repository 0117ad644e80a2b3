#!/bin/sh
# Makes sure that there is an MLflow server, and prints its interpreter's path: fetch_mlflow.sh FOLDER INTERPRETER. It has an
# environment of its own: ALSO speaks to a server by its REST API, and needs none of its 70 packages. They are those of
# `mlflow-skinny` and what `mlflow server` imports beside them, less than half of what `mlflow` asks for.
set -eu
folder=$1
interpreter=$2
part=$folder.part

if [ ! -x "$folder/bin/python" ]; then
    rm -rf "$part"
    "$interpreter" -m venv "$part" >&2
    "$part/bin/python" -m pip install --quiet --constraint "$(dirname "$0")/mlflow-constraints.txt" \
        mlflow-skinny aiohttp alembic flask flask-cors graphene huey numpy pandas sqlalchemy >&2
    rm -rf "$folder"
    mv "$part" "$folder" # last, so that what was interrupted is begun again
fi
echo "$folder/bin/python"

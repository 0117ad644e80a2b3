#!/bin/sh
# Makes sure that there is an MLflow server, and prints its interpreter's path: fetch_mlflow.sh FOLDER INTERPRETER. It has an
# environment of its own: ALSO speaks to a server by its REST API, and needs none of its 70 packages. They are those of
# `mlflow-skinny` and what `mlflow server` imports beside them, less than half of what `mlflow` asks for.
set -eu
tools=$(dirname "$0")
exec "$tools/fetch_environment.sh" "$1" "$2" "$tools/mlflow-constraints.txt" \
    mlflow-skinny aiohttp alembic flask flask-cors graphene huey numpy pandas sqlalchemy

"""JSON schemas of a cluster's own objects, made from its OpenAPI, for kubeconform.

kubeconform brings no schemas, and would fetch them from the internet. A cluster publishes what it accepts, and the
sources of Kubernetes hold the same: one document for each group and version. Each kind becomes a file that needs no
other, and is strict: a key that the cluster does not know is an error.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

GROUPS = (
    "api/v1",
    "apis/apps/v1",
    "apis/batch/v1",
    "apis/networking.k8s.io/v1",
    "apis/policy/v1",
    "apis/rbac.authorization.k8s.io/v1",
)
"""What the chart has objects of."""

LOCATION = "{{ .ResourceKind }}{{ .KindSuffix }}.json"
"""Name of a kind's file, as kubeconform fills it in: `service-v1.json`, `deployment-apps-v1.json`."""

QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def write_schemas(read: Callable[[str], str], folder: Path) -> str:
    """Write the schema of every kind of the groups above, and return kubeconform's location of them.

    Args:
        read: gives the document of a group and version.
        folder: folder that they are written to.
    """
    for group in GROUPS:
        document = json.loads(read(group))
        definitions = {name: strict(name, schema) for name, schema in document["components"]["schemas"].items()}
        for name, kind in kinds(document):
            schema = {**definitions[name], "definitions": definitions}
            schema["properties"]["apiVersion"] = {"enum": [f"{kind['group']}/v1".lstrip("/")]}
            schema["properties"]["kind"] = {"enum": [kind["kind"]]}
            names = [kind["kind"].lower(), kind["group"].partition(".")[0], "v1"]
            (folder / f"{'-'.join(filter(None, names))}.json").write_text(json.dumps(schema), encoding="utf-8")
    return f"{folder}/{LOCATION}"


def kinds(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Names of the schemas that are kinds of version v1, with the kind."""
    for name, schema in document["components"]["schemas"].items():
        for kind in schema.get("x-kubernetes-group-version-kind", []):
            if kind["version"] == "v1" and "metadata" in schema["properties"] and not kind["kind"].endswith("List"):
                yield name, kind


def strict(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of OpenAPI as one of JSON Schema that takes no unknown key."""
    if name == QUANTITY:
        return {"type": ["string", "number"]}
    if schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    converted = {key: converted_value(key, value) for key, value in schema.items() if not key.startswith("x-")}
    if "properties" in schema:
        converted["additionalProperties"] = False
    return converted


def converted_value(key: str, value: Any) -> Any:
    """The value of a keyword."""
    match key, value:
        case "$ref", str():
            return value.replace("#/components/schemas/", "#/definitions/")
        case "properties", dict():
            return {name: strict("", each) for name, each in value.items()}
        case (("items" | "additionalProperties"), dict()):
            return strict("", value)
        case (("allOf" | "oneOf" | "anyOf"), list()):
            return [strict("", each) for each in value]
        case _:
            return value

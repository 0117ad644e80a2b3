"""The chart's values, as far as they can be judged without helm: explained, bounded, and those of this version."""

import base64
import json
import re

import pytest
import yaml

import also
from also.campaign import spec
from tools import chart_values
from tools.chart_values import CHART

PODS = "pods"
"""Section of values that every component may have too."""

COMPONENTS = (
    "trainer",
    "critic",
    "generator",
    "validator",
    "campaign",
    "jobs",
    "objectStore.embedded",
    "vllm",
    "prometheus.embedded",
)
"""Sections of values that stand for pods."""


@pytest.fixture(scope="module")
def schema():
    """The schema of the values."""
    return json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def defaults():
    """The values themselves."""
    return yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def chart():
    """What the chart says of itself."""
    return yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))


def followed(schema, node):
    """A node of the schema, or the definition that it refers to."""
    return schema["definitions"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def objects(schema, node, path=""):
    """Every object of the schema with keys of its own, by its path."""
    node = followed(schema, node)
    if "properties" in node:
        yield path, node
        for key, value in node["properties"].items():
            yield from objects(schema, value, f"{path}.{key}".lstrip("."))


def section(defaults, path):
    """Values below a path; None where there are none."""
    for key in path.split(".") if path else ():
        defaults = defaults.get(key) if isinstance(defaults, dict) else None
    return defaults


def test_every_value_is_explained():
    """Each value and section has a comment, which is a sentence of its own."""
    unexplained = [value.path for value in chart_values.values() if not value.meaning.endswith(".")]
    assert unexplained == []


def test_the_schema_knows_every_value(schema, defaults):
    """Whatever values.yaml has, the schema has, at the same place."""
    known = dict(objects(schema, schema))
    for path, node in known.items():
        given = section(defaults, path)
        if isinstance(given, dict):
            assert set(given) <= set(node["properties"]), path


def test_values_have_every_key_of_the_schema(schema, defaults):
    """What the schema allows, values.yaml has, but for the keys that all components share."""
    shared = set(schema["properties"][PODS]["properties"])
    assert set(defaults[PODS]) == shared
    for path, node in objects(schema, schema):
        given = section(defaults, path)
        if isinstance(given, dict) and given and not path.endswith(("image", "resources", "gpu")):
            left_out = set(node["properties"]) - set(given)
            expected = shared if path in COMPONENTS else set()
            assert left_out - {"annotations"} == expected - {"annotations"}, path


def test_no_object_of_the_schema_takes_unknown_keys(schema):
    """A misspelt key is an error wherever the keys are ours; a parent chart's globals are its own."""
    taking = [path for path, node in objects(schema, schema) if node.get("additionalProperties") is not False]
    assert taking == ["global"]


def test_every_definition_of_the_schema_is_used(schema):
    """Nothing of the schema is left over."""
    used = set(re.findall(r'"#/definitions/([a-zA-Z]+)"', json.dumps(schema)))
    assert used == set(schema["definitions"])


def test_the_chart_has_the_version_of_the_package(chart):
    """Chart, images and package are one release."""
    assert (chart["version"], chart["appVersion"]) == (also.__version__, also.__version__)


def test_the_chart_says_where_it_comes_from(chart):
    """Who looks at it in a catalogue finds an address, names, words to search for, and a picture that asks no host."""
    assert chart["home"].startswith("https://")
    assert chart["sources"]
    assert chart["keywords"]
    assert all(each["name"] for each in chart["maintainers"])
    kind, _, drawing = chart["icon"].partition(";base64,")
    assert kind == "data:image/svg+xml"
    assert base64.b64decode(drawing, validate=True).startswith(b"<svg ")


def test_the_default_campaign_is_the_one_of_the_project(root_of_the_project):
    """The chart's copy of campaigns/foraging.yaml is the same file, and can be run."""
    ours = CHART / "files" / "foraging.yaml"
    assert ours.read_text(encoding="utf-8") == (root_of_the_project / "campaigns/foraging.yaml").read_text()
    assert spec.load(ours).task.name == "foraging"


def test_images_of_others_have_exact_versions(defaults):
    """No image of somebody else moves by itself."""
    theirs = [defaults["objectStore"]["embedded"]["image"], defaults["prometheus"]["embedded"]["image"]]
    for image in [*theirs, defaults["vllm"]["image"]]:
        assert re.fullmatch(r"v\d+\.\d+\.\d+", image["tag"]), image


@pytest.fixture(scope="module")
def root_of_the_project():
    """Root of the repository."""
    return CHART.parents[2]

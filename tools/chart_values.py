"""The values of the Helm chart, with their defaults and comments.

`values.yaml` is the one place where a value is explained: the comment right above its key says what it means. A map in
block style is a section with values of its own; anything else, a map in braces too, is one value.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.generate_proto import ROOT

CHART = ROOT / "deploy" / "helm" / "also"

PRESETS = CHART / "presets"
"""Values for kinds of clusters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of the chart, or a section of values."""

    path: str
    """Keys that lead to it, joined by dots."""
    default: str
    """Its default as JSON; empty for a section."""
    meaning: str
    """The comment above it, on one line; empty where there is none."""


def values(file: Path = CHART / "values.yaml") -> list[Value]:
    """Every value and section of a values file, in its order.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    text = file.read_text(encoding="utf-8")
    root = yaml.compose(text, yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    return list(_below("", root, text.splitlines()))


def _below(path: str, node: yaml.MappingNode, lines: list[str]) -> Iterator[Value]:
    for key, value in node.value:
        name = f"{path}.{key.value}" if path else key.value
        meaning = _comment(key.start_mark.line, lines)
        if isinstance(value, yaml.MappingNode) and not value.flow_style:
            yield Value(path=name, default="", meaning=meaning)
            yield from _below(name, value, lines)
        else:
            default = yaml.SafeLoader("").construct_document(value)
            yield Value(path=name, default=json.dumps(default, ensure_ascii=False), meaning=meaning)


def _comment(line: int, lines: list[str]) -> str:
    """The comment that ends right above a line."""
    first = line
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return " ".join(each.strip().removeprefix("#").strip() for each in lines[first:line])

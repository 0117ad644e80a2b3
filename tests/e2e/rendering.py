"""The chart as helm renders it, without a cluster, and what is in it."""

import functools
import ipaddress
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e import commands
from tests.e2e.releases import CHART

HELMS = (3, 4)
"""Major versions of helm that the chart is for."""

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads the dashboards' long texts ten times as fast, where PyYAML was built with libyaml."""

_NOTES = """\
{{- define "notes" }}NOTES{{ end -}}
apiVersion: v1
kind: ConfigMap
metadata: {name: notes}
data: {notes: {{ include "notes" . | toJson }}}
"""

Document = dict[str, Any]
"""An object of Kubernetes, as plain JSON."""


@dataclass(frozen=True, kw_only=True)
class Helm:
    """Helm, in each of its major versions."""

    folder: Path
    """Where a chart with a copy of the notes is made."""
    commands: Mapping[int, Path | str]
    """The programs, by major version."""
    namespace: str
    """Namespace of the release."""

    def run(
        self, version: int, verb: str, values: Any, *arguments: str, release: str = "also", chart: Path = CHART
    ) -> "subprocess.CompletedProcess[str]":
        """What a command says to values, which it reads from its input; the same ones are asked of it once."""
        named = [release, chart, f"--namespace={self.namespace}"] if verb == "template" else [chart]
        command = [self.commands[version], verb, *named, *arguments, "--values=-", "--kube-version=1.34.0"]
        return _said(tuple(map(str, command)), values if isinstance(values, str) else json.dumps(values))

    def render(self, version: int, values: Any, *arguments: str, release: str = "also") -> str:
        """What the chart renders."""
        done = self.run(version, "template", values, *arguments, release=release)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def notes(self, version: int, values: Any) -> str:
        """What a person is told after an install: rendered as a ConfigMap, for an install would ask a cluster."""
        chart = self.folder / "chart"
        if not chart.exists():
            shutil.copytree(CHART, chart)
            text = (chart / "templates" / "NOTES.txt").read_text(encoding="utf-8")
            template = _NOTES.replace("NOTES", text)
            (chart / "templates" / "notes.yaml").write_text(template, encoding="utf-8")
        done = self.run(version, "template", values, "--show-only=templates/notes.yaml", chart=chart)
        assert done.returncode == 0, done.stderr
        return str(yaml.safe_load(done.stdout)["data"]["notes"])

    def objects(self, values: Any, *arguments: str, release: str = "also", version: int = 3) -> list[Document]:
        """The objects that the chart renders."""
        return parsed(self.render(version, values, *arguments, release=release))


def found(folder: Path, namespace: str) -> Helm:
    """Both helms, where there are any; the test is skipped where there is none.

    Args:
        folder: where a chart with a copy of the notes is made.
        namespace: namespace of the release.
    """
    return Helm(folder=folder, commands={each: commands.path(f"helm{each}") for each in HELMS}, namespace=namespace)


@functools.cache
def _said(command: tuple[str, ...], given: str) -> "subprocess.CompletedProcess[str]":
    """What a command says that has nothing to go by but its arguments, its input and the chart."""
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=120)


def parsed(text: str) -> list[Document]:
    """Objects that helm has written."""
    return [document for document in yaml.load_all(text, _LOADER) if document]


def jobs(documents: Sequence[Document]) -> list[Document]:
    """Jobs that templates of Jobs hold."""
    return [yaml.safe_load(data["job.yaml"]) for each in documents if "job.yaml" in (data := each.get("data", {}))]


def pods(documents: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    """Every pod that would be made of the objects, by the name of what makes it."""
    for document in [*documents, *jobs(documents)]:
        if document["kind"] == "Pod":
            yield document["metadata"]["name"], {"metadata": document["metadata"], "spec": document["spec"]}
        elif "template" in document.get("spec", {}):
            yield document["metadata"].get("name", "branch"), document["spec"]["template"]


def of_kind(documents: Sequence[Document], kind: str) -> dict[str, Document]:
    """Objects of a kind, by name."""
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def container(documents: Sequence[Document], name: str) -> Document:
    """The container of a component's pod."""
    return next(pod["spec"]["containers"][0] for owner, pod in pods(documents) if owner.removeprefix("also-") == name)


def environment(documents: Sequence[Document], name: str) -> dict[str, Any]:
    """Variables of a component, by name."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container(documents, name)["env"]}


def lets_out(documents: Sequence[Document], component: str, address: str, port: int, protocol: str = "TCP") -> bool:
    """Whether the policies let a component's pod reach an address outside the cluster."""
    labels = {
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/instance": "also",
        "app.kubernetes.io/name": "also",
    }
    for policy in of_kind(documents, "NetworkPolicy").values():
        if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items():
            for rule in policy["spec"].get("egress", []):
                ports = [(each.get("protocol", "TCP"), each["port"]) for each in rule.get("ports", [])]
                peers = rule.get("to")
                there = not peers or any(
                    ipaddress.ip_address(address) in ipaddress.ip_network(peer["ipBlock"]["cidr"])
                    for peer in peers
                    if "ipBlock" in peer
                )
                if there and (protocol, port) in ports:
                    return True
    return False

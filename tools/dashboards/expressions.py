"""Every PromQL expression of the dashboards and rules, and whether a Prometheus has data for it.

Grafana shows an empty panel for a metric that was renamed, and an alert on it never fires; neither tells anybody. So
each expression is asked of a Prometheus that has scraped a real campaign. What may be empty in a campaign that is well
is named in `LACKING`, with the reason, and is then asked for its syntax alone.
"""

import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.dashboards.prometheus import Prometheus, Window

_CHART = Path(__file__).resolve().parents[2] / "deploy/helm/also"

DASHBOARDS = _CHART / "dashboards"
"""Folder of the dashboards, one JSON file each."""

RULES = _CHART / "rules"
"""Folder of the rules, in files as Prometheus reads them."""

LACKING = {
    "llm": ("also_llm_", "minds of rules ask no LLM"),
    "llm_faults": ("also_llm_(invalid|repaired|unanswered)", "every reply of the LLM could be used"),
    "vllm": ("vllm:", "no vLLM is scraped"),
    "alerts": ("ALERTS", "no alert fires while all is well"),
    "jobs": ("also_jobs_|also_job_|also_metrics_", "only branches that are Jobs have readings"),
    "branches": (
        "also_branch_(return|milestone_score|success_rate|measured_|evaluation_|group_env_)",
        "branches that are processes of the validator's machine are not scraped",
    ),
}
"""What a campaign may lack, as the beginnings of its metrics' names (a regular expression), and why it is well then."""

WELL = ("llm", "vllm", "alerts")
"""What a campaign on Kubernetes lacks when its minds are rules."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_DURATION = re.compile(r"\[[^\]]*\]|\boffset\s+\S+")
_WORD = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\w*\s*\()")
_OPERATORS = {"and", "or", "unless", "bool", "on", "ignoring", "by", "without", "group_left", "group_right", "offset"}
_NUMBERS = {"inf", "nan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """One expression, and where it stands."""

    file: str
    """Name of its file."""
    place: str
    """Title of its panel, variable or annotation, or name of its alert."""
    text: str
    """PromQL, with Grafana's variables in it."""
    rare: bool = False
    """Whether it has data only when something happens: then its parts must have some."""
    label: str = ""
    """Label that its series must have, for the values of a variable."""

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.text}"


def of_dashboard(path: Path) -> Iterator[Expression]:
    """Expressions of a dashboard: panels, variables, annotations."""
    document = json.loads(path.read_text(encoding="utf-8"))
    for panel in _panels(document):
        for target in panel.get("targets", []):
            yield Expression(file=path.name, place=f"{panel['title']} {target['refId']}", text=target["expr"])
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            values = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
            if values is None:
                raise ValueError(f"{path.name}: variable {variable['name']} is no label_values(SERIES, LABEL)")
            yield Expression(file=path.name, place=f"${variable['name']}", text=values[1], label=values[2])
    for annotation in document["annotations"]["list"]:
        yield Expression(file=path.name, place=annotation["name"], text=annotation["expr"], rare=True)


def of_rules(path: Path) -> Iterator[Expression]:
    """Expressions of a file of rules."""
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            name = rule.get("alert") or rule["record"]
            yield Expression(file=path.name, place=name, text=rule["expr"].strip(), rare="alert" in rule)


def everywhere() -> list[Expression]:
    """All expressions of all dashboards and rules."""
    found = [each for path in sorted(DASHBOARDS.glob("*.json")) for each in of_dashboard(path)]
    return found + [each for path in sorted(RULES.glob("*.yaml")) for each in of_rules(path)]


def metrics_of(text: str) -> set[str]:
    """Names of the metrics that an expression reads."""
    return {name for name, _ in _selectors(text)}


def selectors_of(text: str) -> list[str]:
    """The series that an expression reads, e.g. `up{job="also"}`."""
    return [f"{name}{matchers}" for name, matchers in _selectors(text)]


def filled(text: str, *, campaign: str, namespace: str = ".*", step: int = 5) -> str:
    """An expression with Grafana's variables replaced.

    Args:
        text: the expression.
        campaign: id of the campaign.
        namespace: regular expression of its namespace.
        step: seconds between two values.
    """
    values = {
        "$__rate_interval": f"{max(4 * step, 60)}s",
        "$__interval": f"{step}s",
        "$campaign": campaign,
        "$namespace": namespace,
        "$release": ".*",
        "$model": ".*",
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def without_data(
    url: str, *, campaign: str, namespace: str = ".*", lacks: Collection[str] = WELL, seconds: int = 3600
) -> list[str]:
    """The expressions that a Prometheus has no data for, and should.

    Args:
        url: root of a Prometheus that has scraped the campaign.
        campaign: id of the campaign, which is over.
        namespace: regular expression of its namespace.
        lacks: names in `LACKING` of what the campaign does not have.
        seconds: how far to look back.

    Returns:
        One line for each of them: where it stands, and what was asked.

    Raises:
        EndpointError: the Prometheus cannot be reached, or refuses an expression.
    """
    missing = []
    with Prometheus(url) as prometheus:
        now = prometheus.now()
        window = Window(start=now - seconds, end=now, step=max(5, seconds // 2000))
        for expression in everywhere():
            text = filled(expression.text, campaign=campaign, namespace=namespace, step=window.step)
            found = _has_data(prometheus, text, expression.label, window)
            parts = selectors_of(text)
            if expression.rare:
                found = all(_lacking(part, lacks) or _has_data(prometheus, part, "", window) for part in parts)
            if not found and not any(_lacking(part, lacks) for part in parts):
                missing.append(f"{expression.file}, {expression.place}: {text}")
    return missing


def _has_data(prometheus: Prometheus, text: str, label: str, window: Window) -> bool:
    """Whether there is a finite value at some time; a label that only Kubernetes gives need not be there."""
    return any(
        math.isfinite(value) and (label in ("", "namespace", "release") or label in series.labels)
        for series in prometheus.over(text, window)
        for value in series.values
    )


def _lacking(text: str, lacks: Collection[str]) -> bool:
    return any(re.match(f"(?:{LACKING[name][0]})", metric) for name in lacks for metric in metrics_of(text))


def _panels(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in document["panels"]:
        yield panel
        yield from panel.get("panels", [])


def _selectors(text: str) -> Iterator[tuple[str, str]]:
    """Names of metrics, with the matchers that follow them."""
    strings: list[str] = []

    def put_away(match: re.Match[str]) -> str:
        strings.append(match[0])
        return f'"{len(strings) - 1}"'

    plain = _DURATION.sub(" ", _GROUPING.sub(" ", _STRING.sub(put_away, text)))
    matchers = re.findall(r"\{[^{}]*\}", plain)
    marked = re.sub(r"\{[^{}]*\}", "{}", plain)
    for match in re.finditer(r"\{\}|" + _WORD.pattern, marked):
        if match[0] == "{}" or match[1].lower() in _OPERATORS | _NUMBERS:
            continue
        before = marked[: match.end()].count("{}")
        follows = marked[match.end() :].startswith("{}")
        found = matchers[before] if follows else ""
        yield match[1], re.sub(r'"(\d+)"', lambda each: strings[int(each[1])], found)

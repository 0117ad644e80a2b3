"""Documents agree with the code."""

import re
import subprocess
import tomllib

import pytest

import also
from also import document
from also.campaign import spec
from also.registry import REGISTRY
from also.v1.campaign_pb2 import Campaign
from tools import generate_docs

TEXTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"]


@pytest.fixture(scope="module")
def texts(root):
    """Every Markdown document, by path."""
    paths = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "benchmarks").rglob("*.md")]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def commands(text):
    """Lines of a document's shell blocks, without comments."""
    for block in re.findall(r"```(?:sh|console|bash)\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            command = line.removeprefix("$ ").split(" #")[0].strip()
            if command:
                yield command


@pytest.mark.slow
def test_generated_documents_are_fresh():
    """Generating again changes nothing."""
    assert generate_docs.stale() == []


def test_every_metric_is_documented(texts):
    """Each metric that Prometheus sees is in the table, but for what its client library tells of every process."""
    assert "`process_cpu_seconds_total`" in texts["docs/metrics.md"]
    for metric in REGISTRY.collect():
        if metric.name.startswith("process_"):
            continue
        name = metric.name + ("_total" if metric.type == "counter" else "")
        assert f"| `{name}` | {metric.type} |" in texts["docs/metrics.md"]


def test_the_documents_of_a_project_are_there(texts, root):
    """Everything that a reader looks for at the root exists."""
    assert set(TEXTS) <= texts.keys()
    assert "Apache License" in (root / "LICENSE").read_text()


def test_the_readme_begins_with_the_two_commands(texts):
    """`make run` and `make test` come before anything else that can be typed."""
    typed = [command for command in commands(texts["README.md"]) if command.startswith("make")]
    assert typed[:2] == ["make run", "make test"]


def test_every_make_target_of_a_document_exists(texts, root):
    """What a document tells to type, the Makefile has."""
    targets = set(re.findall(r"^([a-z0-9-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    for path, text in texts.items():
        used = set(re.findall(r"(?:^|`|\$ )make ([a-z0-9-]+)", text, re.MULTILINE))
        assert used <= targets, path


@pytest.mark.slow
def test_every_also_command_of_a_document_exists(texts, root):
    """What a document tells to type, the command line has."""
    listing = subprocess.run([root / ".venv/bin/also", "--help"], capture_output=True, text=True)
    known = set(re.findall(r"^[│ ]*([a-z-]+) ", listing.stdout, re.MULTILINE))
    for path, text in texts.items():
        for command in commands(text):
            found = re.match(r"(?:\.venv/bin/)?also ([a-z-]+)", command)
            assert not found or found.group(1) in known, f"{path}: {command}"


def test_campaigns_in_documents_are_valid(texts):
    """Every campaign file, or part of one, that a document shows can be read and keeps its limits."""
    shown = 0
    for text in texts.values():
        for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
            campaign = document.read(Campaign, spec.parse_yaml(block, "a document"))
            campaign.task.name = campaign.task.name or "foraging"
            spec.resolved(campaign)
            shown += 1
    assert shown > 0


def test_links_lead_somewhere(texts, root):
    """Every relative link and image of a document exists."""
    for path, text in texts.items():
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)|(?:src|srcset)=\"([^\":]+)\"", text):
            linked = (root / path).parent / (target[0] or target[1])
            assert linked.exists(), f"{path}: {linked}"


def test_paths_in_documents_exist(texts, root):
    """Every `folder/file` that a document of ours names is there."""
    folders = "also|proto|tests|tools|docs|campaigns|examples|benchmarks"
    for path, text in texts.items():
        for named in re.findall(rf"`((?:{folders})/[a-z0-9_./-]*)`", text):
            assert (root / named.rstrip("/")).exists(), f"{path}: {named}"


def test_the_changelog_has_the_version(texts):
    """The version of the package has its section."""
    assert f"## [{also.__version__}]" in texts["CHANGELOG.md"]


def test_decisions_are_numbered_without_gaps(root):
    """ADRs are 0001, 0002, ..., each with context, decision, alternatives and consequences."""
    records = sorted((root / "docs/adr").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        for heading in ("## Context", "## Decision", "## Alternatives", "## Consequences"):
            assert heading in text, f"{path.name} has no {heading!r}"
        assert len(text.split()) < 600, f"{path.name} is longer than a page"


def test_constraints_allow_what_is_required(root):
    """Every dependency of pyproject.toml has an exact version in constraints.txt."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    named = project["dependencies"] + [item for extra in project["optional-dependencies"].values() for item in extra]
    required = {re.match(r"[A-Za-z0-9_-]+", item).group().lower().replace("_", "-") for item in named} - {"also-marl"}
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    assert required <= pinned
    assert all("==" in line for line in lines)

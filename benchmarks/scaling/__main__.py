"""Measure the parts of a round with a thousand parallel branches, and write the tables.

    python -m benchmarks.scaling --cache CACHE [--part cluster --part store --part prometheus] [--output FILE]

CACHE is what `make e2e` has filled (ALSO_E2E_CACHE); the part `cluster` starts a cluster of one node from it, which
takes root. Sections of parts that are left out stay as they are in FILE. Branches, groups and names are the same
each time; what differs is the machine's mood, so figures are medians with the smallest and the largest.
"""

import argparse
import platform
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from also.store import open_store
from benchmarks.machine import machine
from benchmarks.scaling import api_server, object_store, prometheus
from benchmarks.scaling.a_round import CANDIDATES, REPLICAS, SEEDS, ARound, Trained
from benchmarks.scaling.figures import row, table

TITLE = "# A thousand branches at once"
"""What stands before the parts."""

PARTS = {"cluster": "## API server", "store": "## Object store", "prometheus": "## Prometheus"}
"""Headings of the parts."""


def main() -> None:
    """Measure, print, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder that make e2e has filled")
    parser.add_argument("--part", choices=tuple(PARTS), action="append", help="what is measured; left out: everything")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/scaling.md"), help="file for the tables")
    arguments = parser.parse_args()
    sections: dict[str, list[str]] = {}
    for line in measure(arguments.cache, arguments.part or PARTS):
        print(line, flush=True)
        sections.setdefault(line if line.startswith("## ") else next(reversed(sections), TITLE), []).append(line)
    sections = _sections(arguments.output) | sections
    lines = [line for heading in (TITLE, *PARTS.values()) for line in sections.get(heading, [])]
    arguments.output.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _sections(output: Path) -> dict[str, list[str]]:
    """Sections of the document as it is, by their headings: those of parts that are not measured now stay."""
    found: dict[str, list[str]] = {}
    for line in output.read_text(encoding="utf-8").splitlines() if output.exists() else ():
        found.setdefault(line if line.startswith("## ") else next(reversed(found), TITLE), []).append(line)
    return found


def measure(cache: Path, parts: Iterable[str]) -> Iterator[str]:
    """The document's lines, as they are measured."""
    yield from (TITLE, "")
    yield (
        f"`python -m benchmarks.scaling`: {CANDIDATES + 1} arms x {SEEDS} seeds = {(CANDIDATES + 1) * SEEDS:,} "
        "branches of the default campaign's task and learner, seed 1. "
        f"{machine()}, Python {platform.python_version()}. Medians, with the smallest and the largest."
    )
    with TemporaryDirectory() as place:
        a_round = ARound.begin(open_store(f"{place}/store"))
        trained = {replicas: a_round.train(replicas) for replicas in REPLICAS}
        yield from ("", *_branches(a_round, trained), "")
        for part in parts:
            match part:
                case "store":
                    yield from object_store.measure(a_round, trained, cache / "bin/versitygw")
                case "prometheus":
                    yield from prometheus.measure(a_round, trained, cache / "bin")
                case _:
                    yield from api_server.measure(a_round, cache)
            yield ""


def _branches(a_round: ARound, trained: dict[int, Trained]) -> Iterator[str]:
    """What Jobs there are, and what each tells."""
    yield from table("branches a Job, at most", "Jobs of a round", "branches of the largest", "memory of it, MiB")
    for replicas, one in trained.items():
        jobs = len(a_round.groups(replicas))
        yield row(replicas, jobs, len(one.records), f"{one.memory / 2**20:.0f}")


if __name__ == "__main__":
    main()

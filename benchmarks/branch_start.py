"""How soon a branch group trains: its process started anew, and forked by a fork server.

    python -m benchmarks.branch_start [--repeats 5] [--output benchmarks/branch_start.md]

Both ways take turns, repeat after repeat, on the same groups of the default campaign. A process is timed
from the launcher's call to its first line, which it prints when all that is left is the first env_step.
What it used is read then, while its siblings of the same way, started beside it, wait at that line too.
"""

import argparse
import os
import platform
import re
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from also import keys, lifeline
from also.forks.starter import ForkServer
from also.store import open_store
from also.v1.branch_pb2 import BranchGroup
from benchmarks.machine import machine
from benchmarks.scaling.a_round import CAMPAIGN_ID, ARound

REPLICAS = (1, 16)
"""Branches of a group."""

BESIDE = 4
"""Groups whose memory is looked at together."""

MODULES = ("also.services.trainer.warm",)
"""What the validator's fork server loads."""

Spawn = Callable[..., lifeline.Process]


@dataclass(frozen=True, slots=True)
class Start:
    """What one process took until its first line."""

    wall: float
    """Time since the launcher's call, seconds."""
    cpu: float
    """Processor time of the process, seconds."""
    resident: float
    """Memory that it has mapped and touched, MiB."""
    share: float
    """Its share of memory, pages that it shares counted in part (Pss), MiB."""


def main() -> None:
    """Measure, print, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="measurements of each figure")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the tables")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = report(Path(folder), arguments.repeats)
    print(text)
    arguments.output.write_text(text, encoding="utf-8")


def report(folder: Path, repeats: int) -> str:
    """The tables, with what they were measured on."""
    lines = [
        "# Start of a branch group",
        "",
        (
            f"`python -m benchmarks.branch_start --repeats {repeats}`: medians of {repeats} (smallest to largest) of "
            f"groups of the default campaign. Wall and processor time are of a process alone; memory is that of one of "
            f"{BESIDE} beside each other."
        ),
        "",
        f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}.",
        "",
        "| R | process | until the first env_step, s | processor time, s | RSS, MiB | Pss, MiB |",
        "|---|---|---|---|---|---|",
    ]
    server = ForkServer(MODULES, log=folder / "fork-server.log")
    began = time.perf_counter()
    while not server.ready():
        time.sleep(0.005)
    loading = time.perf_counter() - began
    if server.pid is None:
        raise RuntimeError(f"there is no fork server: {(folder / 'fork-server.log').read_text(encoding='utf-8')}")
    loaded = used(server.pid, loading)
    groups = stored_groups(folder)
    for replicas, group in zip(REPLICAS, groups, strict=True):
        ways: dict[str, Spawn] = {"anew": lifeline.spawn, "forked": server.spawn}
        alone: dict[str, list[Start]] = {way: [] for way in ways}
        beside: dict[str, list[Start]] = {way: [] for way in ways}
        for _ in range(repeats):
            for way, spawn in ways.items():
                alone[way] += starts(spawn, folder, group, 1)
                beside[way] += starts(spawn, folder, group, BESIDE)
        for way in ways:
            figures = [
                figure([start.wall for start in alone[way]], 2),
                figure([start.cpu for start in alone[way]], 2),
                figure([start.resident for start in beside[way]], 0),
                figure([start.share for start in beside[way]], 0),
            ]
            lines.append(f"| {replicas} | {way} | {' | '.join(figures)} |")
    server.close()
    lines += [
        "",
        (
            f"The fork server is ready {loaded.wall:.1f} s after its start ({loaded.cpu:.1f} s of processor time), "
            f"and holds {loaded.resident:.0f} MiB (Pss {loaded.share:.0f} MiB while it is alone)."
        ),
    ]
    return "\n".join(lines) + "\n"


def stored_groups(folder: Path) -> list[BranchGroup]:
    """A group of each number of replicas, in a store of its own in the folder, with its checkpoint."""
    store = open_store(str(folder / "store"))
    trained = ARound.begin(store)
    groups = [max(trained.groups(replicas), key=lambda group: len(group.branches)) for replicas in REPLICAS]
    for replicas, group in zip(REPLICAS, groups, strict=True):
        group.name = f"{group.name}-of-{replicas}"
        store.create_message(keys.branch_group(CAMPAIGN_ID, group.name), group)
    return groups


def starts(spawn: Spawn, folder: Path, group: BranchGroup, count: int) -> list[Start]:
    """Start processes of one group at once, read what they used at their first lines, and end them."""
    arguments = ["--store", str(folder / "store"), "--campaign", CAMPAIGN_ID, "--group", group.name]
    processes, walls = [], []
    for _ in range(count):
        began = time.perf_counter()
        process = spawn("also.services.trainer.branch", arguments, log=folder / "branch.log", stdout=subprocess.PIPE)
        processes.append(process)
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError(f"a branch did not start: {(folder / 'branch.log').read_text(encoding='utf-8')}")
        walls.append(time.perf_counter() - began)
        os.kill(process.pid, signal.SIGSTOP)  # it waits at its first line
    found = [used(process.pid, wall) for process, wall in zip(processes, walls, strict=True)]
    end(processes)
    return found


def used(pid: int, wall: float) -> Start:
    """What a process has used so far, by its folder in /proc."""
    folder = Path(f"/proc/{pid}")
    user, system = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    cpu = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    memory = dict(
        re.findall(r"^(\w+): +(\d+) kB$", (folder / "smaps_rollup").read_text(encoding="utf-8"), re.MULTILINE)
    )
    return Start(wall, cpu, int(memory["Rss"]) / 1024, int(memory["Pss"]) / 1024)


def end(processes: Sequence[lifeline.Process]) -> None:
    """Kill processes; the group has no result, and keeps none."""
    for process in processes:
        process.kill()
    lifeline.end(processes)
    for process in processes:
        if process.stdout is not None:
            process.stdout.close()


def figure(values: list[float], digits: int) -> str:
    """Median, with the smallest and the largest."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


if __name__ == "__main__":
    main()

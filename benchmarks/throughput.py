"""env_steps a second of whole training: this checkout, a commit before it, and JaxMARL, in turns.

    python -m benchmarks.throughput [--base COMMIT] [--jaxmarl PYTHON] [--repeats 5] [--seconds 2]

`benchmarks/contenders/` says what each of them does. `--jaxmarl` is the interpreter of an environment that
`benchmarks/contenders/build_environment.sh` has made; `make bench` makes it.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.commits import ROOT, checked_out, described
from benchmarks.machine import machine
from benchmarks.tables import head, rows
from benchmarks.turns import Contender, measure

CASES = {
    "ippo-64x25": "IPPO, 64 environments × 25, R = 1",
    "mappo-64x25": "MAPPO, 64 environments × 25, R = 1",
    "ippo-64x25-r10": "IPPO, 64 environments × 25, R = 10 (JaxMARL: ten vmapped seeds)",
    "ippo-64x50-r30": "IPPO, 64 environments × 50, R = 30",
    "ippo-1024x25": "IPPO, 1,024 environments × 25, R = 1",
    "navigation-64x25": "navigation/spread-3, which is JaxMARL's simple_spread: IPPO, 64 environments × 25, R = 1",
    "navigation-64x25-r10": "navigation/spread-3: IPPO, 64 environments × 25, R = 10 (JaxMARL: ten vmapped seeds)",
}
SAMPLES = {
    "ippo-64x25": ("actors", "env_steps"),
    "mappo-64x25": ("actors", "env_steps"),
    "ippo-64x25-r10": ("env_steps",),
    "ippo-1024x25": ("env_steps",),
    "navigation-64x25": ("actors", "env_steps"),
    "navigation-64x25-r10": ("actors", "env_steps"),
}
"""What JaxMARL's learner permutes in a case: as its baselines do, and as is faster."""
BASE = "eda74a5"
"""The commit that the learner's speed is compared with."""
ALSO = ("ALSO", "ALSO, two threads")
"""This checkout, on one core and on two."""
PREFACE = """# Throughput

`python -m benchmarks.throughput`: whole training, medians over turns (smallest to largest); ratios are medians over \
turns, too. ALSO trains on foraging 10x10-3p-3f-coop unless the heading names another task, under one potential term; \
JaxMARL runs its MPE simple_spread under a learner in the style of purejaxrl (`benchmarks/contenders/jaxmarl_ppo.py`). \
Both have 3 agents, observations of 18, 2 layers of 64, 4 epochs of 4 minibatches. A contender's start is imports, \
compilation and warm-up. Each section says when it was measured: `--cases` measures some of them anew.

ALSO loses to JaxMARL at R = 1: a rollout and an update are 4,600 operators there (see [parts](parts.md)), which XLA \
compiles into one program. It loses most on navigation, which JAX steps for both: a call of the environment's program \
and what it gives to PyTorch take 450 µs for 64 environments, of which the program is 280, while JaxMARL's learner \
never leaves its own. With ten replicas ALSO is level or ahead where it steps the environment itself. On a busy \
machine look at env_steps a CPU-second; a second of the clock is shared with other work.
"""
"""What stands above the tables."""


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default=BASE, help="commit to compare with")
    parser.add_argument("--jaxmarl", type=Path, default=Path("jaxmarl/bin/python"), help="interpreter with JaxMARL")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), help="what is measured")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each contender")
    parser.add_argument("--seconds", type=float, default=2.0, help="wall time of a turn, at least")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the table")
    arguments = parser.parse_args()
    output: Path = arguments.output
    sections = kept(output.read_text(encoding="utf-8")) if output.exists() else {}
    try:
        base_name = described(arguments.base)
    except subprocess.CalledProcessError:
        parser.error(f"--base {arguments.base}: git knows no such commit here")
    with checked_out(arguments.base) as base:
        for case in arguments.cases:
            load = os.getloadavg()[0]
            contenders = [*ours(case, base, base_name), *jaxmarl(case, arguments.jaxmarl)]
            found = measure(contenders, repeats=arguments.repeats, seconds=arguments.seconds)
            versions = {name: version for turns in found for name, version in turns.versions.items() if name != "root"}
            installed = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
            circumstances = (
                f"ALSO is {described()}; {arguments.repeats} turns of {arguments.seconds:g} s each. {machine()}, load "
                f"{load:.2f} at the start, Python {platform.python_version()}, {installed}."
            )
            table = [*head(*ALSO), *rows(found, *ALSO)]
            sections[f"## {CASES[case]}"] = "\n".join(["", circumstances, "", *table, ""])
            print(sections[f"## {CASES[case]}"], flush=True)
            ordered = {f"## {title}": sections.get(f"## {title}") for title in CASES.values()}
            text = [f"{heading}\n{section}" for heading, section in ordered.items() if section is not None]
            output.write_text("\n".join([PREFACE, *text]), encoding="utf-8")


def kept(page: str) -> dict[str, str]:
    """Sections of an earlier page by their headings: those of cases that are not measured again stay."""
    parts = re.split(r"^(## .*)\n", page, flags=re.MULTILINE)[1:]
    return {heading: f"{body.rstrip()}\n" for heading, body in zip(parts[::2], parts[1::2], strict=True)}


def ours(case: str, base: Path, name: str) -> Sequence[Contender]:
    """The base commit on one core, where it has the task, and this checkout on one and on two."""
    python = Path(sys.executable)

    def contender(name: str, folder: Path, threads: int) -> Contender:
        given = ("--case", case, "--threads", str(threads))
        return Contender(
            name=name, python=python, script="also_training.py", arguments=given, folder=folder, cores=threads
        )

    one, two = ALSO
    before = [] if case.startswith("navigation") else [contender(f"base {name}", base, 1)]
    return [*before, contender(one, ROOT, 1), contender(two, ROOT, 2)]


def jaxmarl(case: str, python: Path) -> Sequence[Contender]:
    """JaxMARL on one core and on two; none where the case is not one of its."""
    return [
        Contender(
            name=f"JaxMARL, samples of {samples}, {'one core' if cores == 1 else 'two cores'}",
            python=python,
            script="jaxmarl_ppo.py",
            arguments=("--case", case.replace("navigation", "ippo"), "--cores", str(cores), "--samples", samples),
            folder=ROOT,
            cores=cores,
        )
        for samples in SAMPLES.get(case, ())
        for cores in (1, 2)
    ]


if __name__ == "__main__":
    main()

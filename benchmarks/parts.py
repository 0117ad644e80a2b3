"""Where the time of training goes, before and after: a base commit and this checkout, part by part.

    python -m benchmarks.parts [--base COMMIT] [--repeats 9]

One process after another, each with one thread on one core; `benchmarks/contenders/also_parts.py` says what a part is.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

from also.settings import child_environment
from benchmarks.commits import ROOT, checked_out, described
from benchmarks.machine import machine
from benchmarks.turns import CONTENDERS

BASE = "eda74a5"
CASES = {
    "ippo-64x25": "IPPO, 64 environments × 25, R = 1",
    "ippo-64x50-r30": "IPPO, 64 environments × 50, R = 30",
}

NOTES = """\
Bookkeeping is the loop over minibatches, and whatever is in no other part: before, cutting minibatches was a part of \
its own. An update of R = 1 was 4,882 operators until minibatches were flattened once an epoch and an env_step looked \
each food up once.

What did not pay, with one thread of an AMD EPYC (torch 2.15.0, MKL 2024.2, least of 200 tries):

- A layer's offsets added after its product in place of `baddbmm`: equal bits, 28 µs instead of 28 for 192 samples, \
513 instead of 485 for 4,800.
- The value net's head with four outputs in place of two: 22 µs instead of 44 a minibatch, 1 % of training, but it \
rounds otherwise.
- Matrix products into memory that is there already (`out=`): 135 µs instead of 116 for 1,200 × 64 × 64.
- In the warehouse, only those distances to places that are asked for, one after the other: 135 µs instead of 121 an \
env_step of 64 small-4ag. `where` takes four times what adding infinity takes, and `amin` of whole numbers eight \
times what `amax` takes.

The order of an epoch's samples is sorted anew in each: 317 µs an update, 1 % of training.
"""
"""What stands below the tables."""


def main() -> None:
    """Measure, print, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default=BASE, help="commit to compare with")
    parser.add_argument("--repeats", type=int, default=9, help="medians are over so many")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the tables")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    try:
        name = described(arguments.base)
    except subprocess.CalledProcessError:
        parser.error(f"--base {arguments.base}: git knows no such commit here")
    lines = [
        "# Where the time goes",
        "",
        (
            f"`python -m benchmarks.parts`: medians of {arguments.repeats} repeats of 20 updates of R = 1, or as many "
            "env_steps; µs of the processor an env_step, and operators dispatched in an update. One core, foraging "
            f"10x10-3p-3f-coop under one potential term; before is {name}, now is {described()}. The floor is the "
            "update's matrix products alone, on the same core. Timing the parts adds 1 to 3 µs an env_step at R = 1, "
            "so that the sum is more than [throughput](throughput.md) says."
        ),
        "",
        (f"{machine()}, load {load:.2f} at the start, Python {platform.python_version()}, torch {torch.__version__}."),
        "",
    ]
    with checked_out(arguments.base) as base:
        for case, title in CASES.items():
            before, after = (measured(root, case, arguments.repeats) for root in (base, ROOT))
            lines += [f"## {title}", "", *table(before, after), ""]
    print("\n".join(lines))
    arguments.output.write_text("\n".join([*lines, NOTES]), encoding="utf-8")


def measured(root: Path, case: str, repeats: int) -> dict[str, Any]:
    """What `also_parts.py` says of the commit that is checked out at a root."""
    answer = subprocess.run(
        [sys.executable, str(CONTENDERS / "also_parts.py"), "--case", case, "--repeats", str(repeats)],
        cwd=root,
        env=child_environment(PYTHONPATH=str(root)),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    found: dict[str, Any] = json.loads(answer)
    return found


def table(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """A row for each part, the sum, and how far it is from the floor."""
    rows = ["| part | µs before | now | dispatches before | now |", "|---|---|---|---|---|"]
    for part, old in before["parts"].items():
        new = after["parts"][part]
        times = f"{old['microseconds']:.2f} | {new['microseconds']:.2f}"
        rows.append(f"| {part} | {times} | {old['dispatches']:,} | {new['dispatches']:,} |")
    counts = [sum(part["dispatches"] for part in found["parts"].values()) for found in (before, after)]
    times = f"{before['microseconds']:.2f} | {after['microseconds']:.2f}"
    rows.append(f"| **all** | {times} | {counts[0]:,} | {counts[1]:,} |")
    floors = f"{before['floor']:.2f} | {after['floor']:.2f}"
    rows.append(f"| floor of the update | {floors} | | |")
    return rows


if __name__ == "__main__":
    main()

"""What the embedded minds and two scripted ones make of the recorded situations: the scale for `also judge-llm`.

    python -m benchmarks.minds [--output benchmarks/minds.md] [--url URL] [ARGUMENT ...]

Runs `also judge-llm` with every baseline, and writes its tables with the machine they come from. With an LLM's URL, and
further arguments of the command, that LLM stands beside them. Nothing is trained, and nothing is random: the seeds are
those of the recorded campaigns.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from also.cli import describe
from also.cli.judge_llm import BASELINES
from benchmarks.commits import described
from benchmarks.machine import machine


def main() -> None:
    """Judge, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("benchmarks/minds.md"))
    parser.add_argument("--url", help="endpoint of an LLM that is judged beside them")
    options, further = parser.parse_known_args()
    arguments = [f"--baseline={name}" for name in BASELINES]
    arguments += [f"--url={options.url}", *further] if options.url else further
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "judged.md"
        subprocess.run([sys.executable, "-m", "also", "judge-llm", *arguments, "-o", str(file)], check=True)
        title, _, body = file.read_text(encoding="utf-8").partition("\n")
    head = (
        f"`also judge-llm {' '.join(arguments)}`, written by `python -m benchmarks.minds` in "
        f"{describe.duration(time.monotonic() - began)}. `perfect` and `contrary` are scripts that know what was "
        "planted: they are the two ends of the scale."
    )
    versions = f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}; {described()}."
    options.output.write_text(f"{title}\n\n{head}\n\n{versions}\n{body}", encoding="utf-8")


if __name__ == "__main__":
    main()

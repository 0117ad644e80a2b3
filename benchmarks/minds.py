"""What the embedded minds and two scripted ones make of the recorded situations: the scale for `also judge-llm`.

    python -m benchmarks.minds [--output benchmarks/minds.md] [--screen-all] [ARGUMENT ...]

Runs `also judge-llm` with every baseline, and writes its tables with the machine they come from. Further arguments go
to the command: `--url URL` sets an LLM beside them. Candidates are screened on the situations of native tasks only, in
a run of their own: a screen of a JAX task compiles it first. `--screen-all` screens all. Nothing is trained, and seeds
are those of the recorded campaigns.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from also.campaign.fold import fold
from also.cli import describe
from also.cli.judge_llm import BASELINES
from also.judging import recorded
from benchmarks.commits import described
from benchmarks.machine import machine

NATIVE = ("foraging", "warehouse")
"""Suites whose screens take no time to speak of."""


def main() -> None:
    """Judge, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("benchmarks/minds.md"))
    parser.add_argument("--screen-all", action="store_true", help="screen candidates on JAX tasks too")
    options, further = parser.parse_known_args()
    arguments = [*(f"--baseline={name}" for name in BASELINES), *further]
    options.output.write_text("\n".join(page(arguments, screen_all=options.screen_all)) + "\n", encoding="utf-8")


def page(arguments: Sequence[str], *, screen_all: bool) -> Iterator[str]:
    """Lines of the page."""
    began = time.monotonic()
    title, *body = judged([*arguments, *([] if screen_all else ["--no-screen"])])
    seconds = time.monotonic() - began
    yield title
    yield ""
    yield (
        f"`also judge-llm {' '.join(arguments)}{'' if screen_all else ' --no-screen'}`, by `python -m "
        f"benchmarks.minds` in {describe.duration(seconds)}. `perfect` and `contrary` are scripts that know what was "
        "planted: the ends of the scale."
    )
    yield ""
    yield f"{machine()}, Python {platform.python_version()}, torch {version('torch')}; {described()}."
    if not screen_all:
        yield from screened(arguments)
    yield from body


def screened(arguments: Sequence[str]) -> Iterator[str]:
    """The table of measures on the situations of native tasks, whose candidates are screened."""
    cards = {each.situation.id: fold(each.records).card.task for each in recorded.situations()}
    native = [name for name, task in cards.items() if task.partition("/")[0] in NATIVE]
    lines = judged([*arguments, *(f"--only={name}" for name in native)])
    wanted = [
        line for line in lines if line.startswith("|") and ("screen" in line or line.startswith(("| measure", "|-")))
    ]
    yield f"\nCandidates of the {len(native)} situations of native tasks, screened:\n"
    yield from wanted[:2] + [line for line in wanted[2:] if "screen" in line]


def judged(arguments: Sequence[str]) -> list[str]:
    """Lines of the command's report."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "judged.md"
        subprocess.run([sys.executable, "-m", "also", "judge-llm", *arguments, "-o", str(file)], check=True)
        return file.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    main()

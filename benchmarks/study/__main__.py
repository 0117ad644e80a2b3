"""`python -m benchmarks.study`: run cells, and write the report; `report` only writes it."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from also.errors import AlsoError, InputError
from benchmarks.commits import ROOT
from benchmarks.study import methods, report, tasks
from benchmarks.study.cell import Cell, resolved
from benchmarks.study.result import Results
from benchmarks.study.schedule import Study

SEEDS = (3, 4, 5)
"""Seeds that run when none is named: other ones than those that ALSO was tuned on."""

QUICK_SEEDS = (3, 4)
"""Seeds of a smoke run."""

HERE = Path(__file__).parent
"""Where results and the report are kept."""

DATA = ROOT / "also-data"
"""What is made by running and not kept: stores, logs, and all of a smoke run."""

INTERRUPTED = 130
"""Exit code after Ctrl-C."""


def main() -> int:
    """Run and report; the exit code is 1 where a cell failed, 2 where the input is wrong."""
    arguments = _arguments()
    quick: bool = arguments.quick
    output = DATA / "study-quick" if quick else HERE
    results = Results(output / "results")
    failed: list[str] = []
    try:
        if arguments.action == "run":
            wanted = _cells(arguments)
            folder = DATA / ("study-quick" if quick else "study") / "runs"
            study = Study(results, folder, parallel=arguments.parallel, reuse=arguments.reuse)
            failed = study.carry_out(wanted, lambda line: print(line, flush=True))
        written = report.write(results.all(), output)
        print("\n".join(map(str, written)) if written else "no result is stored, so there is no report")
    except KeyboardInterrupt:
        print(f"interrupted; go on with: python -m benchmarks.study {shlex.join(sys.argv[1:])}", file=sys.stderr)
        return INTERRUPTED
    except AlsoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    for line in failed:
        print(f"failed: {line}", file=sys.stderr)
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.study",
        description="ALSO beside sparse reward, fixed shaping and its own ablations, at equal env_steps in all.",
    )
    parser.add_argument("action", nargs="?", choices=("run", "report"), default="run", help="report: run nothing")
    parser.add_argument("--quick", action="store_true", help="a smoke run: tiny budgets, results not kept")
    parser.add_argument("--tasks", nargs="+", choices=tasks.TASKS, help="left out: all")
    parser.add_argument("--methods", nargs="+", choices=methods.METHODS, default=list(methods.DEFAULT))
    parser.add_argument("--seeds", nargs="+", type=int, help=f"left out: {', '.join(map(str, SEEDS))}")
    parser.add_argument("--budget", type=_above_zero, help="env_steps of each cell; left out: the task's")
    parser.add_argument("--parallel", type=_above_zero, default=2, help="campaigns at once, each on one core")
    parser.add_argument(
        "--reuse",
        nargs="+",
        choices=methods.METHODS,
        default=[],
        metavar="METHOD",
        help="methods whose results of another commit will do where the campaign file is the same",
    )
    return parser.parse_args()


def _cells(arguments: argparse.Namespace) -> Sequence[Cell]:
    """The cells that are asked for, all of the first seed first.

    Raises:
        InputError: one of them is no campaign.
    """
    quick: bool = arguments.quick
    names = arguments.tasks or (tasks.QUICK if quick else tasks.TASKS)
    found = []
    for seed in arguments.seeds or (QUICK_SEEDS if quick else SEEDS):
        for task in (tasks.TASKS[name] for name in names):
            budget = arguments.budget or (task.quick_budget if quick else task.budget)
            for method in arguments.methods:
                cell = Cell(task=task, method=methods.METHODS[method], seed=seed, budget=budget, quick=quick)
                try:
                    resolved(cell.file())
                except InputError as error:
                    raise type(error)(f"{cell.name}: {error}") from None
                found.append(cell)
    return found


def _above_zero(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not allowed; a whole number from 1 is")
    return number


if __name__ == "__main__":
    sys.exit(main())

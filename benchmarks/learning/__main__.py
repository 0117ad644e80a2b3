"""Every algorithm on published tasks, against what others report.

    python -m benchmarks.learning [--cases NAME ...] [--algorithms NAME ...] [--seeds 10] [--quick] [--report]

A cell that was measured is not measured again; delete its file in the folder of results to do so. `--report` makes the
page from the cells that are there.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from also.errors import AlsoError
from benchmarks.learning import cell
from benchmarks.learning.cases import ALGORITHMS, CASES
from benchmarks.learning.page import page

FOLDER = Path(__file__).parent
"""Folder of the page, the pictures and, in `results`, the cells."""


def main() -> int:
    """Measure what is missing, and write the page; the exit code is 1 where a cell failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES), help="what is learnt")
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=list(ALGORITHMS), help="by what")
    parser.add_argument("--seeds", type=int, default=10, help="replicas of each cell, seeds from 1 on")
    parser.add_argument("--jobs", type=int, default=2, help="cells at once, a core each")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the env_steps and two seeds: a smoke run")
    parser.add_argument("--report", action="store_true", help="train nothing; make the page of the cells there are")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder for page, pictures and results")
    arguments = parser.parse_args()
    results = arguments.output / "results"
    results.mkdir(parents=True, exist_ok=True)
    failed = [] if arguments.report else _train(arguments, results)
    text = "\n".join(page(results, arguments.output)) + "\n"
    (arguments.output / "learning.md").write_text(text, encoding="utf-8")
    print(text)
    for line in failed:
        print(f"failed: {line}", file=sys.stderr)
    return 1 if failed else 0


def _train(arguments: argparse.Namespace, results: Path) -> list[str]:
    """Train the cells that are missing, and write each when it is over; what failed, one line a cell."""
    failed: list[str] = []
    given = list(range(1, (2 if arguments.quick else arguments.seeds) + 1))
    missing = [
        (case, algorithm)
        for case in arguments.cases
        for algorithm in arguments.algorithms
        if not cell.path(results, case, algorithm).exists()
    ]
    part = 50 if arguments.quick else 1
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        jobs = {
            pool.submit(cell.train, CASES[case], algorithm, given, part=part): f"{case} {algorithm}"
            for case, algorithm in missing
        }
        for job in as_completed(jobs):
            try:
                done = job.result()
            except AlsoError as error:
                failed.append(f"{jobs[job]}: {error}")
                continue
            done.write(results)
            mean = sum(done.returns[-1]) / len(done.seeds)
            print(f"{jobs[job]}: {mean:.3f} after {done.env_steps[-1]:,}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())

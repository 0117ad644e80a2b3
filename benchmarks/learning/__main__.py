"""Every algorithm on published tasks, against what others report.

    python -m benchmarks.learning [--cases NAME ...] [--algorithms NAME ...] [--seeds 10] [--quick] [--report]

A cell that was measured is not measured again; delete its file in the folder of results to do so. `--report` makes the
page from the cells that are there.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from benchmarks.learning import cell
from benchmarks.learning.cases import ALGORITHMS, CASES
from benchmarks.learning.page import page

FOLDER = Path(__file__).parent
"""Folder of the page, the pictures and, in `results`, the cells."""


def main() -> None:
    """Measure what is missing, and write the page."""
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
    if not arguments.report:
        _train(arguments, results)
    text = "\n".join(page(results, arguments.output)) + "\n"
    (arguments.output / "learning.md").write_text(text, encoding="utf-8")
    print(text)


def _train(arguments: argparse.Namespace, results: Path) -> None:
    given = list(range(1, (2 if arguments.quick else arguments.seeds) + 1))
    missing = [
        (case, algorithm)
        for case in arguments.cases
        for algorithm in arguments.algorithms
        if not cell.path(results, case, algorithm).exists()
    ]
    part = 50 if arguments.quick else 1
    with ProcessPoolExecutor(arguments.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        jobs = [pool.submit(cell.train, CASES[case], algorithm, given, part=part) for case, algorithm in missing]
        for job in as_completed(jobs):
            done = job.result()
            done.write(results)
            mean = sum(done.returns[-1]) / len(done.seeds)
            print(f"{done.case} {done.algorithm}: {mean:.3f} after {done.env_steps[-1]:,}", flush=True)


if __name__ == "__main__":
    main()

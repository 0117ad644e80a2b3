"""What a gain after 64,000 to 128,000 env_steps says of the gain after a million.

    python -m benchmarks.horizons [--seeds 11 12] [--quick] [--report] [--output benchmarks/horizons.md]

Arms go on from two starts, each seed under each config: from one where the task pays nothing yet, and from one where
it pays and the potential that led there may be in the way. The points of all arms are written to a CSV file beside the
page as they are reached; `--report` makes the page from that file again. Both starts train at once, a process each.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from also.updates import env_steps_of_update
from benchmarks import horizon_page, horizon_points
from benchmarks.horizon_points import POINTS, STARTS, Start


def main() -> None:
    """Train, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12], help="seeds of the runs")
    parser.add_argument("--quick", action="store_true", help="a twentieth of all env_steps: a smoke run")
    parser.add_argument("--report", action="store_true", help="train nothing; make the page from the points there are")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the page")
    arguments = parser.parse_args()
    table = arguments.output.with_suffix(".csv")
    if not arguments.report:
        train(table, arguments.seeds, part=20 if arguments.quick else 1)
    text = "\n".join(horizon_page.report(horizon_points.read(table))) + "\n"
    print(text)
    arguments.output.write_text(text, encoding="utf-8")


def train(table: Path, seeds: Sequence[int], *, part: int = 1) -> None:
    """Train all arms from both starts, and write their points to a CSV file.

    Args:
        table: the file.
        seeds: seeds of the runs.
        part: env_steps are divided by this, down to whole updates.
    """
    learner = horizon_points.read_campaign().learner
    update = env_steps_of_update(learner)
    points = [at // part // update * update for at in POINTS]
    starts = [replace(start, env_steps=start.env_steps // part // update * update) for start in STARTS]
    horizon_points.begin_file(table)
    with ProcessPoolExecutor(len(starts), mp_context=get_context("spawn")) as pool:
        for job in [pool.submit(_train, table, start, seeds, points) for start in starts]:
            job.result()


def _train(table: Path, start: Start, seeds: Sequence[int], points: Sequence[int]) -> None:
    for point in horizon_points.train(start, seeds, points):
        horizon_points.append(table, point)


if __name__ == "__main__":
    main()

"""What a gain after 64,000 to 128,000 env_steps says of the gain after a million.

    python -m benchmarks.horizons [--seeds 11 12] [--quick] [--report] [--output benchmarks/horizons.md]

Arms go on from two starts, each seed under each config: from one where the task pays nothing yet, and from one where
it pays and the potential that led there may be in the way. The points of all arms are written to a CSV file beside the
page as they are reached; `--report` makes the page from that file again. Both starts train at once, a process each.
"""

import argparse
import platform
import statistics
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import torch

from benchmarks import horizon_points, horizon_race
from benchmarks.horizon_agreement import Course, spearman
from benchmarks.horizon_points import LEARNER, TASK, Point, Start
from benchmarks.machine import machine

STARTS = (
    Start(
        name="silent",
        control="none",
        env_steps=96_000,
        candidates=("team 0.5", "own 0.5", "both 0.25", "own 0.25", "team 0.25"),
    ),
    Start(
        name="way back",
        control="own 0.5",
        env_steps=601_600,
        candidates=("none", "own 0.25", "team 0.5", "both 0.25", "team 0.25"),
    ),
)
"""What the arms go on from. Where the task pays, the way back comes first."""

FIRST_IDEA = "team 0.5"
"""The rules' first candidate of a campaign, which one-shot shaping trains under."""

POINTS = (64_000, 96_000, 128_000, 256_000, 512_000, 768_000, 1_024_000)
"""env_steps after the start at which is looked."""

EARLY = 3
"""So many of the points are early ones; a race of the frugal preset looks at the last of them."""


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
    text = "\n".join(report(horizon_points.read(table))) + "\n"
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
    update = learner.environments * learner.rollout
    points = [at // part // update * update for at in POINTS]
    starts = [replace(start, env_steps=start.env_steps // part // update * update) for start in STARTS]
    horizon_points.begin_file(table)
    with ProcessPoolExecutor(len(starts), mp_context=get_context("spawn")) as pool:
        for job in [pool.submit(_train, table, start, seeds, points) for start in starts]:
            job.result()


def _train(table: Path, start: Start, seeds: Sequence[int], points: Sequence[int]) -> None:
    for point in horizon_points.train(start, seeds, points):
        horizon_points.append(table, point)


def report(points: Sequence[Point]) -> Iterator[str]:
    """The page, line by line."""
    courses = [Course(start, points) for start in STARTS]
    seeds = " ".join(map(str, courses[0].seeds))
    yield "# What an early gain says of a late one"
    yield ""
    yield (
        f"`python -m benchmarks.horizons --seeds {seeds}`: `{TASK['name']}/{TASK['layout']}`, learning rate "
        f"{LEARNER['learning_rate']}, {LEARNER['minibatches']} minibatches, as in `campaigns/foraging.yaml`. A start "
        "is trained once for each seed; every arm goes on from that state under its own config, and under the same "
        "stream as the others. *Return* is the mean task return of the training episodes since the point before; "
        "*evaluation* is that of 64 episodes of the search pool, which a race reads, and so is the milestone score. "
        "*team* is a potential w · exp(-team_food_distance / 0.3), *own* w · exp(-nearest_food_distance / 0.3) for "
        "each agent; all are policy-invariant. [Every point](horizons.csv)."
    )
    yield ""
    yield f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}."
    for course in courses:
        yield from _section(course)
    yield ""
    yield "## What is not shown"
    yield ""
    yield (
        f"- Few seeds ({len(courses[0].seeds)}), and arms of one seed share its start and its stream: the cases that "
        "are counted do not stand alone, so no interval is given."
    )
    yield "- One task, one learner, two starts. Where returns still rise at the last point, a later one may differ."
    yield "- Gains are counted by sign, however small they are."


def _section(course: Course) -> Iterator[str]:
    start, reached = course.start, course.env_steps
    yield ""
    yield f"## From {start.env_steps:,} env_steps under {start.control}"
    yield ""
    began = [course.point(start.control, seed, 0) for seed in course.seeds]
    yield (
        f"Evaluation of the start, seeds {_listed(str(point.seed) for point in began)}: return "
        f"{_listed(f'{point.mean_return:.3f}' for point in began)}, milestone score "
        f"{_listed(f'{point.milestone_score:.3f}' for point in began)}. Return, and gain over control (each seed):"
    )
    yield ""
    yield _row("arm", *(f"{at:,}" for at in reached))
    yield "|---" * (len(reached) + 1) + "|"
    for arm in course.arms:
        name = f"{arm} (control)" if arm == start.control else arm
        yield _row(name, *(_returns(course, arm, at) for at in reached))
    early, last = reached[:EARLY], reached[-1]
    yield ""
    yield f"What agrees with the return at {last:,} env_steps:"
    yield ""
    yield _row(
        "read at", "by", "sign of a gain over control", "order of two candidates", "rank correlation of the arms"
    )
    yield "|---|---|---|---|---|"
    measures = {"return": _return, "evaluation": _evaluation, "milestone score": _milestones}
    late = [statistics.fmean(course.of(arm, last, _return)) for arm in course.arms]
    for at in early:
        for name, measure in measures.items():
            means = [statistics.fmean(course.of(arm, at, measure)) for arm in course.arms]
            correlation = spearman(means, late)
            yield _row(
                f"{at:,}",
                name,
                course.signs((at, measure), (last, _return)),
                course.orders((at, measure), (last, _return)),
                "none" if correlation is None else f"{correlation:.2f}",
            )
    yield from _race(course, early[-1], last)


def _race(course: Course, at: int, last: int) -> Iterator[str]:
    """What a race at an early point promotes, and what that is worth at the last one."""
    yield ""
    yield (
        f"A race of each seed at {at:,} env_steps, by the judge that the validator asks, and returns at {last:,}. The "
        f"first idea is {FIRST_IDEA}."
    )
    yield ""
    yield _row("seed", "promoted", "its return", "control", "first idea", "best", "its return")
    yield "|---|---|---|---|---|---|---|"
    totals: list[tuple[float, ...]] = []
    for seed in course.seeds:
        arms = {arm: course.point(arm, seed, last).training_return for arm in course.arms}
        promoted = horizon_race.taken(
            course.start,
            course.point(course.start.control, seed, 0),
            [course.point(arm, seed, at) for arm in course.arms],
        )
        best = max(arms, key=lambda arm: arms[arm])
        kept = promoted or course.start.control
        totals.append((arms[kept], arms[course.start.control], arms[FIRST_IDEA], arms[best]))
        first = [f"{value:.3f}" for value in totals[-1]]
        yield _row(seed, promoted or "none", *first[:3], best, first[3])
    means = [f"{statistics.fmean(column):.3f}" for column in zip(*totals, strict=True)]
    yield _row("mean", "", *means[:3], "", means[3])


def _returns(course: Course, arm: str, at: int) -> str:
    """Mean return of an arm, and beside control its gain for each seed."""
    mean = f"{statistics.fmean(course.of(arm, at, _return)):.3f}"
    if arm == course.start.control:
        return mean
    return f"{mean} ({_listed(f'{gain:+.3f}' for gain in course.gains(arm, at, _return))})"


def _return(point: Point) -> float:
    return point.training_return


def _evaluation(point: Point) -> float:
    return point.mean_return


def _milestones(point: Point) -> float:
    return point.milestone_score


def _listed(values: Iterator[str]) -> str:
    return ", ".join(values)


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()

"""The page of `benchmarks.horizons`, made from the points."""

import platform
import statistics
from collections.abc import Iterable, Iterator, Sequence

import torch

from benchmarks.horizon_agreement import Course, spearman
from benchmarks.horizon_points import LEARNER, POINTS, STARTS, TASK, Point, Start
from benchmarks.horizon_race import Raced
from benchmarks.machine import machine

FIRST_IDEA = "team 0.5"
"""The rules' first candidate of a campaign, which one-shot shaping trains under."""

EARLY = 3
"""So many of the points are early ones; a race of the frugal preset looks at the last of them."""


def report(points: Sequence[Point]) -> Iterator[str]:
    """The page, line by line."""
    courses = [Course(start, points) for start in STARTS]
    seeds = " ".join(map(str, courses[0].seeds))
    yield "# What an early gain says of a late one"
    yield ""
    yield (
        f"`python -m benchmarks.horizons --seeds {seeds}`: `{TASK['name']}/{TASK['layout']}`, learning rate "
        f"{LEARNER['learning_rate']}, {LEARNER['minibatches']} minibatches, as in `campaigns/foraging.yaml` until "
        "ADR 44. A start is trained once for each seed; every arm goes on from that state under its own config, and "
        "under the same stream as the others. *Return* is the mean task return of the training episodes since the "
        "point before; *evaluation* is that of 64 episodes of the search pool, which a race reads, and so is the "
        "milestone score. "
        "*team* is a potential w · exp(-team_food_distance / 0.3), *own* w · exp(-nearest_food_distance / 0.3) for "
        "each agent; all are policy-invariant. [Every point](horizons.csv)."
    )
    yield ""
    yield f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}."
    yield ""
    yield "## In short"
    yield ""
    for course in courses:
        yield _short(course)
    for course in courses:
        yield from _section(course)
    yield ""
    yield "## What is not shown"
    yield ""
    ends = min(course.env_steps[-1] for course in courses)
    if ends < POINTS[-1]:
        yield f"- The points of this page end after {ends:,} env_steps; a whole run ends after {POINTS[-1]:,}."
    yield (
        f"- Few seeds ({len(courses[0].seeds)}), and arms of one seed share its start and its stream: the cases that "
        "are counted do not stand alone, so no interval is given."
    )
    yield "- One task, one learner, two starts. Where returns still rise at the last point, a later one may differ."
    yield (
        "- Gains are counted by sign, however small they are; where nearly all candidates gain, a sign that stays says "
        "little, and the order of two candidates says more."
    )


def _section(course: Course) -> Iterator[str]:
    start, reached = course.start, course.env_steps
    yield ""
    yield f"## {_heading(start)}"
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
        f"A race of each seed at {at:,} env_steps, by the judge that the validator asks, and returns at {last:,}. "
        f"Where it promotes nothing, control goes on. The first idea is {FIRST_IDEA}."
    )
    yield ""
    yield _row("seed", "promoted", "its return", "control", "first idea", "best", "its return")
    yield "|---|---|---|---|---|---|---|"
    races = [Raced.of(course, seed, at, last, FIRST_IDEA) for seed in course.seeds]
    for race in races:
        cells = [f"{value:.3f}" for value in race.returns]
        yield _row(race.seed, race.promoted or "nothing", *cells[:3], race.best, cells[3])
    means = [f"{value:.3f}" for value in _means(races)]
    yield _row("mean", "", *means[:3], "", means[3])


def _short(course: Course) -> str:
    """What one start shows, in two sentences."""
    at, last = course.env_steps[:EARLY][-1], course.env_steps[-1]
    late = (last, _return)
    races = [Raced.of(course, seed, at, last, FIRST_IDEA) for seed in course.seeds]
    kept, control, first, best = _means(races)
    promoted = _listed(race.promoted or "nothing" for race in races)
    return (
        f"- **{_heading(course.start)}.** The sign of a gain over control after {at:,} env_steps is that of the "
        f"return's gain after {last:,} in {course.signs((at, _return), late)} cases by return, in "
        f"{course.signs((at, _milestones), late)} by milestone score; two candidates are in the same order in "
        f"{course.orders((at, _return), late)} and {course.orders((at, _milestones), late)}. Races after {at:,} "
        f"promote {promoted} (one for each seed), worth {kept:.3f} on average after {last:,}: "
        f"{kept - control:+.3f} beside control, {kept - first:+.3f} beside the first idea, {kept - best:+.3f} beside "
        "the best of each seed."
    )


def _heading(start: Start) -> str:
    return f"From {start.env_steps:,} env_steps under {start.control}"


def _means(races: Sequence[Raced]) -> list[float]:
    """Means over seeds of `Raced.returns`."""
    return [statistics.fmean(column) for column in zip(*(race.returns for race in races), strict=True)]


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


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"

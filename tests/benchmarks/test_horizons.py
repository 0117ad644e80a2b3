"""Horizons: what is compared, how agreement is counted, and what a race would have taken."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import spearmanr

from also.services.trainer.tasks.opening import describe
from also.shaping.rules import check_config, derive_invariance
from also.v1.shaping_pb2 import Invariance
from benchmarks import horizon_page, horizon_points, horizon_race
from benchmarks.horizon_agreement import Agreement, Course, spearman
from benchmarks.horizon_points import ARMS, Point
from benchmarks.horizon_race import Raced

SILENT, WAY_BACK = horizon_points.STARTS


def point(arm, at, value, *, seed=1, start=SILENT, score=0.0):
    """A point whose returns are all the same."""
    return Point(
        start=start.name,
        arm=arm,
        seed=seed,
        env_steps=at,
        training_return=value,
        mean_return=value,
        milestone_score=score,
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A page's table after two updates of the way back: the start, and one point."""
    table = tmp_path_factory.mktemp("horizons") / "horizons.csv"
    horizon_points.begin_file(table)
    for each in horizon_points.train(replace(WAY_BACK, env_steps=3200), [11, 12], [3200]):
        horizon_points.append(table, each)
    return table


def test_every_arm_is_a_policy_invariant_config_of_the_task():
    """And every start races all arms but its control."""
    campaign = horizon_points.read_campaign()
    card = describe(campaign.task)
    for weights in ARMS.values():
        config = horizon_points.config(weights)
        check_config(config, card, campaign.learner.gamma)
        assert derive_invariance(config) == Invariance.INVARIANCE_POLICY_INVARIANT
    for start in horizon_points.STARTS:
        assert sorted((start.control, *start.candidates)) == sorted(ARMS)


@pytest.mark.slow
def test_arms_go_on_from_one_state_and_part(trained):
    """At 0 the arms of a seed are equal, an update later they are not; and seeds differ."""
    found = {(each.arm, each.seed, each.env_steps): each for each in horizon_points.read(trained)}
    assert len(found) == len(ARMS) * 2 * 2
    for seed in (11, 12):
        starts = {replace(found[arm, seed, 0], arm="") for arm in ARMS}
        assert len(starts) == 1
    later = {seed: [found[arm, seed, 3200].milestone_score for arm in ARMS] for seed in (11, 12)}
    assert all(len(set(scores)) > 1 for scores in later.values())
    assert later[11] != later[12]


def test_gains_are_over_control_of_the_same_seed():
    """A seed that is better under every arm gains nothing."""
    values = {("no shaping", 1): 0.1, ("no shaping", 2): 0.5, ("own 0.5", 1): 0.2, ("own 0.5", 2): 0.4}
    course = Course(SILENT, [point(arm, 5, value, seed=seed) for (arm, seed), value in values.items()])
    assert course.gains("own 0.5", 5, lambda each: each.training_return) == pytest.approx([0.1, -0.1])


def test_signs_are_the_same_other_or_silent_at_first():
    """Five candidates: one gains twice, one loses later, one is equal later, two are equal at first."""
    early = dict(zip(SILENT.candidates, (0.2, 0.2, 0.2, 0.1, 0.1), strict=True))
    late = dict(zip(SILENT.candidates, (0.9, 0.3, 0.5, 0.6, 0.5), strict=True))
    points = [point(arm, 5, value) for arm, value in {**early, "no shaping": 0.1}.items()]
    points += [point(arm, 9, value) for arm, value in {**late, "no shaping": 0.5}.items()]
    course = Course(SILENT, points)
    moments = [(at, lambda each: each.training_return) for at in (5, 9)]
    assert course.signs(*moments) == Agreement(same=2, other=2, silent=1)
    assert str(course.signs(*moments)) == "2 of 5 (1 equal at first)"


def test_orders_are_those_of_two_candidates():
    """Reversed late, every pair has the other order; control has no part in it."""
    points = [point(arm, 5, rank / 10) for rank, arm in enumerate(SILENT.candidates)]
    points += [point(arm, 9, -rank / 10) for rank, arm in enumerate(SILENT.candidates)]
    points += [point("no shaping", at, 0.7) for at in (5, 9)]
    course = Course(SILENT, points)
    assert course.orders((5, lambda each: each.mean_return), (9, lambda each: each.mean_return)) == Agreement(
        same=0, other=10, silent=0
    )


def test_a_point_that_some_arm_has_not_come_to_is_left_out():
    """A run that was cut off gives the points that it has come to."""
    points = [point(arm, at, 0.0) for at in (0, 5, 9) for arm in ARMS if (arm, at) != ("own 0.5", 9)]
    assert Course(SILENT, points).env_steps == [5]


def test_rank_correlation_is_that_of_scipy():
    """With ties, too; and there is none where all are equal."""
    draw = random.Random(3)
    for _ in range(50):
        first, second = ([float(draw.randrange(4)) for _ in range(7)] for _ in range(2))
        assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert spearman([1.0, 1.0], [1.0, 2.0]) is None


def test_a_silent_race_takes_who_is_further_than_the_start():
    """By milestones; whoever is no further than the start is not promoted."""
    scores = dict(zip(ARMS, (0.3, 0.2, 0.45, 0.3, 0.35, 0.9), strict=True))
    points = [point(arm, 5, 0.0, score=score) for arm, score in scores.items()]
    assert horizon_race.taken(SILENT, point("no shaping", 0, 0.0, score=0.25), points) == "own 0.5"
    assert horizon_race.taken(SILENT, point("no shaping", 0, 0.0, score=0.45), points) == ""


def test_a_race_where_the_task_pays_is_won_by_the_return_over_control():
    """And nobody wins where control is the best but for what only takes away."""
    values = dict.fromkeys(ARMS, 0.3) | {"team 0.5": 0.5}
    points = [point(arm, 5, value, start=WAY_BACK) for arm, value in values.items()]
    assert horizon_race.taken(WAY_BACK, point("own 0.5", 0, 0.2, start=WAY_BACK), points) == "team 0.5"
    worse = [replace(each, mean_return=0.6 if each.arm == "own 0.5" else 0.1) for each in points]
    assert horizon_race.taken(WAY_BACK, point("own 0.5", 0, 0.2, start=WAY_BACK), worse) == ""


def test_the_page_says_what_the_table_holds(trained):
    """Control's return and a race stand in it, for a start that was trained."""
    points = horizon_points.read(trained)
    points += [replace(each, start=SILENT.name) for each in points]
    page = "\n".join(horizon_page.report(points))
    assert "## From 601,600 env_steps under own 0.5" in page
    assert "| own 0.5 (control) |" in page
    assert "A race of each seed at 3,200 env_steps" in page


def test_a_race_is_judged_by_what_its_choice_is_worth_later():
    """Beside control, the first idea and the best; where it promotes none, control goes on."""
    late = dict(zip(ARMS, (0.5, 0.4, 0.3, 0.2, 0.6, 0.1), strict=True))
    points = [point("no shaping", 0, 0.0, score=0.25)]
    points += [point(arm, 9, value) for arm, value in late.items()]
    ahead = [point(arm, 5, 0.0, score=0.5 if arm == "own 0.25" else 0.3) for arm in ARMS]
    still = [replace(each, milestone_score=0.25) for each in ahead]
    race = Raced.of(Course(SILENT, points + ahead), 1, 5, 9, "team 0.5")
    assert (race.promoted, race.best, race.returns) == ("own 0.25", "both 0.25", (0.2, 0.1, 0.5, 0.6))
    race = Raced.of(Course(SILENT, points + still), 1, 5, 9, "team 0.5")
    assert (race.promoted, race.returns[0]) == ("", 0.1)

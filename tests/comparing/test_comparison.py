"""What groups came to, side by side."""

import json

import pytest

from also.comparing import tables
from also.comparing.comparison import compare
from also.comparing.figures import figures
from also.comparing.marl_eval import STEPS, check_seeds, marl_eval
from also.errors import CampaignError, InputError


@pytest.fixture
def groups(group, stage):
    """Two groups of three seeds, of which ours mostly ends higher."""
    return [
        group("ours", {1: 0.6, 2: 0.8, 3: 0.9}, stages=(stage(0, mean_return=0.4, env_steps=1000),)),
        group("theirs", {1: 0.1, 2: 0.2, 3: 0.85}, stages=(stage(0, mean_return=0.0, env_steps=1000),), gamma=0.9),
    ]


def test_groups_are_compared_by_return_area_and_cost(groups):
    """Of three runs the interquartile mean is the mean; of nine pairs seven are won."""
    found = compare(groups)
    ours, theirs = found.rows
    assert ours.final.value == pytest.approx(2.3 / 3)
    assert (ours.area.value, theirs.area.value) == (pytest.approx(0.4), pytest.approx(0.0))
    assert ours.final.low == pytest.approx(0.6)
    assert (found.env_steps, ours.env_steps, ours.branch_share) == (1000, 1000, 0)
    (pair,) = found.pairs
    assert (pair.first, pair.second, pair.final.value, pair.area.value) == ("ours", "theirs", pytest.approx(7 / 9), 1)


def test_what_the_files_differ_in_is_told(groups):
    """The seed is none of it, and what is left out in one is told as such."""
    (setting,) = compare(groups).settings
    assert (setting.path, setting.values) == ("learner.gamma", (None, 0.9))


def test_one_seed_has_no_interval_and_says_so(group):
    """Nothing is claimed of other seeds."""
    found = compare([group("lone", {1: 0.5})])
    assert (found.rows[0].final.low, found.rows[0].final.high) == (None, None)
    assert found.notes == ("One seed says nothing of another one: there is no interval for lone.",)
    assert "| lone | 1 | 0.500 |" in tables.markdown(found)


def test_other_tasks_and_scales_are_refused(group):
    """Each by a line that names two campaigns and what differs."""
    ours = group("ours", {1: 0.5})
    with pytest.raises(CampaignError, match="'ours-s1' is of task recorded/task, 'theirs-s1' of other/task; only"):
        compare([ours, group("theirs", {1: 0.5}, task="other/task")])
    with pytest.raises(CampaignError, match="has a largest return of 1 in 'ours-s1' and of 2 in 'theirs-s1'; only"):
        compare([ours, group("theirs", {1: 0.5}, largest=2.0)])
    with pytest.raises(CampaignError, match=r"task\.arguments\.n"):
        compare([ours, group("theirs", {1: 0.5}, arguments={"n": 3})])


def test_what_makes_a_comparison_weak_is_noted(group, stage):
    """Unequal cost, unequal evaluation, a seed twice, a campaign under way, settings that differ within a group."""
    long = group("long", {1: 0.5, 2: 0.5, 3: 0.5, 4: 0.5, 5: 0.5}, stages=(stage(0, env_steps=300),), greedy=True)
    odd = group("odd", {1: 0.1, 2: 0.2}, under_way=(7,), repeated=2, gamma_of_last=0.5)
    assert compare([long, odd]).notes == (
        "Left out, because not over yet: odd-s7.",
        "odd has seed 2 more than once: its runs are not independent.",
        "Campaigns of odd differ in more than their seed: learner.gamma.",
        "The campaigns spent from 100 to 300 env_steps: final returns are not at equal cost, areas are.",
        "The campaigns differ in evaluation.greedy, by which final policies were evaluated.",
        "Intervals of 3 seeds are too narrow: odd.",
    )


def test_a_scale_that_was_measured_is_noted(group):
    """Random play of two campaigns comes to two numbers."""
    found = compare([group("a", {1: 0.5}, measured=True), group("b", {1: 0.5}, largest=2.0, measured=True)])
    assert "The task's largest return was measured, and not to the same number in each campaign." in found.notes


def test_figures_are_json_of_everything(groups):
    """Numbers as they are, what is not known as null."""
    data = json.loads(json.dumps(figures(compare(groups)), allow_nan=False))
    assert [each["name"] for each in data["groups"]] == ["ours", "theirs"]
    assert data["groups"][0]["campaigns"][0]["campaign"] == "ours-s1"
    assert data["groups"][0]["campaigns"][0]["final_return"] == 0.6
    assert data["settings"] == {"learner.gamma": [None, 0.9]}
    assert data["better"][0]["final"]["value"] == pytest.approx(7 / 9)


def test_marl_eval_has_every_run_under_its_group(groups):
    """Steps are spread evenly up to where areas end."""
    data = marl_eval(compare(groups))
    runs = data["recorded"]["task"]["ours"]
    assert list(runs) == ["seed_1", "seed_2", "seed_3"]
    assert runs["seed_2"][f"step_{STEPS - 1}"] == {"step_count": 1000, "return": [0.4]}
    assert runs["seed_2"]["absolute_metrics"] == {"return": [0.8]}


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"seeds": {1: 0.1, 2: 0.2}}, "one has 1, other has 1, 2"),
        ({"seeds": {2: 0.2}}, "one has 1, other has 2"),
        ({"seeds": {1: 0.1}, "repeated": 1}, "one has 1, other has 1, 1"),
    ],
)
def test_runs_that_marl_eval_would_leave_out_are_refused(group, other, message):
    """It takes the names of runs from the first algorithm alone."""
    seeds = other.pop("seeds")
    check_seeds(compare([group("one", {1: 0.5}), group("two", {1: 0.7})]))
    with pytest.raises(InputError, match=message):
        check_seeds(compare([group("one", {1: 0.5}), group("other", seeds, **other)]))

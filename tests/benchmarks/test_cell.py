"""A cell's campaign file."""

from dataclasses import replace

import pytest

from also.errors import InputError
from also.updates import env_steps_asked, whole_updates
from also.v1.shaping_pb2 import ShapingConfig, ShapingTerm
from benchmarks.study import cell as cells
from benchmarks.study.cell import Cell
from benchmarks.study.methods import DEFAULT, METHODS
from benchmarks.study.tasks import TASKS

CELLS = [
    Cell(task=task, method=METHODS[method], seed=3, budget=task.budget) for task in TASKS.values() for method in DEFAULT
]


def of(method, **changes):
    """A cell of the default campaign's task."""
    task = TASKS["foraging-10x10-3p-3f-coop"]
    return replace(Cell(task=task, method=METHODS[method], seed=3, budget=task.budget), **changes)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_methods_of_a_task_differ_in_neither_learner_nor_budget(task):
    """Budget, learner, task, seed and evaluation are the same for all."""
    campaigns = [cells.resolved(cell.file()) for cell in CELLS if cell.task.name == task]
    for campaign in campaigns:
        for field in ("task", "learner", "evaluation", "budget", "seed", "reference"):
            assert getattr(campaign, field) == getattr(campaigns[0], field), field


@pytest.mark.parametrize("method", [name for name in DEFAULT if METHODS[name].one_stage])
def test_a_fixed_method_spends_its_budget_in_one_stage(method):
    """The stage takes all env_steps, in whole updates, so that no round fits."""
    campaign = cells.resolved(of(method).file())
    stage = whole_updates(campaign.stages.env_steps, campaign.learner)
    assert (campaign.stages.count, stage) == (1, campaign.budget.env_steps)
    assert 8_500_000 - 3_200 < campaign.budget.env_steps <= 8_500_000


def test_the_budget_ends_a_campaign_that_validates():
    """There are more stages than the budget has env_steps for."""
    campaign = cells.resolved(of("also").file())
    assert campaign.stages.count * campaign.stages.env_steps > campaign.budget.env_steps


def test_the_campaign_of_a_first_candidate_ends_with_its_first_stage():
    """It is the stage of the campaign that validates, and leaves nothing for branches."""
    first, whole = cells.resolved(of("one-shot").file_of_first_stage()), cells.resolved(of("also").file())
    assert first.stages.env_steps == whole.stages.env_steps
    assert env_steps_asked(first, 0) == env_steps_asked(whole, 0)
    assert first.budget.env_steps == whole_updates(env_steps_asked(first, 0), first.learner)
    assert (first.stages.count, first.seed, first.learner) == (2, whole.seed, whole.learner)


def test_one_shot_trains_under_the_first_candidate():
    """The candidate is the shaping; without one there is none."""
    term = ShapingTerm(name="approach", form=1, target=3, feature="team_food_distance", weight=0.25)
    (trained,) = cells.resolved(of("one-shot").file(ShapingConfig(terms=[term]))).shaping.terms
    assert (trained.feature, trained.form, trained.weight) == (term.feature, term.form, term.weight)
    assert of("one-shot").file(None) == of("sparse-only").file()


def test_a_key_is_of_one_campaign_and_commit():
    """Another seed, method, budget or commit is another key."""
    cell = of("also")
    others = [of("also", seed=4), of("also-random"), of("also", budget=1_000_000)]
    keys = {cells.key(each.file(), "aaaaaaa") for each in (cell, *others)} | {cells.key(cell.file(), "bbbbbbb")}
    assert len(keys) == 5
    assert cells.key(cell.file(), "aaaaaaa") == cells.key(cell.file(), "aaaaaaa")


def test_a_budget_of_less_than_an_update_is_refused():
    """The error names the budget and the least that is allowed."""
    with pytest.raises(InputError, match="budget of 3199 env_steps is not allowed; one update, 3200"):
        of("also", budget=3_199).file()

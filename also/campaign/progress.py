"""Whether a run makes progress under its incumbent: only where it does not, asking for another one is worth its price.

A stage counts by the mean return of its training episodes, of which there are thousands, and, while that is rare, by
its milestone score. Progress is that the best of the last stages is above the best of all before them.

Twice the question is asked all the same, whatever the run learns: when its return first comes to half of the largest,
and before the last tenth of the budget. Then the task can teach alone, if the team does as well without its shaping.
"""

from collections.abc import Sequence

from also import returns
from also.campaign.state import Stage, State
from also.validation import cost
from also.validation.confirm import RARE
from also.validation.race import TEACHES
from also.validation.statistics import mean
from also.words import counted

RISE = 0.02
"""Rise that is progress: of the training return as a share of the returns' range, or of the milestone score."""

CLOSING = 0.1
"""Share of the budget before whose end the shaping's worth is asked about once more."""


def still_learning(state: State, stage: Stage) -> str:
    """Why a stage's incumbent is left alone, one sentence; empty where another one may be asked for.

    Args:
        state: the campaign.
        stage: its open stage.
    """
    patience, unit = state.campaign.stages.patience, returns.span(state.card, *map(best_return, state.stages))
    stages = [each for each in state.lineage if each.number <= stage.number]
    given = sum(each.number >= stage.incumbent.since for each in stages)
    best = max(map(training_return, stages[-max(patience, 1) :]))
    if patience == 0 or (best <= returns.nothing(state.card) and not stage.incumbent.config.terms):
        return ""
    if stage.incumbent.config.terms and (_is_halfway(state, stages) or _closes(state, stage)):
        return ""
    if best < returns.level(state.card, RARE) and stage.incumbent.config.terms:
        patience *= state.campaign.guard.patience  # trust takes time
    if given < patience:
        return f"The incumbent has had {given} of the {counted(patience, 'stage')} that it is given."
    last, before = stages[-patience:], stages[:-patience]
    rise = max(map(training_return, last)) - max(map(training_return, before), default=state.card.baseline_return)
    if rise >= RISE * unit:
        return f"The training return rose by {rise:.4g} within {counted(patience, 'stage')}."
    climb = max(each.milestone_score for each in last) - max((each.milestone_score for each in before), default=0.0)
    if best < returns.level(state.card, RARE) and climb >= RISE:
        return f"The milestone score rose by {climb:.4g} within {counted(patience, 'stage')}."
    return ""


def training_return(stage: Stage) -> float:
    """Mean return of a stage's training episodes, units of task reward; of its evaluation where none has ended."""
    curve = stage.trained.evidence.curve
    return mean([point.mean_return for point in curve]) if curve else stage.mean_return


def best_return(stage: Stage) -> float:
    """Largest return of a stage's evaluation episodes, units of task reward."""
    return stage.trained.evidence.returns.maximum


def _is_halfway(state: State, stages: Sequence[Stage]) -> bool:
    """Whether the last of the stages is the first whose training return is half of the largest."""
    *before, now = map(training_return, stages)
    level = returns.level(state.card, TEACHES)
    return now >= level > max(before, default=state.card.baseline_return)


def _closes(state: State, stage: Stage) -> bool:
    """Whether a stage is the first that ends in the last part of what the campaign comes to, a race included."""
    campaign = state.campaign
    race = cost.race_cost(campaign, campaign.generator.candidates, with_control=True)
    begins = (1 - CLOSING) * cost.planned_env_steps(campaign) - race
    earlier = [each for each in state.stages if each.number < stage.number]
    spent = sum(each.env_steps for each in earlier)
    if earlier and spent - earlier[-1].env_steps + earlier[-1].trained.env_steps >= begins:
        return False
    return spent + stage.trained.env_steps >= begins

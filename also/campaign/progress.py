"""Whether a run makes progress under its incumbent: only where it does not, asking for another one is worth its price.

A stage counts by the mean return of its training episodes, of which there are thousands, and, while that is rare, by
its milestone score. Progress is that the best of the last stages is above the best of all before them.

Once, before the last tenth of the budget, the question is asked all the same: the last env_steps belong to the task
alone, if the team does as well without its shaping.
"""

from also.campaign.state import Stage, State
from also.validation import cost
from also.validation.statistics import mean

RISE = 0.02
"""Rise that is progress: of the training return as a share of the largest return, or of the milestone score."""

RARE = 0.05
"""Training return, as a share of the largest return, below which milestones count, too."""

CLOSING = 0.1
"""Share of the budget before whose end the shaping's worth is asked about once more."""


def still_learning(state: State, stage: Stage) -> str:
    """Why a stage's incumbent is left alone, one sentence; empty where another one may be asked for.

    Args:
        state: the campaign.
        stage: its open stage.
    """
    patience, unit = state.campaign.stages.patience, state.card.largest_return
    stages = [each for each in state.lineage if each.number <= stage.number]
    given = sum(each.number >= stage.incumbent.since for each in stages)
    last, before = stages[-max(patience, 1) :], stages[: -max(patience, 1)]
    best = max(map(training_return, last))
    if patience == 0 or (best <= 0 and not stage.incumbent.config.terms):
        return ""
    if stage.incumbent.config.terms and _closes(state, stage):
        return ""
    if given < patience:
        return f"The incumbent has had {given} of the {patience} stages that it is given."
    rise = best - max(map(training_return, before), default=0.0)
    if rise >= RISE * unit:
        return f"The training return rose by {rise:.4g} within {patience} stages."
    climb = max(each.milestone_score for each in last) - max((each.milestone_score for each in before), default=0.0)
    if best < RARE * unit and climb >= RISE:
        return f"The milestone score rose by {climb:.4g} within {patience} stages."
    return ""


def training_return(stage: Stage) -> float:
    """Mean return of a stage's training episodes, units of task reward; of its evaluation where none has ended."""
    curve = stage.trained.evidence.curve
    return mean([point.mean_return for point in curve]) if curve else stage.mean_return


def _closes(state: State, stage: Stage) -> bool:
    """Whether a stage is the first that ends in the last part of what the campaign comes to, a race included."""
    campaign = state.campaign
    race = cost.race_cost(campaign, campaign.generator.candidates, with_control=True)
    begins = (1 - CLOSING) * cost.planned_env_steps(campaign) - race
    earlier = [each for each in state.stages if each.number < stage.number]
    spent = sum(each.env_steps for each in earlier)
    asked = any(
        sum(each.env_steps for each in earlier[:index]) + before.trained.env_steps >= begins
        for index, before in enumerate(earlier)
    )
    return not asked and spent + stage.trained.env_steps >= begins

"""Whether a run makes progress under its incumbent: only where it does not, asking for another one is worth its price.

A stage counts by the mean return of its training episodes, of which there are thousands, and, while that is rare, by
its milestone score. Progress is that the best of the last stages is above the best of all before them.

Once, as soon as the task pays under shaping, the question is asked all the same: shaping that led to the first reward
can hold a team back from the next one.
"""

from collections.abc import Sequence

from also.campaign.state import Stage, State
from also.validation.statistics import mean

RISE = 0.02
"""Rise that is progress: of the training return as a share of the largest return, or of the milestone score."""

RARE = 0.05
"""Training return, as a share of the largest return, below which milestones count, too."""

SIGNAL = 0.25
"""Training return, as a share of the largest return, from which the task teaches by itself."""


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
    if stage.incumbent.config.terms and _speaks_up(state, stages):
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


def _speaks_up(state: State, stages: Sequence[Stage]) -> bool:
    """Whether the return is no longer rare since the last stage: what brought it may not be needed any more."""
    *before, now = map(training_return, stages)
    level = SIGNAL * state.card.largest_return
    return now >= level and max(before, default=0.0) < level

"""Whether a run makes progress under its incumbent: only where it does not, asking for another one is worth its price.

A stage counts by the mean return of its training episodes, of which there are thousands, and, while that is rare, by
its milestone score. Progress is that the best of the last stages is above the best of all before them.

A question costs branches, and a run that learns slowly stands still now and then. So before it is asked the run has to
stand still for as many env_steps as a round takes, and for `patience` stages at least: who waits until waiting has cost
as much as the cure pays at most twice what he would have paid had he known (Karlin, Manasse, Rudolph & Sleator 1988,
Algorithmica 3, 79).

Where nothing better was found, nothing is likely to be found soon: the next question waits for as many stages as a new
incumbent is given, and twice as many after each further one in which something was tried.

Three times the question is asked all the same, whatever the run learns: when its return first speaks up, when it first
comes to half of the largest, and before the last tenth of the budget. Shaping that led to the first rewards is stronger
than what teaches from there on; and later the task can teach alone, if the team does as well without. It is asked, too,
when the return first falls under an incumbent: shaping under which a team unlearns is the first suspect.
"""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate

from also import returns
from also.campaign.state import Stage, State
from also.updates import env_steps_of_stage
from also.v1.verdict_pb2 import VerdictReason
from also.validation import cost
from also.validation.race import SPEAKS, TEACHES, pays_nothing, speaks, trusts
from also.validation.statistics import mean
from also.words import counted

RISE = 0.02
"""Rise that is progress: of the training return as a share of the returns' range, or of the milestone score."""

FALLS = 2
"""Stages in a row after which a milestone score that is lower than before is no chance."""

CLOSING = 0.1
"""Share of the budget before whose end the shaping's worth is asked about once more."""

RELIEFS = 1
"""Candidates that shaping's worth is asked about with: each costs branches while the run could learn."""

_UNTRIED = (VerdictReason.VERDICT_REASON_TOO_EARLY, VerdictReason.VERDICT_REASON_BUDGET_SPENT)
"""Why candidates cost nothing, and taught nothing."""


def still_learning(state: State, stage: Stage) -> str:
    """Why a stage's incumbent is left alone, one sentence; empty where another one may be asked for.

    Args:
        state: the campaign.
        stage: its open stage.
    """
    patience, unit = state.campaign.stages.patience, _span(state)
    stages = _until(state, stage)
    given = sum(each.number >= stage.incumbent.since for each in stages)
    best = max(map(training_return, stages[-max(patience, 1) :]))
    if patience == 0 or _is_free_to_ask(state, stage, best):
        return ""
    if asks_for_relief(state, stage):
        return ""
    if returns.is_rare(state.card, best) and stage.incumbent.config.terms:
        patience *= state.campaign.guard.patience  # trust takes time
    patience = max(patience, _price(state, stage, best))
    if given < patience:
        return f"The incumbent has had {given} of the {counted(patience, 'stage')} that it is given."
    rise = _rise(stages, patience, training_return, state.card.baseline_return)
    if rise >= RISE * unit:
        return f"The training return rose by {rise:.4g} within {counted(patience, 'stage')}."
    climb = _rise(stages, patience, lambda each: each.milestone_score, 0.0)
    if returns.is_rare(state.card, best) and climb >= RISE:
        return f"The milestone score rose by {climb:.4g} within {counted(patience, 'stage')}."
    asked = [each for each in stages[:-1] if each.number >= stage.incumbent.since and each.diagnosis is not None]
    tried = sum(map(_tried_something, asked))
    due = asked[-1].number + patience * 2 ** max(0, tried - 1) if asked else 0
    return f"Nothing was promoted in stage {asked[-1].number}; stage {due} asks again." if stage.number < due else ""


def stood_still(state: State, stage: Stage) -> int | None:
    """env_steps for which a run has stood still, less those of branches meanwhile; None without patience.

    It stood still in the most of the incumbent's last stages in which the training return did not rise. What leads to
    no return yet, like milestones, does not count here.

    Args:
        state: the campaign.
        stage: its open stage.
    """
    if state.campaign.stages.patience == 0:
        return None
    stages = _until(state, stage)
    given = sum(each.number >= stage.incumbent.since for each in stages)
    floor, least = state.card.baseline_return, RISE * _span(state)
    still = next((many for many in range(given, 0, -1) if _rise(stages, many, training_return, floor) < least), 0)
    last = stages[len(stages) - still :]
    branches = sum(validation.env_steps for each in last for validation in each.validations)
    return max(0, sum(each.trained.env_steps for each in last) - branches)


def asks_for_relief(state: State, stage: Stage) -> bool:
    """Whether a stage is one in which its shaping's worth is asked about, whatever the run learns.

    Args:
        state: the campaign.
        stage: its open stage.
    """
    if state.campaign.stages.patience == 0 or not stage.incumbent.config.terms:
        return False
    return _comes_to_a_level(state, stage) or _falls(state, stage) or _closes(state, stage)


def smallest_round(state: State, stage: Stage, paid: float, candidates: int = 1) -> int:
    """env_steps of the cheapest round that could promote after a stage; 0 where one may enter on trust.

    Args:
        state: the campaign.
        stage: its open stage.
        paid: the training return that it is judged by, units of task reward.
        candidates: how many the round tries, at least 1.
    """
    campaign, card = state.campaign, state.card
    eases = asks_for_relief(state, stage) and speaks(card, paid)
    return cost.smallest_round(
        campaign,
        candidates,
        silent=pays_nothing(campaign, card, paid),
        trusted=eases or trusts(campaign, card, stage.incumbent.config, paid),
    )


def milestones_fell(state: State, stage: Stage, entered: Stage) -> str:
    """Where milestones fell under what was promoted without any branch, one sentence; empty where they did not.

    The last stages' scores are all below the one that it was promoted with, by more than its standard error,
    the square root of s (1 - s) / n at most, for a share s of n episodes and for a mean of such shares.

    Args:
        state: the campaign.
        stage: its open stage.
        entered: the stage whose promotion it is.
    """
    score, episodes = entered.milestone_score, entered.trained.evidence.returns.count
    floor = score - math.sqrt(score * (1 - score) / max(1, episodes))
    since = [each.milestone_score for each in state.lineage if entered.number < each.number <= stage.number]
    if len(since) < FALLS or max(since[-FALLS:]) >= floor:
        return ""
    return f"milestone score at most {max(since[-FALLS:]):.4g} in {counted(FALLS, 'stage')}, {score:.4g} before"


def training_return(stage: Stage) -> float:
    """Mean return of a stage's training episodes, units of task reward; of its evaluation where none has ended."""
    curve = stage.trained.evidence.curve
    return mean([point.mean_return for point in curve]) if curve else stage.mean_return


def best_return(stage: Stage) -> float:
    """Largest return of a stage's evaluation episodes, units of task reward."""
    return stage.trained.evidence.returns.maximum


def _span(state: State) -> float:
    """Range of the task's returns, as far as it is known, units of task reward."""
    return returns.span(state.card, *map(best_return, state.stages))


def _rise(stages: Sequence[Stage], last: int, measure: Callable[[Stage], float], floor: float) -> float:
    """How far the best of so many last stages is above that of all before, or above a floor where there is none."""
    return max(map(measure, stages[-last:])) - max(map(measure, stages[:-last]), default=floor)


def _until(state: State, stage: Stage) -> list[Stage]:
    """The stages that the main run has come through, to one that is among them."""
    return [each for each in state.lineage if each.number <= stage.number]


def _is_free_to_ask(state: State, stage: Stage, best: float) -> bool:
    """Whether a run without shaping, at a training return, has nothing to lose by being asked about."""
    if stage.incumbent.config.terms:
        return False
    silent = pays_nothing(state.campaign, state.card, best)
    return silent or trusts(state.campaign, state.card, stage.incumbent.config, best)


def _price(state: State, stage: Stage, best: float) -> int:
    """Stages that train for as many env_steps as a round's branches take, rounded up, at a training return."""
    candidates = cost.affordable_candidates(state.campaign, state.env_steps_left_for_branches)
    return -(-smallest_round(state, stage, best, candidates) // env_steps_of_stage(state.campaign))


def _tried_something(stage: Stage) -> bool:
    """Whether a stage's rounds were more than candidates for which it was too early, or too late."""
    return any(
        each.validation is None or any(verdict.reason not in _UNTRIED for verdict in each.validation.verdicts)
        for each in stage.rounds
    )


def _comes_to_a_level(state: State, stage: Stage) -> bool:
    """Whether a stage is the first whose training return is one that shaping is questioned at."""
    *before, now = map(training_return, _until(state, stage))
    levels = [returns.level(state.card, share) for share in (SPEAKS, TEACHES)]
    return any(now >= level > max(before, default=state.card.baseline_return) for level in levels)


def _falls(state: State, stage: Stage) -> bool:
    """Whether a stage is its incumbent's first whose training return is below an earlier one by the guard's margin."""
    stages = _until(state, stage)
    margin = state.campaign.guard.margin * _span(state)
    peaks = accumulate(map(training_return, stages), max)
    fallen = [each for each, peak in zip(stages, peaks, strict=True) if training_return(each) < peak - margin]
    under = [each.number for each in fallen if each.number >= stage.incumbent.since]
    return under == [stage.number]


def _closes(state: State, stage: Stage) -> bool:
    """Whether a stage is the first that ends in the last part of what the campaign comes to, a race included."""
    campaign = state.campaign
    race = cost.race_cost(campaign, min(RELIEFS, campaign.generator.candidates), with_control=True)
    begins = (1 - CLOSING) * cost.planned_env_steps(campaign) - race
    earlier = [each for each in state.stages if each.number < stage.number]
    spent = sum(each.env_steps for each in earlier)
    if earlier and spent - earlier[-1].env_steps + earlier[-1].trained.env_steps >= begins:
        return False
    return spent + stage.trained.env_steps >= begins

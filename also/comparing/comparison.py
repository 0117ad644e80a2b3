"""Results of groups of campaigns, side by side: returns with intervals, who is better, and what it cost.

The final return is that of the last policy on the report seeds. The area is that under the return over all env_steps,
branches included, up to the env_steps that every campaign has spent, divided by them (`curve`). Both are interquartile
means over seeds with 95 % intervals by stratified bootstrap (`statistics`).

Returns of two tasks, or of one task under two scales of reward, are different things, and are refused.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

from also.campaign.comparison import differences
from also.campaign.state import State
from also.comparing.costs import Costs, costs
from also.comparing.curve import Segment, area, curve
from also.comparing.groups import Group, Run
from also.comparing.statistics import Estimate, improvement, interquartile_mean
from also.errors import CampaignError
from also.v1.task_pb2 import TaskCard

UNEQUAL = 0.05
"""Share by which env_steps may differ before final returns are said to be no equal bargain."""

_SCALE = ("smallest_return", "largest_return", "baseline_return")
"""Fields of a card that say by which scale a task rewards."""

_NO_SETTING = {"seed", "task.workers", "task.step_timeout", "learner.device"}
"""Settings in which campaigns may differ and be runs of one thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Results of one group."""

    group: Group
    """The group."""
    final: Estimate
    """Interquartile mean of the final returns, units of task reward."""
    area: Estimate
    """Interquartile mean of the areas, units of task reward."""
    success: float
    """Mean share of the final policies' episodes that reached the last milestone. In [0, 1]."""
    costs: tuple[Costs, ...]
    """What each run cost."""
    llm_calls: int
    """Calls of LLMs of all runs."""
    llm_tokens: int
    """Their tokens, prompts and completions together."""
    llm_cost: float
    """Their price, in the unit that the campaign files use."""

    @property
    def env_steps(self) -> float:
        """env_steps of a run, mean: main run and branches."""
        return sum(each.env_steps for each in self.costs) / len(self.costs)

    @property
    def branch_share(self) -> float:
        """Share of all env_steps that branches took. In [0, 1)."""
        return sum(each.validation_env_steps for each in self.costs) / sum(each.env_steps for each in self.costs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """How probable it is that a run of one group is better than one of another."""

    first: str
    """Name of the group that may be better."""
    second: str
    """Name of the other one."""
    final: Estimate
    """By the final return. In [0, 1]."""
    area: Estimate
    """By the area. In [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A value of the campaign file in which groups differ."""

    path: str
    """Its path, e.g. "learner.algorithm"."""
    values: tuple[Any, ...]
    """Its value in each group's first campaign, in the order of the groups; None where it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Groups of campaigns, compared."""

    task: str
    """The task of all of them."""
    env_steps: int
    """env_steps up to which areas and curves go: the fewest that a campaign has spent."""
    rows: tuple[Row, ...]
    """One a group, in the order given."""
    pairs: tuple[Pair, ...]
    """Every two groups, the earlier one first."""
    settings: tuple[Setting, ...]
    """In what the groups' campaign files differ, in order of paths."""
    notes: tuple[str, ...]
    """What to bear in mind, a sentence each."""


def compare(groups: Sequence[Group]) -> Comparison:
    """Compare groups.

    Args:
        groups: at least one.

    Raises:
        CampaignError: they are of several tasks, or of several scales of reward.
    """
    runs = [run for group in groups for run in group.runs]
    _require_one_task(runs)
    env_steps = min(run.state.env_steps for run in runs)
    firsts = [group.runs[0].state for group in groups]
    return Comparison(
        task=firsts[0].card.task,
        env_steps=env_steps,
        rows=tuple(_row(group, env_steps) for group in groups),
        pairs=tuple(_pair(first, second, env_steps) for first, second in combinations(groups, 2)),
        settings=tuple(_settings(firsts)),
        notes=tuple(_notes(groups, runs)),
    )


def curve_of(run: Run) -> list[Segment]:
    """The curve of a run up to all that it has spent."""
    return curve(run.state, run.state.env_steps)


def _row(group: Group, env_steps: int) -> Row:
    states = [run.state for run in group.runs]
    return Row(
        group=group,
        final=interquartile_mean([_finals(group)]),
        area=interquartile_mean([_areas(group, env_steps)]),
        success=sum(map(_success, states)) / len(states),
        costs=tuple(map(costs, states)),
        llm_calls=sum(state.llm_calls for state in states),
        llm_tokens=sum(state.llm_tokens for state in states),
        llm_cost=sum(use.cost for state in states for use in state.llm_uses),
    )


def _pair(first: Group, second: Group, env_steps: int) -> Pair:
    return Pair(
        first=first.name,
        second=second.name,
        final=improvement([_finals(first)], [_finals(second)]),
        area=improvement([_areas(first, env_steps)], [_areas(second, env_steps)]),
    )


def _finals(group: Group) -> list[float]:
    return [run.final_return for run in group.runs]


def _areas(group: Group, env_steps: int) -> list[float]:
    return [area(curve_of(run), env_steps) for run in group.runs]


def _success(state: State) -> float:
    assert state.reported is not None
    return state.reported.evaluation.success_rate


def _require_one_task(runs: Sequence[Run]) -> None:
    first = runs[0]
    for run in runs[1:]:
        ours, theirs = first.state.card, run.state.card
        if ours.task != theirs.task:
            raise CampaignError(
                f"{first.campaign_id!r} is of task {ours.task}, {run.campaign_id!r} of {theirs.task}; "
                "only campaigns of one task can be compared"
            )
        for each in differences(first.state.campaign.task, run.state.campaign.task):
            if each.path.startswith("arguments."):
                raise CampaignError(
                    f"task.{each.path} is {each.first!r} in {first.campaign_id!r} and {each.second!r} in "
                    f"{run.campaign_id!r}; only campaigns of one task can be compared"
                )
        for name in () if ours.largest_measured or theirs.largest_measured else _SCALE:
            if getattr(ours, name) != getattr(theirs, name):
                raise CampaignError(
                    f"task {ours.task} has a {name.replace('_', ' ')} of {getattr(ours, name):g} in "
                    f"{first.campaign_id!r} and of {getattr(theirs, name):g} in {run.campaign_id!r}; "
                    "only returns of one scale can be compared"
                )


def _settings(firsts: Sequence[State]) -> Iterator[Setting]:
    first = firsts[0].campaign
    found = [{each.path: each for each in differences(first, state.campaign)} for state in firsts]
    for path in sorted({path for of_one in found for path in of_one} - _NO_SETTING):
        ours = next(of_one[path].first for of_one in found if path in of_one)
        yield Setting(path=path, values=tuple(of_one[path].second if path in of_one else ours for of_one in found))


def _notes(groups: Sequence[Group], runs: Sequence[Run]) -> Iterator[str]:
    for group in groups:
        yield from _notes_of(group)
    spent = [run.state.env_steps for run in runs]
    if max(spent) > (1 + UNEQUAL) * min(spent):
        yield (
            f"The campaigns spent from {min(spent):,} to {max(spent):,} env_steps: final returns are not at equal "
            "cost, areas are."
        )
    if len({_scale(run.state.card) for run in runs}) > 1:
        yield "The task's largest return was measured, and not to the same number in each campaign."
    for what, number in _EVALUATIONS:
        if len({number(run.state) for run in runs}) > 1:
            yield f"The campaigns differ in {what}, by which final policies were evaluated."
    for count, same in groupby(sorted(groups, key=lambda group: len(group.runs)), key=lambda group: len(group.runs)):
        names = ", ".join(group.name for group in same)
        if count == 1:
            yield f"One seed says nothing of another one: there is no interval for {names}."
        elif count < 5:
            yield f"Intervals of {count} seeds are too narrow: {names}."


def _notes_of(group: Group) -> Iterator[str]:
    if group.unfinished:
        left = ", ".join(run.campaign_id for run in group.unfinished)
        yield f"Left out, because not over yet: {left}."
    seeds = [run.seed for run in group.runs]
    twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    if twice:
        yield f"{group.name} has seed {', '.join(map(str, twice))} more than once: its runs are not independent."
    first = group.runs[0].state.campaign
    differing = sorted(
        {each.path for run in group.runs[1:] for each in differences(first, run.state.campaign)} - _NO_SETTING
    )
    if differing:
        yield f"Campaigns of {group.name} differ in more than their seed: {', '.join(differing)}."


def _scale(card: TaskCard) -> tuple[float, ...]:
    return tuple(getattr(card, name) for name in _SCALE)


_EVALUATIONS: Sequence[tuple[str, Callable[[State], int]]] = (
    ("evaluation.report_episodes", lambda state: state.campaign.evaluation.report_episodes),
    ("evaluation.greedy", lambda state: state.campaign.evaluation.greedy),
)
"""Settings by which a final policy is evaluated."""

"""The learning curve of a campaign over everything that it spent, branches included.

It is a function in steps: the mean return of the training episodes of a window over that window; while branches are
tried, what the stage's policy was worth before them, for the main run waits; and after the end, up to the budget, what
the final policy is worth on the report seeds. So its area is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from also.campaign.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The return of the main run between two moments of a campaign."""

    begin: int
    """env_steps that had been spent in all."""
    end: int
    """The same at its end, more than `begin`."""
    value: float
    """Mean return, units of task reward, shaping off."""


def curve(state: State, budget: int) -> list[Segment]:
    """The curve of a campaign that is over, from 0 to the budget, without gaps.

    Args:
        state: the campaign's state; it was reported.
        budget: env_steps that it might spend.
    """
    assert state.reported is not None
    found: list[Segment] = []
    for stage in state.stages:
        evidence = stage.trained.evidence
        before = found[-1].end if found else 0
        offset = before - (evidence.env_steps - stage.trained.env_steps)
        for point in evidence.curve:
            _append(found, offset + point.env_steps, point.mean_return)
        _append(found, before + stage.trained.env_steps, evidence.returns.mean)
        _append(found, before + stage.env_steps, evidence.returns.mean)
    _append(found, budget, state.reported.evaluation.returns.mean)
    return found


def area(segments: Sequence[Segment], budget: int) -> float:
    """Area under a curve up to the budget, divided by the budget: a mean return, units of task reward."""
    return sum(max(0, min(each.end, budget) - each.begin) * each.value for each in segments) / budget


def at(segments: Sequence[Segment], env_steps: float) -> float:
    """Value of a curve after so many env_steps: that of the segment that ends there, or that they lie in.

    Args:
        segments: the curve, without gaps.
        env_steps: in [0, end of the curve].
    """
    return next((each.value for each in segments if env_steps <= each.end), segments[-1].value)


def _append(found: list[Segment], end: int, value: float) -> None:
    """Lengthen a curve to a moment; nothing where it is there already."""
    begin = found[-1].end if found else 0
    if end > begin:
        found.append(Segment(begin=begin, end=end, value=value))

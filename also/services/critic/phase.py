"""Where learning stands, read off the evaluated returns of all stages so far.

Returns are compared as shares of the task's range (`also/returns.py`), so that one set of thresholds fits all
tasks. A fall must show in the 95 % intervals of two stages; a rise may show in either the
evaluations or the training curve, because calling a rising run stuck is the costlier mistake.
"""

from collections.abc import Sequence

from also import returns
from also.v1 import diagnosis_pb2 as pb
from also.v1.evidence_pb2 import Evidence
from also.v1.task_pb2 import TaskCard

SOLVED = 0.9
"""Mean return, as a share of the returns' range, from which the task counts as solved."""

CHANGE = 0.03
"""Change of the mean return, as a share of the returns' range, that counts as a rise or a fall."""


def learning_phase(history: Sequence[Evidence], card: TaskCard) -> pb.LearningPhase:
    """Phase at the end of the last stage.

    Args:
        history: evidence of the stages in order; at least one.
        card: the task's card.
    """
    seen = [each.returns.maximum for each in history]
    now, unit = history[-1], returns.span(card, *seen)
    before = history[-2] if len(history) > 1 else None
    mean = returns.share(card, now.returns.mean, *seen)
    if mean >= SOLVED and not card.largest_measured:  # what random play had says nothing of what the task can pay
        return pb.LEARNING_PHASE_SOLVED
    if _fell(before, now, unit):
        return pb.LEARNING_PHASE_REGRESSING
    nothing = returns.nothing(card)
    if now.returns.maximum <= nothing and all(point.mean_return <= nothing for point in now.curve):
        return pb.LEARNING_PHASE_NO_SIGNAL
    if _rose(before, now, unit):
        return pb.LEARNING_PHASE_IMPROVING
    return pb.LEARNING_PHASE_SPARSE_SIGNAL if mean < returns.RARE else pb.LEARNING_PHASE_PLATEAU


def curve_change(evidence: Evidence) -> float:
    """Last third of the stage's training curve minus its first third, units of task reward; 0 below 3 points."""
    curve = [point.mean_return for point in evidence.curve]
    third = len(curve) // 3
    if third == 0:
        return 0.0
    return (sum(curve[-third:]) - sum(curve[:third])) / third


def _fell(before: Evidence | None, now: Evidence, unit: float) -> bool:
    if before is None:
        return curve_change(now) / unit <= -CHANGE
    return before.returns.mean - now.returns.mean >= CHANGE * unit and now.return_high < before.return_low


def _rose(before: Evidence | None, now: Evidence, unit: float) -> bool:
    evaluated = 0.0 if before is None else now.returns.mean - before.returns.mean
    return max(evaluated, curve_change(now)) >= CHANGE * unit

"""The first candidate of the rules: what one-shot trains under.

A real campaign trains its first stage and has it diagnosed; what the generator proposes first, r0-c0, is the one. Its
budget ends there. That it is known costs one-shot nothing: the stage is not taken off its budget.
"""

from also.campaign.state import State
from also.errors import AlsoError
from also.v1.journal_pb2 import Held, HoldReason
from also.v1.shaping_pb2 import ShapingConfig


class NoFirstCandidate(AlsoError):
    """The first stage of a campaign ended before anything was proposed."""


def of(state: State) -> ShapingConfig | None:
    """The candidate that a campaign's first stage was proposed first; None where nothing asked for a change.

    Raises:
        NoFirstCandidate: the stage held for another reason before a candidate was there.
    """
    stage = state.stages[0]
    if stage.rounds and stage.rounds[0].candidates:
        return stage.rounds[0].candidates[0].config
    if isinstance(stage.decision, Held) and stage.decision.reason == HoldReason.HOLD_REASON_NOTHING_TO_CHANGE:
        return None
    detail = stage.decision.detail if isinstance(stage.decision, Held) else "no candidate was proposed"
    raise NoFirstCandidate(f"the first stage of {state.card.task} has no first candidate: {detail}")

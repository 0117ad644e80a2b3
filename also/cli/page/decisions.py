"""How stages ended, as marks: a shape for each kind of decision, so that none is told by colour alone."""

from also.campaign.state import Stage, State
from also.cli.page.markup import Html, decimal, element
from also.v1.journal_pb2 import Held, HoldReason, Promoted, RolledBack

KINDS = {
    "promoted": "promotion",
    "provisional": "promotion, provisional",
    "undone": "promotion that was undone later",
    "rolled-back": "rollback",
    "held": "hold",
}
"""Kinds of decisions that have a mark, and what they are called. Stages that were left to learn have none."""


def kind(state: State, stage: Stage) -> str:
    """Kind of a stage's decision in the end: as `kind_of` has it, and "undone" where a rollback undid it."""
    return "undone" if isinstance(stage.decision, Promoted) and stage.number in state.undone else kind_of(stage)


def kind_of(stage: Stage) -> str:
    """Kind of a stage's decision, see `KINDS`; "learning" where it was left to learn, "open" while there is none."""
    match stage.decision:
        case Promoted() as promoted:
            return "provisional" if promoted.provisional else "promoted"
        case RolledBack():
            return "rolled-back"
        case Held() as held:
            return "learning" if held.reason == HoldReason.HOLD_REASON_STILL_LEARNING else "held"
        case None:
            return "open"


def undone_in(state: State, stage: Stage) -> int | None:
    """The stage that undid a stage's promotion."""
    undoing = (each for each in state.stages if isinstance(each.decision, RolledBack))
    return next((each.number for each in undoing if _undoes(each, stage.number)), None)


def glyph(kind: str, x: float, y: float) -> Html | None:
    """The mark of a kind of decision around a place, pixels; None where the kind has none."""
    size = 5.5
    up = _path((x, y - size), (x + size, y + 0.8 * size), (x - size, y + 0.8 * size))
    down = _path((x, y + size), (x + size, y - 0.8 * size), (x - size, y - 0.8 * size))
    cross = f"M{decimal(x - size)} {decimal(y - size)}L{decimal(x + size)} {decimal(y + size)}"
    shapes = {
        "promoted": up,
        "provisional": up,
        "undone": up + cross,
        "rolled-back": down,
        "held": _path((x - 3.2, y - 3.2), (x + 3.2, y - 3.2), (x + 3.2, y + 3.2), (x - 3.2, y + 3.2)),
    }
    return element("path", d=shapes[kind], class_=f"mark {kind}") if kind in shapes else None


def icon(kind: str) -> Html:
    """The mark alone, beside text that says the same."""
    drawn = glyph(kind, 8, 8)
    return element("svg", drawn, viewBox="0 0 16 16", class_="icon", aria_hidden="true")


def _undoes(stage: Stage, promotion: int) -> bool:
    return isinstance(stage.decision, RolledBack) and stage.decision.promotion_stage == promotion


def _path(*corners: tuple[float, float]) -> str:
    return "M" + "L".join(f"{decimal(x)} {decimal(y)}" for x, y in corners) + "Z"

"""What a campaign spent, and what of its promotions was left, read off its journal."""

from dataclasses import dataclass

from also.campaign.state import State
from also.v1.journal_pb2 import Promoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a campaign cost, and its promotions."""

    env_steps: int
    """env_steps of the main run and of all branches."""
    validation_env_steps: int
    """Those of branches."""
    promotions: int
    """Promotions."""
    standing: int
    """Promotions that no rollback undid, itself or one before it."""


def costs(state: State) -> Costs:
    """The costs of a campaign."""
    return Costs(
        env_steps=state.env_steps,
        validation_env_steps=state.branch_env_steps,
        promotions=sum(isinstance(stage.decision, Promoted) for stage in state.stages),
        standing=sum(
            isinstance(stage.decision, Promoted) and stage.number not in state.undone for stage in state.lineage
        ),
    )

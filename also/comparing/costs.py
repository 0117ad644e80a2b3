"""What a campaign spent, and what of its promotions was left, read off its journal."""

from collections import defaultdict
from dataclasses import dataclass

from also.campaign.state import State
from also.v1.branch_pb2 import SeedPool
from also.v1.journal_pb2 import Promoted
from also.v1.verdict_pb2 import Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a campaign came to, beside its return."""

    env_steps: int
    """env_steps of the main run and of all branches."""
    validation_env_steps: int
    """Those of branches."""
    critical_path: int
    """env_steps one after another where all branches of a rung or wave run at once."""
    promotions: int
    """Promotions."""
    standing: int
    """Promotions that no rollback undid, itself or one before it."""


def costs(state: State) -> Costs:
    """What a campaign came to."""
    wave = state.campaign.validation.confirm_seeds
    validations = [validation for stage in state.stages for validation in stage.validations]
    return Costs(
        env_steps=state.env_steps,
        validation_env_steps=sum(validation.env_steps for validation in validations),
        critical_path=sum(stage.trained.env_steps for stage in state.stages)
        + sum(_longest(validation, wave) for validation in validations),
        promotions=sum(isinstance(stage.decision, Promoted) for stage in state.stages),
        standing=sum(
            isinstance(stage.decision, Promoted) and stage.number not in state.undone for stage in state.lineage
        ),
    )


def _longest(validation: Validation, confirm_seeds: int) -> int:
    """env_steps of a round whose branches run at once: the longest branch of each rung, and of each wave.

    In the search the n-th record of an arm's seed is that of rung n; in the confirmation a wave has so many seeds.
    """
    longest: dict[tuple[int, int], int] = defaultdict(int)
    for arm in validation.arms:
        rungs: dict[int, int] = defaultdict(int)
        for record in arm.records:
            confirms = arm.pool == SeedPool.SEED_POOL_CONFIRM
            step = arm.pool, record.seed_index // confirm_seeds if confirms else rungs[record.seed_index]
            rungs[record.seed_index] += 1
            longest[step] = max(longest[step], record.env_steps)
    return sum(longest.values())

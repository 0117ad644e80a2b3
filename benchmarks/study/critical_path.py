"""The critical path of a campaign: what it takes if all branches of a rung or wave run at once."""

from collections import defaultdict

from also.campaign.state import State
from also.v1.branch_pb2 import SeedPool
from also.v1.verdict_pb2 import Validation


def critical_path(state: State) -> int:
    """env_steps one after another: those of the main run, and of the longest branch of each rung and wave."""
    wave = state.campaign.validation.confirm_seeds
    branches = sum(_longest(validation, wave) for stage in state.stages for validation in stage.validations)
    return sum(stage.trained.env_steps for stage in state.stages) + branches


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

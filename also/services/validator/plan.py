"""Which branches a step trains, and which of them share a process: a pure function.

Branches of equal seed index share a seed in every arm (common random numbers), and a branch
group, whenever it can hold them: an arm and control then train side by side under equal
conditions. Names are deterministic, so a step that is planned again finds its results.
"""

from collections.abc import Sequence
from itertools import pairwise

from also import enums, seeds
from also.v1.branch_pb2 import Branch, BranchGroup, SeedPool
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.validator_pb2 import ValidateRequest
from also.v1.verdict_pb2 import ArmResult
from also.validation.arms import CONTROL, records_of
from also.validation.round import Step


def groups(request: ValidateRequest, step: Step, arms: Sequence[ArmResult]) -> list[BranchGroup]:
    """Branch groups of a step.

    Args:
        request: the round.
        step: what to train.
        arms: results so far; from its second rung on, a branch continues from its checkpoint there.
    """
    settings = request.campaign.validation
    shares = split(len(step.arms), len(step.indices), settings.replicas_per_group, settings.parallel_groups)
    begin = f"s{request.stage:04d}-r{request.round}-{_pool(step)}-{step.number}"
    return [
        BranchGroup(
            campaign_id=request.campaign_id,
            name=f"{begin}-g{number}",
            campaign=request.campaign,
            pool=step.pool,
            branches=[_branch(request, step, arms, step.arms[arm], step.indices[index]) for index, arm in share],
            env_steps=step.env_steps,
            stage=request.stage,
            round=request.round,
            step=step.number,
            card=request.card if ":" in request.campaign.task.name else None,  # a native task has its own
        )
        for number, share in enumerate(shares)
    ]


def split(arms: int, indices: int, largest: int, parallel: int) -> list[list[tuple[int, int]]]:
    """Shares of arms x indices for the groups, each in order of index, then of arm.

    Seeds stay whole where a group can hold all arms, and are spread evenly over as many groups as
    needed, or as run at once where there are more of those.

    Args:
        arms: number of arms.
        indices: number of seed indices.
        largest: branches that a group holds at most.
        parallel: groups that run at once.

    Returns:
        For each group its branches, as (place of the index, place of the arm).
    """
    whole = arms <= largest
    units = [[(index, arm) for arm in range(arms)] for index in range(indices)]
    if not whole:
        units = [[branch] for unit in units for branch in unit]
    needed = -(-len(units) // (largest // arms if whole else largest))
    turns = -(-needed // parallel)
    count = min(turns * parallel, len(units))
    bounds = [len(units) * number // count for number in range(count + 1)]
    return [[branch for unit in units[first:end] for branch in unit] for first, end in pairwise(bounds)]


def _branch(request: ValidateRequest, step: Step, arms: Sequence[ArmResult], arm: str, index: int) -> Branch:
    branch = Branch(arm=arm, seed_index=index, config=_config(request, arm))
    if step.pool == SeedPool.SEED_POOL_SEARCH and step.number > 1:
        (before,) = records_of(arms, arm, step.pool, indices=[index], rung=step.number - 1)
        branch.checkpoint_id = before.checkpoint_id  # no seed: the checkpoint's stream continues
    else:
        branch.checkpoint_id = request.checkpoint_id
        branch.seed = seeds.derive(request.campaign.seed, "branch", _pool(step), request.stage, request.round, index)
    return branch


def _config(request: ValidateRequest, arm: str) -> ShapingConfig:
    if arm == CONTROL:
        return request.incumbent
    return next(candidate.config for candidate in request.candidates if candidate.name == arm)


def _pool(step: Step) -> str:
    """Name of the seed pool that a step draws from."""
    return enums.short_name(SeedPool.DESCRIPTOR, step.pool)

"""Branches under one config, each under a seed of its own: whichever of them are compared, there is nothing to find."""

import random
import statistics
from collections.abc import Sequence

from also import document, presets, seeds
from also.services.trainer import checkpoint, determinism
from also.services.trainer.branch.group import GroupRun
from also.services.trainer.run import Run
from also.store import Store
from also.v1.branch_pb2 import Branch, BranchGroup, BranchRecord, SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.validation.arms import CONTROL, end

SEED = 5
"""Seed of the campaign, from which all others are derived."""

CAMPAIGN_ID = "null"

TASK = {"name": "foraging", "layout": "5x5-2p-1f"}
"""A task whose return is about a half at the checkpoint, so that it is neither silent nor solved."""

LEARNER = {
    "environments": 16,
    "rollout": 25,
    "minibatches": 1,
    "learning_rate": 0.003,
    "hidden": 32,
}
"""A small learner: what counts is that its noise is real."""

CHECKPOINT_ENV_STEPS = 8_000
"""env_steps before the checkpoint that all branches begin from."""

BRANCH_ENV_STEPS = 800
"""env_steps of a branch; the judge does not ask for how long it has trained."""

EPISODES = 32
"""Evaluation episodes of each branch, the same for all."""

BATCH = 100
"""Branches that train together."""


class Pool:
    """Finished branches under one config, each under a seed of its own, and given out at random."""

    def __init__(self, branches: Sequence[BranchRecord], name: str) -> None:
        """Give out branches in an order of their own for each name, all of them once before any of them twice."""
        self._branches = list(branches)
        self._random = random.Random(seeds.derive(SEED, "split", name))
        self._left: list[BranchRecord] = []
        self.given = 0

    @property
    def fresh(self) -> bool:
        """Whether no branch was given out twice so far."""
        return self.given <= len(self._branches)

    def draw(self) -> BranchRecord:
        """The next branch."""
        if not self._left:
            self._left = self._random.sample(self._branches, len(self._branches))
        self.given += 1
        return self._left.pop()


def train(store: Store, branches: int) -> list[BranchRecord]:
    """Real records of so many branches under no shaping, in whole batches, each with a seed of its own.

    Args:
        store: object store for the checkpoints.
        branches: how many; at least one batch is trained.
    """
    campaign = document.read(
        Campaign,
        {"task": TASK, "seed": SEED, "learner": LEARNER, "evaluation": {"episodes": EPISODES, "branch_points": 2}},
    )
    presets.resolve(campaign)
    determinism.prepare()
    run = Run.start(campaign, [ShapingConfig()], [seeds.derive(SEED, "run")])
    while run.env_steps < CHECKPOINT_ENV_STEPS:
        run.advance()
    start = checkpoint.save(store, CAMPAIGN_ID, campaign, run.task.card, run.snapshots()[0])
    run.close()
    found: list[BranchRecord] = []
    for first in range(0, branches, BATCH):
        group = GroupRun.begin(
            store,
            BranchGroup(
                campaign_id=CAMPAIGN_ID,
                name=f"null-{first}",
                campaign=campaign,
                pool=SeedPool.SEED_POOL_CONFIRM,
                branches=[
                    Branch(
                        arm=CONTROL,
                        seed_index=index,
                        checkpoint_id=start,
                        seed=seeds.derive(SEED, "branch", index),
                    )
                    for index in range(first, first + BATCH)
                ],
                env_steps=BRANCH_ENV_STEPS,
            ),
        )
        while not group.finished:
            group.advance()
        group.finish(store)
        group.close()
        found += group.records
    return found


def deviation(trained: Sequence[BranchRecord]) -> float:
    """Standard deviation of the difference of two branches' returns at their ends, units of task reward."""
    return statistics.stdev(end(record).mean_return for record in trained) * 2**0.5

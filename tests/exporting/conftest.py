"""Policies of a little training, as ALSO has them and as they are exported."""

import pytest
from safetensors.numpy import load

from also import algorithms, document
from also.campaign import spec
from also.exporting.network import network
from also.exporting.policy import describe
from also.services.trainer import determinism
from also.services.trainer.acting import acting_part, actor_of
from also.services.trainer.run import Run
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig


@pytest.fixture(autouse=True)
def _one_thread():
    """Compute as the services do: one thread, deterministic kernels."""
    determinism.prepare()


@pytest.fixture
def small_campaign():
    """Builds a small campaign from its task and its learner's settings."""

    def build(task, **learner):
        small = {"environments": 4, "rollout": 12, "hidden": 16}
        if learner.get("algorithm") in algorithms.VALUE_BASED_NAMES:
            small["value_learning"] = {"replay_env_steps": 4000, "batch_episodes": 2, "batches": 2}
        else:
            small |= {"epochs": 2, "minibatches": 2}
        evaluation = {"episodes": 8, "report_episodes": 5}
        return spec.resolved(
            document.read(Campaign, {"task": task, "learner": small | learner, "evaluation": evaluation})
        )

    return build


@pytest.fixture
def trained():
    """Trains a campaign for some updates; gives the run's card, and its snapshot."""

    def train(campaign, updates=4):
        run = Run.start(campaign, [ShapingConfig()], [3])
        try:
            for _ in range(updates):
                run.advance()
            return run.task.card, run.snapshots()[0]
        finally:
            run.close()

    return train


@pytest.fixture
def both(trained):
    """A trained policy of a campaign, as ALSO has it (card, actor, normaliser) and as the files of its export."""

    def make(campaign):
        card, snapshot = trained(campaign)
        content = acting_part(campaign, card, snapshot)
        tensors = load(content)
        policy = describe("c", campaign, card, "0" * 64, env_steps=1, normalises="observation_mean" in tensors)
        actor, normaliser = actor_of(campaign, card, snapshot)
        model = network(policy, tensors).SerializeToString()
        return card, actor, normaliser, policy, model

    return make

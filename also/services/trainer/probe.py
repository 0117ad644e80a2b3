"""What shaping configs would have paid on a checkpoint's rollouts, without any training.

The checkpoint's policy plays as it does in training (actions sampled) from the search pool's fixed
seeds, so the batch need not be stored: it can be played again at any time, bit for bit. All configs
are paid for the same env_steps, as replicas of one batch.
"""

from collections.abc import Sequence

import torch

from also import seeds
from also.services.trainer.actor import Team
from also.services.trainer.presence import Presence
from also.services.trainer.run import Run, Snapshot
from also.services.trainer.shaping_reward import ShapingReward
from also.services.trainer.streams import mix
from also.services.trainer.tasks.vector_task import Features
from also.v1 import trainer_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard


def probe(
    campaign: Campaign, snapshot: Snapshot, configs: Sequence[ShapingConfig], card: TaskCard | None = None
) -> list[trainer_pb2.ShapingProbe]:
    """Activity of each config's terms over one episode's length in each of the learner's environments.

    Args:
        campaign: every default filled in.
        snapshot: the checkpoint.
        configs: K of them, valid by the rules of `also.shaping`.
        card: the task's card in the journal, where there is one.
    """
    if not configs:
        return []
    run = Run.restore(campaign, [ShapingConfig()], [snapshot], [seeds.derive(campaign.seed, "probe")], card=card)
    try:
        return _pay(campaign, run, configs)
    finally:
        run.close()


@torch.inference_mode()
def _pay(campaign: Campaign, run: Run, configs: Sequence[ShapingConfig]) -> list[trainer_pb2.ShapingProbe]:
    task, policy, environments = run.task, run.learner.policy, campaign.learner.environments
    card, count = task.card, len(configs)
    shaping = ShapingReward(configs, card, environments=environments, gamma=campaign.learner.gamma, device=run.device)

    def features() -> Features:
        """Features of the one replica, seen by every config."""
        return {
            name: value.expand(count, *value.shape[1:]) for name, value in task.features(shaping.feature_names).items()
        }

    shaping.begin(features())
    draws = policy.draws(mix(run.keys, 0), (card.episode_limit, environments, len(card.agents)))
    team = Team(policy, run.collector.observations, task, memory=run.collector.policy_memory, draws=draws)
    lowest = torch.full((count,), torch.inf, device=run.device)
    highest = torch.full((count,), -torch.inf, device=run.device)
    view, begins = task.view(whole=False), run.collector.begins
    for _ in range(card.episode_limit):
        outcome = team.execute(team.decide(view, begins).actions)
        reward, terminated, truncated = (
            part.expand(count, -1) for part in (outcome.reward, outcome.terminated, outcome.truncated)
        )
        reached = task.view(whole=False)
        presence = Presence.of([view.present], reached.present, {}, outcome.truncated.unsqueeze(1))
        everyone = None if presence is None else presence.expand(count)
        paid = shaping.pay(features(), reward, terminated, truncated, everyone).flatten(1)
        lowest, highest = torch.minimum(lowest, paid.amin(dim=1)), torch.maximum(highest, paid.amax(dim=1))
        begins, view = outcome.done, reached
        if bool(begins.any()):
            task.restart(begins)
            shaping.restart(begins.expand(count, -1), features())
            view = task.view(whole=False)
    varies = (highest - lowest > 1e-9).tolist()
    return [
        trainer_pb2.ShapingProbe(terms=terms, varies=varied)
        for terms, varied in zip(shaping.ledger.activity(), varies, strict=True)
    ]

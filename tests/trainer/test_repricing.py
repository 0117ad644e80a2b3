"""What was played is paid by the config of the moment it is drawn in."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from also import document
from also.services.trainer.presence import Presence
from also.services.trainer.run import Run
from also.services.trainer.shaping_reward import ShapingReward
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

Make = Callable[..., Campaign]


@pytest.fixture
def within_an_episode(every_form: ShapingConfig) -> ShapingConfig:
    """Terms whose pay an episode alone decides: no novelty, no schedule."""
    config = ShapingConfig()
    config.CopyFrom(every_form)
    for term in config.terms:
        term.ClearField("schedule")
    del config.terms[[term.name for term in config.terms].index("rare")]
    return config


class Payer:
    """A task that pays shaping as it is played, env_step by env_step, and adds up each episode's rewards."""

    def __init__(self, run: Run, config: ShapingConfig, replicas: int) -> None:
        self.task = run.task
        campaign = run.campaign
        self.shaping = ShapingReward(
            [config] * replicas, run.task.card, environments=campaign.learner.environments, gamma=campaign.learner.gamma
        )
        self.shaping.begin(self.task.features(self.shaping.feature_names))
        self.paid: list[tuple[Tensor, Tensor, Tensor]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.task, name)

    def step(self, actions: Tensor) -> Any:
        before, outcome = self.task.view(), self.task.step(actions)
        presence = Presence.of([before.present], self.task.view().present, {}, outcome.truncated.unsqueeze(1))
        features = self.task.features(self.shaping.feature_names)
        paid = self.shaping.pay(features, outcome.reward, outcome.terminated, outcome.truncated, presence)
        self.paid.append((before.observations.clone(), actions.clone(), outcome.reward + paid.mean(dim=-1)))
        return outcome

    def restart(self, done: Tensor) -> None:
        self.task.restart(done)
        self.shaping.restart(done, self.task.features(self.shaping.feature_names))


@pytest.mark.slow
@pytest.mark.parametrize("departures", [False, True])
def test_a_new_config_pays_stored_episodes_as_if_they_had_been_played_under_it(
    make_q_campaign: Make, potential: ShapingConfig, within_an_episode: ShapingConfig, departures: bool
) -> None:
    """Every form of reward but those that outlive an episode, with caps, gates, credit, and agents that leave."""
    campaign = make_q_campaign("5x5-2p-1f", algorithm="vdn")
    config = within_an_episode
    if departures:
        campaign.task.Clear()
        campaign.task.name, campaign.task.workers = "tests.tasks.small_environments:departures", 1
        config, potential = own_terms(), ShapingConfig()
    run = Run.start(campaign, [potential] * 2, [1, 2])
    try:
        run.task = run.collector.task = payer = Payer(run, config, 2)
        for number in range(15):
            run.collector.collect(run.learner.policy, torch.tensor([number, 100 + number]))
        under_it = ShapingReward([config] * 2, run.task.card, environments=4, gamma=campaign.learner.gamma)
        run.collector.experience._shaping = under_it
        batch = run.collector.experience.draw(torch.tensor([5, 6]), 12)
        raw = run.collector.replay.draw(torch.tensor([5, 6]), 12).rows
        compared = 0
        for replica in range(2):
            for index in range(12):
                steps = int(batch.alive[replica, :, index].sum())
                for t in range(steps):
                    known = (raw["observations"][replica, t, index].float(), batch.actions[replica, t, index])
                    rewards = paid_for(payer, replica, *known)
                    found = batch.rewards[replica, t, index]
                    assert min(abs(found - each) for each in rewards) < 1e-6
                    compared += 1
        assert compared > 50
        assert batch.rewards[batch.alive].abs().sum() > 0
    finally:
        run.close()


def paid_for(payer: Payer, replica: int, observations: Tensor, actions: Tensor) -> list[Tensor]:
    """What was paid wherever these were seen and done."""
    found = []
    for seen, done, reward in payer.paid:
        alike = (seen[replica] == observations).flatten(1).all(1) & (done[replica] == actions).all(1)
        found += list(reward[replica][alike])
    assert found
    return found


def own_terms() -> ShapingConfig:
    """Terms of every form that stays within an episode, paid to agents that come and go."""
    own = {"target": "agent", "feature": "at_home", "weight": 0.05, "episode_cap": 0.02}
    return document.read(
        ShapingConfig,
        {
            "terms": [
                {"name": "near", "form": "potential", "target": "agent", "feature": "cell", "weight": -0.3},
                {"name": "homes", "form": "event", **own},
                {"name": "together", "form": "synchrony", "synchrony": {"window": 4}, **own},
                {"name": "waits", "form": "penalty", **own},
                {"name": "shared", "form": "credit", "target": "agent", "credit": {"alpha": 0.4}},
            ]
        },
    )


def test_a_schedule_pays_by_its_factor_of_now(make_q_campaign: Make) -> None:
    """Half-way down a linear decay every stored episode is paid half, whenever it was played; nothing is counted."""
    campaign = make_q_campaign("5x5-2p-1f", algorithm="vdn")
    term = {"name": "approach", "form": "potential", "target": "team", "feature": "team_food_distance", "weight": 0.5}
    fades = {**term, "schedule": {"kind": "linear", "begin": 0, "end": 1200}}
    run = Run.start(campaign, [document.read(ShapingConfig, {"terms": [each]}) for each in (term, fades)], [1, 1])
    for number in range(15):  # of 40 env_steps each
        run.collector.collect(run.learner.policy, torch.tensor([number, number]))
    before = [each.clone() for each in run.shaping.ledger.state_dict().values()]
    task = run.collector.replay.draw(torch.tensor([5, 5]), 12).rows["reward"]
    for _ in range(2):
        batch = run.collector.experience.draw(torch.tensor([5, 5]), 12)
        full, half = (batch.rewards - task[:, :-1])[:, batch.alive[0]].unbind(0)
        torch.testing.assert_close(half, 0.5 * full, atol=1e-6, rtol=0)
    assert full.abs().max() > 0.01
    assert all(torch.equal(old, new) for old, new in zip(before, run.shaping.ledger.state_dict().values(), strict=True))


@pytest.mark.slow
def test_a_novelty_pays_by_the_visits_of_now(make_q_campaign: Make) -> None:
    """A state that was rare when it was played, and is common now, pays little; drawing visits nothing."""
    campaign = make_q_campaign("5x5-2p-1f", algorithm="vdn")
    term = {"name": "rare", "form": "novelty", "target": "agent", "feature": "nearest_food_distance", "weight": 0.01}
    run = Run.start(campaign, [document.read(ShapingConfig, {"terms": [term]})], [1])
    for number in range(15):
        run.collector.collect(run.learner.policy, torch.tensor([number]))
    visits = run.shaping.state_dict()["visits"].clone()
    batch = run.collector.experience.draw(torch.tensor([5]), 12)
    task = run.collector.replay.draw(torch.tensor([5]), 12).rows["reward"]
    novelty = (batch.rewards - task[:, :-1])[batch.alive]
    assert torch.equal(run.shaping.state_dict()["visits"], visits)
    assert novelty.min() > 0
    assert novelty.max() <= 0.01 / visits[visits > 0].min().double().sqrt() + 1e-7
    for number in range(15, 60):
        run.collector.collect(run.learner.policy, torch.tensor([number]))
    assert run.shaping.state_dict()["visits"].sum() > visits.sum()

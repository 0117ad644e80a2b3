"""What a replay gives back is what was played, whole."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from also.services.trainer.run import Run
from also.services.trainer.tasks.vector_task import Outcome, VectorTask, View
from also.services.trainer.value_based.replay import Drawn, Replay
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

Make = Callable[..., Campaign]


class Witness:
    """A task that writes down every episode of every environment as it is played, in plain lists."""

    def __init__(self, task: VectorTask) -> None:
        self.task = task
        self.finished: list[list[dict[str, Tensor]]] = []
        self._under_way: dict[tuple[int, int], list[dict[str, Tensor]]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.task, name)

    def step(self, actions: Tensor) -> Outcome:
        before, outcome = self.task.view(), self.task.step(actions)
        names = tuple(feature.name for feature in self.task.card.features)
        reached, features = self.task.view(), self.task.features(names)
        replicas, environments = outcome.reward.shape
        for place in [(r, e) for r in range(replicas) for e in range(environments)]:
            episode = self._under_way.setdefault(place, [])
            episode.append(
                seen(before, place)
                | {
                    "actions": actions[place],
                    "reward": outcome.reward[place],
                    "terminated": outcome.terminated[place],
                    "reached": reached.observations[place],
                    "features": torch.cat([features[name][place].flatten() for name in names]),
                    "replica": torch.tensor(place[0]),
                }
            )
            if outcome.terminated[place] or outcome.truncated[place]:
                self.finished.append(self._under_way.pop(place))
        return outcome


def seen(view: View, place: tuple[int, int]) -> dict[str, Tensor]:
    """What one environment shows."""
    parts = {"observations": view.observations[place], "states": view.state[place]}
    if view.action_mask is not None:
        parts["masks"] = view.action_mask[place]
    if view.present is not None:
        parts["present"] = view.present[place]
    return {name: part.clone() for name, part in parts.items()}


def played(campaign: Campaign, rollouts: int) -> tuple[Run, Witness]:
    """Two replicas that have played, and what was written down of it."""
    run = Run.start(campaign, [ShapingConfig()] * 2, [1, 2])
    run.task = run.collector.task = witness = Witness(run.task)
    for number in range(rollouts):
        run.collector.collect(run.learner.policy, torch.tensor([number, 100 + number]))
    return run, witness


def the_same(drawn: Drawn, replica: int, index: int, episode: list[dict[str, Tensor]]) -> bool:
    """Whether a drawn episode is one that was written down."""
    rows = {name: part[replica, :, index] for name, part in drawn.rows.items()}
    if int(drawn.lengths[replica, index]) != len(episode):
        return False
    for t, step in enumerate(episode):
        pairs = [
            (rows[name][t].to(step[name].dtype), step[name]) for name in rows if name in step and name != "features"
        ]
        pairs.append((rows["features"][t + 1], step["features"]))  # of the state that the env_step has reached
        if not step["terminated"]:  # what is seen in a state that ends an episode is nobody's
            pairs.append((rows["observations"][t + 1].to(torch.float32), step["reached"]))
        if not all(torch.equal(found, expected) for found, expected in pairs):
            return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("foraging", {"replay_env_steps": 1000}),
        ("foraging", {"replay_env_steps": 1, "algorithm": "vdn"}),  # as small as it gets: most is overwritten
        ("tests.tasks.small_environments:uneven", {"replay_env_steps": 200}),
        ("tests.tasks.small_environments:departures", {"replay_env_steps": 1}),
    ],
)
def test_every_drawn_episode_was_played(make_q_campaign: Make, name: str, settings: dict[str, Any]) -> None:
    """Step for step and bit for bit, however often its ring was written over; and each replica has its own."""
    campaign = make_q_campaign("5x5-2p-1f", **settings)
    if name != "foraging":
        campaign.task.Clear()
        campaign.task.name, campaign.task.workers = name, 1
    run, witness = played(campaign, 40)
    try:
        drawn = run.collector.replay.draw(torch.tensor([3, 4]), 40)
        assert len(set(drawn.lengths.flatten().tolist())) > 1 or name != "foraging"
        for replica in range(2):
            own = [episode for episode in witness.finished if episode[0]["replica"] == replica]
            for index in range(40):
                assert any(the_same(drawn, replica, index, episode) for episode in own)
    finally:
        run.close()


@pytest.mark.slow
def test_the_newest_episodes_are_those_that_stay(make_q_campaign: Make) -> None:
    """A ring of C rows holds what was written last: each environment's episodes but for those begun C rows ago."""
    run, _ = played(make_q_campaign("5x5-2p-1f", replay_env_steps=4 * 130), 60)
    replay = run.collector.replay
    assert replay.capacity == 130
    assert (replay.written > 4 * replay.capacity).all()
    assert (
        replay.counts() >= 4
    ).all()  # of 50 env_steps at most, so two in each ring at least but for the one under way
    everywhere = replay.rows["first"].flatten(1).sum(dim=1)
    assert torch.equal(replay.counts(), everywhere)


@pytest.mark.slow
def test_every_stored_episode_is_as_likely(make_q_campaign: Make) -> None:
    """Over many draws each comes up about equally often, short ones and long ones."""
    run, _ = played(make_q_campaign("5x5-2p-1f"), 30)
    replay = run.collector.replay
    count = int(replay.counts()[0])
    draws = replay.draw(torch.tensor([8, 9]), 200 * count)
    rows = draws.rows["observations"][0, 0].flatten(1).double()
    marks = rows @ torch.sin(torch.arange(rows.shape[1], dtype=torch.float64)) + draws.lengths[0]
    _, often = marks.unique(return_counts=True)
    assert len(often) > 0.9 * count  # but for episodes that begin alike
    assert 120 < often.double().median() < 280


@pytest.mark.slow
def test_a_draw_depends_on_the_replicas_own_stream_alone(make_q_campaign: Make) -> None:
    """Whoever is beside it, and the same again at the same moment."""
    campaign = make_q_campaign("5x5-2p-1f")
    together = Run.start(campaign, [ShapingConfig()] * 3, [1, 2, 3])
    alone = Run.start(campaign, [ShapingConfig()], [2])
    for number in range(20):
        together.collector.collect(together.learner.policy, torch.tensor([number, 50 + number, 90 + number]))
        alone.collector.collect(alone.learner.policy, torch.tensor([50 + number]))
    first = together.collector.replay.draw(torch.tensor([7, 8, 9]), 10)
    second = alone.collector.replay.draw(torch.tensor([8]), 10)
    assert torch.equal(first.lengths[1], second.lengths[0])
    time = second.rows["reward"].shape[1]
    for name, part in second.rows.items():
        assert torch.equal(first.rows[name][1, :time], part[0]), name


def test_episodes_that_are_cut_short_by_new_ones_can_be_drawn(make_q_campaign: Make) -> None:
    """As if a time limit had cut them: what they have reached is there to be valued."""
    run, witness = played(make_q_campaign(), 2)  # 20 env_steps of 50
    replay = run.collector.replay
    assert int(replay.counts().sum()) == len(witness.finished) == 0
    view = run.task.view()
    run.collector.begin(torch.arange(8).view(2, 4))
    assert replay.counts().tolist() == [4, 4]
    drawn = replay.draw(torch.tensor([1, 2]), 6)
    assert (drawn.lengths == 20).all()
    assert not drawn.rows["terminated"][:, :20].any()
    last = drawn.rows["observations"][0, 20, 0].float()
    assert any(torch.equal(last, view.observations[0, environment]) for environment in range(4))


def test_whole_numbers_take_a_byte_each(make_q_campaign: Make) -> None:
    """Foraging shows nothing else; VDN keeps no states."""
    for algorithm, parts in (("vdn", set()), ("qmix", {"states"})):
        run = Run.start(make_q_campaign(algorithm=algorithm), [ShapingConfig()], [1])
        replay = run.collector.replay
        assert isinstance(replay, Replay)
        assert {"states", "masks"} & set(replay.rows) == parts
        assert replay.rows["observations"].dtype == torch.int8

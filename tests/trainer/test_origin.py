"""A run that begins with what another campaign has learnt."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from also.errors import CheckpointError
from also.services.trainer import checkpoint, stage
from also.services.trainer.run import Run, Snapshot
from also.store import Store
from also.v1.campaign_pb2 import Campaign
from also.v1.checkpoint_pb2 import Origin
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.trainer_pb2 import StageResult, TrainStageRequest

Make = Callable[..., Campaign]


@pytest.fixture
def learnt() -> Callable[[Campaign, int], Snapshot]:
    """Trains a campaign for some updates, and gives where it stands."""

    def train(campaign: Campaign, updates: int) -> Snapshot:
        run = Run.start(campaign, [ShapingConfig()], [3])
        for _ in range(updates):
            run.advance()
        return run.snapshots()[0]

    return train


def begun(campaign: Campaign, snapshot: Snapshot, *, whole: bool) -> Run:
    """A new run that begins with a snapshot."""
    run = Run.start(campaign, [ShapingConfig()], [5])
    run.take(snapshot, whole=whole)
    return run


def test_a_run_of_the_same_algorithm_takes_all_that_learns(
    make_campaign: Make, learnt: Callable[[Campaign, int], Snapshot]
) -> None:
    """Weights, moments and statistics, and nothing of episodes, streams and counts; settings may be others."""
    there = learnt(make_campaign(scale_rewards=True), 3)
    run = begun(make_campaign(scale_rewards=True, environments=6, learning_rate=0.002), there, whole=True)
    here = run.snapshots()[0].tensors
    taken = [name for name in there.tensors if name.startswith(("learner.policy", "learner.value."))]
    taken += [
        f"{part}.{each}"
        for part in ("collector.observations", "collector.states", "learner.reward_scaler")
        for each in ("count", "mean", "squares")
    ]
    assert taken
    assert all(torch.equal(here[name], there.tensors[name]) for name in taken)
    assert int(here["optimiser_steps"]) == int(there.tensors["optimiser_steps"]) > 0
    assert not torch.equal(here["keys"], there.tensors["keys"])
    assert (run.env_steps, run.updates) == (0, 0)
    run.advance()
    assert bool(run.finite.all())


def test_a_run_of_another_ppo_takes_the_actor_and_the_statistics(
    make_campaign: Make, learnt: Callable[[Campaign, int], Snapshot]
) -> None:
    """The value net of IPPO sees something else than that of MAPPO, and begins anew, with the optimisers."""
    there = learnt(make_campaign(), 3)
    other = make_campaign(algorithm="ippo")
    run = begun(other, there, whole=False)
    here = run.snapshots()[0].tensors
    fresh = Run.start(other, [ShapingConfig()], [5]).snapshots()[0].tensors
    assert torch.equal(here["learner.policy.net.flat"], there.tensors["learner.policy.net.flat"])
    assert torch.equal(here["collector.observations.mean"], there.tensors["collector.observations.mean"])
    assert torch.equal(here["learner.value.flat"], fresh["learner.value.flat"])
    assert not here["learner.policy.net.flat.exp_avg"].any()
    assert int(here["optimiser_steps"]) == 0


@pytest.mark.parametrize(("before", "after"), [("qmix", "qmix"), ("vdn", "qmix"), ("qmix", "vdn")])
def test_q_learning_takes_the_agents_nets(
    make_q_campaign: Make, learnt: Callable[[Campaign, int], Snapshot], before: str, after: str
) -> None:
    """And, of the same algorithm, mixer, targets and moments; exploration and replay begin anew."""
    there = learnt(make_q_campaign("5x5-2p-1f", algorithm=before), 8)
    run = begun(make_q_campaign("5x5-2p-1f", algorithm=after), there, whole=before == after)
    here = run.snapshots()[0].tensors
    own = min(here["learner.q"].shape[1], there.tensors["learner.q"].shape[1])  # of VDN that is the agents' alone
    assert torch.equal(here["learner.q"][:, :own], there.tensors["learner.q"][:, :own])
    assert int(here["learner.env_steps"]) == 0
    assert bool(here["learner.q.exp_avg"].any()) == (before == after)
    run.advance()
    assert bool(run.finite.all())


def test_what_does_not_fit_is_refused(make_campaign: Make, learnt: Callable[[Campaign, int], Snapshot]) -> None:
    """As a checkpoint's error, and not a traceback."""
    with pytest.raises(CheckpointError, match="does not fit the campaign's learner or task"):
        begun(make_campaign(hidden=32), learnt(make_campaign(), 1), whole=True)


def result_of(store: Store, campaign: Campaign, origin: Origin, run: str) -> StageResult:
    """What the first stage of a run comes to."""
    request = TrainStageRequest(campaign_id="new", run=run, campaign=campaign, env_steps=120, origin=origin)
    *_, result = stage.train(store, request, active=lambda: True)
    assert isinstance(result, StageResult)
    return result


@pytest.mark.slow
def test_the_first_stage_of_each_run_begins_with_the_origin(
    make_campaign: Make, learnt: Callable[[Campaign, int], Snapshot], store: Store
) -> None:
    """The same origin gives the same bits, and another one others; it is read from the campaign's own objects."""
    old, campaign = make_campaign(), make_campaign(learning_rate=0.001)
    card = Run.start(old, [ShapingConfig()], [3]).task.card
    ids = [checkpoint.save(store, "new", old, card, learnt(old, updates)) for updates in (2, 4)]
    origins = [Origin(campaign_id="old", checkpoint_id=each, learner=old.learner) for each in ids]
    main, reference = (result_of(store, campaign, origins[0], run) for run in ("main", "reference"))
    assert main.checkpoint_id == reference.checkpoint_id
    assert main.run_env_steps == 120
    assert result_of(store, campaign, origins[1], "one-shot").checkpoint_id != main.checkpoint_id


def test_an_origin_of_another_learner_than_it_says_is_refused(
    make_campaign: Make, learnt: Callable[[Campaign, int], Snapshot], store: Store
) -> None:
    """The checkpoint's manifest holds the hash of the learner that it was trained with."""
    old: Any = make_campaign()
    card = Run.start(old, [ShapingConfig()], [3]).task.card
    saved = checkpoint.save(store, "new", old, card, learnt(old, 1))
    origin = Origin(campaign_id="old", checkpoint_id=saved, learner=make_campaign(gamma=0.5).learner)
    with pytest.raises(CheckpointError, match="has learner"):
        result_of(store, old, origin, "main")

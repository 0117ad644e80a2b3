"""Q-learning on a GPU: every tensor is on it, and what it takes is estimated."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from also.services.trainer import evidence, memory
from also.services.trainer.branch import save as branch_save
from also.services.trainer.branch.group import GroupRun
from also.services.trainer.evaluation import Evaluator
from also.services.trainer.probe import probe
from also.services.trainer.run import Run
from also.store import Store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from tests.trainer.pretend_device import CUDA, pretended

pytestmark = pytest.mark.slow

Make = Callable[..., Campaign]
Equal = Callable[[dict[str, torch.Tensor], dict[str, torch.Tensor]], None]


def trained(campaign: Campaign, config: ShapingConfig, updates: int = 7) -> Run:
    """A run of two replicas after some updates."""
    run = Run.start(campaign, [config, ShapingConfig()], [3, 4])
    for _ in range(updates):
        run.advance()
    return run


@pytest.mark.parametrize("settings", [{}, {"algorithm": "vdn"}, {"recurrent": True}, {"replay_in_checkpoint": False}])
def test_q_learning_trains_on_the_device_and_its_state_comes_back(
    make_q_campaign: Make, every_form: ShapingConfig, equal: Equal, settings: dict[str, Any]
) -> None:
    """Training, snapshot and restore mix no devices; a pretended device computes what the CPU does."""
    expected = trained(make_q_campaign(device="cpu", **settings), every_form)
    with pretended():
        run = trained(make_q_campaign(device="cuda", **settings), every_form)
        assert run.device == CUDA
        snapshots = run.snapshots()
        again = Run.restore(run.campaign, [every_form, ShapingConfig()], snapshots, [None, None])
        run.advance()
        again.advance()
        assert again.finite.all()
        for live, restored in zip(run.snapshots(), again.snapshots(), strict=True):
            equal(live.tensors, restored.tensors)
        Run.restore(run.campaign, [every_form, ShapingConfig()], snapshots, [7, 8]).advance()
    for here, there in zip(expected.snapshots(), snapshots, strict=True):
        assert all(type(tensor) is torch.Tensor for tensor in there.tensors.values())
        equal(here.tensors, there.tensors)


def test_q_learning_where_agents_leave_trains_on_the_device(make_q_campaign: Make, equal: Equal) -> None:
    """Masks, presence and cut episodes of a PettingZoo task, whose environments stay on the CPU."""

    def snapshots(name: str) -> Any:
        campaign = make_q_campaign(device=name)
        campaign.task.Clear()
        campaign.task.name, campaign.task.workers = "tests.tasks.small_environments:departures", 1
        run = trained(campaign, ShapingConfig(), updates=3)
        try:
            return run.snapshots()
        finally:
            run.close()

    with pretended():
        there = snapshots("cuda")
    for first, second in zip(snapshots("cpu"), there, strict=True):
        equal(first.tensors, second.tensors)


def test_what_a_stage_of_q_learning_is_judged_by_is_gathered_on_the_device(
    make_q_campaign: Make, every_form: ShapingConfig
) -> None:
    """Evidence, probes and evaluation say what they say on the CPU."""

    def judged(name: str) -> tuple[object, ...]:
        campaign = make_q_campaign(device=name)
        run = Run.start(campaign, [every_form], [3])
        updates = [run.advance() for _ in range(7)]
        found = evidence.gather(run, campaign, stage=0, curve=[], updates=updates)
        return found, probe(campaign, run.snapshots()[0], [ShapingConfig(), every_form])

    with pretended():
        there = judged("cuda")
    assert there == judged("cpu")


def test_a_group_of_q_learners_is_saved_on_the_device_and_taken_up_on_either(
    make_q_campaign: Make, make_group: Callable[..., branch_pb2.BranchGroup], store: Store
) -> None:
    """In parts; the records are the same."""
    group = make_group(make_q_campaign(device="cpu"), store, updates=8)
    on_cuda = branch_pb2.BranchGroup()
    on_cuda.CopyFrom(group)
    on_cuda.campaign.learner.MergeFrom(make_q_campaign(device="cuda").learner)

    def finished(course: GroupRun | None) -> list[branch_pb2.BranchRecord]:
        assert course is not None
        while not course.finished:
            course.advance()
        course.finish(store)
        return list(course.records)

    with pretended():
        course = GroupRun.begin(store, on_cuda, parts=3)
        for _ in range(6):
            course.advance()
        assert branch_save.save(store, course, seconds=1.0)
        records = finished(branch_save.resume(store, on_cuda))
    assert finished(branch_save.resume(store, group)) == records


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"algorithm": "vdn", "replay_env_steps": 20_000},
        {"recurrent": True},
        {"hidden": 128, "layers": 3, "batches": 2},
        {"mixer_width": 64, "hypernet_width": 256},
    ],
)
def test_the_estimate_of_a_gpus_memory_covers_q_learning(make_q_campaign: Make, settings: dict[str, Any]) -> None:
    """What replicas hold, their replays among it, and what they take besides: no more, and no less than an eighth."""
    small = {"environments": 16, "rollout": 20, "hidden": 64, "batch_episodes": 16, "batches": 4}
    campaign = make_q_campaign("8x8-3p-2f-coop", device="cuda", **(small | settings))
    with pretended() as device:
        run = trained(campaign, ShapingConfig(), updates=5)
        pool = branch_pb2.SEED_POOL_CONFIRM
        evaluator = Evaluator(campaign, replicas=2, episodes=8, pool=pool, device=run.device)
        held, device.peak_bytes = device.held_bytes, device.held_bytes
        run.advance()
        evaluator.play(run.learner.policy, run.collector.observations)
        each = memory.need(campaign, run.task.card)
        assert held <= 2 * each.held <= 8 * held
        assert device.peak_bytes <= 2 * (each.held + each.busy) <= 8 * device.peak_bytes


def test_the_host_waits_for_the_device_a_few_times_an_update(make_q_campaign: Make, every_form: ShapingConfig) -> None:
    """Twice an env_step at most while collecting, and a few times to know how long the drawn episodes are."""
    campaign = make_q_campaign(device="cuda", batches=2)
    with pretended() as device:
        run = trained(campaign, every_form)
        device.waits.clear()
        run.advance()
        assert device.waits.total() <= 2 * campaign.learner.rollout + 3 + 2 * campaign.learner.value_learning.batches

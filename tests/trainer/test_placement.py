"""On a GPU every tensor is on it: whole runs on a pretended device, which refuses any that is not."""

from collections.abc import Callable

import pytest
import torch

from also.services.trainer import checkpoint, evidence, memory
from also.services.trainer.branch import save as branch_save
from also.services.trainer.branch.group import GroupRun
from also.services.trainer.evaluation import Evaluator
from also.services.trainer.probe import probe
from also.services.trainer.run import Run
from also.services.trainer.streams import mix
from also.services.trainer.tasks.warehouse.tables import FORWARD, WANTED
from also.services.trainer.tasks.warehouse.task import Warehouse
from also.shaping.identity import config_hash
from also.store import Store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from tests.trainer.pretend_device import CUDA, pretended

pytestmark = pytest.mark.slow

VARIANTS = [{}, {"algorithm": "ippo"}, {"recurrent": True}, {"scale_rewards": True}, {"normalise_observations": False}]

Equal = Callable[[dict[str, torch.Tensor], dict[str, torch.Tensor]], None]


def spread(campaign: Campaign, *, continuous: bool) -> Campaign:
    """The campaign on a PettingZoo task."""
    campaign.task.Clear()
    campaign.task.name = "examples.simple_spread:make_env"
    campaign.task.workers = 1
    campaign.task.arguments["continuous_actions"].flag = continuous
    return campaign


def trained(campaign: Campaign, config: ShapingConfig, updates: int = 2) -> Run:
    """A run of two replicas after some updates."""
    run = Run.start(campaign, [config, ShapingConfig()], [3, 4])
    for _ in range(updates):
        run.advance()
    return run


def stepped_warehouse(layout: str, device: str) -> dict[str, torch.Tensor]:
    """State, view and features of a warehouse after the ends of some episodes, all on the CPU."""
    task = Warehouse(layout, replicas=2, environments=8, device=device)
    task.reset(mix(torch.arange(16, device=device).view(2, 8), 3))
    pose, load = task.state_dict()["pose"].clone(), task.state_dict()["load"].clone()
    pose[..., 0], load[..., 0] = 4 * task.layout.goals[0], WANTED  # one shelf more than there are: it is delivered
    task.load_state_dict(task.state_dict() | {"pose": pose, "load": load})
    names = tuple(feature.name for feature in task.card.features)
    generator = torch.Generator().manual_seed(1)
    rewards = torch.zeros((2, 8), device=device)
    for _ in range(60):
        actions = torch.randint(0, 5, tuple(pose.shape), generator=generator).to(device)
        outcome = task.step(torch.where(actions == 4, FORWARD, actions))
        rewards = rewards + outcome.reward
        task.restart(outcome.truncated | (task.state_dict()["time"] % 40 == 39))
    view, features = task.view(), task.features_at([task.moment(names)] * 2, names)
    seen = {"observations": view.observations, "state": view.state, "rewards": rewards}
    return {name: tensor.cpu() for name, tensor in (task.state_dict() | seen | features).items()}


@pytest.mark.parametrize("settings", VARIANTS)
def test_a_run_trains_on_the_device_and_its_state_comes_back(
    make_campaign: Callable[..., Campaign], every_form: ShapingConfig, equal: Equal, settings: dict[str, object]
) -> None:
    """Training, snapshot and restore mix no devices; a pretended device computes what the CPU does."""
    expected = trained(make_campaign(device="cpu", **settings), every_form)
    with pretended():
        run = trained(make_campaign(device="cuda", **settings), every_form)
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


@pytest.mark.parametrize("layout", ["tiny-2ag", "tiny-4ag-hard", "tiny-7ag"])
def test_the_warehouse_is_stepped_on_the_device_as_on_the_cpu(layout: str, equal: Equal) -> None:
    """Deliveries, ends of episodes, ties, everything seen and all features: no tensor is left behind."""
    expected = stepped_warehouse(layout, "cpu")
    with pretended():
        found = stepped_warehouse(layout, "cuda")
    equal(expected, found)
    assert expected["rewards"].sum() > 0


@pytest.mark.parametrize("continuous", [False, True])
def test_a_pettingzoo_task_is_trained_on_the_device(
    make_campaign: Callable[..., Campaign], equal: Equal, continuous: bool
) -> None:
    """Its environments stay on the CPU, and what they say is copied."""
    with pretended():
        run = trained(spread(make_campaign(device="cuda"), continuous=continuous), ShapingConfig())
        there = run.snapshots()
        run.close()
    run = trained(spread(make_campaign(device="cpu"), continuous=continuous), ShapingConfig())
    for first, second in zip(run.snapshots(), there, strict=True):
        equal(first.tensors, second.tensors)
    run.close()


def test_a_checkpoint_of_the_device_is_that_of_the_cpu(
    make_campaign: Callable[..., Campaign], event: ShapingConfig, store: Store
) -> None:
    """Equal bits have equal bytes and an equal id, wherever they were; it is loaded on either."""
    campaigns = {name: make_campaign(device=name) for name in ("cpu", "cuda")}
    with pretended():
        run = trained(campaigns["cuda"], event)
        card = run.task.card
        saved = checkpoint.save(store, "c", campaigns["cuda"], card, run.snapshots()[0])
    run = trained(campaigns["cpu"], event)
    assert checkpoint.save(store, "c", campaigns["cpu"], card, run.snapshots()[0]) == saved
    loaded = checkpoint.load(store, "c", campaigns["cpu"], card, saved)
    assert Run.restore(campaigns["cpu"], [event], [loaded], [None]).advance().finite.all()


@pytest.mark.parametrize("settings", [{}, {"recurrent": True}])
def test_what_a_stage_is_judged_by_is_gathered_on_the_device(
    make_campaign: Callable[..., Campaign], every_form: ShapingConfig, settings: dict[str, object]
) -> None:
    """Evidence with every agent made idle, probes of configs, and greedy evaluation say what they say on the CPU."""

    def judged(name: str) -> tuple[object, ...]:
        campaign = make_campaign(device=name, **settings)
        run = Run.start(campaign, [every_form], [3])
        updates = [run.advance(), run.advance()]
        found = evidence.gather(run, campaign, stage=0, curve=[], updates=updates)
        probes = probe(campaign, run.snapshots()[0], [ShapingConfig(), every_form])
        campaign.evaluation.greedy = True
        evaluator = Evaluator(campaign, replicas=1, episodes=4, pool=branch_pb2.SEED_POOL_REPORT, device=run.device)
        played = evaluator.play(run.learner.policy, run.collector.observations)
        return found, probes, played.measure(0, 1)

    with pretended():
        there = judged("cuda")
    assert there == judged("cpu")


@pytest.mark.parametrize("parts", [1, 3])
def test_a_branch_group_is_trained_saved_and_taken_up_on_the_device(
    make_campaign: Callable[..., Campaign],
    make_group: Callable[..., branch_pb2.BranchGroup],
    store: Store,
    parts: int,
) -> None:
    """A save of the device is taken up on it, and on the CPU; the records are the same."""
    group = make_group(make_campaign(device="cpu"), store, updates=3)
    on_cuda = branch_pb2.BranchGroup()
    on_cuda.CopyFrom(group)
    on_cuda.campaign.learner.MergeFrom(make_campaign(device="cuda").learner)

    def finished(course: GroupRun) -> list[branch_pb2.BranchRecord]:
        while not course.finished:
            course.advance()
        course.finish(store)
        course.close()
        return list(course.records)

    with pretended():
        course = GroupRun.begin(store, on_cuda, parts=parts)
        assert {run.device for run in course.runs} == {CUDA}
        course.advance()
        assert branch_save.save(store, course, seconds=1.0)
        resumed = branch_save.resume(store, on_cuda)
        assert resumed is not None
        records = finished(resumed)
    on_cpu = branch_save.resume(store, group)
    assert on_cpu is not None
    assert finished(on_cpu) == records
    assert records[0].config_hash == config_hash(ShapingConfig())


def test_the_host_waits_for_the_device_no_more_than_for_the_ends_of_episodes(
    make_campaign: Callable[..., Campaign], every_form: ShapingConfig
) -> None:
    """Twice an env_step at most while collecting, and never in the update: what a GPU's queue can be kept full by."""
    campaign = make_campaign(device="cuda")
    with pretended() as device:
        run = trained(campaign, every_form, updates=1)
        device.waits.clear()
        run.advance()
        assert device.waits.total() <= 2 * campaign.learner.rollout


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"algorithm": "ippo", "environments": 32},
        {"recurrent": True},
        {"hidden": 128, "layers": 3},
        {"minibatches": 1, "environments": 32},
    ],
)
def test_the_estimate_of_memory_covers_what_a_run_takes(
    make_campaign: Callable[..., Campaign], settings: dict[str, object]
) -> None:
    """What replicas hold, and what they take besides, is no more than estimated, and no less than an eighth of it."""
    small = {"environments": 16, "rollout": 20, "minibatches": 4, "hidden": 64, "epochs": 1}
    campaign = make_campaign("8x8-3p-2f-coop", device="cuda", **(small | settings))
    with pretended() as device:
        run, evaluator = begin(campaign)
        held, device.peak_bytes = device.held_bytes, device.held_bytes
        run.advance()
        evaluator.play(run.learner.policy, run.collector.observations)
        each = memory.need(campaign, run.task.card)
        check_covers(2 * each.held, held)
        check_covers(2 * (each.held + each.busy), device.peak_bytes)


def begin(campaign: Campaign) -> tuple[Run, Evaluator]:
    """Two replicas after an update, when their optimisers have moments, and their evaluator."""
    run = Run.start(campaign, [ShapingConfig()] * 2, [1, 2])
    run.advance()
    pool = branch_pb2.SEED_POOL_CONFIRM
    return run, Evaluator(campaign, replicas=2, episodes=campaign.evaluation.episodes, pool=pool, device=run.device)


def check_covers(estimate: int, taken: int) -> None:
    assert taken <= estimate <= 8 * taken, f"{taken:,} bytes are taken, {estimate:,} are estimated"

"""What episodes look like, by the states of their tasks."""

from contextlib import contextmanager
from functools import partial

import pytest
import torch

from also import rpc
from also.errors import CheckpointError, TaskError
from also.services.trainer import checkpoint
from also.services.trainer.evaluation import Episodes, Evaluator
from also.services.trainer.run import Run
from also.services.trainer.service import Trainer
from also.services.trainer.showing.camera import camera_of, check_drawable
from also.services.trainer.showing.episodes import lane_of, show
from also.services.trainer.tasks.opening import describe, open_task
from also.v1 import branch_pb2, trainer_pb2, trainer_pb2_grpc
from also.v1.episode_pb2 import Episode, EpisodeChoice, ItemKind
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import Task
from tools.loopback import served

BEST, MEDIAN, WORST = (
    EpisodeChoice.EPISODE_CHOICE_BEST,
    EpisodeChoice.EPISODE_CHOICE_MEDIAN,
    EpisodeChoice.EPISODE_CHOICE_WORST,
)


@pytest.fixture
def snapshot(campaign):
    """A run after one update."""
    run = Run.start(campaign, [ShapingConfig()], [1])
    run.advance()
    try:
        return run.snapshots()[0]
    finally:
        run.close()


@pytest.fixture
def stub_of():
    """Calls a trainer in this process through a real channel."""

    @contextmanager
    def serve(trainer):
        register = partial(trainer_pb2_grpc.add_TrainerServiceServicer_to_server, trainer)
        with served(register) as address, rpc.connect(address) as channel:
            yield trainer_pb2_grpc.TrainerServiceStub(channel)

    return serve


def task_named(suite, layout):
    """A native task."""
    return Task(name=suite, layout=layout)


def shown_of(campaign, snapshot, choices):
    """Episodes with their frames."""
    found = []
    for message in show(campaign, describe(campaign.task), snapshot, choices):
        if isinstance(message, Episode):
            found.append((message, []))
        else:
            found[-1][1].append(message)
    return found


def test_episodes_are_chosen_by_return_then_length_then_number():
    """Best first, worst last."""
    returns, lengths = torch.tensor([[0.0, 1.0, 1.0, 0.5, 1.0]]), torch.tensor([[9, 5, 3, 9, 3]])
    episodes = Episodes(
        returns=returns, lengths=lengths, milestone_steps=torch.zeros(1, 5, 0), milestone_best=torch.zeros(1, 5, 0)
    )
    assert [lane_of(episodes, choice) for choice in (BEST, MEDIAN, WORST)] == [2, 1, 0]


def test_what_is_shown_is_what_the_report_counts(campaign, snapshot):
    """Returns and lengths are those of the evaluation on report seeds; rewards of frames add up to them."""
    shown = shown_of(campaign, snapshot, [BEST, MEDIAN, WORST])
    run = Run.restore(campaign, [ShapingConfig()], [snapshot], [None])
    count = campaign.evaluation.report_episodes
    evaluator = Evaluator(campaign, replicas=1, episodes=count, pool=branch_pb2.SEED_POOL_REPORT)
    counted = evaluator.play(run.learner.policy, run.collector.observations)
    run.close()
    assert shown[0][0].total_reward == counted.returns.max()
    assert shown[2][0].total_reward == counted.returns.min()
    for episode, frames in shown:
        assert episode.total_reward == counted.returns[0, episode.number]
        assert episode.env_steps == counted.lengths[0, episode.number] == len(frames) - 1
        assert sum(frame.reward for frame in frames) == pytest.approx(episode.total_reward)
        assert episode.episodes == count


def items(frame, kind):
    """Items of a kind in a frame."""
    return [item for item in frame.scene.items if item.kind == kind]


def test_a_field_is_shown_as_its_observations_tell_it():
    """Rows, columns and levels of all foods and agents; a food that is eaten is gone."""
    task = open_task(task_named("foraging", "8x8-3p-3f"), replicas=1, environments=3)
    task.reset(torch.arange(3).unsqueeze(0))
    for _ in range(20):
        task.step(torch.randint(0, 6, (1, 3, 3), generator=torch.Generator().manual_seed(4)))
        for lane in range(3):
            frame = camera_of(task).frame(lane)
            state = task.view().state[0, lane].view(-1, 3).tolist()
            there = sorted((row, column, level) for row, column, level in state[:3] if row >= 0)
            foods = items(frame, ItemKind.ITEM_KIND_FOOD)
            assert sorted((each.y - 0.5, each.x - 0.5, float(each.label)) for each in foods) == there
            agents = items(frame, ItemKind.ITEM_KIND_AGENT)
            assert [[each.y - 0.5, each.x - 0.5, float(each.badge[1:])] for each in agents] == state[3:]
            assert [each.label for each in agents] == ["1", "2", "3"]


def test_a_hall_keeps_all_its_shelves_and_requests():
    """They stand, or agents carry them at their own places."""
    task = open_task(task_named("warehouse", "tiny-4ag"), replicas=1, environments=2)
    task.reset(torch.arange(2).unsqueeze(0))
    dice, carried = torch.Generator().manual_seed(5), 0
    ground = camera_of(task).ground([])
    assert (ground.width, ground.height) == (10, 11)
    for _ in range(150):
        task.step(torch.tensor([1, 1, 2, 3, 4])[torch.randint(0, 5, (1, 2, 4), generator=dice)])
        frame = camera_of(task).frame(1)
        shelves = items(frame, ItemKind.ITEM_KIND_SHELF)
        assert len(shelves) == 32
        assert sum(each.marked for each in shelves) == 4
        agents = items(frame, ItemKind.ITEM_KIND_AGENT)
        places = {(each.x, each.y) for each in agents}
        assert all((each.x, each.y) in places for each in shelves if each.carried)
        carried += sum(each.carried for each in shelves)
        assert all(each.heading for each in agents)
    assert carried > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["navigation/spread-3", "predator_prey/facmac"])
def test_a_plane_holds_all_circles_where_the_state_says(name):
    """Agents are numbered; y of the picture points down."""
    pytest.importorskip("jaxmarl")
    suite, layout = name.split("/")
    task = open_task(task_named(suite, layout), replicas=1, environments=2)
    task.reset(torch.arange(2).unsqueeze(0))
    camera = camera_of(task)
    frame = camera.frame(1)
    places = task.state_dict()["state.p_pos"][0, 1]
    agents = items(frame, ItemKind.ITEM_KIND_AGENT)
    expected = places[: len(task.card.agents)].tolist()
    assert [[each.x, each.y] for each in agents] == [pytest.approx(place) for place in expected]
    ground = camera.ground([frame.scene])
    assert len(frame.scene.items) == len(places)
    for item in frame.scene.items:
        assert item.radius - 1e-9 <= item.x <= ground.width - item.radius + 1e-9
        assert item.radius - 1e-9 <= item.y <= ground.height - item.radius + 1e-9
    assert agents[0].y == pytest.approx(ground.height / 2 - expected[0][1])


@pytest.mark.slow
def test_a_kitchen_is_shown_with_cooks_pots_and_piles():
    """A cook who faces a pile of onions and takes one is seen to carry it."""
    pytest.importorskip("jaxmarl")
    task = open_task(task_named("kitchen", "cramped_room"), replicas=1, environments=1)
    task.reset(torch.zeros(1, 1, dtype=torch.int64))
    camera, dice, held = camera_of(task), torch.Generator().manual_seed(0), set()
    for _ in range(150):
        task.step(torch.randint(0, 6, (1, 1, 2), generator=dice))
        frame = camera.frame(0)
        assert len(items(frame, ItemKind.ITEM_KIND_AGENT)) == 2
        assert len(items(frame, ItemKind.ITEM_KIND_POT)) == 1
        held |= {item.kind for item in frame.scene.items if item.carried}
        holds = task.features(("holds_onion",))["holds_onion"][0, 0].sum()
        carried = [item for item in items(frame, ItemKind.ITEM_KIND_ONION) if item.carried]
        assert len(carried) == holds
    assert ItemKind.ITEM_KIND_ONION in held
    kinds = [item.kind for item in camera.ground([]).items]
    assert (kinds.count(ItemKind.ITEM_KIND_ONION_PILE), kinds.count(ItemKind.ITEM_KIND_PLATE_PILE)) == (2, 1)


@pytest.mark.slow
def test_an_environment_that_renders_is_shown_by_its_own_pictures(make_campaign):
    """The function is asked for `render_mode`; pictures differ as agents move."""
    campaign = make_campaign(layout="", task="examples.simple_spread:make_env")
    campaign.task.workers = 2
    campaign.evaluation.report_episodes = 3
    run = Run.start(campaign, [ShapingConfig()], [1])
    snapshot = run.snapshots()[0]
    run.close()
    ((episode, frames),) = shown_of(campaign, snapshot, [WORST])
    assert not episode.HasField("ground")
    assert len(frames) == episode.env_steps + 1 == 26
    assert {(frame.picture.width, frame.picture.height) for frame in frames} == {(700, 700)}
    assert len({frame.picture.pixels for frame in frames}) > 20


@pytest.mark.slow
def test_an_environment_that_does_not_render_says_what_is_expected(make_campaign):
    """Before any episode is played."""
    campaign = make_campaign(layout="", task="tests.tasks.small_environments:line")
    campaign.task.workers = 1
    run = Run.start(campaign, [ShapingConfig()], [1])
    snapshot = run.snapshots()[0]
    run.close()
    with pytest.raises(
        TaskError, match=r"render.*an array \(rows, columns, 3\) of bytes is expected: let the function"
    ):
        shown_of(campaign, snapshot, [BEST])


def test_a_task_that_cannot_be_drawn_says_which_can(campaign):
    """By name, before anything is played."""
    card = describe(campaign.task)
    check_drawable(card)
    card.task = "smax/3m"
    with pytest.raises(
        TaskError, match=r"task 'smax/3m' cannot be drawn; what can be is foraging, warehouse, navigation"
    ):
        check_drawable(card)


def test_the_service_stores_what_acts_once_and_shows_episodes(store, campaign, snapshot, stub_of):
    """Under a key that follows from the checkpoint; what a campaign does not have is an error."""
    card = describe(campaign.task)
    saved = checkpoint.save(store, "c", campaign, card, snapshot)
    with stub_of(Trainer(lambda: store)) as stub:
        asked = trainer_pb2.ExtractPolicyRequest(campaign_id="c", campaign=campaign, checkpoint_id=saved)
        key = rpc.call(stub.ExtractPolicy, asked, seconds=60).key
        content = store.get(key)
        assert rpc.call(stub.ExtractPolicy, asked, seconds=60).key == key
        assert store.get(key) == content
        request = trainer_pb2.ShowEpisodesRequest(
            campaign_id="c", campaign=campaign, checkpoint_id=saved, choices=[BEST]
        )
        responses = list(rpc.stream(stub.ShowEpisodes, request, seconds=60))
        assert responses[0].episode.env_steps == len(responses) - 2
        assert all(response.HasField("frame") for response in responses[1:])
        asked.checkpoint_id = "0" * 64
        with pytest.raises(CheckpointError, match="does not exist"):
            rpc.call(stub.ExtractPolicy, asked, seconds=60)

"""The warehouse card tells the truth: features, milestones, and the bounds of returns."""

from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from also import document
from also.errors import TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.cards.rules import check_card
from also.services.trainer.tasks.warehouse.card import warehouse_card
from also.services.trainer.tasks.warehouse.layout import parse_layout
from also.services.trainer.tasks.warehouse.tables import FORWARD, LEFT, NOOP, SHELF, SPENT, TOGGLE, WANTED
from also.services.trainer.tasks.warehouse.task import Warehouse
from also.v1 import task_pb2
from also.v1.task_pb2 import TaskCard
from tests.tasks.warehouse_team import UP, purposeful_actions

LAYOUTS = st.builds(
    "{}-{}ag{}".format,
    st.sampled_from(["tiny", "small", "medium", "large"]),
    st.integers(2, 15),
    st.sampled_from(["", "-easy", "-hard"]),
)

MILESTONES = ["found_shelf", "loaded_shelf", "delivered_shelf", "returned_shelf"]


@pytest.mark.slow
@settings(max_examples=25)
@given(layout=LAYOUTS)
def test_every_layout_has_a_valid_card(layout: str) -> None:
    """Names are unique, ranges are ranges, milestones name features."""
    check_card(warehouse_card(parse_layout(layout)))


@pytest.mark.parametrize("name", ["tiny-1ag", "tiny-20ag", "huge-2ag", "tiny-2ag-v2", "tiny-02ag", ""])
def test_a_name_that_is_none_is_one_clear_error(name: str) -> None:
    """It names the layout and says which ones are allowed."""
    with pytest.raises(TaskError, match=rf"layout '{name}' .* allowed are SIZE-Aag\[-easy\|-hard\] .* e\.g\. tiny-2ag"):
        parse_layout(name)


def test_as_many_requests_as_shelves_are_refused() -> None:
    """The package fails at the first delivery of such a layout, if not before."""
    with pytest.raises(TaskError, match="32 requested shelves of 32; at least one must be left"):
        parse_layout("tiny-16ag-easy")


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["tiny-2ag", "tiny-4ag-hard", "small-3ag-easy"])
def test_features_and_returns_keep_to_the_card(layout: str) -> None:
    """In play that is partly random every feature lies in its range, truth values take both, and rewards are whole."""
    task = Warehouse(layout, replicas=1, environments=8)
    task.reset(mix(torch.arange(8).view(1, 8), 9))
    names, agents = tuple(feature.name for feature in task.card.features), task.layout.agents
    shapes = {
        task_pb2.FEATURE_SCOPE_AGENT: (1, 8, agents),
        task_pb2.FEATURE_SCOPE_PAIR: (1, 8, agents, agents),
    }
    generator = torch.Generator().manual_seed(3)
    seen: dict[str, set[float]] = {name: set() for name in names}
    total = torch.zeros(1, 8)
    for _ in range(350):
        actions = purposeful_actions(task)
        at_random = torch.randint(0, 5, actions.shape, generator=generator)
        outcome = task.step(torch.where(torch.rand(actions.shape, generator=generator) < 0.25, at_random, actions))
        for feature in task.card.features:
            value = task.features(names)[feature.name]
            assert value.dtype == torch.float32
            assert value.shape == shapes[feature.scope]
            assert value.min() >= feature.minimum
            assert value.max() <= feature.maximum
            seen[feature.name] |= set(value.unique().tolist())
        total += outcome.reward
    for feature in task.card.features:
        if feature.unit == "bool":
            assert seen[feature.name] == {0, 1}, feature.name
    assert total.max() > task.card.largest_return
    assert torch.equal(total, task.state_dict()["deliveries"].to(torch.float32))


@pytest.mark.slow
def test_a_scripted_team_reaches_every_milestone_in_order() -> None:
    """Each milestone of the card is reached in every episode, none before the one that precedes it."""
    task = Warehouse("tiny-2ag", replicas=1, environments=16)
    task.reset(mix(torch.arange(16).view(1, 16), 4))
    assert [milestone.name for milestone in task.card.milestones] == MILESTONES
    reached = torch.full((4, 16), torch.inf)
    for time in range(1, 300):
        task.step(purposeful_actions(task))
        for number, milestone in enumerate(task.card.milestones):
            assert milestone.aggregate == task_pb2.AGGREGATE_MAX
            value = task.features((milestone.feature,))[milestone.feature][0].amax(-1)
            seen = value >= milestone.threshold
            reached[number] = torch.where(seen, reached[number].clamp(max=time), reached[number])
    assert reached.isfinite().all()
    assert (reached[1:] >= reached[:-1]).all()  # who begins under a requested shelf finds and loads it at once
    assert (reached[2:] > reached[1:-1]).all()


def test_the_card_that_minds_are_tested_with_is_this_one() -> None:
    """The copy in `tests/cards` is the card of tiny-2ag."""
    copy = Path(__file__).parents[1] / "cards" / "warehouse.yaml"
    assert document.read(TaskCard, yaml.safe_load(copy.read_text())) == warehouse_card(parse_layout("tiny-2ag"))


def standing(poses: list[tuple[int, int, int]], loads: list[int], wanted: list[tuple[int, int]]) -> Warehouse:
    """A tiny hall with agents at (row, column, direction), what they carry, and requested shelves at (row, column).

    A carried shelf was taken from the place at (1, 1), a second one from the place beside it.
    """
    task = Warehouse(f"tiny-{len(poses)}ag", replicas=1, environments=1)
    width = task.layout.width
    shelves = torch.zeros_like(task.state_dict()["shelves"])
    shelves[..., task.layout.places] = SHELF
    for row, column in wanted:
        shelves[..., row * width + column] = WANTED
    for number in range(sum(load > 0 for load in loads)):
        shelves[..., width + 1 + number] = 0
    pose = torch.tensor([[[4 * (row * width + column) + direction for row, column, direction in poses]]])
    load = torch.tensor([[loads]])
    changed = {"shelves": shelves, "pose": pose, "pose_before": pose, "load": load, "load_before": load}
    task.load_state_dict(task.state_dict() | changed)
    return task


def values(task: Warehouse) -> dict[str, object]:
    """All features of a task's only environment, as numbers."""
    names = tuple(feature.name for feature in task.card.features)
    return {name: tensor[0, 0].tolist() for name, tensor in task.features(names).items()}


def test_features_say_who_has_how_far_to_go() -> None:
    """One looks for the only requested shelf that stands, one carries a requested one, one a delivered one."""
    task = standing([(4, 3, UP), (8, 3, UP), (3, 3, UP)], [0, WANTED, SPENT], [(2, 7)])
    found, farthest = values(task), max(task.layout.hauls(*task.layout.goals))
    # 6 cells to the shelf, 1 to load it, 10 to a goal; 3 cells; 3 cells back, 1 to put down, and 5 + 1 + 10
    assert found["delivery_distance"] == [17, 3, 20]
    assert found["request_distance"] == [6, 0, 5]
    assert found["goal_distance"] == [farthest, 3, farthest]
    assert found["place_distance"] == [0, 0, 3]  # from row 3, column 3 up to row 1 and one cell to the left
    assert found["partner_distance"] == [[0, 4, 1], [4, 0, 5], [1, 5, 0]]
    assert found["at_requested_shelf"] == found["carrying_request"] == [0, 1, 0]
    assert found["carrying_other"] == [0, 0, 1]
    assert found["delivering"] == found["returning"] == found["blocked"] == found["idle"] == [0, 0, 0]


def test_a_carried_shelf_goes_around_the_others() -> None:
    """From the left column to the empty place on the right a shelf is carried along highways; an agent walks under."""
    task = standing([(1, 0, UP), (5, 1, UP)], [0, 0], [(5, 2)])
    assert values(task)["request_distance"] == [6, 1]
    task = standing([(5, 0, UP), (5, 3, UP)], [SPENT, SPENT], [])
    assert values(task)["place_distance"] == [5, 5]


def test_delivery_and_return_are_seen_in_their_env_step_alone() -> None:
    """A delivery pays 1; the shelf then counts as another one, until it stands in a place again."""
    task = standing([(10, 3, 3), (1, 1, UP)], [WANTED, SPENT], [(3, 7)])
    assert task.step(torch.tensor([[[FORWARD, TOGGLE]]])).reward.item() == 1
    found = values(task)
    assert found["delivering"] == [1, 0]
    assert found["returning"] == [0, 1]
    assert found["carrying_other"] == [1, 0]
    assert task.step(torch.tensor([[[NOOP, FORWARD]]])).reward.item() == 0
    found = values(task)
    assert found["delivering"] == found["returning"] == [0, 0]
    assert found["idle"] == [1, 0]


def test_who_walks_and_stays_is_blocked() -> None:
    """At a wall, and before a shelf that stands in the way of a carried one; turning on the spot is no walk."""
    task = standing([(0, 0, UP), (2, 0, 3)], [0, SPENT], [])
    task.step(torch.tensor([[[FORWARD, FORWARD]]]))
    assert values(task)["blocked"] == [1, 1]
    task.step(torch.tensor([[[LEFT, NOOP]]]))
    assert values(task)["blocked"] == [0, 0]


def test_only_what_is_asked_for_is_computed() -> None:
    """Features come back by name, and an unknown name is an error that lists the known ones."""
    task = Warehouse("tiny-2ag", replicas=1, environments=2)
    assert list(task.features(("idle", "goal_distance"))) == ["idle", "goal_distance"]
    with pytest.raises(TaskError, match="no feature 'hunger'; it has: delivery_distance"):
        task.features(("hunger",))


def test_features_of_many_moments_are_those_that_each_state_had() -> None:
    """Told at once afterwards, over the ends of episodes, whatever the task has done since."""
    task = Warehouse("tiny-2ag", replicas=2, environments=4)
    task.reset(torch.arange(8).view(2, 4))
    task.load_state_dict(task.state_dict() | {"time": torch.full((2, 4), 470)})
    names = tuple(feature.name for feature in task.card.features)
    generator = torch.Generator().manual_seed(3)
    moments, seen = [], []
    for _ in range(60):
        outcome = task.step(torch.randint(0, 5, (2, 4, 2), generator=generator))
        moments.append(task.moment(names))
        seen.append(task.features(names))
        task.restart(outcome.terminated | outcome.truncated)
    found = task.features_at(moments, names)
    assert list(found) == list(names)
    for name in names:
        assert torch.equal(found[name], torch.stack([features[name] for features in seen], dim=1)), name

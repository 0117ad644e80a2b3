"""The foraging card tells the truth: features, milestones, and the bounds of returns."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from also.errors import TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.cards.rules import check_card
from also.services.trainer.tasks.foraging.card import foraging_card
from also.services.trainer.tasks.foraging.layout import LOADERS, parse_layout
from also.services.trainer.tasks.foraging.tables import LEVEL_BITS
from also.services.trainer.tasks.foraging.task import IDLE, LOAD, NO_ACTION, NORTH, Foraging
from also.v1 import task_pb2

LAYOUTS = st.builds(
    "{}{}x{}-{}p-{}f{}{}".format,
    st.sampled_from(["", "2s-"]),
    st.shared(st.integers(5, 19), key="size"),
    st.shared(st.integers(5, 19), key="size"),
    st.integers(2, 9),
    st.integers(1, 5),
    st.sampled_from(["", "-coop"]),
    st.sampled_from(["", "-pen"]),
)


@given(layout=LAYOUTS)
def test_every_layout_has_a_valid_card(layout: str) -> None:
    """Names are unique, ranges are ranges, milestones name features."""
    check_card(foraging_card(parse_layout(layout)))


@given(layout=LAYOUTS)
def test_returns_and_agents_needed_follow_from_the_levels(layout: str) -> None:
    """Both are the least over all levels that an episode may have."""
    parsed = parse_layout(layout)
    returns, needed = [], []
    for twos in range(parsed.agents + 1):
        levels = [1] * (parsed.agents - twos) + [2] * twos
        largest = sum(sorted(levels)[:LOADERS])
        choices = {largest} if parsed.cooperative else {1, largest}
        for foods in itertools.combinations_with_replacement(choices, parsed.foods):
            returns.append(min(foods) / sum(foods))
            strongest = list(itertools.accumulate(reversed(levels)))
            needed.append(min(count for count, level in enumerate(strongest, 1) if level >= min(foods)))
    if not parsed.penalised:
        assert parsed.smallest_return == pytest.approx(min(returns))
    assert parsed.agents_needed == min(needed)


@pytest.mark.parametrize(
    ("layout", "smallest"),
    [
        ("8x8-2p-2f-coop-pen", 0.1),  # one food of two less four failures
        ("10x10-3p-3f-coop-pen", 1 / 30),  # one food of three less three failures
        ("15x15-4p-4f-coop-pen", 1 / 30),  # as above: crowded fields have fewer foods
        ("8x8-2p-1f-pen", 0.1),
        ("8x8-2p-2f-pen", 1 / 35),  # levels 3 of 7 less four failures
    ],
)
def test_the_smallest_return_with_penalties_is_what_failures_leave(layout: str, smallest: float) -> None:
    """A share of the levels less tenths: the least that is above nothing, which is what an idle team has."""
    card = foraging_card(parse_layout(layout))
    assert card.smallest_return == pytest.approx(smallest)
    assert not card.HasField("baseline_return")
    assert card.largest_return == 1


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["6x6-4p-3f", "5x5-2p-2f-coop", "2s-5x5-2p-2f"])
def test_features_and_returns_keep_to_the_card(layout: str) -> None:
    """In random episodes every feature lies in its range, and every return is 0 or within the card's bounds."""
    task = Foraging(layout, replicas=2, environments=64)
    task.reset(mix(torch.arange(128).view(2, 64), 9))
    names = tuple(feature.name for feature in task.card.features)
    shapes = {
        task_pb2.FEATURE_SCOPE_TEAM: (2, 64),
        task_pb2.FEATURE_SCOPE_AGENT: (2, 64, task.layout.agents),
        task_pb2.FEATURE_SCOPE_PAIR: (2, 64, task.layout.agents, task.layout.agents),
    }
    generator = torch.Generator().manual_seed(3)
    total, returns = torch.zeros(2, 64), []
    for _ in range(150):
        beside = task.features(("adjacent_to_food",))["adjacent_to_food"] > 0
        actions = torch.randint(0, 6, beside.shape, generator=generator)
        outcome = task.step(torch.where(beside & (actions > 1), LOAD, actions))
        values = task.features(names)
        for feature in task.card.features:
            value = values[feature.name]
            assert value.dtype == torch.float32
            assert value.shape == shapes[feature.scope]
            assert value.min() >= feature.minimum
            assert value.max() <= feature.maximum
        done = outcome.terminated | outcome.truncated
        total += outcome.reward
        returns.append(total[done])
        assert ((values["field_cleared"] == 1) == outcome.terminated).all()
        total = torch.where(done, 0.0, total)
        task.restart(done)
    ended = torch.cat(returns)
    positive = ended[ended > 0]
    assert len(positive) > 20
    assert positive.min() >= task.card.smallest_return - 1e-6
    assert ended.max() <= task.card.largest_return + 1e-6
    assert ended.max() > 0.999


def one_food(agents: list[tuple[int, int]], levels: list[int], food_level: int) -> Foraging:
    """An 8x8 field with agents at (row, column) and one food at (3, 3)."""
    task = Foraging(f"8x8-{len(agents)}p-1f", replicas=1, environments=1)
    cell = torch.tensor([[[row * 8 + column for row, column in agents]]])
    foods = torch.tensor([[[((3 * 8 + 3) << LEVEL_BITS) + food_level]]])
    task.load_state_dict(
        task.state_dict()
        | {
            "cell": cell,
            "cell_before": cell,
            "level": torch.tensor([[levels]]),
            "foods": foods,
            "foods_before": foods,
            "food_levels": torch.full((1, 1), food_level),
            "action": torch.full_like(cell, NO_ACTION),
        }
    )
    return task


def values(task: Foraging) -> dict[str, object]:
    """All features of a task's only environment, as numbers."""
    names = tuple(feature.name for feature in task.card.features)
    return {name: tensor[0, 0].tolist() for name, tensor in task.features(names).items()}


def test_features_say_where_agents_stand() -> None:
    """Distances are cells to walk; one of three agents is beside the food."""
    found = values(one_food([(3, 2), (0, 3), (7, 7)], [1, 2, 1], 4))
    assert found["nearest_food_distance"] == [1, 3, 8]
    assert found["partner_distance"] == [[0, 4, 9], [4, 0, 11], [9, 11, 0]]
    assert found["team_food_distance"] == 4
    assert found["adjacent_to_food"] == [1, 0, 0]
    assert found["agents_at_same_food"] == 1
    assert found["level_at_food_share"] == 0.25
    assert found["loading"] == found["idle"] == found["blocked"] == [0, 0, 0]
    assert found["food_eaten"] == found["joint_loading"] == found["field_cleared"] == 0


def test_the_env_step_on_which_food_is_eaten_counts_as_loading() -> None:
    """Two agents eat together: joint loading, contact and level are those of that env_step, distances are 0."""
    task = one_food([(3, 2), (2, 3)], [1, 2], 3)
    outcome = task.step(torch.tensor([[[LOAD, LOAD]]]))
    found = values(task)
    assert outcome.reward.item() == 1
    assert outcome.terminated.item()
    assert found["joint_loading"] == found["agents_at_same_food"] == 2
    assert found["level_at_food_share"] == found["food_eaten"] == found["field_cleared"] == 1
    assert found["loading"] == found["adjacent_to_food"] == [1, 1]
    assert found["nearest_food_distance"] == [0, 0]
    assert found["team_food_distance"] == 0


def test_a_lone_loader_is_seen_and_paid_nothing() -> None:
    """One agent loads a food that takes two; the other walks into it and is blocked."""
    task = one_food([(3, 2), (4, 3)], [1, 1], 2)
    outcome = task.step(torch.tensor([[[LOAD, NORTH]]]))
    found = values(task)
    assert outcome.reward.item() == 0
    assert found["loading"] == [1, 0]
    assert found["joint_loading"] == 1
    assert found["agents_at_same_food"] == 2
    assert found["blocked"] == [0, 1]
    task.step(torch.tensor([[[IDLE, LOAD]]]))
    assert values(task)["idle"] == [1, 0]


def test_only_what_is_asked_for_is_computed() -> None:
    """Features come back by name, and an unknown name is an error that lists the known ones."""
    task = Foraging("8x8-2p-2f", replicas=1, environments=2)
    assert list(task.features(("idle", "food_eaten"))) == ["idle", "food_eaten"]
    with pytest.raises(TaskError, match="no feature 'hunger'; it has: nearest_food_distance"):
        task.features(("hunger",))


def test_features_of_many_moments_are_those_that_each_state_had() -> None:
    """Told at once afterwards, over the ends of episodes, whatever the task has done since."""
    task = Foraging("5x5-2p-2f", replicas=2, environments=4)
    task.reset(torch.arange(8).view(2, 4))
    names = tuple(feature.name for feature in task.card.features)
    generator = torch.Generator().manual_seed(3)
    moments, seen = [], []
    for _ in range(60):
        outcome = task.step(torch.randint(0, 6, (2, 4, 2), generator=generator))
        moments.append(task.moment(names))
        seen.append(task.features(names))
        task.restart(outcome.terminated | outcome.truncated)
    found = task.features_at(moments, names)
    assert list(found) == list(names)
    for name in names:
        assert torch.equal(found[name], torch.stack([features[name] for features in seen], dim=1)), name

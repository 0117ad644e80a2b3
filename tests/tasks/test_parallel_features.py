"""Which numbers of an observation become features, and in which ranges."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from also.services.trainer.tasks.opening import describe, open_task
from also.services.trainer.tasks.parallel.build import open_environment
from also.services.trainer.tasks.parallel.card import inspect
from also.services.trainer.tasks.parallel.choice import choose
from also.services.trainer.tasks.parallel.ranges import declared_or_measured, measured
from also.services.trainer.tasks.parallel.record import Kept, Record
from also.v1.task_pb2 import Task, TaskCard

pytestmark = pytest.mark.usefixtures("small_environments")


def card_of(function: str) -> TaskCard:
    """The card of an environment of `seen_environments`."""
    task = Task(name=f"seen_environments:{function}")
    return inspect(task, open_environment(task))


def ranges(card: TaskCard) -> dict[str, tuple[float, float]]:
    """Ranges of features by name, without the return."""
    return {each.name: (each.minimum, each.maximum) for each in card.features if each.name != "episode_return"}


@pytest.mark.slow
def test_bounds_far_wider_than_what_is_seen_are_replaced_and_said() -> None:
    """Normalised by 2e16 a feature would be constant; places from 0 to 4 have half their width as margin."""
    card = card_of("wide")
    assert list(ranges(card)) == ["observation_0"]  # the other number says the same
    assert ranges(card)["observation_0"] == (0, 6)
    (wide,) = [note for note in card.notes if "100 times" in note]
    assert "observation_0 declares [-1e+16, 1e+16], seen [0, 4]" in wide
    assert any("2000 env_steps" in note for note in card.notes)


@pytest.mark.slow
def test_bounds_that_what_is_seen_leaves_are_replaced_and_said() -> None:
    """Clipped to 10, most of what is seen would be one value."""
    card = card_of("leaving")
    assert ranges(card)["observation_0"] == (-10, 10)
    low, high = ranges(card)["observation_1"]
    assert low == 0
    assert 950 < high < 1500
    (left,) = [note for note in card.notes if "leaves the bounds" in note]
    assert "1 number(s)" in left
    assert "observation_1 declares [-10, 10], seen [0, 950]" in left


@pytest.mark.slow
def test_features_are_chosen_from_all_numbers_not_the_first() -> None:
    """Of 144 one-hot numbers those that vary, in the order of their numbers; declared ranges that fit stay."""
    card = card_of("one_hot")
    chosen = {int(name.removeprefix("observation_")) for name in ranges(card)}
    assert chosen == {10, *range(60, 65), *range(100, 105)}  # 11 is 1 less 10; 0 and 1 never vary for an agent
    assert set(ranges(card).values()) == {(0, 1)}
    assert "11 of 144 numbers of the observation are features, chosen from 14 that vary" in card.notes[0]


@pytest.mark.slow
def test_numbers_that_another_gives_are_no_features() -> None:
    """Equal, complement, multiple, constant, and who the agent is: one feature of six numbers."""
    assert list(ranges(card_of("repeating"))) == ["observation_0"]


@pytest.mark.slow
def test_a_number_that_tells_paid_steps_comes_before_noise() -> None:
    """Of forty, thirty-two are taken: the telling one is among them, one that stays for an episode is not."""
    chosen = list(ranges(card_of("telling")))
    assert len(chosen) == 32
    assert "observation_33" in chosen
    assert "observation_34" not in chosen


def test_telling_paid_steps_outweighs_varying_less() -> None:
    """A number that mostly stays for an episode, and is higher where the team is paid, comes before noise."""
    generator = np.random.default_rng(0)
    episodes = np.repeat(np.arange(20), 50)
    leaving = (np.arange(1000) % 10 == 0).astype(np.float64)
    values = generator.normal(size=(1000, 2, 3))
    values[:, :, 2] = 0.3 * values[:, :, 2] + np.sin(episodes)[:, None] + 2 * leaving[:, None]
    kept = Kept(
        columns=np.array([3, 5, 8]),
        values=values.astype(np.float32),
        arriving=np.zeros(1000),
        leaving=leaving,
        episodes=episodes,
    )
    assert choose(kept, 1) == [8]
    assert choose(replace(kept, leaving=np.zeros(1000)), 2) == [3, 5]


def test_of_many_that_hardly_vary_those_come_first_that_vary_most() -> None:
    """Forty cells of which one is on each env_step, and behind them two switches: both are taken, and once."""
    generator = np.random.default_rng(0)
    values = np.zeros((1000, 1, 44))
    values[np.arange(1000), 0, generator.integers(0, 40, 1000)] = 1
    values[:, 0, 41] = generator.integers(0, 2, 1000)
    values[:, 0, 42] = 1 - values[:, 0, 41]
    values[:, 0, 43] = generator.integers(0, 2, 1000)
    nothing = np.zeros(1000)
    kept = Kept(
        columns=np.arange(44),
        values=values.astype(np.float32),
        arriving=nothing,
        leaving=nothing,
        episodes=np.repeat(np.arange(20), 50),
    )
    assert choose(kept, 2) == [41, 43]
    assert len(choose(kept, 44)) == 42


@pytest.mark.slow
def test_outliers_do_not_decide_a_measured_range() -> None:
    """A spike of a million once in 200 env_steps leaves a range in which all other values differ."""
    found = ranges(card_of("spiked"))
    low, high = found["observation_0"]
    assert -100 < low < -1
    assert 1 < high < 100
    assert found["observation_1"] == (0, 300)


@pytest.mark.slow
def test_pictures_are_tried_and_some_of_their_points_are_features() -> None:
    """Of 21,168 numbers those are kept that vary; equal colours of a point are one."""
    card = card_of("picture")
    chosen = ranges(card)
    assert 1 <= len(chosen) <= 32
    assert set(chosen.values()) == {(0, 255)}
    assert "of 21168 numbers" in card.notes[0]


@pytest.mark.slow
def test_an_observation_that_never_varies_is_said() -> None:
    """Such as a screen that nobody draws on: nothing but the return is a feature."""
    card = card_of("blank")
    assert ranges(card) == {}
    assert card.notes[0].split(":")[0] == "no number of the observation varied"


@pytest.mark.slow
def test_features_of_an_author_without_a_card_have_measured_ranges() -> None:
    """With the same margin, and said so."""
    card = card_of("measured")
    assert ranges(card) == {"far": (0, 6000), "still": (3, 4), "all": (0, 12)}
    assert "ranges of 3 feature(s) are measured ones" in card.notes[0]


@pytest.mark.slow
def test_equal_trials_give_equal_cards() -> None:
    """Nothing but what was seen decides."""
    for function in ("telling", "picture"):
        assert card_of(function) == card_of(function)


@pytest.mark.slow
def test_what_lies_outside_a_range_is_clipped_and_counted() -> None:
    """Walkers on cells 0 to 4 whose card says 0 to 1: each larger cell counts, the return never."""
    task = Task(name="small_environments:line", workers=1)
    card = describe(task)
    card.features[0].maximum = 1
    opened = open_task(task, replicas=1, environments=3, card=card)
    try:
        opened.reset(torch.arange(3).view(1, 3))
        seen = [opened.view().observations[..., 0]]
        for _ in range(5):
            opened.step(torch.full((1, 3, 2), 2))
            seen.append(opened.view().observations[..., 0])
        clipped = opened.clipped()
        assert opened.features(("observation_0",))["observation_0"].max() == 1
    finally:
        opened.close()
    assert clipped["observation_0"] == (torch.stack(seen) > 1).double().mean().item() > 0.5
    assert (clipped["observation_1"], clipped["episode_return"]) == (0, 0)


@pytest.mark.parametrize(
    ("values", "declared", "found"),
    [
        ([0, 1, 0, 1], (-np.inf, np.inf), (0, 1)),
        ([-1, 0, 1], (-np.inf, np.inf), (-2, 2)),
        ([0, 1, 2], (0, np.inf), (0, 3)),
        ([-2, -1, 0], (-np.inf, np.inf), (-3, 0)),
        ([0, 1, 2], (0, 100), (0, 100)),
        ([0, 1, 2], (0, 1000), (0, 3)),
        ([0, 1, 2], (-1000, 2), (0, 2)),
        ([5, 5, 5], (0, 1000), (0, 1000)),
        ([5, 5, 5], (-np.inf, np.inf), (5, 6)),
        ([0, 1, 3], (0, 2), (0, 4.5)),
    ],
)
def test_ranges_are_declared_or_measured(
    values: list[float], declared: tuple[float, float], found: tuple[float, float]
) -> None:
    """Declared ones stay where they hold and are filled; measured ones have half their width more on each side."""
    array = np.array(values * 10, np.float32)
    result = declared_or_measured(array, (array.min(), array.max()), declared)
    assert (result.low, result.high) == pytest.approx(found, abs=1e-5)


def test_a_value_that_is_rare_is_within_the_range() -> None:
    """Where the bulk is one value, the others are what matters."""
    values = np.zeros(1000)
    values[:2] = (1, 5)
    assert (measured(values, (0, 5)).low, measured(values, (0, 5)).high) == (0, 7.5)


@pytest.mark.slow
def test_a_record_keeps_bounded_rows_and_all_that_was_paid() -> None:
    """Extremes are of all env_steps, rows of every n-th and of the paid ones."""
    record = Record(64, 1024)  # 128 rows fit
    for step in range(1000):
        if step % 100 == 0:
            record.begin_episode()
        record.see(np.full((64, 1024), step, np.float32), None if step % 100 == 0 else float(step % 250 == 249))
    kept = record.kept()
    assert 32 <= len(kept.values) <= 128
    assert record.ends(0) == (0, 999)
    seen = kept.values[:, 0, 0]
    assert {249, 749} <= set(seen[kept.arriving > 0])  # env_steps 499 and 999 pay too
    assert (kept.episodes == seen // 100 + 1).all()
    assert (np.diff(seen) > 0).all()


def test_nothing_seen_chooses_nothing() -> None:
    """Of an observation that never varies there is no feature."""
    record = Record(2, 3)
    record.begin_episode()
    for _ in range(10):
        record.see(np.ones((2, 3), np.float32), 0.0)
    assert choose(record.kept(), 32) == []
    assert choose(Record(2, 3).kept(), 32) == []

"""Branch groups that are saved in mid-branch and taken up again: nothing of the result tells."""

import hashlib
import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from google.protobuf.message import Message

from also import document, keys
from also.services.trainer import checkpoint
from also.services.trainer.branch import process as branch
from also.services.trainer.branch import save as branch_save
from also.services.trainer.branch.group import GroupRun
from also.services.trainer.branch.stop import Stop
from also.services.trainer.run import Run
from also.store import Store, open_store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig

pytestmark = pytest.mark.slow

MakeGroup = Callable[..., branch_pb2.BranchGroup]
Told = Callable[..., list[dict[str, Any]]]

LONG = 1e6
"""Training time that saves claim here, seconds: far more than a test takes."""

VARIANTS = [{}, {"algorithm": "ippo", "hidden": 64}, {"recurrent": True}, {"scale_rewards": True}]
"""Learners whose state differs."""


def result_of(store: Store) -> branch_pb2.BranchGroupResult:
    return store.get_message(keys.branch_group_result("c", "g"), branch_pb2.BranchGroupResult)


def undisturbed(store: Store, group: branch_pb2.BranchGroup) -> branch_pb2.BranchGroupResult:
    """What the group comes to in one go; neither result nor saves are left."""
    branch.train(store, group)
    result = result_of(store)
    store.delete(keys.branch_group_result("c", "g"))
    assert saved(store) == []
    return result


def advance(course: GroupRun, updates: int) -> GroupRun:
    for _ in range(updates):
        course.advance()
    return course


def save_after(store: Store, group: branch_pb2.BranchGroup, *after: int) -> None:
    """Train in as many processes as there are numbers, each of which ends with a save after so many updates."""
    for updates in after:
        course = branch_save.resume(store, group) or GroupRun.begin(store, group)
        advance(course, updates - course.done)
        branch_save.save(store, course, seconds=LONG)
        course.close()


def save_key(updates: int) -> str:
    return keys.branch_group_save("c", "g", updates)


def saved(store: Store) -> list[str]:
    """All objects of the group's saves."""
    return store.find(keys.branch_group_saves("c", "g"))


def messages(store: Store) -> list[str]:
    """Those with which a save exists."""
    return list(filter(keys.is_branch_group_save, saved(store)))


def replace(store: Store, key: str, content: bytes) -> None:
    store.delete(key)
    store.create(key, content)


@pytest.mark.parametrize("settings", VARIANTS)
def test_a_group_that_several_processes_trained_is_bit_identical_to_an_undisturbed_one(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store, settings: dict[str, object]
) -> None:
    """Measures, checkpoints and what every shaping term did: saved and taken up at three random moments."""
    group = make_group(make_campaign(**settings), store)
    whole = undisturbed(store, group)
    draw = random.Random(str(settings))
    moments = sorted(draw.sample(range(1, 24), 3))
    save_after(store, group, *moments)
    branch.train(store, group)
    result = result_of(store)
    assert list(result.records) == list(whole.records), moments
    assert (whole.processes, result.processes) == (1, 4)
    assert int(result.seconds) // int(LONG) == 1
    fired = {term.term: term.firing_rate for term in result.records[-1].terms}
    assert all(fired.values()), fired
    assert any(term.cut_rate for term in result.records[-1].terms)


def test_a_group_without_new_seeds_goes_on_bit_identically(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store
) -> None:
    """A second rung keeps the streams of its checkpoints, and a save of it keeps them too."""
    group = make_group(make_campaign(), store)
    for member in group.branches:
        member.ClearField("seed")
    whole = undisturbed(store, group)
    save_after(store, group, 5, 17)
    branch.train(store, group)
    assert list(result_of(store).records) == list(whole.records)


def test_a_branch_that_diverged_before_the_save_has_diverged_after_it(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store
) -> None:
    """Numbers that are not finite are saved like any, and the neighbours' results are those of an undisturbed run."""
    campaign = make_campaign()
    group = make_group(campaign, store)
    run = Run.start(campaign, [ShapingConfig()], [1])
    run.advance()
    with torch.no_grad():
        run.learner.value_net.flat[0] = torch.nan
    sick = checkpoint.save(store, "c", campaign, run.task.card, run.snapshots()[0])
    group.branches[2].checkpoint_id = group.branches[5].checkpoint_id = sick
    whole = undisturbed(store, group)
    diverged = [record.failure == branch_pb2.BRANCH_FAILURE_DIVERGED for record in whole.records]
    assert diverged == [False, False, True, False, False, True]
    save_after(store, group, 3, 12)
    branch.train(store, group)
    assert list(result_of(store).records) == list(whole.records)


def test_a_task_whose_environments_cannot_be_copied_is_not_saved(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store
) -> None:
    """A snapshot of it begins new episodes, so its branch would come to something else; it begins again instead."""
    campaign = make_campaign()
    campaign.task.Clear()
    campaign.task.name = "examples.simple_spread:make_env"
    campaign.task.workers = 1
    group = make_group(campaign, store, updates=2)
    for member in group.branches:
        member.config.Clear()
    course = advance(GroupRun.begin(store, group), 1)
    before = store.find("")
    assert not branch_save.save(store, course, seconds=1.0)
    assert store.find("") == before
    course.close()


def test_saves_come_after_each_interval_and_two_of_them_stay(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store
) -> None:
    """With an interval shorter than an update there is one after each; asked to end, the newest is of that moment."""
    group = make_group(make_campaign(), store, updates=6)
    stop = Stop()

    class Messages(Store):
        """The store, which asks the process to end when there have been four saves."""

        def create_message(self, key: str, message: Message) -> bool:
            made.append(key)
            stop.asked = len(made) == 4
            return super().create_message(key, message)

    made: list[str] = []
    assert not branch.train(Messages(store.uri, store._backend), group, save_seconds=1e-9, stop=stop)
    assert made == [save_key(updates) for updates in range(1, 6)]  # it ends after the update under way
    assert messages(store) == made[-2:]
    assert len(saved(store)) == 4


def test_nothing_of_its_saves_is_left_of_a_group_that_has_ended(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store
) -> None:
    """The result is that of an undisturbed run, and the store holds what it holds after one."""
    group = make_group(make_campaign(), store, updates=6)
    whole = undisturbed(store, group)
    before = store.find("")
    branch.train(store, group, save_seconds=1e-9)
    assert list(result_of(store).records) == list(whole.records)
    assert store.find("") == sorted([*before, keys.branch_group_result("c", "g")])


def test_a_sweep_leaves_the_newest_saves_whole(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store
) -> None:
    """Older ones go, and with them what a process that was killed in mid-save has left of its own."""
    group = make_group(make_campaign(), store, updates=6)
    save_after(store, group, 1, 2, 3, 5)
    store.delete(save_key(2))
    for updates in (0, 4):
        store.create(keys.branch_group_save_tensors("c", "g", updates, "0" * 64), b"half a save")
    branch_save.sweep(store, group, keep=9)
    assert messages(store) == [save_key(1), save_key(3), save_key(5)]
    branch_save.sweep(store, group, keep=2)
    assert messages(store) == [save_key(3), save_key(5)]
    assert [key.rpartition("/")[2][:8] for key in saved(store)] == ["00000003"] * 2 + ["00000004"] + ["00000005"] * 2
    course = branch_save.resume(store, group)
    assert course is not None
    assert course.done == 5
    course.close()


def damage(store: Store, key: str, how: str, draw: random.Random) -> None:
    """Damage an object: cut off, one bit flipped, empty, or gone."""
    content = store.get(key)
    match how:
        case "cut":
            replace(store, key, content[: draw.randrange(1, len(content))])
        case "flipped":
            place = draw.randrange(len(content))
            flipped = bytes([content[place] ^ 1 << draw.randrange(8)])
            replace(store, key, content[:place] + flipped + content[place + 1 :])
        case "empty":
            replace(store, key, b"")
        case "gone":
            store.delete(key)


@pytest.mark.parametrize("how", ["cut", "flipped", "empty", "gone"])
def test_a_damaged_save_is_passed_over_for_an_older_one(
    make_campaign: Callable[..., Campaign],
    make_group: MakeGroup,
    store: Store,
    told: Told,
    how: str,
) -> None:
    """Whichever object of the newest save it is: the older save is taken, and a line says so."""
    group = make_group(make_campaign(), store, updates=4)
    save_after(store, group, 1)
    older = set(store.find(""))
    save_after(store, group, 3)
    newer = [key for key in store.find("") if key not in older]
    kept = {key: store.get(key) for key in newer}
    assert len(newer) == 2
    draw, passed_over = random.Random(how), 0
    for key in newer:
        damage(store, key, how, draw)
        course = branch_save.resume(store, group)
        assert course is not None
        assert course.done == 1, key
        course.close()
        if (key, how) != (save_key(3), "gone"):
            passed_over += 1
        assert [line["key"] for line in told("SavePassedOver")] == [save_key(3)] * passed_over
        replace(store, key, kept[key])
    course = branch_save.resume(store, group)
    assert course is not None
    assert course.done == 3
    course.close()


def test_no_byte_of_a_save_can_change_unnoticed(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store, told: Told
) -> None:
    """Every byte of the message is under the sha256 that its tensors' object holds."""
    group = make_group(make_campaign(), store, updates=4)
    save_after(store, group, 2)
    content = store.get(save_key(2))
    draw = random.Random(0)
    for place in range(len(content)):
        replace(
            store,
            save_key(2),
            content[:place] + bytes([content[place] ^ 1 << draw.randrange(8)]) + content[place + 1 :],
        )
        assert branch_save.resume(store, group) is None, place
    assert len(told("SavePassedOver")) == len(content)


def test_a_group_whose_saves_are_all_damaged_begins_again(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store
) -> None:
    """Nothing is lost but time."""
    group = make_group(make_campaign(), store, updates=4)
    whole = undisturbed(store, group)
    save_after(store, group, 1, 3)
    for updates in (1, 3):
        replace(store, save_key(updates), b"{}")
    branch.train(store, group)
    assert result_of(store).processes == 1
    assert list(result_of(store).records) == list(whole.records)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "h"}, "it is a save of 'h' after 2 updates"),
        ({"updates": 3}, "it is a save of 'g' after 3 updates"),
        ({"records": []}, "has another sha256 than its tensors say"),
        ({"tensors_sha256": "../spec"}, "it is damaged: its tensors have sha256 '../spec'"),
        ({"seconds": math.pi}, "has another sha256 than its tensors say"),
    ],
)
def test_a_save_that_was_edited_is_passed_over(
    make_campaign: Callable[..., Campaign],
    make_group: MakeGroup,
    store: Store,
    told: Told,
    change: dict[str, object],
    words: str,
) -> None:
    """The line on standard error says what is wrong with it."""
    group = make_group(make_campaign(), store, updates=4)
    save_after(store, group, 2)
    edited = {**json.loads(store.get(save_key(2))), **change}
    replace(store, save_key(2), document.canonical(document.read(branch_pb2.BranchGroupSave, edited)))
    assert branch_save.resume(store, group) is None
    (line,) = told("SavePassedOver")
    assert words in line["error"]


def test_a_save_under_other_configs_is_passed_over(
    make_campaign: Callable[..., Campaign],
    make_group: MakeGroup,
    store: Store,
    potential: ShapingConfig,
    told: Told,
) -> None:
    """State of one learning signal is never taken for that of another."""
    group = make_group(make_campaign(), store, updates=4)
    save_after(store, group, 2)
    group.branches[0].config.CopyFrom(potential)
    assert branch_save.resume(store, group) is None
    (line,) = told("SavePassedOver")
    assert "it was trained under shaping configs" in line["error"]


def test_two_savers_at_once_do_no_harm(
    make_campaign: Callable[..., Campaign], make_group: MakeGroup, store: Store
) -> None:
    """The second save of the same moment changes nothing, and what is left can be taken up."""
    group = make_group(make_campaign(), store, updates=4)
    save_after(store, group, 2)
    first = {key: hashlib.sha256(store.get(key)).hexdigest() for key in store.find("")}
    twin = advance(GroupRun.begin(store, group), 2)
    branch_save.save(store, twin, seconds=99.0)
    twin.close()
    assert {key: hashlib.sha256(store.get(key)).hexdigest() for key in first} == first
    course = branch_save.resume(store, group)
    assert course is not None
    assert (course.done, course.earlier_seconds) == (2, LONG)
    assert torch.equal(course.runs[0].finite, torch.ones(6, dtype=torch.bool))
    course.close()


def test_a_save_that_the_store_refuses_costs_no_training(
    make_campaign: Callable[..., Campaign],
    make_group: MakeGroup,
    tmp_path_factory: pytest.TempPathFactory,
    told: Told,
) -> None:
    """A line says so, training goes on, and the result is the undisturbed one's."""
    folder = tmp_path_factory.mktemp("store")
    store = open_store(str(folder))
    group = make_group(make_campaign(), store, updates=4)
    whole = undisturbed(store, group)
    in_the_way = folder / keys.branch_group_saves("c", "g").rstrip("/")
    in_the_way.write_text("a file where the folder should be", encoding="utf-8")
    branch.train(store, group, save_seconds=1e-9)
    assert len(told("SaveNotStored")) == 3
    assert list(result_of(store).records) == list(whole.records)

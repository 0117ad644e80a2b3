"""One campaign file under several seeds."""

import json
from contextlib import nullcontext

import psutil
import pytest

from also import keys
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.cli.seeds import Seeded, in_turn, parse, seeded
from also.errors import CampaignError, InputError, ServiceError
from also.store import open_store


@pytest.fixture
def campaigns(new_campaign):
    """Two campaigns, of seeds 4 and 2."""
    return [
        Seeded(seed=seed, campaign_id=keys.of_seed("group", seed), campaign=new_campaign(seed=seed)) for seed in (4, 2)
    ]


def test_seeds_are_a_number_of_them_or_a_list():
    """A number counts from 1; a list keeps its order."""
    assert parse("3") == [1, 2, 3]
    assert parse("7,3") == [7, 3]


@pytest.mark.parametrize("text", ["", "0", "-1", "1001", "3,", "3,x", "1.5", "٣", "9007199254740992,1", "1 2"])
def test_what_is_no_seeds_is_refused(text):
    """The line says what is allowed."""
    with pytest.raises(
        InputError, match=r"is not allowed; a number of seeds from 1 to 1,000 is, or a list such as 3,7"
    ):
        parse(text)


def test_a_seed_has_one_campaign():
    """The same seed twice would be one campaign run by two conductors."""
    with pytest.raises(InputError, match="'3,7,3' names a seed twice"):
        parse("3,7,3")


def test_each_seed_is_a_campaign_of_its_own(tmp_path):
    """Its id ends with the seed; the rest of the file is the same."""
    found = seeded(None, ["stages.count=2"], "group", [3, 7], str(tmp_path / "none"))
    assert [(each.campaign_id, each.campaign.seed) for each in found] == [("group-s3", 3), ("group-s7", 7)]
    assert {each.campaign.stages.count for each in found} == {2}
    assert list(tmp_path.iterdir()) == []


def test_the_seed_is_not_set_besides(tmp_path):
    """Two settings of one thing are refused, and so is an id that grows too long."""
    with pytest.raises(InputError, match="--set 'seed=3' is not allowed beside --seeds"):
        seeded(None, ["seed=3"], "group", [3], str(tmp_path))
    with pytest.raises(CampaignError, match="is not allowed; 1 to 53"):
        seeded(None, [], "g" * 51, [10], str(tmp_path))


def test_seeds_run_one_after_another_and_what_is_over_is_only_read(serve, new_world, campaigns, listener):
    """A second time no service is asked for anything."""
    world, told = new_world(), []
    settings = serve(world)
    for _ in range(2):
        in_turn(campaigns, settings, lambda each: nullcontext(listener), lambda each, state: told.append(each.seed))
        asked = list(world.asked)
        world.asked.clear()
    assert (told, asked) == ([4, 2, 4, 2], [])
    store = open_store(settings.store)
    assert store.names(keys.CAMPAIGNS) == ["group-s2", "group-s4"]
    assert all(fold(Journal(store, each.campaign_id).records).finished for each in campaigns)


def test_a_seed_that_fails_leaves_the_others_their_turn(serve, new_world, campaigns, listener):
    """At the end it is told which one did not end, and why."""
    world, told = new_world(), []
    tries = iter(range(100))
    world.refuses = lambda method: (
        RuntimeError("the disk is full") if method == "Evaluate" and next(tries) == 0 else None
    )
    with pytest.raises(ServiceError, match=r"1 of 2 campaigns did not end: group-s4 \(.*the disk is full"):
        in_turn(campaigns, serve(world), lambda each: nullcontext(listener), lambda each, state: told.append(each.seed))
    assert told == [2]


def test_a_campaign_that_was_begun_otherwise_is_refused_before_anything_runs(serve, new_world, campaigns, listener):
    """Though its turn would come last."""
    settings = serve(new_world())
    in_turn(campaigns[:1], settings, lambda each: nullcontext(listener), lambda each, state: None)
    with pytest.raises(CampaignError, match="'group-s4' is another campaign"):
        seeded(None, [], "group", [1, 4], settings.store)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_seeds_beside_each_other_go_on_where_they_were_killed(real_run, tmp_path):
    """Lines say whose they are; nothing outlives a killed command; the second call ends all, the third only reads."""
    command = ("--seeds", "3,5", "--parallel", "2", "--json")
    with real_run(tmp_path, *command) as process:
        assert process.stdout is not None
        first = [json.loads(process.stdout.readline()) for _ in range(2)]
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    psutil.wait_procs(family, timeout=60)
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in family)
    assert {line["campaign"] for line in first} <= {"tiny-s3", "tiny-s5"}
    for _ in range(2):
        with real_run(tmp_path, *command) as process:
            printed, said = process.communicate(timeout=400)
        assert process.returncode == 0, said
        lines = [json.loads(line) for line in printed.splitlines()]
        assert {(line["campaign"], line["seed"]) for line in lines} == {("tiny-s3", 3), ("tiny-s5", 5)}
        assert sum("finished" in line["record"] for line in lines) == 2
    store = open_store(str(tmp_path / "store"))
    assert store.names(keys.CAMPAIGNS) == ["tiny-s3", "tiny-s5"]
    assert all(fold(Journal(store, each).records).finished for each in store.names(keys.CAMPAIGNS))

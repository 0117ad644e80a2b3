"""Checkpoints of branches that are needed no more."""

import shutil

import pytest

from also import keys
from also.campaign.decide import decide
from also.campaign.fold import advance, begin, event_of, fold
from also.campaign.journal import Journal
from also.campaign.replay import differences
from also.campaign.retention import TENSORS, sweep, unneeded
from also.store import open_store
from also.v1.checkpoint_pb2 import Blob, CheckpointManifest
from also.v1.journal_pb2 import Held, Promoted, RolledBack


def branches(state):
    """Checkpoints of all branches."""
    return {
        branch.checkpoint_id
        for stage in state.stages
        for validation in stage.validations
        for arm in validation.arms
        for branch in arm.records
    }


def test_what_a_decision_goes_on_with_is_always_there(played, new_world, new_campaign):
    """At every moment of a campaign with promotions, holds and rollbacks, whatever was swept before."""
    world = new_world(stage_return=lambda stage: 0.2 if stage % 2 == 0 else 0.0)
    records = played(world, new_campaign(**{"stages.count": 6}))
    assert any(record.HasField("rolled_back") for record in records)
    state, swept = begin(records[0]), set()
    for record in records[1:]:
        action = decide(state)
        if isinstance(action, Held | Promoted | RolledBack):
            assert action.checkpoint_id not in swept
        state = advance(state, record)
        swept |= set(unneeded(state))
        assert state.position.checkpoint_id not in swept
    assert swept
    assert swept < branches(state)


def test_branches_of_an_open_stage_are_all_needed(played, new_world, new_campaign):
    """Its next round, and its decision, may take any of them."""
    records = played(new_world(), new_campaign())
    place = next(index for index, record in enumerate(records) if record.HasField("validated"))
    state = fold(records[: place + 1])
    assert branches(state)
    assert unneeded(state) == []
    assert unneeded(fold(records[: place + 2]))


def test_a_blob_that_another_checkpoint_names_stays(played, new_world, new_campaign):
    """And what is swept twice is swept once."""
    store = open_store("memory:///")
    state = fold(played(new_world(), new_campaign()))
    going = unneeded(state)
    for number, name in enumerate([*going, state.position.checkpoint_id]):
        sha256 = "shared" if name in (going[0], state.position.checkpoint_id) else f"own-{number}"
        store.create(keys.blob("one", sha256), b"tensors")
        manifest = CheckpointManifest(
            blobs=[Blob(name="state.json", sha256="small"), Blob(name=TENSORS, sha256=sha256)]
        )
        store.create_message(keys.checkpoint("one", name), manifest)
    store.create(keys.blob("one", "small"), b"{}")
    assert sweep(store, "one", state) == len(going)
    assert store.find(keys.checkpoints("one")) == [keys.checkpoint("one", state.position.checkpoint_id)]
    assert store.find("campaigns/one/blobs/") == [keys.blob("one", "shared"), keys.blob("one", "small")]
    assert sweep(store, "one", state) == 0


@pytest.mark.slow
def test_a_real_campaign_that_sweeps_decides_the_same(finished, real_run, journal_of, tmp_path):
    """Its journal replays, its policies are there, and it goes on when it grows."""
    with real_run(tmp_path, "--json", "--set=retention.branches=stage") as command:
        _, said = command.communicate(timeout=280)
    assert command.returncode == 0, said
    records, whole = journal_of(tmp_path), journal_of(finished.folder)
    assert [event_of(each) for each in records[1:]] == [event_of(each) for each in whole[1:]]
    assert list(differences(records)) == []
    store, state = open_store(str(tmp_path / "store"), create=False), fold(records)
    there = set(store.find(keys.checkpoints("tiny")))
    assert not there & {keys.checkpoint("tiny", each) for each in unneeded(state)}
    assert len(there) < len(open_store(str(finished.folder / "store")).find(keys.checkpoints("tiny")))
    for stage in state.stages:
        assert {keys.checkpoint("tiny", stage.trained.checkpoint_id)} <= there
        assert {keys.checkpoint("tiny", stage.decision.checkpoint_id)} <= there
    shutil.rmtree(tmp_path / "logs")
    with real_run(tmp_path, "--json", "--set=retention.branches=campaign", "--set=stages.count=3") as command:
        _, said = command.communicate(timeout=280)
    assert command.returncode == 0, said
    assert len(fold(Journal(store, "tiny").records).stages) == 3
    assert fold(Journal(store, "tiny").records).campaign.retention.branches == 2

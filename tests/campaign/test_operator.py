"""What people leave to a campaign: to promote nothing, or only what they approve."""

import subprocess
import sys
import threading

import pytest

from also import keys
from also.campaign.fold import event_of, fold
from also.campaign.journal import Journal
from also.campaign.replay import differences
from also.campaign.run import run
from also.errors import CampaignError
from also.store import open_store
from also.v1.conductor_pb2 import Review, Stop
from also.v1.journal_pb2 import Held, HoldReason, JournalRecord, Promoted


def decisions(records):
    """Decisions of all stages."""
    return [stage.decision for stage in fold(records).stages]


def test_a_dry_run_judges_everything_and_promotes_nothing(played, new_world, new_campaign):
    """The hold names the candidate; control's branch is adopted, and the verdicts are what they would have been."""
    promoted = decisions(played(new_world(), new_campaign()))
    records = played(new_world(), new_campaign(**{"validation.dry_run": True}))
    held = decisions(records)
    assert isinstance(promoted[0], Promoted)
    assert [each.reason for each in held] == [HoldReason.HOLD_REASON_DRY_RUN] * 2
    assert held[0].detail == "r0-c1 would have been promoted."
    assert held[0].checkpoint_id == fold(records).stages[0].validations[-1].control_checkpoint_id
    assert fold(records).stages[0].validations[-1].promoted == "r0-c1"
    assert not fold(records).incumbent.config.terms
    assert list(differences(records)) == []


def test_what_would_not_be_promoted_holds_by_its_own_reason(played, new_world, new_campaign):
    """A dry run and a person's word are asked about promotions only."""
    world = new_world(branch_return=lambda stage, arm, index: 0.2)
    for name in ("validation.dry_run", "validation.approve"):
        found = decisions(played(world, new_campaign(**{name: True})))
        assert {each.reason for each in found} == {HoldReason.HOLD_REASON_NOTHING_PROMOTED}


def test_a_promotion_waits_for_a_persons_word(played, new_world, new_campaign):
    """Approved, it is what it would have been; rejected, the stage holds with the words."""
    campaign = new_campaign(**{"validation.approve": True})
    approved = played(new_world(), campaign)
    without = decisions(played(new_world(), new_campaign()))
    assert decisions(approved) == without
    rejected = played(new_world(approves=lambda stage: stage > 0), campaign)
    first, second = decisions(rejected)
    assert (first.reason, first.detail) == (
        HoldReason.HOLD_REASON_REJECTED,
        "r0-c1 was rejected by a person: It looks odd.",
    )
    assert isinstance(second, Promoted)
    for records in (approved, rejected):
        assert sum(record.HasField("reviewed") for record in records) == 2
        assert list(differences(records)) == []


@pytest.mark.parametrize("change", [{"candidate": "r0-c0"}, {"round": 1}])
def test_a_word_on_something_else_is_refused(played, new_world, new_campaign, change):
    """It is the last round's promotion that is asked about."""
    records = played(new_world(), new_campaign(**{"validation.approve": True}))
    place = next(index for index, record in enumerate(records) if record.HasField("reviewed"))
    forged = JournalRecord()
    forged.CopyFrom(records[place])
    for name, value in change.items():
        setattr(forged.reviewed, name, value)
    with pytest.raises(CampaignError, match="is not to be promoted"):
        fold([*records[:place], forged])
    with pytest.raises(CampaignError, match="the stage was reviewed before"):
        fold([*records[: place + 1], records[place]])


def test_a_forged_approval_is_found_by_replay(played, new_world, new_campaign):
    """Who turns a person's word around has to turn the decision around, too, and then both records' hashes."""
    records = played(new_world(approves=lambda stage: False), new_campaign(**{"validation.approve": True}))
    place = next(index for index, record in enumerate(records) if record.HasField("reviewed"))
    forged = JournalRecord()
    forged.CopyFrom(records[place])
    forged.reviewed.approved = True
    found = list(differences([*records[:place], forged, *records[place + 1 :]]))
    assert any("Promoted" in each for each in found)


def test_a_campaign_may_be_let_go_after_a_dry_run(serve, new_world, new_campaign, listener):
    """The switch is a record, like growth; what was decided before stays."""
    settings = serve(new_world())
    run(new_campaign(**{"validation.dry_run": True}), "one", settings, listener)
    state = run(new_campaign(**{"stages.count": 3}), "one", settings, listener)
    assert isinstance(state.stages[0].decision, Held)
    assert isinstance(state.stages[2].decision, Promoted)
    assert list(differences(Journal(open_store(settings.store), "one").records)) == []


@pytest.mark.slow
def test_the_conductor_says_whose_word_it_waits_for_and_can_be_stopped_there(serve, new_world, new_campaign, listener):
    """It waits as long as it takes; stopped, the next one waits on, and goes on when the word is there."""
    campaign = new_campaign(**{"validation.approve": True})
    settings = serve(new_world())
    told = threading.Event()
    listener.waits = lambda what: told.set() if "a person's word on r0-c1" in what else None
    states = []
    thread = threading.Thread(target=lambda: states.append(run(campaign, "one", settings, listener)))
    thread.start()
    assert told.wait(60)
    store = open_store(settings.store)
    (nonce,) = store.names(keys.conductors("one"))
    store.create_message(keys.stop("one", nonce), Stop(conductor=nonce))
    thread.join(60)
    assert states[0].stopped
    for stage, approved in ((0, False), (1, True)):
        store.create_message(keys.review("one", stage, 0), Review(candidate="r0-c1", approved=approved))
    state = run(campaign, "one", settings, listener)
    assert state.finished is not None
    assert [type(each.decision) for each in state.stages] == [Held, Promoted]
    records = Journal(store, "one").records
    assert list(differences(records)) == []
    assert [event_of(each).approved for each in records if each.HasField("reviewed")] == [False, True]


@pytest.mark.slow
def test_a_person_says_it_once_and_only_where_it_is_asked(played, new_world, new_campaign, tmp_path):
    """By commands that need the store alone; the first word counts."""

    def also(*arguments):
        command = [sys.executable, "-m", "also", *arguments, "--store", str(tmp_path / "store")]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        return done.returncode, (done.stdout if done.returncode == 0 else done.stderr).strip()

    records = played(new_world(), new_campaign(**{"validation.approve": True}))
    place = next(index for index, record in enumerate(records) if record.HasField("reviewed"))
    journal = Journal(open_store(str(tmp_path / "store")), "one")
    for record in records[: place - 1]:
        journal.append(journal.draft(event_of(record)))
    code, said = also("approve", "one")
    assert (code, said) == (2, "error: campaign 'one' waits for nobody's word; it is at: stage 0, round 0: validating")
    journal.append(journal.draft(event_of(records[place - 1])))
    assert "waiting for a person's word on r0-c1" in also("status", "one")[1]
    assert also("reject", "one", "--note", "too strong") == (0, "rejected r0-c1 of stage 0")
    assert also("approve", "one") == (2, "error: r0-c1 of stage 0 was rejected before; that counts")
    stored = journal.store.get_message(keys.review("one", 0, 0), Review)
    assert (stored.candidate, stored.approved, stored.note) == ("r0-c1", False, "too strong")

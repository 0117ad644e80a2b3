"""The journal in the object store."""

import json
import threading

import pytest

from also import keys
from also.campaign.fold import event_of, fold
from also.campaign.journal import Journal
from also.errors import CampaignError, StoreError
from also.store import open_store


@pytest.fixture
def store(tmp_path):
    """An object store in a folder."""
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def events(new_world, played, new_campaign):
    """The events of a whole campaign."""
    return [event_of(record) for record in played(new_world(), new_campaign())]


def written(store, events):
    """A journal of these events."""
    journal = Journal(store, "one")
    for event in events:
        journal.append(journal.draft(event))
    return journal


def test_a_journal_is_read_as_it_was_written(store, events):
    """Reading gives the same records in the same order."""
    records = written(store, events).records
    assert Journal(store, "one").records == records
    assert [record.sequence for record in records] == list(range(len(events)))
    assert [event_of(record) for record in records] == events


def test_an_absent_journal_is_empty(store):
    """A campaign that has not begun has no record, and reading makes none."""
    assert Journal(store, "one").records == []
    assert store.find(keys.journal("one")) == []


def test_a_draft_writes_nothing(store, events):
    """Only `append` writes."""
    Journal(store, "one").draft(events[0])
    assert store.find(keys.journal("one")) == []


def test_the_number_of_a_record_is_the_fence_between_conductors(store, events):
    """Of two conductors that write the same number, the second one is told and has changed nothing."""
    first, second = written(store, events[:2]), Journal(store, "one")
    first.append(first.draft(events[2]))
    with pytest.raises(CampaignError, match="another conductor is running campaign 'one': it wrote record 2 first"):
        second.append(second.draft(events[3]))
    assert Journal(store, "one").records == first.records


@pytest.mark.slow
def test_racing_conductors_write_one_journal(store, events):
    """However many write at once, what is stored is one chain, and each record has one writer."""
    winners = []

    def conduct():
        journal = Journal(store, "one")
        for event in events[len(journal.records) :]:
            record = journal.draft(event)
            try:
                journal.append(record)
            except CampaignError:
                return
            winners.append(record.sequence)

    threads = [threading.Thread(target=conduct) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    conduct()
    assert sorted(winners) == list(range(len(events)))
    assert fold(Journal(store, "one").records).finished is not None


def damaged(store, sequence, content):
    """Replace a record."""
    key = keys.journal_record("one", sequence)
    store.delete(key)
    if content is not None:
        store.create(key, content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: None, "is missing"),
        (lambda content: content[: len(content) // 2], "not JSON"),
        (lambda content: content.replace(b'"stage_trained"', b'"stage_guessed"'), "unknown key"),
        (lambda content: content.replace(b'"env_steps":1000', b'"env_steps":1001'), "does not follow"),
        (lambda content: content.replace(b'"schema_version":2', b'"schema_version":3'), "version 3; this"),
        (lambda content: content.replace(b'"schema_version":2', b'"schema_version":1'), "version 1; this"),
        (lambda content: content.replace(b'"sequence":1', b'"sequence":2'), "does not follow"),
    ],
)
def test_a_damaged_journal_is_refused(store, events, change, message):
    """A record that is missing, cut, unknown, edited, of another version or number is named."""
    written(store, events)
    damaged(store, 1, change(store.get(keys.journal_record("one", 1))))
    with pytest.raises(CampaignError, match=message):
        Journal(store, "one")


def test_records_hold_no_time_but_for_people(store, events):
    """Without the time of writing, who wrote it and the chain, two journals of the same events are equal."""

    def timeless(campaign_id):
        records = [json.loads(store.get(key)) for key in store.find(keys.journal(campaign_id))]
        return [
            {
                name: value
                for name, value in record.items()
                if name not in ("written_at", "conductor", "previous_sha256")
            }
            for record in records
        ]

    for campaign_id in ("one", "two"):
        journal = Journal(store, campaign_id)
        for event in events:
            journal.append(journal.draft(event))
    assert timeless("one") == timeless("two")


def test_a_malformed_id_is_refused_before_the_store_is_touched(store):
    """An id is part of keys: nothing else than letters, digits and dashes is one."""
    for campaign_id in ("", "../up", "A", "a b", "-a", "x" * 54):
        with pytest.raises((CampaignError, StoreError), match="campaign id"):
            Journal(store, campaign_id)

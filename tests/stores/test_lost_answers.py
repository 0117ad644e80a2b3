"""Answers of a store that get lost: a request was carried out, and its sender was told otherwise."""

import pytest

from also import keys
from also.campaign.journal import Journal
from also.errors import CampaignError, StoreError
from also.store import open_store
from also.v1.journal_pb2 import Held
from tools.lossy_proxy import every_first

FAULTS = ["504", "reset", "refused"]


def once(fault, *, method, part):
    """The first answer to requests of a method whose path has a part."""
    return lambda asked, path, before: fault if before == 0 and asked == method and part in path else ""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_record_whose_answer_got_lost_is_ones_own(behind, uri, fault):
    """A conductor whose record was stored, or not, by a request that failed goes on, and the chain is whole."""
    store = behind.opened(uri)
    behind.fault = once(fault, method="PUT", part="journal/00000001")
    journal = Journal(store, "one")
    for stage in range(3):
        journal.append(journal.draft(Held(stage=stage)))
    assert [kind for _, _, kind in behind.gateway.lost] == [fault]
    assert Journal(store, "one").records == journal.records
    assert len(journal.records) == 3


@pytest.mark.parametrize("fault", FAULTS)
def test_a_record_of_another_conductor_is_not_ones_own(behind, uri, fault):
    """Another conductor's record of the same event, in the same second, ends this one, lost answers or not."""
    store = behind.opened(uri)
    first, second = Journal(store, "one"), Journal(store, "one")
    record = first.draft(Held(stage=0))
    same = second.draft(Held(stage=0))
    same.written_at = record.written_at
    behind.fault = once(fault, method="PUT", part="journal/")
    first.append(record)
    behind.gateway.asked.clear()
    with pytest.raises(CampaignError, match="another conductor is running campaign 'one': it wrote record 0 first"):
        second.append(same)
    assert Journal(store, "one").records == [record]


def test_every_request_may_lose_its_answer_once(behind, uri):
    """Whatever is asked of a store, the first answer to each request lost, comes to the same."""
    behind.fault = every_first
    store = behind.opened(uri)
    assert store.create("campaigns/one/a", b"mine") is True
    assert store.create("campaigns/one/a", b"other") is False
    store.ensure("campaigns/one/b", b"any")
    store.ensure("campaigns/one/b", b"any")
    assert store.get("campaigns/one/a") == b"mine"
    assert store.exists("campaigns/one/b")
    assert not store.exists("campaigns/one/c")
    assert store.find("campaigns/") == ["campaigns/one/a", "campaigns/one/b"]
    assert store.names("campaigns/") == ["one"]
    store.delete("campaigns/one/b")
    store.delete("campaigns/one/b")
    assert store.find("") == [keys.STORE_MARKER, "campaigns/one/a"]
    assert {kind for _, _, kind in behind.gateway.lost} == {"504", "reset"}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_half_an_answer_is_none(behind, uri, method):
    """An answer that breaks off in the middle is asked for again, listings too."""
    store = behind.opened(uri)
    content = bytes(range(256)) * 64
    behind.fault = lambda asked, path, before: "half" if asked == method and before == 0 else ""
    assert store.create("campaigns/one/a", content)
    assert store.get("campaigns/one/a") == content
    assert store.find("campaigns/") == ["campaigns/one/a"]


def test_a_large_object_that_is_there_is_kept(behind, uri):
    """A server may refuse 16 MiB by closing the connection before it has read them: what is there counts."""
    store = behind.opened(uri)
    content = b"0123456789abcdef" * (1 << 20)
    store.ensure("campaigns/one/blobs/x", content)
    behind.fault = lambda method, path, before: "reset" if method == "PUT" and before == 1 else ""
    store.ensure("campaigns/one/blobs/x", content)
    assert [kind for _, _, kind in behind.gateway.lost] == ["reset"]
    assert store.get("campaigns/one/blobs/x") == content


def test_a_gateway_that_says_no_is_believed(behind, uri, monkeypatch):
    """What is refused before it was carried out, again and again, ends as the server's own code and message."""
    store = behind.opened(uri)
    behind.fault = lambda method, path, before: "refused" if method == "PUT" else ""
    monkeypatch.setattr("also.store.objects.PATIENCE_SECONDS", 1)
    impatient = open_store.__globals__["RETRY"] | {"max_retries": 1}
    monkeypatch.setitem(open_store.__globals__, "RETRY", impatient)
    behind.fault = lambda method, path, before: "refused" if method == "PUT" and "campaigns" in path else ""
    store = behind.opened(uri)
    with pytest.raises(StoreError, match="503 Service Unavailable: SlowDown: Please reduce your rate"):
        store.create("campaigns/one/a", b"")
    assert store.find("campaigns/") == []

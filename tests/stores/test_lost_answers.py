"""Answers of a store that get lost: a request was carried out, and its sender was told otherwise."""

import pytest

from also import keys
from also.campaign.journal import Journal
from also.errors import CampaignError, MissingStoreError, StoreError
from also.store import open_store
from also.v1.journal_pb2 import Held
from tools.lossy_proxy import every_first

FAULTS = ["504", "reset", "refused"]


def once(fault, *, method, part):
    """The first answer to requests of a method whose path has a part."""
    return lambda asked, path, before: fault if before == 0 and asked == method and part in path else ""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_record_whose_answer_got_lost_is_ones_own(behind, uri, place, fault):
    """A conductor whose record was stored, or not, by a request that failed goes on, and the chain is whole."""
    store = behind.opened(uri)
    behind.fault = once(fault, method="PUT", part="journal/00000001")
    journal = Journal(store, place)
    for stage in range(3):
        journal.append(journal.draft(Held(stage=stage)))
    assert [kind for _, _, kind in behind.gateway.lost] == [fault]
    assert Journal(store, place).records == journal.records
    assert len(journal.records) == 3


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_record_of_another_conductor_is_not_ones_own(behind, uri, place, fault):
    """Another conductor's record of the same event, in the same second, ends this one, lost answers or not."""
    store = behind.opened(uri)
    first, second = Journal(store, place), Journal(store, place)
    record = first.draft(Held(stage=0))
    same = second.draft(Held(stage=0))
    same.written_at = record.written_at
    behind.fault = once(fault, method="PUT", part="journal/")
    first.append(record)
    behind.gateway.asked.clear()
    with pytest.raises(CampaignError, match=r"another conductor is running campaign .*: it wrote record 0 first"):
        second.append(same)
    assert Journal(store, place).records == [record]


@pytest.mark.slow
def test_every_request_may_lose_its_answer_once(behind, empty_uri, place):
    """Whatever is asked of a store, the first answer to each request lost, comes to the same."""
    behind.fault = every_first
    store = behind.opened(empty_uri)
    assert store.create(f"campaigns/{place}/a", b"mine") is True
    assert store.create(f"campaigns/{place}/a", b"other") is False
    store.ensure(f"campaigns/{place}/b", b"any")
    store.ensure(f"campaigns/{place}/b", b"any")
    assert store.get(f"campaigns/{place}/a") == b"mine"
    assert store.exists(f"campaigns/{place}/b")
    assert not store.exists(f"campaigns/{place}/c")
    assert store.find("campaigns/") == [f"campaigns/{place}/a", f"campaigns/{place}/b"]
    assert store.names("campaigns/") == [place]
    store.delete(f"campaigns/{place}/b")
    store.delete(f"campaigns/{place}/b")
    assert store.find("") == [keys.STORE_MARKER, f"campaigns/{place}/a"]
    assert {kind for _, _, kind in behind.gateway.lost} == {"504", "reset"}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_half_an_answer_is_none(behind, uri, place, method):
    """An answer that breaks off in the middle is asked for again, listings too."""
    store = behind.opened(uri)
    content = bytes(range(256)) * 64
    behind.fault = lambda asked, path, before: "half" if asked == method and before == 0 else ""
    assert store.create(f"campaigns/{place}/a", content)
    assert store.get(f"campaigns/{place}/a") == content
    assert store.find(f"campaigns/{place}/") == [f"campaigns/{place}/a"]


@pytest.mark.slow
def test_a_large_object_that_is_there_is_kept(behind, uri, place):
    """A server may refuse 16 MiB by closing the connection before it has read them: what is there counts."""
    store = behind.opened(uri)
    content = b"0123456789abcdef" * (1 << 20)
    store.ensure(f"campaigns/{place}/blobs/x", content)
    behind.fault = lambda method, path, before: "reset" if method == "PUT" and before == 1 else ""
    store.ensure(f"campaigns/{place}/blobs/x", content)
    assert [kind for _, _, kind in behind.gateway.lost] == ["reset"]
    assert store.get(f"campaigns/{place}/blobs/x") == content


@pytest.mark.slow
def test_a_gateway_that_says_no_is_believed(behind, uri, place):
    """What is refused before it was carried out, again and again, ends as the server's own code and message."""
    behind.opened(uri)
    store = behind.opened(uri, patience_seconds=1)
    behind.fault = lambda method, path, before: "refused" if method == "PUT" else ""
    with pytest.raises(StoreError, match="503 Service Unavailable: SlowDown: Please reduce your rate"):
        store.create(f"campaigns/{place}/a", b"")
    assert store.find(f"campaigns/{place}/") == []


def test_a_server_that_overwrites_is_refused_and_not_marked(behind, empty_uri):
    """Before anything is written: an empty place stays empty."""
    behind.fault = lambda method, path, before: "overwritten"
    with pytest.raises(
        StoreError, match=r"let \d+ of 8 writers create the same object in round 0; exactly 1 is allowed"
    ):
        behind.opened(empty_uri)
    with pytest.raises(MissingStoreError, match="is empty"):
        open_store(empty_uri, create=False)


def test_a_server_that_has_come_to_overwrite_is_refused(behind, uri):
    """A store that is ours is proven by one more request whenever it is opened to be written to; reading needs none."""
    behind.opened(uri)
    behind.fault = lambda method, path, before: "overwritten"
    with pytest.raises(StoreError, match="overwrites an object that is there: it would lose decisions"):
        behind.opened(uri)
    assert open_store(uri, create=False).exists(keys.STORE_MARKER)


@pytest.mark.slow
def test_whoever_may_not_delete_can_still_open(behind, empty_uri):
    """A probe that cannot be deleted stays, and makes the place no foreign one."""
    behind.fault = lambda method, path, before: "denied" if method in ("POST", "DELETE") else ""
    for _ in range(2):
        store = behind.opened(empty_uri)
    assert len(store.find(keys.PROBES)) == 3

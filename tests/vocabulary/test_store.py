"""The object store: immutable objects with exactly one creator each."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from also import keys
from also.errors import DocumentError, MissingObjectError, StoreError
from also.store import local_folder, open_store, probe_listing, probe_race, sweep_staging
from also.v1 import task_pb2

OPEN_AND_RACE = """
import sys
from also.store import open_store

uri, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
store = open_store(uri)
print(*[index for index in range(count) if store.create(f"race/{index:03d}", name.encode())])
"""


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    """An empty store of each kind that needs no server."""
    return open_store(str(tmp_path / "store") if request.param == "folder" else "memory:///")


def test_an_object_is_created_once(store):
    """The second creator is told so, and the first one's content stays."""
    assert store.create("a/b.json", b"first") is True
    assert store.create("a/b.json", b"second") is False
    assert store.get("a/b.json") == b"first"


def test_a_missing_object_is_a_missing_object(store):
    """Reading what is not there is an error of its own class, naming the key."""
    assert store.exists("a/b.json") is False
    with pytest.raises(MissingObjectError, match=r"has no object 'a/b.json'"):
        store.get("a/b.json")


def test_an_empty_object_is_an_object(store):
    """An object of no bytes exists."""
    assert store.create("empty", b"")
    assert store.exists("empty")
    assert store.get("empty") == b""


def test_objects_are_found_by_prefix_in_order(store):
    """`find` goes to all depths; a prefix is a folder, never the beginning of a name."""
    for key in ("c/2", "c/10", "c/1/x", "cc/1"):
        store.create(key, b"")
    assert store.find("c/") == ["c/1/x", "c/10", "c/2"]
    assert store.find("nothing/") == []
    assert store.find("") == [keys.STORE_MARKER, "c/1/x", "c/10", "c/2", "cc/1"]


def test_names_are_one_level_deep(store):
    """`names` lists what is directly below a prefix, without what is deeper."""
    for key in ("c/2/a", "c/2/b", "c/1", "d/1"):
        store.create(key, b"")
    assert store.names("c/") == ["1", "2"]
    assert store.names("nothing/") == []
    assert store.names("") == [keys.STORE_MARKER, "c", "d"]


def test_deleting_twice_is_deleting_once(store):
    """Deleting what is not there does nothing."""
    store.create("a", b"")
    store.delete("a")
    store.delete("a")
    assert store.exists("a") is False


def test_messages_are_stored_as_canonical_json(store):
    """A message comes back equal, and can be read by any other program."""
    task = task_pb2.Task(name="foraging", layout="8x8-2p-2f-coop")
    assert store.create_message("task.json", task)
    assert store.get("task.json") == b'{"layout":"8x8-2p-2f-coop","name":"foraging"}'
    assert store.get_message("task.json", task_pb2.Task) == task


def test_a_damaged_message_is_a_document_error(store):
    """An object that is not such a message is named in the error."""
    store.create("task.json", b'{"name":"fora')
    with pytest.raises(DocumentError, match=r"^task.json is not JSON"):
        store.get_message("task.json", task_pb2.Task)


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "a//b"])
def test_a_key_cannot_leave_the_store(store, key):
    """A key with empty or parent parts is refused, whatever is done with it."""
    for use in (store.get, store.exists, store.delete, lambda key: store.create(key, b"")):
        with pytest.raises(StoreError, match="cannot be"):
            use(key)


def test_threads_that_race_have_one_winner(store):
    """Of many threads that create one object, exactly one is told that it did."""
    probe_race(store, rounds=20, writers=16)
    assert store.find("probe/") == []


@pytest.mark.slow
def test_processes_that_race_have_one_winner(tmp_path):
    """Processes that open one empty folder at once all succeed, and each object has one creator."""
    uri, count = str(tmp_path / "store"), 200
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN_AND_RACE, uri, f"racer-{number}", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    wins = {}
    for number, racer in enumerate(racers):
        output, _ = racer.communicate()
        assert racer.returncode == 0
        for index in output.split():
            assert index not in wins
            wins[index] = f"racer-{number}"
    store = open_store(uri, create=False)
    assert len(wins) == count
    for index, winner in wins.items():
        assert store.get(f"race/{int(index):03d}").decode() == winner


def test_a_store_that_lets_two_create_is_refused(tmp_path):
    """A store that ignores create-if-absent would lose decisions: the probe tells."""
    store = open_store(str(tmp_path))

    class Overwriting(type(store)):
        def create(self, key, content):
            super().create(key, content)
            return True

    with pytest.raises(StoreError, match="let 4 of 4 writers create the same object in round 0; exactly 1 is allowed"):
        probe_race(Overwriting(store.uri, store._backend), rounds=1, writers=4)


def test_an_opened_store_can_be_opened_again(tmp_path):
    """An empty place becomes a store, and is one from then on."""
    open_store(str(tmp_path)).create("campaigns/a/x", b"1")
    assert open_store(str(tmp_path), create=False).get("campaigns/a/x") == b"1"
    assert open_store(tmp_path.as_uri()).get("campaigns/a/x") == b"1"


@pytest.mark.slow
def test_threads_that_open_an_empty_place_at_once_all_open_it(tmp_path):
    """Marking an empty place is a race that nobody loses."""
    with ThreadPoolExecutor(8) as pool:
        for number in range(10):
            uri = str(tmp_path / str(number))
            assert len(list(pool.map(lambda _, uri=uri: open_store(uri), range(8)))) == 8


def test_a_file_uri_may_have_escapes(tmp_path):
    """`file://` paths are decoded."""
    folder = tmp_path / "with space"
    assert local_folder(folder.as_uri()) == folder


@pytest.mark.parametrize(
    ("uri", "complaint"),
    [
        ("", "URI is empty; a folder's path, file:///path, s3://"),
        ("ftp://host/path", "store 'ftp://host/path' is not allowed; a folder's path"),
        ("http://host/path", "store 'http://host/path' is not allowed; a folder's path"),
        ("://", "store '://' is not allowed; a folder's path"),
        ("file://relative/path", "store 'file://relative/path' names no absolute folder; file:///path is expected"),
        ("s3://", "store 's3://' cannot be opened: "),
        ("s3://[", "store 's3://[' cannot be opened: "),
    ],
)
def test_a_malformed_uri_is_refused(uri, complaint):
    """A URI that names no possible store is one clear error."""
    with pytest.raises(StoreError) as caught:
        open_store(uri)
    assert complaint in str(caught.value)


def test_a_file_is_no_store(tmp_path):
    """A store is a folder."""
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(StoreError, match=r"file is a file; a folder is expected"):
        open_store(str(file))
    assert file.read_text() == "mine"


@pytest.mark.parametrize("place", ["below-a-file", "proc"])
def test_an_unwritable_place_is_refused(tmp_path, place):
    """A place where no folder can be made is refused, for root too."""
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "store" if place == "below-a-file" else Path("/proc/also-store")
    with pytest.raises(StoreError, match=r"store .* cannot be written: "):
        open_store(str(folder))


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path):
    """A folder with somebody's files is not a store, and nothing is written into it."""
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(StoreError, match="holds something that ALSO did not write"):
        open_store(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"7", b"\xff\xfe"])
def test_a_damaged_marker_is_refused(tmp_path, content):
    """A store whose marker cannot be read is not used."""
    (tmp_path / keys.STORE_MARKER).write_bytes(content)
    with pytest.raises(StoreError, match=r"has a damaged also.json; an ALSO store is expected"):
        open_store(str(tmp_path))
    assert (tmp_path / keys.STORE_MARKER).read_bytes() == content


def test_another_layout_version_is_refused(tmp_path):
    """A store of a later ALSO is not read as if it were ours."""
    (tmp_path / keys.STORE_MARKER).write_text('{"also_store": 2}')
    with pytest.raises(StoreError, match="has layout version 2; this ALSO reads version 1"):
        open_store(str(tmp_path))


def test_reading_makes_no_store(tmp_path):
    """Without `create`, a missing or empty place is an error, and stays as it is."""
    with pytest.raises(StoreError, match="does not exist"):
        open_store(str(tmp_path / "missing"), create=False)
    with pytest.raises(StoreError, match="is empty; no campaign has been run there"):
        open_store(str(tmp_path), create=False)
    assert list(tmp_path.iterdir()) == []


def test_old_staging_files_are_swept(tmp_path):
    """What a killed create left an hour ago goes when the store is opened; a fresh one, and objects, stay."""
    store = open_store(str(tmp_path))
    store.create("campaigns/a/object", b"1")
    old, fresh = tmp_path / "campaigns/a/object#1", tmp_path / "campaigns/a/object#2"
    old.write_bytes(b"half")
    fresh.write_bytes(b"half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    open_store(str(tmp_path))
    assert not old.exists()
    assert fresh.exists()
    assert store.find("campaigns/") == ["campaigns/a/object"]
    assert sweep_staging(tmp_path, older_than_seconds=-1) == 1


def test_a_store_whose_server_lists_wrongly_is_told(tmp_path):
    """A server that loses names one level deep, or keys, fails the probe."""
    store = open_store(str(tmp_path))
    probe_listing(store)
    assert store.find("probe/") == []

    class Nameless(type(store)):
        def names(self, prefix):
            return [name for name in super().names(prefix) if "-" in name]

    class Forgetful(type(store)):
        def find(self, prefix):
            return super().find(prefix)[1:]

    with pytest.raises(
        StoreError, match=r"names one level below 'probe/.*' as \['a-b'\]; \['a', 'a-b', 'a0', 'b', 'c'\] is"
    ):
        probe_listing(Nameless(store.uri, store._backend))
    with pytest.raises(StoreError, match=r"lists 'probe/.*' as .* is expected"):
        probe_listing(Forgetful(store.uri, store._backend))


def test_what_is_created_again_with_equal_bytes_is_there(store):
    """Of equal contents nobody can tell whose they are: creating them again is no refusal, other ones are."""
    assert store.create("a", b"same") is True
    assert store.create("a", b"same") is True
    assert store.create("a", b"other") is False
    store.ensure("a", b"other")
    assert store.get("a") == b"same"

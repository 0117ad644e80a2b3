"""A folder is there whole, or not at all."""

import pytest

from also.errors import InputError
from also.exporting.folder import check_free, write_whole


def test_a_folder_holds_all_files_and_leaves_nothing_beside(tmp_path):
    """Its parents are made; an empty folder of that name may be there."""
    for folder in (tmp_path / "deep" / "policy", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        write_whole(folder, {"a": b"1", "b": b"2"})
        assert {each.name: each.read_bytes() for each in folder.iterdir()} == {"a": b"1", "b": b"2"}
        assert [each.name for each in folder.parent.iterdir() if each.name.startswith(".")] == []


def test_what_is_there_is_never_written_over(tmp_path):
    """A folder that holds something, a file, a place below a file: each is named and stays as it is."""
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"is not empty: it holds thesis\.txt; name a new or an empty folder"):
        write_whole(full, {"a": b"1"})
    assert [each.name for each in full.iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match="is a file"):
        check_free(full / "thesis.txt")
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(full / "thesis.txt" / "policy", {"a": b"1"})


def test_a_write_that_fails_leaves_no_folder(tmp_path):
    """Nor what was written before it."""
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / "policy", {"a": b"1", "no/such/folder": b"2"})
    assert list(tmp_path.iterdir()) == []

"""Prompt files are filled in whole, and every change of one shows in the hash."""

import shutil

import pytest

from also.briefing.prompt import TEXTS, fill, prompt_sha256, text


@pytest.mark.parametrize("name", sorted(path.stem for path in TEXTS.glob("*.md")))
def test_a_change_of_any_file_changes_the_hash(tmp_path, name):
    """One more character, another name, or a file more."""
    folder = shutil.copytree(TEXTS, tmp_path / "texts")
    before = prompt_sha256(folder)
    assert before == prompt_sha256(TEXTS)
    path = folder / f"{name}.md"
    path.write_text(path.read_text() + " ")
    changed = prompt_sha256(folder)
    path.rename(folder / "another.md")
    assert len({before, changed, prompt_sha256(folder)}) == 3


def test_files_are_hashed_by_where_they_are(tmp_path):
    """The same content in two files is not the same as once."""
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("same")
    one, other = tmp_path / "a.md", tmp_path / "b.md"
    assert len({prompt_sha256(one), prompt_sha256(other), prompt_sha256(one, other), prompt_sha256(other, one)}) == 4
    assert prompt_sha256(tmp_path) == prompt_sha256(one, other)


def test_sections_are_filled_in_as_they_are():
    """What looks like a section inside a section is none."""
    assert fill("a $one b $two", one="$two ${x} $$", two="2") == "a $two ${x} $$ b 2"


@pytest.mark.parametrize(
    ("template", "sections"), [("$a", {}), ("$a", {"a": "1", "b": "2"}), ("", {"a": "1"}), ("$a costs 5$", {"a": "1"})]
)
def test_a_section_too_many_or_too_few_is_an_error(template, sections):
    """A prompt never lacks a part silently."""
    with pytest.raises(ValueError, match="template has the sections"):
        fill(template, **sections)


def test_every_shared_text_is_plain():
    """No blank ends, no dollar sign that a template would trip over, nothing but ASCII."""
    for path in TEXTS.glob("*.md"):
        found = text(path.stem)
        assert found and found == found.strip() and "$" not in found and found.isascii()

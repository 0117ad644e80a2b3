"""`also compare` as a person types it."""

import copy
import json

import pytest


@pytest.fixture
def campaigns(write_journal, records):
    """Group `many` of three seeds, of one campaign's records, and a campaign `one`."""
    for campaign_id, seed in (("many-s1", 1), ("many-s2", 2), ("many-s3", 3), ("one", 1)):
        copied = copy.deepcopy(records)
        copied[0].started.campaign.seed = seed
        write_journal(campaign_id, copied)


@pytest.mark.slow
def test_a_comparison_is_shown_and_written_and_the_store_stays_as_it_is(also, campaigns, tmp_path, monkeypatch):
    """A table on the screen, a document, figures, curves, and marl-eval's form."""
    monkeypatch.setenv("COLUMNS", "200")
    store = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*")}
    for name in ("made/c.md", "made/c.json", "made/c.png"):
        code, out, said = also("compare", "many", "one", "-o", name)
        assert (code, said) == (0, "")
    assert "foraging/6x6-2p-2f-coop: interquartile means over seeds" in out
    assert "note: One seed says nothing of another one: there is no interval for one." in out
    assert out.endswith("written: made/c.png\n")
    code, out, said = also("compare", "mine=many-s1", "one", "--marl-eval", "made/m.json")
    assert (code, said) == (0, "")
    assert out.endswith("written: made/m.json\n")
    made = tmp_path / "made"
    assert (made / "c.md").read_text(encoding="utf-8").startswith("# many, one: foraging/6x6-2p-2f-coop\n")
    assert (made / "c.png").read_bytes().startswith(b"\x89PNG")
    assert [len(each["campaigns"]) for each in json.loads((made / "c.json").read_text())["groups"]] == [3, 1]
    assert list(json.loads((made / "m.json").read_text())["foraging"]["6x6-2p-2f-coop"]) == ["mine", "one"]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*")} == store


def test_json_is_printed_and_nothing_else(also, campaigns):
    """For programs."""
    code, out, said = also("compare", "many", "--json")
    assert (code, said, out.count("\n")) == (0, "", 1)
    assert json.loads(out)["groups"][0]["name"] == "many"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["many", "-o", "c.txt"], "c.txt is not allowed; the name ends in .md or .json or .png"),
        (["many", "-o", "store"], "store is not allowed; the name ends in .md or .json or .png"),
        (["many", "--marl-eval", "m.csv"], "m.csv is not allowed; the name ends in .json"),
        (["many", "-o", "many-s1/x.md"], "many-s1/x.md cannot be written"),
        (["many", "one", "-o", "c.md", "--marl-eval", "m.json"], "many has 1, 2, 3, one has 1"),
        (["none"], "there is no campaign or group 'none'; the store holds many-s1, many-s2, many-s3, one"),
    ],
)
def test_what_cannot_be_compared_or_written_is_one_line(also, campaigns, tmp_path, arguments, message):
    """Exit code 2."""
    (tmp_path / "many-s1").write_text("a file", encoding="utf-8")
    code, _, said = also("compare", *arguments)
    assert (code, said.count("\n")) == (2, 1)
    assert message in said
    assert {path.name for path in tmp_path.iterdir() if path.suffix} == set(), "nothing is written"

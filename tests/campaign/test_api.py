"""ALSO from Python is what the command is."""

import json
import subprocess
import sys

import pytest

import also
from also import document
from also.campaign import spec
from also.campaign.fold import fold
from also.errors import CampaignError, DocumentError, MissingStoreError
from also.v1.journal_pb2 import JournalRecord


def test_a_campaign_is_loaded_as_the_command_loads_it(tmp_path):
    """By name or file, with changes; its id is the file's name unless another is given."""
    file = tmp_path / "mine.yaml"
    file.write_text("task: {name: warehouse, layout: tiny-2ag}", encoding="utf-8")
    loaded = also.Campaign.load(file, "stages.count=3")
    assert (loaded.id, loaded.folder) == ("mine", str(tmp_path))
    assert loaded.file == spec.load(file, ["stages.count=3"])
    brought = also.Campaign.load("predator_prey", campaign_id="hunt")
    assert (brought.id, brought.folder) == ("hunt", "")
    assert also.Campaign.read({"task": {"name": "foraging", "layout": "8x8-2p-2f-coop"}}, campaign_id="a").id == "a"


def test_what_is_no_campaign_is_refused_with_the_commands_own_words(tmp_path):
    """An unknown key, an id that cannot be one, a store that is not there."""
    with pytest.raises(DocumentError, match="stages"):
        also.Campaign.load("foraging", "stages.cuont=3")
    with pytest.raises(CampaignError, match="My Campaign"):
        also.Campaign.load("foraging", campaign_id="My Campaign")
    with pytest.raises(MissingStoreError):
        also.open("foraging", str(tmp_path / "nowhere"))


@pytest.mark.slow
def test_also_itself_is_loaded_without_its_interface():
    """Whoever imports a part of ALSO pays for that part; whoever asks for the interface gets it."""
    code = (
        "import sys, also; before = 'also.api' in sys.modules; also.Campaign; print(before, 'also.api' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False True\n"
    with pytest.raises(AttributeError, match="nonsense"):
        _ = also.nonsense


@pytest.mark.slow
def test_a_campaign_that_was_run_by_the_command_is_opened_and_gone_on_with(finished):
    """The state is the journal's, and a run of a finished campaign ends at once with the same."""
    store = str(finished.folder / "store")
    state = fold([document.read(JournalRecord, json.loads(line)) for line in finished.printed.splitlines()])
    opened = also.open("tiny", store)
    assert opened.state == state
    assert opened.finished
    assert opened.final_return == state.reported.evaluation.returns.mean
    assert [mean for _, mean in opened.curve] == [
        *[stage.mean_return for stage in state.stages],
        opened.final_return,
    ]
    assert opened.curve[-1][0] == opened.summary()["env_steps"] == state.env_steps
    assert opened.checkpoint_id == state.finished.checkpoint_id
    assert also.Campaign.load(finished.folder / "tiny.yaml").run(store) == opened


@pytest.mark.slow
def test_a_campaign_that_is_run_from_python_decides_what_the_command_decides(finished, tmp_path, monkeypatch):
    """The same file in a store of its own, conducted in this process."""
    monkeypatch.setenv("ALSO_LOGS", str(tmp_path / "logs"))
    result = also.Campaign.load(finished.folder / "tiny.yaml").run(str(tmp_path / "store"))
    assert result.state == also.open("tiny", str(finished.folder / "store")).state

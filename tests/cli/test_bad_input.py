"""Bad input: one line that says what is wrong, exit code 2, nothing written."""

import copy
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from also import keys
from also.campaign.fold import fold
from also.settings import child_environment
from also.store import open_store


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "none.yaml"], "campaign file none.yaml cannot be read: No such file or directory"),
        (
            ["run", "no-such"],
            "there is no campaign 'no-such'; ALSO brings foraging, kitchen, navigation, predator-prey, smax",
        ),
        (["run", "bad.yaml"], "bad.yaml: unknown key 'tsak'"),
        (["run", "--set", "seed=-1"], "seed -1 is outside"),
        (["run", "--set", "learner.gamma=high"], "learner.gamma is the text 'high'; a number is expected"),
        (["run", "--set", "validation.adopt=all"], "validation.adopt 'all' is not allowed; allowed: branch, config"),
        (["run", "--campaign", "No Spaces"], "campaign id 'No Spaces' is not allowed"),
        (["run", "--campaign", ""], "campaign id '' is not allowed"),
        (["run", "."], "campaign file . cannot be read: it is a folder; name a file of it: My_Campaign.yaml, bad.yaml"),
        (["run", "foreign"], "it is a folder; name a file of it: there is none that ends in .yaml"),
        (["run", "My_Campaign.yaml"], "give it one, e.g. --campaign my-campaign"),
        (["run", "--store", "ftp://host/x"], "store 'ftp://host/x' is not allowed"),
        (["run", "--store", ""], "the store's URI is empty"),
        (["run", "--store", "foreign"], "holds something that ALSO did not write"),
        (["run", "--store", "bad.yaml"], "is a file; a folder is expected"),
        (["run", "--store", "memory:///"], "local services need one they share"),
        (["run", "--metrics-port", "70000"], "metrics port 70000"),
        (["run", "--metrics-port", "many"], "Invalid value for '--metrics-port'"),
        (["run", "--stay"], "--stay goes on serving /metrics, so it needs --metrics-port too"),
        (
            ["run", "--seeds", "0"],
            "--seeds '0' is not allowed; a number of seeds from 1 to 1,000 is, or a list such as 3,7",
        ),
        (["run", "--seeds", "2", "--set", "seed=3"], "--set 'seed=3' is not allowed beside --seeds"),
        (["run", "--parallel", "2"], "--parallel runs several seeds at once, so it needs --seeds too"),
        (["run", "--seeds", "2", "--parallel", "0"], "Invalid value for '--parallel'"),
        (["run", "--seeds", "2", "--parallel", "2", "--metrics-port", "9"], "it cannot go with --parallel"),
        (["run", "--unknown"], "No such option"),
        (["run", "a.yaml", "b.yaml"], "unexpected extra argument"),
        (["launch"], "No such command 'launch'"),
        (["status"], "does not exist"),
        (["status", "one"], "does not exist"),
        (["compare"], "Missing argument"),
        (["compare", "one"], "does not exist"),
        (
            ["run", "--track", "neptune:x"],
            "--track 'neptune:x' is not allowed; tensorboard:DIR, wandb:PROJECT and mlflow:URI",
        ),
        (["log", "one"], "one place at a time: --tensorboard DIR, --wandb PROJECT or --mlflow URI"),
        (["log", "one", "--tensorboard", "a", "--wandb", "b"], "one place at a time"),
        (
            ["log", "one", "--tensorboard", "bad.yaml"],
            "--tensorboard 'bad.yaml' is not allowed; a folder of this machine is",
        ),
        (["log", "one", "--mlflow", "file:x"], "the http:// or https:// address of an MLflow server is"),
        (["log", "one", "--tensorboard", "board"], "does not exist"),
        (["watch"], "Missing argument"),
        (["watch", "one"], "does not exist"),
        (["replay"], "Missing argument"),
        (["replay", "one"], "does not exist"),
        (["report", "one"], "a report needs a file"),
        (["evaluate", "abc", "--campaign", "one"], "does not exist"),
        (["evaluate", "one"], "does not exist"),
        (["evaluate", "0" * 64], "name its campaign too, with --campaign ID"),
        (
            ["export"],
            "one thing can be exported at a time: --policy ID -o DIR [--campaign ID], or ID... with --preferences",
        ),
        (["export", "--policy", "one"], "one thing can be exported at a time"),
        (["export", "one", "-o", "made"], "one thing can be exported at a time"),
        (["export", "one", "--policy", "one", "-o", "made"], "one thing can be exported at a time"),
        (["export", "one", "--preferences", "p.jsonl", "--campaign", "one"], "one thing can be exported at a time"),
        (["export", "--policy", "one", "-o", "foreign"], "folder foreign is not empty: it holds thesis.txt"),
        (["export", "--policy", "one", "-o", "bad.yaml"], "bad.yaml is a file; name a new or an empty folder"),
        (["export", "--policy", "one", "-o", "made"], "does not exist"),
        (["play"], "Missing argument"),
        (["play", "one"], "does not exist"),
        (["play", "one", "--episode", "first"], "--episode 'first' is not allowed; allowed: best, median, worst"),
        (["play", "one", "-o", "episode.avi"], "episode.avi is not allowed; the name ends in .gif, .mp4 or .html"),
        (["play", "one", "-o", "episode"], "episode is not allowed; the name ends in .gif, .mp4 or .html"),
        (["status", "../../x"], "does not exist"),
        (["tasks", "x" * 300], "task.name has 300 characters; at most 200 are allowed"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(also, tmp_path, arguments, message):
    """Whatever is wrong, the line names it; the folder stays as it was."""
    (tmp_path / "bad.yaml").write_text("tsak: {name: foraging}", encoding="utf-8")
    (tmp_path / "My_Campaign.yaml").write_text("task: {name: foraging, layout: 5x5-2p-1f}", encoding="utf-8")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.txt").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    code, out, said = also(*arguments)
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert message in said
    assert out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_a_port_in_use_is_one_line(also, tmp_path):
    """`--metrics-port` of another process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        code, _, said = also("run", "--metrics-port", str(server.getsockname()[1]))
    assert code == 2
    assert "cannot be used" in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_for_logs_that_cannot_be_made_is_one_line(also, tmp_path, monkeypatch):
    """A file where the folder should be."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    monkeypatch.setenv("ALSO_LOGS", str(tmp_path / "taken"))
    code, _, said = also("run")
    assert code == 2
    assert "the trainer cannot be started with logs in" in said


def test_an_unknown_campaign_is_told_from_a_missing_store(also, write_journal, records):
    """The line says where to see what there is."""
    write_journal("recorded", records)
    for command in (["status"], ["watch"], ["replay"], ["report", "-o", "r.md"], ["evaluate", "abc", "--campaign"]):
        code, _, said = also(*command, "other")
        assert code == 2
        assert "holds no campaign 'other'; `also status` lists those it holds" in said


def test_a_damaged_journal_is_one_line(also, write_journal, records):
    """A record that cannot follow is named."""
    write_journal("recorded", [*records[:2], *records[3:]])
    for command in ("status", "replay"):
        code, _, said = also(command, "recorded")
        assert code == 2
        assert "journal record 2" in said


def test_a_journal_of_an_older_also_is_one_line(also, write_journal, records, tmp_path):
    """Whoever reads it says which record, its version and the one that is read; nothing is written to it."""
    older = copy.deepcopy(records)
    for record in older:
        record.schema_version = 1
    write_journal("older", older)
    before = sorted((tmp_path / "store").rglob("*"))
    commands = (
        ["run", "--campaign", "older"],
        ["status", "older"],
        ["replay", "older"],
        ["report", "older", "-o", "r.md"],
        ["evaluate", "abc", "--campaign", "older"],
    )
    key = keys.journal_record("older", 0)
    for command in commands:
        code, out, said = also(*command)
        assert (code, out) == (2, ""), command
        assert said == f"error: journal record {key} has version 1; this ALSO reads version 2\n"
    assert sorted((tmp_path / "store").rglob("*")) == before
    code, out, _ = also("status")
    assert code == 0
    assert "has version 1" in out


@pytest.mark.slow
def test_the_help_of_every_command_says_what_it_does(also):
    """`--help` exits with 0 and names every option."""
    for command in (
        "run",
        "status",
        "watch",
        "compare",
        "report",
        "replay",
        "tasks",
        "evaluate",
        "export",
        "play",
        "log",
        "doctor",
    ):
        code, out, _ = also(command, "--help")
        assert code == 0
        assert f"also {command}" in out


@pytest.mark.parametrize("checkpoint", ["../../x", "/etc/passwd", "", "A" * 64, "0" * 63])
def test_what_is_no_checkpoint_id_is_one_line(also, write_journal, records, checkpoint):
    """A path, or another text: the line says what an id is and where they are listed; no service is started."""
    write_journal("recorded", records)
    code, out, said = also("evaluate", checkpoint, "--campaign", "recorded")
    assert (code, out, said.count("\n")) == (2, "", 1)
    assert "is not allowed; 64 of 0-9 and a-f are, as `also report` lists them" in said


def test_a_checkpoint_that_a_campaign_does_not_have_is_one_line(also, write_journal, records, tmp_path):
    """Nor is a service started for it, whose log would be left behind."""
    write_journal("recorded", records)
    code, _, said = also("evaluate", "0" * 64, "--campaign", "recorded")
    assert code == 2
    assert f"campaign 'recorded' has no checkpoint {'0' * 64}; `also report` lists those it has" in said
    assert not (tmp_path / "logs").exists()


def test_a_campaign_without_a_checkpoint_has_no_policy(also, write_journal, records):
    """Whatever asks for one says so in one line."""
    write_journal("begun", records[:1])
    for command in (["evaluate", "begun"], ["play", "begun"], ["export", "--policy", "begun", "-o", "made"]):
        code, _, said = also(*command)
        assert code == 2
        assert "campaign 'begun' has no checkpoint yet: its first stage is under way" in said


def test_a_task_without_text_is_not_played_in_the_terminal(also, write_journal, records, tmp_path):
    """The line says what to give; no service is started for it."""
    other = copy.deepcopy(records)
    other[0].started.card.task = "navigation/spread-3"
    write_journal("plane", other)
    checkpoint = fold(other).position.checkpoint_id
    open_store(str(tmp_path / "store")).create(keys.checkpoint("plane", checkpoint), b"{}")
    code, _, said = also("play", "plane")
    assert not (tmp_path / "logs").exists()
    assert code == 2
    assert "task 'navigation/spread-3' has no form as text, which grids have; name a file, e.g. -o episode.gif" in said


def test_a_path_is_no_campaign_id(also, write_journal, records):
    """Whatever reads a campaign says so in one line."""
    write_journal("recorded", records)
    for command in (["status"], ["replay"], ["report", "-o", "r.md"], ["export", "--preferences", "p.jsonl"]):
        code, _, said = also(*command, "../../x")
        assert code == 2
        assert "campaign id '../../x' is not allowed" in said


@pytest.mark.slow
def test_a_task_that_is_not_there_leaves_nothing_behind(monkeypatch, tmp_path):
    """Where nobody says where logs go, those of `also tasks` are not put into the current folder."""
    monkeypatch.delenv("ALSO_LOGS", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    (tmp_path / "temporary").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "also", "tasks", "foraging"],
        cwd=tmp_path,
        env=child_environment(TMPDIR=str(tmp_path / "temporary")),
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("trying ")]  # that is of a slow machine
    assert (done.returncode, len(said)) == (2, 1)
    assert [path.name for path in tmp_path.rglob("*")] == ["temporary"]


def test_a_folder_is_no_report(also, write_journal, records, tmp_path):
    """The line says which file might be meant; no plot is written."""
    write_journal("recorded", records)
    code, out, said = also("report", "recorded", "-o", ".")
    assert (code, out) == (2, "")
    assert said == "error: report . cannot be written: it is a folder; name a file, e.g. recorded.html\n"
    assert not list(tmp_path.glob("*.png"))

"""A small campaign with all real processes: the command, four services, branches, the reference."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from also import document, keys
from also.campaign.fold import event_of, fold
from also.campaign.journal import Journal
from also.campaign.replay import differences
from also.cli.page.account import account
from also.store import open_store
from also.v1.branch_pb2 import Evaluation
from also.v1.journal_pb2 import JournalRecord
from also.v1.trainer_pb2 import StageResult

pytestmark = pytest.mark.slow


def finish(process):
    """Wait for a command, and give its exit code, standard output and standard error."""
    out, said = process.communicate(timeout=280)
    return process.returncode, out, said


def test_the_command_prints_the_journal_and_nothing_else(finished, journal_of):
    """With `--json` every line of standard output is a record, in order."""
    printed = [document.read(JournalRecord, json.loads(line)) for line in finished.printed.splitlines()]
    assert printed == journal_of(finished.folder)
    assert printed[-1].WhichOneof("event") == "finished"


def test_every_decision_and_verdict_of_a_real_journal_can_be_derived_again(finished, journal_of):
    """Replay agrees with what real services answered."""
    assert list(differences(journal_of(finished.folder))) == []


def test_every_number_of_the_report_is_in_the_store(finished, journal_of):
    """Checkpoints, evaluations and both totals of env_steps can be found again."""
    folder = finished.folder
    store, state = open_store(str(folder / "store"), create=False), fold(journal_of(folder))
    for stage in state.stages:
        assert store.exists(keys.checkpoint("tiny", stage.trained.checkpoint_id))
        assert store.exists(keys.checkpoint("tiny", stage.decision.checkpoint_id))
    for evaluation in (state.reported.evaluation, state.reported.reference, state.reported.one_shot):
        key = keys.evaluation("tiny", evaluation.checkpoint_id, "report")
        assert store.get_message(key, Evaluation) == evaluation
    assert state.reported.reference_env_steps == state.reported.env_steps == state.env_steps
    assert state.reported.one_shot_env_steps == state.env_steps


def test_the_runs_beside_leave_their_whole_curves(finished, journal_of):
    """Each one's points lie in order, up to the total of its env_steps; the evidence of the main run has its own."""
    folder = finished.folder
    journal = Journal(open_store(str(folder / "store"), create=False), "tiny")
    found = account(journal, str(folder / "store"))
    assert [each.class_ for each in found.beside] == ["reference", "one-shot"]
    for each in found.beside:
        moments = [env_steps for env_steps, _ in each.curve]
        assert moments == sorted(set(moments))
        assert 0 < moments[0] <= moments[-1] <= each.env_steps == found.state.env_steps
        assert each.evaluation is not None
    assert found.points
    main = journal.store.get_message(keys.stage("tiny", "main", 0), StageResult)
    assert main.evidence.curve and not main.curve


def test_the_one_shot_run_is_a_campaign_with_that_config_fixed(finished, real_run, journal_of, tmp_path):
    """A campaign file that says it, with one stage as long and no branches, comes to the same checkpoint and return."""
    state = fold(journal_of(finished.folder))
    assert state.first_proposed.terms
    fixed = document.canonical(state.first_proposed).decode()
    settings = [
        f"--set=shaping={fixed}",
        "--set=stages.count=1",
        f"--set=stages.env_steps={state.env_steps}",
        "--set=validation.share=0",
        "--set=reference.enabled=false",
        "--set=reference.one_shot=false",
    ]
    assert finish(real_run(tmp_path, *settings))[0] == 0
    written_down = fold(journal_of(tmp_path)).reported
    assert written_down.env_steps == state.env_steps
    assert written_down.evaluation.returns == state.reported.one_shot.returns
    assert written_down.evaluation.milestone_score == state.reported.one_shot.milestone_score
    assert state.reported.one_shot.checkpoint_id not in (
        state.reported.evaluation.checkpoint_id,
        state.reported.reference.checkpoint_id,
    )


def test_a_finished_campaign_is_shown_again_without_training(finished, real_run):
    """The same command prints the table and exits with 0; nothing new is in the store."""
    folder = finished.folder
    before = open_store(str(folder / "store"), create=False).find("")
    code, out, _ = finish(real_run(folder))
    assert code == 0
    assert "final return" in out
    assert "without shaping" in out
    assert "one-shot" in out
    assert open_store(str(folder / "store"), create=False).find("") == before


def test_a_checkpoint_is_evaluated_to_the_reported_value(finished, real_environment, journal_of):
    """`also evaluate` gives the number that the campaign reported."""
    folder = finished.folder
    state = fold(journal_of(folder))
    command = [sys.executable, "-m", "also", "evaluate", state.position.checkpoint_id, "--campaign", "tiny", "--json"]
    completed = subprocess.run(
        command, env=real_environment(folder), capture_output=True, text=True, check=True, timeout=120
    )
    assert document.read(Evaluation, json.loads(completed.stdout)) == state.reported.evaluation


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_campaign_leaves_no_process_and_goes_on(finished, real_run, journal_of, tmp_path, number):
    """Ctrl-C or SIGTERM while a branch group trains: no child is left, the command is told, and goes on to the same."""
    with real_run(tmp_path) as process:
        children = []
        while not any(child.name() == "trainer.branch" for child in children):
            assert process.poll() is None
            children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        code, _, said = finish(process)
    assert code == 130
    assert said == f"interrupted; go on with: also run {shlex.quote(str(tmp_path / 'tiny.yaml'))}\n"
    assert children
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    if number == signal.SIGINT:
        assert finish(real_run(tmp_path))[0] == 0
        assert [event_of(each) for each in journal_of(tmp_path)] == [
            event_of(each) for each in journal_of(finished.folder)
        ]


def test_an_unknown_task_writes_nothing(real_run, tmp_path):
    """The trainer's refusal is one line with exit code 2, and no store is made."""
    code, _, said = finish(real_run(tmp_path, "--json", "--set", "task.layout=9x9"))
    assert code == 2
    assert said.startswith("error: layout '9x9' of task 'foraging' is not allowed")
    assert said.count("\n") == 1
    assert not (tmp_path / "store").exists()


def test_a_gpu_that_is_not_there_is_one_line_and_writes_nothing(real_run, tmp_path, monkeypatch):
    """The trainer knows, before there is a store: exit code 2, what was asked for and what is allowed."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    code, out, said = finish(real_run(tmp_path, "--json", "--set", "learner.device=cuda"))
    assert (code, out) == (2, "")
    assert said.startswith("error: learner.device is cuda, but PyTorch ")
    assert said.endswith("; allowed here: auto, cpu\n")
    assert said.count("\n") == 1
    assert not (tmp_path / "store").exists()


def test_a_folder_called_services_is_the_users(finished, real_run, journal_of, tmp_path, monkeypatch):
    """A campaign in a folder whose own `services` raises, and is named by PYTHONPATH first, decides the same."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").write_text('raise RuntimeError("this is mine")', encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([".", str(Path.cwd())]))
    monkeypatch.chdir(tmp_path)
    code, _, said = finish(real_run(tmp_path))
    assert code == 0, said
    assert fold(journal_of(tmp_path)).position == fold(journal_of(finished.folder)).position


def test_a_finished_campaign_goes_on_with_more_and_longer_stages(
    finished, real_run, real_environment, journal_of, tmp_path
):
    """From its last checkpoint, with the runs beside it; its journal keeps what it was, and replays."""
    shutil.copytree(finished.folder, tmp_path, dirs_exist_ok=True)
    before = journal_of(tmp_path)
    code, printed, said = finish(real_run(tmp_path, "--set=stages.count=3", "--set=stages.env_steps=560"))
    assert code == 0, said
    assert "goes on with stages.count from 2 to 3, stages.env_steps from 400 to 560" in printed
    records = journal_of(tmp_path)
    assert records[: len(before)] == before
    assert records[len(before)].HasField("amended")
    state = fold(records)
    assert [stage.trained.env_steps for stage in state.stages] == [400, 400, 560]
    begun = fold(before).position.run_env_steps
    assert state.stages[2].trained.evidence.env_steps == begun + 560
    assert state.reported.reference_env_steps == state.reported.one_shot_env_steps == state.env_steps
    assert list(differences(records)) == []
    command = [sys.executable, "-m", "also", "report", "tiny", "-o", str(tmp_path / "tiny.md")]
    subprocess.run(command, env=real_environment(tmp_path), check=True, capture_output=True, timeout=120)
    told = (tmp_path / "tiny.md").read_text(encoding="utf-8")
    assert "- changed before stage 2: stages.count from 2 to 3, stages.env_steps from 400 to 560" in told
    assert f"after {fold(before).reported.env_steps:,} env_steps" in told

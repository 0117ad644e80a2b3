"""What subcommands show of a recorded campaign."""

import copy
import io
import json

import pytest
import yaml
from google.protobuf.json_format import ParseDict
from rich.console import Console

from also import __version__, document, reasons
from also.campaign.fold import event_of, fold
from also.cli import describe, lines, screen, table
from also.cli.progress import CampaignProgress
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.trainer_pb2 import TrainingProgress
from also.v1.validator_pb2 import ArmProgress, ValidationPhase, ValidationProgress
from also.v1.verdict_pb2 import VerdictReason
from tools.faulty_llm.dialects import LLAMA_CPP
from tools.faulty_llm.server import serving


@pytest.fixture
def recorded(write_journal, records):
    """The recorded campaign in the store; gives its state."""
    write_journal("recorded", records)
    return fold(records)


def test_status_lists_the_campaigns_of_a_store(also, write_journal, records):
    """Finished, under way and damaged ones, each in a row."""
    write_journal("recorded", records)
    write_journal("begun", records[:2])
    write_journal("broken", records[1:])
    code, out, _ = also("status")
    assert code == 0
    assert "finished: StagesDone" in next(line for line in out.splitlines() if "recorded" in line)
    assert "stage 0: diagnosing" in next(line for line in out.splitlines() if "begun" in line)
    assert "cannot be right" in out


def test_status_shows_the_stages_of_a_campaign(also, recorded):
    """Every stage with its decision, and the final return beside the reference's."""
    code, out, _ = also("status", "recorded")
    assert code == 0
    for row in table.rows(recorded):
        for cell in row:
            assert cell.split()[0] in out
    assert "final return" in out
    assert "without shaping" in out


def test_replay_agrees_with_a_real_journal(also, recorded, records):
    """Decisions of the version that recorded it are those of this version."""
    code, out, _ = also("replay", "recorded")
    assert code == 0
    assert f"agrees: all {len(records)} records" in out


def test_replay_tells_the_first_difference(also, write_journal, records):
    """A forged decision: exit code 1, and one line with the record's number."""
    forged = copy.deepcopy(records)
    decided = next(record for record in forged if record.WhichOneof("event") in ("held", "promoted"))
    event_of(decided).run_env_steps += 1
    write_journal("recorded", forged)
    code, out, _ = also("replay", "recorded")
    assert code == 1
    assert out.startswith(f"differs: record {decided.sequence}: ")
    assert out.count("\n") == 1


def test_status_tells_programs_what_it_tells_people(also, write_journal, records):
    """A line a campaign, with the error of one that cannot be read; of one campaign its stages too."""
    write_journal("recorded", records)
    write_journal("begun", records[:2])
    write_journal("broken", records[1:])
    code, out, _ = also("status", "--json")
    listed = {each["campaign"]: each for each in map(json.loads, out.splitlines())}
    assert code == 0
    assert set(listed) == {"recorded", "begun", "broken"}
    assert listed["recorded"]["finish_reason"] == "stages_done"
    assert listed["begun"]["conductor"]["state"] == "unknown"
    assert "cannot be right" in listed["broken"]["error"]
    state = fold(records)
    found = json.loads(also("status", "recorded", "--json")[1])
    assert [each["mean_return"] for each in found["stages"]] == [stage.mean_return for stage in state.stages]
    assert found["reported"]["evaluation"]["returns"]["mean"] == state.reported.evaluation.returns.mean
    assert found["env_steps"] == state.env_steps


def test_a_report_tells_programs_what_a_campaign_came_to(also, recorded):
    """The campaign's summary; without a file and without --json it says what is missing."""
    code, out, _ = also("report", "recorded", "--json")
    assert code == 0
    assert json.loads(out)["reported"]["evaluation"]["returns"]["mean"] == recorded.reported.evaluation.returns.mean
    for arguments in ([], ["--json", "-o", "report.html"]):
        code, out, said = also("report", "recorded", *arguments)
        assert (code, out) == (2, "")
        assert "--json" in said


def test_replay_tells_programs_whether_it_agrees(also, write_journal, records):
    """One object, the first difference in it, and the same exit code."""
    write_journal("recorded", records)
    code, out, _ = also("replay", "recorded", "--json")
    assert (code, json.loads(out)) == (0, {"campaign": "recorded", "records": len(records), "agrees": True})
    forged = copy.deepcopy(records)
    decided = next(record for record in forged if record.WhichOneof("event") in ("held", "promoted"))
    event_of(decided).run_env_steps += 1
    write_journal("forged", forged)
    code, out, _ = also("replay", "forged", "--json")
    assert code == 1
    assert json.loads(out)["difference"].startswith(f"record {decided.sequence}: ")


@pytest.mark.slow
def test_a_report_tells_everything_with_plots_beside_it(also, recorded, tmp_path):
    """Markdown with every stage, every verdict's reason and detail, checkpoints, the file, and PNG plots."""
    code, out, _ = also("report", "recorded", "-o", "made/report.md")
    assert code == 0
    text = (tmp_path / "made" / "report.md").read_text(encoding="utf-8")
    for stage in recorded.stages:
        assert f"## Stage {stage.number}: {describe.decision(stage)}" in text
        assert stage.trained.checkpoint_id in text
        for trial in stage.trials:
            assert trial.verdict.detail in text
            assert reasons.verdict(trial.verdict.reason) in text
    plots = sorted((tmp_path / "made").glob("*.png"))
    assert f"{len(plots)} plots" in out
    assert len(plots) == 1 + sum(bool(each.arms) for stage in recorded.stages for each in stage.validations)
    for path in plots:
        assert f"({path.name})" in text
        assert path.read_bytes().startswith(b"\x89PNG")
    assert yaml.safe_load(text.split("```yaml")[1].split("```")[0]) == document.plain(recorded.campaign)


def test_a_campaign_that_has_just_begun_has_a_report(also, write_journal, records):
    """No stage yet: the report says what is under way."""
    write_journal("begun", records[:1])
    assert also("report", "begun", "-o", "begun.md")[0] == 0


def test_a_report_that_cannot_be_written_is_one_line(also, recorded, tmp_path):
    """A file where a folder should be."""
    (tmp_path / "made").write_text("", encoding="utf-8")
    code, _, said = also("report", "recorded", "-o", "made/report.md")
    assert code == 2
    assert "cannot be written" in said


@pytest.fixture
def file_of(recorded, tmp_path):
    """The campaign file of the recorded campaign."""
    path = tmp_path / "recorded.yaml"
    path.write_text(yaml.safe_dump(document.plain(recorded.campaign)), encoding="utf-8")
    return str(path)


def test_running_a_finished_campaign_shows_its_table(also, file_of, recorded):
    """No service is started; the table, the reference, the checkpoints and the report's command are shown."""
    code, out, _ = also("run", file_of)
    assert code == 0
    for text in ("final return", "without shaping", recorded.finished.checkpoint_id, "also report recorded"):
        assert text in out


def test_json_prints_the_records_of_a_finished_campaign(also, file_of, records):
    """Standard output is the journal, whole, and nothing else."""
    code, out, _ = also("run", file_of, "--json")
    assert code == 0
    printed = [json.loads(line) for line in out.splitlines()]
    assert [record.get("sequence", 0) for record in printed] == list(range(len(records)))


def under_way(progress, records):
    """Bring a progress to the middle of a validation."""
    place = next(record.sequence for record in records if record.WhichOneof("event") == "validated")
    progress.found(records[:2])
    for record in records[2:place]:
        progress.record(record)
    progress.training("reference", 0, TrainingProgress(env_steps=80, env_steps_planned=400, env_steps_per_second=40))
    progress.validation(
        0,
        0,
        ValidationProgress(
            phase=ValidationPhase.VALIDATION_PHASE_SEARCH,
            arms=[
                ArmProgress(arm="control", branches=2, mean_return=0.25),
                ArmProgress(arm="r0-c0", reason=VerdictReason.VERDICT_REASON_DEAD_TERM),
            ],
            env_steps=50,
            env_steps_planned=200,
        ),
    )
    progress.note("critic: gone; trying again")


def test_the_screen_shows_the_step_its_arms_and_the_reference(records):
    """On a terminal: stages, phase, arms with returns and reasons, spent env_steps, notes, time left."""
    console = Console(file=io.StringIO(), force_terminal=True, width=120, markup=False)
    shown = screen.Screen(console)
    with console.capture() as empty:
        console.print(shown._render())
    assert "starting the services" in empty.get()
    under_way(shown, records)
    with console.capture() as captured:
        console.print(shown._render())
    for text in ("validating", "search 25%", "control", "0.250", "DeadTerm", "reference", "trying again", "left"):
        assert text in captured.get()


def test_lines_say_the_same_without_a_terminal(records, capsys):
    """One line for each event, and one for the step under way."""
    shown = lines.Lines()
    under_way(shown, records)
    line = lines.step_line(shown)
    for text in ("stage 0, round 0: validating", "search 25%", "control 0.250", "r0-c0 – DeadTerm", "left"):
        assert text in line
    printed = capsys.readouterr().out
    assert "stage 0 diagnosed" in printed
    assert "stage 0 candidates" in printed
    assert "trying again" in printed


def test_every_event_has_a_line(records):
    """No record of a real campaign is without words."""
    assert all(len(lines.event_line(record)) > 4 for record in records)


def test_spent_env_steps_include_the_step_under_way(records):
    """What the journal says was spent, and what training and branches have taken since."""
    progress = CampaignProgress()
    progress.found(records[:1])
    progress.training("main", 0, TrainingProgress(env_steps=120, env_steps_planned=400))
    assert progress.env_steps == 120
    progress.record(records[1])
    assert progress.env_steps == fold(records[:2]).env_steps


def test_the_time_left_is_told_by_what_was_measured(records):
    """What passes without an env_step does not lengthen it; after a minute of that nobody knows."""
    now = 1000.0
    progress = CampaignProgress(lambda: now)
    progress.found(records[:1])
    now += 50
    assert progress.seconds_left is None
    progress.training("main", 0, TrainingProgress(env_steps=100, env_steps_planned=400))
    left = progress.seconds_left
    assert left is not None
    now += 59
    progress.training("main", 0, TrainingProgress(env_steps=100, env_steps_planned=400))
    assert progress.seconds_left == left
    now += 2
    assert progress.seconds_left is None
    progress.training("main", 0, TrainingProgress(env_steps=200, env_steps_planned=400))
    assert progress.seconds_left is not None


def test_an_answer_that_takes_long_is_no_slow_training(records):
    """The time left stays as it is while a mind is asked, says so, and counts answers for the stages to come."""
    times = [0.0]
    shown = lines.Lines(lambda: times[-1])
    diagnosed = next(record.sequence for record in records if record.WhichOneof("event") == "diagnosed")
    shown.found(records[:1])
    shown.training("main", 0, TrainingProgress(env_steps=300, env_steps_planned=400))
    times.append(10.0)
    for record in records[1:diagnosed]:
        shown.record(record)
    assert shown.asked == "critic"
    left = shown.seconds_left
    assert left is not None
    times.append(610.0)
    assert shown.seconds_left == left
    assert f"about {describe.duration(left)} left after the critic's answer" in lines.step_line(shown)
    shown.record(records[diagnosed])
    stages = shown.state.campaign.stages.count
    assert shown.asked == "generator"
    assert shown.seconds_left == left + 600 * (stages - 1)


def test_what_is_waited_for_is_shown_with_its_time(records):
    """On the line and on the screen, once it takes longer than a blink."""
    console = Console(file=io.StringIO(), force_terminal=True, width=120, markup=False)
    times = [1000.0]
    for shown in (screen.Screen(console, lambda: times[-1]), lines.Lines(lambda: times[-1])):
        shown.found(records[:1])
        shown.waits("Prometheus")
        times.append(times[-1] + 4)
        assert "waits for" not in lines.step_line(shown)
        times.append(times[-1] + 61)
        assert "waits for Prometheus (1:05)" in lines.step_line(shown)
        if isinstance(shown, screen.Screen):
            with console.capture() as captured:
                console.print(shown._render())
            assert "waits for Prometheus (1:05)" in captured.get()
        shown.waits("")
        assert "waits for" not in lines.step_line(shown)


def test_no_time_left_is_told_when_all_is_trained(records):
    """Measuring the final policy takes time that nobody knows: "about 0:00 left" would be wrong for all of it."""
    progress = CampaignProgress()
    progress.found(records[:2])
    told = []
    for record in records[2:-1]:
        progress.record(record)
        told.append(lines.step_line(progress))
    assert any("left" in line for line in told)
    assert "measuring the final policy, once the runs beside it have trained as long" in told


def test_a_sparkline_spans_the_smallest_and_the_largest_value():
    """Equal values are a flat line."""
    assert screen.sparkline([0.0, 0.5, 1.0]) == "▁▅█"
    assert screen.sparkline([0.3, 0.3]) == "▁▁"


def test_durations_are_short():
    """Minutes and seconds, hours where there are any."""
    assert [describe.duration(seconds) for seconds in (5, 425, 3723)] == ["0:05", "7:05", "1:02:03"]


@pytest.mark.slow
def test_the_doctor_checks_this_machine(also, tmp_path):
    """Every line is ok here, and nothing is left in the folder."""
    code, out, _ = also("doctor")
    assert code == 0, out
    assert all(line.startswith("ok ") for line in out.splitlines()[1:])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_doctor_asks_an_llm(also):
    """Both minds' largest questions, by their own services; a server that only chats is found out."""
    with serving() as server:
        server.dialect = LLAMA_CPP
        code, out, _ = also("doctor", "--llm", server.url)
        assert code == 0, out
        assert f"ok      llm: {server.url} answers what critic and generator may ask" in out
        assert len(server.requests) >= 2
        server.says = lambda request: "Hello! How can I help you?"
        code, out, _ = also("doctor", "--llm", server.url)
        assert code == 1
        assert "failed  llm: " in out and "Hello! How can I help" in out


@pytest.mark.slow
def test_the_doctor_fails_on_a_store_that_is_none(also, tmp_path):
    """A foreign folder: one line says so, and the exit code is 1."""
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    code, out, _ = also("doctor", "--store", str(tmp_path))
    assert code == 1
    assert "failed  store" in out


@pytest.mark.slow
def test_tasks_are_listed_by_suite(also):
    """Published names and the rule of all, as the trainer knows them, and how any other is named."""
    code, out, _ = also("tasks")
    assert code == 0
    for name in ("foraging/8x8-2p-2f-coop", "foraging/[2s-]NxN-Ap-Ff", "warehouse/tiny-2ag", "package.module:function"):
        assert name in out
    code, out, _ = also("tasks", "--json")
    assert code == 0
    suites = json.loads(out)["suites"]
    assert [suite["name"] for suite in suites[:2]] == ["foraging", "warehouse"]
    assert all(suite["layouts"] for suite in suites)


@pytest.mark.slow
def test_a_task_that_is_listed_is_shown(also):
    """A real trainer describes one of each suite: features, milestones, agents."""
    for name in ("foraging/8x8-2p-2f-coop", "warehouse/tiny-2ag"):
        code, out, _ = also("tasks", name)
        assert code == 0
        assert out.startswith(name)
        assert "milestone" in out
    code, out, _ = also("tasks", name, "--json")
    assert code == 0
    assert json.loads(out)["task"] == name


def test_the_command_alone_shows_its_help(also):
    """As `-h` does, on standard output."""
    code, out, said = also()
    assert (code, said) == (0, "")
    assert "Usage: also" in out
    assert also("-h") == (code, out, said)


def test_the_version_is_shown(also):
    """It is the package's."""
    assert also("--version") == (0, f"ALSO {__version__}\n", "")


@pytest.mark.slow
def test_one_is_one(also, recorded, records, write_journal):
    """ "1 plot", not "1 plots"."""
    write_journal("begun", records[:1])
    assert "agrees: all 1 record of begun," in also("replay", "begun")[1]
    write_journal("trained", records[:2])
    assert also("report", "trained", "-o", "trained.md")[1] == "trained.md and 1 plot beside it\n"


@pytest.mark.parametrize(
    "change",
    [
        {"target": "TARGET_KIND_AGENT"},
        {"weight": 0.5001},
        {"aggregate": "AGGREGATE_MEAN"},
        {"gate": {"feature": "distance", "comparison": "COMPARISON_AT_LEAST", "value": 0.25001}},
        {"schedule": {"kind": "SCHEDULE_KIND_LINEAR", "end": 1000, "floor": 0.25}},
    ],
)
def test_two_configs_are_never_told_in_the_same_words(change):
    """What tells them apart is added to both; configs that differ in words already are left as they are."""
    plain = {"form": "SHAPING_FORM_POTENTIAL", "target": "TARGET_KIND_TEAM", "feature": "distance", "weight": 0.5}
    known = {
        "gate": {"gate": {"feature": "distance", "comparison": "COMPARISON_AT_LEAST", "value": 0.25}},
        "schedule": {"schedule": {"kind": "SCHEDULE_KIND_LINEAR", "end": 1000, "floor": 0.5}},
    }
    before = {**plain, **known.get(next(iter(change)), {})}
    first, second = (ParseDict({"terms": [data]}, ShapingConfig()) for data in (before, {**before, **change}))
    assert describe.config(first) == describe.config(second)
    words = describe.configs([first, second, ShapingConfig(), first])
    assert words[0] == words[3] != words[1]
    assert words[0].startswith(describe.config(first) + " (")
    assert words[2] == "no shaping"
    assert describe.configs([first, first]) == [describe.config(first)] * 2

"""What is recorded: many situations of many kinds, honest, whole and small."""

import re
from collections import Counter
from pathlib import Path

import pytest

from also import keys, limits, presets
from also.campaign.comparison import differences
from also.campaign.fold import fold
from also.errors import InputError
from also.judging import moments, recorded
from also.judging.backends import rules
from also.services.critic.phase import learning_phase
from also.services.trainer import checkpoint
from also.services.trainer.tasks.opening import describe
from also.store import open_store
from also.v1.campaign_pb2 import Campaign
from also.v1.diagnosis_pb2 import FailureMode, LearningPhase
from also.v1.journal_pb2 import Promoted
from also.v1.verdict_pb2 import Outcome
from benchmarks.record_situations import sign_shows, tell


def stage_of(each):
    """The stage of a situation's campaign that is asked about."""
    return moments.before_diagnosis(each, rules().critic, rules().generator).stage_under_way


def test_there_are_eighty_situations_of_ten_kinds(situations):
    """Enough for shares to mean something; every failure mode that can be planted is so at least three times.

    That a task's reward is not sparse is no failure of a team: its card says so, and no mind has to find it out.
    """
    modes = [each.situation.planted.mode for each in situations]
    assert len(situations) >= 80
    assert set(modes) == set(FailureMode.values()) - {
        FailureMode.FAILURE_MODE_UNSPECIFIED,
        FailureMode.FAILURE_MODE_REWARD_NOT_SPARSE,
    }
    assert min(modes.count(mode) for mode in set(modes)) >= 3


def test_half_of_them_are_of_other_tasks_than_foraging(situations):
    """What minds were made with is no measure of what they are worth elsewhere."""
    suites = Counter(fold(each.records).card.task.partition("/")[0] for each in situations)
    assert suites["foraging"] <= len(situations) / 2
    assert {"navigation", "predator_prey", "warehouse", "kitchen", "smax"} <= set(suites)


def test_long_run_failures_come_from_promotions_of_their_own_campaigns(situations):
    """The config that holds the team back was promoted there, by the validator, in an earlier stage."""
    long_run = [each for each in situations if each.situation.id.startswith("long-run-")]
    assert len(long_run) >= 2
    for each in long_run:
        promotions = [stage.decision for stage in fold(each.records).stages if isinstance(stage.decision, Promoted)]
        assert promotions[-1].config == stage_of(each).incumbent.config


def test_nobody_is_asked_about_a_team_that_has_solved_its_task(situations):
    """So none of them is."""
    for each in situations:
        state = moments.before_diagnosis(each, rules().critic, rules().generator)
        phase = learning_phase([stage.trained.evidence for stage in state.lineage], state.card)
        assert phase != LearningPhase.LEARNING_PHASE_SOLVED, each.situation.id


def test_no_stage_is_asked_about_twice(situations):
    """Equal questions of the critic would count twice; ids are unique, too."""
    moments_asked = {(each.campaign_id, each.situation.stage) for each in situations}
    assert len(moments_asked) == len({each.situation.id for each in situations}) == len(situations)


def test_later_stages_and_rounds_are_among_them(situations):
    """Minds see histories: earlier stages, and trials of the round before, of which none was promoted."""
    assert sum(each.situation.stage > 0 for each in situations) >= 6
    refined = [each for each in situations if each.situation.round > 0]
    assert len(refined) >= 4
    for each in refined:
        tried = [trial for trial in fold(each.records).trials if trial.stage == each.situation.stage]
        assert {trial.round for trial in tried} >= set(range(each.situation.round))
        assert {trial.verdict.outcome for trial in tried} <= {Outcome.OUTCOME_REJECTED, Outcome.OUTCOME_INCONCLUSIVE}


def test_what_was_planted_shows_in_the_evidence(situations):
    """Each sign is a number of the situation's stage, within its bounds."""
    for each in situations:
        evidence = stage_of(each).trained.evidence
        absent = [tell(sign, evidence) for sign in each.situation.planted.signs if not sign_shows(sign, evidence)]
        assert absent == [], each.situation.id


def test_what_was_planted_names_what_there_is(situations):
    """Milestones and agents are on the card, terms in the incumbent."""
    for each in situations:
        planted, card = each.situation.planted, fold(each.records).card
        assert planted.milestone in ["", *(milestone.name for milestone in card.milestones)]
        assert planted.agent in ["", *card.agents]
        assert planted.term in ["", *(term.name for term in stage_of(each).incumbent.config.terms)]


@pytest.mark.slow
def test_journals_are_of_the_campaigns_that_are_written_down():
    """What was recorded is what the file says, whatever settings have come since; and it keeps its limits."""
    for each in recorded.campaigns():
        stored = Campaign()
        stored.CopyFrom(recorded.journal(each.id)[0].started.campaign)
        presets.resolve(stored)
        assert list(differences(stored, each.campaign)) == [], each.id
        for record in recorded.journal(each.id):
            limits.check(record)


@pytest.mark.slow
def test_no_journal_is_left_over():
    """Each file belongs to a campaign."""
    assert sorted(recorded.journals()) == sorted(f"{each.id}.jsonl" for each in recorded.campaigns())


def test_everything_recorded_is_small():
    """Less than 2 MB, and nothing but what the checkpoints of the situations need."""
    known = re.compile(r"campaigns/[a-z0-9-]+/(blobs/[0-9a-f]{64}|checkpoints/[0-9a-f]{64}\.json)")
    names = recorded.contents(recorded.folder() / recorded.CHECKPOINTS)
    assert [name for name in names if name != keys.STORE_MARKER and not known.fullmatch(name)] == []
    files = [path for path in Path(str(recorded.folder())).rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_000_000


@pytest.mark.slow
def test_every_checkpoint_can_be_loaded(situations, tmp_path):
    """Every byte of it is checked, and it fits its campaign's task and learner."""
    recorded.unpack(tmp_path / "store")
    store = open_store(str(tmp_path / "store"), create=False)
    for each in situations:
        state = fold(each.records)
        snapshot = checkpoint.load(
            store, each.campaign_id, state.campaign, state.card, stage_of(each).trained.checkpoint_id
        )
        assert snapshot.env_steps == stage_of(each).trained.evidence.env_steps


@pytest.mark.slow
@pytest.mark.parametrize("campaign_id", ["far-food", "landmarks"])
def test_the_recorded_card_is_the_tasks_card(campaign_id):
    """A native task's, and that of a task by import path, but for what was not measured when it was recorded."""
    started = recorded.journal(campaign_id)[0].started
    card = describe(started.campaign.task)
    card.action_space.ClearField("masked")
    assert card == started.card


def test_a_folder_that_holds_something_is_refused(tmp_path):
    """Nothing is mixed with what is there, least of all with a store of somebody's campaigns."""
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is not empty"):
        recorded.unpack(tmp_path)
    open_store(str(tmp_path / "store"))
    with pytest.raises(InputError, match="is not empty"):
        recorded.unpack(tmp_path / "store")


@pytest.mark.slow
def test_a_store_that_was_made_here_is_completed(tmp_path):
    """What minds have answered in it stays; what is missing is there again."""
    recorded.unpack(tmp_path / "store")
    answered = tmp_path / "store/campaigns/far-food/exchanges/0/prompt.json"
    answered.parent.mkdir(parents=True)
    answered.write_text("{}", encoding="utf-8")
    manifest = next((tmp_path / "store/campaigns/far-food/checkpoints").iterdir())
    manifest.unlink()
    recorded.unpack(tmp_path / "store")
    assert manifest.exists()
    assert answered.read_text(encoding="utf-8") == "{}"


@pytest.mark.slow
def test_an_unknown_situation_is_refused():
    """The error lists those that there are."""
    with pytest.raises(InputError, match="situation 'none' is not recorded; recorded are: exploration-19x19, "):
        recorded.situations(["none"])

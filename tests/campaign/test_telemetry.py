"""What Prometheus is told of a campaign is a function of its journal."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from also import keys, reasons
from also.campaign.decide import decide
from also.campaign.fold import advance, begin, event_of, fold
from also.campaign.journal import Journal
from also.campaign.run import run
from also.campaign.telemetry import WORKS, Telemetry, judgement, learning, progress
from also.document import read
from also.registry import REGISTRY
from also.store import open_store
from also.v1.journal_pb2 import Held, HoldReason, JournalRecord, Promoted, RolledBack
from also.v1.trainer_pb2 import TrainingProgress
from also.v1.validator_pb2 import VALIDATION_PHASE_SEARCH, ValidationProgress

RECORDED = Path(__file__).parents[1] / "cli" / "recorded.jsonl"


@pytest.fixture(scope="module")
def recorded():
    """Records of a real campaign with a promotion, holds and several rounds."""
    return [read(JournalRecord, json.loads(line)) for line in RECORDED.read_text(encoding="utf-8").splitlines()]


def values(state, records=0):
    """Every value of every metric of a state, by the metric's name and labels."""
    found = {**progress(state, records), **learning(state), **judgement(state)}
    return {
        (next(metric.describe()).name, labels): value
        for metric, shown in found.items()
        for labels, value in shown.items()
    }


def scraped(campaign_id):
    """What Prometheus would read of a campaign's journal, by series."""
    text = generate_latest(REGISTRY).decode()
    ours = (line.rsplit(" ", 1) for line in text.splitlines() if f'campaign="{campaign_id}"' in line)
    own = ("also_campaign_progress", "also_env_steps")
    return {
        re.sub(r'campaign="[^"]*",?', "", series): float(value) for series, value in ours if not series.startswith(own)
    }


def states(records):
    """The states of a campaign, one after each record."""
    state = begin(records[0])
    yield state
    for record in records[1:]:
        state = advance(state, record)
        yield state


def test_a_conductor_that_takes_up_a_campaign_shows_the_same(recorded):
    """One that has watched every record, and one that reads them all at once, export equal values."""
    watched = Telemetry("telemetry-watched")
    watched.found(recorded[:1])
    for record in recorded[1:]:
        watched.record(record)
    Telemetry("telemetry-taken-up").found(recorded)
    assert scraped("telemetry-watched") == scraped("telemetry-taken-up")
    assert len(scraped("telemetry-watched")) > 80


@pytest.mark.slow
def test_a_restarted_conductor_exports_the_journals_counts(serve, new_world, new_campaign, listener):
    """Wherever a real conductor was killed, the next one ends with the same values; nothing is counted twice."""
    campaign, settings = new_campaign(**{"stages.count": 3}), serve(new_world())
    run(campaign, "telemetry-one", settings, listener)
    shown = scraped("telemetry-one")
    journal = Path(settings.store) / keys.journal("telemetry-one")
    for path in sorted(journal.iterdir())[6:]:
        path.unlink()
    run(campaign, "telemetry-one", settings, listener)
    assert scraped("telemetry-one") == shown
    records = Journal(open_store(settings.store), "telemetry-one").records
    decisions = [event for record in records if isinstance(event := event_of(record), Promoted | Held | RolledBack)]
    assert sum(value for series, value in shown.items() if series.startswith("also_decisions_total")) == len(decisions)
    assert shown["also_campaign_journal_records{}"] == len(records)
    assert shown["also_campaign_finished{}"] == 1


def test_no_count_ever_falls(recorded, new_world, new_campaign, played):
    """From record to record every counter stays or rises, and is there from the beginning where alerts count it."""
    fallen = played(new_world(stage_return=lambda stage: 0.9 - 0.4 * stage), new_campaign(**{"stages.count": 4}))
    assert any(isinstance(event_of(record), RolledBack) for record in fallen)
    counters = {"also_decisions", "also_verdicts", "also_findings", "also_rounds", "also_branch_failures"}
    for records in (recorded, fallen):
        before = {}
        for state in states(records):
            now = {key: value for key, value in values(state).items() if key[0] in counters}
            assert [key for key, value in before.items() if now[key] < value] == []
            before = now


def test_whatever_an_alert_counts_is_there_with_zero(recorded):
    """Prometheus sees no rise of a series that begins with 1: every hold and failure has a series from the start."""
    first = values(begin(recorded[0]))
    for reason in reasons.HOLDS:
        assert first["also_decisions", ("held", reasons.hold(reason))] == 0
    for reason in reasons.FAILURES:
        assert first["also_branch_failures", (reasons.failure(reason),)] == 0


def test_a_hold_is_counted_under_its_reason(new_world, new_campaign, played):
    """A stage without candidates holds, and one series rises by one."""
    records = played(new_world(candidates=lambda stage, round: 0), new_campaign(**{"stages.count": 1}))
    shown = values(fold(records))
    name = reasons.hold(HoldReason.HOLD_REASON_NO_CANDIDATES)
    assert shown["also_decisions", ("held", name)] == 1
    assert sum(value for (metric, _), value in shown.items() if metric == "also_decisions") == 1


def test_the_work_shown_is_what_follows(recorded):
    """Exactly one work is 1 while one follows, and none when the campaign is over or a decision follows."""
    for state in states(recorded):
        at = [name for (metric, (*name,)), value in values(state).items() if metric == "also_campaign_work" and value]
        due = WORKS.get(type(decide(state)))
        assert at == ([[due]] if due else [])


def test_what_is_spent_is_what_the_state_says(recorded):
    """Parts add up to the whole, and the stage return is the last stage's."""
    state = fold(recorded)
    shown = values(state)
    parts = shown["also_campaign_env_steps", ("main_run",)] + shown["also_campaign_env_steps", ("branches",)]
    assert parts == shown["also_campaign_spent", ("env_steps",)] == state.env_steps == state.reported.env_steps
    assert shown["also_stage_return", ()] == state.stages[-1].mean_return
    assert shown["also_campaign_reported_return", ("final",)] == state.reported.evaluation.returns.mean


def test_terms_are_shown_by_index_and_form(recorded):
    """Weights are the incumbent's; shares are those of the config that the last stage was trained under."""
    state = fold(recorded)
    shown = values(state)
    weights = [value for (metric, _), value in shown.items() if metric == "also_incumbent_term_weight"]
    shares = [value for (metric, _), value in shown.items() if metric == "also_incumbent_term_share"]
    assert weights == [term.weight for term in state.incumbent.config.terms]
    assert shares == [did.reward_share for did in state.stages[-1].trained.evidence.terms]
    assert shares


def test_no_text_of_a_person_or_an_llm_becomes_a_label(recorded):
    """Names of terms, features and milestones, summaries and reasons in words stay out of Prometheus."""
    Telemetry("telemetry-labels").found(recorded)
    labels = {text for series in scraped("telemetry-labels") for text in re.findall(r'="([^"]*)"', series)}
    names = {term.name for record in recorded for each in record.proposed.candidates for term in each.config.terms}
    assert names
    assert not labels & names
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", label) for label in labels)


def test_only_what_goes_further_is_progress(recorded):
    """A repeated or smaller mark is a sign of life; a record, and more env_steps of any work, are progress."""
    telemetry = Telemetry("telemetry-progress")

    def count():
        return REGISTRY.get_sample_value("also_campaign_progress_total", {"campaign": "telemetry-progress"})

    telemetry.found(recorded[:1])
    assert count() == 0
    for mark in (100, 100, 50, 200):
        telemetry.training("main", 0, TrainingProgress(env_steps=mark))
    assert count() == 2
    telemetry.training("reference", 0, TrainingProgress(env_steps=100))
    telemetry.record(recorded[1])
    assert count() == 4
    for env_steps in (50, 50, 80):
        telemetry.validation(0, 1, ValidationProgress(phase=VALIDATION_PHASE_SEARCH, env_steps=env_steps))
    assert count() == 6

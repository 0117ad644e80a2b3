"""What a tracker gets of a campaign: numbers and texts, each at an env_step of the main run.

`entries` is a pure function of the journal: equal records give equal entries under equal numbers, however many follow.
So a tracker needs to know only how many it has.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from also.campaign.comparison import leaves
from also.campaign.fold import advance, begin
from also.campaign.state import State
from also.document import canonical
from also.v1.evidence_pb2 import Evidence
from also.v1.journal_pb2 import JournalRecord, Promoted, RolledBack

TOTAL = "env_steps/all"
"""Scalar of every entry: env_steps of the main run and all branches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to be logged."""

    number: int
    """Its number, from 0."""
    sequence: int
    """Record of the journal that it comes from."""
    seconds: float
    """When that record was written, seconds since 1970; for people."""
    run_env_steps: int
    """env_steps of the main run: where a chart has it."""
    scalars: Mapping[str, float] = field(default_factory=dict)
    """Numbers by name, e.g. "return/evaluation"."""
    text: str = ""
    """What has happened, one line; empty where there are only numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a tracker gets once for each campaign."""

    campaign_id: str
    """Id of the campaign."""
    identity: str
    """sha256 of its first record, hex: campaigns of one id in two stores are two."""
    task: str
    """Name of the task."""
    config: Mapping[str, Any]
    """The campaign file by dotted path, every default filled in."""


def about(campaign_id: str, records: Sequence[JournalRecord]) -> About:
    """What a tracker gets once, of a campaign with these records."""
    started = records[0].started
    return About(
        campaign_id=campaign_id,
        identity=hashlib.sha256(canonical(records[0])).hexdigest(),
        task=started.card.task,
        config=leaves(started.campaign, item=".{}"),
    )


def entries(records: Iterable[JournalRecord], words: Callable[[JournalRecord], str]) -> list[Entry]:
    """Everything that there is to tell of a campaign, in order.

    Args:
        records: its records, from the first one on.
        words: a record in one line.
    """
    found: list[Entry] = []
    state: State | None = None
    for record in records:
        before = state.env_steps if state is not None else 0
        state = begin(record) if state is None else advance(state, record)
        seconds = datetime.fromisoformat(record.written_at).timestamp() if record.written_at else 0.0
        for run_env_steps, scalars, text in _of(record, state, before, words(record)):
            found.append(
                Entry(
                    number=len(found),
                    sequence=record.sequence,
                    seconds=seconds,
                    run_env_steps=run_env_steps,
                    scalars=scalars,
                    text=text,
                )
            )
    return found


def _of(record: JournalRecord, state: State, before: int, text: str) -> Iterator[tuple[int, Mapping[str, float], str]]:
    """The entry of one record: env_steps of the main run, numbers, text."""
    total = {TOTAL: float(state.env_steps)}
    match record.WhichOneof("event"):
        case "stage_trained":
            trained = record.stage_trained
            evidence = trained.evidence
            offset = before - (evidence.env_steps - trained.env_steps)
            for point in evidence.curve:
                spent = {TOTAL: float(offset + point.env_steps)}
                yield point.env_steps, {"return/training": point.mean_return} | spent, ""
            yield evidence.env_steps, _of_stage(evidence) | total, text
        case "diagnosed" | "proposed":
            yield _position(state), _llm(state) | total, text
        case "validated":
            branches = sum(each.env_steps for stage in state.stages for each in stage.validations)
            yield _position(state), {"env_steps/branches": float(branches)} | total, text
        case "promoted" | "held" | "rolled_back":
            yield state.position.run_env_steps, _of_decision(state) | _llm(state) | total, text
        case "reported":
            reported = record.reported
            final = reported.evaluation
            numbers = {
                "report/return": final.returns.mean,
                "report/return_low": final.return_low,
                "report/return_high": final.return_high,
                "report/success_rate": final.success_rate,
            }
            if reported.HasField("reference"):
                numbers["report/return_without_shaping"] = reported.reference.returns.mean
            if reported.HasField("one_shot"):
                numbers["report/return_first_candidate"] = reported.one_shot.returns.mean
            yield state.position.run_env_steps, numbers | total, text
        case _:
            yield state.position.run_env_steps, {}, text


def _of_stage(evidence: Evidence) -> dict[str, float]:
    return {
        "return/evaluation": evidence.returns.mean,
        "return/evaluation_low": evidence.return_low,
        "return/evaluation_high": evidence.return_high,
        "success_rate": evidence.success_rate,
        "milestone_score": evidence.milestone_score,
        "stage": float(evidence.stage),
        **{f"milestones/{each.milestone}": each.reached for each in evidence.milestones},
        **{f"shaping_share/{each.term}": each.reward_share for each in evidence.terms},
    }


def _of_decision(state: State) -> dict[str, float]:
    """How many decisions of each kind there were, and the incumbent's weights; 0 for a term that is gone."""
    decisions = [stage.decision for stage in state.stages]
    terms = {term.name for stage in state.stages for term in stage.incumbent.config.terms}
    weights = dict.fromkeys(sorted(terms), 0.0) | {term.name: term.weight for term in state.incumbent.config.terms}
    return {
        "decisions/promoted": float(sum(isinstance(each, Promoted) for each in decisions)),
        "decisions/rolled_back": float(sum(isinstance(each, RolledBack) for each in decisions)),
        **{f"shaping_weight/{name}": weight for name, weight in weights.items()},
    }


def _llm(state: State) -> dict[str, float]:
    """What LLMs have cost so far; nothing where there was none."""
    if not state.llm_uses:
        return {}
    return {
        "llm/calls": float(state.llm_calls),
        "llm/tokens": float(state.llm_tokens),
        "llm/cost": state.llm_cost,
    }


def _position(state: State) -> int:
    """env_steps of the main run at the end of the open stage."""
    return state.stage_under_way.position.run_env_steps

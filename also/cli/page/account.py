"""What a report tells of: a campaign's state, what was trained beside it, and where stages lie in what was spent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from also import keys
from also.campaign import requests
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.campaign.state import Stage, State
from also.cli.page.chart import Point
from also.store import Store
from also.v1.branch_pb2 import Evaluation
from also.v1.journal_pb2 import Reported
from also.v1.trainer_pb2 import StageResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stage's place in all that a campaign spent, env_steps."""

    stage: Stage
    """The stage."""
    begin: int
    """Where its training begins."""
    trained: int
    """Where its training ends and its branches begin."""
    end: int
    """Where its branches end, and it with them."""

    @property
    def curve(self) -> list[Point]:
        """Its training return over what was spent."""
        evidence = self.stage.trained.evidence
        offset = self.trained - evidence.env_steps
        return [(offset + point.env_steps, point.mean_return) for point in evidence.curve]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A run that is measured beside the campaign, in as many env_steps."""

    name: str
    """What it is called."""
    about: str
    """What it is, in a few words."""
    class_: str
    """Class of its marks."""
    curve: Sequence[Point]
    """Its training return over its env_steps; empty where an older ALSO kept none."""
    env_steps: int
    """env_steps that it has taken so far."""
    evaluation: Evaluation | None
    """What it is worth in the end; None while that is not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that a page is made of."""

    campaign_id: str
    """Id of the campaign."""
    store: str
    """URI of the store."""
    state: State
    """State of the campaign."""
    spans: Sequence[Span]
    """Its stages, in order."""
    beside: Sequence[Beside]
    """What was trained beside it."""
    begun_at: str
    """UTC time of its first record, RFC 3339."""
    written_at: str
    """UTC time of its last one."""

    @property
    def points(self) -> list[Point]:
        """Training return of the main run over all that was spent."""
        return [point for span in self.spans for point in span.curve]


def account(journal: Journal, store: str) -> Account:
    """Read what a store holds of a campaign; nothing is written.

    Raises:
        CampaignError: the journal is damaged.
        StoreError: the store cannot be read.
    """
    state = fold(journal.records)
    return Account(
        campaign_id=journal.campaign_id,
        store=store,
        state=state,
        spans=spans(state),
        beside=list(_beside(journal, state)),
        begun_at=journal.records[0].written_at,
        written_at=journal.records[-1].written_at,
    )


def spans(state: State) -> list[Span]:
    """Where each stage lies in all that was spent."""
    found: list[Span] = []
    for stage in state.stages:
        begin = found[-1].end if found else 0
        trained = begin + stage.trained.env_steps
        found.append(Span(stage=stage, begin=begin, trained=trained, end=begin + stage.env_steps))
    return found


def _beside(journal: Journal, state: State) -> Iterator[Beside]:
    settings, reported = state.campaign.reference, state.reported or Reported()
    for run, name, about, measured in (
        (requests.REFERENCE, "without shaping", "same learner, same seed", settings.enabled),
        (requests.ONE_SHOT, "one-shot", "first candidate, fixed from the start", settings.one_shot),
    ):
        if measured:
            field = run.replace("-", "_")
            taken, curve = _run(journal, run)
            yield Beside(
                name=name,
                about=about,
                class_=run,
                curve=curve,
                env_steps=getattr(reported, f"{field}_env_steps") or taken,
                evaluation=getattr(reported, field) if reported.HasField(field) else None,
            )


def _run(journal: Journal, run: str) -> tuple[int, list[Point]]:
    """env_steps of a run so far, and its curve."""
    store: Store = journal.store
    taken, curve = 0, []
    for key in store.find(keys.run_of_stages(journal.campaign_id, run)):
        result = store.get_message(key, StageResult)
        taken = max(taken, result.run_env_steps)
        curve += [(float(point.env_steps), point.mean_return) for point in result.curve]
    return taken, sorted(curve)

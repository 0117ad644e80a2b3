"""Evidence as compact tables that fit into a number of tokens, and the paths of what they show.

A table opens with its name in brackets; a cell's path, by which a finding cites it, follows from where
it stands: TABLE.NAME.COLUMN, TABLE.COLUMN in a table without names, COLUMN in `[stage]`. The fullest of
several levels of detail that fits is taken. What goes first is what tells least: features that are no
part of a milestone and do not differ between success and failure, agents and terms in the middle of the
field, milestones far from the first that is missing, points of the curve.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from also import returns
from also.briefing.detail import LEVELS, Detail
from also.briefing.table import is_name, number, table
from also.llm.question import CountTokens
from also.shaping.ways import TURNS
from also.v1.evidence_pb2 import AgentEvidence, Evidence, FeatureEvidence, MilestoneEvidence
from also.v1.shaping_pb2 import TermActivity
from also.v1.task_pb2 import FEATURE_SCOPE_AGENT, TaskCard

ENOUGH = 0.5
"""Share of episodes from which a milestone counts as reached."""

DEAD = 0.001
"""Firing rate up to which a term is dead."""

T = TypeVar("T")

_MILESTONES = ("reached", "mean_first_step", "agents_needed", "best_value", "threshold")
_TURNED = "the progress feature turns back when one is reached, so that a potential along it takes away what led to: {}"
_OPTIMISATION = (
    "entropy", "kl", "clip_fraction", "task_explained_variance", "shaping_explained_variance", "gradient_norm",
)  # fmt: skip
_VALUE_LEARNING = ("td_error", "mean_value", "epsilon", "gradient_norm", "replay_episodes")
_OF_VALUES = (
    "Q-learning of one value of the team, task and shaping together: mean |TD error|, mean value of what was done, "
    "share of random actions in training (evaluation has its last one), gradient norm, episodes in the replay"
)
"""What a table of value learning means; it stands there, as most prompts have no such table."""
_TERMS = ("firing_rate", "reward_share", "mean_reward", "largest_reward", "cut_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSection:
    """Evidence of a stage, ready for a prompt."""

    text: str
    """The tables."""
    paths: tuple[str, ...]
    """Path of every number that they show and that a finding may cite, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """One table: numbers by row and column."""

    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[float]]]
    """Name ("" in a table without names) and numbers of each row."""
    note: str = ""
    cited: bool = True
    in_a_line: bool = False
    """Whether the rows, of one number each, stand in one line as NAME=number."""

    def paths(self) -> Iterator[str]:
        owner = "" if self.title == "stage" else f"{self.title}."
        for name, _ in self.rows if self.cited else ():
            yield from (f"{owner}{name}.{column}" if name else f"{owner}{column}" for column in self.columns)

    def lines(self) -> str:
        named = any(name for name, _ in self.rows)
        heading = f"[{self.title}]{' ' if self.note else ''}{self.note}"
        if self.in_a_line:
            (column,) = self.columns
            return f"{heading}\nNAME={column}: {' '.join(f'{name}={number(only)}' for name, (only,) in self.rows)}"
        header = ["NAME", *self.columns] if named else list(self.columns)
        rows = [[*([name] if named else []), *map(number, numbers)] for name, numbers in self.rows]
        return f"{heading}\n{table(header, rows)}"


def evidence_section(card: TaskCard, evidence: Evidence, *, most_tokens: int, count: CountTokens) -> EvidenceSection:
    """The fullest of several levels of detail that fits.

    Args:
        card: the task's card, with aliases.
        evidence: of one stage, with aliases.
        most_tokens: tokens that the text may have; below about 100 the last level may not fit either.
        count: counts the tokens of a text.
    """
    sections = (_section(card, evidence, detail) for detail in LEVELS)
    section = next(sections)
    while count(section.text) > most_tokens:
        following = next(sections, None)
        if following is None:
            break
        section = following
    return section


def citable_paths(card: TaskCard, evidence: Evidence) -> tuple[str, ...]:
    """Paths of everything that a finding may cite: those of the fullest level, of which every other has some.

    Args:
        card: the task's card, with aliases.
        evidence: of one stage, with aliases.
    """
    return _section(card, evidence, LEVELS[0]).paths


def _section(card: TaskCard, evidence: Evidence, detail: Detail) -> EvidenceSection:
    tables = [found for found in _tables(card, evidence, detail) if found.rows and found.columns]
    heading = f"Stage {evidence.stage}, after {evidence.env_steps} env_steps of the main run."
    return EvidenceSection(
        text="\n\n".join([heading, *(found.lines() for found in tables)]),
        paths=tuple(path for found in tables for path in found.paths()),
    )


def _tables(card: TaskCard, evidence: Evidence, detail: Detail) -> Iterator[_Table]:
    stage = ("success_rate", "milestone_score", "mean_length", "return_low", "return_high")
    yield _single("stage", evidence, stage)
    yield _single("returns", evidence.returns, detail.returns)
    yield _curve(evidence, detail)
    yield _milestones(card, evidence, detail)
    yield _features(card, evidence, detail)
    yield from _agents(card, evidence, detail)
    if evidence.HasField("optimisation") and detail.optimisation:
        yield _single("optimisation", evidence.optimisation, _OPTIMISATION)
    if evidence.HasField("value_learning") and detail.optimisation:
        yield replace(_single("value_learning", evidence.value_learning, _VALUE_LEARNING), note=_OF_VALUES)
    yield _terms(evidence, detail)


def _single(title: str, message: object, columns: Sequence[str]) -> _Table:
    return _Table(title=title, columns=columns, rows=[("", _numbers(message, columns))])


def _curve(evidence: Evidence, detail: Detail) -> _Table:
    """Points are named by their index and stand in one line; only the times of the first and the last are given."""
    points = list(evidence.curve)
    rows = [(str(index), [points[index].mean_return]) for index in _spread(len(points), detail.curve)]
    note = f"{len(points)} points, env_steps {points[0].env_steps} to {points[-1].env_steps}" if points else ""
    return _Table(title="curve", columns=("mean_return",), rows=rows, note=note, in_a_line=True)


def _milestones(card: TaskCard, evidence: Evidence, detail: Detail) -> _Table:
    found = _milestone_evidence(card, evidence)
    missing = _first_missing(found)
    near = sorted(range(len(found)), key=lambda index: (abs(index - missing), -index))[: detail.milestones]
    rows = [(found[index].milestone, _numbers(found[index], _MILESTONES)) for index in sorted(near)]
    turned = [found[index].milestone for index in sorted(near) if found[index].turned_back >= TURNS]
    note = _TURNED.format(" ".join(turned)) if turned else ""
    return _Table(title="milestones", columns=_MILESTONES, rows=rows, note=note)


def _features(card: TaskCard, evidence: Evidence, detail: Detail) -> _Table:
    """Columns that compare success with failure are there only where there are episodes of both kinds."""
    had = evidence.returns
    line = returns.dividing(card, had.minimum, had.median)
    succeeded, failed = had.maximum > line, had.minimum <= line
    columns = [column for column in detail.feature_columns if (succeeded and failed) or column in ("mean", "mean_last")]
    kind = "larger" if card.baseline_return else "positive"
    note = "" if succeeded and failed else f"{'every' if succeeded else 'no'} episode has a {kind} return"
    kept = {item.feature for item in _telling_features(card, evidence)[: detail.features]}
    known = _feature_evidence(card, evidence)
    rows = [(item.feature, _numbers(item, columns)) for item in known if item.feature in kept]
    return _Table(title="features", columns=columns, rows=rows, note=note)


def _agents(card: TaskCard, evidence: Evidence, detail: Detail) -> Iterator[_Table]:
    """Where agents cannot idle, nothing is known of what their idling costs."""
    columns = ("contribution", "idle_rate", "action_entropy") if card.action_space.idle >= 0 else ("action_entropy",)

    def added(item: AgentEvidence) -> tuple[float, float]:
        return item.contribution, -item.idle_rate

    known = _first_of_each((item for item in evidence.agents if item.agent in card.agents), lambda item: item.agent)
    kept = _extremes(known, added, detail.agents)
    yield _Table(title="agents", columns=columns, rows=[(item.agent, _numbers(item, columns)) for item in kept])
    features = [feature.name for feature in card.features if feature.scope == FEATURE_SCOPE_AGENT]
    means = [(item.agent, list(item.feature_means)) for item in kept if len(item.feature_means) == len(features)]
    if detail.agent_means and features:
        note = "mean of each agent feature; not to be cited"
        yield _Table(title="agents' features", columns=features, rows=means, note=note, cited=False)


def _terms(evidence: Evidence, detail: Detail) -> _Table:
    known = _first_of_each((item for item in evidence.terms if is_name(item.term)), lambda item: item.term)

    def share(item: TermActivity) -> tuple[float, float]:
        return item.reward_share, item.firing_rate

    kept = _extremes(known, share, detail.terms)
    return _Table(title="terms", columns=_TERMS, rows=[(item.term, _numbers(item, _TERMS)) for item in kept])


def _milestone_evidence(card: TaskCard, evidence: Evidence) -> list[MilestoneEvidence]:
    """Evidence of the card's milestones, in the card's order."""
    found = {item.milestone: item for item in reversed(evidence.milestones)}
    return [found[item.name] for item in card.milestones if item.name in found]


def _feature_evidence(card: TaskCard, evidence: Evidence) -> list[FeatureEvidence]:
    """Evidence of the card's features, in the card's order."""
    found = {item.feature: item for item in reversed(evidence.features)}
    return [found[item.name] for item in card.features if item.name in found]


def _first_missing(found: Sequence[MilestoneEvidence]) -> int:
    """Index of the first milestone that is reached in too few episodes; of the last one when none is."""
    return next((index for index, item in enumerate(found) if item.reached < ENOUGH), len(found) - 1)


def _telling_features(card: TaskCard, evidence: Evidence) -> list[FeatureEvidence]:
    """Features, the most telling first: those of milestones, nearest the first missing one, then by |effect size|."""
    missing = _first_missing(_milestone_evidence(card, evidence))
    distance: dict[str, int] = {}
    for index, milestone in enumerate(card.milestones):
        for feature in (milestone.feature, milestone.progress_feature):
            distance[feature] = min(abs(index - missing), distance.get(feature, len(card.milestones)))
    far = len(card.milestones)

    def order(item: FeatureEvidence) -> tuple[int, float]:
        return distance.get(item.feature, far), -abs(item.effect_size)

    return sorted(_feature_evidence(card, evidence), key=order)


def _numbers(message: object, columns: Sequence[str]) -> list[float]:
    return [getattr(message, column) for column in columns]


def _first_of_each(items: Iterator[T], key: Callable[[T], str]) -> list[T]:
    """Items without those whose name was there before: a path means the first one."""
    kept: dict[str, T] = {}
    for item in items:
        kept.setdefault(key(item), item)
    return list(kept.values())


def _extremes(items: Sequence[T], key: Callable[[T], tuple[float, float]], most: int) -> list[T]:
    """At most so many items, in their order: as many of the largest as of the smallest, or one more."""
    ranked = sorted(range(len(items)), key=lambda index: key(items[index]))
    if len(ranked) > most:
        ranked = ranked[: most // 2] + ranked[len(ranked) - (most - most // 2) :]
    return [items[index] for index in sorted(ranked)]


def _spread(length: int, most: int) -> list[int]:
    """At most so many indices of a list, evenly spread, the last one always among them."""
    if length <= most:
        return list(range(length))
    return [(number + 1) * length // most - 1 for number in range(most)]

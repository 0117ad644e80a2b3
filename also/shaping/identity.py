"""Which shaping configs are the same: one hash for all that have the same effect.

Names and reasons are for people, the order of terms has no meaning, a default may be spelt out or
left out, and some fields say the same in two ways. `Canonical` lacks all that, and the hash of
what remains is a config's identity: candidates are compared by it, and a live learner reports the
hash of the canonical config from which it was compiled.
"""

import math
from copy import deepcopy
from dataclasses import dataclass

from also import document
from also.shaping import rules
from also.shaping.aggregates import reads_team
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

EXPONENTIAL_FLOOR = 0.001
"""Smallest factor of an exponential schedule, which cannot reach 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonical:
    """What a config does."""

    config: pb.ShapingConfig
    """It without anything that has no effect, its terms in canonical order."""
    order: tuple[int, ...]
    """Where the terms stand in the config that it was made of: its term i is that one's term order[i]."""

    @property
    def hash(self) -> str:
        """sha256, hex: equal effect, equal hash."""
        return document.digest(self.config)


def canonical(config: pb.ShapingConfig) -> Canonical:
    """A config's canonical form."""
    terms = [_canonical_term(term) for term in rules.complete(config).terms]
    contents = [document.canonical(term) for term in terms]
    order = tuple(sorted(range(len(terms)), key=lambda index: contents[index]))
    return Canonical(config=pb.ShapingConfig(terms=[terms[index] for index in order]), order=order)


def config_hash(config: pb.ShapingConfig) -> str:
    """Hash of a config's canonical form."""
    return canonical(config).hash


def _canonical_term(full: pb.ShapingTerm) -> pb.ShapingTerm:
    """A completed term without what has no effect."""
    term = deepcopy(full)
    term.ClearField("name")
    term.ClearField("reason")
    if term.form == pb.SHAPING_FORM_CREDIT:
        for field in ("clip", "episode_cap"):
            term.ClearField(field)
        return term
    if term.form == pb.SHAPING_FORM_POTENTIAL:
        term.ClearField("episode_cap")
    if term.form == pb.SHAPING_FORM_PENALTY:
        term.weight = math.fabs(term.weight)
    term.clip = min(term.clip, math.fabs(term.weight))  # values lie in [0, 1]: a larger clip never cuts
    _canonical_aggregates(term)
    if term.transform.kind in (pb.TRANSFORM_KIND_UNSPECIFIED, pb.TRANSFORM_KIND_IDENTITY):
        term.ClearField("transform")
    if term.schedule.kind in (pb.SCHEDULE_KIND_UNSPECIFIED, pb.SCHEDULE_KIND_CONSTANT):
        term.ClearField("schedule")
    elif term.schedule.kind == pb.SCHEDULE_KIND_EXPONENTIAL:
        term.schedule.floor = max(term.schedule.floor, EXPONENTIAL_FLOOR)
    return term


def _canonical_aggregates(term: pb.ShapingTerm) -> None:
    if term.aggregate == task_pb2.AGGREGATE_SUM:  # normalised by n times the range, a sum is the mean
        term.aggregate = task_pb2.AGGREGATE_MEAN
    if not reads_team(term.form, term.target):  # an agent reads the mean over the others by default
        if term.aggregate == task_pb2.AGGREGATE_MEAN:
            term.aggregate = task_pb2.AGGREGATE_UNSPECIFIED
        if term.gate.aggregate == task_pb2.AGGREGATE_MEAN:
            term.gate.aggregate = task_pb2.AGGREGATE_UNSPECIFIED
    if term.novelty.team == task_pb2.AGGREGATE_MEAN:
        term.novelty.team = task_pb2.AGGREGATE_UNSPECIFIED

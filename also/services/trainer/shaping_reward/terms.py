"""The terms of all replicas as tensors: N terms on one flat axis, sorted by form.

A flat axis, rather than one of (replica, slot), wastes nothing on replicas that have fewer terms,
and makes each form a contiguous slice, so that no form needs a mask. Credit is no term here: it
pays nothing of its own (see `reward`). Letters: N terms, E environments, A agents.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from also.services.trainer.shaping_reward.columns import Columns, FeatureReading
from also.services.trainer.tasks.vector_task import Features
from also.shaping import aggregates, rules
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

FORMS = (
    pb.SHAPING_FORM_POTENTIAL,
    pb.SHAPING_FORM_EVENT,
    pb.SHAPING_FORM_SYNCHRONY,
    pb.SHAPING_FORM_NOVELTY,
    pb.SHAPING_FORM_PENALTY,
)
"""Forms that pay, in the order of the flat axis; the first is the only one without a cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A canonical term and its place."""

    replica: int
    """Replica that it belongs to."""
    slot: int
    """Its place among the replica's canonical terms."""
    term: pb.ShapingTerm
    """The term."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What the terms read of one state."""

    value: Tensor
    """float32 (N, E, A): the transformed feature in [0, 1]; 0 where not `active`."""
    active: Tensor
    """bool (N, E, A): what is read is finite and the gate is open."""
    finite: Tensor
    """bool (N, E, A): what is read is finite."""
    acted: Tensor | None = None
    """bool (N, E, A): agents that acted before the state was reached; None: all."""
    stayed: Tensor | None = None
    """bool (N, E, A): agents that are there in the state; None: all."""

    def of(self, span: slice) -> "Values":
        """Of some of the terms."""
        return self._cut((span,))

    def at(self, states: slice) -> "Values":
        """Of some of the states."""
        return self._cut((slice(None), states))

    def _cut(self, place: tuple[slice, ...]) -> "Values":
        acted, stayed = (None if each is None else each[place] for each in (self.acted, self.stayed))
        value, active, finite = self.value[place], self.active[place], self.finite[place]
        return Values(value=value, active=active, finite=finite, acted=acted, stayed=stayed)


class Terms:
    """N terms of a batch of configs."""

    def __init__(self, placed: Sequence[Placed], card: task_pb2.TaskCard, device: torch.device) -> None:
        """Compile terms that `rules.check_config` accepted, from canonical configs."""
        ordered = sorted(placed, key=lambda each: (FORMS.index(each.term.form), each.replica, each.slot))
        self.placed = tuple(ordered)
        terms = [each.term for each in ordered]
        self._device = device
        self._spans: dict[int, slice] = {form: _span([term.form == form for term in terms]) for form in FORMS}
        self.replica = self._tensor([each.replica for each in ordered], torch.int64)
        self.slot = self._tensor([each.slot for each in ordered], torch.int64)
        self.receives = self._tensor([receivers(term, card) for term in terms], torch.bool)
        self.receives = self.receives.view(len(terms), 1, len(card.agents))
        signed = [-abs(t.weight) if t.form == pb.SHAPING_FORM_PENALTY else t.weight for t in terms]
        self._weight = self.column(signed, torch.float32) * self.receives  # (N, 1, A)
        self._clip = self.column([term.clip for term in terms], torch.float32)
        self._clips = any(term.clip < abs(term.weight) for term in terms)
        self._compile_readings(terms, card)
        self._compile_transforms(terms)
        self._compile_schedules(terms)

    def __len__(self) -> int:
        return len(self.placed)

    def of(self, form: int) -> list[pb.ShapingTerm]:
        """The terms of one form."""
        return [each.term for each in self.placed[self.span(form)]]

    def span(self, form: int) -> slice:
        """Where the terms of one form lie."""
        return self._spans[form]

    @property
    def capped(self) -> slice:
        """Where the terms lie that have a cap."""
        return slice(self.span(pb.SHAPING_FORM_POTENTIAL).stop, len(self))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features that the terms and their gates read, sorted."""
        return self._columns.feature_names

    def read(self, features: Features, acted: Tensor | None = None, stayed: Tensor | None = None) -> Values:
        """What the terms read of a state.

        Args:
            features: its features, (R, E[, A[, A]]).
            acted: bool (R, E, A), agents that acted before it; None: all.
            stayed: bool (R, E, A), agents that are there in it; None: all.
        """
        columns = self._columns.stack(features)
        x = columns[self._column_index, self.replica]  # (N, E, A)
        finite = active = torch.isfinite(x)
        if self._gated:
            gate = columns[self._gate_index, self.replica]
            finite = finite & torch.isfinite(gate)
            active = finite & (gate * self._gate_sign >= self._gate_level)
        # divided rather than multiplied by a reciprocal: 7 of 10 is then exactly the level 0.7
        u = ((x - self._minimum) / self._range).clamp(0, 1)
        return Values(
            value=torch.where(active, self._transform(u), 0.0),
            active=active,
            finite=finite,
            acted=None if acted is None else acted[self.replica],
            stayed=None if stayed is None else stayed[self.replica],
        )

    def factor(self, env_steps: Tensor) -> Tensor | None:
        """Factor of the schedules, float32 (N, T), at T env_steps of each replica, int64 (R, T); None is 1."""
        if not self._scheduled:
            return None
        progress = ((env_steps[self.replica] - self._begin) / self._duration).clamp(0, 1)
        linear = 1 - (1 - self._floor) * progress
        return torch.where(self._exponential, self._floor**progress, linear).to(torch.float32)

    def weigh(self, span: slice, values: Tensor, factor: Tensor | None) -> tuple[Tensor, Tensor]:
        """Values (n, E, A) of the terms in `span`, times weight and factor, clipped; and where clip cut them.

        0 for agents that do not receive the term.

        Args:
            span: the n terms.
            values: theirs.
            factor: of all N terms, float32 (N, E) or (N, 1); None is 1.
        """
        full = self._weight[span] * values
        if factor is not None:
            full = full * factor[span].unsqueeze(-1)
        if not self._clips:
            return full, torch.zeros_like(full, dtype=torch.bool)
        clipped = full.clamp(-self._clip[span], self._clip[span])
        return clipped, clipped != full

    def column(self, numbers: Sequence[float], dtype: torch.dtype) -> Tensor:
        """One number for each term, shape (n, 1, 1)."""
        return self._tensor(numbers, dtype).view(-1, 1, 1)

    def _compile_readings(self, terms: list[pb.ShapingTerm], card: task_pb2.TaskCard) -> None:
        own = [_reading(term, card, term.feature, term.aggregate) for term in terms]
        gates = [
            _reading(term, card, term.gate.feature, term.gate.aggregate) if term.HasField("gate") else reading
            for term, reading in zip(terms, own, strict=True)
        ]
        self._columns = Columns([*own, *gates], len(card.agents))
        self._column_index = self._tensor([self._columns.index(reading) for reading in own], torch.int64)
        self._gate_index = self._tensor([self._columns.index(reading) for reading in gates], torch.int64)
        features = [rules.feature_of(card, term.feature) for term in terms]
        self._minimum = self.column([feature.minimum for feature in features], torch.float32)
        self._range = self.column([feature.maximum - feature.minimum for feature in features], torch.float32)
        boolean = self.column([reading.aggregate in aggregates.BOOLEAN for reading in own], torch.bool)
        self._minimum = torch.where(boolean, 0.0, self._minimum)
        self._range = torch.where(boolean, 1.0, self._range)
        # "x at most v" is "-x at least -v"; a term without a gate is gated on its own feature by -inf
        signs = [-1.0 if term.gate.comparison == pb.COMPARISON_AT_MOST else 1.0 for term in terms]
        levels = [
            sign * term.gate.value if term.HasField("gate") else -torch.inf
            for sign, term in zip(signs, terms, strict=True)
        ]
        self._gated = any(term.HasField("gate") for term in terms)
        self._gate_sign, self._gate_level = self.column(signs, torch.float32), self.column(levels, torch.float32)

    def _compile_transforms(self, terms: list[pb.ShapingTerm]) -> None:
        kinds = [term.transform.kind for term in terms]
        self._scale = self.column([term.transform.scale or 1.0 for term in terms], torch.float32)
        self._kinds = {
            kind: self.column([kind == each for each in kinds], torch.bool)
            for kind in sorted(set(kinds))
            if kind not in (pb.TRANSFORM_KIND_UNSPECIFIED, pb.TRANSFORM_KIND_IDENTITY)
        }

    def _compile_schedules(self, terms: list[pb.ShapingTerm]) -> None:
        schedules = [term.schedule for term in terms]
        decays = [term.HasField("schedule") for term in terms]
        self._scheduled = any(decays)
        self._begin = self._tensor([schedule.begin for schedule in schedules], torch.float64).view(-1, 1)
        self._duration = self._tensor([max(s.end - s.begin, 1) for s in schedules], torch.float64).view(-1, 1)
        floors = [schedule.floor if decay else 1.0 for schedule, decay in zip(schedules, decays, strict=True)]
        self._floor = self._tensor(floors, torch.float64).view(-1, 1)
        kinds = [schedule.kind == pb.SCHEDULE_KIND_EXPONENTIAL for schedule in schedules]
        self._exponential = self._tensor(kinds, torch.bool).view(-1, 1)

    def _transform(self, u: Tensor) -> Tensor:
        value = u
        for kind, terms in self._kinds.items():
            match kind:
                case pb.TRANSFORM_KIND_EXP:
                    transformed = torch.exp(-u / self._scale)
                case pb.TRANSFORM_KIND_TANH:
                    transformed = torch.tanh(u / self._scale)
                case pb.TRANSFORM_KIND_THRESHOLD:
                    transformed = (u - self._scale).clamp(min=0)
                case pb.TRANSFORM_KIND_INDICATOR:
                    transformed = (u >= self._scale).to(u.dtype)
                case _:
                    raise AssertionError(f"transform {kind}")
            value = torch.where(terms, transformed, value)
        return value

    def _tensor(self, data: Any, dtype: torch.dtype) -> Tensor:
        return torch.tensor(data, dtype=dtype, device=self._device)


def receivers(term: pb.ShapingTerm, card: task_pb2.TaskCard) -> list[bool]:
    """Whether each agent receives a term."""
    if term.target != pb.TARGET_KIND_ROLE:
        return [True] * len(card.agents)
    members = rules.role_agents(card, term.role)
    return [agent in members for agent in range(len(card.agents))]


def is_empty(span: slice) -> bool:
    """Whether a span has no term."""
    return bool(span.start == span.stop)


def _reading(term: pb.ShapingTerm, card: task_pb2.TaskCard, feature: str, aggregate: int) -> FeatureReading:
    return FeatureReading(
        feature=feature,
        scope=rules.feature_of(card, feature).scope,
        team=aggregates.reads_team(term.form, term.target),
        aggregate=aggregate,
    )


def _span(of_form: list[bool]) -> slice:
    """Where a sorted axis is of one form."""
    start = of_form.index(True) if any(of_form) else 0
    return slice(start, start + sum(of_form))

"""What each shaping form makes of its terms' values, and what it remembers between env_steps.

A form gets the values of its own n terms, a slice of the flat axis, and returns how much of the
weight each agent is paid: `fires` for the forms that are capped, `Potentials` the difference
itself. State is a dict of tensors whose first axis is the n terms, so that it can be saved.
Letters: n terms of the form, E environments, A agents.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from also.services.trainer import presence
from also.services.trainer.shaping_reward.terms import Terms, Values
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

MAX_BINS = 256
"""Most bins of a novelty term (limit in `shaping.proto`)."""

NEVER = 1 << 20
"""env_steps since a condition held, before it first does; far longer than any window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarts:
    """Episodes that began during T env_steps."""

    at: list[int]
    """env_steps, in [0, T), after which some did: S of them, ascending."""
    fresh: Tensor
    """bool (N, S, E, 1): where."""
    values: Values
    """What terms read of the states that they began in, (N, S * E, A)."""


class Form(Protocol):
    """A capped form of n terms."""

    span: slice
    """Its terms on the flat axis."""
    state: dict[str, Tensor]
    """What it remembers, (n, E, A) or, for visits, (n, A, bins)."""

    def restart(self, fresh: Tensor, values: Values) -> None:
        """Forget the last episode where `fresh`, bool (n, E, 1), and see its next first state."""

    def fires(self, values: Values) -> Tensor:
        """Share of the weight that the state reached is worth, float32 (n, E, A) in [0, 1]."""


class Potentials:
    """gamma Phi(s') - Phi(s), with the potential itself clipped, and 0 after termination."""

    def __init__(self, terms: Terms, environments: int, gamma: float) -> None:
        self.span = terms.span(pb.SHAPING_FORM_POTENTIAL)
        self.state = {"potential": _zeros(terms, self.span, environments, torch.float32)}
        self._gamma = gamma
        self._terms = terms
        self._replica = terms.replica[self.span]

    def fresh(self, environments: int) -> "Potentials":
        """The same terms for so many other environments, which begin anew."""
        return Potentials(self._terms, environments, self._gamma)

    def restart(self, fresh: Tensor, values: Values, factor: Tensor | None) -> None:
        """Take the potential of an episode's first state where `fresh`, bool (n, E, 1)."""
        potential, _ = self._terms.weigh(self.span, values.value, factor)
        self.state["potential"] = torch.where(fresh, potential, self.state["potential"])

    def pay(
        self, values: Values, factor: Tensor | None, terminated: Tensor, restarts: Restarts | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """What reaching T states pays.

        Args:
            values: of the n terms at the states reached, (n, T * E, A).
            factor: of the schedules there, (N, T * E); None is 1.
            terminated: bool (R, T, E).
            restarts: where episodes began in between.

        Returns:
            The potentials reached, discounted, and those before them, of which the reward is the difference, both
            float32 (n, T * E, A); and where clip cut the potential reached, bool.
        """
        shape = -1, *terminated.shape[1:], values.value.shape[-1]  # (n, T, E, A)
        potential, cut = self._terms.weigh(self.span, values.value, factor)
        going = ~terminated[self._replica].flatten(1).unsqueeze(-1)  # (n, T * E, 1)
        potential = (potential * going).view(shape)
        left = potential  # what each state is left with: that of the next episode's first state, where one has begun
        if restarts is not None:
            if factor is not None:
                factor = factor.view(len(factor), *shape[1:3])[:, restarts.at].flatten(1)
            first, _ = self._terms.weigh(self.span, restarts.values.of(self.span).value, factor)
            fresh = restarts.fresh[self.span]  # (n, S, E, 1)
            first = first.view(*fresh.shape[:3], shape[-1])
            left = potential.clone()
            left[:, restarts.at] = torch.where(fresh, first, left[:, restarts.at])
        before = torch.cat([self.state["potential"].unsqueeze(1), left[:, :-1]], dim=1)
        self.state["potential"] = left[:, -1].clone()
        reached, before = (self._gamma * potential).flatten(1, 2), before.flatten(1, 2)
        if values.acted is not None and values.stayed is not None:  # who is not there has none, as after termination
            reached, before = reached * values.stayed, before * values.acted
        return reached, before, cut & going


class Events:
    """Once each time a value rises through its threshold, unless a cooldown runs."""

    def __init__(self, terms: Terms, environments: int) -> None:
        self.span = terms.span(pb.SHAPING_FORM_EVENT)
        rules = [term.event for term in terms.of(pb.SHAPING_FORM_EVENT)]
        self._threshold = terms.column([rule.threshold for rule in rules], torch.float32)
        self._cooldown = terms.column([rule.cooldown for rule in rules], torch.int32)
        self.state = {
            "above": _zeros(terms, self.span, environments, torch.bool),
            "cooling": _zeros(terms, self.span, environments, torch.int32),
        }

    def restart(self, fresh: Tensor, values: Values) -> None:
        """An episode's first state sets the level to rise from."""
        self.state["above"] = torch.where(fresh, values.value >= self._threshold, self.state["above"])
        self.state["cooling"] = self.state["cooling"] * ~fresh

    def fires(self, values: Values) -> Tensor:
        """1 where the event happens, else 0."""
        above, cooling = values.value >= self._threshold, self.state["cooling"]
        fires = (above > self.state["above"]) & (cooling == 0)
        if values.acted is not None:
            fires &= values.acted
        self.state["cooling"] = torch.where(fires, self._cooldown, (cooling - 1).clamp(min=0))
        self.state["above"] = above
        return fires.to(torch.float32)


class Synchronies:
    """While enough of a term's agents have held its condition within a window."""

    def __init__(self, terms: Terms, environments: int) -> None:
        self.span = terms.span(pb.SHAPING_FORM_SYNCHRONY)
        own = terms.of(pb.SHAPING_FORM_SYNCHRONY)
        self._threshold = terms.column([term.synchrony.threshold for term in own], torch.float32)
        self._window = terms.column([term.synchrony.window for term in own], torch.int32)
        self._min_agents = terms.column([term.synchrony.min_agents for term in own], torch.int64)
        self._pays_all = terms.column([term.target == pb.TARGET_KIND_TEAM for term in own], torch.bool)
        self._members = terms.receives[self.span]
        self.state = {"since": _zeros(terms, self.span, environments, torch.int32)}

    def restart(self, fresh: Tensor, values: Values) -> None:
        """An episode's first state counts for the window, and pays nothing."""
        since = torch.where(values.value >= self._threshold, 0, NEVER).to(torch.int32)
        self.state["since"] = torch.where(fresh, since, self.state["since"])

    def fires(self, values: Values) -> Tensor:
        """1 for the agents paid: all for target team, else those that hold the condition."""
        holding = values.value >= self._threshold
        since = (self.state["since"] + 1).clamp(max=NEVER).masked_fill(holding, 0)
        if values.acted is not None and values.stayed is not None:  # who comes begins as an episode's first state does
            since = torch.where(values.acted | (holding & values.stayed), since, NEVER)
        self.state["since"] = since
        holds = (since < self._window) & self._members
        if values.acted is not None:
            holds &= values.acted
        together = holds.sum(-1, keepdim=True) >= self._min_agents
        return (together & (holds | self._pays_all)).to(torch.float32)


class Novelties:
    """1 / sqrt(visits) of the bin that an agent is in; visits are counted over the training life."""

    def __init__(self, terms: Terms, environments: int) -> None:
        del environments  # all of a replica's environments share their counts
        self.span = terms.span(pb.SHAPING_FORM_NOVELTY)
        own = terms.of(pb.SHAPING_FORM_NOVELTY)
        self._bins = terms.column([term.novelty.bins for term in own], torch.int64)
        self._of_team = terms.column([term.target == pb.TARGET_KIND_TEAM for term in own], torch.bool)
        self._least = terms.column([term.novelty.team == task_pb2.AGGREGATE_MIN for term in own], torch.bool)
        agents = terms.receives.shape[-1]
        self.state = {"visits": torch.zeros(len(own), agents, MAX_BINS, dtype=torch.int64, device=self._bins.device)}
        self._counts = True

    def look_at(self, visits: Tensor) -> None:
        """Go by these visits, (n, A, bins), from now on, and count none."""
        self.state["visits"], self._counts = visits, False

    def restart(self, fresh: Tensor, values: Values) -> None:
        """Visits outlive an episode; its first state is none."""

    def fires(self, values: Values) -> Tensor:
        """Each agent's novelty, or the team's: the visits of this env_step, in all environments, are counted first."""
        bins = torch.minimum((values.value * self._bins).to(torch.int64), self._bins - 1).transpose(1, 2)  # (n, A, E)
        acted = values.acted
        counts = values.active if acted is None else values.active & acted
        visits = self.state["visits"]
        if self._counts:
            visits.scatter_add_(2, bins, counts.transpose(1, 2).to(torch.int64))
        seen = visits.gather(2, bins).transpose(1, 2).clamp(min=1)  # (n, E, A)
        novelty = seen.to(torch.float32).rsqrt() * values.active
        if acted is None:
            least, mean = novelty.amin(-1, keepdim=True), novelty.mean(-1, keepdim=True)
        else:  # the team is those that acted; no novelty is above 1
            least = torch.where(acted, novelty, 1.0).amin(-1, keepdim=True)
            mean = presence.mean(novelty, acted, -1).unsqueeze(-1)
        return torch.where(self._of_team, torch.where(self._least, least, mean), novelty)


class Penalties:
    """The value itself; the weight is negative."""

    def __init__(self, terms: Terms, environments: int) -> None:
        del environments
        self.span = terms.span(pb.SHAPING_FORM_PENALTY)
        self.state: dict[str, Tensor] = {}

    def restart(self, fresh: Tensor, values: Values) -> None:
        """Nothing is remembered."""

    def fires(self, values: Values) -> Tensor:
        """The value."""
        return values.value


def _zeros(terms: Terms, span: slice, environments: int, dtype: torch.dtype) -> Tensor:
    shape = (span.stop - span.start, environments, terms.receives.shape[-1])
    return torch.zeros(shape, dtype=dtype, device=terms.receives.device)

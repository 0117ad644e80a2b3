"""Terms that are not potentials: what their forms are due, cut to what is left of each cap.

For every agent and episode a term has `episode_cap` to pay in |reward|. What is left is kept in
float64 and a hair of the cap is never paid, so that the caps hold on any trajectory, exactly:
rounding cannot carry a sum over them. Letters: n capped terms, E environments, A agents.
"""

import torch
from torch import Tensor

from also.services.trainer.shaping_reward.forms import Events, Form, Novelties, Penalties, Restarts, Synchronies
from also.services.trainer.shaping_reward.terms import Terms, Values, is_empty

SLACK = 1e-6
"""Part of a cap that is never paid; above the rounding of float32 rewards and of their mix."""


class Capped:
    """All terms that have a cap, of a batch of configs."""

    def __init__(self, terms: Terms, environments: int) -> None:
        self.span = terms.capped
        self._terms = terms
        self._forms: tuple[Form, ...] = tuple(
            form(terms, environments) for form in (Events, Synchronies, Novelties, Penalties)
        )
        caps = [each.term.episode_cap * (1 - SLACK) for each in terms.placed[self.span]]
        self._cap = terms.column(caps, torch.float64)
        self._left = self._cap.repeat(1, environments, terms.receives.shape[-1])
        self._environments = environments

    def fresh(self, environments: int) -> "Capped":
        """The same terms for so many other environments, which begin anew; they go by the visits of these."""
        other = Capped(self._terms, environments)
        for own, form in zip(self._forms, other._forms, strict=True):
            if isinstance(form, Novelties):
                form.look_at(own.state["visits"])
        return other

    def restart(self, fresh: Tensor, values: Values) -> None:
        """Begin an episode where `fresh`, bool (N, E, 1), in a state of these values."""
        self._left = torch.where(fresh[self.span], self._cap, self._left)
        for form in self._present():
            form.restart(fresh[form.span], values.of(form.span))

    def pay(self, values: Values, factors: Tensor | None, restarts: Restarts | None) -> tuple[Tensor, Tensor, Tensor]:
        """Rewards of reaching T states, (n, T * E, A): what is paid, what was due before caps, where any was cut.

        Args:
            values: of all N terms at the states reached, (N, T * E, A).
            factors: of the schedules at the states before, (N, T); None is 1.
            restarts: where episodes began in between.
        """
        if is_empty(self.span):
            nothing = values.value[self.span]
            return nothing, nothing, nothing.to(torch.bool)
        places = {} if restarts is None else {t: place for place, t in enumerate(restarts.at)}
        paid = []
        for t in range(values.value.shape[1] // self._environments):
            factor = None if factors is None else factors[:, t : t + 1]
            paid.append(self._pay(values.at(self._states(t)), factor))
            if restarts is not None and t in places:
                place = places[t]
                self.restart(restarts.fresh[:, place], restarts.values.at(self._states(place)))
        first, second, third = (torch.cat(parts, dim=1) for parts in zip(*paid, strict=True))
        return first, second, third

    def _states(self, place: int) -> slice:
        """Where the states of one env_step lie on an axis of T * E."""
        return slice(place * self._environments, (place + 1) * self._environments)

    def _pay(self, values: Values, factor: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Rewards of reaching a state, (n, E, A)."""
        fires = torch.cat([form.fires(values.of(form.span)) for form in self._present()])
        if values.acted is not None:
            fires = torch.where(values.acted[self.span], fires, 0.0)
        due, cut = self._terms.weigh(self.span, fires, factor)
        owed = due.abs()
        size = torch.minimum(owed, self._left).to(torch.float32)
        self._left = torch.where(owed < self._left, self._left - owed, 0.0)
        return torch.copysign(size, due), due, cut | (size < owed * (1 - 2 * SLACK))

    def state(self) -> dict[str, tuple[Tensor, slice]]:
        """State by name, with the terms that it belongs to."""
        state = {"left": (self._left, self.span)}
        for form in self._forms:
            state |= {name: (tensor, form.span) for name, tensor in form.state.items()}
        return state

    def _present(self) -> list[Form]:
        """Forms that have a term, in the order of the flat axis."""
        return [form for form in self._forms if not is_empty(form.span)]

"""The shaping reward of R replicas, each under its own config, and the state that it carries on.

Each env_step the terms read the state that was reached, their forms turn the values into rewards,
clip and cap cut what is not a potential, the terms of a replica are added, and credit mixes the
sum over agents. There is no loop over replicas, environments or agents.

A potential is clipped itself, never the difference of two, and is 0 after termination, so that a
discounted sum over an episode telescopes to gamma^T Phi(s_T) - Phi(s_0), whatever happens between
(Ng 1999; with weights that move in time: Devlin & Kudenko 2012, eq. 8). Terms are compiled from
the canonical config, whose hash is what a live learner reports.

Letters: R replicas, E environments, A agents, N terms, K terms of one replica.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from also.errors import CheckpointError
from also.shaping import identity, rules
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from services.trainer.shaping_reward.activity import Activity
from services.trainer.shaping_reward.forms import Events, Form, Novelties, Penalties, Potentials, Synchronies
from services.trainer.shaping_reward.terms import CAP_SLACK, Placed, Terms, Values, receivers
from services.trainer.tasks.vector_task import Features

MAX_TERMS = 8
"""Most terms of a config (limit in `shaping.proto`): K of every saved state."""


class ShapingReward:
    """Shaping reward of a batch of replicas."""

    def __init__(
        self,
        configs: Sequence[pb.ShapingConfig],
        card: task_pb2.TaskCard,
        *,
        environments: int,
        gamma: float,
        device: torch.device | str = "cpu",
    ) -> None:
        """Compile the configs; call `begin`, or load a state, before the first `pay`.

        Args:
            configs: one for each replica, R of them.
            card: card of the task.
            environments: environments of a replica, E.
            gamma: the learner's discount, in [0, 1].
            device: where the task's tensors are.

        Raises:
            ShapingError: a config breaks a rule of `also.shaping.rules`.
        """
        for config in configs:
            rules.check_config(config, card)
        device = torch.device(device)
        canonical = [identity.canonical(config) for config in configs]
        self.config_hashes = tuple(identity.config_hash(config) for config in canonical)
        self._shape = (len(configs), environments, len(card.agents))
        placed = [
            Placed(replica=replica, slot=slot, term=term)
            for replica, config in enumerate(canonical)
            for slot, term in enumerate(config.terms)
        ]
        credits_ = [each for each in placed if each.term.form == pb.SHAPING_FORM_CREDIT]
        self._terms = Terms([each for each in placed if each.term.form != pb.SHAPING_FORM_CREDIT], card, device)
        self._credit = _Credit(credits_, card, len(configs), device)
        self._names = _names(configs)
        self._rows = {(each.replica, each.slot): row for row, each in enumerate([*self._terms.placed, *credits_])}
        self._activity = Activity(torch.cat([self._terms.receives, self._credit.receives]), len(configs))
        self._env_steps = torch.zeros(len(configs), dtype=torch.int64, device=device)
        self._factor = self._terms.factor(self._env_steps)
        capped = self._terms.capped
        self._left = torch.zeros(capped.stop - capped.start, *self._shape[1:], dtype=torch.float64, device=device)
        self._potentials = Potentials(self._terms, environments, gamma)
        self._capped: tuple[Form, ...] = tuple(
            form(self._terms, environments) for form in (Events, Synchronies, Novelties, Penalties)
        )

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features that any term or gate reads, sorted; () when no replica has a term."""
        return self._terms.feature_names

    @torch.no_grad()
    def begin(self, features: Features) -> None:
        """All environments have just begun an episode, whose first state has these features."""
        replicas, environments, _ = self._shape
        self.restart(torch.ones(replicas, environments, dtype=torch.bool, device=self._env_steps.device), features)

    @torch.no_grad()
    def restart(self, done: Tensor, features: Features) -> None:
        """Begin anew where an episode has: bool (R, E); `features` are of the states after it."""
        if not len(self._terms):
            return
        terms, values = self._terms, self._terms.read(features)
        fresh = done[terms.replica].unsqueeze(-1)  # (N, E, 1)
        self._left = torch.where(fresh[terms.capped], terms.cap[terms.capped], self._left)
        if _holds(self._potentials.span):
            at = self._potentials.span
            self._potentials.restart(fresh[at], values.of(at), self._factor)
        for form in self._capped:
            if _holds(form.span):
                form.restart(fresh[form.span], values.of(form.span))

    @torch.no_grad()
    def pay(self, features: Features, task_reward: Tensor, terminated: Tensor, truncated: Tensor) -> Tensor:
        """Shaping reward of one env_step of every environment.

        Args:
            features: of the states that were reached, before any restart.
            task_reward: float32 (R, E).
            terminated: bool (R, E): the episode has ended; every potential is 0 from here.
            truncated: bool (R, E): a time limit has cut the episode; its potential stays, as its
                value is bootstrapped.

        Returns:
            float32 (R, E, A), always finite: where a feature is not, the terms that read it have
            value 0, as under a closed gate, and `activity` says so.
        """
        del truncated  # named to say that it makes no difference
        before = self._factor
        self._env_steps += self._shape[1]
        if not len(self._terms):
            return torch.zeros(self._shape, device=self._env_steps.device)
        self._factor = self._terms.factor(self._env_steps)
        values = self._terms.read(features)
        differences, clipped = self._potentials.pay(values.of(self._potentials.span), self._factor, terminated)
        paid, due, cut = self._pay_capped(values, before)
        rewards = torch.cat([differences, paid])
        own = self._sum_of_replicas(rewards)
        total, moved = self._credit.mix(own)
        self._activity.count(
            paid=torch.cat([rewards, moved]),
            due=torch.cat([differences, due, moved]) != 0,
            cut=torch.cat([clipped, cut, torch.zeros_like(moved, dtype=torch.bool)]),
            finite=torch.cat([values.finite | ~self._terms.receives, torch.ones_like(moved, dtype=torch.bool)]),
            task_reward=task_reward,
        )
        return total

    def activity(self) -> list[list[pb.TermActivity]]:
        """What each term did since construction or `clear_activity`: for each replica, in its config's order.

        A credit term has as reward what it adds to an agent's, and as size half of what it moves.
        """
        sizes, terms = self._activity.sizes(), len(self._terms)
        totals = [self._activity.task_size(replica) for replica in range(self._shape[0])]
        for row, each in enumerate(self._terms.placed):
            totals[each.replica] += sizes[row]
        report = []
        for replica, names in enumerate(self._names):
            rows = [(self._rows[replica, slot], name) for slot, name in names]
            report.append([self._activity.of(row, name, totals[replica] * (1 + (row >= terms))) for row, name in rows])
        return report

    def clear_activity(self) -> None:
        """Begin to count activity anew."""
        self._activity.clear()

    def state_dict(self) -> dict[str, Tensor]:
        """Everything a bit-exact continuation needs; first axis R, of a shape that no config changes.

        (R, 8, E, A) by canonical place of the term, `visits` (R, 8, A, 256), `env_steps` (R,).
        """
        state = {"env_steps": self._env_steps.clone()}
        for name, (values, at) in self._state().items():
            state[name] = values.new_zeros(self._shape[0], MAX_TERMS, *values.shape[1:])
            state[name][self._terms.replica[at], self._terms.slot[at]] = values
        return state

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Continue from what `state_dict` returned under configs of the same hashes.

        Raises:
            CheckpointError: a tensor is missing, or has another shape or type.
        """
        expected = self.state_dict()
        for name, tensor in expected.items():
            found = state.get(name)
            if found is None or found.shape != tensor.shape or found.dtype != tensor.dtype:
                what = "missing" if found is None else f"{found.dtype} {tuple(found.shape)}"
                raise CheckpointError(
                    f"shaping state {name!r} is {what}; {tensor.dtype} {tuple(tensor.shape)} is expected"
                )
        self._env_steps.copy_(state["env_steps"])
        self._factor = self._terms.factor(self._env_steps)
        for name, (values, at) in self._state().items():
            values.copy_(state[name][self._terms.replica[at], self._terms.slot[at]])

    def _pay_capped(self, values: Values, factor: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Rewards that are not potentials, (N - P, E, A): what is paid, where any is due, where it was cut."""
        at = self._terms.capped
        if at.start == at.stop:
            nothing = values.value[at]
            return nothing, nothing, nothing.to(torch.bool)
        fires = torch.cat([form.fires(values.of(form.span)) for form in self._capped if _holds(form.span)])
        due, clipped = self._terms.weigh(at, fires, factor)
        size = torch.minimum(due.abs(), self._left)
        paid = torch.copysign(size, due).to(torch.float32)
        self._left = (self._left - paid.abs()).clamp(min=0)
        return paid, due, clipped | (size < due.abs() * (1 - 2 * CAP_SLACK))

    def _sum_of_replicas(self, rewards: Tensor) -> Tensor:
        """Sum of each replica's terms, (R, E, A): in order of their places, whatever else is in the batch."""
        replicas, environments, agents = self._shape
        places = 1 + max(each.slot for each in self._terms.placed)
        by_place = torch.zeros(places, replicas, environments, agents, device=rewards.device)
        by_place[self._terms.slot, self._terms.replica] = rewards
        total = by_place[0]
        for place in range(1, places):
            total = total + by_place[place]
        return total

    def _state(self) -> dict[str, tuple[Tensor, slice]]:
        """State by name, with the terms that it belongs to."""
        state = {"left": (self._left, self._terms.capped)}
        state |= {name: (tensor, self._potentials.span) for name, tensor in self._potentials.state.items()}
        for form in self._capped:
            state |= {name: (tensor, form.span) for name, tensor in form.state.items()}
        return state


class _Credit:
    """Mixes shaping rewards over agents: alpha * own + (1 - alpha) * mean over the term's agents."""

    def __init__(self, placed: Sequence[Placed], card: task_pb2.TaskCard, replicas: int, device: torch.device) -> None:
        agents = len(card.agents)
        members = torch.zeros(replicas, 1, agents, dtype=torch.bool)
        alpha = torch.ones(replicas, 1, 1)
        for each in placed:
            members[each.replica, 0] = torch.tensor(receivers(each.term, card))
            alpha[each.replica] = each.term.credit.alpha
        self._replicas = torch.tensor([each.replica for each in placed], dtype=torch.int64, device=device)
        self._members, self._alpha = members.to(device), alpha.to(device)
        self.receives = self._members[self._replicas]
        """bool (number of credit terms, 1, A): agents whose rewards each term mixes."""

    def mix(self, own: Tensor) -> tuple[Tensor, Tensor]:
        """Rewards (R, E, A) mixed, and what each credit term has added, (number of credit terms, E, A)."""
        if not len(self._replicas):
            return own, own[:0]
        count = self._members.sum(-1, keepdim=True).clamp(min=1)
        mean = (own * self._members).sum(-1, keepdim=True) / count
        mixed = torch.where(self._members, self._alpha * own + (1 - self._alpha) * mean, own)
        return mixed, (mixed - own)[self._replicas]


def _names(configs: Sequence[pb.ShapingConfig]) -> list[list[tuple[int, str]]]:
    """For each config, in its own order of terms: the term's canonical place, and its name."""
    names = []
    for config in configs:
        order = identity.canonical_order(config)
        names.append([(order.index(index), term.name) for index, term in enumerate(config.terms)])
    return names


def _holds(span: slice) -> bool:
    """Whether a span has any term."""
    return bool(span.stop > span.start)

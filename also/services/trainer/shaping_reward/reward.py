"""The shaping reward of R replicas, each under its own config, and the state that it carries on.

The terms read the state that each env_step reached, their forms turn the values into rewards, clip and
cap cut what is not a potential, the terms of a replica are added, and credit mixes the sum over
agents. There is no loop over replicas, environments or agents, and one over the env_steps of a rollout
only where a form remembers.

A potential is clipped itself, never the difference of two, and is 0 after termination, so that a
discounted sum over an episode telescopes to gamma^T Phi(s_T) - Phi(s_0), whatever happens between
(Ng 1999; with weights that move in time: Devlin & Kudenko 2012). Terms are compiled from
the canonical config, whose hash is what a live learner reports.

An agent is paid for the env_steps in which it acted. Where it has left, its potentials are 0, too, those that
credit mixes for it included, so that its own sum telescopes to -Phi(s_0) as at a termination. It counts for no
other: no visit, no part of a synchrony, no part of the team's novelty. What `features` say of it is the task's word.

Letters: R replicas, E environments, A agents, N terms, K terms of one replica.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from also.services.trainer.parts import require_like
from also.services.trainer.presence import Presence
from also.services.trainer.shaping_reward.caps import Capped
from also.services.trainer.shaping_reward.credit import Credit
from also.services.trainer.shaping_reward.forms import Potentials, Restarts
from also.services.trainer.shaping_reward.ledger import Ledger
from also.services.trainer.shaping_reward.terms import FORMS, Placed, Terms
from also.services.trainer.tasks.vector_task import Features
from also.shaping import identity, rules
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

MAX_TERMS = 8
"""Most terms of a config (limit in `shaping.proto`): K of every saved state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where new episodes have begun during T env_steps."""

    at: Sequence[int]
    """env_steps, in [0, T), after which some have: S of them, ascending."""
    done: Tensor
    """bool (R, S, E): where."""
    features: Features
    """Of the states that they began in, and of any others elsewhere: (R, S, E), (R, S, E, A), ..."""


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
            rules.check_config(config, card, gamma)
        device = torch.device(device)
        canonical = [identity.canonical(config) for config in configs]
        self.config_hashes = tuple(each.hash for each in canonical)
        self._shape = (len(configs), environments, len(card.agents))
        placed = [
            Placed(replica=replica, slot=slot, term=term)
            for replica, each in enumerate(canonical)
            for slot, term in enumerate(each.config.terms)
        ]
        self._terms = Terms([each for each in placed if each.term.form in FORMS], card, device)
        mixers = [each for each in placed if each.term.form == pb.SHAPING_FORM_CREDIT]
        self._credit = Credit(mixers, card, len(configs), device)
        self._potentials = Potentials(self._terms, environments, gamma)
        self._capped = Capped(self._terms, environments)
        names = [
            [(each.order.index(index), term.name) for index, term in enumerate(config.terms)]
            for config, each in zip(configs, canonical, strict=True)
        ]
        self.ledger = Ledger(self._terms, self._credit, names)
        self._env_steps = torch.zeros(len(configs), dtype=torch.int64, device=device)

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
        values, at = self._terms.read(features), self._potentials.span
        fresh = self._of_terms(done)  # (N, E, 1)
        self._potentials.restart(fresh[at], values.of(at), self._terms.factor(self._env_steps.unsqueeze(1)))
        self._capped.restart(fresh, values)

    def pay(
        self,
        features: Features,
        task_reward: Tensor,
        terminated: Tensor,
        truncated: Tensor,
        presence: Presence | None = None,
    ) -> Tensor:
        """Shaping reward of one env_step of every environment.

        Args:
            features: of the states that were reached, before any restart.
            task_reward: float32 (R, E).
            terminated: bool (R, E): the episode has ended; every potential is 0 from here.
            truncated: bool (R, E): a time limit has cut the episode; its potential stays, as its
                value is bootstrapped.
            presence: who was there, T = 1.

        Returns:
            float32 (R, E, A), always finite: where a feature is not, the terms that read it have
            value 0, as under a closed gate, and the ledger says so.
        """
        del truncated  # named to say that it makes no difference
        one = {name: value.unsqueeze(1) for name, value in features.items()}
        return self.pay_rollout(one, task_reward.unsqueeze(1), terminated.unsqueeze(1), None, presence).squeeze(1)

    @torch.no_grad()
    def pay_rollout(
        self,
        features: Features,
        task_reward: Tensor,
        terminated: Tensor,
        begun: Begun | None,
        presence: Presence | None = None,
    ) -> Tensor:
        """Shaping rewards of T env_steps at once: those that `pay`, and `restart` in between, would come to.

        Args:
            features: of the states that were reached, before any restart, (R, T, E), (R, T, E, A), ...
            task_reward: float32 (R, T, E).
            terminated: bool (R, T, E).
            begun: where episodes have begun anew; None: nowhere.
            presence: who was there; the others are paid nothing.

        Returns:
            float32 (R, T, E, A), finite as those of `pay`.
        """
        time, environments = task_reward.shape[1:]
        passed = torch.arange(time + 1, device=self._env_steps.device) * environments
        env_steps = self._env_steps.unsqueeze(1) + passed  # (R, T + 1): before the first, ..., after the last
        self._env_steps += time * environments
        if not len(self._terms):
            return torch.zeros(*task_reward.shape, self._shape[2], device=task_reward.device)
        factors = self._terms.factor(env_steps)
        after = None if factors is None else factors[:, 1:].repeat_interleave(environments, dim=1)
        acted = None if presence is None else presence.acted.flatten(1, 2)
        stayed = None if presence is None else presence.stayed.flatten(1, 2)
        values = self._terms.read(_states(features), acted, stayed)
        restarts = None if begun is None else self._restarts(begun)
        reached, before, clipped = self._potentials.pay(values.of(self._potentials.span), after, terminated, restarts)
        paid, due, cut = self._capped.pay(values, factors, restarts)
        differences = reached - before
        rewards = torch.cat([differences, paid])  # (N, T * E, A)
        own, mixed = self._of_agents(rewards, reached, acted, stayed)
        due, cut = torch.cat([differences, due]), torch.cat([clipped, cut])
        self.ledger.count(rewards, due, cut, values, task_reward.flatten(1), acted)
        self.ledger.count_credit(own, mixed, acted)
        return mixed.view(*task_reward.shape, -1)

    @torch.no_grad()
    def price(self, features: Features, terminated: Tensor, presence: Presence | None = None) -> Tensor:
        """Shaping rewards of whole episodes as things stand now; nothing is counted, and no state moves.

        What an episode decides is as if it had been played under these configs: potentials, events, synchronies,
        penalties and caps. What the learner's whole life decides is taken as it is now: a schedule's factor, and the
        visits of a novelty.

        Args:
            features: of the states of B episodes, the first and all that were reached: (R, T + 1, B), ...
            terminated: bool (R, T, B).
            presence: who was there, of the T env_steps.

        Returns:
            float32 (R, T, B, A), finite as those of `pay`. What comes after an episode's end means nothing.
        """
        time, episodes = terminated.shape[1:]
        if not len(self._terms):
            return torch.zeros(*terminated.shape, self._shape[2], device=terminated.device)
        potentials, capped = self._potentials.fresh(episodes), self._capped.fresh(episodes)
        now = self._terms.factor(self._env_steps.unsqueeze(1))  # (N, 1)
        first = self._terms.read({name: value[:, 0] for name, value in features.items()})
        everywhere = torch.ones_like(terminated[:, 0])
        fresh = self._of_terms(everywhere)
        potentials.restart(fresh[potentials.span], first.of(potentials.span), now)
        capped.restart(fresh, first)
        acted = None if presence is None else presence.acted.flatten(1, 2)
        stayed = None if presence is None else presence.stayed.flatten(1, 2)
        values = self._terms.read(_states({name: value[:, 1:] for name, value in features.items()}), acted, stayed)
        after = None if now is None else now.expand(-1, time * episodes)
        reached, before, _ = potentials.pay(values.of(potentials.span), after, terminated, None)
        paid, _, _ = capped.pay(values, None if now is None else now.expand(-1, time), None)
        _, mixed = self._of_agents(torch.cat([reached - before, paid]), reached, acted, stayed)
        return mixed.view(*terminated.shape, -1)

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
        require_like(self.state_dict(), state, "shaping state")
        self._env_steps.copy_(state["env_steps"])
        for name, (values, at) in self._state().items():
            values.copy_(state[name][self._terms.replica[at], self._terms.slot[at]])

    def _of_terms(self, done: Tensor) -> Tensor:
        """What is of replicas, (R, ..., E), for each term: (N, ..., E, 1)."""
        return done[self._terms.replica].unsqueeze(-1)

    def _restarts(self, begun: Begun) -> Restarts:
        values = self._terms.read(_states(begun.features))
        return Restarts(at=list(begun.at), fresh=self._of_terms(begun.done), values=values)

    def _of_agents(
        self, rewards: Tensor, reached: Tensor, acted: Tensor | None, stayed: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """What agents are paid, before and after credit, both (R, states, A).

        Args:
            rewards: of all terms, (N, states, A).
            reached: discounted potentials of the states reached, (n, states, A).
            acted: bool (R, states, A), agents that acted; None: all.
            stayed: bool (R, states, A), agents that are there in the states reached; None: all.
        """
        own = self._sum_of_replicas(rewards)
        mixed = self._credit.mix(own) if self._credit.placed else own
        if acted is not None and stayed is not None:
            if self._credit.placed:  # potentials of others, in a state that an agent has left: no part of its own
                mixed = mixed - self._credit.mix(self._sum_of_replicas(_padded(reached, rewards))) * ~stayed
            own, mixed = own * acted, mixed * acted
        return own, mixed

    def _sum_of_replicas(self, rewards: Tensor) -> Tensor:
        """Sum of each replica's terms, (R, states, A): in order of their places, whatever else is in the batch."""
        places = 1 + max(each.slot for each in self._terms.placed)
        by_place = rewards.new_zeros(places, self._shape[0], *rewards.shape[1:])
        by_place[self._terms.slot, self._terms.replica] = rewards
        total = by_place[0]
        for place in range(1, places):
            total = total + by_place[place]
        return total

    def _state(self) -> dict[str, tuple[Tensor, slice]]:
        """State by name, with the terms that it belongs to."""
        return self._capped.state() | {
            name: (tensor, self._potentials.span) for name, tensor in self._potentials.state.items()
        }


def _padded(first: Tensor, whole: Tensor) -> Tensor:
    """What is of the first terms, (n, ...), for all N of them as `whole` is: 0 for the others."""
    return torch.cat([first, torch.zeros_like(whole[len(first) :])])


def _states(features: Features) -> Features:
    """Features (R, T, E, ...) with one axis for all states, (R, T * E, ...)."""
    return {name: value.flatten(1, 2) for name, value in features.items()}

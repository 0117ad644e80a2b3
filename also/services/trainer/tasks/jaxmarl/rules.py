"""What a task makes of one environment of JaxMARL's: what it pays, what ends it, and by which numbers it shows.

Rules see one environment, without batch axes, and are traced into the same program as its step. They may keep a memory
of an episode, which is a part of the environment's state in checkpoints: arrays by name.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from also.services.trainer.tasks.jaxmarl.kinds import Kind, Step
from also.v1 import task_pb2
from also.v1.task_pb2 import Feature, TaskCard

Memory = dict[str, Array]
"""What rules remember of an episode, by name."""

SCOPES = {
    task_pb2.FEATURE_SCOPE_TEAM: "team",
    task_pb2.FEATURE_SCOPE_AGENT: "agent",
    task_pb2.FEATURE_SCOPE_PAIR: "pair",
}
"""Under which name features of a scope are stacked."""


class StepResult(NamedTuple):
    """The outcome of an env_step."""

    reward: Array
    """float32 (): what the team is paid."""
    ended: Array
    """bool (): whether the task has ended with it, beside what the environment says."""
    memory: Memory
    """What is remembered after it."""


class Rules:
    """The rules of a task; these pay what the environment pays, and end nothing."""

    measured: frozenset[str] = frozenset()
    """Features whose ranges are measured ones, which values may leave."""

    def __init__(self, kind: Kind, card: TaskCard) -> None:
        """Rules of an environment under a card with all features."""
        self.kind = kind
        self.card = card

    def begin(self, state: Any) -> Memory:
        """What is remembered when an episode begins in a state."""
        del state
        return {}

    def judge(self, memory: Memory, step: Step) -> StepResult:
        """The outcome of an env_step."""
        return StepResult(step.reward, jnp.asarray(False), memory)

    def state(self, state: Any, observations: Array) -> Array:
        """The global state, float (S,); observations are (A, O)."""
        return self.kind.state(state, observations)

    def features(self, state: Any, memory: Memory, observations: Array) -> dict[str, Array]:
        """Features by name: () for the team, (A,) for agents, (A, A) for pairs."""
        raise NotImplementedError

    def shown(self, state: Any, memory: Memory, observations: Array) -> dict[str, Array]:
        """The card's features by scope: `team` (F,), `agent` (F, A), `pair` (F, A, A); empty scopes are left out."""
        features = self.features(state, memory, observations)
        rows: dict[str, list[Array]] = {}
        for feature in self.card.features:
            rows.setdefault(SCOPES[feature.scope], []).append(jnp.asarray(features[feature.name], jnp.float32))
        return {scope: jnp.stack(values) for scope, values in rows.items()}


def places(listed: Sequence[Feature]) -> dict[str, tuple[str, int]]:
    """Where `Rules.shown` has each feature: its scope's stack, and its place there."""
    counts: dict[str, int] = {}
    found = {}
    for feature in listed:
        scope = SCOPES[feature.scope]
        found[feature.name] = (scope, counts.get(scope, 0))
        counts[scope] = counts.get(scope, 0) + 1
    return found


def distances_between(ones: Array, others: Array) -> Array:
    """From each of (N, 2) to each of (M, 2), (N, M)."""
    return jnp.sqrt(jnp.square(ones[:, None] - others[None]).sum(-1))

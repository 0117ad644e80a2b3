"""Features of an environment that nobody has described: single numbers of its state and of what agents see.

A leaf of the state whose first axis is as long as the team gives numbers of agents, any other numbers of the team. A
number is named by its leaf and its place in it, `p_pos_3`; one of the observations `observation_3`, as with
PettingZoo environments.
"""

import re
from typing import Any

import jax.numpy as jnp
from jax import Array, tree_util

from also.services.trainer.tasks.jaxmarl.kinds import Kind, Step
from also.services.trainer.tasks.jaxmarl.rules import Memory, Rules, StepResult
from also.services.trainer.tasks.parallel.environment import EPISODE_RETURN, OBSERVATION_FEATURE
from also.services.trainer.tasks.parallel.returns import BUILT_IN
from also.v1 import task_pb2
from also.v1.task_pb2 import TaskCard

_COUNTERS = ("done", "step", "time")
"""Leaves that say how far the episode is, and nothing of the task."""

_LONGEST = 4096
"""Numbers that a leaf has at most; of a longer one, such as a map, none becomes a feature."""


def numbers(kind: Kind, state: Any) -> tuple[dict[str, Array], dict[str, Array]]:
    """Numbers of the state by leaf: those of the team (n,), those of agents (n, A), float32."""
    team, agents = {}, {}
    for path, leaf in tree_util.tree_flatten_with_path(state)[0]:
        word = re.sub(r"[^a-z0-9]+", "_", tree_util.keystr(path[-1:]).lower()).strip("_")
        value = jnp.asarray(leaf)
        if word in _COUNTERS or "key" in word or not 0 < value.size <= _LONGEST or not word[:1].isalpha():
            continue
        value = value.astype(jnp.float32)
        if value.ndim and value.shape[0] == len(kind.agents):
            agents[word[:40]] = value.reshape(value.shape[0], -1).T
        else:
            team[word[:40]] = value.reshape(-1)
    return team, agents


class PlainRules(Rules):
    """An environment as JaxMARL pays it, with numbers of it as features."""

    def __init__(self, kind: Kind, card: TaskCard) -> None:
        """Rules of an environment under a card that `jaxmarl.trials` wrote."""
        super().__init__(kind, card)
        self.measured = frozenset(feature.name for feature in card.features)

    def begin(self, state: Any) -> Memory:
        """The return so far."""
        del state
        return {"episode_return": jnp.float32(0), "over": jnp.asarray(False)}

    def judge(self, memory: Memory, step: Step) -> StepResult:
        """Adds to the return."""
        following = {"episode_return": memory["episode_return"] + step.reward, "over": step.over}
        return StepResult(step.reward, jnp.asarray(False), following)

    def features(self, state: Any, memory: Memory, observations: Array) -> dict[str, Array]:
        """The card's features."""
        team, agents = numbers(self.kind, state)
        found = {}
        for feature in self.card.features:
            word, _, place = feature.name.rpartition("_")
            if feature.name in BUILT_IN:
                so_far = memory["episode_return"]
                known = memory["over"] if feature.name != EPISODE_RETURN else True
                found[feature.name] = jnp.where(known, so_far, feature.minimum)
            elif feature.name.startswith(OBSERVATION_FEATURE):
                found[feature.name] = observations[:, int(place)]
            else:
                of_agents = feature.scope == task_pb2.FEATURE_SCOPE_AGENT
                found[feature.name] = (agents if of_agents else team)[word][int(place)]
        return found


class CandidateRules(Rules):
    """All numbers of the state at once, before any is chosen."""

    def shown(self, state: Any, memory: Memory, observations: Array) -> dict[str, Array]:
        """Numbers of the team, (K,), and of agents, (K, A); K may be 0."""
        del memory, observations
        team, agents = numbers(self.kind, state)
        nobody = jnp.zeros((0, len(self.kind.agents)))
        return {
            "team": jnp.concatenate([jnp.zeros(0), *(team[word] for word in sorted(team))]),
            "agent": jnp.concatenate([nobody, *(agents[word] for word in sorted(agents))]),
        }


def number_names(leaves: dict[str, Array]) -> list[str]:
    """Names of all numbers of some leaves, in the order of `CandidateRules`."""
    return [f"{word}_{place}" for word in sorted(leaves) for place in range(leaves[word].shape[0])]

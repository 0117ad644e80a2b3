"""One environment of JaxMARL's under the rules of a task, as functions that XLA can compile.

A *play* is what an environment is at a moment: `state` (JaxMARL's), `memory` (the rules'), `time` (env_steps of the
episode) and `seen` (what agents see, and the features). Nothing in it is ever changed in place.

All that is random in episode n of an environment follows from its seed, mix(key, n): its beginning from
fold_in(seed, 0), and env_step t from fold_in(seed, t).

Letters of shapes: A agents, O observation, S state, N choices or numbers of an action; there is no batch axis.
"""

import contextlib
import io
import warnings
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from also.errors import TaskError
from also.services.trainer.tasks.jaxmarl.kinds import Step
from also.services.trainer.tasks.jaxmarl.rules import Rules

Play = dict[str, Any]
"""What an environment, or several, are at a moment."""

_ROUNDS = 3
"""env_steps after which the types of a state no longer change."""


class Episode:
    """The episodes of one environment."""

    def __init__(self, rules: Rules) -> None:
        """Trace the environment.

        Raises:
            TaskError: its state changes shapes from env_step to env_step.
        """
        self.rules = rules
        self._environment = rules.kind.environment
        self._agents = rules.kind.agents
        spaces = [self._environment.action_space(agent) for agent in self._agents]
        self.discrete = hasattr(spaces[0], "n")
        """Whether actions are choices."""
        self._sizes = [int(space.n) if self.discrete else int(space.shape[0]) for space in spaces]
        self.action_size = max(self._sizes)
        """N."""
        self.seed = jax.ShapeDtypeStruct((2,), jnp.uint32)
        """Shape and type of a seed."""
        choice = ((), jnp.int32) if self.discrete else ((self.action_size,), jnp.float32)
        self.actions = jax.ShapeDtypeStruct((len(self._agents), *choice[0]), choice[1])
        """Shape and type of a joint action."""
        with quiet():
            self.play: Play = self._fixed_point()
            """Shapes and types of a play."""

    def begin(self, seed: Array) -> Play:
        """An episode's beginning."""
        return self._typed(self._begun(seed))

    def step(self, play: Play, seed: Array, actions: Array) -> tuple[Play, Array, Array, Array]:
        """An env_step: the play after it, float32 () reward, bool () terminated, bool () truncated."""
        following, reward, terminated, truncated = self._following(play, seed, actions)
        return self._typed(following), reward, terminated, truncated

    def restart(self, play: Play, done: Array, seed: Array) -> Play:
        """The beginning of another episode where bool () `done`, else the play."""
        return dict(jax.tree.map(lambda new, old: jnp.where(done, new, old), self.begin(seed), play))

    def _begun(self, seed: Array) -> Play:
        observed, state = self._environment.reset(jax.random.fold_in(seed, 0))
        memory = self.rules.begin(state)
        return {"state": state, "memory": memory, "time": jnp.int32(0), "seen": self._seen(observed, state, memory)}

    def _following(self, play: Play, seed: Array, actions: Array) -> tuple[Play, Array, Array, Array]:
        """As `step`; the play keeps the types that the computation gives it."""
        kind, time = self.rules.kind, play["time"] + 1
        observed, state, rewards, dones, info = self._environment.step_env(
            jax.random.fold_in(seed, time), play["state"], kind.joint(actions)
        )
        paid = jnp.stack([jnp.asarray(rewards[agent], jnp.float32) for agent in self._agents]).mean()
        over = jnp.asarray(dones["__all__"], bool)
        step = Step(play["state"], actions, state, paid, over, info)
        ruling = self.rules.judge(play["memory"], step)
        terminated = kind.ended(step) | ruling.ended
        seen = self._seen(observed, state, ruling.memory)
        following = {"state": state, "memory": ruling.memory, "time": time, "seen": seen}
        return following, jnp.asarray(ruling.reward, jnp.float32), terminated, over & ~terminated

    def _seen(self, observed: Any, state: Any, memory: Any) -> dict[str, Array]:
        """What is seen of a state: shorter observations are filled up with zeros."""
        flat = [jnp.asarray(observed[agent], jnp.float32).reshape(-1) for agent in self._agents]
        size = max(each.size for each in flat)
        observations = jnp.stack([jnp.pad(each, (0, size - each.size)) for each in flat])
        seen = {
            "observations": observations,
            "state": jnp.asarray(self.rules.state(state, observations), jnp.float32),
            **self.rules.shown(state, memory, observations),
        }
        masks, present = self._masks(state), self.rules.kind.present(state)
        return seen | ({} if masks is None else {"masks": masks}) | ({} if present is None else {"present": present})

    def _masks(self, state: Any) -> Array | None:
        """Choices that are allowed, bool (A, N): those that the environment says, of those that an agent has."""
        allowed = self.rules.kind.allowed(state)
        if not self.discrete or (allowed is None and min(self._sizes) == self.action_size):
            return None
        rows = []
        for agent, size in zip(self._agents, self._sizes, strict=True):
            row = jnp.ones(size, bool) if allowed is None else jnp.asarray(allowed[agent]) > 0
            rows.append(jnp.pad(row, (0, self.action_size - size)))
        return jnp.stack(rows)

    def _typed(self, play: Play) -> Play:
        """A play in its fixed types: what a reset returns and what a step returns may differ."""
        return dict(jax.tree.map(lambda leaf, fixed: jnp.asarray(leaf).astype(fixed.dtype), play, self.play))

    def _fixed_point(self) -> Play:
        """Shapes and types of a play, such that a step returns what it was given."""
        given = _plain(jax.eval_shape(self._begun, self.seed))
        for _ in range(_ROUNDS):
            after = _plain(jax.eval_shape(self._following, given, self.seed, self.actions)[0])
            if after == given:
                return given
            given = after
        name = type(self._environment).__name__
        raise TaskError(f"JaxMARL's {name} changes the shapes or types of its state from env_step to env_step")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """For tracing: some environments print meanwhile, or warn of what their authors should change."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _plain(play: Any) -> Play:
    """Shapes and types alone: types that JAX calls weak are as others."""
    return dict(jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), play))

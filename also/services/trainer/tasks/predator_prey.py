"""Predator and prey: JaxMARL's `MPE_simple_facmac` under a sparse reward.

Three predators chase one scripted prey among obstacles. They catch it when two of them touch it at once; that pays 1,
once, and ends the episode, as the time limit does (docs/adr/0031-a-limit-that-ends.md). JaxMARL's own reward, 10 for
each contact of each env_step, is not paid: one predator earns it alone.

The prey of JaxMARL 0.2.0 does not flee: it decides from the place of the last predator, and of the places that it
looks at it takes only those that a body stands on (where the published prey avoids them). Its force is 0.15
at most while that predator is alone; predators have 3. What agents see of others is everybody or nobody.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from also.services.trainer.tasks.cards.rows import AGENT, HIGHER, LOWER, PAIR, STATE, TEAM, feature, milestone
from also.services.trainer.tasks.jaxmarl.kinds import Kind, Step
from also.services.trainer.tasks.jaxmarl.layouts import Layout
from also.services.trainer.tasks.jaxmarl.rules import Memory, Rules, StepResult, distances_between
from also.v1.task_pb2 import TaskCard

CATCHERS = 2
"""Predators that have to touch the prey in the same env_step."""

NEAR = 0.4
"""Distance from which on a predator counts as near the prey; they touch at 0.125."""

FARTHEST = 3.0
"""Distances are cut here; episodes begin in a square 2 wide."""


class PredatorPreyRules(Rules):
    """Paid for a capture by two predators at once."""

    def __init__(self, kind: Kind, layout: Layout) -> None:
        """Rules of a layout."""
        environment = kind.environment
        super().__init__(kind, predator_prey_card(layout, environment.num_adversaries))
        self._predators = environment.num_adversaries
        self._touch = environment.rad[: self._predators] + environment.rad[self._predators]

    def judge(self, memory: Memory, step: Step) -> StepResult:
        """Pays 1 for a capture, which ends the episode, as the time limit does."""
        caught = self._touching(step.after).sum() >= CATCHERS
        return StepResult(caught, caught | step.over, memory)

    def state(self, state: Any, observations: Array) -> Array:
        """Positions of predators, prey and obstacles, then velocities of predators and prey."""
        del observations
        return jnp.concatenate([state.p_pos.ravel(), state.p_vel[: self._predators + 1].ravel()])

    def features(self, state: Any, memory: Memory, observations: Array) -> dict[str, Array]:
        """The card's features."""
        del memory, observations
        predators = state.p_pos[: self._predators]
        distances = self._distances(state)
        touching = self._touching(state)
        return {
            "prey_distance": distances,
            "partner_distance": jnp.minimum(distances_between(predators, predators), FARTHEST),
            "second_distance": jnp.sort(distances)[CATCHERS - 1],
            "predators_near": (distances < NEAR).sum(),
            "touching": touching,
            "predators_touching": touching.sum(),
        }

    def _distances(self, state: Any) -> Array:
        """From each predator to the prey, (A,), cut."""
        apart = state.p_pos[: self._predators] - state.p_pos[self._predators]
        return jnp.minimum(jnp.sqrt(jnp.square(apart).sum(-1)), FARTHEST)

    def _touching(self, state: Any) -> Array:
        """Whether each predator touches the prey, bool (A,)."""
        return self._distances(state) < self._touch


def predator_prey_card(layout: Layout, predators: int) -> TaskCard:
    """Card of a layout, but for sizes."""
    rows = [
        ("prey_distance", AGENT, "width", FARTHEST, LOWER, "Distance of a predator to the prey."),
        ("partner_distance", PAIR, "width", FARTHEST, LOWER, "Distance between two predators."),
        ("second_distance", TEAM, "width", FARTHEST, LOWER, "Distance of the second nearest predator to the prey."),
        ("predators_near", TEAM, "agents", predators, HIGHER, f"Predators within {NEAR} of the prey."),
        ("touching", AGENT, "bool", 1, HIGHER, "Whether a predator touches the prey."),
        ("predators_touching", TEAM, "agents", predators, HIGHER, "Predators that touch the prey."),
    ]
    milestones = [
        milestone("near", "predators_near", 1, 1, "prey_distance", "A predator is near the prey."),
        milestone("touched", "predators_touching", 1, 1, "prey_distance", "A predator touches the prey."),
        milestone(
            *("surrounded", "predators_near", CATCHERS, CATCHERS, "second_distance"),
            f"{CATCHERS} predators are near the prey.",
        ),
        milestone(
            *("caught", "predators_touching", CATCHERS, CATCHERS, "second_distance"),
            f"{CATCHERS} predators touch the prey at once.",
        ),
    ]
    return TaskCard(
        task=layout.title,
        description=(
            f"{predators} predators chase a scripted prey in a plane with obstacles. {CATCHERS} of them that touch it "
            "at once catch it, which pays 1 and ends the episode; nothing else is paid. JaxMARL's "
            f"{layout.environment}, whose prey is slow."
        ),
        features=[
            feature(name, scope, unit, maximum, direction, STATE, text)
            for name, scope, unit, maximum, direction, text in rows
        ],
        milestones=milestones,
        smallest_return=1,
        largest_return=1,
    )

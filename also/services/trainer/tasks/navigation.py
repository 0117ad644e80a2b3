"""Navigation: JaxMARL's `MPE_simple_spread_v3` under a sparse reward.

Agents move in a plane and are to cover as many landmarks, all at once. The team is paid 1 once, when every landmark is
covered, which ends the episode; so a return is 0 or 1. The time limit ends it as well, and does not truncate it
(docs/adr/0031-a-limit-that-ends.md). JaxMARL's own reward, distances and collisions of each env_step, is not paid. A
share for each covered landmark would be paid to teams of which all but one agent stands still.

A landmark is covered while an agent is within `RADIUS` of it, as in `examples/simple_spread.py`.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from also.services.trainer.tasks.cards.rows import AGENT, HIGHER, LOWER, PAIR, STATE, TEAM, feature
from also.services.trainer.tasks.jaxmarl.kinds import Kind, Step
from also.services.trainer.tasks.jaxmarl.layouts import Layout
from also.services.trainer.tasks.jaxmarl.rules import Memory, Rules, StepResult, distances_between
from also.v1.task_pb2 import Milestone, TaskCard

RADIUS = 0.2
"""Distance within which a landmark is covered; episodes begin in a square 2 wide."""

FARTHEST = 3.0
"""Distances are cut here; the diagonal of that square is 2.83."""


class NavigationRules(Rules):
    """Paid for covering every landmark."""

    def __init__(self, kind: Kind, layout: Layout) -> None:
        """Rules of a layout."""
        super().__init__(kind, navigation_card(layout))
        self._agents = layout.agents

    def judge(self, memory: Memory, step: Step) -> StepResult:
        """Pays 1 when every landmark is covered, which ends the episode, as the time limit does."""
        covered = (self._distances(step.after) < RADIUS).any(axis=0).all()
        return StepResult(covered, covered | step.over, memory)

    def state(self, state: Any, observations: Array) -> Array:
        """Positions of agents and landmarks, then velocities of agents."""
        del observations
        return jnp.concatenate([state.p_pos.ravel(), state.p_vel[: self._agents].ravel()])

    def features(self, state: Any, memory: Memory, observations: Array) -> dict[str, Array]:
        """The card's features."""
        del memory, observations
        agents, distances = state.p_pos[: self._agents], self._distances(state)
        covering = distances < RADIUS
        nearest = distances.argmin(axis=1)
        return {
            "nearest_landmark_distance": jnp.minimum(distances.min(axis=1), FARTHEST),
            "partner_distance": jnp.minimum(distances_between(agents, agents), FARTHEST),
            "landmark_distance": jnp.minimum(distances.min(axis=0), FARTHEST).mean(),
            "landmarks_approached": (nearest[:, None] == jnp.arange(self._agents)).any(axis=0).sum(),
            "covering": covering.any(axis=1),
            "landmarks_covered": covering.any(axis=0).sum(),
        }

    def _distances(self, state: Any) -> Array:
        """From each agent to each landmark, (A, A)."""
        return distances_between(state.p_pos[: self._agents], state.p_pos[self._agents :])


def navigation_card(layout: Layout) -> TaskCard:
    """Card of a layout, but for sizes."""
    count = layout.agents
    rows = [
        (
            *("nearest_landmark_distance", AGENT, "width", FARTHEST, LOWER),
            "Distance of an agent to its nearest landmark.",
        ),
        ("partner_distance", PAIR, "width", FARTHEST, HIGHER, "Distance between two agents."),
        ("landmark_distance", TEAM, "width", FARTHEST, LOWER, "Mean over landmarks of the nearest agent's distance."),
        ("landmarks_approached", TEAM, "landmarks", count, HIGHER, "Landmarks that are nearest to some agent."),
        ("covering", AGENT, "bool", 1, HIGHER, "Whether an agent covers a landmark."),
        ("landmarks_covered", TEAM, "landmarks", count, HIGHER, "Landmarks that are covered."),
    ]
    milestones = [
        Milestone(
            name="all_covered" if number == count else f"covered_{number}",
            feature="landmarks_covered",
            threshold=number,
            agents_needed=number,
            progress_feature="nearest_landmark_distance" if number == 1 else "landmark_distance",
            description=f"{number} of {count} landmarks are covered at once.",
        )
        for number in range(1, count + 1)
    ]
    return TaskCard(
        task=layout.title,
        description=(
            f"{count} agents in a plane cover {count} landmarks, all at once: one is covered while an agent is within "
            f"{RADIUS} of it. That pays 1 and ends the episode; nothing else is paid. JaxMARL's MPE_simple_spread_v3."
        ),
        features=[
            feature(name, scope, unit, maximum, direction, STATE, text)
            for name, scope, unit, maximum, direction, text in rows
        ],
        milestones=milestones,
        smallest_return=1,
        largest_return=1,
    )

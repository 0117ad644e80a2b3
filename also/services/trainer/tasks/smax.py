"""SMAX: battles against JaxMARL's scripted enemy, paid for a win alone.

Allies fight as many enemies. A win, all enemies dead and an ally alive, pays 1 and ends the episode; a defeat, a draw
and the time limit pay nothing. JaxMARL's own reward, for each loss of the enemy's health, is not paid. The dead are
gone (`View.present`), and agents may only attack who is in range (action masks).
"""

from typing import Any

import jax.numpy as jnp
from jax import Array

from also.services.trainer.tasks.cards.rows import ACTION, AGENT, HIGHER, LOWER, STATE, TEAM, feature, milestone
from also.services.trainer.tasks.jaxmarl.kinds import Kind, Step
from also.services.trainer.tasks.jaxmarl.layouts import Layout
from also.services.trainer.tasks.jaxmarl.rules import Memory, Rules, StepResult, distances_between
from also.v1.task_pb2 import TaskCard

HURT = 0.1
"""Share of the enemy's health whose loss counts as a fight."""


class SmaxRules(Rules):
    """Paid for a win."""

    def __init__(self, kind: Kind, layout: Layout) -> None:
        """Rules of a layout."""
        self._environment = kind.environment
        self._allies, self._enemies = kind.environment.num_allies, kind.environment.num_enemies
        self._farthest = float((kind.environment.map_width**2 + kind.environment.map_height**2) ** 0.5)
        super().__init__(kind, smax_card(layout, self._allies, self._enemies, self._farthest))

    def judge(self, memory: Memory, step: Step) -> StepResult:
        """Pays 1 for a win."""
        return StepResult(self._won(step.after.state), jnp.asarray(False), memory)

    def features(self, state: Any, memory: Memory, observations: Array) -> dict[str, Array]:
        """The card's features."""
        del memory, observations
        units, allies = state.state, self._allies
        alive = units.unit_alive
        health = units.unit_health / self._environment.unit_type_health[units.unit_types] * alive
        distances = self._distances(units)  # (A, enemies)
        ranges = self._environment.unit_type_attack_ranges[units.unit_types[:allies]]
        in_range = distances < ranges[:, None]
        moves = self._environment.num_movement_actions
        target = units.prev_attack_actions[:allies] - moves  # negative where none is attacked
        attacks = (target[:, None] == jnp.arange(self._enemies)) & alive[:allies, None]
        return {
            "enemy_distance": distances.min(axis=1),
            "enemies_in_range": in_range.sum(axis=1),
            "attacking": attacks.any(axis=1),
            "health": health[:allies],
            "allies_in_range_of_one": in_range.sum(axis=0).max(),
            "allies_attacking_one": attacks.sum(axis=0).max(),
            "allies_alive": alive[:allies].sum(),
            "ally_health": health[:allies].mean(),
            "enemies_dead": (~alive[allies:]).sum(),
            "enemy_damage": 1 - health[allies:].mean(),
            "won": self._won(units),
        }

    def _won(self, units: Any) -> Array:
        alive = units.unit_alive
        return alive[: self._allies].any() & ~alive[self._allies :].any()

    def _distances(self, units: Any) -> Array:
        """From each ally to each enemy, (A, enemies); farthest where one of the two is dead."""
        places, alive, allies = units.unit_positions, units.unit_alive, self._allies
        apart = distances_between(places[:allies], places[allies:])
        both = alive[:allies, None] & alive[None, allies:]
        return jnp.where(both, jnp.minimum(apart, self._farthest), self._farthest)


def smax_card(layout: Layout, allies: int, enemies: int, farthest: float) -> TaskCard:
    """Card of a layout, but for sizes."""
    rows = [
        (
            *("enemy_distance", AGENT, "cells", farthest, LOWER, STATE),
            "Distance of an ally to the nearest living enemy.",
        ),
        ("enemies_in_range", AGENT, "enemies", enemies, HIGHER, STATE, "Living enemies that the ally can attack."),
        ("attacking", AGENT, "bool", 1, HIGHER, ACTION, "Whether the ally chose to attack."),
        ("health", AGENT, "share", 1, HIGHER, STATE, "Health of an ally, as a share of that which it began with."),
        (
            *("allies_in_range_of_one", TEAM, "agents", allies, HIGHER, STATE),
            "Most allies that can attack the same enemy.",
        ),
        (
            *("allies_attacking_one", TEAM, "agents", allies, HIGHER, ACTION),
            "Most allies that chose to attack the same enemy.",
        ),
        ("allies_alive", TEAM, "agents", allies, HIGHER, STATE, "Allies that are alive."),
        ("ally_health", TEAM, "share", 1, HIGHER, STATE, "Mean health of the allies."),
        ("enemies_dead", TEAM, "enemies", enemies, HIGHER, STATE, "Enemies that are dead."),
        ("enemy_damage", TEAM, "share", 1, HIGHER, STATE, "Share of the enemy's health that is lost."),
        ("won", TEAM, "bool", 1, HIGHER, STATE, "Whether all enemies are dead and an ally lives."),
    ]
    half = -(-enemies // 2)
    return TaskCard(
        task=layout.title,
        description=(
            f"{allies} allies fight {enemies} enemies that follow a script. All enemies dead with an ally alive pays 1 "
            "and ends the episode; nothing else is paid. JaxMARL's HeuristicEnemySMAX."
        ),
        features=[feature(*row) for row in rows],
        milestones=[
            milestone(
                "fought", "enemy_damage", HURT, 1, "enemy_distance", f"The enemy has lost {HURT:.0%} of its health."
            ),
            milestone("first_kill", "enemies_dead", 1, 1, "enemy_damage", "An enemy is dead."),
            milestone("half_killed", "enemies_dead", half, 2, "enemy_damage", f"{half} of {enemies} enemies are dead."),
            milestone("battle_won", "won", 1, 2, "enemy_damage", "All enemies are dead, and an ally lives."),
        ],
        smallest_return=1,
        largest_return=1,
    )

"""Kitchens: JaxMARL's Overcooked (Carroll 2019), paid for delivered soups alone.

A delivery pays 1, where JaxMARL pays 20; a return counts soups. JaxMARL's own shaping of subtasks, 3 for an onion in a
pot or a useful plate and 5 for a served soup, is never paid: it is the feature `subtask_reward`, so that it can be
compared with.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxmarl.environments.overcooked.common import OBJECT_TO_INDEX
from jaxmarl.environments.overcooked.overcooked import (
    DELIVERY_REWARD,
    POT_EMPTY_STATUS,
    POT_FULL_STATUS,
    POT_READY_STATUS,
)

from also.services.trainer.tasks.jaxmarl.kinds import Kind, Step
from also.services.trainer.tasks.jaxmarl.layouts import Layout
from also.services.trainer.tasks.jaxmarl.rules import Memory, Rules, StepResult
from also.services.trainer.tasks.kitchen.card import CARRIED, ONIONS, STAGE_SERVED, kitchen_card
from also.services.trainer.tasks.kitchen.floor import PLACES, floor_cells, walking_distances

_ONION, _PLATE, _SOUP = (OBJECT_TO_INDEX[name] for name in ("onion", "plate", "dish"))


class KitchenRules(Rules):
    """Paid for each soup."""

    def __init__(self, kind: Kind, layout: Layout) -> None:
        """Rules of a layout."""
        floor = kind.environment.layout
        self._height, self._width = int(floor["height"]), int(floor["width"])
        self._cells = int(floor_cells(floor).sum())
        self._distances = {place: jnp.asarray(walking_distances(floor, place)) for place in PLACES}
        taken = sum(len(np.asarray(floor[name])) for name in PLACES.values())
        card = kitchen_card(
            layout,
            cells=self._cells,
            counters=len(np.asarray(floor["wall_idx"])) - taken,
            pots=len(np.asarray(floor["pot_idx"])),
            limit=kind.limit,
        )
        super().__init__(kind, card)

    def begin(self, state: Any) -> Memory:
        """No soup, and nothing that the last env_step would have been paid."""
        del state
        return {"delivered": jnp.float32(0), "subtask_reward": jnp.zeros(len(self.kind.agents))}

    def judge(self, memory: Memory, step: Step) -> StepResult:
        """Pays 1 for a soup."""
        soups = step.reward / DELIVERY_REWARD
        subtasks = [jnp.asarray(step.info["shaped_reward"][agent], jnp.float32) for agent in self.kind.agents]
        following = {"delivered": memory["delivered"] + soups, "subtask_reward": jnp.stack(subtasks)}
        return StepResult(soups, jnp.asarray(False), following)

    def features(self, state: Any, memory: Memory, observations: Array) -> dict[str, Array]:
        """The card's features."""
        del observations
        held = state.agent_inv
        distances = {
            place: table[state.agent_pos[:, 1], state.agent_pos[:, 0]] for place, table in self._distances.items()
        }
        things = self._map(state)[..., 0]
        lying = (things == _ONION) | (things == _PLATE) | (things == _SOUP)
        pots = self._map(state)[state.pot_pos[:, 1], state.pot_pos[:, 0], 2].astype(jnp.int32)
        onions = jnp.where(pots >= POT_FULL_STATUS, POT_EMPTY_STATUS - pots, ONIONS).max()
        served = (held == _SOUP).any() | (things == _SOUP).any()
        plated = onions + ((onions == ONIONS) & (held == _PLATE).any())
        return {
            "holds_onion": held == _ONION,
            "holds_plate": held == _PLATE,
            "holds_soup": held == _SOUP,
            **{f"{place}_distance": value for place, value in distances.items()},
            "carried_onion_distance": jnp.where(held == _ONION, distances["pot"], self._cells).min(),
            "carried_soup_distance": jnp.where(held == _SOUP, distances["delivery"], self._cells).min(),
            "items_on_counters": lying.sum(),
            "onions_in_pot": onions,
            "soup_ready": (pots == POT_READY_STATUS).any(),
            "soup_stage": jnp.where(served, STAGE_SERVED, plated),
            "soup_progress": self._progress(held, distances, onions, served),
            "soups_delivered": memory["delivered"],
            "subtask_reward": memory["subtask_reward"],
        }

    def _progress(self, held: Array, distances: dict[str, Array], onions: Array, served: Array) -> Array:
        """Steps to the next delivery that are done, a part for what is carried; it never falls where a step is done."""

        def carried(thing: int, place: str) -> Array:
            near = jnp.where(held == thing, 1 - distances[place] / self._cells, 0)
            return CARRIED * near.max()

        cooks = jnp.where(onions < ONIONS, onions + carried(_ONION, "pot"), ONIONS + carried(_PLATE, "pot"))
        return jnp.where(served, ONIONS + 1 + carried(_SOUP, "delivery"), cooks)

    def _map(self, state: Any) -> Array:
        """Things on the grid, (height, width, 3), without the border that JaxMARL adds."""
        border = (state.maze_map.shape[0] - self._height) // 2
        return state.maze_map[border : border + self._height, border : border + self._width]

"""Level-Based Foraging (Albrecht & Ramamoorthy 2013; `lbforaging` 2.0.0), stepped as tensors.

Agents and foods with levels stand on a grid. Agents that stand beside one food and load it in the
same env_step eat it, if their levels add up to at least its own. The package's rules are kept step
for step, its quirks too: swapping places is allowed, and an agent may enter the cell of one whose
own move fails.

An entity is one integer, its *code*: 8 * cell + level. Everything that depends on where entities
stand is a look-up in a table of all cells, or of all pairs of cells, built once; foods are kept
sorted by code, which is the order in which the package observes them. Foods never lie so near to
each other that an agent could stand beside two, so loading needs no order of agents.

Letters of shapes: R replicas, E environments, A agents, F foods, C cells; N = R * E where lanes are
drawn anew.
"""

import functools
from typing import NamedTuple

import torch
from torch import Tensor

from also.errors import TaskError
from also.services.trainer.streams import mix, uniform
from also.services.trainer.tasks.foraging.card import foraging_card
from also.services.trainer.tasks.foraging.layout import EPISODE_LIMIT, FAILURES_PER_UNIT, LOADERS, parse_layout
from also.services.trainer.tasks.foraging.tables import LEVEL_BITS, LEVEL_MASK, Tables
from also.services.trainer.tasks.tensor_task import TensorTask
from also.services.trainer.tasks.vector_task import Outcome, View
from also.v1.task_pb2 import TaskCard

ACTIONS = 6
IDLE, NORTH, SOUTH, WEST, EAST, LOAD = range(ACTIONS)
"""Actions, in the package's order."""

NO_ACTION = -1
"""Stands for the action where an episode has just begun."""


class Field(NamedTuple):
    """State of all environments; int64, never changed in place."""

    keys: Tensor
    """(R, E): key of each environment's episodes."""
    episode: Tensor
    """(R, E): number of the episode."""
    time: Tensor
    """(R, E): env_steps since it began."""
    cell: Tensor
    """(R, E, A): cell that each agent stands on."""
    level: Tensor
    """(R, E, A): level of each agent."""
    foods: Tensor
    """(R, E, F): codes of the remaining foods, ascending; the code of what is gone comes last."""
    foods_before: Tensor
    """(R, E, F): `foods` as it was before the last env_step's loading."""
    cell_before: Tensor
    """(R, E, A): `cell` before the last env_step."""
    action: Tensor
    """(R, E, A): last action."""
    food_count: Tensor
    """(R, E): foods that the episode began with."""
    food_levels: Tensor
    """(R, E): sum of their levels."""


class Foraging(TensorTask[Field, Field]):
    """The task `foraging`. Its reward is the sum over agents of the package's normalised reward, penalties included."""

    def _build(self, layout: str, keys: Tensor) -> TaskCard:
        self.layout = parse_layout(layout)
        self._tables = Tables.build(self.layout, keys.device)
        self._unasked = torch.zeros((*keys.shape, 0), device=keys.device)
        return foraging_card(self.layout)

    def view(self, *, whole: bool = True) -> View:
        """Observations as the package flattens them; the state is all foods, then all agents.

        An entity is (row, column, level), (-1, -1, 0) where it is gone or out of sight. An agent
        sees foods first, then itself, then the others; what it does not see leaves no gap.
        """
        tables, field = self._tables, self._state
        codes = torch.cat((field.foods, torch.add(field.level, field.cell, alpha=1 << LEVEL_BITS)), dim=-1)
        entities = tables.entity(codes)  # (R, E, F+A, 3)
        seen = entities.index_select(2, tables.seen_order)  # (R, E, A*(F+A), 3)
        if self.layout.sight < self.layout.size:
            seen = tables.hide(seen.view(*field.cell.shape, -1, 3), field.cell)
        state = entities.flatten(-2) if whole else self._unasked
        return View(observations=seen.view(*field.cell.shape, -1), state=state, action_mask=None)

    def step(self, actions: Tensor) -> Outcome:
        """Move every environment by one env_step; actions is int64 (R, E, A), see `IDLE` to `LOAD`."""
        tables, field = self._tables, self._state
        target = tables.moves.take(torch.add(actions, field.cell, alpha=ACTIONS))  # walls are in the table
        food_cell = _cells(field.foods)
        is_food = target.unsqueeze(-1) == food_cell  # (R, E, A, F)
        target = torch.where(is_food.any(-1), field.cell, target)
        contested = (target.unsqueeze(-1) == target.unsqueeze(-2)).sum(-1) > 1  # by another's target
        cell = torch.where(contested, field.cell, target)

        loading = tables.beside(cell, food_cell) & (actions == LOAD).unsqueeze(-1)  # (R, E, A, F)
        food_level = field.foods & LEVEL_MASK
        eaten = (loading * field.level.unsqueeze(-1)).sum(-2) >= food_level  # (R, E, F)
        foods = torch.where(eaten, tables.gone, field.foods).sort(-1).values
        reward = (eaten * food_level).sum(-1) / field.food_levels.clamp(min=1)
        if self.layout.penalised:
            reward = reward - (loading & ~eaten.unsqueeze(-2)).sum((-2, -1)) / FAILURES_PER_UNIT

        time = field.time + 1
        self._state = field._replace(
            time=time,
            cell=cell,
            foods=foods,
            foods_before=field.foods,
            cell_before=field.cell,
            action=actions.clone(),
        )
        terminated = foods[..., 0] == tables.gone
        return Outcome(reward=reward, terminated=terminated, truncated=(time >= EPISODE_LIMIT) & ~terminated)

    def moment(self, names: tuple[str, ...]) -> Field:
        """The state, which is never changed in place."""
        del names
        return self._state

    def _feature(self, field: Field, name: str) -> Tensor:
        tables = self._tables
        match name:
            case "nearest_food_distance":
                return _zero_where_gone(_least(tables.distance_to(field.cell, _cells(field.foods))))
            case "partner_distance":
                return tables.distances[field.cell.unsqueeze(-1), field.cell.unsqueeze(-2)]
            case "team_food_distance":
                distances = tables.distance_to(field.cell, _cells(field.foods))  # (R, E, A, F); inf where gone
                if self.layout.agents > LOADERS:
                    distances = distances.sort(-2).values[..., :LOADERS, :]
                nearest = distances.unbind(-2)
                return _zero_where_gone(_least(sum(nearest[1:], nearest[0]) / len(nearest)))
            case "adjacent_to_food":
                return self._beside(field).any(-1)
            case "agents_at_same_food":
                return self._beside(field).sum(-2).amax(-1)
            case "level_at_food_share":
                level = (self._beside(field) * field.level.unsqueeze(-1)).sum(-2)
                return (level / (field.foods_before & LEVEL_MASK)).amax(-1).clamp(max=1)
            case "loading":
                return self._loading(field).any(-1)
            case "joint_loading":
                return self._loading(field).sum(-2).amax(-1)
            case "food_eaten":
                return field.food_count - (field.foods < tables.gone).sum(-1)
            case "field_cleared":
                return field.foods[..., 0] == tables.gone
            case "blocked":
                moves = (field.action >= NORTH) & (field.action <= EAST)
                return moves & (field.cell == field.cell_before)
            case "idle":
                return field.action == IDLE
            case _:
                known = ", ".join(feature.name for feature in self.card.features)
                raise TaskError(f"task {self.card.task!r} has no feature {name!r}; it has: {known}")

    def _beside(self, field: Field) -> Tensor:
        """Whether each agent stands beside each food of the last env_step, bool (R, E, A, F)."""
        return self._tables.beside(field.cell, _cells(field.foods_before))

    def _loading(self, field: Field) -> Tensor:
        """Whether each agent has just loaded each food, bool (R, E, A, F)."""
        return self._beside(field) & (field.action == LOAD).unsqueeze(-1)

    def _spawn(self, keys: Tensor, episode: Tensor) -> Field:
        """New episodes; keys and episode are int64 of one shape, (R, E) or (N,).

        The package draws cells until one is free, agents first. That is a uniform choice among the
        free cells, and so is the free cell that comes first in a random order of all cells: one
        order per episode serves agents and foods alike.
        """
        tables, layout = self._tables, self.layout
        cells, agents, foods = tables.inner.shape[0], layout.agents, layout.foods
        draws = uniform(mix(keys, episode), cells + agents + foods)
        order = draws[..., :cells]
        cell = order.topk(agents, dim=-1).indices
        level = 1 + (draws[..., cells : cells + agents] >= 0.5).to(torch.int64)

        loaders = min(agents, LOADERS)
        largest = 2 * loaders - (level == 1).sum(-1, keepdim=True).clamp(max=loaders)  # sum of the lowest levels
        food_level = largest.expand(*keys.shape, foods)
        if not layout.cooperative:
            food_level = 1 + (draws[..., cells + agents :] * largest).to(torch.int64)

        free = tables.inner.expand_as(order).scatter(-1, cell, False)
        codes = []
        for number in range(foods):
            rank, place = torch.where(free, order, -1.0).max(-1)
            code = (place << LEVEL_BITS) + food_level[..., number]
            codes.append(torch.where(rank >= 0, code, tables.gone))  # no cell is free: the package gives up too
            free = free & tables.apart[place]
        code = torch.stack(codes, dim=-1).sort(-1).values
        placed = code < tables.gone
        return Field(
            keys=keys,
            episode=episode,
            time=torch.zeros_like(keys),
            cell=cell,
            level=level,
            foods=code,
            foods_before=code,
            cell_before=cell,
            action=torch.full_like(cell, NO_ACTION),
            food_count=placed.sum(-1),
            food_levels=((code & LEVEL_MASK) * placed).sum(-1),
        )


def _cells(foods: Tensor) -> Tensor:
    """Cells of foods' codes, (..., F), beside every agent's: int64 (..., 1, F)."""
    return (foods >> LEVEL_BITS).unsqueeze(-2)


def _least(distances: Tensor) -> Tensor:
    """Least over the last axis; an axis of few is folded faster than `amin` goes along it."""
    return functools.reduce(torch.minimum, distances.unbind(-1))


def _zero_where_gone(distance: Tensor) -> Tensor:
    return torch.nan_to_num(distance, posinf=0.0)

"""Features of the warehouse, from what stood where after an env_step and the action that led there.

Distances to shelves and places need the map of all cells, which is too large to keep for every env_step of a rollout.
So they are taken when the moment is, where a feature asks for them, and everything else is told later, of many moments
at once.
"""

from collections.abc import Set
from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn import functional

from also.errors import TaskError
from also.v1.task_pb2 import TaskCard
from services.trainer.tasks.warehouse_hall import Hall
from services.trainer.tasks.warehouse_tables import FORWARD, NOOP, REQUESTED, SHELF, SPENT, WANTED, Tables

_REQUEST, _ROUND, _PLACE = "nearest request", "shortest round", "nearest place"

_NEEDS = {
    "delivery_distance": {_ROUND, _PLACE},
    "request_distance": {_REQUEST},
    "at_requested_shelf": {_REQUEST},
    "place_distance": {_PLACE},
}
"""Distances that a feature needs the map for."""


def needs(names: tuple[str, ...]) -> Set[str]:
    """What of the map these features need."""
    return {distance for name in names for distance in _NEEDS.get(name, ())}


class Scene(NamedTuple):
    """What features are functions of; (R, E, A), or (R, T, E, A) of T moments."""

    pose: Tensor
    """int64: as in `Hall`, and so the next five."""
    load: Tensor
    pose_before: Tensor
    load_before: Tensor
    delivered: Tensor
    action: Tensor
    nearest_request: Tensor
    """float32: cells to walk to the nearest requested shelf that stands; inf where none does; 0 if nobody asked."""
    shortest_round: Tensor
    """float32: env_steps to walk to a requested shelf that stands, load it and deliver it; inf and 0 as above."""
    nearest_place: Tensor
    """float32: cells to carry a shelf to the nearest empty place; inf where there is none; 0 if nobody asked."""

    @classmethod
    def of(cls, tables: Tables, hall: Hall, asked: Set[str]) -> Self:
        """The scene of a state, with the distances that are asked for, see `needs`."""
        unasked = torch.zeros((), device=hall.pose.device).expand(hall.pose.shape)
        request = around = place = unasked
        if asked:
            cell, standing = hall.pose >> 2, hall.shelves.index_select(-1, tables.places)  # (R, E, P)
            if _REQUEST in asked:
                request = _nearest(tables.to_place, cell, standing == WANTED)
            if _ROUND in asked:
                around = _nearest(tables.round, cell, standing == WANTED)
            if _PLACE in asked:
                place = _nearest(tables.haul, cell, standing == 0)
        return cls(
            pose=hall.pose,
            load=hall.load,
            pose_before=hall.pose_before,
            load_before=hall.load_before,
            delivered=hall.delivered,
            action=hall.action,
            nearest_request=request,
            shortest_round=around,
            nearest_place=place,
        )


def feature(tables: Tables, scene: Scene, name: str, card: TaskCard) -> Tensor:
    """One feature, (..., A) or (..., A, A).

    Raises:
        TaskError: the card has no such feature.
    """
    carries_request = (scene.load & REQUESTED).bool()
    match name:
        case "delivery_distance":
            ahead = torch.where(scene.shortest_round.isinf(), tables.round.amax(), scene.shortest_round)
            back = torch.where(_carries_other(scene), scene.nearest_place + 1, 0.0)
            return torch.where(carries_request, tables.goal_haul.take(scene.pose >> 2), back + ahead)
        case "request_distance":
            return torch.where(carries_request | scene.nearest_request.isinf(), 0.0, scene.nearest_request)
        case "goal_distance":
            return torch.where(carries_request, tables.goal_haul.take(scene.pose >> 2), tables.goal_haul.amax())
        case "place_distance":
            return torch.where(_carries_other(scene), scene.nearest_place, 0.0)
        case "partner_distance":
            cell = scene.pose >> 2
            return tables.between[cell.unsqueeze(-1), cell.unsqueeze(-2)]
        case "at_requested_shelf":
            return carries_request | (scene.nearest_request == 0)
        case "carrying_request":
            return carries_request
        case "carrying_other":
            return _carries_other(scene)
        case "delivering":
            return scene.delivered
        case "returning":
            return (scene.load_before == SPENT) & (scene.load == 0)
        case "blocked":
            return (scene.action == FORWARD) & (scene.pose == scene.pose_before)
        case "idle":
            return scene.action == NOOP
        case _:
            known = ", ".join(each.name for each in card.features)
            raise TaskError(f"task {card.task!r} has no feature {name!r}; it has: {known}")


def _carries_other(scene: Scene) -> Tensor:
    return (scene.load & WANTED) == SHELF


def _nearest(distances: Tensor, cell: Tensor, there: Tensor) -> Tensor:
    """Least distance, float32 (R, E, A).

    Args:
        distances: float32 (C, P).
        cell: int64 (R, E, A): from where.
        there: bool (R, E, P): which places count.
    """
    away = torch.where(there, 0.0, torch.inf).unsqueeze(-2)  # (R, E, 1, P)
    return (functional.embedding(cell, distances) + away).amin(-1)

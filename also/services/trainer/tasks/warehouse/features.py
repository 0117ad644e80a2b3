"""Features of the warehouse, from what stood where after an env_step and the action that led there.

Distances to shelves and places need the map of all cells, which is too large to keep for every env_step of a rollout.
So they are computed at the moment, if a feature asks for them, and everything else later, for many moments
at once.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from also.errors import TaskError
from also.services.trainer.tasks.warehouse.tables import FORWARD, NOOP, REQUESTED, SHELF, SPENT, WANTED, Tables, Way
from also.v1.task_pb2 import TaskCard

_NEED_MAP = {"delivery_distance", "request_distance", "at_requested_shelf", "place_distance"}
"""Features that need the map of shelves."""


def needs_map(names: tuple[str, ...]) -> bool:
    """Whether one of these features needs the map of shelves."""
    return not _NEED_MAP.isdisjoint(names)


class Scene(NamedTuple):
    """What features are functions of; (R, E, A), or (R, T, E, A) of T moments."""

    pose: Tensor
    """int64: as in `Hall`, and so the next five."""
    load: Tensor
    pose_before: Tensor
    load_before: Tensor
    delivered: Tensor
    action: Tensor
    distances: Tensor
    """float32 (..., A, 3): the shortest of each `Way`, inf where it leads nowhere; 0 if nobody asked."""


def feature(tables: Tables, scene: Scene, name: str, card: TaskCard) -> Tensor:
    """One feature, (..., A) or (..., A, A).

    Raises:
        TaskError: the card has no such feature.
    """
    carries_request = (scene.load & REQUESTED).bool()
    match name:
        case "delivery_distance":
            around = scene.distances[..., Way.ROUND]
            around = torch.where(around.isinf(), tables.longest_round, around)
            back = torch.where(_carries_other(scene), scene.distances[..., Way.EMPTY] + 1, 0.0)
            return torch.where(carries_request, tables.goal_haul.take(scene.pose >> 2), back + around)
        case "request_distance":
            request = scene.distances[..., Way.REQUEST]
            return torch.where(carries_request | request.isinf(), 0.0, request)
        case "goal_distance":
            return torch.where(carries_request, tables.goal_haul.take(scene.pose >> 2), tables.goal_haul.amax())
        case "place_distance":
            return torch.where(_carries_other(scene), scene.distances[..., Way.EMPTY], 0.0)
        case "partner_distance":
            cell = scene.pose >> 2
            return tables.between[cell.unsqueeze(-1), cell.unsqueeze(-2)]
        case "at_requested_shelf":
            return carries_request | (scene.distances[..., Way.REQUEST] == 0)
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

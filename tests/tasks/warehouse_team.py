"""A scripted team for the warehouse: fetches what is requested, delivers it, and puts it back."""

import functools

import torch

from also.services.trainer.tasks.warehouse.layout import parse_layout
from also.services.trainer.tasks.warehouse.tables import FORWARD, LEFT, REQUESTED, RIGHT, TOGGLE, WANTED, Tables, Way
from also.services.trainer.tasks.warehouse.task import Warehouse

UP, DOWN, WEST, EAST = range(4)
"""Directions, in the package's order."""

_TURN_LEFT = {UP: WEST, WEST: DOWN, DOWN: EAST, EAST: UP}


@functools.cache
def _tables(name: str) -> Tables:
    return Tables.build(parse_layout(name), torch.device("cpu"))


def purposeful_actions(task: Warehouse) -> torch.Tensor:
    """What each agent would do if it were alone, int64 (1, E, A); a task of one replica."""
    tables = _tables(task.layout.name)
    state = task.state_dict()
    lanes = zip(*(state[name][0].tolist() for name in ("shelves", "pose", "load")), strict=True)
    return torch.tensor([[_lane_actions(task, tables, *lane) for lane in lanes]])


def _distances(tables: Tables, way: Way) -> torch.Tensor:
    return tables.ways.view(-1, len(Way), len(tables.places))[:, way]


def _lane_actions(task: Warehouse, tables: Tables, shelves: list[int], poses: list[int], loads: list[int]) -> list[int]:
    layout = task.layout
    places = layout.places
    wanted = [number for number, cell in enumerate(places) if shelves[cell] == WANTED]
    empty = [number for number, cell in enumerate(places) if shelves[cell] == 0]
    actions = []
    for pose, load in zip(poses, loads, strict=True):
        if load & REQUESTED:
            away, ends = tables.goal_haul, set(layout.goals)
        elif load:
            away, ends = _distances(tables, Way.EMPTY)[:, empty].amin(-1), {places[number] for number in empty}
        elif wanted:
            away, ends = _distances(tables, Way.REQUEST)[:, wanted].amin(-1), {places[number] for number in wanted}
        else:
            away, ends = tables.goal_haul, set()
        actions.append(_action(task, pose, away.tolist(), ends, carries=load > 0))
    return actions


def _action(task: Warehouse, pose: int, away: list[float], ends: set[int], *, carries: bool) -> int:
    layout = task.layout
    cell, direction = divmod(pose, 4)
    if cell in ends:
        return TOGGLE
    row, column = divmod(cell, layout.width)
    places = set(layout.places)
    best, heading = torch.inf, direction
    for way, (down, right) in enumerate(((-1, 0), (1, 0), (0, -1), (0, 1))):
        y, x = row + down, column + right
        other = y * layout.width + x
        on_grid = 0 <= y < layout.height and 0 <= x < layout.width
        if on_grid and (not carries or other not in places or other in ends) and away[other] < best:
            best, heading = away[other], way
    if heading == direction:
        return FORWARD
    return LEFT if _TURN_LEFT[direction] == heading else RIGHT

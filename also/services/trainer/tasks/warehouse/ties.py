"""Who wins a cell that several agents claim with equal right: what the `rware` package leaves to `networkx`.

The package draws the moves of an env_step as a graph of cells, and lets the longest queue into a free cell. Of queues
of equal length it takes the one that `networkx` lists first. That is the one that was drawn first, except where the
connected part of the graph has less than half of all its cells: `networkx` then lists the part's cells as a Python set
does, by their hashes. (The rule is that of networkx 3.6, `FilterAdjacency.__iter__`; hashes of pairs of numbers, and
the order of a set, are those of CPython and equal on all machines.)

So the rule is written out here in plain Python, with real sets. It is tabulated for the case of two agents and one cell
(`pair_table`), and asked directly (`movers`) where more agents than that queue in a crowd.
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from also.services.trainer.tasks.warehouse.layout import Layout

Cell = tuple[int, int]
"""(column, row), as the package has it: the hash depends on that."""


def movers(starts: Sequence[Cell], targets: Sequence[Cell]) -> list[bool]:
    """Whether each agent gets what it wants; starts are distinct, and a target is the start or a cell beside it."""
    follows = dict(zip(starts, targets, strict=True))
    drawn = list(dict.fromkeys(cell for move in follows.items() for cell in move))
    arriving: dict[Cell, list[Cell]] = {cell: [] for cell in drawn}
    for start, target in follows.items():
        arriving[target].append(start)
    moving: set[Cell] = set()
    seen: set[Cell] = set()
    for cell in drawn:
        if cell not in seen:
            part = _connected(cell, follows, arriving)
            seen.update(part)
            moving.update(_moving(part, drawn, follows))
    return [start in moving for start in starts]


def pair_table(layout: Layout) -> Tensor:
    """Whether the later of two agents wins a free cell where a set decides.

    Returns:
        bool (C * 16,) by (cell, direction of the earlier agent, direction of the later one): both face the cell.
    """
    wins = torch.zeros((layout.height * layout.width, 4, 4), dtype=torch.bool)
    steps = ((0, -1), (0, 1), (-1, 0), (1, 0))  # (column, row) of the directions up, down, left, right
    for number in range(len(wins)):
        cell = (number % layout.width, number // layout.width)
        starts = [(cell[0] - column, cell[1] - row) for column, row in steps]
        for earlier in range(4):
            for later in range(4):
                if earlier != later:
                    listed = _as_a_set([starts[earlier], cell, starts[later]])
                    wins[number, earlier, later] = listed.index(starts[later]) < listed.index(starts[earlier])
    return wins.flatten()


def _connected(first: Cell, follows: Mapping[Cell, Cell], arriving: Mapping[Cell, Sequence[Cell]]) -> list[Cell]:
    """Cells that moves connect with the first one, in the order in which a breadth-first search finds them."""
    found = [first]
    for cell in found:
        beside = ([follows[cell]] if cell in follows else []) + list(arriving[cell])
        found.extend(other for other in dict.fromkeys(beside) if other not in found)
    return found


def _moving(part: Sequence[Cell], drawn: Sequence[Cell], follows: Mapping[Cell, Cell]) -> Iterable[Cell]:
    """Cells of a connected part whose agents get what they want."""
    within = set(part)
    listed = _as_a_set(part) if 2 * len(part) < len(drawn) else [cell for cell in drawn if cell in within]
    walk = [part[0]]  # follows the moves until a free cell, or until the second time round a cycle
    while walk[-1] in follows and walk[-1] not in walk[:-1]:
        walk.append(follows[walk[-1]])
    if walk[-1] in follows:
        cycle = walk[walk.index(walk[-1]) : -1]
        return cycle if len(cycle) != 2 else ()  # two that would swap block each other
    behind: dict[Cell, list[Cell]] = {cell: [] for cell in part}
    for cell in listed:
        if cell in follows:
            behind[follows[cell]].append(cell)

    def queue(end: Cell) -> list[Cell]:
        longest = max((queue(cell) for cell in behind[end]), key=len, default=[])  # of equals the first
        return [end, *longest]

    return queue(walk[-1])


def _as_a_set(cells: Iterable[Cell]) -> list[Cell]:
    """Cells as a set lists them that was made, one by one, of a set that was made of them one by one."""
    first: set[Cell] = set()
    for cell in cells:
        first.add(cell)
    return list(set(iter(first)))

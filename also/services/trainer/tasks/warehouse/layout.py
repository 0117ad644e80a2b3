"""Layouts of the multi-robot warehouse: the published names, and what follows from one.

A name such as "tiny-2ag-hard" is read by the rule by which the `rware` package 2.0.0 registers its environments
("rware-tiny-2ag-hard-v2"): size of the hall, 2 agents, half as many requested shelves as agents. Refused are what
the package registers and nobody can play as a team (one agent, no request, as many requests as shelves), and its
forms with pictures, wider sight or halls of other measures, which are other tasks.
"""

import functools
import re
from dataclasses import dataclass

from also.errors import TaskError

PUBLISHED = {
    "tiny-2ag": "two agents, two requests, 32 shelves",
    "tiny-2ag-hard": "two agents, one request",
    "tiny-4ag": "four agents, four requests, 32 shelves",
    "tiny-4ag-hard": "four agents, two requests",
    "small-4ag": "four agents, four requests, 80 shelves",
    "small-4ag-hard": "four agents, two requests",
    "medium-6ag": "six agents, six requests, 144 shelves",
    "large-8ag": "eight agents, eight requests, 224 shelves",
    "SIZE-Aag[-easy|-hard]": (
        "all others: SIZE tiny, small, medium or large, A in [2, 19]; requests are A, twice as many or half as many"
    ),
}
"""Layouts that are known by name, and the rule of all names."""

SIZES = {"tiny": (1, 3), "small": (2, 3), "medium": (2, 5), "large": (3, 5)}
"""(rows, columns) of blocks of shelves by size of the hall."""

REQUESTS_PER_AGENT = {"-easy": 2.0, "": 1.0, "-hard": 0.5}
"""Shelves that are requested at a time, for each agent; fractions are cut off."""

EPISODE_LIMIT = 500
"""Time limit of an episode, env_steps."""

_COLUMN_HEIGHT = 8
"""Shelves that stand in a column of a block, one behind the other."""

_PATTERN = re.compile(r"(?P<size>tiny|small|medium|large)-(?P<agents>[1-9]\d?)ag(?P<difficulty>-easy|-hard)?")

_MOST_AGENTS = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One layout. Cells are numbered row by row from the top left."""

    name: str
    """Published name, without the "rware-" and "-v2" around it."""
    block_rows: int
    """Rows of blocks of shelves. In [1, 3]."""
    block_columns: int
    """Columns of blocks of shelves. 3 or 5."""
    agents: int
    """Agents. In [2, 19]."""
    requests: int
    """Shelves that are requested at any time. In [1, places - 1]."""

    @property
    def height(self) -> int:
        """Rows of cells."""
        return (_COLUMN_HEIGHT + 1) * self.block_rows + 2

    @property
    def width(self) -> int:
        """Columns of cells."""
        return 3 * self.block_columns + 1

    @property
    def goals(self) -> tuple[int, int]:
        """Cells where requested shelves are delivered, in the order in which the package looks at them."""
        first = (self.height - 1) * self.width + self.width // 2 - 1
        return first, first + 1

    @property
    def places(self) -> list[int]:
        """Cells where shelves stand when an episode begins, and may be put down; all others are highways."""
        return [cell for cell in range(self.height * self.width) if not self._on_highway(cell)]

    def _on_highway(self, cell: int) -> bool:
        row, column = divmod(cell, self.width)
        between_blocks = column % 3 == 0 or row % (_COLUMN_HEIGHT + 1) == 0
        queue = row > self.height - (_COLUMN_HEIGHT + 3) and column in (self.width // 2 - 1, self.width // 2)
        return between_blocks or row == self.height - 1 or queue

    def walk(self, first: int, second: int) -> int:
        """Cells to walk between two cells, under shelves too (Manhattan)."""
        rows, columns = (abs(a - b) for a, b in zip(divmod(first, self.width), divmod(second, self.width), strict=True))
        return rows + columns

    def hauls(self, *ends: int) -> list[int]:
        """Cells to carry a shelf from each cell to the nearest of some, which may be places, along highways."""
        distance = dict.fromkeys(ends, 0)
        for cell in (queue := list(ends)):  # breadth first
            if cell in ends or self._on_highway(cell):
                for other in self._beside(cell):
                    if other not in distance:
                        distance[other] = distance[cell] + 1
                        queue.append(other)
        return [distance[cell] for cell in range(self.height * self.width)]

    def _beside(self, cell: int) -> list[int]:
        row, column = divmod(cell, self.width)
        spots = ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
        return [y * self.width + x for y, x in spots if 0 <= y < self.height and 0 <= x < self.width]


@functools.cache
def longest_round(layout: Layout) -> int:
    """env_steps to walk to a shelf, load it and deliver it, where that takes longest; turns not counted."""
    hauls, last = layout.hauls(*layout.goals), layout.height * layout.width - 1
    corners = (0, layout.width - 1, last - layout.width + 1, last)  # the farthest cell from any place is one of them
    return max(layout.walk(corner, place) + 1 + hauls[place] for corner in corners for place in layout.places)


@functools.cache
def farthest_haul(layout: Layout) -> int:
    """Cells to carry a shelf to a place from where that is farthest."""
    return max(max(layout.hauls(place)) for place in layout.places)


def parse_layout(name: str) -> Layout:
    """The layout of a published name.

    Raises:
        TaskError: there is no such layout.
    """
    match = _PATTERN.fullmatch(name)
    if match is not None and 2 <= int(match["agents"]) <= _MOST_AGENTS:
        rows, columns = SIZES[match["size"]]
        agents = int(match["agents"])
        layout = Layout(
            name=name,
            block_rows=rows,
            block_columns=columns,
            agents=agents,
            requests=int(agents * REQUESTS_PER_AGENT[match["difficulty"] or ""]),
        )
        shelves = len(layout.places)
        if layout.requests < shelves:
            return layout
        raise TaskError(
            f"layout {name!r} of task 'warehouse' is not allowed: {layout.requests} requested shelves of {shelves}; "
            "at least one must be left to be requested next"
        )
    raise TaskError(
        f"layout {name!r} of task 'warehouse' is not allowed; allowed are SIZE-Aag[-easy|-hard] with SIZE tiny, small, "
        "medium or large and A in [2, 19], e.g. tiny-2ag"
    )

"""Layouts of Level-Based Foraging: the published names, and what follows from one.

A name such as "2s-8x8-2p-2f-coop" is read by one rule, the one by which the `lbforaging` package
2.0.0 registers its environments: sight of 2 cells (else the whole field), field of 8x8 cells, 2
agents, 2 foods, forced cooperation. The package stops at 4 foods; 5 are allowed here, because the
benchmark papers use 15x15-3p-5f and 15x15-4p-5f (Papoudakis 2021, arXiv 2006.07869). It names forms
with a penalty by "-pen" at the end, but has their registration switched off; they are allowed here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

from also.errors import TaskError

PATTERN = re.compile(
    r"(?P<sight>2s-)?(?P<size>\d{1,2})x(?P=size)-(?P<agents>\d)p-(?P<foods>\d)f(?P<coop>-coop)?(?P<pen>-pen)?"
)
"""The rule of layout names."""

PUBLISHED = {
    "8x8-2p-2f-coop": "two agents must load each of two foods together",
    "2s-8x8-2p-2f-coop": "the same; agents see two cells in each direction",
    "8x8-2p-3f": "two agents, three foods, some of which one agent can load",
    "10x10-3p-3f": "three agents, three foods, some of which fewer agents can load",
    "2s-10x10-3p-3f": "the same; agents see two cells in each direction",
    "10x10-3p-3f-coop": "three agents must load each of three foods together",
    "15x15-3p-5f": "three agents, five foods, a wide field",
    "15x15-4p-3f": "four agents, three foods, a wide field",
    "15x15-4p-5f": "four agents, five foods, a wide field",
    "[2s-]NxN-Ap-Ff[-coop][-pen]": (
        "all others: N in [5, 19], A in [2, 9], F in [1, 5]; with -pen a failed load costs each of its loaders 0.1"
    ),
}
"""Layouts that are known by name, and the rule of all names."""

EPISODE_LIMIT = 50
"""Time limit of an episode, env_steps."""

FAILURES_PER_UNIT = 10
"""Failed loads that cost a return of 1 where there is a penalty: each of the loaders pays 1 over this."""

LOADERS = 3
"""Agents whose lowest levels make up the largest food level: any 3 agents can load any food."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One layout. Agents have level 1 or 2."""

    name: str
    """Published name, without the "Foraging-" and "-v3" around it."""
    size: int
    """Rows, and columns, of the field. In [5, 19]."""
    agents: int
    """Agents. In [2, 9]."""
    foods: int
    """Foods that an episode begins with, where there is room. In [1, 5]."""
    sight: int
    """Cells that an agent sees in each direction; `size` is the whole field."""
    cooperative: bool
    """Whether every food has the largest level, so that no agent can load one alone."""
    penalised: bool
    """Whether agents whose levels do not suffice for the food that they load pay for it."""

    @property
    def largest_food_level(self) -> int:
        """Largest level of a food in any episode: 2 for each of the loaders."""
        return 2 * min(self.agents, LOADERS)

    @property
    def agents_needed(self) -> int:
        """Fewest agents that can load some food in some episode.

        With forced cooperation and more than three agents, the three lowest levels may be 1 while
        two others' levels add up to 3.
        """
        if not self.cooperative:
            return 1
        return self.agents if self.agents <= LOADERS else 2

    @property
    def smallest_return(self) -> float:
        """Smallest positive return of an episode, units of task reward.

        A loaded food pays its level over the sum of all levels. With forced cooperation all levels
        are equal; without, the least is a food of level 1 beside foods of the largest level. Where
        failed loads cost 1/10 each, it is the least that some share of foods leaves above a multiple of that.
        """
        if self.penalised:
            left = (eaten * FAILURES_PER_UNIT % whole / whole or 1.0 for eaten, whole in self._shares())
            return min(left) / FAILURES_PER_UNIT
        others = 1 if self.cooperative else self.largest_food_level
        return 1.0 / (1 + (self.foods - 1) * others)

    def _shares(self) -> Iterator[tuple[int, int]]:
        """Levels that a team can eat, and all levels, of every episode; fewer foods are where there is no room."""
        loaders = min(self.agents, LOADERS)
        for foods in range(1, self.foods + 1):
            for largest in range(loaders, 2 * loaders + 1):
                choices = [largest] if self.cooperative else range(1, largest + 1)
                for levels in combinations_with_replacement(choices, foods):
                    for count in range(1, foods + 1):
                        yield from ((sum(eaten), sum(levels)) for eaten in combinations(levels, count))


def parse_layout(name: str) -> Layout:
    """The layout of a published name.

    Raises:
        TaskError: there is no such layout.
    """
    match = PATTERN.fullmatch(name)
    if match is not None:
        size, agents, foods = int(match["size"]), int(match["agents"]), int(match["foods"])
        if 5 <= size <= 19 and 2 <= agents <= 9 and 1 <= foods <= 5:
            return Layout(
                name=name,
                size=size,
                agents=agents,
                foods=foods,
                sight=2 if match["sight"] else size,
                cooperative=match["coop"] is not None,
                penalised=match["pen"] is not None,
            )
    raise TaskError(
        f"layout {name!r} of task 'foraging' is not allowed; allowed are [2s-]NxN-Ap-Ff[-coop][-pen] with N in "
        "[5, 19], A in [2, 9] and F in [1, 5], e.g. 8x8-2p-2f-coop"
    )

"""Which agents of the warehouse move when all of them choose at once: the rule of `rware` 2.0.0 on tensors.

Agents that follow each other into a free cell all move. Of several queues for one cell the longest gets it, and of
equal ones the one that `warehouse.ties` says. A ring of at least four agents turns; two agents never swap places; who
stays where it is blocks those behind.

Letters of shapes: R replicas, E environments, A agents; in (R, E, A, A) the first agent is the one in question.
"""

import torch
from torch import Tensor
from torch.nn import functional

from also.services.trainer.tasks.warehouse import ties as warehouse_ties
from also.services.trainer.tasks.warehouse.layout import Layout

_IN_ORDER = 3
"""Up to so many agents, equal queues are served in the order of agents: every part has half of the graph's cells."""

_PAIRS = 5
"""Up to so many agents, a part with less than half of the graph's cells is two agents and the free cell they want."""


class Traffic:
    """Collisions in one layout."""

    def __init__(self, layout: Layout, device: torch.device) -> None:
        self._agents, self._width = layout.agents, layout.width
        self._number = number = torch.arange(layout.agents, device=device)
        self._offset = number - number.unsqueeze(-1)  # [a, b]: from a to b
        self._early = -2 * number  # place of an agent's cell among the cells of the graph, from the last one drawn
        self._early_as_target = -(2 * number + 1).unsqueeze(-1)
        self._earlier = number < number.unsqueeze(-1)  # [a, b]: b comes before a
        self._others = number != number.unsqueeze(-1)
        spare = (0, 16 * layout.agents)  # who is none of a pair looks anywhere
        self._later_wins = functional.pad(warehouse_ties.pair_table(layout), spare).to(device)

    def moving(self, start: Tensor, target: Tensor, pose: Tensor) -> Tensor:
        """Whether each agent walks, bool (R, E, A).

        Args:
            start: int64 (R, E, A): cell of each agent; all differ.
            target: int64 (R, E, A): cell that each wants, the start itself where it wants none.
            pose: int64 (R, E, A): 4 * start + how each faces.
        """
        ahead = target.unsqueeze(-1) == start.unsqueeze(-2)  # [a, b]: b stands where a wants to
        behind = ahead.transpose(-1, -2)
        rivals = target.unsqueeze(-1) == target.unsqueeze(-2)
        stands = (ahead & behind).any(-1)  # stays, or would swap with another
        if self._agents == 2:
            loses = (rivals & self._earlier).any(-1)
            ties = None
        else:
            queue = self._queue(behind)
            early, ties = self._early, None
            if self._agents > _IN_ORDER:
                wanted_by = torch.where(ahead, self._early_as_target, -2 * self._agents)  # [b, a]: by b
                early = torch.maximum(early, wanted_by.amax(-2))  # amin of whole numbers takes eight times as long
            rank = queue * (2 * self._agents) + early
            if self._agents > _IN_ORDER:
                pairs, wins = self._pairs(rivals, ahead, queue, target, pose & 3)
                rank = torch.where(wins, 2 * self._agents, rank)
                if self._agents > _PAIRS:
                    equal = (rivals & (queue.unsqueeze(-1) == queue.unsqueeze(-2)) & self._others).any(-1)
                    held = (ahead & stands.unsqueeze(-2)).any(-1)
                    ties = (equal & ~pairs & ~held).any(-1)
            loses = (rivals & (rank.unsqueeze(-2) > rank.unsqueeze(-1))).any(-1)
        fails = stands | loses
        in_front = self._number + (ahead * self._offset).sum(-1)  # who stands where each wants to; itself if nobody
        for _ in range((self._agents - 1).bit_length()):  # whoever is behind one that fails, twice as far each time
            fails = fails | fails.gather(-1, in_front)
            in_front = in_front.gather(-1, in_front)
        return ~fails if ties is None else self._settled(~fails, ties, start, target)

    def _queue(self, behind: Tensor) -> Tensor:
        """Agents in the longest queue behind each, int64 (R, E, A); in a ring of agents, more than outside it."""
        queue = behind.any(-1).to(torch.int64)
        for _ in range(self._agents - 3):
            queue = (behind * (queue + 1).unsqueeze(-2)).amax(-1)
        return queue

    def _pairs(
        self, rivals: Tensor, ahead: Tensor, queue: Tensor, target: Tensor, direction: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Who is one of two that want a free cell with nobody behind them; and whether it wins though it comes later.

        Both bool (R, E, A).
        """
        free = ~ahead.any(-1)
        pairs = free & ((rivals * (4 * queue + 1).unsqueeze(-2)).sum(-1) == 2)
        later = (rivals & self._earlier).any(-1)
        more_cells = (free & ~later).sum(-1, keepdim=True) > 6 - self._agents  # more than twice three in the graph
        both = (rivals * direction.unsqueeze(-2)).sum(-1)  # directions of a pair; one's own is taken from it below
        index = (target * 16).add(both, alpha=4).sub(direction, alpha=3)
        return pairs, pairs & later & more_cells & self._later_wins.take(index)

    def _settled(self, moving: Tensor, ties: Tensor, start: Tensor, target: Tensor) -> Tensor:
        """The same, with the environments that a table does not decide, bool (R, E), decided one by one: few."""
        lanes = ties.flatten().nonzero().squeeze(-1)
        if lanes.numel() == 0:
            return moving
        starts, targets = (self._spots(cells.flatten(0, 1)[lanes]) for cells in (start, target))
        decided = [warehouse_ties.movers(*pair) for pair in zip(starts, targets, strict=True)]
        walks = torch.tensor(decided, device=moving.device)
        stays = (start == target).flatten(0, 1)[lanes]
        return moving.flatten(0, 1).index_copy(0, lanes, walks & ~stays).view_as(moving)

    def _spots(self, cells: Tensor) -> list[list[warehouse_ties.Cell]]:
        return [[(cell % self._width, cell // self._width) for cell in row] for row in cells.tolist()]

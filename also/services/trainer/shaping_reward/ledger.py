"""The ledger of a shaping reward: how much each term has paid, beside the task reward.

Terms are counted before credit mixes them over agents. A credit term pays nothing of its own; what
it moves from one agent to another is counted instead. Letters: R replicas, N terms, A agents.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from also.services.trainer.parts import State, as_part, part_of, require_like
from also.services.trainer.shaping_reward.activity import Activity
from also.services.trainer.shaping_reward.credit import Credit
from also.services.trainer.shaping_reward.terms import Terms, Values
from also.v1 import shaping_pb2 as pb


class Ledger:
    """What every term of R replicas did since construction."""

    def __init__(self, terms: Terms, credit: Credit, names: Sequence[Sequence[tuple[int, str]]]) -> None:
        """Begin to count.

        Args:
            terms: the terms that pay.
            credit: the terms that mix.
            names: for each config, in its own order of terms: the term's canonical place, and its name.
        """
        self._placed, self._credit, self._names = terms.placed, credit, names
        self._terms, self._mixing = Activity(terms.receives), Activity(credit.receives)
        self._agents = terms.receives.shape[-1]
        self._task_size = torch.zeros(len(names), dtype=torch.float64, device=terms.receives.device)

    def count(
        self, paid: Tensor, due: Tensor, cut: Tensor, values: Values, task_reward: Tensor, acted: Tensor | None
    ) -> None:
        """Count S states.

        Args:
            paid: float32 (N, S, A), what each term paid.
            due: float32 (N, S, A), what it would have paid without a cap.
            cut: bool (N, S, A), where clip or cap changed what it paid.
            values: what the terms read, (N, S, A).
            task_reward: float32 (R, S).
            acted: bool (R, S, A), agents that acted; None: all.
        """
        size = task_reward.abs()
        if acted is not None and values.acted is not None:
            paid, due, cut = paid * values.acted, due * values.acted, cut & values.acted
            size = size * acted.float().mean(-1)
        self._task_size += size.sum(-1)
        self._terms.count(paid=paid, due=due, cut=cut, finite=values.finite, there=values.acted)

    def count_credit(self, own: Tensor, mixed: Tensor, acted: Tensor | None) -> None:
        """Count what credit moved, from rewards (R, S, A) before and after it."""
        if not self._credit.placed:
            return
        moved = (mixed - own)[self._credit.replica]
        whole = torch.ones_like(moved, dtype=torch.bool)
        there = None if acted is None else acted[self._credit.replica]
        self._mixing.count(paid=moved, due=moved, cut=~whole, finite=whole, there=there)

    def activity(self) -> list[list[pb.TermActivity]]:
        """What each term did: for each replica, in its config's order.

        The shares of reward are of the sum of |task reward| and of every term's |reward|, over
        agents. A credit term's reward is what it adds to an agent's, and half of its size counts
        as its share: what leaves one agent reaches another.
        """
        totals = [float(size) * self._agents for size in self._task_size]
        for each, size in zip(self._placed, self._terms.sizes(), strict=True):
            totals[each.replica] += size
        found = {
            (each.replica, each.slot): (self._terms, row, totals[each.replica]) for row, each in enumerate(self._placed)
        } | {
            (each.replica, each.slot): (self._mixing, row, 2 * totals[each.replica])
            for row, each in enumerate(self._credit.placed)
        }
        report = []
        for replica, names in enumerate(self._names):
            rows = [(name, *found[replica, slot]) for slot, name in names]
            report.append([activity.of(row, name, total) for name, activity, row, total in rows])
        return report

    def state_dict(self) -> State:
        """All counts; they are no part of what learns, so a checkpoint does not have them.

        `task_size` float64 (R,), and the counts of terms and of credit (see `Activity.state_dict`).
        """
        counts = {"task_size": self._task_size.clone()}
        for name, activity in (("terms", self._terms), ("mixing", self._mixing)):
            counts |= as_part(name, activity.state_dict())
        return counts

    def load_state_dict(self, state: State) -> None:
        """Continue from what `state_dict` returned under the same configs; other entries are ignored.

        Raises:
            CheckpointError: a tensor is missing, or has another shape or type.
        """
        require_like(self.state_dict(), state, "shaping activity")
        self._task_size.copy_(state["task_size"])
        for name, activity in (("terms", self._terms), ("mixing", self._mixing)):
            activity.load_state_dict(part_of(state, name))

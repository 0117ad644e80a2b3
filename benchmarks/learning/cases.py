"""What is learnt, by which algorithm, for how long, and what others have published of it.

Budgets are env_steps of each seed, no more than a core trains ten seeds for in about a quarter of an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ALGORITHMS = ("mappo", "ippo", "vdn", "qmix")
"""Algorithms, in the order of the table."""

ON_POLICY = ("mappo", "ippo")
"""Those that learn from what they have just played."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One task, and how all algorithms learn it."""

    name: str
    """Name in the table and of the files: letters, digits and '-'."""
    task: Mapping[str, Any]
    """`task` of a campaign file."""
    budget: int
    """env_steps of each seed."""
    learner: Mapping[str, Any] = field(default_factory=dict)
    """`learner` of a campaign file, for every algorithm."""
    on_policy: Mapping[str, Any] = field(default_factory=dict)
    """What is laid over it for MAPPO and IPPO."""
    off_policy: Mapping[str, Any] = field(default_factory=dict)
    """What is laid over it for VDN and QMIX."""
    terms: Sequence[Mapping[str, Any]] = ()
    """Terms of the shaping config that all seeds learn under; none is the task's own reward."""
    published: Mapping[str, str] = field(default_factory=dict)
    """What others report, by algorithm: the figure, and after how many env_steps."""
    source: str = ""
    """Where that stands."""

    def settings(self, algorithm: str) -> dict[str, Any]:
        """The campaign file of an algorithm."""
        own = self.on_policy if algorithm in ON_POLICY else self.off_policy
        return {"task": dict(self.task), "learner": {**self.learner, **own, "algorithm": algorithm}}


CASES = {
    case.name: case
    for case in (
        Case(name="foraging-8x8-2p-2f-coop", task={"name": "foraging", "layout": "8x8-2p-2f-coop"}, budget=2_000_000),
        Case(name="foraging-10x10-3p-3f", task={"name": "foraging", "layout": "10x10-3p-3f"}, budget=2_000_000),
    )
}
"""All cases by name."""

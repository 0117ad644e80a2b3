"""How far a round is, as its conductor shows it: phase, env_steps, and every arm's measures so far."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from also.v1.branch_pb2 import BranchRecord
from also.v1.validator_pb2 import ArmProgress, ValidationPhase, ValidationProgress
from also.v1.verdict_pb2 import VerdictReason
from also.validation.arms import CONTROL, MILESTONES, RETURN, values
from also.validation.statistics import mean


@dataclass(slots=True, kw_only=True)
class Phase:
    """One phase of a round, with what was measured in it so far."""

    phase: ValidationPhase
    """Which one."""
    candidates: Sequence[str] = ()
    """Names of all candidates, in order."""
    planned: int = 0
    """env_steps of branches that it takes."""
    done: int = 0
    """env_steps of branches in its finished steps."""
    latest: dict[tuple[str, int], BranchRecord] = field(default_factory=dict)
    """The latest measured record of each arm and seed index."""

    def hear(self, records: Iterable[BranchRecord]) -> None:
        """Take in what branches have measured."""
        for record in records:
            if record.measures:
                self.latest[record.arm, record.seed_index] = record

    def tell(
        self, reasons: Mapping[str, VerdictReason], *, env_steps: int = 0, waits_for: str = ""
    ) -> ValidationProgress:
        """How far the phase is.

        Args:
            reasons: why candidates are out, by name; those that are in have none.
            env_steps: env_steps of the running step's branches.
            waits_for: what has to come before it continues, in words; empty for nothing.
        """
        return ValidationProgress(
            phase=self.phase,
            arms=[self._arm(name, reasons) for name in (CONTROL, *self.candidates)],
            env_steps=self.done + env_steps,
            env_steps_planned=max(self.planned, self.done + env_steps),
            waits_for=waits_for,
        )

    def _arm(self, name: str, reasons: Mapping[str, VerdictReason]) -> ArmProgress:
        records = [record for (arm, _), record in self.latest.items() if arm == name]
        return ArmProgress(
            arm=name,
            branches=len(records),
            mean_return=mean(values(records, RETURN)) if records else 0.0,
            milestone_score=mean(values(records, MILESTONES)) if records else 0.0,
            reason=reasons.get(name, VerdictReason.VERDICT_REASON_UNSPECIFIED),
        )

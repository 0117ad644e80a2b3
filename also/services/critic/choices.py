"""What a finding may say of one case, as far as numbers decide it.

The phase follows from returns, so no model is asked for it. What cannot be true of the case is not offered: no
change of a term where the incumbent has none, no "nothing is wrong" where the rules find what is. Of what is offered
"nothing" comes last, for small models are drawn to what comes first.
"""

from dataclasses import dataclass

from also import enums, returns
from also.services.critic import rules
from also.services.critic.case import Case
from also.v1 import diagnosis_pb2 as pb
from also.v1.diagnosis_pb2 import FailureMode, LearningPhase, Remedy

KEPT = (pb.FAILURE_MODE_INSTABILITY, pb.FAILURE_MODE_REWARD_NOT_SPARSE)
"""Failure modes for which there may be no other remedy than `keep`."""

FOR_TERMS = (pb.REMEDY_DECAY, pb.REMEDY_REMOVE, pb.REMEDY_RESCALE)
"""Remedies that change a term of the incumbent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is offered in one case."""

    phase: LearningPhase
    """Where learning stands: given, not asked."""
    modes: tuple[int, ...]
    """Failure modes; NONE, where it is among them, comes last."""
    remedies: tuple[int, ...]
    """Remedies; KEEP, where it is among them, comes last."""

    @property
    def mode_names(self) -> list[str]:
        """Names of the failure modes as schemas have them, in their order."""
        return [enums.short_name(FailureMode.DESCRIPTOR, mode) for mode in self.modes]

    @property
    def remedy_names(self) -> list[str]:
        """Names of the remedies as schemas have them, in their order."""
        return [enums.short_name(Remedy.DESCRIPTOR, remedy) for remedy in self.remedies]


def choices(case: Case) -> Choices:
    """What may be said of a case."""
    modes: list[int] = [mode for mode in FailureMode.values() if mode > pb.FAILURE_MODE_NONE and _possible(case, mode)]
    remedies: list[int] = [remedy for remedy in Remedy.values() if remedy > pb.REMEDY_KEEP]
    if not case.incumbent.terms:
        remedies = [remedy for remedy in remedies if remedy not in FOR_TERMS]
    if may_be_well(case):
        modes.append(pb.FAILURE_MODE_NONE)
    if any(mode in (*KEPT, pb.FAILURE_MODE_NONE) for mode in modes):
        remedies.append(pb.REMEDY_KEEP)
    return Choices(phase=case.phase, modes=tuple(modes), remedies=tuple(remedies))


def may_be_well(case: Case) -> bool:
    """Whether nothing may be wrong: the return rises, the task is solved, or the rules find nothing either."""
    if case.phase in (pb.LEARNING_PHASE_IMPROVING, pb.LEARNING_PHASE_SOLVED):
        return True
    return not any(rule(case) for rule in rules.RULES)


def _possible(case: Case, mode: int) -> bool:
    """Whether there is anything in a case that a failure mode could be about."""
    match mode:
        case pb.FAILURE_MODE_DEAD_TERM | pb.FAILURE_MODE_SHAPING_DOMINATES:
            return bool(case.terms())
        case pb.FAILURE_MODE_CREDIT_ASSIGNMENT:
            return len(case.agents()) > 1
        case pb.FAILURE_MODE_PREMATURE_CONVERGENCE | pb.FAILURE_MODE_INSTABILITY:
            return case.evidence.HasField("optimisation")
        case pb.FAILURE_MODE_PARTIAL_SUCCESS | pb.FAILURE_MODE_INEFFICIENCY:
            return case.evidence.returns.maximum > returns.nothing(case.card)
        case pb.FAILURE_MODE_REWARD_NOT_SPARSE:
            return case.card.reward_density > returns.DENSE
        case _:
            return True

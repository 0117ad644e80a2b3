"""Rules about the incumbent's shaping: it outweighs the task, or a term of it never pays.

They are rules as those of `rules`: functions from the case to one finding or none.
"""

from also.briefing.evidence import DEAD
from also.services.critic.case import Case, number, percent
from also.shaping.rules import derive_invariance
from also.v1 import diagnosis_pb2 as pb
from also.v1.diagnosis_pb2 import Finding
from also.v1.shaping_pb2 import INVARIANCE_POLICY_INVARIANT, SCHEDULE_KIND_EXPONENTIAL, SCHEDULE_KIND_LINEAR

LEARNABLE = 0.25
"""Mean return, as a share of the returns' range, from which the task reward alone can teach."""

DOMINATES = 0.9
"""Share of |reward| from which shaping drowns the task reward."""

HARMLESS = 0.7
"""Factor on the severity of dominating terms that cannot change which policies are optimal."""


def dominating(case: Case) -> Finding | None:
    """Shaping outweighs the task reward although the task can be learnt from now."""
    terms = case.terms()
    share = min(1.0, sum(activity.reward_share for _, activity in terms))
    stuck = case.phase in (pb.LEARNING_PHASE_PLATEAU, pb.LEARNING_PHASE_REGRESSING)
    if not (terms and stuck and share >= DOMINATES and case.return_share >= LEARNABLE):
        return None
    heaviest = terms[0][0]
    harmless = derive_invariance(case.incumbent) == INVARIANCE_POLICY_INVARIANT
    fades = heaviest.schedule.kind in (SCHEDULE_KIND_LINEAR, SCHEDULE_KIND_EXPONENTIAL)
    return case.find(
        pb.FAILURE_MODE_SHAPING_DOMINATES,
        [pb.REMEDY_RESCALE, pb.REMEDY_REMOVE] if fades else [pb.REMEDY_DECAY, pb.REMEDY_RESCALE, pb.REMEDY_REMOVE],
        severity=case.phase_weight * share * (HARMLESS if harmless else 1.0),
        confidence=0.6 if harmless else 0.8,
        rests_on=[*(f"terms.{term.name}.reward_share" for term, _ in terms[:6]), "returns.mean"],
        term=heaviest.name,
        summary=f"Shaping is {percent(share)} of all |reward|, most of it from {heaviest.name!r}, although the mean "
        f"return is {number(case.evidence.returns.mean)} and stands still or falls.",
    )


def dead_term(case: Case) -> Finding | None:
    """A term of the incumbent never fires."""
    dead = [(term, activity) for term, activity in case.terms() if activity.firing_rate <= DEAD]
    if not dead:
        return None
    term, activity = min(dead, key=lambda pair: pair[1].firing_rate)
    return case.find(
        pb.FAILURE_MODE_DEAD_TERM,
        [pb.REMEDY_REMOVE],
        severity=0.5,
        confidence=0.9,
        rests_on=[f"terms.{term.name}.firing_rate", f"terms.{term.name}.reward_share"],
        feature=term.feature,
        term=term.name,
        summary=f"Term {term.name!r} pays in {percent(activity.firing_rate)} of the env_steps: it teaches nothing.",
    )

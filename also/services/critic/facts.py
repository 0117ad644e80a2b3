"""What follows from a stage's numbers, in words: arithmetic that no model has to do.

Each line stands right before the question. Numbers that a finding may cite are those of the evidence above it.
"""

from collections.abc import Iterator, Sequence

from also import enums, returns
from also.briefing.table import interval, number
from also.services.critic.case import Case
from also.services.critic.phase import curve_change
from also.v1.critic_pb2 import DiagnoseRequest
from also.v1.diagnosis_pb2 import LearningPhase
from also.v1.evidence_pb2 import Evidence
from also.words import counted


def facts(request: DiagnoseRequest, case: Case) -> str:
    """Lines of what follows.

    Args:
        request: the request; the return of the stage before is read from it.
        case: the case of its last stage.
    """
    return "\n".join(f"- {line}" for line in (*_standing(request, case), *_milestones(case), *_terms(case)))


def _standing(request: DiagnoseRequest, case: Case) -> Iterator[str]:
    """The phase, and the returns that it is read from."""
    yield f"The phase is {enums.short_name(LearningPhase.DESCRIPTOR, case.phase)}."
    *earlier, now = (_mean(request, evidence, case.seen) for evidence in request.evidence[-2:])
    before = f", {earlier[0]} in the stage before" if earlier else ""
    yield (
        f"As shares of the task's largest return, the mean return is {now}{before}; along the curve it changed by "
        f"{number(curve_change(case.evidence) / case.return_unit)}, from the first third to the last."
    )


def _mean(request: DiagnoseRequest, evidence: Evidence, seen: Sequence[float]) -> str:
    """Mean return with its 95 % interval, as shares of the returns' range."""
    values = evidence.returns.mean, evidence.return_low, evidence.return_high
    return interval(*(returns.share(request.card, value, *seen) for value in values))


def _milestones(case: Case) -> Iterator[str]:
    """Where the team stands on its way."""
    missing = case.first_missing()
    if not case.milestones():
        return
    if missing is None:
        yield "Every milestone is reached in at least half of the episodes."
        return
    card, seen = missing
    before = case.reached_before(card.name)
    takes = counted(card.agents_needed, "agent") if card.agents_needed else "an unknown number of agents"
    text = f"The first milestone with reached below 0.5 is {card.name}: {number(seen.reached)}, and it takes {takes}"
    yield f"{text}; before it comes {before.milestone}: {number(before.reached)}." if before else f"{text}."
    if guide := case.guide(card):
        yield f"It is approached along {guide}."


def _terms(case: Case) -> Iterator[str]:
    """What the incumbent's terms come to together."""
    terms = case.terms()
    if not terms:
        yield "The incumbent has no term that pays, so there is nothing to remove, rescale or fade."
        return
    rarest, activity = min(terms, key=lambda pair: pair[1].firing_rate)
    share = min(1.0, sum(each.reward_share for _, each in terms))
    yield (
        f"The reward_shares of all terms sum to {number(share)}; the term that fires least is {rarest.name}, with a "
        f"firing_rate of {number(activity.firing_rate)}."
    )

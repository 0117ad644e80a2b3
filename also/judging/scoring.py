"""What a backend's answers are worth: pure functions of the answers and of what was planted."""

from collections.abc import Callable, Iterable, Sequence
from statistics import mean, median
from typing import NamedTuple

from also.judging.backends import Backend
from also.judging.diversity import diversity
from also.v1.diagnosis_pb2 import FailureMode, Finding, Remedy
from also.v1.llm_pb2 import LlmFailure, LlmFailureReason, LlmUse
from also.v1.situation_pb2 import Agreement, Answer, CandidateScores, Judgement, MindScores, Planted
from also.v1.verdict_pb2 import Verdict, VerdictReason

NOTHING_WRONG = Finding(mode=FailureMode.FAILURE_MODE_NONE, remedy=Remedy.REMEDY_KEEP)
"""What a diagnosis without findings says."""

_WITHOUT_REPLY = (
    LlmFailureReason.LLM_FAILURE_REASON_UNAVAILABLE,
    LlmFailureReason.LLM_FAILURE_REASON_BUDGET_SPENT,
)


class Asked(NamedTuple):
    """One question to one mind, and what came of it."""

    seconds: float
    """Time of the answer."""
    use: LlmUse | None
    """What the LLM cost; None without one."""
    failure: LlmFailure | None
    """Why there is no answer; None where there is one."""


def judge(backend: Backend, answers: Sequence[Answer], planted: Sequence[Planted]) -> Judgement:
    """The judgement on a backend.

    Args:
        backend: the backend.
        answers: its answers.
        planted: what was planted in the situations of the answers, in their order.
    """
    judgement = Judgement(
        backend=backend.name,
        model=next((use.model for use in _uses(answers) if use.model), ""),
        generator=score_mind(_proposals(answers)),
        candidates=score_candidates(answers, wanted=backend.generator.candidates),
        answers=answers,
    )
    if backend.diagnoses:
        judgement.critic.CopyFrom(score_mind(_diagnoses(answers)))
        judgement.agreement.CopyFrom(score_agreement(answers, planted))
    return judgement


def score_mind(asked: Sequence[Asked]) -> MindScores:
    """How well one mind answers its questions."""
    scores = MindScores(asked=len(asked))
    scores.answered = sum(each.failure is None for each in asked)
    scores.unreplied = sum(each.failure is not None and each.failure.reason in _WITHOUT_REPLY for each in asked)
    uses = [each.use for each in asked if each.use is not None]
    replied = [each for each in asked if each.failure is None or each.failure.reason not in _WITHOUT_REPLY]
    if uses and replied:
        first = [each.failure is None and each.use is not None and each.use.invalid == 0 for each in replied]
        scores.valid_at_first = mean(map(float, first))
        scores.valid = scores.answered / len(replied)
    if uses:
        scores.calls = mean(float(use.calls) for use in uses)
        scores.prompt_tokens = mean(float(use.prompt_tokens) for use in uses)
        scores.completion_tokens = mean(float(use.completion_tokens) for use in uses)
    if asked:
        scores.seconds = median(each.seconds for each in asked)
    return scores


def score_agreement(answers: Sequence[Answer], planted: Sequence[Planted]) -> Agreement:
    """How far diagnoses agree with what was planted; no diagnosis agrees with nothing."""
    pairs = [(findings_of(answer), plant) for answer, plant in zip(answers, planted, strict=True)]
    placed = [(findings, plant) for findings, plant in pairs if plant.milestone or plant.term or plant.agent]

    def share(holds: Callable[[list[Finding], Planted], bool], of: Sequence[tuple[list[Finding], Planted]]) -> float:
        return mean(float(holds(findings, plant)) for findings, plant in of)

    agreement = Agreement()
    if pairs:
        agreement.planted_first = share(lambda found, plant: bool(found) and found[0].mode == plant.mode, pairs)
        agreement.accepted_first = share(lambda found, plant: bool(found) and is_accepted(found[0], plant), pairs)
        agreement.planted_anywhere = share(lambda found, plant: any(each.mode == plant.mode for each in found), pairs)
        agreement.remedy = share(lambda found, plant: bool(found) and found[0].remedy in plant.accepted_remedies, pairs)
    if placed:
        agreement.place = share(lambda found, plant: any(_names(each, plant) for each in found), placed)
    return agreement


def score_candidates(answers: Sequence[Answer], *, wanted: int) -> CandidateScores:
    """What candidates are worth before anything is trained.

    Args:
        answers: the answers.
        wanted: candidates that each proposal was asked for.
    """
    verdicts = [verdict for answer in answers for verdict in answer.verdicts]
    scores = CandidateScores(
        given=sum(len(answer.candidates) for answer in answers),
        wanted=wanted * sum(answer.proposal_asked for answer in answers),
        screened=len(verdicts),
    )
    if verdicts:
        scores.passed = mean(float(passes(verdict)) for verdict in verdicts)
    spread = [diversity([candidate.config for candidate in answer.candidates]) for answer in answers]
    known = [each for each in spread if each is not None]
    if known:
        scores.diversity = mean(known)
    return scores


def findings_of(answer: Answer) -> list[Finding]:
    """An answer's findings, first that it puts first; a diagnosis without any says that nothing is wrong."""
    if not answer.HasField("diagnosis"):
        return []
    return list(answer.diagnosis.findings) or [NOTHING_WRONG]


def is_accepted(finding: Finding, planted: Planted) -> bool:
    """Whether a finding's mode is what was planted, or what an expert may name."""
    return finding.mode in (planted.mode, *planted.accepted_modes)


def passes(verdict: Verdict) -> bool:
    """Whether the screen let a candidate through: only its branches could not be paid."""
    return verdict.reason == VerdictReason.VERDICT_REASON_BUDGET_SPENT


def _names(finding: Finding, planted: Planted) -> bool:
    """Whether a finding of the planted mode names the milestone, term and agent that were planted."""
    fields = ("milestone", "term", "agent")
    wanted = {name: getattr(planted, name) for name in fields if getattr(planted, name)}
    return finding.mode == planted.mode and all(getattr(finding, name) == value for name, value in wanted.items())


def _diagnoses(answers: Iterable[Answer]) -> list[Asked]:
    return [
        Asked(
            seconds=answer.diagnosis_seconds,
            use=answer.diagnosis_llm if answer.HasField("diagnosis_llm") else None,
            failure=answer.diagnosis_failure if answer.HasField("diagnosis_failure") else None,
        )
        for answer in answers
    ]


def _proposals(answers: Iterable[Answer]) -> list[Asked]:
    return [
        Asked(
            seconds=answer.proposal_seconds,
            use=answer.proposal_llm if answer.HasField("proposal_llm") else None,
            failure=answer.proposal_failure if answer.HasField("proposal_failure") else None,
        )
        for answer in answers
        if answer.proposal_asked
    ]


def _uses(answers: Iterable[Answer]) -> list[LlmUse]:
    return [use for answer in answers for use in (answer.diagnosis_llm, answer.proposal_llm)]

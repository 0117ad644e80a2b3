"""What a backend's answers are worth: pure functions of the answers and of what was planted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import NamedTuple

from also.judging.backends import Backend
from also.judging.diversity import diversity
from also.judging.fitting import fits
from also.v1.diagnosis_pb2 import Diagnosis, FailureMode, Finding, Remedy
from also.v1.llm_pb2 import LlmFailure, LlmFailureReason, LlmUse
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.situation_pb2 import Agreement, Answer, CandidateScores, Judgement, MindScores, ModeScores, Planted
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Verdict, VerdictReason

NOTHING_WRONG = Finding(mode=FailureMode.FAILURE_MODE_NONE, remedy=Remedy.REMEDY_KEEP)
"""What a diagnosis without findings says."""

_WITHOUT_REPLY = (
    LlmFailureReason.LLM_FAILURE_REASON_UNAVAILABLE,
    LlmFailureReason.LLM_FAILURE_REASON_BUDGET_SPENT,
)


class Asked(NamedTuple):
    """One question to one mind, and its outcome."""

    seconds: float
    """Time of the answer."""
    use: LlmUse | None
    """What the LLM cost; None without one."""
    failure: LlmFailure | None
    """Why there is no answer; None where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An answer, and what it is held against."""

    answer: Answer
    """The answer."""
    planted: Planted
    """What was planted in its situation."""
    heard: Diagnosis
    """The rules' diagnosis, which its generator got."""
    incumbent: ShapingConfig
    """The config that the stage was trained under."""
    card: TaskCard
    """The task's card."""


def judge(backend: Backend, cases: Sequence[Case]) -> Judgement:
    """The judgement on a backend.

    Args:
        backend: the backend.
        cases: its answers so far.
    """
    answers = [case.answer for case in cases]
    judgement = Judgement(
        backend=backend.name,
        model=next((use.model for use in _uses(answers) if use.model and not backend.scripted), ""),
        samples=backend.samples,
        answers=answers,
    )
    if backend.generator is not None:
        judgement.generator.CopyFrom(score_mind(_asked("proposal", [each for each in answers if each.proposal_asked])))
        judgement.candidates.CopyFrom(score_candidates(cases, wanted=backend.generator.candidates))
    if backend.diagnoses:
        judgement.critic.CopyFrom(score_mind(_asked("diagnosis", answers)))
        judgement.agreement.CopyFrom(score_agreement(cases))
    for mode in sorted({case.planted.mode for case in cases}):
        judgement.modes.append(_of_mode(backend, mode, [case for case in cases if case.planted.mode == mode]))
    return judgement


def _of_mode(backend: Backend, mode: FailureMode, cases: Sequence[Case]) -> ModeScores:
    scores = ModeScores(mode=mode, situations=len({case.answer.situation for case in cases}))
    if backend.diagnoses:
        scores.agreement.CopyFrom(score_agreement(cases))
    if backend.generator is not None:
        scores.candidates.CopyFrom(score_candidates(cases, wanted=backend.generator.candidates))
    return scores


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
        scores.cached_tokens = mean(float(use.cached_tokens) for use in uses)
        scores.completion_tokens = mean(float(use.completion_tokens) for use in uses)
    if asked:
        scores.seconds = median(each.seconds for each in asked)
    return scores


def score_agreement(cases: Sequence[Case]) -> Agreement:
    """How far diagnoses agree with what was planted; no diagnosis agrees with nothing.

    A situation that was asked about several times counts once, with the mean over its samples.
    """
    placed = [case for case in cases if case.planted.milestone or case.planted.term or case.planted.agent]
    agreement = Agreement(situations=_situations(cases), placed=_situations(placed))
    if cases:
        agreement.planted_first = _share(cases, lambda found, plant: bool(found) and found[0].mode == plant.mode)
        agreement.accepted_first = _share(cases, lambda found, plant: bool(found) and is_accepted(found[0], plant))
        agreement.planted_anywhere = _share(cases, lambda found, plant: any(each.mode == plant.mode for each in found))
        agreement.remedy = _share(
            cases, lambda found, plant: bool(found) and found[0].remedy in plant.accepted_remedies
        )
    if placed:
        agreement.place = _share(placed, lambda found, plant: any(_names(each, plant) for each in found))
    return agreement


def _situations(cases: Sequence[Case]) -> int:
    return len({case.answer.situation for case in cases})


def _share(cases: Sequence[Case], holds: Callable[[list[Finding], Planted], bool]) -> float:
    """Mean over situations of the share of samples of which something holds."""
    of_each: dict[str, list[float]] = {}
    for case in cases:
        of_each.setdefault(case.answer.situation, []).append(float(holds(findings_of(case.answer), case.planted)))
    return mean(map(mean, of_each.values()))


def score_candidates(cases: Sequence[Case], *, wanted: int) -> CandidateScores:
    """What candidates are worth before anything is trained.

    Args:
        cases: the answers.
        wanted: candidates that each proposal was asked for.
    """
    answers = [case.answer for case in cases]
    verdicts = [verdict for answer in answers for verdict in answer.verdicts]
    scores = CandidateScores(
        given=sum(len(answer.candidates) for answer in answers),
        wanted=wanted * sum(answer.proposal_asked for answer in answers),
        screened=len(verdicts),
    )
    if verdicts:
        scores.passed = mean(float(passes(verdict)) for verdict in verdicts)
    if scores.given:
        scores.fitting = mean(
            float(fits(candidate, case.heard, case.incumbent, case.card))
            for case in cases
            for candidate in case.answer.candidates
        )
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
    return verdict.reason in (VerdictReason.VERDICT_REASON_BUDGET_SPENT, VerdictReason.VERDICT_REASON_TOO_EARLY)


def _names(finding: Finding, planted: Planted) -> bool:
    """Whether a finding of the planted mode names the milestone, term and agent that were planted."""
    fields = ("milestone", "term", "agent")
    wanted = {name: getattr(planted, name) for name in fields if getattr(planted, name)}
    return finding.mode == planted.mode and all(getattr(finding, name) == value for name, value in wanted.items())


def _asked(mind: str, answers: Iterable[Answer]) -> list[Asked]:
    """What a mind, named as in the fields of an answer, was asked."""
    return [
        Asked(
            seconds=getattr(answer, f"{mind}_seconds"),
            use=getattr(answer, f"{mind}_llm") if answer.HasField(f"{mind}_llm") else None,
            failure=getattr(answer, f"{mind}_failure") if answer.HasField(f"{mind}_failure") else None,
        )
        for answer in answers
    ]


def _uses(answers: Iterable[Answer]) -> list[LlmUse]:
    return [use for answer in answers for use in (answer.diagnosis_llm, answer.proposal_llm)]

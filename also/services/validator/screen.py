"""The screen: what can be said of candidates without any training.

Rules and duplicates first, then what the configs would have paid on the checkpoint's rollouts. A
term that never fires cannot help, and one that always pays the same or is nearly always cut says
nothing about behaviour: branches would be wasted on them.
"""

from collections.abc import Iterable, Sequence
from copy import deepcopy

from also import algorithms
from also.errors import ShapingError
from also.shaping import relief, rules
from also.shaping.identity import config_hash
from also.v1.campaign_pb2 import LearnerSettings
from also.v1.shaping_pb2 import ShapingConfig, ShapingForm
from also.v1.task_pb2 import TaskCard
from also.v1.trainer_pb2 import ShapingProbe
from also.v1.verdict_pb2 import Candidate, Outcome, Verdict, VerdictReason

CUT_RATE_LIMIT = 0.95
"""Share of cut env_steps above which a term is saturated."""


def check(
    candidates: Sequence[Candidate],
    *,
    card: TaskCard,
    learner: LearnerSettings,
    incumbent: ShapingConfig,
    tried: Iterable[str],
) -> list[Verdict]:
    """Screen candidates by rules and duplicates.

    Args:
        candidates: what is proposed.
        card: the task's card.
        learner: the learner's settings, every default filled in.
        incumbent: the config in office.
        tried: hashes of the configs that were tried before.

    Returns:
        One verdict a candidate, in order; without a reason where it passes.
    """
    known = dict.fromkeys(tried, "a config that was tried before")
    known[config_hash(incumbent)] = "the incumbent"
    verdicts = []
    for candidate in candidates:
        verdict = Verdict(candidate=candidate.name, config_hash=candidate.config_hash)
        verdicts.append(verdict)
        try:
            rules.check_config(candidate.config, card, learner.gamma)
            algorithms.check_shaping(learner, candidate.config)
        except ShapingError as error:
            _refuse(verdict, VerdictReason.VERDICT_REASON_INVALID_CONFIG, f"{error}.")
            continue
        verdict.invariance = rules.derive_invariance(candidate.config)
        if candidate.config_hash in known:
            _refuse(verdict, VerdictReason.VERDICT_REASON_DUPLICATE, f"It equals {known[candidate.config_hash]}.")
        else:
            known[candidate.config_hash] = f"candidate {candidate.name}"
    return verdicts


def judge_probe(passed: Verdict, config: ShapingConfig, probe: ShapingProbe, incumbent: ShapingConfig) -> Verdict:
    """The screen's verdict on a candidate that passed `check`, by what its config would have paid.

    A term that it keeps from the incumbent, unchanged or weaker, is not held against it: control has that term, too.

    Args:
        passed: what `check` said.
        config: its config.
        probe: what the trainer found.
        incumbent: the config in office.
    """
    verdict = deepcopy(passed)
    verdict.terms.extend(probe.terms)
    silent = [term.name for term in config.terms if term.form == ShapingForm.SHAPING_FORM_CREDIT]
    kept = relief.kept(config, incumbent)
    paying = [term for term in probe.terms if term.term not in silent]
    changed = [term for term in paying if term.term not in kept]
    infinite = [term for term in paying if not term.finite]
    dead = [term for term in changed if term.firing_rate == 0]
    cut = [term for term in changed if term.cut_rate > CUT_RATE_LIMIT]
    if infinite:
        detail = f"Term {infinite[0].term!r} pays a number that is not finite."
        _refuse(verdict, VerdictReason.VERDICT_REASON_NON_FINITE, detail)
    elif dead:
        detail = f"Term {dead[0].term!r} fires at none of the env_steps."
        _refuse(verdict, VerdictReason.VERDICT_REASON_DEAD_TERM, detail)
    elif cut:
        detail = (
            f"Term {cut[0].term!r} is cut at {cut[0].cut_rate:.1%} of the env_steps at which it fires; "
            f"at most {CUT_RATE_LIMIT:.0%} is allowed."
        )
        _refuse(verdict, VerdictReason.VERDICT_REASON_SATURATED_TERM, detail)
    elif changed and not probe.varies:
        detail = "Its reward is the same at every env_step."
        _refuse(verdict, VerdictReason.VERDICT_REASON_SATURATED_TERM, detail)
    return verdict


def _refuse(verdict: Verdict, reason: VerdictReason, detail: str) -> None:
    verdict.reason = reason
    verdict.outcome = Outcome.OUTCOME_REJECTED
    verdict.detail = detail

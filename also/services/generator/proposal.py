"""From proposals to candidates: what every backend's configs have to pass, in one place.

A backend yields configs in the order of its preference. Here they are fitted to the task's caps and
checked, and what is invalid, equal to the incumbent, tried under it or proposed twice is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from also.briefing.history import NO_FINDING
from also.errors import ShapingError
from also.limits import filled
from also.services.generator.configs import fit_caps
from also.shaping.identity import config_hash
from also.shaping.relief import is_relief
from also.shaping.rules import check_config
from also.v1 import verdict_pb2
from also.v1.generator_pb2 import ProposeRequest
from also.v1.llm_pb2 import LlmOrigin
from also.v1.shaping_pb2 import SHAPING_FORM_CREDIT, ShapingConfig
from also.v1.verdict_pb2 import Candidate, Trial
from also.validation.judge import PROMOTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A config that a backend would like to see tried."""

    config: ShapingConfig
    """The config."""
    finding: int = NO_FINDING
    """Index in the diagnosis of the finding that it answers; -1 when none."""
    priority: float = 0.0
    """How promising it is; only the rules rank their proposals by it."""
    origin: LlmOrigin | None = None
    """Where in an LLM's reply it stands; None for other backends."""


def candidates_wanted(request: ProposeRequest) -> int:
    """K: how many candidates a request asks for, by default where it does not say."""
    return filled(request.settings).candidates


def tried_under(request: ProposeRequest) -> list[Trial]:
    """Trials that count under the incumbent: after the last promotion, and with a result.

    What lost to another candidate once may win beside another incumbent; and what only takes away from this one may be
    tried again in the next stage, when it may not be needed any more.
    """
    taken_over = max((trial.stage for trial in request.trials if trial.verdict.outcome in PROMOTED), default=-1)
    return [
        trial
        for trial in request.trials
        if trial.stage > taken_over
        and trial.verdict.outcome != verdict_pb2.OUTCOME_INCONCLUSIVE
        and (trial.stage == request.stage or not is_relief(trial.candidate.config, request.incumbent))
    ]


def collect(request: ProposeRequest, proposals: Iterable[Proposal]) -> list[Candidate]:
    """The first K usable proposals as candidates; fewer when there are no more.

    Args:
        request: what was asked for.
        proposals: in order of preference; only as many as needed are taken.
    """
    wanted = candidates_wanted(request)
    seen = {trial.candidate.config_hash for trial in tried_under(request)} | {config_hash(request.incumbent)}
    seen |= {trial.candidate.config_hash for trial in request.trials if _is_too_early(trial, request)}
    candidates: list[Candidate] = []
    for proposal in proposals:
        config = fit_caps(proposal.config, request.card, request.gamma)
        try:
            check_config(config, request.card, request.gamma)
        except ShapingError:
            continue
        if request.one_reward and any(term.form == SHAPING_FORM_CREDIT for term in config.terms):
            continue
        identity = config_hash(config)
        if identity in seen:
            continue
        seen.add(identity)
        name = f"r{request.round}-c{len(candidates)}"
        finding, origin = proposal.finding, proposal.origin
        candidates.append(Candidate(name=name, config=config, config_hash=identity, finding=finding, origin=origin))
        if len(candidates) == wanted:
            break
    return candidates


def _is_too_early(trial: Trial, request: ProposeRequest) -> bool:
    """Whether a trial can be no other in this round of the same stage."""
    return trial.stage == request.stage and trial.verdict.reason == verdict_pb2.VERDICT_REASON_TOO_EARLY

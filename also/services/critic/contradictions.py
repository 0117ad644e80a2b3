"""Where a finding says what the evidence denies: pure comparisons, each with its numbers in a sentence.

The bounds are wide: what an expert may see otherwise is no contradiction. A milestone that is nearly always reached is
not missing, a term that pays on every tenth env_step is not dead.
"""

from collections.abc import Iterator

from also import enums
from also.services.critic.case import Case
from also.services.critic.choices import KEPT
from also.v1 import diagnosis_pb2 as pb
from also.v1.diagnosis_pb2 import FailureMode, Finding

ALWAYS = 0.9
"""Share of episodes from which nobody can call a milestone missing."""

ALIVE = 0.1
"""Firing rate from which nobody can call a term dead."""

SMALL_SHARE = 0.5
"""Sum of the terms' shares of |reward| below which shaping does not dominate."""

LIVELY = 0.5
"""Policy entropy, over the largest possible, from which a policy has not converged."""

CALM_KL, CALM_CLIP = 0.02, 0.2
"""KL in nats and share of clipped samples up to which updates are not large; both are what PPO is tuned for."""


def contradictions(finding: Finding, case: Case) -> Iterator[str]:
    """What a finding says against the evidence, half a sentence each, with numbers.

    Args:
        finding: under the card's own names.
        case: the case that it is of.
    """
    for check in (_milestone, _term, _agent, _remedy, _numbers):
        yield from check(finding, case)


def _milestone(finding: Finding, case: Case) -> Iterator[str]:
    """A milestone that is missing is not one that is reached, and the mode fits how many agents it takes."""
    mode = finding.mode
    if mode not in (pb.FAILURE_MODE_EXPLORATION, pb.FAILURE_MODE_COORDINATION, pb.FAILURE_MODE_PARTIAL_SUCCESS):
        return
    found = next(((card, seen) for card, seen in case.milestones() if card.name == finding.milestone), None)
    if found is None:
        return
    card, seen = found
    if seen.reached >= ALWAYS:
        yield f"{_name(mode)} names milestone {card.name} as missing, which {seen.reached:.0%} of the episodes reach"
    if mode == pb.FAILURE_MODE_EXPLORATION and card.agents_needed > 1:
        yield f"exploration is of milestones for one agent, and {card.name} takes {card.agents_needed}: coordination"
    if mode == pb.FAILURE_MODE_COORDINATION and card.agents_needed == 1:
        yield f"coordination is of milestones for several agents, and one reaches {card.name} alone: exploration"


def _term(finding: Finding, case: Case) -> Iterator[str]:
    """A dead term does not fire, and terms that dominate have most of the reward."""
    if finding.mode == pb.FAILURE_MODE_DEAD_TERM:
        fired = {term.name: activity.firing_rate for term, activity in case.terms()}
        if finding.term not in fired:
            yield f"dead_term names {'no term' if not finding.term else f'term {finding.term}, which pays no reward'}"
        elif fired[finding.term] >= ALIVE:
            yield f"dead_term names {finding.term}, which fires on {fired[finding.term]:.0%} of the env_steps"
    if finding.mode == pb.FAILURE_MODE_SHAPING_DOMINATES:
        share = sum(activity.reward_share for _, activity in case.terms())
        if share < SMALL_SHARE:
            yield f"shaping_dominates, and all terms together have {share:.0%} of the reward"


def _agent(finding: Finding, case: Case) -> Iterator[str]:
    """An agent that adds nothing is not the one that adds most."""
    if finding.mode != pb.FAILURE_MODE_CREDIT_ASSIGNMENT or not finding.agent:
        return
    agents = case.agents()
    best = max(agents, key=lambda agent: agent.contribution)
    stillest = max(agents, key=lambda agent: agent.idle_rate)
    differ = any(agent.contribution < best.contribution for agent in agents)
    if differ and finding.agent == best.agent and stillest.agent != best.agent:
        yield "credit_assignment names the agent that adds most and does not idle most"


def _remedy(finding: Finding, case: Case) -> Iterator[str]:
    """Something that is wrong wants a change."""
    if finding.remedy == pb.REMEDY_KEEP and finding.mode not in (*KEPT, pb.FAILURE_MODE_NONE):
        yield f"{_name(finding.mode)} holds learning back, and its remedy is keep"


def _numbers(finding: Finding, case: Case) -> Iterator[str]:
    """Modes that are read off one or two numbers of the stage."""
    optimisation = case.evidence.optimisation
    match finding.mode:
        case pb.FAILURE_MODE_PREMATURE_CONVERGENCE if optimisation.entropy >= LIVELY:
            yield f"premature_convergence, and the policy's entropy is {optimisation.entropy:.0%} of the largest"
        case pb.FAILURE_MODE_INSTABILITY if optimisation.kl <= CALM_KL and optimisation.clip_fraction <= CALM_CLIP:
            yield (
                f"instability, with a kl of {optimisation.kl:.3g} and {optimisation.clip_fraction:.0%} of the samples "
                "clipped"
            )
        case pb.FAILURE_MODE_INEFFICIENCY if case.evidence.success_rate == 0:
            yield "inefficiency, and no episode succeeds"


def _name(mode: FailureMode) -> str:
    return enums.short_name(FailureMode.DESCRIPTOR, mode)

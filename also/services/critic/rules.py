"""The embedded expert: why is the team not learning now?

Each rule is a pure function from the case to one finding or none, and asks what an expert asks of
the curves: does any reward come at all, which milestone is the first that is missing, is it missing
alone or together, does one agent stand aside, does the shaping do harm (`shaping`), is the optimiser
itself the trouble? Thresholds are constants with their reason; none was fitted to a task.

A rule weighs its finding by the phase: what stands still is graver than what still rises.
"""

from collections.abc import Callable

from also import returns
from also.briefing.evidence import ENOUGH
from also.services.critic import shaping
from also.services.critic.case import MOST_FINDINGS, Case, number, percent, read_case
from also.v1 import diagnosis_pb2 as pb
from also.v1.critic_pb2 import DiagnoseRequest
from also.v1.diagnosis_pb2 import Diagnosis, Finding

RELIABLE = 0.9
"""Share of episodes in which a team that stands still should reach the last milestone."""

ADDS_NOTHING = 0.1
"""An agent adds nothing when its contribution is at most this share of the largest contribution."""

ADDS = 0.1
"""Contribution, as a share of the returns' range, from which an agent counts as adding something."""

IDLE = 0.9
"""Idle rate from which an agent stands aside, where another's is at most half of it."""

COLLAPSED = 0.05
"""Policy entropy, over the largest possible, up to which a policy no longer explores."""

LARGE_KL = 0.1
"""KL of an update, nats, from which a policy jumps; PPO's usual target is 0.01 to 0.02."""

LARGE_CLIP = 0.4
"""Share of clipped samples from which a policy jumps; 0.1 to 0.2 is usual."""

LATE = 0.6
"""First env_step of success, as a share of the episode limit, from which success is late."""


def diagnose(request: DiagnoseRequest) -> Diagnosis:
    """Diagnose a request's last stage: findings sorted by severity, never none."""
    case = read_case(request)
    found = [] if case.phase == pb.LEARNING_PHASE_SOLVED else [finding for rule in RULES if (finding := rule(case))]
    found = sorted(found, key=lambda finding: -finding.severity) or [_nothing_wrong(case)]
    return Diagnosis(phase=case.phase, findings=found[:MOST_FINDINGS], backend="rules")


def unstable_updates(case: Case) -> Finding | None:
    """Updates are so large that the policy jumps, while the return does not rise."""
    optimisation = case.evidence.optimisation
    jumps = optimisation.kl >= LARGE_KL or optimisation.clip_fraction >= LARGE_CLIP
    if not jumps or case.phase == pb.LEARNING_PHASE_IMPROVING:
        return None
    terms = case.terms()
    return case.find(
        pb.FAILURE_MODE_INSTABILITY,
        [pb.REMEDY_RESCALE, pb.REMEDY_DECAY] if terms else [pb.REMEDY_KEEP],
        severity=case.phase_weight if terms else 0.3,
        confidence=0.7,
        rests_on=["optimisation.kl", "optimisation.clip_fraction", "returns.mean"],
        term=terms[0][0].name if terms else "",
        summary=f"The policy jumps: an update's KL is {number(optimisation.kl)} nats and "
        f"{percent(optimisation.clip_fraction)} of the samples are clipped, while the return does not rise.",
    )


def collapsed_entropy(case: Case) -> Finding | None:
    """The policy has become deterministic before the task is solved."""
    if not case.evidence.HasField("optimisation") or case.phase == pb.LEARNING_PHASE_IMPROVING:
        return None
    entropy = case.evidence.optimisation.entropy
    if entropy > COLLAPSED:
        return None
    return case.find(
        pb.FAILURE_MODE_PREMATURE_CONVERGENCE,
        [pb.REMEDY_EXPLORE, pb.REMEDY_GUIDE],
        severity=case.phase_weight,
        confidence=0.8,
        rests_on=["optimisation.entropy", "returns.mean", "success_rate"],
        feature=_first_guide(case),
        summary=f"The policy's entropy has fallen to {percent(entropy)} of its largest value, but the mean return "
        f"is {_mean_return(case)}: it no longer explores.",
    )


def missing_milestone(case: Case) -> Finding | None:
    """The first milestone that is not reached: alone it is a matter of exploration, together of coordination."""
    missing = case.first_missing()
    if _partly_solved(case) or (missing is None and case.phase != pb.LEARNING_PHASE_NO_SIGNAL):
        return None
    if missing is None:
        return _unexplained_silence(case)
    milestone, seen = missing
    before = case.reached_before(milestone.name)
    guide = case.guide(milestone)
    severity = case.phase_weight * (1 - 0.5 * seen.reached)
    rests_on = [f"milestones.{milestone.name}.{item}" for item in ("reached", "best_value")]
    rests_on += [f"milestones.{before.milestone}.reached"] if before else []
    rests_on += [f"features.{guide}.mean"] if case.feature(guide) else []
    reward = "No episode brings a reward" if case.phase == pb.LEARNING_PHASE_NO_SIGNAL else "Rewards are rare"
    reward = "The return still rises" if case.phase == pb.LEARNING_PHASE_IMPROVING else reward
    share = percent(seen.reached)
    if milestone.agents_needed >= 2:
        although = f" although {before.milestone!r} is in {percent(before.reached)}" if before else ""
        return case.find(
            pb.FAILURE_MODE_COORDINATION,
            [pb.REMEDY_SYNCHRONISE, pb.REMEDY_GUIDE] if before else [pb.REMEDY_GUIDE, pb.REMEDY_SYNCHRONISE],
            severity=severity,
            confidence=0.85 if before else 0.7,
            rests_on=rests_on,
            milestone=milestone.name,
            feature=guide,
            summary=f"{reward}: {milestone.name!r}, which takes {milestone.agents_needed} agents together, is reached "
            f"in {share} of the episodes{although}.",
        )
    return case.find(
        pb.FAILURE_MODE_EXPLORATION,
        [pb.REMEDY_GUIDE, pb.REMEDY_EXPLORE] if guide else [pb.REMEDY_EXPLORE],
        severity=severity,
        confidence=0.85 if milestone.progress_feature else 0.6,
        rests_on=rests_on,
        milestone=milestone.name,
        feature=guide,
        summary=f"{reward}: the first milestone that is missing, {milestone.name!r}, is reached in {share} of the "
        "episodes.",
    )


def partial_success(case: Case) -> Finding | None:
    """Part of the task is solved again and again, the rest is not."""
    if not _partly_solved(case):
        return None
    milestone, seen = case.first_missing() or case.milestones()[-1]
    guide = case.guide(milestone)
    terms = case.terms()
    rests_on = ["returns.mean", "returns.median", f"milestones.{milestone.name}.reached"]
    rests_on += [f"terms.{terms[0][0].name}.reward_share"] if terms else []
    return case.find(
        pb.FAILURE_MODE_PARTIAL_SUCCESS,
        [pb.REMEDY_GUIDE, pb.REMEDY_DECAY, pb.REMEDY_RESCALE] if terms else [pb.REMEDY_GUIDE, pb.REMEDY_EXPLORE],
        severity=case.phase_weight * (1 - 0.5 * max(0.0, case.return_share)),
        confidence=0.8,
        rests_on=rests_on,
        milestone=milestone.name,
        feature=guide,
        term=terms[0][0].name if terms else "",
        summary=f"Half the episodes return at least {number(case.evidence.returns.median)}, but {milestone.name!r} is "
        f"reached in {percent(seen.reached)} of them: the rest of the task is not learnt.",
    )


def idle_agent(case: Case) -> Finding | None:
    """One agent adds nothing while another does, or stands still while another moves."""
    agents = case.agents()
    if len(agents) < 2:
        return None
    weakest = min(agents, key=lambda agent: agent.contribution)
    strongest = max(agents, key=lambda agent: agent.contribution)
    if (
        strongest.contribution >= ADDS * case.return_unit
        and weakest.contribution <= ADDS_NOTHING * strongest.contribution
    ):
        return case.find(
            pb.FAILURE_MODE_CREDIT_ASSIGNMENT,
            [pb.REMEDY_INDIVIDUALISE, pb.REMEDY_GUIDE],
            severity=0.95 * case.phase_weight,
            confidence=0.75,
            rests_on=[f"agents.{agent.agent}.{item}" for agent in (weakest, strongest) for item in _ADDED],
            agent=weakest.agent,
            feature=_first_guide(case),
            summary=f"{weakest.agent!r} adds {number(weakest.contribution)} to the return where {strongest.agent!r} "
            f"adds {number(strongest.contribution)}.",
        )
    still = max(agents, key=lambda agent: agent.idle_rate)
    moving = min(agents, key=lambda agent: agent.idle_rate)
    if case.card.action_space.idle < 0 or still.idle_rate < IDLE or moving.idle_rate > still.idle_rate / 2:
        return None
    return case.find(
        pb.FAILURE_MODE_CREDIT_ASSIGNMENT,
        [pb.REMEDY_INDIVIDUALISE, pb.REMEDY_EXPLORE],
        severity=0.95 * case.phase_weight,
        confidence=0.65,
        rests_on=[f"agents.{agent.agent}.{item}" for agent in (still, moving) for item in _ADDED],
        agent=still.agent,
        feature=_first_guide(case),
        summary=f"{still.agent!r} idles in {percent(still.idle_rate)} of its env_steps, {moving.agent!r} in "
        f"{percent(moving.idle_rate)}.",
    )


def late_success(case: Case) -> Finding | None:
    """Success comes, but late in the episode."""
    if not case.milestones() or case.card.episode_limit == 0:
        return None
    milestone, seen = case.milestones()[-1]
    lateness = seen.mean_first_step / case.card.episode_limit
    if seen.reached < ENOUGH or lateness < LATE:
        return None
    return case.find(
        pb.FAILURE_MODE_INEFFICIENCY,
        [pb.REMEDY_GUIDE],
        severity=0.35 * lateness,
        confidence=0.5,
        rests_on=[f"milestones.{milestone.name}.{item}" for item in ("reached", "mean_first_step")] + ["mean_length"],
        milestone=milestone.name,
        feature=case.guide(milestone),
        summary=f"{milestone.name!r} is reached in {percent(seen.reached)} of the episodes, but first at env_step "
        f"{number(seen.mean_first_step)} of {case.card.episode_limit} on average.",
    )


def reward_not_sparse(case: Case) -> Finding | None:
    """The task pays or charges on most env_steps, so that its own reward can teach from the start."""
    card = case.card
    if card.reward_density <= returns.DENSE:
        return None
    return case.find(
        pb.FAILURE_MODE_REWARD_NOT_SPARSE,
        [pb.REMEDY_KEEP],
        severity=0.2,
        confidence=0.8,
        rests_on=["returns.minimum", "returns.mean", "returns.maximum"],
        summary=f"The reward is not sparse: random play had one on {percent(card.reward_density)} of its env_steps. "
        f"Returns are read from {number(card.baseline_return)} on, which is what a team has that achieves nothing.",
    )


RULES: tuple[Callable[[Case], Finding | None], ...] = (
    unstable_updates,
    collapsed_entropy,
    idle_agent,
    missing_milestone,
    partial_success,
    shaping.dominating,
    shaping.dead_term,
    late_success,
    reward_not_sparse,
)
"""All rules; of two findings of equal severity the earlier rule's comes first."""

_ADDED = ("contribution", "idle_rate")


def _partly_solved(case: Case) -> bool:
    """Whether rewards come in half the episodes while the last milestone is missing."""
    if not case.milestones() or case.evidence.returns.median <= returns.nothing(case.card):
        return False
    stuck = case.phase in (pb.LEARNING_PHASE_PLATEAU, pb.LEARNING_PHASE_REGRESSING)
    return case.milestones()[-1][1].reached < (RELIABLE if stuck else ENOUGH)


def _unexplained_silence(case: Case) -> Finding:
    """No reward, and no milestone that says where the way ends."""
    return case.find(
        pb.FAILURE_MODE_EXPLORATION,
        [pb.REMEDY_EXPLORE],
        severity=case.phase_weight,
        confidence=0.5,
        rests_on=["returns.maximum", "milestone_score"],
        summary="No episode brings a reward, and no milestone says where the way to it ends.",
    )


def _nothing_wrong(case: Case) -> Finding:
    return case.find(
        pb.FAILURE_MODE_NONE,
        [pb.REMEDY_KEEP],
        severity=0.0,
        confidence=0.9,
        rests_on=["returns.mean", "success_rate"],
        summary=f"Nothing is wrong: the mean return is {_mean_return(case)}, with success in "
        f"{percent(case.evidence.success_rate)} of the episodes.",
    )


def _mean_return(case: Case) -> str:
    """The mean return and what it is measured against."""
    mean, card = number(case.evidence.returns.mean), case.card
    if card.baseline_return:
        return f"{mean}, where {number(card.baseline_return)} is nothing and {number(card.largest_return)} the most"
    return f"{mean} of {number(case.return_unit)}"


def _first_guide(case: Case) -> str:
    """Feature that leads to the first missing milestone; "" when nothing is missing or known."""
    missing = case.first_missing(RELIABLE)
    return case.guide(missing[0]) if missing else ""

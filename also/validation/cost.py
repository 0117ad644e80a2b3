"""What validation costs in env_steps, known before anything is trained."""

from also.updates import env_steps_of_stages, whole_updates
from also.v1.campaign_pb2 import Campaign, Proof

CONFIRM_ARMS = 2
"""Arms of the confirmation: control and the finalist."""


def rung_env_steps(campaign: Campaign) -> int:
    """env_steps of one branch in one rung: an even share of the search, in whole updates."""
    settings = campaign.validation
    return whole_updates(-(-settings.search_env_steps // settings.search_rungs), campaign.learner)


def wave_env_steps(campaign: Campaign) -> int:
    """env_steps of one branch in one confirm wave, in whole updates."""
    return whole_updates(campaign.validation.confirm_env_steps, campaign.learner)


def survivors(candidates: int) -> int:
    """Candidates that a rung keeps: the better half, rounded up."""
    return -(-candidates // 2)


def search_cost(campaign: Campaign, candidates: int) -> int:
    """env_steps of all branches of a search over so many candidates, with control in every rung."""
    branches = 0
    for _ in range(campaign.validation.search_rungs):
        branches += (candidates + 1) * campaign.validation.search_seeds
        candidates = survivors(candidates)
    return branches * rung_env_steps(campaign)


def wave_cost(campaign: Campaign) -> int:
    """env_steps of all branches of one confirm wave."""
    return CONFIRM_ARMS * campaign.validation.confirm_seeds * wave_env_steps(campaign)


def race_rung_env_steps(campaign: Campaign) -> int:
    """env_steps of one branch in one rung of the race: an even share of it, in whole updates."""
    settings = campaign.validation
    return whole_updates(-(-settings.race_env_steps // settings.race_rungs), campaign.learner)


def race_cost(campaign: Campaign, candidates: int, *, with_control: bool) -> int:
    """env_steps of all branches of a race of so many candidates, with control in every rung or in none."""
    branches = 0
    for _ in range(campaign.validation.race_rungs):
        branches += (candidates + with_control) * campaign.validation.race_seeds
        candidates = survivors(candidates)
    return branches * race_rung_env_steps(campaign)


def least_cost(campaign: Campaign, candidates: int) -> int:
    """env_steps without which candidates are not compared with control: the search and one confirm wave."""
    return search_cost(campaign, candidates) + wave_cost(campaign)


def smallest_round(campaign: Campaign, candidates: int = 1, *, silent: bool, trusted: bool = False) -> int:
    """env_steps of the cheapest round that can promote: by trust or a race where those are allowed.

    Args:
        campaign: the campaign file, every default filled in.
        candidates: how many it tries, at least 1.
        silent: whether the task pays nothing yet, so that a race has no control.
        trusted: whether one may enter without any branch.
    """
    match campaign.validation.proof:
        case Proof.PROOF_NONE:
            return 0
        case Proof.PROOF_BY_RISK if trusted:
            return 0
        case Proof.PROOF_BY_RISK:
            return min(race_cost(campaign, candidates, with_control=not silent), least_cost(campaign, candidates))
        case _:
            return least_cost(campaign, candidates)


def affordable_candidates(campaign: Campaign, env_steps: int) -> int:
    """How many candidates a race with control can hold for so many env_steps; at least 1, at most as many as are set.

    Where there is no race, as many as are set.
    """
    wanted = campaign.generator.candidates
    if campaign.validation.proof != Proof.PROOF_BY_RISK:
        return wanted
    fitting = (count for count in range(wanted, 1, -1) if race_cost(campaign, count, with_control=True) <= env_steps)
    return next(fitting, 1)


def planned_env_steps(campaign: Campaign) -> int:
    """Planned env_steps of a campaign: all its stages with the branches' whole share, and never more than the budget.

    It is the whole budget where that share is 1.
    """
    budget, trained = campaign.budget.env_steps, 1 - campaign.validation.share
    stages = env_steps_of_stages(campaign)
    return budget if stages >= budget * trained else int(stages / trained)


def allowed_for_branches(campaign: Campaign) -> int:
    """env_steps that the branches of a campaign may take: their share of what is planned."""
    return int(campaign.validation.share * planned_env_steps(campaign))

"""What validation costs in env_steps, known before anything is trained."""

from also.v1.campaign_pb2 import Campaign, LearnerSettings

CONFIRM_ARMS = 2
"""Arms of the confirmation: control and the finalist."""


def whole_updates(env_steps: int, learner: LearnerSettings) -> int:
    """env_steps rounded up to whole updates of one replica."""
    update = learner.environments * learner.rollout
    return -(-env_steps // update) * update


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


def least_cost(campaign: Campaign, candidates: int) -> int:
    """env_steps without which a round is not begun: the search and one confirm wave."""
    return search_cost(campaign, candidates) + wave_cost(campaign)

"""What a learner plays between two updates, in env_steps, and what is made of whole ones."""

from also.v1.campaign_pb2 import Campaign, LearnerSettings


def env_steps_of_update(learner: LearnerSettings) -> int:
    """env_steps of one replica in one update."""
    return learner.environments * learner.rollout


def parts_of_pass(learner: LearnerSettings) -> int:
    """Minibatches that a pass can be cut into at most: a rollout's env_steps, or with a GRU its environments."""
    return learner.environments if learner.recurrent else env_steps_of_update(learner)


def whole_updates(env_steps: int, learner: LearnerSettings) -> int:
    """env_steps rounded up to whole updates of one replica."""
    update = env_steps_of_update(learner)
    return -(-env_steps // update) * update


def fitting_updates(env_steps: int, learner: LearnerSettings) -> int:
    """env_steps of the whole updates of one replica that so many have room for; 0 where that is none."""
    return env_steps - env_steps % env_steps_of_update(learner)


def env_steps_of_stage(campaign: Campaign) -> int:
    """env_steps that the main run trains in a stage but the first and the last, in whole updates."""
    return whole_updates(campaign.stages.env_steps, campaign.learner)


def env_steps_asked(campaign: Campaign, stage: int) -> int:
    """env_steps that a campaign asks of a stage of the main run, as its file has them.

    The first one is short where another follows and there is no shaping yet that it could learn under. A campaign of an
    older ALSO does not say how long it is; there it is as long as all others.
    """
    stages = campaign.stages
    short = stages.HasField("first_env_steps") and stages.count > 1 and not campaign.shaping.terms
    return min(stages.first_env_steps, stages.env_steps) if short and stage == 0 else stages.env_steps


def env_steps_of_first_stage(campaign: Campaign) -> int:
    """env_steps that the main run trains in its first stage, in whole updates."""
    return whole_updates(env_steps_asked(campaign, 0), campaign.learner)


def env_steps_of_stages(campaign: Campaign) -> int:
    """env_steps that the main run trains in all its stages, in whole updates, if the budget has room for them."""
    return env_steps_of_first_stage(campaign) + (campaign.stages.count - 1) * env_steps_of_stage(campaign)

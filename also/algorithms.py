"""Which of a learner's settings belong to which algorithm.

PPO and Q-learning have little in common but their nets. A setting that the chosen algorithm does not have is an error,
so that nothing in a campaign file is ever without effect; and a complete campaign holds the settings of its own
algorithm only.
"""

from also import enums
from also.errors import DocumentError, ShapingError, TaskError
from also.v1.campaign_pb2 import Algorithm, LearnerSettings
from also.v1.shaping_pb2 import ShapingConfig, ShapingForm
from also.v1.task_pb2 import ActionKind, TaskCard

VALUE_BASED = (Algorithm.ALGORITHM_VDN, Algorithm.ALGORITHM_QMIX)
"""Algorithms that learn a Q from a replay; the others are PPO."""

VALUE_BASED_NAMES = tuple(enums.short_name(Algorithm.DESCRIPTOR, each) for each in VALUE_BASED)
"""Their names in campaign files."""

PPO_ONLY = (
    "epochs",
    "minibatches",
    "gae_lambda",
    "clip_epsilon",
    "entropy_coefficient",
    "value_coefficient",
    "scale_rewards",
)
"""Settings of `LearnerSettings` that only PPO has."""

MIXER_ONLY = ("mixer_width", "hypernet_width")
"""Settings of `ValueLearning` that only QMIX has."""


def is_value_based(learner: LearnerSettings) -> bool:
    """Whether a learner learns a Q from a replay."""
    return learner.algorithm in VALUE_BASED


def sees_state(learner: LearnerSettings) -> bool:
    """Whether a learner's value net, or its mixer, reads the global state."""
    return learner.algorithm in (Algorithm.ALGORITHM_MAPPO, Algorithm.ALGORITHM_QMIX)


def check_given(learner: LearnerSettings) -> None:
    """Accept what a person has set, before defaults are filled in.

    Raises:
        DocumentError: a setting belongs to another algorithm.
    """
    foreign = [each for each in PPO_ONLY if learner.HasField(each)] if is_value_based(learner) else []
    if not is_value_based(learner) and learner.HasField("value_learning"):
        foreign = ["value_learning"]
    elif learner.algorithm == Algorithm.ALGORITHM_VDN:
        foreign += [f"value_learning.{each}" for each in MIXER_ONLY if learner.value_learning.HasField(each)]
    if foreign:
        raise DocumentError(
            f"learner.{foreign[0]} has no effect with algorithm {_name(learner)}; leave it out, "
            f"allowed with {', '.join(_algorithms_of(foreign[0]))}"
        )


def check_task(learner: LearnerSettings, card: TaskCard) -> None:
    """Accept a task for a learner.

    Raises:
        TaskError: its actions are continuous, and the learner's Q is of discrete ones.
        DocumentError: its replay never has as many episodes as a batch.
    """
    if is_value_based(learner) and card.action_space.kind != ActionKind.ACTION_KIND_DISCRETE:
        raise TaskError(
            f"task {card.task!r} has continuous actions, and algorithm {_name(learner)} learns discrete ones; "
            f"allowed: {', '.join(_algorithms_of('epochs'))}"
        )
    if is_value_based(learner) and episodes_kept(learner, card) < learner.value_learning.batch_episodes:
        raise DocumentError(
            f"learner.value_learning.batch_episodes is {learner.value_learning.batch_episodes}, and the replay keeps "
            f"{episodes_kept(learner, card)} whole episodes of {card.episode_limit} env_steps, so nothing would ever "
            "be learnt; raise replay_env_steps, or lower batch_episodes"
        )


def rows_of_a_ring(learner: LearnerSettings, episode_limit: int) -> int:
    """Rows that a replay keeps of one environment, so that no rollout comes near to overwriting what it writes.

    Args:
        learner: a value-based one, every default filled in.
        episode_limit: time limit of an episode, env_steps.
    """
    asked = -(-learner.value_learning.replay_env_steps // learner.environments)
    return int(max(asked, 2 * (episode_limit + 1) + 2 * learner.rollout))


def episodes_kept(learner: LearnerSettings, card: TaskCard) -> int:
    """Whole episodes of full length that a replay keeps while the next ones are written.

    Args:
        learner: a value-based one, every default filled in.
        card: card of the task.
    """
    free = rows_of_a_ring(learner, card.episode_limit) - 2 * learner.rollout
    return int(learner.environments * (free // (card.episode_limit + 1)))


def check_shaping(learner: LearnerSettings, config: ShapingConfig) -> None:
    """Accept a shaping config for a learner.

    Raises:
        ShapingError: it mixes credit over agents, and the learner has one reward for the team.
    """
    mixers = [term.name for term in config.terms if term.form == ShapingForm.SHAPING_FORM_CREDIT]
    if is_value_based(learner) and mixers:
        raise ShapingError(
            f"term {mixers[0]!r}: form credit keeps the sum over agents, which is all that algorithm {_name(learner)} "
            f"learns from, so it has no effect; leave it out, allowed with {', '.join(_algorithms_of('epochs'))}"
        )


def prepare(learner: LearnerSettings) -> None:
    """Make a value-based learner's own settings present, in place, so that their defaults are filled in, too."""
    if is_value_based(learner):
        learner.value_learning.SetInParent()


def tidy(learner: LearnerSettings) -> None:
    """Take away, in place, the defaults of settings that the algorithm does not have."""
    if is_value_based(learner):
        for name in PPO_ONLY:
            learner.ClearField(name)
    if learner.algorithm == Algorithm.ALGORITHM_VDN:
        for name in MIXER_ONLY:
            learner.value_learning.ClearField(name)


def _name(learner: LearnerSettings) -> str:
    """Name of a learner's algorithm."""
    return enums.short_name(Algorithm.DESCRIPTOR, learner.algorithm or Algorithm.ALGORITHM_MAPPO)


def _algorithms_of(setting: str) -> list[str]:
    """Names of the algorithms that have a setting."""
    numbers = [Algorithm.ALGORITHM_MAPPO, Algorithm.ALGORITHM_IPPO]
    if setting.startswith("value_learning"):
        only_mixer = setting.rpartition(".")[2] in MIXER_ONLY
        numbers = [Algorithm.ALGORITHM_QMIX] if only_mixer else list(VALUE_BASED)
    return [enums.short_name(Algorithm.DESCRIPTOR, number) for number in numbers]

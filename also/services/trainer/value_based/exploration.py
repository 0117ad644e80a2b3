"""How often an agent acts at random: a share that falls linearly with the env_steps of the run."""

from torch import Tensor

from also.v1.campaign_pb2 import ValueLearning


def epsilon(settings: ValueLearning, env_steps: Tensor) -> Tensor:
    """Share of random actions, float32 (R,), in [0, 1], after int64 (R,) env_steps of the run."""
    progress = (env_steps.double() / settings.epsilon_env_steps).clamp(max=1.0)
    return (settings.epsilon_start + (settings.epsilon_end - settings.epsilon_start) * progress).float()

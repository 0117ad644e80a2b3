"""Shaping configs as a batched reward: `ShapingReward` pays R replicas, each under its own config.

`columns` reads what terms need from the task's features, `terms` turns the terms of all replicas
into tensors, `reward` is the reward with its state, and `activity` counts what each term did.
"""

from also.services.trainer.shaping_reward.reward import Begun, ShapingReward

__all__ = ["Begun", "ShapingReward"]

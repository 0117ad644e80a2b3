"""What `step` of a PettingZoo environment returned, checked agent by agent: who has ended, and what each is paid."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from also.services.trainer.tasks.parallel.object import UserObject

Results = tuple[Mapping[Any, Any], Mapping[Any, Any], Mapping[Any, Any], Mapping[Any, Any], Any]
"""Observations, rewards, terminations, truncations and infos, by agent."""


def results_of(user: UserObject, returned: Any) -> Results:
    """The five dicts that `step` returned, or a `TaskError`; whatever the infos are."""
    whole = isinstance(returned, tuple | list) and len(returned) == 5
    if not whole or not all(isinstance(part, Mapping) for part in returned[:4]):
        raise user.error("step() must return five dicts: observations, rewards, terminations, truncations, infos")
    observations, rewards, terminations, truncations, infos = returned
    return observations, rewards, terminations, truncations, infos


def end_of(user: UserObject, agent: Any, results: Results) -> tuple[bool, bool]:
    """Whether an agent that acted has ended, and whether a time limit has cut its episode; a `TaskError` if untold."""
    _, _, terminations, truncations, _ = results
    if agent not in terminations:
        raise user.error(f"step() returned terminations without agent {agent!r}, which acted")
    if terminations[agent]:
        return True, False  # PettingZoo's own test then looks no further either
    if agent not in truncations:
        raise user.error(f"step() returned truncations without agent {agent!r}, which acted")
    cut = bool(truncations[agent])
    return cut, cut


def check_agents(user: UserObject, acting: list[Any], remaining: list[Any], now: list[Any]) -> None:
    """Raise a `TaskError` unless the agents `now` are those that acted and remain, and at most new ones."""
    if now == remaining:
        return
    gone = set(acting) - set(remaining)
    if not set(remaining) <= set(now) or gone & set(now):
        raise user.error(
            f"after step() its agents are {now}, but those that are neither terminated nor truncated are {remaining}"
        )


def reward_of(user: UserObject, agent: Any, results: Results) -> float:
    """Reward of an agent that acted, 0 where there is none, which is noted; a `TaskError` if it is no finite number."""
    rewards = results[1]
    if agent not in rewards:
        user.note(f"step() returned rewards without agent {agent!r}, which acted; it counts as paid 0")
        return 0.0
    reward = rewards[agent]
    try:
        number = float(np.asarray(reward, np.float64).item() if getattr(reward, "ndim", 0) else reward)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise user.error(f"step() returned reward {reward!r:.60} for agent {agent!r}; a finite number is expected")
    return number

"""What a user's object has of a PettingZoo Parallel environment: its agents, its spaces, its optional methods.

PettingZoo's own test passes more than its documents describe: an environment without `possible_agents`,
spaces in the attributes `observation_spaces` and `action_spaces`, agents in any kind of collection. All of
that is found here; what is not there is said with what would do.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

SpaceKind = Literal["observation_space", "action_space"]

_BASE = "pettingzoo.utils.env"
"""Module of PettingZoo's own method, which reads the table of spaces and advises at each call to write another one."""


def missing_parts(env: Any) -> list[str]:
    """Methods of the API that an object lacks; a table of spaces is as good as a method."""
    needed = [name for name in ("reset", "step") if not callable(getattr(env, name, None))]
    spaces: tuple[SpaceKind, ...] = ("observation_space", "action_space")
    return needed + [name for name in spaces if not hasattr(env, name) and not hasattr(env, f"{name}s")]


def possible_agents(env: Any) -> list[Any]:
    """All agents that an environment says it may have, in its order; none where it does not say."""
    agents = getattr(env, "possible_agents", None)
    return [] if agents is None else list(agents)


def space_of(env: Any, kind: SpaceKind, agent: Any) -> Any:
    """An agent's space, by the method, else from the table of all agents' spaces; None where there is neither.

    Raises:
        Exception: whatever the environment's method raises, where there is no table to look into.
    """
    method = getattr(env, kind, None)
    if isinstance(method, Mapping):
        return method.get(agent)
    if method is not None and not callable(method):
        return method  # one space for all
    if method is None or getattr(method, "__module__", "") == _BASE:
        listed = _listed(env, kind, agent)
        if listed is not None or method is None:
            return listed
    try:
        return method(agent)
    except Exception:
        listed = _listed(env, kind, agent)
        if listed is None:
            raise
        return listed


def _listed(env: Any, kind: SpaceKind, agent: Any) -> Any:
    """An agent's space in the table of all agents' spaces, which some of PettingZoo's wrappers warn of reading."""
    table = getattr(env, f"{kind}s", None)
    return table[agent] if isinstance(table, Mapping) and agent in table else None


def optional_method(env: Any, name: str) -> Callable[..., Any] | None:
    """A method of an environment or of what it wraps; None where neither has it."""
    for owner in (env, getattr(env, "unwrapped", None)):
        method = getattr(owner, name, None)
        if callable(method):
            return method  # type: ignore[no-any-return]
    return None

"""The object that a user's function returns: built, called and closed, and every exception of it told by name.

Nothing here knows of arrays. The object may be another one after a reset, where its task needs a new object
for each episode; whoever is to be seeded by dice of its own has them in place whenever its code runs.
"""

import logging
import sys
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

from also.errors import TaskError
from also.services.trainer.tasks.import_path import describe_error
from also.services.trainer.tasks.parallel.dice import Dice
from also.services.trainer.tasks.parallel.frames import print_traceback
from also.services.trainer.tasks.parallel.kind import (
    SpaceKind,
    missing_parts,
    optional_method,
    possible_agents,
    space_of,
)
from also.services.trainer.tasks.parallel.place import PLACE
from also.services.trainer.tasks.parallel.spaces import AgentSpaces
from also.v1 import task_pb2
from also.v1.task_pb2 import Seeding

_LOG = logging.getLogger(__name__)

_OWN_DICE = (task_pb2.SEEDING_OWN_DICE, task_pb2.SEEDING_NEW_OBJECT_OWN_DICE)
_NEW_OBJECT = (task_pb2.SEEDING_NEW_OBJECT, task_pb2.SEEDING_NEW_OBJECT_OWN_DICE)


class UserObject:
    """An environment as its author wrote it."""

    def __init__(self, name: str, function: Callable[..., Any], arguments: dict[str, Any], seeding: Seeding) -> None:
        """Build the object, and find out who is there and what they see and do.

        Args:
            name: import path, for errors.
            function: returns the object.
            arguments: its keyword arguments.
            seeding: what it needs for an episode to be decided by its seed.

        Raises:
            TaskError: the function raises, or returns something else.
        """
        self.name = name
        self.function, self.arguments, self.seeding = function, arguments, seeding
        self.notes: dict[str, None] = {}
        """What a person should know of it, in order, each once."""
        self.agents: list[Any] = []
        """All agents, by whatever the object calls them."""
        self.index: dict[Any, int] = {}
        """Number of each agent."""
        self.spaces: list[AgentSpaces] = []
        """What each agent sees and does."""
        self.read_features: Callable[..., Any] | None = None
        """The object's `features()`, if it has one."""
        self._build()

    def seed_by(self, seeding: Seeding) -> None:
        """Build the object anew, with what an episode needs to be decided by its seed."""
        self.close()
        self.seeding = seeding
        self._build_again()

    def close(self) -> None:
        """Call the object's `close()`, if it has one; what it raises is logged."""
        method = optional_method(self.env, "close")
        if method is not None:
            try:
                self.call("close()", method)
            except TaskError as error:
                print(f"warning: {error}", file=sys.stderr)
                print_traceback(error.__cause__ or error)

    def reset(self, seed: int) -> tuple[Mapping[Any, Any], Any]:
        """Begin an episode: observations and infos of its agents.

        Raises:
            TaskError: the object raises, or returns something else.
        """
        if self.seeding in _NEW_OBJECT and self._used:
            self.close()
            self._build_again()
        return self._begin(seed)

    def step(self, joint: dict[Any, Any]) -> Any:
        """Whatever the object's `step()` returns.

        Raises:
            TaskError: it raises.
        """
        return self.call("step()", self.env.step, joint)

    @property
    def state(self) -> Callable[[], Any] | None:
        """The object's `state()`, which raises what it raises; None where it has none."""
        method = getattr(self.env, "state", None)
        return (lambda: self._entered("state()", method)) if callable(method) else None

    def living(self, call: str) -> list[Any]:
        """Agents that are there after a call, in the object's order; in ours where it has none.

        Raises:
            TaskError: there are agents that may not be there.
        """
        agents = self.call("agents", getattr, self.env, "agents", None)
        if agents is None:
            return []
        if not isinstance(agents, Collection) or isinstance(agents, str):
            raise self.error(f"after {call} its agents are {agents!r:.60}; a list is expected")
        found = list(agents)
        if not self.index:
            return found
        if not self.index.keys() >= set(found):
            raise self.error(f"after {call} its agents are {found}, but possible_agents are {self.agents}")
        return sorted(found, key=self.index.__getitem__) if isinstance(agents, set | frozenset) else found

    def check_spaces(self, living: list[Any], env_steps: int) -> None:
        """Compare the agents' spaces with what they were when the object was built.

        Raises:
            TaskError: one has changed its size, its choices or its bounds, or that of a living agent cannot be read.
        """
        for agent, known in zip(self.agents, self.spaces, strict=True):
            try:
                found = self._spaces_of(agent)
            except TaskError as error:
                if agent in living:
                    raise
                self.note(f"once an agent has left {self.told(error)}; its spaces from before are used")
                continue
            if not known.fits(found):
                raise self.error(
                    f"agent {agent!r} has other spaces after {env_steps} env_steps of an episode "
                    f"({found.observation}, {found.action}) than at first ({known.observation}, {known.action}); "
                    "they may not change: give the largest, and forbid choices by an action_mask"
                )

    def call(self, what: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the object's code.

        Raises:
            TaskError: it raises; the message names `what`.
        """
        try:
            return self._entered(what, function, *args, **kwargs)
        except (Exception, SystemExit) as error:
            raise self.raised(what, error) from error

    def note(self, text: str) -> None:
        """Keep in mind what a person should know, and tell the log, once a process."""
        if text not in self.notes:
            self.notes[text] = None
            _tell(self.name, text)

    def error(self, text: str) -> TaskError:
        """An error that names the task."""
        return TaskError(f"task {self.name!r}: {text}")

    def raised(self, what: str, error: BaseException) -> TaskError:
        """An error of an exception that the object's code raised."""
        return self.error(f"{what} raised {describe_error(error)}")

    def told(self, error: TaskError) -> str:
        """An error's text without the task's name, for a note."""
        return str(error).removeprefix(str(self.error("")))

    def _build(self) -> None:
        self._dice = Dice(0) if self.seeding in _OWN_DICE else None
        self._used = False
        self._raw: dict[Any, Any] = {}
        self.env = self.call(f"{self.name.split(':')[-1]}()", self.function, **self.arguments)
        self._check_kind()
        self.read_features = optional_method(self.env, "features")
        self.index = {}
        self.agents = self._agents_there_may_be()
        self.index = {agent: index for index, agent in enumerate(self.agents)}
        try:
            self.spaces = [self._spaces_of(agent) for agent in self.agents]
        except TaskError as error:
            if self._used:
                raise
            try:
                self._begin(0)
            except TaskError:
                raise error from None
            self.spaces = [self._spaces_of(agent) for agent in self.agents]
            self.note("spaces can be read only after a reset; one is made for that")

    def _build_again(self) -> None:
        agents, known = self.agents, self.spaces
        self._build()
        if self.agents != agents or not all(map(AgentSpaces.fits, known, self.spaces)):
            raise self.error("a new environment of the same function has other agents or spaces; they may not change")

    def _agents_there_may_be(self) -> list[Any]:
        found: list[Any] = self.call("possible_agents", possible_agents, self.env)
        if found:
            return found
        try:
            self._begin(0)
            found = possible_agents(self.env) or self.living("reset()")
        except TaskError as error:
            raise self.error(f"the environment's possible_agents is missing or empty, and {self.told(error)}") from None
        if not found:
            raise self.error("the environment's possible_agents is missing or empty, and reset() leaves no agents")
        self.note("possible_agents is missing or empty; the agents that are there after a reset are all")
        return found

    def _begin(self, seed: int) -> tuple[Mapping[Any, Any], Any]:
        if self._dice is not None:
            self._dice.seed(seed)
            for space in self._raw.values():
                if callable(getattr(space, "seed", None)):
                    space.seed(seed)
        result = self.call(f"reset(seed={seed})", self.env.reset, seed=seed)
        self._used = True
        if not isinstance(result, tuple | list) or len(result) != 2 or not isinstance(result[0], Mapping):
            raise self.error("reset() must return two dicts: observations and infos")
        return result[0], result[1]

    def _check_kind(self) -> None:
        if hasattr(self.env, "agent_iter"):
            raise self.error(
                "the function returned an AEC environment, not a Parallel one; "
                "pettingzoo.utils.aec_to_parallel converts it"
            )
        missing = missing_parts(self.env)
        if missing:
            raise self.error(
                f"the function returned a {type(self.env).__name__}, which is no PettingZoo Parallel environment: "
                f"it has no {', '.join(missing)}"
            )

    def _spaces_of(self, agent: Any) -> AgentSpaces:
        observation = self._space("observation_space", agent)
        action = self._space("action_space", agent)
        return AgentSpaces.of(observation, action, f"task {self.name!r}: agent {agent!r}")

    def _space(self, kind: SpaceKind, agent: Any) -> Any:
        space = self._raw[kind, agent] = self.call(f"{kind}({agent!r})", space_of, self.env, kind, agent)
        return space

    def _entered(self, what: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call the object's code, which the trainer can see, with dice of its own where it has such."""
        PLACE.enter(what)
        if self._dice is None:
            return function(*args, **kwargs)
        self._dice.put_in_place()
        try:
            return function(*args, **kwargs)
        finally:
            self._dice.take_back()


@cache
def _tell(name: str, text: str) -> None:
    """Tell the log, once a process, what a person should know of a task."""
    _LOG.warning("task %r: %s", name, text)

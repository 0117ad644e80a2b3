"""Features that a PettingZoo environment tells itself, by a `features()` method of its own, checked at every call."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from also.errors import TaskError
from also.services.trainer.tasks.parallel.object import UserObject
from also.services.trainer.tasks.parallel.spaces import Floats, is_finite, shapes_of


class OwnFeatures:
    """Those of one environment, from call to call."""

    def __init__(self, user: UserObject) -> None:
        """Know nothing yet of what the environment tells."""
        self._user, count = user, len(user.agents)
        self._shapes = ((), (count,), (count, count))
        self._last: dict[str, Floats] = {}

    def begin(self) -> None:
        """An episode begins: no features of it are known."""
        self._last = {}

    def read(self, *, living: bool) -> dict[str, Floats]:
        """Features by name, (), (A,) or (A, A); none where the environment has no `features()`.

        After the last agent has left they are those from before where `features()` fails.

        Raises:
            TaskError: `features()` raises, or returns something else, while agents are `living`.
        """
        user = self._user
        if user.read_features is None:
            return {}
        try:
            values = user.call("features()", user.read_features)
            if not isinstance(values, Mapping):
                raise user.error(f"features() returned a {type(values).__name__}; a dict is expected")
            found = {str(name): self._feature(str(name), value) for name, value in values.items()}
            if not living and shapes_of(found) != shapes_of(self._last):
                raise user.error("features() returned other names or shapes than before")
        except TaskError as error:
            if living or not self._last:
                raise
            user.note(f"after the last agent has left {user.told(error)}; the features before that take its place")
            return self._last
        self._last = found
        return found

    def _feature(self, name: str, value: Any) -> Floats:
        user, count = self._user, len(self._user.agents)
        try:
            array = np.array(value, np.float32)
        except (TypeError, ValueError):
            raise user.error(f"features() returned {value!r:.60} for {name!r}; numbers are expected") from None
        if array.shape not in self._shapes:
            raise user.error(
                f"features() returned shape {array.shape} for {name!r}; () for the team, ({count},) for agents or "
                f"({count}, {count}) for pairs is expected"
            )
        if not is_finite(array):
            raise user.error(f"features() returned a number that is not finite for {name!r}")
        return array

"""The global state of a PettingZoo environment at each moment, whatever its `state()` does.

`state()` is optional, and many that are there hold only while agents live: they raise, shrink or turn
empty once the last one has left, just when the value net asks for the state that a time limit cut. Then the
last good state of the episode takes its place. Where `state()` gives nothing at the beginning of an episode
it is not to be relied on, and all observations in a row are the state.

Letters of shapes: A agents, O observation, S state.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


CHANGED = "Was the environment changed since the campaign began? Go back to what it was, or begin another campaign"
"""What is asked where an environment is not the one of its campaign's card."""


class StateError(Exception):
    """A state that nothing can stand in for; the text continues after "state() "."""


class GlobalState:
    """The state of one environment, from call to call."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Know nothing yet; `say` is told of what a person should know, each time that it happens."""
        self.size: int | None = None
        """S; None until it is known."""
        self.of_observations = False
        """Whether all observations in a row are the state, because the environment's own is not to be relied on."""
        self._say = say
        self._card_says_so = False
        self._last: Floats | None = None

    def expect(self, size: int) -> None:
        """Hold states to a card's size, (S,)."""
        self.size, self._card_says_so = size, True

    def begin(self) -> None:
        """An episode begins: no state of it is known."""
        self._last = None

    def read(self, state: Callable[[], Any] | None, observations: Floats, *, living: bool) -> Floats:
        """The state now, (S,).

        Args:
            state: the environment's `state()`; None where it has none.
            observations: (A, O).
            living: whether agents are left.

        Raises:
            StateError: it changes its size or is not finite while agents live, or is not what the card says.
        """
        if state is None or self.of_observations:
            return self._row(observations)
        found, failure = _attempt(state)
        if found is None:
            return self._instead(failure, observations, living=living)
        good = bool(np.isfinite(found).all()) and found.size > 0
        if good and self.size is None:
            self.size = found.size
        if good and found.size == self.size:
            self._last = found
            return found
        if good and self._card_says_so and self._last is None and self.size == observations.size:
            return self._row(observations)  # the trials found the environment's own not to be relied on
        if living and good and self._card_says_so and self._last is None:
            raise StateError(
                f"returned {_described(found)}; the campaign's card says {self.size}, its state_size. {CHANGED}"
            )
        if living and (good or self._last is not None):
            raise StateError(
                f"returned {_described(found)}, {self.size} before; one size, of finite numbers, is needed for as long "
                "as agents live: pad it, or leave state() out"
            )
        return self._instead(f"returned {_described(found)}", observations, living=living)

    def _row(self, observations: Floats) -> Floats:
        self.of_observations, self.size = True, observations.size
        return observations.ravel()

    def _instead(self, failure: str, observations: Floats, *, living: bool) -> Floats:
        """What stands in for a state that could not be had."""
        if self._last is not None:
            when = "while agents live" if living else "after the last agent has left"
            self._say(f"state() {failure} {when}; the last state before that takes its place")
            return self._last
        if self._card_says_so and self.size != observations.size:
            raise StateError(f"{failure} at the beginning of an episode; the task's card says {self.size} numbers")
        if failure != _NONE:
            self._say(f"state() {failure} at the beginning of an episode; all observations in a row are the state")
        return self._row(observations)


_NONE = "raises NotImplementedError"
"""What PettingZoo's own `state()` does: nobody has written one."""


def _attempt(state: Callable[[], Any]) -> tuple[Floats | None, str]:
    """A state as numbers, or how it failed."""
    try:
        given = state()
    except Exception as error:  # whatever it is, there is no state to be had
        return None, f"raises {type(error).__name__}"
    try:
        with np.errstate(over="ignore"):
            return (None, "returned None") if given is None else (np.array(given, np.float32).ravel(), "")
    except (TypeError, ValueError):
        return None, f"returned a {type(given).__name__} that is no array of numbers"


def _described(found: Floats) -> str:
    if not found.size:
        return "no numbers"
    return f"{found.size} numbers" if np.isfinite(found).all() else "numbers that are not all finite"

"""What a process has learnt of a server by asking it. Nothing of it decides what an answer says."""

import logging

from also.llm.breaker import Breaker

_LOG = logging.getLogger(__name__)


class KnownEndpoint:
    """One endpoint as this process knows it; threads may share it."""

    def __init__(self, url: str) -> None:
        """Nothing is known yet.

        Args:
            url: the endpoint's root.
        """
        self.breaker = Breaker()
        self.context_tokens = 0
        """Tokens of prompt and reply together, as a refusal named them; 0 while none has."""
        self._url = url
        self._one_at_a_time = False

    @property
    def one_at_a_time(self) -> bool:
        """Whether several choices of one prompt are asked for one by one."""
        return self._one_at_a_time

    def gives_one(self) -> None:
        """It has refused, or left out, further choices of one prompt."""
        if not self._one_at_a_time:
            self._one_at_a_time = True
            _LOG.warning("%s gives one choice a call; choices are asked for one by one", self._url)

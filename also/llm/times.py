"""How long things may take when an LLM is asked, seconds; the conductor waits as long as a mind may need."""

from also.v1.llm_pb2 import LlmEndpoint

SIDE_SECONDS = 15.0
"""Deadline of a call that generates nothing."""

FIRST_PAUSE_SECONDS = 0.5
"""Pause before the first repetition after a failure; it doubles."""

LONGEST_PAUSE_SECONDS = 30.0
"""Longest pause; a server that asks for more is taken for unavailable."""

_SIDE_CALLS = 60
"""Calls for models and token counts that an answer may take besides."""


def longest_answer_seconds(endpoint: LlmEndpoint, *, choices: int = 1) -> float:
    """How long an answer may take: every try to its deadline, every pause at its longest, and the side calls.

    Args:
        endpoint: the LLM, every default filled in.
        choices: how many are asked for; a server may give them one by one, and again for a repair.
    """
    calls = endpoint.tries * (endpoint.seconds + LONGEST_PAUSE_SECONDS) + 2 * (choices + 1) * endpoint.seconds
    return float(calls + _SIDE_CALLS * SIDE_SECONDS)

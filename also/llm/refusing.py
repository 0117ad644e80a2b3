"""What a server's refusal means: its status, and whether the request was too long for the model's context.

Servers word it differently and have no common code for it, so its text is read: vLLM "maximum context length is 4096
tokens", llama.cpp "exceeds the available context size (4096 tokens)", SGLang "is longer than the model's context length
(4096 tokens)".
"""

import re

_TOO_LONG = re.compile(r"context|too long|longer than|too many tokens|max_tokens|max_model_len", re.IGNORECASE)
_STATUSES = (400, 413, 422)

_CONTEXTS = (
    re.compile(r"context (?:length|size|window)[^0-9]{0,24}([0-9]{3,9})", re.IGNORECASE),
    re.compile(r"max_model_len[^0-9]{0,16}([0-9]{3,9})", re.IGNORECASE),
    re.compile(r"n_ctx[^0-9]{0,16}([0-9]{3,9})", re.IGNORECASE),
)

_NO_FIT = "model produced output that does not match"
"""llama.cpp's word for a reply that it cannot read itself, such as bytes that are no UTF-8."""

UNWILLING = (400, 404, 422, 501)
"""Statuses with which a server refuses what it does not offer, such as several choices of one prompt."""


def is_too_long(status: int, text: str) -> bool:
    """Whether a refusal says that prompt and reply do not fit into the model's context.

    Args:
        status: HTTP status.
        text: what the server says.
    """
    return status in _STATUSES and _TOO_LONG.search(text) is not None


def is_of_reply(status: int, text: str) -> bool:
    """Whether an error is one reply's, and not the server's: it is there, and may say something else next time."""
    return status == 500 and _NO_FIT in text


def context_tokens(text: str) -> int:
    """The context that a refusal names, tokens; 0 where it names none."""
    for pattern in _CONTEXTS:
        if found := pattern.search(text):
            return int(found.group(1))
    return 0

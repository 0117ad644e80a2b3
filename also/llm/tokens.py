"""How many tokens a text is, without its tokenizer: a cautious estimate.

Tokenizers of open models (BPE over bytes) split numbers into single digits or groups of up to three,
keep common words whole and cut rare ones into pieces. Taken per digit, per started four letters and per
other character, the estimate lies above their counts for prompts of tables and plain English.
"""

import re
from collections.abc import Iterable

from also.v1.llm_pb2 import LlmMessage

_PIECES = re.compile(r"[A-Za-z]{1,4}|\n+|[^\sA-Za-z]")

MESSAGE_TOKENS = 8
"""What a chat template adds to a message, tokens."""


def estimate(text: str) -> int:
    """Tokens of a text, rather too many than too few; a character outside ASCII counts for its bytes."""
    return sum(len(piece.encode("utf-8", "replace")) if ord(piece[0]) > 127 else 1 for piece in _PIECES.findall(text))


def estimate_messages(messages: Iterable[LlmMessage]) -> int:
    """Tokens of messages, their chat template's included."""
    return sum(estimate(message.content) + MESSAGE_TOKENS for message in messages)

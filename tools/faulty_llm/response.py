"""One response of the server, before it is sent."""

import json
from dataclasses import dataclass, field
from typing import Any

from tools.faulty_http import Reply

MODEL = "nonsense"
"""Name of the one model."""

CACHED_TOKENS = 600
"""Tokens of each prompt of 1,000 that are said to come from the prefix cache."""


@dataclass(slots=True, kw_only=True)
class Response(Reply):
    """One response, before it is sent."""

    contents: list[str]
    """Text of each choice."""
    finish: str = "stop"
    """Why each choice ended."""
    message: dict[str, Any] = field(default_factory=dict)
    """Further fields of each choice's message."""
    usage: Any = None
    """What is said of tokens; None is an honest count."""

    def made(self) -> bytes:
        """A chat completion."""
        choices = [
            {
                "index": index,
                "finish_reason": self.finish,
                "message": {"role": "assistant", "content": content, **self.message},
            }
            for index, content in enumerate(self.contents)
        ]
        tokens = sum(len(content) for content in self.contents) // 3
        honest = {
            "prompt_tokens": 1000,
            "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
            "completion_tokens": tokens,
        }
        usage = honest if self.usage is None else self.usage
        return json.dumps({"model": MODEL, "choices": choices, "usage": usage}).encode()

"""One response of the server, before it is sent."""

import json
from dataclasses import dataclass, field
from typing import Any

MODEL = "nonsense"
"""Name of the one model."""


@dataclass(slots=True, kw_only=True)
class Response:
    """One response, before it is sent."""

    contents: list[str]
    """Text of each choice."""
    finish: str = "stop"
    """Why each choice ended."""
    message: dict[str, Any] = field(default_factory=dict)
    """Further fields of each choice's message."""
    usage: Any = None
    """What is said of tokens; None is an honest count."""
    status: int = 200
    """HTTP status."""
    headers: dict[str, str] = field(default_factory=dict)
    """HTTP headers."""
    body: bytes | None = None
    """Body in place of a chat completion."""
    send: str = "whole"
    """How it is sent: "whole", "drip" (a byte now and then), "reset" (half, then a reset), "hang" (never)."""

    def content(self) -> bytes:
        """The body."""
        if self.body is not None:
            return self.body
        choices = [
            {
                "index": index,
                "finish_reason": self.finish,
                "message": {"role": "assistant", "content": content, **self.message},
            }
            for index, content in enumerate(self.contents)
        ]
        tokens = sum(len(content) for content in self.contents) // 3
        usage = {"prompt_tokens": 1000, "completion_tokens": tokens} if self.usage is None else self.usage
        return json.dumps({"model": MODEL, "choices": choices, "usage": usage}).encode()

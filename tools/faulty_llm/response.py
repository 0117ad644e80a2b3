"""One response of the server, before it is sent."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tools.faulty_http import Reply

MODEL = "nonsense"
"""Name of the one model."""


@dataclass(slots=True, kw_only=True)
class Response(Reply):
    """One response, before it is sent."""

    contents: list[str]
    """Text of each choice."""
    finish: str = "stop"
    """Why each choice ended."""
    message: dict[str, Any] = field(default_factory=dict)
    """Further fields of each choice's message."""
    wraps: Callable[[str], dict[str, Any]] = lambda content: {"content": content}
    """The fields of a message that has this content."""
    usage: Any = None
    """What is said of tokens; None is an honest count."""
    prompt_tokens: int = 1000
    """Prompt tokens of an honest count."""
    data: Any = None
    """What it says in place of a chat completion; None where it is one."""

    def made(self) -> bytes:
        """A chat completion, or other data."""
        if self.data is not None:
            return json.dumps(self.data).encode()
        choices = [
            {
                "index": index,
                "finish_reason": self.finish,
                "message": {"role": "assistant", **self.wraps(content), **self.message},
            }
            for index, content in enumerate(self.contents)
        ]
        tokens = sum(len(content) for content in self.contents) // 3
        usage = {"prompt_tokens": self.prompt_tokens, "completion_tokens": tokens} if self.usage is None else self.usage
        return json.dumps({"model": MODEL, "choices": choices, "usage": usage}).encode()

"""A model that answers from a file: what real models were seen to say, of the good, the lazy and the contrary kind.

A script has the replies of each mind to one question, in order: the first, and the one to its repair. In a text `$keep`
stands for what becomes of the incumbent's terms (the first change that is offered, for each), and `$NAME` for another
text of the script.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import yaml

from tools.faulty_llm.server import FaultyLlm

SCRIPTS = Path(__file__).parent / "scripts"
"""Folder of the scripts."""

_MINDS = ("critic", "generator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a model says."""

    replies: dict[str, list[str]]
    """Texts of each mind, in order."""
    texts: dict[str, str]
    """Texts that they name."""
    before: str = ""
    """What it says before each answer."""
    after: str = ""
    """What it says after it."""
    called: str = ""
    """Tool whose arguments the answer is; empty where it is the message's text."""
    finish: str = "stop"
    """Why a choice ended, as the server says."""

    def says(self, request: dict[str, Any]) -> str:
        """What it answers to a completion's request."""
        schema = request["response_format"]["json_schema"]["schema"]
        mind = "critic" if "findings" in schema["properties"] else "generator"
        repaired = sum(message["role"] == "assistant" for message in request["messages"])
        listed = self.replies[mind]
        text = listed[min(repaired, len(listed) - 1)]
        known = {"keep": _kept(schema)}
        known |= {name: Template(part).substitute(known) for name, part in self.texts.items()}
        return f"{self.before}{Template(text).substitute(known)}{self.after}"


def load(name: str) -> Script:
    """A script by its name."""
    data = yaml.safe_load((SCRIPTS / f"{name}.yaml").read_text(encoding="utf-8"))
    like = load(data.pop("like")) if "like" in data else None
    manners = {key: data.pop(key) for key in ("before", "after", "called", "finish") if key in data}
    if like is not None:
        return Script(replies=like.replies, texts=like.texts, **manners)
    replies = {mind: data.pop(mind) for mind in _MINDS}
    return Script(replies=replies, texts=data, **manners)


def play(server: FaultyLlm, name: str) -> None:
    """Have a server answer by a script.

    Args:
        server: the server.
        name: name of the script.
    """
    script = load(name)
    server.says, server.finish = script.says, script.finish
    if script.called:
        server.wraps = _as_call(script.called)


def _as_call(name: str) -> Callable[[str], dict[str, Any]]:
    """A message whose content is the arguments of a tool call."""

    def wrapped(content: str) -> dict[str, Any]:
        return {"content": None, "tool_calls": [{"type": "function", "function": {"name": name, "arguments": content}}]}

    return wrapped


def _kept(schema: Any) -> str:
    """What becomes of the incumbent's terms, as a field of a candidate; empty where the schema has none."""
    if isinstance(schema, dict):
        keep = schema.get("properties", {}).get("keep")
        if keep is not None:
            return f'"keep":{json.dumps({term: each["enum"][0] for term, each in keep["properties"].items()})},'
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else []:
        if found := _kept(part):
            return found
    return ""

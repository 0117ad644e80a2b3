"""What was asked and said in a campaign's exchanges, as chat messages: what data for training are made of."""

import json
from typing import Any

from also import keys
from also.errors import DocumentError, MissingObjectError
from also.llm.question import ReplyError
from also.llm.reading import read_body
from also.store import Store
from also.v1.llm_pb2 import LlmPrompt, LlmReply
from also.v1.verdict_pb2 import Candidate

Messages = list[dict[str, str]]
"""Chat messages: `role` and `content` each."""


def asked(campaign_id: str, exchange: str, store: Store) -> Messages:
    """The prompt of an exchange.

    Raises:
        DocumentError: it is missing or damaged.
    """
    try:
        prompt = store.get_message(keys.llm_prompt(campaign_id, exchange), LlmPrompt)
    except MissingObjectError as error:
        raise DocumentError(f"exchange {exchange} is not in the store: {error}") from None
    return [{"role": message.role, "content": message.content} for message in prompt.messages]


def proposed(candidate: Candidate, campaign_id: str, store: Store) -> Messages:
    """What an LLM said for one candidate, as a whole reply of its own.

    Raises:
        DocumentError: the reply is missing or damaged, or has no such candidate.
    """
    origin = candidate.origin
    key = keys.llm_reply(campaign_id, origin.exchange, origin.reply)
    try:
        data = read_body(store.get_message(key, LlmReply).body).choices[origin.choice].data
        if "candidates" in data:
            data = {"candidates": [data["candidates"][origin.item]]}
    except (MissingObjectError, ReplyError, LookupError, TypeError):
        raise DocumentError(f"{key} has no candidate {origin.item} in choice {origin.choice}") from None
    return said(data)


def findings(campaign_id: str, exchange: str, reply: int, store: Store) -> list[dict[str, Any]]:
    """Findings as an LLM wrote them, in the first choice that has some.

    Args:
        campaign_id: the campaign.
        exchange: exchange of the diagnosis.
        reply: index of the reply that was used.
        store: the object store.

    Raises:
        DocumentError: the reply is missing or damaged, or has none.
    """
    key = keys.llm_reply(campaign_id, exchange, reply)
    try:
        for choice in read_body(store.get_message(key, LlmReply).body).choices:
            if not choice.error and isinstance(choice.data, dict) and isinstance(choice.data.get("findings"), list):
                return [each for each in choice.data["findings"] if isinstance(each, dict)]
    except (MissingObjectError, ReplyError):
        pass
    raise DocumentError(f"{key} has no findings")


def said(data: Any) -> Messages:
    """A reply of JSON data."""
    return [{"role": "assistant", "content": json.dumps(data, separators=(",", ":"))}]

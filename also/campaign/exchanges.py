"""What was asked and said in a campaign's exchanges, as chat messages: what data for training are made of."""

import json
from typing import Any

from also import keys
from also.errors import DocumentError, MissingObjectError
from also.llm.exchange import stored_prompt
from also.llm.question import ReplyError
from also.llm.reading import Body, answer_keys, read_reply
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
    prompt = _prompt(campaign_id, exchange, store)
    return [{"role": message.role, "content": message.content} for message in prompt.messages]


def proposed(candidate: Candidate, campaign_id: str, store: Store) -> Messages:
    """What an LLM said for one candidate, as a whole reply of its own.

    Raises:
        DocumentError: the reply is missing or damaged, or has no such candidate.
    """
    origin = candidate.origin
    key = keys.llm_reply(campaign_id, origin.exchange, origin.reply)
    try:
        known, body = _read(campaign_id, origin.exchange, origin.reply, store)
        data = body.choices[origin.choice].data
        if "reason" not in data:  # a list: its leads, and what follows them
            leads = [data[name] for name in known if name in data and name != "candidates"]
            data = {"candidates": [[*leads, *data.get("candidates", ())][origin.item]]}
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
        for choice in _read(campaign_id, exchange, reply, store)[1].choices:
            if not choice.error and isinstance(choice.data, dict) and isinstance(choice.data.get("findings"), list):
                return [each for each in choice.data["findings"] if isinstance(each, dict)]
    except (MissingObjectError, ReplyError):
        pass
    raise DocumentError(f"{key} has no findings")


def said(data: Any) -> Messages:
    """A reply of JSON data."""
    return [{"role": "assistant", "content": json.dumps(data, separators=(",", ":"))}]


def _prompt(campaign_id: str, exchange: str, store: Store) -> LlmPrompt:
    """The prompt of an exchange.

    Raises:
        DocumentError: it is missing or damaged.
    """
    prompt = stored_prompt(store, campaign_id, exchange)
    if prompt is None:
        raise DocumentError(f"exchange {exchange} is not in the store: {keys.llm_prompt(campaign_id, exchange)}")
    return prompt


def _read(campaign_id: str, exchange: str, reply: int, store: Store) -> tuple[list[str], Body]:
    """Keys of the answer that an exchange's schema asks for, and a reply of it.

    Raises:
        MissingObjectError, ReplyError: there is no such reply, or it cannot be read.
        DocumentError: the prompt is missing, or either is damaged.
    """
    known = answer_keys(_prompt(campaign_id, exchange, store).schema)
    body = read_reply(store.get_message(keys.llm_reply(campaign_id, exchange, reply), LlmReply), known)
    if isinstance(body, ReplyError):
        raise body
    return known, body

"""What a server says of its models: names, and how many tokens prompt and reply may have together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from also.v1.llm_pb2 import LlmEndpoint
from also.words import one_line

_SHOWN = 200
"""Characters of a name that an error shows."""


class ModelError(Exception):
    """The model that is meant is not there; the text says which are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A model that a server offers."""

    name: str
    """Its name."""
    context_tokens: int
    """Tokens of prompt and reply together at most; 0 where the server does not say."""


def read_models(data: Any) -> list[Served] | None:
    """The models of a reply to `/models`; None where it is no list of models.

    vLLM and SGLang tell the context as `max_model_len`, llama.cpp's server as `meta.n_ctx`; Ollama does not tell it.
    """
    listed = data.get("data") if isinstance(data, dict) else None
    if not isinstance(listed, list):
        return None
    return [
        Served(name=item["id"], context_tokens=_context(item))
        for item in listed
        if isinstance(item, dict) and isinstance(item.get("id"), str)
    ]


def choose(served: Sequence[Served], endpoint: LlmEndpoint) -> Served:
    """The model that an endpoint means.

    Raises:
        ModelError: the server does not have it, or has several and the endpoint names none.
    """
    names = ", ".join(one_line(model.name[:_SHOWN]) for model in served[:20]) or "none"
    if not endpoint.model and len(served) == 1:
        return served[0]
    if not endpoint.model:
        raise ModelError(f"no model is named, and it does not serve exactly one but: {names}")
    for model in served:
        if model.name == endpoint.model:
            return model
    raise ModelError(f"it does not serve model {endpoint.model!r} but: {names}")


def is_count(given: Any) -> TypeGuard[int]:
    """Whether a number of a server can be a count of tokens."""
    return type(given) is int and 0 < given < 2**31


def _context(item: dict[str, Any]) -> int:
    meta = item.get("meta")
    told = item.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None
    return next((given for given in told if is_count(given)), 0)

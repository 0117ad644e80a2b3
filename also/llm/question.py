"""What a mind asks an LLM, and what comes back: the words that minds and `also.llm.asker` share."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from also.document import digest
from also.log import Value
from also.v1.llm_pb2 import (
    LLM_FAILURE_REASON_CONTRADICTED,
    LLM_FALLBACK_HOLD,
    LlmAllowance,
    LlmEndpoint,
    LlmFailure,
    LlmMessage,
    LlmUse,
)

T = TypeVar("T")

CountTokens = Callable[[str], int]
"""Tokens of a text: by the server's tokenizer where it offers one, else a cautious estimate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a mind. Equal questions are one exchange: its replies are never paid twice."""

    mind: str
    """Who asks: "critic" or "generator"."""
    campaign_id: str
    """Campaign it belongs to."""
    stage: int
    """Stage, from 0."""
    round: int
    """Round, from 0; 0 for the critic."""
    request_sha256: str
    """sha256 of everything that the question follows from, hex."""
    prompt_sha256: str
    """sha256 over the files that the prompt is made from, hex."""
    endpoint: LlmEndpoint
    """The LLM, every default filled in."""
    allowance: LlmAllowance
    """What the answer may cost."""
    choices: int = 1
    """Choices of one reply that are asked for, at least 1."""

    @property
    def subject(self) -> dict[str, Value]:
        """What the log's lines of it are about."""
        return {"campaign": self.campaign_id, "stage": self.stage, "round": self.round, "mind": self.mind}


def request_sha256(request: Message) -> str:
    """sha256 of what a question follows from, hex: its request but for the allowance, which changes no answer."""
    asked = deepcopy(request)
    asked.ClearField("allowance")
    return digest(asked)


def falls_back(failure: LlmFailure, endpoint: LlmEndpoint) -> bool:
    """Whether the embedded expert system answers in an LLM's place.

    Args:
        failure: why the LLM gave no answer.
        endpoint: the LLM, every default filled in.
    """
    contradicted = failure.reason == LLM_FAILURE_REASON_CONTRADICTED
    return contradicted and endpoint.fallback != LLM_FALLBACK_HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a prompt may show; a small context takes away from both."""

    evidence_tokens: int
    """Tokens that the evidence may take."""
    history: int | None = None
    """Trials and earlier stages that are shown at most; None leaves it to the mind."""

    def most(self, usual: int) -> int:
        """How many of a history are shown, where it is usually so many."""
        return usual if self.history is None else min(usual, self.history)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A prompt, ready to be sent."""

    messages: Sequence[LlmMessage]
    """Messages, in order."""
    schema: dict[str, Any]
    """JSON schema that every choice must follow, inside xgrammar's subset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One choice of a reply, its thinking left out."""

    index: int
    """Index in the reply."""
    data: Any
    """What its JSON says; None where `error` is set."""
    error: str = ""
    """Why it cannot be read (cut off, refused, no JSON); empty where it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reply, as a mind reads it."""

    exchange: str
    """Id of its exchange."""
    number: int
    """Index in its exchange, from 0; 1 is a repair."""
    choices: Sequence[Choice]
    """Its choices, in order; at least one."""


class ReplyError(Exception):
    """Nothing in a reply can be used; the text says what is wrong, for the LLM's one repair."""


class Contradiction(ReplyError):
    """A reply can be read, and says what its question's own numbers deny."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[T]):
    """An answer."""

    value: T
    """What the mind made of the reply."""
    use: LlmUse
    """What it cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """That there is no answer."""

    failure: LlmFailure
    """Why."""
    use: LlmUse
    """What that cost."""

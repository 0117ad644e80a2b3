"""How a question becomes an answer, step by step:

the exchange has a prompt?   else render it, count its tokens, store it
it has a reply?              else call the LLM; store the reply raw
read the reply               an answer: done
                             unusable: once more, with what is wrong, as the exchange's second reply
no answer                    a named reason; the stage holds and training goes on
"""

import json
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from also import enums, metrics
from also.errors import EndpointError
from also.llm.asking import LEAST_REPLY_TOKENS, Asking, NoAnswer, Read
from also.llm.breaker import Breaker
from also.llm.exchange import Exchange
from also.llm.question import Answered, CountTokens, Question, Rendered, Unanswered
from also.llm.server import CallError, Served, Server, choose
from also.llm.times import FIRST_PAUSE_SECONDS
from also.llm.tokens import estimate, estimate_messages
from also.settings import Settings
from also.store import Store, open_store
from also.v1.llm_pb2 import LlmEndpoint, LlmFailureReason, LlmMessage, LlmPrompt

T = TypeVar("T")

Render = Callable[[CountTokens], Rendered]
"""Makes a question's prompt."""

_READY: dict[str, Any] = {
    "type": "object",
    "properties": {"ready": {"type": "boolean"}},
    "required": ["ready"],
    "additionalProperties": False,
}
"""Schema of the short reply by which an endpoint is checked."""


class Asker:
    """Asks LLMs on behalf of one mind's service."""

    def __init__(self, settings: Settings, *, first_pause_seconds: float = FIRST_PAUSE_SECONDS) -> None:
        """The object store is opened when the first question is asked.

        Args:
            settings: where the store is, and the API key.
            first_pause_seconds: pause before the first repetition after a failure.
        """
        self._settings = settings
        self._first_pause_seconds = first_pause_seconds
        self._opened: Store | None = None
        self._breakers: dict[str, Breaker] = {}
        self._lock = threading.Lock()

    def ask(self, question: Question, render: Render, read: Read[T]) -> Answered[T] | Unanswered:
        """Ask, or take the stored replies of the same question.

        Args:
            question: what is asked of whom.
            render: makes the prompt, unless it is stored.
            read: makes the answer of a reply.

        Raises:
            StoreError: the object store cannot be used.
            DocumentError: a stored prompt or reply is damaged.
        """
        labels = (question.campaign_id, question.mind)
        for outcome in ("answered", "failed"):  # there with 0: Prometheus sees no rise of a series that begins with 1
            metrics.LLM_CALLS.labels(*labels, outcome)
        for counter in (metrics.LLM_CACHED, metrics.LLM_INVALID, metrics.LLM_REPAIRED, metrics.LLM_COST):
            counter.labels(*labels)
        server = Server(question.endpoint, self._settings.llm_api_key)
        exchange = Exchange(self._store(), question)
        prompt = exchange.prompt() or exchange.keep_prompt(_prompt(question, render, server))
        asking = Asking(
            question,
            prompt,
            exchange,
            server,
            self._breaker(question.endpoint.url),
            first_pause_seconds=self._first_pause_seconds,
        )
        try:
            return Answered(value=asking.answer(read), use=asking.use)
        except NoAnswer as no:
            reason = enums.camel(LlmFailureReason, no.failure.reason)
            metrics.LLM_UNANSWERED.labels(question.campaign_id, question.mind, reason).inc()
            return Unanswered(failure=no.failure, use=asking.use)

    def check(self, endpoint: LlmEndpoint) -> Served:
        """Make sure that an endpoint can be used: it is there, serves the model, and takes a schema.

        It costs one short reply.

        Args:
            endpoint: the endpoint, every default filled in.

        Returns:
            The model that answers.

        Raises:
            EndpointError: it cannot be used.
        """
        server = Server(endpoint, self._settings.llm_api_key)
        try:
            served = choose(server.models(), endpoint)
            server.complete(
                [LlmMessage(role="user", content='Reply with {"ready":true}')],
                _READY,
                model=served.name,
                choices=1,
                max_tokens=LEAST_REPLY_TOKENS,
                seed=0,
                seconds=endpoint.seconds,
            )
        except CallError as error:
            raise EndpointError(f"LLM {endpoint.url} cannot be used: {error}") from None
        return served

    def _store(self) -> Store:
        with self._lock:
            if self._opened is None:
                self._opened = open_store(self._settings.store)
            return self._opened

    def _breaker(self, url: str) -> Breaker:
        with self._lock:
            return self._breakers.setdefault(url, Breaker())


def _prompt(question: Question, render: Render, server: Server) -> LlmPrompt:
    """Render a question, its tokens counted by the server where that can be done."""
    model, countable = question.endpoint.model, True
    try:
        model = choose(server.models(), question.endpoint).name
    except CallError:
        countable = False

    def count(text: str) -> int:
        nonlocal countable
        counted = server.count_tokens(text, model=model) if countable else None
        countable = countable and counted is not None
        return estimate(text) if counted is None else counted

    rendered = render(count)
    messages = list(rendered.messages)
    tokens = server.count_prompt(messages, model=model) if countable else None
    return LlmPrompt(
        mind=question.mind,
        stage=question.stage,
        round=question.round,
        prompt_sha256=question.prompt_sha256,
        endpoint=question.endpoint,
        messages=messages,
        schema=json.dumps(rendered.schema, separators=(",", ":")),
        choices=question.choices,
        tokens=tokens or estimate_messages(messages),
        counted=tokens is not None,
    )

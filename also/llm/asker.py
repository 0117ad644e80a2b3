"""How a question becomes an answer, step by step:

the exchange has a prompt?   else render it, count its tokens, make it fit, store it
it has a reply?              else call the LLM; store the reply raw
read the reply               an answer: done
                             unusable: once more, with what is wrong, as the exchange's second reply
no answer                    a named reason; the stage holds and training continues
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from also import enums, log, metrics
from also.errors import EndpointError
from also.llm.asking import Asking, NoAnswer, Read
from also.llm.conformance import fault
from also.llm.exchange import Exchange
from also.llm.fitting import Render, fitted
from also.llm.known import KnownEndpoint
from also.llm.question import Answered, Contradiction, Question, Reply, ReplyError, Unanswered, falls_back
from also.llm.reading import read_usage
from also.llm.server import CallError, Server
from also.llm.times import FIRST_PAUSE_SECONDS
from also.llm.tokens import estimate, estimate_messages
from also.settings import Settings
from also.store import Store, open_store
from also.v1.llm_pb2 import LlmFailureReason, LlmMessage, LlmPrompt

T = TypeVar("T")

SHORT = 500
"""Tokens of a prompt below which no server cuts it off, and an estimate is far off."""

READ_AT_LEAST = 3
"""A server that reads less than one of so many tokens has cut the prompt off: estimates are never as far off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An endpoint that can be used."""

    model: str
    """Model that answers."""
    context_tokens: int
    """Tokens of prompt and reply together at most; 0 where the server does not say."""
    notes: Sequence[str]
    """What is worth knowing of the server, one sentence each."""


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
        self._servers: dict[str, KnownEndpoint] = {}
        self._lock = threading.Lock()

    def ask(
        self, question: Question, render: Render, read: Read[T], *, instead: Callable[[], T] | None = None
    ) -> Answered[T] | Unanswered:
        """Ask, or take the stored replies of the same question.

        Args:
            question: what is asked of whom.
            render: makes the prompt, unless it is stored.
            read: makes the answer of a reply.
            instead: the expert system's answer, where the LLM contradicts and the endpoint falls back; None: no answer.

        Raises:
            StoreError: the object store cannot be used.
            DocumentError: a stored prompt or reply is damaged.
        """
        labels = (question.campaign_id, question.mind)
        for outcome in ("answered", "failed"):  # there with 0: Prometheus sees no rise of a series that begins with 1
            metrics.LLM_CALLS.labels(*labels, outcome)
        for counter in (metrics.LLM_CACHED, metrics.LLM_INVALID, metrics.LLM_REPAIRED, metrics.LLM_COST):
            counter.labels(*labels)
        answer = self._asked(Exchange(self._store(), question), question, render, read)
        if isinstance(answer, Unanswered):
            reason = enums.camel(LlmFailureReason, answer.failure.reason)
            metrics.LLM_UNANSWERED.labels(question.campaign_id, question.mind, reason).inc()
            log.LLM_UNANSWERED.tell(**question.subject, error=reason, detail=answer.failure.detail)
            if instead is not None and falls_back(answer.failure, question.endpoint):
                return Answered(value=instead(), use=answer.use)
        return answer

    def check(self, question: Question, render: Render, read: Read[T]) -> Checked:
        """Make sure that an endpoint can be used, by a question as large as any, and by its answer.

        It costs one reply of its kind, and nothing is stored. An answer that follows the schema is good enough,
        whatever it says: the question is made up.

        Args:
            question: what is asked of whom.
            render: makes the prompt.
            read: makes the answer of a reply.

        Raises:
            EndpointError: it cannot be used.
        """
        endpoint, known = question.endpoint, self._known(question.endpoint.url)
        exchange = Exchange(open_store("memory://"), question)
        try:
            served = Server(endpoint, self._settings.llm_api_key).model()
        except CallError as error:
            raise EndpointError(f"LLM {endpoint.url} cannot be used: {error}") from None
        answer = self._asked(exchange, question, render, lambda reply: _followed(reply, read, exchange))
        if isinstance(answer, Unanswered):
            detail = answer.failure.detail.removeprefix(f"{endpoint.url}: ")
            raise EndpointError(f"LLM {endpoint.url} cannot be used: {detail}")
        notes = []
        if question.choices > 1 and known.one_at_a_time:
            notes.append(f"{endpoint.url} gives one choice a call: each of the {question.choices} candidates is a call")
        notes += _cut_off(exchange, endpoint.url)
        return Checked(model=served.name, context_tokens=known.context_tokens or served.context_tokens, notes=notes)

    def _asked(self, exchange: Exchange, question: Question, render: Render, read: Read[T]) -> Answered[T] | Unanswered:
        """Ask, or take the replies of an exchange."""
        server, known = Server(question.endpoint, self._settings.llm_api_key), self._known(question.endpoint.url)

        def shorten(context_tokens: int) -> LlmPrompt:
            return exchange.keep_prompt(_prompt(question, render, server, context_tokens), shorter=True)

        asking = Asking(
            question,
            exchange.prompt() or exchange.keep_prompt(_prompt(question, render, server, known.context_tokens)),
            exchange,
            server,
            known,
            shorten=shorten,
            first_pause_seconds=self._first_pause_seconds,
        )
        try:
            return Answered(value=asking.answer(read), use=asking.use)
        except NoAnswer as no:
            return Unanswered(failure=no.failure, use=asking.use)

    def _store(self) -> Store:
        with self._lock:
            if self._opened is None:
                self._opened = open_store(self._settings.store)
            return self._opened

    def _known(self, url: str) -> KnownEndpoint:
        with self._lock:
            return self._servers.setdefault(url, KnownEndpoint(url))


def _followed(reply: Reply, read: Read[T], exchange: Exchange) -> None:
    """Make sure that a reply can be read, or follows the schema.

    Raises:
        ReplyError: neither.
    """
    prompt = exchange.prompt()
    assert prompt is not None, "a prompt is stored before it is asked"
    try:
        read(reply)
    except Contradiction:
        return  # it was read: the question is made up
    except ReplyError:
        schema = json.loads(prompt.schema)
        wrong = [choice.error or fault(schema, choice.data) for choice in reply.choices]
        if all(wrong):
            raise ReplyError("; ".join(dict.fromkeys(wrong))) from None


def _cut_off(exchange: Exchange, url: str) -> list[str]:
    """A note where the server has read far fewer tokens than it was sent, as Ollama does beyond its context."""
    prompt, reply = exchange.prompt(), exchange.reply(0)
    usage = read_usage(reply.body) if reply else None
    if prompt is None or usage is None or prompt.tokens < SHORT or usage.prompt * READ_AT_LEAST > prompt.tokens:
        return []
    read = f"{url} says that it read {usage.prompt} tokens of a prompt of about {prompt.tokens}"
    return [f"{read}; if it cuts prompts off without a word, give its model a larger context"]


def _prompt(question: Question, render: Render, server: Server, context_tokens: int) -> LlmPrompt:
    """Render a question that fits, its tokens counted by the server where that can be done.

    Args:
        question: what is asked of whom.
        render: makes the prompt.
        server: who is asked.
        context_tokens: tokens of prompt and reply together; 0 takes what the server says.
    """
    model, countable = question.endpoint.model, True
    try:
        served = server.model()
    except CallError:
        countable = False
    else:
        model, context_tokens = served.name, context_tokens or served.context_tokens

    def counted(count: Callable[[], int | None], instead: int) -> int:
        nonlocal countable
        found = count() if countable else None
        countable = countable and found is not None
        return instead if found is None else found

    def measure(messages: Sequence[LlmMessage]) -> int:
        return counted(lambda: server.count_prompt(messages, model=model), estimate_messages(messages))

    rendered, tokens = fitted(
        render,
        lambda text: counted(lambda: server.count_tokens(text, model=model), estimate(text)),
        measure,
        question.endpoint,
        context_tokens,
    )
    return LlmPrompt(
        mind=question.mind,
        stage=question.stage,
        round=question.round,
        prompt_sha256=question.prompt_sha256,
        endpoint=question.endpoint,
        messages=rendered.messages,
        schema=json.dumps(rendered.schema, separators=(",", ":")),
        choices=question.choices,
        tokens=tokens,
        counted=countable,
    )

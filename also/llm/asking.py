"""One question under way: tries, allowance, accounts, and the one repair.

Tries are one budget for everything that can go wrong: repetitions after failures and the repair draw on it
together. A call is made only when all that it can cost is allowed, so a budget is never exceeded.
"""

import json
import time
from collections.abc import Callable
from typing import TypeVar

from also import metrics
from also.llm.breaker import Breaker
from also.llm.exchange import Exchange
from also.llm.question import Contradiction, Question, Reply, ReplyError
from also.llm.quoting import quoted
from also.llm.reading import Body, Usage, read_body, read_usage
from also.llm.server import CallError, Served, Server, choose
from also.llm.times import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from also.llm.tokens import estimate, estimate_messages
from also.v1.llm_pb2 import (
    LLM_FAILURE_REASON_BUDGET_SPENT,
    LLM_FAILURE_REASON_CONTRADICTED,
    LLM_FAILURE_REASON_REPLY_INVALID,
    LLM_FAILURE_REASON_UNAVAILABLE,
    LlmEndpoint,
    LlmFailure,
    LlmFailureReason,
    LlmMessage,
    LlmPrompt,
    LlmReply,
    LlmUse,
)

T = TypeVar("T")

Read = Callable[[Reply], T]
"""Makes an answer of a reply; raises `ReplyError` where nothing in it can be used."""

REPLIES = 2
"""Replies of an exchange at most: one, and its repair."""

LEAST_REPLY_TOKENS = 64
"""Tokens that a model's context must have left for a reply."""

SPARE_TOKENS = 32
"""Tokens of a context that are left free, because counts of templates differ a little."""

TEMPLATE_TOKENS = 2000
"""Tokens that a chat template may add to a prompt at most, such as a schema that some servers put there."""

_MOST_SHOWN = 12_000
"""Characters of an unusable reply that are shown to the LLM again."""


class NoAnswer(Exception):
    """There is no answer; `failure` says why."""

    def __init__(self, reason: LlmFailureReason, detail: str) -> None:
        """No answer.

        Args:
            reason: named reason.
            detail: the reason with its numbers, one sentence.
        """
        self.failure = LlmFailure(reason=reason, detail=detail[:1000])
        super().__init__(detail)


class Asking:
    """One question under way."""

    def __init__(
        self,
        question: Question,
        prompt: LlmPrompt,
        exchange: Exchange,
        server: Server,
        breaker: Breaker,
        *,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        """Nothing has been asked yet.

        Args:
            question: the question.
            prompt: its stored prompt.
            exchange: where its replies are stored.
            server: who is asked.
            breaker: circuit breaker of the server.
            first_pause_seconds: pause before the first repetition after a failure.
        """
        self._question = question
        self._prompt = prompt
        self._exchange = exchange
        self._server = server
        self._breaker = breaker
        self._first_pause_seconds = first_pause_seconds
        self._served: Served | None = None
        self.use = LlmUse(prompt_sha256=prompt.prompt_sha256, exchange=exchange.id)

    def answer(self, read: Read[T]) -> T:
        """The answer of the first reply that can be used.

        Raises:
            NoAnswer: there is none.
        """
        messages = list(self._prompt.messages)
        wrong: ReplyError | None = None
        for number in range(REPLIES):
            raw = self._exchange.reply(number)
            if raw is None:
                raw = self._exchange.keep_reply(number, self._call(messages, wrong))
            body = self._account(messages, raw)
            try:
                if isinstance(body, ReplyError):
                    raise body
                value = read(Reply(exchange=self._exchange.id, number=number, choices=body.choices))
            except ReplyError as error:
                wrong = error
                self.use.invalid += 1
                metrics.LLM_INVALID.labels(self._question.campaign_id, self._question.mind).inc()
                messages = [*self._prompt.messages, *_repair(body, str(wrong))]
                continue
            self.use.repaired = number > 0
            if self.use.repaired:
                metrics.LLM_REPAIRED.labels(self._question.campaign_id, self._question.mind).inc()
            return value
        raise NoAnswer(_reason(wrong), f"{REPLIES} replies could not be used; the last one: {wrong}")

    def _call(self, messages: list[LlmMessage], wrong: ReplyError | None) -> LlmReply:
        """One paid reply, as it comes.

        Raises:
            NoAnswer: the tries or the allowance are used up, or another try would not help.
        """
        endpoint, why = self._question.endpoint, str(wrong or "")
        failures = 0
        while True:
            if self.use.calls >= endpoint.tries:
                reason = _reason(wrong) if failures == 0 else LLM_FAILURE_REASON_UNAVAILABLE
                raise NoAnswer(reason, f"{endpoint.tries} calls of {endpoint.url} gave no answer; the last one: {why}")
            rest = self._breaker.seconds_to_wait()
            if rest > 0:
                text = f"{endpoint.url} has failed again and again, and is left alone for another {rest:.0f} s"
                raise NoAnswer(LLM_FAILURE_REASON_UNAVAILABLE, text)
            try:
                reply = self._try(messages)
            except CallError as error:
                failures, why = failures + 1, str(error)
                if error.again:
                    self._breaker.failed()
                else:
                    self._breaker.succeeded()  # it is there, and says no
                pause = max(error.pause_seconds, self._first_pause_seconds * 2 ** (failures - 1))
                if not error.again or pause > LONGEST_PAUSE_SECONDS:
                    raise NoAnswer(LLM_FAILURE_REASON_UNAVAILABLE, f"{endpoint.url}: {why}") from None
                if self.use.calls < endpoint.tries:
                    time.sleep(pause)
                continue
            self._breaker.succeeded()
            return reply

    def _try(self, messages: list[LlmMessage]) -> LlmReply:
        """One call.

        Raises:
            CallError: it gave no reply.
            NoAnswer: the allowance does not suffice for it.
        """
        endpoint, labels = self._question.endpoint, (self._question.campaign_id, self._question.mind)
        self._require_allowance(0, 0)
        try:
            served = self._served = self._served or _model(self._server, endpoint)
            prompt_tokens = self._tokens(messages, served)
            room = (
                served.context_tokens - prompt_tokens - SPARE_TOKENS if served.context_tokens else endpoint.max_tokens
            )
            if room < LEAST_REPLY_TOKENS:
                text = (
                    f"a prompt of {prompt_tokens} tokens leaves no room for a reply in the model's context of "
                    f"{served.context_tokens}"
                )
                raise CallError(text, again=False)
            most = min(endpoint.max_tokens, room)
            self._require_allowance(prompt_tokens, most * self._question.choices)
            sampled = self._server.complete(
                messages,
                json.loads(self._prompt.schema),
                model=served.name,
                choices=self._question.choices,
                max_tokens=most,
                seed=(int(self._exchange.id[:8], 16) + self.use.calls) % 2**31,
                seconds=endpoint.seconds,
            )
        except CallError:
            self.use.calls += 1
            metrics.LLM_CALLS.labels(*labels, "failed").inc()
            raise
        metrics.LLM_CALLS.labels(*labels, "answered").inc()
        metrics.LLM_SECONDS.labels(*labels).observe(sampled.seconds)
        self._meter(messages, sampled.body)
        return LlmReply(body=sampled.body, seconds=sampled.seconds)

    def _require_allowance(self, prompt_tokens: int, reply_tokens: int) -> None:
        """A call is made only when all that it can cost is allowed.

        Raises:
            NoAnswer: it is not.
        """
        allowance = self._question.allowance
        calls = allowance.calls - self.use.calls
        tokens = allowance.tokens - self.use.prompt_tokens - self.use.completion_tokens
        if calls < 1:
            raise NoAnswer(LLM_FAILURE_REASON_BUDGET_SPENT, f"No call is left of the {allowance.calls} allowed here.")
        if tokens < prompt_tokens + reply_tokens:
            raise NoAnswer(
                LLM_FAILURE_REASON_BUDGET_SPENT,
                f"{max(tokens, 0)} tokens are left; a prompt of {prompt_tokens} and a reply of up to {reply_tokens} "
                "need more.",
            )

    def _tokens(self, messages: list[LlmMessage], served: Served) -> int:
        """Tokens of a prompt; the stored prompt's were counted before."""
        if len(messages) == len(self._prompt.messages):
            return self._prompt.tokens
        counted = self._server.count_prompt(messages, model=served.name) if self._prompt.counted else None
        return counted or estimate_messages(messages)

    def _account(self, messages: list[LlmMessage], raw: LlmReply) -> Body | ReplyError:
        """Add up what a reply has cost, and read its body."""
        usage = self._usage(messages, raw.body)
        self.use.calls += 1
        self.use.prompt_tokens += usage.prompt
        self.use.cached_tokens += usage.cached
        self.use.completion_tokens += usage.completion
        self.use.cost += _price(self._question.endpoint, usage)
        self.use.seconds += raw.seconds
        try:
            body = read_body(raw.body)
        except ReplyError as error:
            return error
        self.use.model = body.model
        return body

    def _meter(self, messages: list[LlmMessage], body: str) -> None:
        """Tell Prometheus what a new reply has cost."""
        labels = (self._question.campaign_id, self._question.mind)
        usage = self._usage(messages, body)
        metrics.LLM_TOKENS.labels(*labels, "prompt").inc(usage.prompt)
        metrics.LLM_TOKENS.labels(*labels, "completion").inc(usage.completion)
        metrics.LLM_CACHED.labels(*labels).inc(usage.cached)
        metrics.LLM_COST.labels(*labels).inc(_price(self._question.endpoint, usage))

    def _usage(self, messages: list[LlmMessage], body: str) -> Usage:
        """Tokens of a reply; estimated where the server does not say, or cannot be right.

        No tokenizer makes more tokens than bytes, and no reply has more than were asked for: a count beyond that would
        spend a budget that nobody has used.
        """
        most_prompt = sum(len(message.content.encode()) for message in messages) + TEMPLATE_TOKENS
        most_completion = self._question.endpoint.max_tokens * self._question.choices
        usage = read_usage(body)
        if usage is not None and usage.prompt <= most_prompt and usage.completion <= most_completion:
            return usage
        return Usage(prompt=estimate_messages(messages), completion=min(estimate(body), most_completion))


def _reason(wrong: ReplyError | None) -> LlmFailureReason:
    """Why there is no answer after a reply that could not be used."""
    return LLM_FAILURE_REASON_CONTRADICTED if isinstance(wrong, Contradiction) else LLM_FAILURE_REASON_REPLY_INVALID


def _repair(body: Body | ReplyError, wrong: str) -> list[LlmMessage]:
    """What is said after an unusable reply: what it was, as far as it is short, and what is wrong with it."""
    said = body.texts[0] if isinstance(body, Body) else ""
    messages = [LlmMessage(role="assistant", content=said)] if 0 < len(said) <= _MOST_SHOWN else []
    text = f"This reply cannot be used: {quoted(wrong, 1500)}. Answer the question again, by the schema."
    return [*messages, LlmMessage(role="user", content=text)]


def _model(server: Server, endpoint: LlmEndpoint) -> Served:
    """As `choose`; a model that is named is taken at its word where the server has no list of models.

    Raises:
        CallError: as `choose`, or the server does not answer and no model is named.
    """
    try:
        return choose(server.models(), endpoint)
    except CallError:
        if endpoint.model:
            return Served(name=endpoint.model, context_tokens=0)
        raise


def _price(endpoint: LlmEndpoint, usage: Usage) -> float:
    """What a reply costs; cached prompt tokens cost their share of the price."""
    prompt = (usage.prompt - usage.cached + usage.cached * endpoint.cached_price_share) * endpoint.prompt_price
    return float((prompt + usage.completion * endpoint.completion_price) / 1e6)

"""One question under way: tries, choices one by one, and the one repair.

Tries are one budget for everything that can go wrong: repetitions after failures and the repair draw on it
together. What a server does not offer (several choices of one prompt, a context as large as the prompt) is found out by
its refusal, and asked for in another way.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from also import log
from also.llm.accounts import Accounts
from also.llm.exchange import Exchange
from also.llm.fitting import REPLY_TOKENS, SPARE_TOKENS
from also.llm.known import KnownEndpoint
from also.llm.question import Contradiction, Question, Reply, ReplyError
from also.llm.reading import Body, answer_keys, read_body, read_reply
from also.llm.refusing import UNWILLING
from also.llm.repairing import repair
from also.llm.served import Served
from also.llm.server import CallError, Sampled, Server
from also.llm.times import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS
from also.llm.tokens import estimate_messages
from also.v1.llm_pb2 import (
    LLM_FAILURE_REASON_BUDGET_SPENT,
    LLM_FAILURE_REASON_CONTRADICTED,
    LLM_FAILURE_REASON_REPLY_INVALID,
    LLM_FAILURE_REASON_UNAVAILABLE,
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

Shorten = Callable[[int], LlmPrompt]
"""Makes and stores the prompt for a context of so many tokens."""

REPLIES = 2
"""Replies of an exchange at most: one, and its repair."""

LEAST_REPLY_TOKENS = 64
"""Tokens that a model's context must have left for a reply."""


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
        known: KnownEndpoint,
        *,
        shorten: Shorten,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        """Nothing has been asked yet.

        Args:
            question: the question.
            prompt: its stored prompt.
            exchange: where its replies are stored.
            server: who is asked.
            known: what is known of the server.
            shorten: makes a shorter prompt, where the server finds this one too long.
            first_pause_seconds: pause before the first repetition after a failure.
        """
        self._question = question
        self._prompt = prompt
        self._exchange = exchange
        self._server = server
        self._known = known
        self._shorten = shorten
        self._first_pause_seconds = first_pause_seconds
        self._served: Served | None = None
        self._refused: tuple[Body | ReplyError, ReplyError] | None = None
        """The reply that is to be repaired, and what is wrong with it."""
        self._detours = 0
        """Calls by which no more was found out than how the server wants to be asked; they are no tries."""
        self._accounts = Accounts(question, LlmUse(prompt_sha256=prompt.prompt_sha256, exchange=exchange.id))

    @property
    def use(self) -> LlmUse:
        """What was paid so far."""
        return self._accounts.use

    def answer(self, read: Read[T]) -> T:
        """The answer of the first reply that can be used.

        Raises:
            NoAnswer: there is none.
        """
        keys = answer_keys(self._prompt.schema)
        for number in range(REPLIES):
            raw = self._exchange.reply(number)
            stored = raw is not None
            if raw is None:
                raw = self._exchange.keep_reply(number, self._call())
            self._accounts.add(self._messages(), raw)
            body = read_reply(raw, keys)
            try:
                if isinstance(body, ReplyError):
                    raise body
                self.use.model = body.model
                value = read(Reply(exchange=self._exchange.id, number=number, choices=body.choices))
            except ReplyError as error:
                self._refused = body, error
                self._accounts.refused()
                if not stored:
                    self._tell(log.LLM_REPLY_REFUSED, error=str(error), retried=number + 1 < REPLIES)
                continue
            if number > 0:
                self._accounts.mended()
            return value
        raise NoAnswer(self._reason(), f"{REPLIES} replies could not be used; the last one: {self._wrong}")

    @property
    def _wrong(self) -> ReplyError | None:
        """What is wrong with the reply that is to be repaired."""
        return self._refused and self._refused[1]

    def _reason(self) -> LlmFailureReason:
        """Why there is no answer after a reply that could not be used."""
        contradicted = isinstance(self._wrong, Contradiction)
        return LLM_FAILURE_REASON_CONTRADICTED if contradicted else LLM_FAILURE_REASON_REPLY_INVALID

    def _call(self) -> LlmReply:
        """One paid reply, as it comes.

        Raises:
            NoAnswer: the tries or the allowance are used up, or another try would not help.
        """
        endpoint, why = self._question.endpoint, str(self._wrong or "")
        failures = 0
        while True:
            if self.use.calls - self._detours >= endpoint.tries:
                reason = self._reason() if failures == 0 else LLM_FAILURE_REASON_UNAVAILABLE
                raise NoAnswer(reason, f"{endpoint.tries} calls of {endpoint.url} gave no answer; the last one: {why}")
            rest = self._known.breaker.seconds_to_wait()
            if rest > 0:
                text = f"{endpoint.url} has failed again and again, and is left alone for another {rest:.0f} s"
                raise NoAnswer(LLM_FAILURE_REASON_UNAVAILABLE, text)
            choices = 1 if self._known.one_at_a_time else self._question.choices
            try:
                first = self._try(choices, 0)
            except CallError as error:
                why = str(error)
                if error.again and not error.of_reply:
                    self._known.breaker.failed()
                else:
                    self._known.breaker.succeeded()  # it is there
                if self._finds_a_way(error, choices):
                    self._tell(log.LLM_CALL_FAILED, error=why, retried=True, pause_seconds=0.0)
                    continue
                failures += 1
                pause = max(error.pause_seconds, self._first_pause_seconds * 2 ** (failures - 1))
                is_last = not error.again or pause > LONGEST_PAUSE_SECONDS
                retried = not is_last and self.use.calls - self._detours < endpoint.tries
                self._tell(log.LLM_CALL_FAILED, error=why, retried=retried, pause_seconds=pause if retried else None)
                if is_last:
                    raise NoAnswer(LLM_FAILURE_REASON_UNAVAILABLE, f"{endpoint.url}: {why}") from None
                if retried:
                    time.sleep(pause)
                continue
            self._known.breaker.succeeded()
            return LlmReply(body=first.body, seconds=first.seconds, more=self._further(first))

    def _finds_a_way(self, error: CallError, choices: int) -> bool:
        """Whether the request can be put in a way that the server may take."""
        if error.too_long and not self._exchange.shortened():
            prompt_tokens = self._prompt.tokens
            context = error.context_tokens or prompt_tokens  # a prompt that fits with its reply lies below
            self._known.context_tokens = context
            self._served = self._served and replace(self._served, context_tokens=context)
            self._prompt = self._shorten(context)
        elif error.status in UNWILLING and choices > 1:
            self._known.gives_one()
        else:
            return False
        self._detours += 1
        return True

    def _further(self, first: Sampled) -> list[str]:
        """Bodies of the choices that a first response lacks; fewer where a call fails or is not allowed.

        Where nothing of the first can be read there is something to repair, and no reason to ask for more of it.
        """
        try:
            given = read_body(first.body, answer_keys(self._prompt.schema)).choices
        except ReplyError:
            return []
        if all(choice.error for choice in given):
            return []
        missing = self._question.choices - len(given)
        if missing > 0:
            self._known.gives_one()
        bodies: list[str] = []
        for number in range(1, missing + 1):
            try:
                bodies.append(self._try(1, number).body)
            except CallError as error:
                self._tell(log.LLM_CALL_FAILED, error=str(error), retried=False)
                break
            except NoAnswer:
                break
        return bodies

    def _try(self, choices: int, number: int) -> Sampled:
        """One call.

        Args:
            choices: how many are asked for.
            number: how many calls were made for this reply before, each for a choice.

        Raises:
            CallError: it gave no reply.
            NoAnswer: the allowance does not suffice for it.
        """
        endpoint = self._question.endpoint
        self._require_allowance(0, 0)
        try:
            served = self._served = self._served or self._model()
            messages = self._messages()
            prompt_tokens = self._tokens(messages, served)
            most = _most_tokens(prompt_tokens, served, endpoint.max_tokens)
            self._require_allowance(prompt_tokens, most * choices)
            sampled = self._server.complete(
                messages,
                json.loads(self._prompt.schema),
                model=served.name,
                choices=choices,
                max_tokens=most,
                seed=(int(self._exchange.id[:8], 16) + self.use.calls + number) % 2**31,
                seconds=endpoint.seconds,
            )
        except CallError:
            self._accounts.failed()
            raise
        self._accounts.answered(messages, sampled.body, sampled.seconds)
        return sampled

    def _tell(self, line: log.Line, **fields: log.Value) -> None:
        """Tell the log something of this question."""
        line.tell(**self._question.subject, **fields)

    def _model(self) -> Served:
        """The model that is asked, and its context as far as it is known.

        Raises:
            CallError: as `Server.model`.
        """
        served = self._server.model()
        return replace(served, context_tokens=self._known.context_tokens or served.context_tokens)

    def _require_allowance(self, prompt_tokens: int, reply_tokens: int) -> None:
        """Raises:
        NoAnswer: a call is not allowed.
        """
        if lacking := self._accounts.lacks(prompt_tokens, reply_tokens):
            raise NoAnswer(LLM_FAILURE_REASON_BUDGET_SPENT, lacking)

    def _tokens(self, messages: list[LlmMessage], served: Served) -> int:
        """Tokens of a prompt; the stored prompt's were counted before."""
        if len(messages) == len(self._prompt.messages):
            return self._prompt.tokens
        counted = self._server.count_prompt(messages, model=served.name) if self._prompt.counted else None
        return counted or estimate_messages(messages)

    def _messages(self) -> list[LlmMessage]:
        """The prompt, and the repair where one is due, no longer than the context allows."""
        if self._refused is None:
            return list(self._prompt.messages)
        most = None
        if self._served is not None and self._served.context_tokens:
            reply = min(self._question.endpoint.max_tokens, REPLY_TOKENS)
            most = self._served.context_tokens - self._prompt.tokens - SPARE_TOKENS - reply
        body, wrong = self._refused
        return [*self._prompt.messages, *repair(body, str(wrong), most)]


def _most_tokens(prompt_tokens: int, served: Served, wanted: int) -> int:
    """Tokens that a reply may have.

    Raises:
        CallError: the context leaves too few.
    """
    if not served.context_tokens:
        return wanted
    room = served.context_tokens - prompt_tokens - SPARE_TOKENS
    if room < LEAST_REPLY_TOKENS:
        text = (
            f"the shortest prompt has {prompt_tokens} tokens, which leaves no room for a reply in the model's context "
            f"of {served.context_tokens}; serve it with a larger one"
        )
        raise CallError(text, again=False)
    return min(wanted, room)

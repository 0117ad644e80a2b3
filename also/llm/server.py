"""One LLM server over the OpenAI protocol: a call, its hard deadline, and what a failure means.

The `openai` package speaks the protocol; its own retries and long timeouts are off, because there is one
budget of tries, in `also.llm.asker`. A deadline bounds a call as a whole, so that a server which sends a
byte now and then cannot hold it open. What servers offer besides (vLLM's, SGLang's and llama.cpp's `/tokenize`, a
model's context) is used where it is there. The package takes most of a second to load, so that is put off until an LLM
is asked.
"""

import asyncio
import json
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from also.llm.refusing import context_tokens, is_of_reply, is_too_long
from also.llm.served import ModelError, Served, choose, is_count, read_models
from also.llm.times import SIDE_SECONDS
from also.llm.tokens import MESSAGE_TOKENS
from also.v1.llm_pb2 import THINKING_ON, THINKING_UNSPECIFIED, LlmEndpoint, LlmMessage
from also.words import one_line

if TYPE_CHECKING:
    import openai

T = TypeVar("T")

MOST_BYTES = 8 * 2**20
"""Bytes of a response that are read; a longer one is cut off, and cannot be understood then."""

_SAID_LIMIT = 200
"""Characters of what a server said, in an error."""

_AGAIN = frozenset({408, 409, 425, 429})
"""Refusals that a repetition may cure; so may every 5xx."""

_NO_KEY = "unused"
"""Sent where no API key is set, because the protocol's client wants one."""


class CallError(Exception):
    """A call without a reply; the text says why."""

    def __init__(
        self,
        text: str,
        *,
        again: bool,
        pause_seconds: float = 0.0,
        of_reply: bool = False,
        status: int = 0,
        too_long: bool = False,
        context_tokens: int = 0,
    ) -> None:
        """A failed call.

        Args:
            text: what went wrong, without anything that the server wrote but its first 200 characters.
            again: whether another try may help.
            pause_seconds: how long the server asks to wait before it.
            of_reply: whether the server is well, and only this reply was of no use to it.
            status: HTTP status; 0 where there is none.
            too_long: whether the server says that the request does not fit into the model's context.
            context_tokens: the context that it names then; 0 where it names none.
        """
        super().__init__(text)
        self.again = again
        self.pause_seconds = pause_seconds
        self.of_reply = of_reply
        self.status = status
        self.too_long = too_long
        self.context_tokens = context_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """The raw response to a completion."""

    body: str
    """Its body; bytes that are not UTF-8 are written as \\xNN."""
    seconds: float
    """Time that it took."""


class Server:
    """The server behind an endpoint; nothing is kept open between calls."""

    def __init__(self, endpoint: LlmEndpoint, api_key: str) -> None:
        """No call is made yet.

        Args:
            endpoint: where it is and how it is asked, every default filled in.
            api_key: its key; empty where it needs none.
        """
        self._endpoint = endpoint
        self._api_key = api_key

    def complete(
        self,
        messages: Sequence[LlmMessage],
        schema: dict[str, Any],
        *,
        model: str,
        choices: int,
        max_tokens: int,
        seed: int,
        seconds: float,
    ) -> Sampled:
        """Ask for choices that follow a schema.

        Args:
            messages: the prompt.
            schema: JSON schema of every choice.
            model: model, as the server names it.
            choices: how many samples.
            max_tokens: tokens of each sample at most.
            seed: seed of the sampling.
            seconds: deadline.

        Raises:
            CallError: there is no response, or it is a refusal.
        """
        extra: dict[str, Any] = {}
        if self._endpoint.thinking != THINKING_UNSPECIFIED:
            thinks = self._endpoint.thinking == THINKING_ON
            extra["chat_template_kwargs"] = {"enable_thinking": thinks, "thinking": thinks}  # templates read either
        if self._endpoint.reasoning_effort:
            extra["reasoning_effort"] = self._endpoint.reasoning_effort
        if choices > 1:
            extra["n"] = choices  # some servers refuse the very word
        given: Any = [{"role": message.role, "content": message.content} for message in messages]
        wanted: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}

        async def sample(client: "openai.AsyncOpenAI") -> Sampled:
            began = time.monotonic()
            async with client.chat.completions.with_streaming_response.create(
                model=model,
                messages=given,
                response_format=wanted,
                max_tokens=max_tokens,
                temperature=self._endpoint.temperature,
                seed=seed,
                extra_body=extra,
            ) as response:
                body = await _read(response.iter_bytes())
            return Sampled(body=body.decode("utf-8", "backslashreplace"), seconds=time.monotonic() - began)

        return self._call(sample, seconds, longer="; the endpoint's setting `seconds` allows more, up to 3600")

    def models(self) -> list[Served]:
        """What the server offers.

        Raises:
            CallError: it does not answer.
        """
        import httpx2

        async def ask(client: "openai.AsyncOpenAI") -> Any:
            return json.loads((await client.get("/models", cast_to=httpx2.Response)).content[:MOST_BYTES])

        found = read_models(self._call(ask, SIDE_SECONDS))
        if found is None:
            raise CallError("its list of models cannot be read", again=False)
        return found

    def model(self) -> Served:
        """The model that the endpoint means; one that is named is taken at its word where there is no list of models.

        Raises:
            CallError: the server does not have it, or does not answer and no model is named.
        """
        try:
            listed = self.models()
        except CallError:
            if not self._endpoint.model:
                raise
            return Served(name=self._endpoint.model, context_tokens=0)
        try:
            return choose(listed, self._endpoint)
        except ModelError as error:
            raise CallError(str(error), again=False) from None

    def count_tokens(self, text: str, *, model: str) -> int | None:
        """Tokens of a text by the server's tokenizer; None where it has none to offer.

        vLLM and SGLang read the text from `prompt` and give a count; llama.cpp reads `content` and lists tokens.
        """
        return self._tokenize({"model": model, "prompt": text, "content": text, "add_special_tokens": False})

    def count_prompt(self, messages: Sequence[LlmMessage], *, model: str) -> int | None:
        """Tokens of messages, the chat template's included; None as `count_tokens`.

        vLLM tokenizes messages. llama.cpp's server shows what its template makes of them. Where neither is there, a
        template is taken to add `MESSAGE_TOKENS` to each.
        """
        listed = [{"role": message.role, "content": message.content} for message in messages]
        if counted := self._tokenize({"model": model, "messages": listed}):
            return counted
        made = self._side("apply-template", {"model": model, "messages": listed})
        if isinstance(made, dict) and isinstance(made.get("prompt"), str):
            return self.count_tokens(made["prompt"], model=model)
        counts = [self.count_tokens(message.content, model=model) for message in messages]
        return None if None in counts else sum(counts) + MESSAGE_TOKENS * len(counts)  # type: ignore[arg-type]

    def _tokenize(self, body: dict[str, Any]) -> int | None:
        data = self._side("tokenize", body)
        if not isinstance(data, dict):
            return None
        tokens = data.get("tokens")
        told = data.get("count"), len(tokens) if isinstance(tokens, list) else None
        return next((given for given in told if is_count(given)), None)

    def _side(self, path: str, body: dict[str, Any]) -> Any:
        """What the server says outside the protocol; None where it says nothing."""
        import httpx2

        root = self._endpoint.url.rstrip("/").removesuffix("/v1")

        async def ask(client: "openai.AsyncOpenAI") -> Any:
            response = await client.post(f"{root}/{path}", cast_to=httpx2.Response, body=body)
            return json.loads(response.content[:MOST_BYTES])

        try:
            return self._call(ask, SIDE_SECONDS)
        except CallError:
            return None

    def _call(self, work: Callable[["openai.AsyncOpenAI"], Awaitable[T]], seconds: float, *, longer: str = "") -> T:
        """Run one call under its deadline, and say in one way what went wrong.

        `longer` is said after a time-out: what allows more time.

        Raises:
            CallError: something did.
        """
        import httpx2
        import openai

        async def run() -> T:
            async with (
                asyncio.timeout(seconds),
                openai.AsyncOpenAI(
                    base_url=self._endpoint.url,
                    api_key=self._api_key or _NO_KEY,
                    max_retries=0,
                    timeout=seconds,
                ) as client,
            ):
                return await work(client)

        try:
            return asyncio.run(run())
        except openai.APIStatusError as error:
            raise _refusal(error) from None
        except (TimeoutError, openai.APITimeoutError):
            raise CallError(f"no answer within {seconds:g} s{longer}", again=True) from None
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise CallError(f"no connection ({_said(cause)})", again=True) from None
        except (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise CallError(f"the connection broke ({_said(error)})", again=True) from None
        except (ValueError, RecursionError) as error:
            raise CallError(f"its response cannot be read ({one_line(str(error), _SAID_LIMIT)})", again=True) from None


async def _read(parts: Any) -> bytes:
    """A response's bytes, at most `MOST_BYTES`."""
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > MOST_BYTES:
            break
    return bytes(body[:MOST_BYTES])


def _refusal(error: "openai.APIStatusError") -> CallError:
    """A status that is no success."""
    status, body = error.status_code, error.body
    given = body.get("message") if isinstance(body, dict) else body
    said = given if isinstance(given, str) else ""
    return CallError(
        f"it answered with HTTP status {status}" + (f": {one_line(said, _SAID_LIMIT)}" if said else ""),
        again=status in _AGAIN or status >= 500,
        pause_seconds=_pause(error.response.headers.get("retry-after")),
        of_reply=is_of_reply(status, said),
        status=status,
        too_long=is_too_long(status, said),
        context_tokens=context_tokens(f"{said} {body}"),
    )


def _said(error: BaseException) -> str:
    """What an error says, or what it is called."""
    return one_line(str(error), _SAID_LIMIT) or type(error).__name__


def _pause(header: str | None) -> float:
    """Seconds of a Retry-After header; 0 where there is none, or where it names a date."""
    try:
        seconds = float(header or 0)
    except ValueError:
        return 0.0
    return max(0.0, seconds) if math.isfinite(seconds) else 0.0

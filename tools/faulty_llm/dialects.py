"""How servers of the OpenAI protocol differ, as far as ALSO meets it: by their documentation, and by what was run.

vLLM and llama.cpp's server were run (`tests/e2e_llm`); SGLang and Ollama are as their documentation and sources say.
"""

from dataclasses import dataclass
from typing import Any

from tools.faulty_llm.response import MODEL, Response

CONTEXT_TOKENS = 131_072
"""What a server says of the model's context, unless it is told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One kind of server."""

    name: str
    """Its name."""
    tells_context: str = ""
    """Where `/models` tells the context: "max_model_len", "meta.n_ctx"; empty where it does not."""
    counts: str = ""
    """What `/tokenize` reads: "prompt" or "content"; empty where there is none."""
    counts_messages: bool = False
    """Whether `/tokenize` reads messages too."""
    applies_template: bool = False
    """Whether `/apply-template` shows what a prompt becomes."""
    lists_models: bool = True
    """Whether there is `/models`."""
    choices: str = "gives"
    """What it does with `n`: "gives" so many, "refuses" it, or "ignores" it."""
    too_long: str = ""
    """How it refuses a prompt that does not fit; empty where it cuts it off without a word."""

    def models(self, context_tokens: int) -> Response:
        """The reply to `/models`."""
        if not self.lists_models:
            return _refused(404, "Not Found")
        model: dict[str, Any] = {"id": MODEL, "object": "model"}
        if self.tells_context == "max_model_len":
            model["max_model_len"] = context_tokens
        elif self.tells_context:
            model["meta"] = {"n_ctx": context_tokens, "n_ctx_train": 4 * context_tokens}
        return _said({"object": "list", "data": [model]})

    def tokenized(self, request: dict[str, Any]) -> Response:
        """The reply to `/tokenize`."""
        if self.counts == "prompt" and ("prompt" in request or self.counts_messages):
            text = request.get("prompt") or "".join(message["content"] for message in request["messages"])
            return _said({"count": tokens(text), "max_model_len": CONTEXT_TOKENS, "tokens": []})
        if self.counts == "content":
            return _said({"tokens": [7] * tokens(request.get("content", ""))})
        return _refused(422 if self.counts else 404, "Field required" if self.counts else "Not Found")

    def template(self, request: dict[str, Any]) -> Response:
        """The reply to `/apply-template`."""
        if not self.applies_template:
            return _refused(404, "Not Found")
        turns = (f"<|{message['role']}|>{message['content']}" for message in request["messages"])
        return _said({"prompt": "".join(turns)})

    def refusal(self, request: dict[str, Any], context_tokens: int) -> Response | None:
        """How a completion is refused; None where it is not."""
        if self.choices == "refuses" and (request.get("n") or 1) > 1:
            return _refused(400, f"Field 'n': Value must be between 1 <= value <= 1, but got {request['n']}")
        asked = prompt_tokens(request)
        if self.too_long and asked > context_tokens:
            return _refused(400, self.too_long.format(asked=asked, context=context_tokens))
        return None


def tokens(text: str) -> int:
    """Tokens of a text: one for each started three characters."""
    return (len(text) + 2) // 3


def prompt_tokens(request: dict[str, Any]) -> int:
    """Tokens of a completion's prompt."""
    return sum(tokens(message["content"]) for message in request["messages"])


VLLM = Dialect(
    name="vllm",
    tells_context="max_model_len",
    counts="prompt",
    counts_messages=True,
    too_long="This model's maximum context length is {context} tokens. However, your request has {asked} input tokens.",
)
SGLANG = Dialect(
    name="sglang",
    tells_context="max_model_len",
    counts="prompt",
    too_long="The input ({asked} tokens) is longer than the model's context length ({context} tokens).",
)
LLAMA_CPP = Dialect(
    name="llama.cpp",
    tells_context="meta.n_ctx",
    counts="content",
    applies_template=True,
    choices="refuses",
    too_long="request ({asked} tokens) exceeds the available context size ({context} tokens), try increasing it",
)
OLLAMA = Dialect(name="ollama", choices="ignores")
BARE = Dialect(
    name="bare",
    lists_models=False,
    choices="refuses",
    too_long="maximum context length is {context} tokens, and {asked} were given",
)
"""A server or proxy that has completions and nothing else."""

DIALECTS = (VLLM, SGLANG, LLAMA_CPP, OLLAMA, BARE)
"""Every kind of server."""


def _said(data: Any) -> Response:
    return Response(contents=[], data=data)


def _refused(status: int, message: str) -> Response:
    return Response(contents=[], status=status, data={"error": {"message": message, "code": status}})

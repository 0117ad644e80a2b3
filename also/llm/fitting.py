"""A prompt that fits into its model's context: made shorter step by step, what tells least first.

The evidence gives way before the history, and both before the question fails: rules, card and incumbent are what a
reply cannot do without.
"""

from collections.abc import Callable, Iterator, Sequence

from also.llm.question import CountTokens, Rendered, Room
from also.v1.llm_pb2 import LlmEndpoint, LlmMessage

Render = Callable[[CountTokens, Room], Rendered]
"""Makes a question's prompt."""

SPARE_TOKENS = 32
"""Tokens of a context that are left free, because counts of templates differ a little."""

REPLY_TOKENS = 1024
"""Tokens for the sake of which a prompt is made shorter: answers of both minds have 300 to 1,500, without thinking."""

REPAIR_TOKENS = 512
"""Tokens that a repair may add besides: what is wrong, and the beginning of what was said."""

_LEAST_EVIDENCE = 100
_SHORT_HISTORY = 4


def fitted(
    render: Render,
    count: CountTokens,
    measure: Callable[[Sequence[LlmMessage]], int],
    endpoint: LlmEndpoint,
    context_tokens: int,
) -> tuple[Rendered, int]:
    """The fullest prompt that leaves room for a reply and its repair, or the shortest there is.

    Args:
        render: makes the prompt.
        count: tokens of a text.
        measure: tokens of messages.
        endpoint: the LLM, every default filled in.
        context_tokens: tokens of prompt and reply together; 0 where nobody knows.

    Returns:
        The prompt, and its tokens.
    """
    room = Room(evidence_tokens=endpoint.evidence_tokens)
    rendered = render(count, room)
    tokens = measure(rendered.messages)
    most = context_tokens - SPARE_TOKENS - REPAIR_TOKENS - min(endpoint.max_tokens, REPLY_TOKENS)
    if context_tokens:
        for room in _smaller(endpoint.evidence_tokens, tokens - most):
            if tokens <= most:
                break
            rendered = render(count, room)
            tokens = measure(rendered.messages)
    return rendered, tokens


def _smaller(evidence_tokens: int, surplus: int) -> Iterator[Room]:
    """Ever less room; the first step takes no more than is needed, if that suffices."""
    if evidence_tokens - surplus > _LEAST_EVIDENCE:
        yield Room(evidence_tokens=evidence_tokens - surplus)
    yield Room(evidence_tokens=min(evidence_tokens, _LEAST_EVIDENCE))
    yield Room(evidence_tokens=min(evidence_tokens, _LEAST_EVIDENCE), history=_SHORT_HISTORY)
    yield Room(evidence_tokens=min(evidence_tokens, _LEAST_EVIDENCE), history=0)

"""What is said after a reply that cannot be used: what it was, and what is wrong with it.

The roles alternate (user, assistant, user), because chat templates of several models refuse anything else.
"""

from also.llm.question import ReplyError
from also.llm.quoting import quoted
from also.llm.reading import Body
from also.llm.tokens import estimate
from also.v1.llm_pb2 import LlmMessage

MOST_SHOWN = 12_000
"""Characters of an unusable reply that are shown to the LLM again."""

_LONGEST_WRONG = 1500
_NO_TEXT = "(no text)"


def repair(body: Body | ReplyError, wrong: str, most_tokens: int | None) -> list[LlmMessage]:
    """The two messages that follow the question.

    Args:
        body: the reply; an error where the response itself could not be read.
        wrong: what is wrong.
        most_tokens: tokens that both may have; None where there is room for all.
    """
    told = f"This reply cannot be used: {quoted(wrong, _LONGEST_WRONG)}. Answer the question again, by the schema."
    said = body.texts[0][:MOST_SHOWN].strip() if isinstance(body, Body) else ""
    if most_tokens is not None:
        left = max(0, most_tokens - estimate(told))
        while estimate(said) > left:
            said = said[: len(said) * left // (estimate(said) + 1)]
    return [LlmMessage(role="assistant", content=said or _NO_TEXT), LlmMessage(role="user", content=told)]

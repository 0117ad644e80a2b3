"""What a question has cost and may still cost: a call is made only when all that it can cost is allowed."""

from collections.abc import Sequence

from also import metrics
from also.llm.question import Question
from also.llm.reading import read_usage
from also.llm.tokens import estimate, estimate_messages
from also.v1.llm_pb2 import LlmAllowance, LlmEndpoint, LlmMessage, LlmReply, LlmUse

TEMPLATE_TOKENS = 2000
"""Tokens that a chat template may add to a prompt at most, such as a schema that some servers put there."""


class Accounts:
    """The accounts of one question."""

    def __init__(self, question: Question, use: LlmUse) -> None:
        """Nothing has been paid yet.

        Args:
            question: the question.
            use: what it has cost; added up here.
        """
        self._question = question
        self._labels = (question.campaign_id, question.mind)
        self.use = use
        self._open_calls = self._open_tokens = 0
        """What was answered and is not added up yet."""

    def lacks(self, prompt_tokens: int, reply_tokens: int) -> str:
        """Why another call is not allowed, one sentence; empty where it is."""
        allowance: LlmAllowance = self._question.allowance
        tokens = allowance.tokens - self.use.prompt_tokens - self.use.completion_tokens - self._open_tokens
        if allowance.calls - self.use.calls - self._open_calls < 1:
            return f"No call is left of the {allowance.calls} allowed here."
        if tokens < prompt_tokens + reply_tokens:
            return (
                f"{max(tokens, 0)} tokens are left; a prompt of {prompt_tokens} and a reply of up to {reply_tokens} "
                "need more."
            )
        return ""

    def failed(self) -> None:
        """A call gave no reply."""
        self.use.calls += 1
        metrics.LLM_CALLS.labels(*self._labels, "failed").inc()

    def answered(self, messages: Sequence[LlmMessage], body: str, seconds: float) -> None:
        """Tell Prometheus what a new reply has cost; it is added up when it is read."""
        metrics.LLM_CALLS.labels(*self._labels, "answered").inc()
        metrics.LLM_SECONDS.labels(*self._labels).observe(seconds)
        prompt_tokens, completion_tokens = self._cost(messages, body)
        self._open_calls += 1
        self._open_tokens += prompt_tokens + completion_tokens
        metrics.LLM_TOKENS.labels(*self._labels, "prompt").inc(prompt_tokens)
        metrics.LLM_TOKENS.labels(*self._labels, "completion").inc(completion_tokens)
        metrics.LLM_COST.labels(*self._labels).inc(_price(self._question.endpoint, prompt_tokens, completion_tokens))

    def add(self, messages: Sequence[LlmMessage], raw: LlmReply) -> None:
        """Add up what a stored reply has cost."""
        self._open_calls = self._open_tokens = 0
        for body in (raw.body, *raw.more):
            prompt_tokens, completion_tokens = self._cost(messages, body)
            self.use.calls += 1
            self.use.prompt_tokens += prompt_tokens
            self.use.completion_tokens += completion_tokens
            self.use.cost += _price(self._question.endpoint, prompt_tokens, completion_tokens)

    def refused(self) -> None:
        """A reply could not be used."""
        self.use.invalid += 1
        metrics.LLM_INVALID.labels(*self._labels).inc()

    def mended(self) -> None:
        """The repaired reply could be used."""
        self.use.repaired = True
        metrics.LLM_REPAIRED.labels(*self._labels).inc()

    def _cost(self, messages: Sequence[LlmMessage], body: str) -> tuple[int, int]:
        """Prompt and completion tokens of a reply; estimated where the server does not say, or cannot be right.

        No tokenizer makes more tokens than bytes, and no reply has more than were asked for: a count beyond that would
        spend a budget that nobody has used.
        """
        most_prompt = sum(len(message.content.encode()) for message in messages) + TEMPLATE_TOKENS
        most_completion = self._question.endpoint.max_tokens * self._question.choices
        usage = read_usage(body)
        if usage is not None and usage[0] <= most_prompt and usage[1] <= most_completion:
            return usage
        return estimate_messages(messages), min(estimate(body), most_completion)


def _price(endpoint: LlmEndpoint, prompt_tokens: int, completion_tokens: int) -> float:
    return float((prompt_tokens * endpoint.prompt_price + completion_tokens * endpoint.completion_price) / 1e6)

"""The estimate of tokens is cautious."""

from also.llm.tokens import MESSAGE_TOKENS, estimate, estimate_messages
from also.v1.llm_pb2 import LlmMessage


def test_every_digit_counts():
    """Numbers are split into digits by many tokenizers."""
    assert estimate("0.1375") == 6


def test_long_words_count_by_fours():
    """A word costs a token for each started four letters."""
    assert [estimate(word) for word in ("the", "food", "reward", "coordination")] == [1, 1, 2, 3]


def test_spaces_are_free_and_line_breaks_are_not():
    """A space belongs to the word that follows it."""
    assert estimate("a b") == 2
    assert estimate("a\nb") == 3


def test_other_alphabets_count_by_bytes():
    """A character that a tokenizer may split into bytes counts for all of them."""
    assert estimate("é") == 2
    assert estimate("😀") == 4


def test_messages_cost_their_template_too():
    """Each message adds what its template adds."""
    messages = [LlmMessage(role="system", content="the food"), LlmMessage(role="user", content="the food")]
    assert estimate_messages(messages) == 4 + 2 * MESSAGE_TOKENS

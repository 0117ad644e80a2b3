"""Every part of the contract says what it is."""

import re

import pytest

from also.limits import descriptor, field_limits
from also.v1 import campaign_pb2


def test_everything_has_a_comment(commented):
    """Each message, field, oneof, enum, value, service and method has a comment."""
    assert len(commented) > 500
    assert [name for name, comment in commented.items() if not comment] == []


def test_comments_are_sentences(commented):
    """A comment begins with a capital letter, a digit, or a name of the contract, and ends with a full stop."""
    wrong = [name for name, comment in commented.items() if not comment.endswith(".")]
    assert wrong == []


def settings_fields(kind):
    """Every field of a campaign file, at all depths."""
    for field in kind.fields:
        yield field
        if field.message_type is not None and not field.message_type.GetOptions().map_entry:
            yield from settings_fields(field.message_type)


def bounds(field):
    """Numbers of a field's range, as a comment may write them."""
    limits = field_limits(field)
    return [getattr(limits, name) for name in ("min", "above", "max", "below") if limits.HasField(name)]


@pytest.mark.parametrize(
    "field",
    {f.full_name: f for f in settings_fields(descriptor(campaign_pb2.Campaign)) if bounds(f)}.values(),
    ids=lambda field: field.full_name.removeprefix("also.v1."),
)
def test_a_comment_tells_the_range_that_is_checked(commented, field):
    """The range in a campaign field's comment is the one in its limits."""
    limits = field_limits(field)
    found = re.search(r"In ([\[(])([^,]+), ([^\])]+)([\])])", commented[field.full_name])
    assert found, "the comment has no range"
    opening, low, high, closing = found.groups()
    numbers = {"2^53": 2.0**53}
    low, high = (numbers.get(text) or float(text) for text in (low, high))
    if high == 2.0**53:  # whole numbers: [0, 2^53) is [0, 2^53 - 1]
        closing, high = "]", high - 1
    assert (limits.min if opening == "[" else limits.above) == low
    assert (limits.max if closing == "]" else limits.below) == high

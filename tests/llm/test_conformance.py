"""Whether data follow a schema, and what is said where they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also.llm.conformance import fault

ONE = {"type": "integer", "enum": [1, 2, 5]}
CALM = {"type": "object", "properties": {"kind": {"type": "string", "enum": ["calm"]}}}
LOUD = {"type": "object", "properties": {"kind": {"type": "string", "enum": ["loud"]}, "level": ONE}}
SCHEMA = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 5},
        "mood": {"anyOf": [{"type": "null"}, CALM, LOUD]},
        "levels": {"type": "array", "items": ONE, "minItems": 1, "maxItems": 2},
    },
}
RIGHT = {"reason": "so", "mood": {"kind": "loud", "level": 2}, "levels": [1, 5]}


def test_data_that_follow_a_schema_have_no_fault():
    """A whole number may be written with a point, and null is a choice like any other."""
    assert fault(SCHEMA, RIGHT) == ""
    assert fault(SCHEMA, {**RIGHT, "mood": None, "levels": [5.0]}) == ""


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("reason", "longer", "x.reason is a text of 6 characters; allowed: at most 5 characters"),
        ("reason", None, "x.reason is null; allowed: a text"),
        ("mood", {"kind": "calm", "level": 1}, "x.mood is a mapping with 'level', which is unknown; allowed: kind"),
        ("mood", {"kind": "loud", "level": 3}, "x.mood.level is 3; allowed: 1, 2, 5"),
        ("mood", {"kind": "loud"}, "x.mood.level is missing; allowed: 1, 2, 5"),
        ("mood", {"kind": "wild", "level": 1}, "x.mood.kind is 'wild'; allowed: calm, loud"),
        ("mood", [], "x.mood is a list; allowed: null, a mapping"),
        ("levels", [], "x.levels is a list of 0; allowed: 1 to 2 items"),
        ("levels", [1, True], "x.levels[1] is true; allowed: 1, 2, 5"),
        ("levels", [1, 1.5], "x.levels[1] is 1.5; allowed: 1, 2, 5"),
        ("levels", [10**400], "x.levels[0] is a huge number; allowed: 1, 2, 5"),
        ("levels", [float("nan")], "x.levels[0] is nan; allowed: 1, 2, 5"),
        ("levels", ["1\n\u202e"], "x.levels[0] is '1\\n\\u202e'; allowed: 1, 2, 5"),
    ],
)
def test_a_fault_says_where_what_and_what_is_allowed(field, value, sentence):
    """Of several alternatives the one that fits farthest is blamed, and what any of them allows there is named."""
    assert fault(SCHEMA, {**RIGHT, field: value}, "x") == sentence


def test_a_missing_or_surplus_field_is_a_fault():
    """Every property of an object is required, and no other is allowed."""
    assert fault(SCHEMA, {"reason": "so"}) == "mood is missing; allowed: null, a mapping"
    assert fault(SCHEMA, {**RIGHT, "y": 1}).startswith(
        "the reply is a mapping with 'y', which is unknown; allowed: reason,"
    )


def test_what_is_allowed_is_cut_short():
    """A card may have many names."""
    names = [f"feature_{index}" for index in range(100)]
    sentence = fault({"type": "string", "enum": names}, "x")
    assert sentence.endswith(", ...") and len(sentence) < 500


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner)))
def test_any_data_are_judged_without_an_exception(data):
    """And said in plain characters."""
    sentence = fault(SCHEMA, data)
    assert sentence and sentence.isascii() and sentence.isprintable()

"""Every setting of a campaign has a default and a range, beside the field."""

from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor

from also import enums
from also.limits import descriptor, field_limits, is_map
from also.v1 import campaign_pb2

NUMBERS = (
    FieldDescriptor.TYPE_DOUBLE,
    FieldDescriptor.TYPE_INT32,
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT32,
)


def optional_fields(kind, found=None):
    """Every `optional` field that a campaign can hold, by full name."""
    found = {} if found is None else found
    for field in kind.fields:
        if field.message_type is None and field.has_presence and field.containing_oneof.name.startswith("_"):
            found[field.full_name] = field
        elif field.message_type is not None and not is_map(field):
            optional_fields(field.message_type, found)
    return found


FIELDS = optional_fields(descriptor(campaign_pb2.Campaign))

WITHOUT_DEFAULT = {"also.v1.GuardQuery.at_least", "also.v1.GuardQuery.at_most"}
"""Ends of a condition: where one is left out, there is none."""


def is_of_preset(field):
    """Whether a preset fills it (`also/presets.py`)."""
    return field.containing_type.name == "ValidationSettings"


def test_the_settings_of_a_campaign_are_optional():
    """What a person may leave out can be told from a zero."""
    settings = [field.message_type for field in descriptor(campaign_pb2.Campaign).fields if field.message_type]
    for kind in settings:
        if kind.name.endswith("Settings"):
            assert all(field.has_presence or field.is_repeated for field in kind.fields), kind.name
    assert len(FIELDS) > 40


@pytest.mark.parametrize("name", sorted(FIELDS.keys() - WITHOUT_DEFAULT))
def test_every_setting_has_a_default(name):
    """A default is written beside the field, or comes from the validation's preset."""
    field, limits = FIELDS[name], field_limits(FIELDS[name])
    if is_of_preset(field) and not limits.HasField("default") and not limits.HasField("default_text"):
        return
    if field.enum_type is not None:
        assert enums.number(field.enum_type, limits.default_text) > 0
    else:
        assert limits.HasField("default")


def test_what_has_no_default_says_so():
    """Its comment tells what it means that a person leaves it out, and no number stands in for that."""
    for name in WITHOUT_DEFAULT:
        assert not field_limits(FIELDS[name]).HasField("default")
    comments = Path(__file__).parents[2].joinpath("proto/also/v1/reading.proto").read_text(encoding="utf-8")
    assert comments.count("; absent is no limit. In [") == len(WITHOUT_DEFAULT)


@pytest.mark.parametrize("name", sorted(name for name, field in FIELDS.items() if field.type in NUMBERS))
def test_every_number_has_a_range_that_holds_its_default(name):
    """A number has a lower and an upper bound, and its default keeps both."""
    limits = field_limits(FIELDS[name])
    assert limits.HasField("min") != limits.HasField("above")
    assert limits.HasField("max") != limits.HasField("below")
    if limits.HasField("default"):
        assert not limits.HasField("min") or limits.default >= limits.min
        assert not limits.HasField("above") or limits.default > limits.above
        assert not limits.HasField("max") or limits.default <= limits.max
        assert not limits.HasField("below") or limits.default < limits.below

"""Short names of protobuf enum values."""

import pytest

from also import enums, errors
from also.v1 import campaign_pb2, shaping_pb2


def test_a_short_name_has_no_prefix():
    """The prefix that all values share is left out, and the rest is in lower case."""
    form = shaping_pb2.ShapingForm.DESCRIPTOR
    assert enums.prefix(form) == "SHAPING_FORM_"
    assert enums.short_name(form, shaping_pb2.SHAPING_FORM_POTENTIAL) == "potential"
    assert enums.short_names(form) == ["potential", "event", "synchrony", "novelty", "penalty", "credit"]


@pytest.mark.parametrize("name", ["potential", "SHAPING_FORM_POTENTIAL", "Potential"])
def test_short_and_full_names_are_read(name):
    """A value is found by its short name, in any case, and by its full name."""
    assert enums.number(shaping_pb2.ShapingForm.DESCRIPTOR, name) == shaping_pb2.SHAPING_FORM_POTENTIAL


@pytest.mark.parametrize("name", ["", "unspecified", "ADOPT_UNSPECIFIED", "both"])
def test_an_unknown_name_is_refused_with_the_allowed_ones(name):
    """Neither an unknown value nor the zero value can be named."""
    with pytest.raises(errors.DocumentError) as caught:
        enums.number(campaign_pb2.Adopt.DESCRIPTOR, name, "validation.adopt")
    assert str(caught.value) == f"validation.adopt {name!r} is not allowed; allowed: branch, config"

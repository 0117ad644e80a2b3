"""Numbers take few characters, and names are nothing but names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also.briefing.table import NOTHING, interval, is_name, name, number, table


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0, "0"), (-0.0, "0"), (1.0, "1"), (0.5, "0.5"), (1 / 3, "0.333"), (-1 / 3, "-0.333"),
     (0.00012345, "0.000123"), (0.0000123, "1.23e-05"), (1234.5, "1230"), (999.9, "1000"),
     (123456789.0, "123000000"), (1.5e12, "1.5e+12"),
     (1_824_001, "1824001"), (1e-300, "1e-300")],
)  # fmt: skip
def test_numbers_have_three_significant_digits(value, text):
    """Whole numbers are exact."""
    assert number(value) == text


@given(value=st.floats(-1e300, 1e300))
def test_every_number_reads_back_within_half_a_percent(value):
    """What is shown is what there is."""
    assert float(number(value)) == pytest.approx(value, rel=0.005, abs=1e-320)
    assert len(number(value)) <= 12


def test_names_are_shown_as_they_are_and_all_else_quoted():
    """Whatever is no name cannot look like a part of a table."""
    assert (name("met_at_food"), name("")) == ("met_at_food", NOTHING)
    assert name("x\n| y") == '"x \\u007c y"'
    assert not is_name("Name") and not is_name("a" * 49) and not is_name("a\n")


def test_a_table_is_one_line_a_row():
    """Header first."""
    assert table(["a", "b"], [["1", "2"], ["3", "4"]]) == "a | b\n1 | 2\n3 | 4"
    assert interval(0.1774, 0.135, 0.2191) == "0.177 [0.135, 0.219]"

"""Pictures of dashboards: numbers read as in Grafana, and bad input is one line. `make e2e` draws a real campaign."""

import math
import subprocess
import sys

import pytest

from tools.dashboards import units


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "said"),
    [
        (0, "short", None, "0"),
        (0.8517, "short", None, "0.852"),
        (0.5, "short", None, "0.5"),
        (1_234_567, "short", None, "1.23 M"),
        (0.4, "percentunit", 0, "40 %"),
        (0.25, "s", None, "250 ms"),
        (310, "s", None, "5.17 min"),
        (3 * 2**29, "bytes", None, "1.5 GiB"),
        (1, "bool_yes_no", None, "Yes"),
        (0.0312, "short", 4, "0.0312"),
        (math.nan, "short", None, "NaN"),
    ],
)
def test_numbers_are_written_as_grafana_does(value, unit, decimals, said):
    """By the unit of the panel, with three digits that count or as many decimals as it asks for."""
    assert units.text(value, unit, decimals) == said


def test_labels_fill_a_legend():
    """A label that is not there leaves no blanks."""
    assert (
        units.legend("{{stage}}.{{round}} {{pool}} {{arm}}", {"stage": "1", "round": "0", "arm": "r0-c1"})
        == "1.0 r0-c1"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--campaign", "a/b"], "error: campaign"),
        (["--campaign", "one"], "error: Prometheus at http://127.0.0.1:1 gives no answer"),
        (["--campaign", "one", "--from", "5", "--to", "5"], "error: --to is 5.0"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(arguments, said, tmp_path):
    """An id that is none, a Prometheus that is not there, a span without length: exit code 2, and no picture."""
    command = [sys.executable, "-m", "tools.dashboards.draw", "--prometheus", "http://127.0.0.1:1", *arguments]
    done = subprocess.run([*command, "-o", tmp_path / "drawn"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "drawn").exists()

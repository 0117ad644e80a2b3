"""What an LLM wrote is shown as text, whatever it looks like."""

import copy
import io

import pytest
from rich.console import Console

from also.campaign.fold import event_of, fold
from also.cli import lines, screen

MARKUP = "[bold red]win[/] ![x](http://a/b.png) <img src=x> `$(id)` | **now**"


def with_markup(records):
    """The records with summaries and details of holds full of markup."""
    changed = copy.deepcopy(records)
    for record in changed:
        if record.WhichOneof("event") == "diagnosed":
            record.diagnosed.diagnosis.findings[0].summary = MARKUP
        elif record.WhichOneof("event") == "held":
            record.held.detail = MARKUP
    return changed


@pytest.mark.slow
def test_a_report_shows_markup_as_text(also, write_journal, records, tmp_path):
    """No image, no HTML and no formatting comes of it."""
    write_journal("recorded", with_markup(records))
    assert also("report", "recorded", "-o", "report.md")[0] == 0
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "win" in text
    assert "![x]" not in text
    assert "<img" not in text.replace("\\<img", "")
    assert "**now**" not in text


def test_lines_and_screen_show_markup_as_text(records):
    """Rich's markup stays what it is."""
    changed = with_markup(records)
    diagnosed = next(record for record in changed if record.WhichOneof("event") == "diagnosed")
    assert MARKUP in lines.event_line(diagnosed)
    console = Console(file=io.StringIO(), force_terminal=True, width=200, markup=False)
    shown = screen.Screen(console)
    shown.found(changed)
    with console.capture():
        console.print(shown._render())
    assert fold(changed).finished is not None
    assert event_of(diagnosed)

"""Tables, and what is folded until somebody asks."""

from collections.abc import Sequence

from also.cli.page.markup import Child, Html, element


def table(columns: Sequence[str], rows: Sequence[Sequence[Child]], *, words: Sequence[int] = ()) -> Html:
    """A table that scrolls sideways where the screen is narrower.

    Args:
        columns: names of the columns.
        rows: cells, as many in each row as there are columns.
        words: places of columns that hold words, from 0; the first column and numbers keep to one line.
    """
    heads = element(
        "tr", *(element("th", name, scope="col", class_=_class(at, words)) for at, name in enumerate(columns))
    )
    body = (
        element("tr", *(element("td", cell, class_=_class(at, words)) for at, cell in enumerate(row))) for row in rows
    )
    whole = element("table", element("thead", heads), element("tbody", *body))
    return element("div", whole, class_="scroll", tabindex="0", role="group", aria_label=", ".join(columns))


def folded(summary: str, *children: Child) -> Html:
    """What is shown when its summary is chosen."""
    return element("details", element("summary", summary), *children, class_="folded")


def _class(at: int, words: Sequence[int]) -> str | None:
    return "words" if at in words else None

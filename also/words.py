"""Words for people: numbers with their nouns ("1 stage", "2 stages"), what others wrote as one line, Markdown."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number of things, in words: "1 stage", "1,024 stages".

    Args:
        number: how many.
        noun: what one of them is called.
        plural: what several are called; empty adds an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def one_line(text: str, limit: int | None = None) -> str:
    """A text that others wrote as one line that can be seen: without control, format and surrogate characters.

    Args:
        text: any text.
        limit: characters of the line at most, its beginning; None takes all.
    """
    taken = text if limit is None else text[: 2 * limit]
    visible = "".join(each for each in " ".join(taken.split()) if not unicodedata.category(each).startswith("C"))
    return " ".join(visible.split())[:limit].rstrip()


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, rule: str = "---") -> Iterator[str]:
    """A table as lines of Markdown.

    Args:
        columns: its head.
        rows: cells of each row, as many as there are columns.
        rule: what stands below each column's head.
    """
    yield "| " + " | ".join(columns) + " |"
    yield "|" + f"{rule}|" * len(columns)
    for cells in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

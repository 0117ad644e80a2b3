"""Words for people: numbers with their nouns ("1 stage", "2 stages"), and what others wrote as one line."""

import unicodedata


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

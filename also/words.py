"""Words for people: numbers with their nouns ("1 stage", "2 stages"), and what others wrote as one line."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number of things, in words: "1 stage", "1,024 stages".

    Args:
        number: how many.
        noun: what one of them is called.
        plural: what several are called; empty adds an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def one_line(text: str, limit: int) -> str:
    """The beginning of a text that others wrote, as one printable line: no control, format or surrogate characters.

    Args:
        text: any text.
        limit: characters of the line at most.
    """
    printable = "".join(each if each.isprintable() else " " for each in text[: 2 * limit])
    return " ".join(printable.split())[:limit].rstrip()

"""Numbers with their nouns: "1 stage", "2 stages"."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number of things, in words: "1 stage", "1,024 stages".

    Args:
        number: how many.
        noun: what one of them is called.
        plural: what several are called; empty adds an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"

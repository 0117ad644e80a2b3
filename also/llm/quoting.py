r"""Text from elsewhere, made harmless before it becomes part of a prompt.

What a user's task or an LLM wrote is shown as a quoted string in which only letters, digits and plain
punctuation stand for themselves. Everything else, such as the brackets and bars of chat templates, line
breaks, quotes or invisible characters, is a \uNNNN escape, so that no text can look like a part of the
prompt around it. Its words remain: a prompt says that quoted text is data, and what a model makes of it
is checked by the schema, the shaping rules and the measurement all the same.
"""

import re

_UNSAFE = re.compile(r"[^A-Za-z0-9 .,;:()'+=%/_-]")


def quoted(text: str, limit: int) -> str:
    """A text as one quoted string of a prompt.

    Args:
        text: any text.
        limit: characters of it that are kept at most; " ..." tells that some were left out.
    """
    kept = " ".join(text.split()) if len(text) <= limit else " ".join(text[:limit].split()) + " ..."
    return f'"{_UNSAFE.sub(_escape, kept)}"'


def _escape(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"

"""Files that a person names: written, or refused with the reason."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from also.errors import InputError


@contextmanager
def writing(path: Path, what: str = "") -> Iterator[None]:
    """Inside, a file or folder is written; the folder that it lies in is made.

    Args:
        path: the file or folder.
        what: what an error calls it, with a space behind; empty for its path alone.

    Raises:
        InputError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise InputError(f"{what}{path} cannot be written: {error.strerror}") from None

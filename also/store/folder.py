"""A local folder as an object store."""

import contextlib
import os
import re
import time
from pathlib import Path

from obstore.store import LocalStore

from also import keys
from also.errors import MissingStoreError, StoreError
from also.store.answers import FAILURES, in_words

_STAGING = re.compile(r".*#\d+")
"""Names that a killed create leaves in a local folder, hidden from `find`."""


def open_folder(folder: Path, *, create: bool) -> LocalStore:
    """A folder as obstore's store.

    Args:
        folder: the folder, absolute.
        create: whether it is made where there is none.

    Raises:
        MissingStoreError: there is none.
        StoreError: it is no folder, or cannot be written.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise StoreError(f"store {folder} is a file; a folder is expected")
        if not folder.exists() and not create:
            raise MissingStoreError(f"store {folder} does not exist")
        folder.mkdir(parents=True, exist_ok=True)
        if create and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
        return LocalStore(str(folder))
    except FAILURES as error:
        raise StoreError(f"store {folder} cannot be written: {in_words(error)}") from error


def sweep_staging(folder: Path, *, older_than_seconds: float = 3600.0) -> int:
    """Remove what killed creates left behind in a local store, and count it.

    Only files that nobody has touched for `older_than_seconds` go: a younger one may be a create
    that is under way in another process. Folders that go meanwhile are passed over.
    """
    swept = 0
    for place, _, names in os.walk(folder):
        for path in (Path(place) / name for name in names if _STAGING.fullmatch(name)):
            try:
                if time.time() - path.stat().st_mtime > older_than_seconds:
                    path.unlink()
                    swept += 1
            except FileNotFoundError:
                continue
    return swept


def sweep_empty(folder: Path) -> None:
    """Remove a folder and those in it, unless they hold something: a local store lists empty ones as names."""
    for place, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(place).rmdir()


def sweep_probes(folder: Path) -> None:
    """Remove the folder of probes, unless one is under way."""
    with contextlib.suppress(OSError):
        (folder / keys.PROBES).rmdir()

"""A folder that is there with all of its files, or not at all."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from also.errors import InputError


def check_free(folder: Path) -> None:
    """Accept a path for a new folder; an empty folder may be there.

    Raises:
        InputError: something is there.
    """
    try:
        if folder.is_dir():
            inside = next((each.name for each in folder.iterdir()), None)
            if inside is not None:
                raise InputError(f"folder {folder} is not empty: it holds {inside}; name a new or an empty folder")
        elif folder.exists() or folder.is_symlink():
            raise InputError(f"{folder} is a file; name a new or an empty folder")
    except OSError as error:
        raise InputError(f"folder {folder} cannot be written: {error.strerror}") from None


def write_whole(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder beside, which then gets its name.

    Args:
        folder: as `check_free` accepts it.
        files: contents by name.

    Raises:
        InputError: the folder cannot be written.
    """
    check_free(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as room:
            made = Path(room) / folder.name
            made.mkdir()
            for name, content in files.items():
                (made / name).write_bytes(content)
            made.replace(folder)
    except OSError as error:
        raise InputError(f"folder {folder} cannot be written: {error.strerror}") from None

"""Cards of import-path tasks that were tried before, in the user's cache folder: a trial is made once.

A card is found again for the same task, interpreter, folder and search path, as long as every file that its trial
rested on is as it was (`parallel.sources`). The folder may be deleted at any time, and may be used by any number of
processes: an entry appears whole or not at all, and one that cannot be read is as good as none.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

from also import document, settings
from also.errors import InputError
from also.services.trainer.tasks.cards.rules import check_card
from also.services.trainer.tasks.parallel.sources import Stamp, stamp_of
from also.v1.task_pb2 import Task, TaskCard


def find(task: Task, beside: str = "") -> TaskCard | None:
    """The card of an earlier trial that still holds; None where there is none.

    Args:
        task: the task.
        beside: folder of the campaign file; empty where none is known.
    """
    try:
        entry = json.loads(_path(task, beside).read_bytes())
        if any(stamp_of(path) != tuple(stamp) for path, stamp in entry["files"].items()):
            return None
        card = document.read(TaskCard, entry["card"])
        check_card(card)
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, InputError):
        return None
    return card


def keep(task: Task, card: TaskCard, files: Mapping[str, Stamp], beside: str = "") -> None:
    """Keep a card for later, if the folder can be written.

    Args:
        task: the task.
        card: what its trial wrote.
        files: what the trial rested on; none where that is not known, and nothing is kept.
        beside: folder of the campaign file; empty where none is known.
    """
    if not files:
        return
    entry = json.dumps({"card": document.plain(card), "files": files}).encode()
    with suppress(OSError, RuntimeError):
        path = _path(task, beside)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(entry)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def _path(task: Task, beside: str) -> Path:
    """Where the card of a task is kept; how many processes step it, and how long, is no part of the name."""
    alone = deepcopy(task)
    for field in ("workers", "step_timeout", "environments_per_process"):
        alone.ClearField(field)
    named = [document.canonical(alone).decode(), sys.executable, str(Path.cwd()), beside, *sys.path]
    return settings.cache_folder() / "cards" / f"{hashlib.sha256(json.dumps(named).encode()).hexdigest()}.json"

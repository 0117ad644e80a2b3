"""The recorded situations: what was planted, the journals of the campaigns, and their checkpoints.

recorded/situations.yaml         campaign files, the moments that are asked about, and what was planted
recorded/journals.tar.xz         ID.jsonl: a campaign's journal as far as it is needed, a record a line, without times
recorded/checkpoints.tar.xz      the checkpoints of those moments, by their keys in an object store
"""

import functools
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from also import document, keys, limits
from also.campaign import spec
from also.errors import InputError
from also.v1.journal_pb2 import JournalRecord
from also.v1.situation_pb2 import RecordedCampaign, RecordedCampaigns, Situation

SITUATIONS = "situations.yaml"
"""File with the campaigns and their situations."""

JOURNALS = "journals.tar.xz"
"""File with the journals."""

CHECKPOINTS = "checkpoints.tar.xz"
"""File with the checkpoints."""

MADE = "made-by-judge-llm"
"""File in a store that was made here: no other store is ever written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One situation, and the journal that it is a moment of."""

    situation: Situation
    """The moment, and what was planted."""
    campaign_id: str
    """Campaign."""
    records: tuple[JournalRecord, ...]
    """Its journal, at least as far as the moment."""


def folder() -> Traversable:
    """Where everything recorded is."""
    return resources.files("also.judging") / "recorded"


def campaigns() -> list[RecordedCampaign]:
    """The campaigns that are recorded, each with every default filled in.

    Raises:
        DocumentError: the file of situations breaks a limit.
    """
    text = (folder() / SITUATIONS).read_text(encoding="utf-8")
    found = document.read(RecordedCampaigns, spec.parse_yaml(text, SITUATIONS))
    limits.check(found)
    for each in found.campaigns:
        each.campaign.CopyFrom(spec.resolved(each.campaign))
    return list(found.campaigns)


def situations(ids: Sequence[str] = ()) -> list[Recorded]:
    """The recorded situations, in the order of the file.

    Args:
        ids: those that are meant; all where none is named.

    Raises:
        InputError: there is no such situation.
    """
    every = campaigns()
    known = [item.id for each in every for item in each.situations]
    for unknown in (name for name in ids if name not in known):
        raise InputError(f"situation {unknown!r} is not recorded; recorded are: {', '.join(known)}")
    found = []
    for each in every:
        meant = [item for item in each.situations if not ids or item.id in ids]
        if meant:
            records = journal(each.id)
            found += [Recorded(situation=item, campaign_id=each.id, records=records) for item in meant]
    return found


def journal(campaign_id: str) -> tuple[JournalRecord, ...]:
    """The recorded journal of a campaign."""
    lines = journals()[f"{campaign_id}.jsonl"].decode("utf-8").splitlines()
    return tuple(document.read(JournalRecord, json.loads(line)) for line in lines)


@functools.cache
def journals() -> dict[str, bytes]:
    """All recorded journals by their file names."""
    return contents(folder() / JOURNALS)


def contents(archive: Traversable) -> dict[str, bytes]:
    """Files of an archive by their names."""
    with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r:xz") as opened:
        return {member.name: _content(opened, member) for member in opened}


def _content(opened: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = opened.extractfile(member)
    assert file is not None, "archives hold files only"
    return file.read()


def require_own(store: Path) -> None:
    """Refuse a folder that holds anything but a store that `unpack` made; nothing is written.

    Raises:
        InputError: it holds something else, or is no folder.
    """
    if not store.exists():
        return
    names = {path.name for path in store.iterdir()} if store.is_dir() else {""}
    if names and (names != {keys.STORE_MARKER, MADE, "campaigns"}):
        raise InputError(f"folder {store} is not empty; a new or an empty one, or one of an earlier judging is needed")


def unpack(store: Path) -> None:
    """Make an object store with all recorded checkpoints, or complete one that was made before.

    What minds have answered there stays, so that it is not asked again.

    Args:
        store: folder for the store; it is made where it does not exist.

    Raises:
        InputError: it holds something else, or cannot be written.
    """
    require_own(store)
    try:
        store.mkdir(parents=True, exist_ok=True)
        (store / MADE).touch()
        for name, content in contents(folder() / CHECKPOINTS).items():
            if not (store / name).exists():
                (store / name).parent.mkdir(parents=True, exist_ok=True)
                (store / name).write_bytes(content)
    except OSError as error:
        raise InputError(f"folder {store} cannot be written: {error.strerror}") from None

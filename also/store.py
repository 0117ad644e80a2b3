"""The object store: a small port over obstore, for a local folder, S3, GCS, Azure or memory.

Every object is immutable and created if absent, so a store never has to update in place, and the
same rules hold on a local folder and on S3. `create` tells whether this caller made the object:
that answer is the fence between two writers.
"""

import json
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote
from uuid import uuid4

import obstore
from google.protobuf.message import Message
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore, from_url

from also import keys
from also.document import canonical, parse_json
from also.errors import MissingObjectError, MissingStoreError, StoreError

M = TypeVar("M", bound=Message)

SCHEMA_VERSION = 1
"""Version of the store's layout."""

_SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
"""Schemes of the object stores that can create an object unless one is there."""

_ALLOWED = "a folder's path, file:///path, s3://bucket/prefix, gs://... or az://..."
"""What a store's URI may be, for errors."""

_RETRY: Any = {
    "max_retries": 100,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=3), "base": 2},
}
"""How long a store that does not answer is asked again: as long as its own pod takes to be replaced."""

_FAILURES = (BaseError, OSError, ValueError, TypeError)
"""What obstore raises; the last two stand for a key that it refuses, such as one with ".." in it."""

_STAGING = re.compile(r".*#\d+")
"""Names that a killed create leaves in a local folder, hidden from `find`."""


class Store:
    """One object store, opened by `open_store`."""

    def __init__(self, uri: str, backend: Any) -> None:
        self.uri = uri
        self._backend = backend

    def create(self, key: str, content: bytes) -> bool:
        """Store an object unless one is there.

        Args:
            key: its key, see `also.keys`.
            content: its bytes, at most 5 GiB (one request).

        Returns:
            Whether this call created it.

        Raises:
            StoreError: the store cannot be written.
        """
        try:
            obstore.put(self._backend, key, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        except _FAILURES as error:
            raise StoreError(f"store {self.uri} cannot be written at {key!r}: {_first_line(error)}") from error
        return True

    def get(self, key: str) -> bytes:
        """An object's bytes.

        Raises:
            MissingObjectError: there is no such object.
            StoreError: the store cannot be read.
        """
        try:
            return bytes(obstore.get(self._backend, key).bytes())
        except FileNotFoundError:
            raise MissingObjectError(f"store {self.uri} has no object {key!r}") from None
        except _FAILURES as error:
            raise StoreError(f"store {self.uri} cannot be read at {key!r}: {_first_line(error)}") from error

    def exists(self, key: str) -> bool:
        """Whether an object is there.

        Raises:
            StoreError: the store cannot be read.
        """
        try:
            obstore.head(self._backend, key)
        except FileNotFoundError:
            return False
        except _FAILURES as error:
            raise StoreError(f"store {self.uri} cannot be read at {key!r}: {_first_line(error)}") from error
        return True

    def written_at(self, key: str) -> datetime:
        """When an object was written, by the store's own clock, in UTC.

        Raises:
            MissingObjectError: there is no such object.
            StoreError: the store cannot be read.
        """
        try:
            written: datetime = obstore.head(self._backend, key)["last_modified"]
        except FileNotFoundError:
            raise MissingObjectError(f"store {self.uri} has no object {key!r}") from None
        except _FAILURES as error:
            raise StoreError(f"store {self.uri} cannot be read at {key!r}: {_first_line(error)}") from error
        return written

    def find(self, prefix: str) -> list[str]:
        """Keys under a prefix that ends with "/" (or is empty), sorted.

        Raises:
            StoreError: the store cannot be read.
        """
        try:
            batches = list(obstore.list(self._backend, prefix or None))
        except FileNotFoundError:
            return []
        except _FAILURES as error:
            raise StoreError(f"store {self.uri} cannot be listed: {_first_line(error)}") from error
        return sorted(item["path"] for batch in batches for item in batch)

    def names(self, prefix: str) -> list[str]:
        """Names one level below a prefix that ends with "/", sorted, without listing what is deeper.

        Raises:
            StoreError: the store cannot be read.
        """
        try:
            result = obstore.list_with_delimiter(self._backend, prefix)
        except FileNotFoundError:
            return []
        except _FAILURES as error:
            raise StoreError(f"store {self.uri} cannot be listed: {_first_line(error)}") from error
        paths = [*result["common_prefixes"], *(item["path"] for item in result["objects"])]
        return sorted(path.rstrip("/").rsplit("/", 1)[-1] for path in paths)

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none.

        Raises:
            StoreError: the store cannot be written.
        """
        try:
            obstore.delete(self._backend, key)
        except FileNotFoundError:
            return
        except _FAILURES as error:
            raise StoreError(f"store {self.uri} cannot be written at {key!r}: {_first_line(error)}") from error

    def create_message(self, key: str, message: Message) -> bool:
        """`create` with a message's canonical bytes."""
        return self.create(key, canonical(message))

    def get_message(self, key: str, kind: type[M]) -> M:
        """`get`, parsed.

        Raises:
            MissingObjectError: there is no such object.
            DocumentError: the object is not such a message.
        """
        return parse_json(kind, self.get(key), key)


def open_store(uri: str, *, create: bool = True) -> Store:
    """Open a store and make sure that it is one of ours.

    Args:
        uri: a folder's path, `file:///path`, `s3://bucket/prefix`, `gs://…`, `az://…` or `memory:///`.
        create: whether an empty place becomes a store; else it must be one already.

    Raises:
        StoreError: the URI is malformed, the place cannot be used, or holds something else.
    """
    folder = local_folder(uri)
    scheme = uri.partition("://")[0]
    if folder is not None:
        store = Store(str(folder), _open_folder(folder, create=create))
    elif scheme == "memory":
        store = Store(uri, MemoryStore())
    elif scheme not in _SCHEMES:
        raise StoreError(f"store {uri!r} is not allowed; {_ALLOWED} is expected")
    else:
        try:
            store = Store(uri, from_url(uri, retry_config=_RETRY))
        except _FAILURES as error:
            raise StoreError(f"store {uri!r} cannot be opened: {_first_line(error)}") from error
    _mark(store, create=create)
    if folder is not None and create:
        sweep_staging(folder)
    return store


def local_folder(uri: str) -> Path | None:
    """The folder that a URI names; None for every other kind of store.

    Raises:
        StoreError: the URI is empty or malformed.
    """
    if not uri:
        raise StoreError(f"the store's URI is empty; {_ALLOWED} is expected")
    if "://" not in uri:
        return Path(uri).absolute()
    scheme, _, rest = uri.partition("://")
    if scheme != "file":
        return None
    if not rest.startswith("/"):
        raise StoreError(f"store {uri!r} names no absolute folder; file:///path is expected")
    return Path(unquote(rest))


def sweep_staging(folder: Path, *, older_than_seconds: float = 3600.0) -> int:
    """Remove what killed creates left behind in a local store, and count it.

    Only files that nobody has touched for `older_than_seconds` go: a younger one may be a create
    that is under way in another process.
    """
    swept = 0
    for path in folder.rglob("*#*"):
        try:
            if _STAGING.fullmatch(path.name) and time.time() - path.stat().st_mtime > older_than_seconds:
                path.unlink()
                swept += 1
        except FileNotFoundError:
            continue
    return swept


def probe_race(store: Store, *, rounds: int = 20, writers: int = 16) -> None:
    """Race writers for the same key and require exactly one winner each time.

    A store that silently ignores create-if-absent would lose decisions: it is refused.

    Raises:
        StoreError: some round had no winner, or more than one.
    """
    with ThreadPoolExecutor(writers) as pool:
        for number in range(rounds):
            key = f"probe/{uuid4().hex}"
            wins = sum(pool.map(lambda index, key=key: store.create(key, str(index).encode()), range(writers)))
            store.delete(key)
            if wins != 1:
                raise StoreError(
                    f"store {store.uri} let {wins} of {writers} writers create the same object in round {number}; "
                    "exactly 1 is allowed: it cannot hold campaigns"
                )


def _open_folder(folder: Path, *, create: bool) -> LocalStore:
    try:
        if folder.exists() and not folder.is_dir():
            raise StoreError(f"store {folder} is a file; a folder is expected")
        if not folder.exists() and not create:
            raise MissingStoreError(f"store {folder} does not exist")
        folder.mkdir(parents=True, exist_ok=True)
        if create and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
        return LocalStore(str(folder))
    except _FAILURES as error:
        raise StoreError(f"store {folder} cannot be written: {_first_line(error)}") from error


def _mark(store: Store, *, create: bool) -> None:
    if not store.exists(keys.STORE_MARKER):
        if store.names("") and not store.exists(keys.STORE_MARKER):  # another process may have marked it just now
            raise StoreError(
                f"store {store.uri} holds something that ALSO did not write; an empty place or an ALSO store is needed"
            )
        if not create:
            raise MissingStoreError(f"store {store.uri} is empty; no campaign has been run there")
        store.create(keys.STORE_MARKER, json.dumps({"also_store": SCHEMA_VERSION}).encode())
    try:
        version = json.loads(store.get(keys.STORE_MARKER))["also_store"]
    except (ValueError, KeyError, TypeError):
        raise StoreError(f"store {store.uri} has a damaged {keys.STORE_MARKER}; an ALSO store is expected") from None
    if version != SCHEMA_VERSION:
        raise StoreError(f"store {store.uri} has layout version {version}; this ALSO reads version {SCHEMA_VERSION}")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0][:300]

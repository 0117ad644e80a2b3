"""Opening a store: its address becomes obstore's store, and what is there is one of ours or becomes one."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from obstore.store import MemoryStore, from_url

from also import keys, settings
from also.errors import MissingObjectError, MissingStoreError, StoreError
from also.store import address, proof
from also.store.answers import FAILURES, in_words
from also.store.folder import open_folder, sweep_probes, sweep_staging
from also.store.objects import PATIENCE_SECONDS, Store

SCHEMA_VERSION = 1
"""Version of the store's layout."""

_MEMORY = ("memory://", "memory:///")

_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")


def open_store(uri: str, *, create: bool = True, patience_seconds: float = PATIENCE_SECONDS) -> Store:
    """Open a store and make sure that it is one of ours.

    Args:
        uri: a folder's path, `file:///path`, `s3://bucket/prefix`, `gs://…`, `az://…` or `memory:///`.
        create: whether an empty place becomes a store; else it must be one already. One that is to be written to is
            proven first: it must refuse to create what is there.
        patience_seconds: how long a server that does not answer is asked again.

    Raises:
        StoreError: the address is malformed, or the place cannot be used, holds something else, or loses decisions.
    """
    folder = address.local_folder(uri)
    if folder is not None:
        store = Store(str(folder), open_folder(folder, create=create))
    elif uri in _MEMORY:
        store = Store(uri, MemoryStore())
    else:
        store = _open_bucket(uri, patience_seconds)
    _mark(store, folder, create=create)
    if folder is not None and create:
        sweep_staging(folder)
        sweep_probes(folder)
    return store


def _open_bucket(uri: str, patience_seconds: float) -> Store:
    place = address.bucket(uri)
    for name, given in settings.store_endpoints().items():
        if not _ENDPOINT.fullmatch(given):
            raise StoreError(
                f"{name} is {given!r}; http://host:port or https://host:port is expected, "
                "without a name, a password or a query"
            )
    try:
        backend: Any = from_url(place.url, retry_config=_retry(patience_seconds))
    except FAILURES as error:
        raise StoreError(f"store {uri!r} cannot be opened: {in_words(error, uri)}") from error
    if (backend.prefix or "") != place.prefix:
        raise StoreError(f"store {uri!r} cannot be opened: its prefix would be read as {backend.prefix!r}")
    return Store(uri, backend, patience_seconds=patience_seconds)


def _retry(patience_seconds: float) -> Any:
    """How obstore asks again; where it does not, `Store` does."""
    return {
        "max_retries": 100 if patience_seconds else 0,
        "retry_timeout": timedelta(seconds=patience_seconds),
        "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=3), "base": 2},
    }


def _mark(store: Store, folder: Path | None, *, create: bool) -> None:
    made = False
    try:
        marker = store.get(keys.STORE_MARKER)
    except MissingObjectError:
        # what is there may be a marker: another process has made it just now
        if _holds_something(store, folder) and not store.exists(keys.STORE_MARKER):
            raise StoreError(
                f"store {store.uri} holds something that ALSO did not write; an empty place or an ALSO store is needed"
            ) from None
        if not create:
            raise MissingStoreError(f"store {store.uri} is empty; no campaign has been run there") from None
        proof.probe_race(store, rounds=proof.SHORT_ROUNDS, writers=proof.FEW_WRITERS)
        made = store.create(keys.STORE_MARKER, json.dumps({"also_store": SCHEMA_VERSION}).encode())
        marker = store.get(keys.STORE_MARKER)
    try:
        version = json.loads(marker)["also_store"]
    except (ValueError, KeyError, TypeError):
        raise StoreError(f"store {store.uri} has a damaged {keys.STORE_MARKER}; an ALSO store is expected") from None
    if version != SCHEMA_VERSION:
        raise StoreError(f"store {store.uri} has layout version {version}; this ALSO reads version {SCHEMA_VERSION}")
    if create:
        proof.prove_refusal(store, unmark=made)


def _holds_something(store: Store, folder: Path | None) -> bool:
    """Whether there is anything beside what a probe of another process, or one that was killed, has left."""
    if folder is not None:
        return any(name != keys.PROBES.rstrip("/") for name in store.names(""))
    return store.holds(beside=keys.PROBES)

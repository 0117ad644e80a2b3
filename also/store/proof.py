"""Whether a store keeps the rules that a campaign rests on, tried on the store itself.

Servers that call themselves S3 differ: some overwrite what is there, some let several writers win when they meet, some
list wrongly. A campaign on one of the first two loses decisions, so a store is proven before anything is written to it.
"""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from also import keys
from also.errors import StoreError
from also.store.objects import Store

SHORT_ROUNDS, FEW_WRITERS = 3, 8
"""The race before a store is marked as ours."""

_NEEDED = (
    "ALSO needs a server that creates an object unless one is there (If-None-Match: *), whoever else writes: AWS S3, "
    "Google Cloud Storage, Azure, versitygw from 1.8 and SeaweedFS do"
)


def prove_refusal(store: Store, *, unmark: bool = False) -> None:
    """Create the store's marker, which is there, once more: one request, which the server must refuse.

    Args:
        store: a store of ours.
        unmark: whether the marker goes again when it is not refused.

    Raises:
        StoreError: the server has overwritten it, or the store cannot be used.
    """
    if not store.refuses(keys.STORE_MARKER, store.get(keys.STORE_MARKER)):
        if unmark:
            store.delete(keys.STORE_MARKER)
        raise StoreError(
            f"store {store.uri} overwrites an object that is there: it would lose decisions of a campaign. {_NEEDED}"
        )


def probe_race(
    store: Store, *, rounds: int = 20, writers: int = 16, told: Callable[[int], None] = lambda done: None
) -> None:
    """Race writers for the same key and require exactly one winner each time.

    A store that silently ignores create-if-absent would lose decisions: it is refused.

    Args:
        store: the store.
        rounds: how often they race.
        writers: how many there are, each with a content of its own.
        told: told after each round how many are done.

    Raises:
        StoreError: some round had no winner, or more than one, or the store cannot be used.
    """
    with ThreadPoolExecutor(writers) as pool:
        for number in range(rounds):
            key = f"{keys.PROBES}{uuid4().hex}"
            contents = [f"{key} {index}".encode() for index in range(writers)]
            try:
                wins = sum(pool.map(lambda content, key=key: store.create(key, content), contents))
            finally:
                with contextlib.suppress(StoreError):  # who may not delete can run campaigns all the same
                    store.delete(key)
            if wins != 1:
                raise StoreError(
                    f"store {store.uri} let {wins} of {writers} writers create the same object in round {number}; "
                    f"exactly 1 is allowed: it cannot hold campaigns. {_NEEDED}"
                )
            told(number + 1)


def probe_listing(store: Store) -> None:
    """Require that a listing has all that is there, and that names are one level deep.

    A campaign finds its records by full listings, in whatever order they come; `also status` finds campaigns by names
    one level deep, which the server makes.

    Raises:
        StoreError: something is missing or too much, or the store cannot be used.
    """
    place = f"{keys.PROBES}{uuid4().hex}/"
    made = sorted(f"{place}{name}" for name in ("a-b", "a/b", "a/c/d", "a0", "b/x", "c"))
    try:
        for key in made:
            store.ensure(key, b"probe")
        _expect(store, "lists", place, store.find(place), made)
        _expect(store, "names one level below", place, store.names(place), ["a", "a-b", "a0", "b", "c"])
    finally:
        for key in made:
            store.delete(key)
    _expect(store, "lists, after all was deleted,", place, store.find(place), [])


def _expect(store: Store, verb: str, place: str, found: list[str], expected: list[str]) -> None:
    if found != expected:
        raise StoreError(f"store {store.uri} {verb} {place!r} as {found}; {expected} is expected")

"""Objects of one store: created once, read, listed, deleted.

A request may have been carried out though its answer says otherwise: a gateway gives up on a server that continues, a
connection breaks, and the request is sent again by obstore, by the gateway or by us. So "already there" is not
"somebody else's": what is there is read, and compared with what was to be there.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, TypeVar

import obstore
from google.protobuf.message import Message
from obstore.exceptions import AlreadyExistsError

from also.document import canonical, parse_json
from also.errors import MissingObjectError, StoreError
from also.store.answers import FAILURES, in_words, is_unsure
from also.store.waits import WAITS

M = TypeVar("M", bound=Message)
T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""How long a store that does not answer is asked again: as long as its own pod takes to be replaced."""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 3.0


class Store:
    """One object store, opened by `open_store`."""

    def __init__(self, uri: str, backend: Any, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Nothing is asked yet.

        Args:
            uri: its address, for errors.
            backend: obstore's store.
            patience_seconds: how long it is asked again when it does not answer.
        """
        self.uri = uri
        self._backend = backend
        self._patience_seconds = patience_seconds

    def create(self, key: str, content: bytes) -> bool:
        """Store an object unless one is there, and tell whether what is there now is this content.

        Where it matters *whose* an object is, its content must be one that nobody else can make: of equal contents
        nobody can tell who stored them.

        Args:
            key: its key, see `also.keys`.
            content: its bytes, at most 5 GiB (one request).

        Returns:
            Whether the object has exactly these bytes: this call created it, or a request of the same content before.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._create(key, content, lambda: self._content(key), lambda found: found == content)

    def ensure(self, key: str, content: bytes) -> None:
        """Store an object unless one is there, whoever's: for contents that are named by what they are the result of.

        Args:
            key: its key.
            content: its bytes, at most 5 GiB (one request). They are not compared with those that are there.

        Raises:
            StoreError: the store cannot be written.
        """
        self._create(key, content, lambda: self.exists(key) or None, bool)

    def refuses(self, key: str, content: bytes) -> bool:
        """Whether the server itself refuses to create an object that is there; one that does not overwrites it.

        Args:
            key: its key.
            content: the bytes that it has.

        Raises:
            StoreError: the store cannot be written.
        """

        def put() -> bool:
            try:
                self._put(key, content)
            except AlreadyExistsError:
                return True
            return False

        return self._asked(put, "written", key)

    def get(self, key: str) -> bytes:
        """An object's bytes.

        Raises:
            MissingObjectError: there is no such object.
            StoreError: the store cannot be read.
        """
        content = self._content(key)
        if content is None:
            raise MissingObjectError(f"store {self.uri} has no object {key!r}")
        return content

    def exists(self, key: str) -> bool:
        """Whether an object is there.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._written(key) is not None

    def written_at(self, key: str) -> datetime:
        """When an object was written, by the store's own clock, in UTC.

        Raises:
            MissingObjectError: there is no such object.
            StoreError: the store cannot be read.
        """
        written = self._written(key)
        if written is None:
            raise MissingObjectError(f"store {self.uri} has no object {key!r}")
        return written

    def find(self, prefix: str) -> list[str]:
        """Keys under a prefix that ends with "/" (or is empty), sorted.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._asked(lambda: sorted(self._each(prefix)), "listed", prefix)

    def holds(self, *, beside: str) -> bool:
        """Whether there is any object that is not under a prefix.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._asked(lambda: any(not key.startswith(beside) for key in self._each("")), "listed", "")

    def names(self, prefix: str) -> list[str]:
        """Names one level below a prefix that ends with "/", sorted, without listing what is deeper.

        It is the server that leaves out what is deeper, and some do it wrongly: nothing that a campaign needs hangs on
        it.

        Raises:
            StoreError: the store cannot be read.
        """

        def listed() -> list[str]:
            try:
                result = obstore.list_with_delimiter(self._backend, prefix)
            except FileNotFoundError:
                return []
            paths = [*result["common_prefixes"], *(item["path"] for item in result["objects"])]
            return sorted({path.rstrip("/").rsplit("/", 1)[-1] for path in paths})

        return self._asked(listed, "listed", prefix)

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none.

        Raises:
            StoreError: the store cannot be written.
        """

        def delete() -> None:
            try:
                obstore.delete(self._backend, key)
            except FileNotFoundError:
                return

        self._asked(delete, "written", key)

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

    def _create(self, key: str, content: bytes, look: Callable[[], T | None], is_meant: Callable[[T], bool]) -> bool:
        """Create an object, and where that is refused or unsure, look what is there.

        Args:
            key: its key.
            content: its bytes.
            look: tells what is there; None where nothing is.
            is_meant: whether what is there is what was to be created.
        """
        pauses = _Pauses(self._patience_seconds)
        with WAITS.request(self.uri):
            while True:
                try:
                    self._put(key, content)
                    return True
                except AlreadyExistsError as error:
                    said: Exception = error
                except FAILURES as error:
                    if not is_unsure(error):
                        raise self._error("written", key, error) from error
                    said = error
                found = look()
                if found is not None:
                    return is_meant(found)
                if not pauses.take():  # refused, and yet not there: two requests met, and neither was carried out
                    raise self._error("written", key, said) from said

    def _put(self, key: str, content: bytes) -> None:
        obstore.put(self._backend, key, content, mode="create", use_multipart=False)

    def _content(self, key: str) -> bytes | None:
        def get() -> bytes | None:
            try:
                return bytes(obstore.get(self._backend, key).bytes())
            except FileNotFoundError:
                return None

        return self._asked(get, "read", key)

    def _written(self, key: str) -> datetime | None:
        def head() -> datetime | None:
            try:
                written: datetime = obstore.head(self._backend, key)["last_modified"]
            except FileNotFoundError:
                return None
            return written

        return self._asked(head, "read", key)

    def _each(self, prefix: str) -> Iterator[str]:
        try:
            for batch in obstore.list(self._backend, prefix or None):
                yield from (item["path"] for item in batch)
        except FileNotFoundError:
            return

    def _asked(self, ask: Callable[[], T], verb: str, key: str) -> T:
        """Ask the store, again where an answer got lost: whatever is asked here may be asked twice."""
        pauses = _Pauses(self._patience_seconds)
        with WAITS.request(self.uri):
            while True:
                try:
                    return ask()
                except FAILURES as error:
                    if not is_unsure(error) or not pauses.take():
                        raise self._error(verb, key, error) from error

    def _error(self, verb: str, key: str, error: Exception) -> StoreError:
        where = "" if verb == "listed" else f" at {key!r}"
        return StoreError(f"store {self.uri} cannot be {verb}{where}: {in_words(error, self.uri)}")


class _Pauses:
    """Longer and longer pauses between tries, until patience is over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._next = _FIRST_PAUSE_SECONDS

    def take(self) -> bool:
        """Pause; False at once where patience is over."""
        if time.monotonic() + self._next > self._end:
            return False
        time.sleep(self._next)
        self._next = min(2 * self._next, _LONGEST_PAUSE_SECONDS)
        return True

"""Signs of life: whoever conducts a campaign leaves one in its store, again and again, and others read them.

    campaigns/ID/conductors/CONDUCTOR/00000012.json    a beat; the one before is removed

The journal alone says who may write. Beats say to people, and to a conductor that comes second, whether somebody is at
work, and why the last one ended. Whoever waits for a conductor looks whether its beats continue, so that no two clocks
are compared.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from also import keys
from also.campaign.waits import Waits
from also.errors import CampaignError, MissingObjectError, StoreError
from also.store import Store
from also.v1.conductor_pb2 import Beat

INTERVAL_SECONDS = 10.0
"""Time between two beats."""

MISSED = 3
"""Beats that a conductor may miss before it counts as gone: a store may be away for a while."""

_LOOK_SECONDS = 1.0
"""Time between two looks for a beat."""

_ERROR_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The last beat of a conductor."""

    beat: Beat
    """The beat."""
    at: datetime
    """When it was written, by the store's clock."""

    @property
    def who(self) -> str:
        """The conductor, for people: "worker-1, process 4711"."""
        return f"{self.beat.host}, process {self.beat.process}"

    @property
    def silent_seconds(self) -> float:
        """Time without a beat from which the conductor counts as gone, seconds."""
        return MISSED * self.beat.interval_seconds

    def age_seconds(self, now: datetime) -> float:
        """Time since the beat, seconds; negative where the store's clock is ahead of `now`."""
        return (now - self.at).total_seconds()


class Heartbeat:
    """Beats of this process for one campaign, while inside."""

    def __init__(
        self,
        store: Store,
        campaign_id: str,
        waits: Waits | None = None,
        *,
        conductor: str = "",
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """Nothing is written yet.

        Args:
            store: the campaign's store.
            campaign_id: the campaign.
            waits: what the conductor waits for, told with every beat.
            conductor: nonce of the conductor, as in the journal's records; a new one where it is empty.
            interval_seconds: time between two beats, above 0.
        """
        self._waits = waits or Waits(lambda _: None)
        self._store = store
        self._campaign_id = campaign_id
        self._beat = Beat(
            conductor=conductor or uuid4().hex,
            interval_seconds=interval_seconds,
            host=socket.gethostname(),
            boot=_boot(),
            process=os.getpid(),
            process_start=_process_start(os.getpid()),
        )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Write the first beat, and remove those of conductors that are gone.

        Raises:
            StoreError: the store cannot be written.
        """
        for each in heard(self._store, self._campaign_id):
            if each.beat.ended or is_gone_here(each.beat):
                self._store.delete(_key(self._campaign_id, each.beat))
        self._store.create_message(_key(self._campaign_id, self._beat), self._beat)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._next(ended=True, error=_told(error))

    def _go_on(self) -> None:
        while not self._over.wait(self._beat.interval_seconds):
            self._next()

    def _next(self, *, ended: bool = False, error: str = "") -> None:
        """One more beat. An error of the store is raised by whatever the campaign writes next."""
        before = _key(self._campaign_id, self._beat)
        self._beat.number += 1
        self._beat.ended, self._beat.error = ended, error
        self._beat.waits_for, self._beat.waited_seconds = self._waits.text, self._waits.seconds
        try:
            self._store.create_message(_key(self._campaign_id, self._beat), self._beat)
            self._store.delete(before)
        except StoreError:
            return


def heard(store: Store, campaign_id: str) -> list[Heard]:
    """The last beat of every conductor of a campaign, the latest first.

    Raises:
        StoreError: the store cannot be read.
        DocumentError: a beat is damaged.
    """
    while True:
        last: dict[str, str] = {}
        for key in store.find(keys.conductors(campaign_id)):  # sorted, so that the last one of each conductor stays
            last[key.rsplit("/", 2)[-2]] = key
        try:
            found = [Heard(beat=store.get_message(key, Beat), at=store.written_at(key)) for key in last.values()]
        except MissingObjectError:  # its conductor has written the next one just now
            continue
        return sorted(found, key=lambda each: each.at, reverse=True)


def require_alone(
    store: Store,
    campaign_id: str,
    note: Callable[[str], None],
    *,
    look_seconds: float = _LOOK_SECONDS,
) -> None:
    """Make sure that no other conductor is at work on a campaign.

    One that has ended, or whose process is gone from this machine, is not. Any other one is waited for until it has
    missed its beats.

    Args:
        store: the campaign's store.
        campaign_id: the campaign.
        note: told what is waited for.
        look_seconds: time between two looks.

    Raises:
        CampaignError: another conductor is at work.
        StoreError: the store cannot be read.
    """
    silent: set[str] = set()
    while others := [each for each in not_gone(store, campaign_id) if each.beat.conductor not in silent]:
        for each in others:
            if _is_here(each.beat):
                raise _at_work(campaign_id, each)
            note(
                f"another conductor ({each.who}) was at work on campaign {campaign_id!r}; "
                f"waiting {each.silent_seconds:.0f} s for a sign of life"
            )
        there = next_beat(store, campaign_id, others, look_seconds=look_seconds)
        if there is not None:
            raise _at_work(campaign_id, there)
        silent |= {each.beat.conductor for each in others}


def next_beat(
    store: Store, campaign_id: str, before: Iterable[Heard], *, look_seconds: float = _LOOK_SECONDS
) -> Heard | None:
    """Wait for the next beat of some conductors; None once each of them has ended, or missed its beats.

    Args:
        store: the campaign's store.
        campaign_id: the campaign.
        before: the last beat of each, as far as it is known.
        look_seconds: time between two looks.

    Raises:
        StoreError: the store cannot be read.
    """
    began, waited = time.monotonic(), list(before)
    while waited:
        time.sleep(look_seconds)
        now = {each.beat.conductor: each for each in not_gone(store, campaign_id)}
        for each in waited:
            there = now.get(each.beat.conductor)
            if there is not None and there.beat.number > each.beat.number:
                return there
        passed = time.monotonic() - began
        waited = [each for each in waited if each.beat.conductor in now and passed < each.silent_seconds]
    return None


def is_gone_here(beat: Beat) -> bool:
    """Whether a beat's process was one of this machine and is there no more; False where that cannot be known."""
    return _is_of_this_machine(beat) and not _is_here(beat)


def not_gone(store: Store, campaign_id: str) -> list[Heard]:
    """The last beat of every conductor that has neither ended nor, as far as this machine knows, died.

    Raises:
        StoreError: the store cannot be read.
    """
    return [each for each in heard(store, campaign_id) if not each.beat.ended and not is_gone_here(each.beat)]


def _at_work(campaign_id: str, other: Heard) -> CampaignError:
    return CampaignError(
        f"campaign {campaign_id!r} is being run by another conductor ({other.who}); "
        f"`also status {campaign_id}` shows how far it is"
    )


def _is_here(beat: Beat) -> bool:
    """Whether a beat's process runs on this machine, and is not this one."""
    start = _process_start(beat.process)
    is_same = bool(start) and start == beat.process_start and _is_of_this_machine(beat)
    return is_same and (beat.process, start) != (os.getpid(), _process_start(os.getpid()))


def _is_of_this_machine(beat: Beat) -> bool:
    """Whether a beat was written on this machine since it was started; False where that cannot be known."""
    return bool(beat.boot) and beat.boot == _boot() and beat.host == socket.gethostname()


def _key(campaign_id: str, beat: Beat) -> str:
    return keys.beat(campaign_id, beat.conductor, beat.number)


def _boot() -> str:
    return _read(Path("/proc/sys/kernel/random/boot_id"))


def _process_start(process: int) -> str:
    """Start of a process, in clock ticks since the machine's; empty where there is none, or nobody says."""
    fields = _read(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()  # a name may hold spaces and brackets
    return fields[19] if len(fields) > 19 and fields[0] != "Z" else ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _told(error: BaseException | None) -> str:
    """Why a conductor ends, one line; empty where it has done its work."""
    if error is None:
        return ""
    if isinstance(error, KeyboardInterrupt):
        return "it was interrupted"
    return (str(error) or type(error).__name__).splitlines()[0][:_ERROR_CHARACTERS]

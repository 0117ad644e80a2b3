"""Whether somebody conducts a campaign, in words: at work, gone without a word, or ended with an error."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from also.campaign import heartbeat
from also.campaign.heartbeat import Heard
from also.campaign.journal import Journal
from also.campaign.state import State
from also.cli.waiting import told
from also.store import local_folder

SKEW_SECONDS = 15 * 60.0
"""Difference between two clocks that is possible: object stores refuse what was signed longer ago."""


def lines(journal: Journal, state: State, now: datetime) -> list[str]:
    """What is known of a campaign's conductor, in lines; nothing where the campaign has finished.

    Args:
        journal: the campaign's journal.
        state: its state.
        now: the time by this machine's clock.

    Raises:
        StoreError: the store cannot be read.
    """
    if state.finished is not None:
        return []
    last, at_work = _found(journal, now)
    if last is None:
        written = datetime.fromisoformat(journal.records[-1].written_at)
        return [f"conductor         none is known; the last record was written {_ago(now - written)} ago"]
    since = _ago(now - last.at)
    if last.beat.error:
        return [f"conductor         ended {since} ago ({last.who}): {last.beat.error}", _GO_ON]
    if not at_work:
        return [f"conductor         gone; last heard of {since} ago ({last.who})", _GO_ON]
    waited = _ago(timedelta(seconds=last.beat.waited_seconds))
    waits = f", waits for {last.beat.waits_for} ({waited} so far)" if last.beat.waits_for else ""
    return [f"conductor         at work ({last.who}), heard of {since} ago{waits}"]


_GO_ON = "                  the `also run` that began the campaign goes on with it"


def short(journal: Journal, state: State, now: datetime) -> str:
    """The same in a few words; empty where there is nothing to say.

    Args:
        journal: the campaign's journal.
        state: its state.
        now: the time by this machine's clock.

    Raises:
        StoreError: the store cannot be read.
    """
    if state.finished is not None:
        return ""
    last, at_work = _found(journal, now)
    if last is None:
        return "unknown"
    if last.beat.error:
        return f"ended: {last.beat.error}"
    if at_work and last.beat.waits_for:
        return f"waits for {last.beat.waits_for}"
    return "at work" if at_work else f"gone for {_ago(now - last.at)}"


def _found(journal: Journal, now: datetime) -> tuple[Heard | None, bool]:
    """The last beat of a campaign, of one at work before all others, and whether its conductor is at work."""
    found = heartbeat.heard(journal.store, journal.campaign_id)
    last = min(found, key=lambda each: each.beat.ended, default=None)  # the latest of equals
    return last, last is not None and not last.beat.ended and _is_at_work(journal, last, now)


def _is_at_work(journal: Journal, last: Heard, now: datetime) -> bool:
    """Whether a conductor that has not said that it ended is at work.

    Where a store's clock may differ from this machine's by more than beats are apart, the next beat is waited for.
    """
    if heartbeat.is_gone_here(last.beat):
        return False
    age = last.age_seconds(now)
    if 0 <= age < last.silent_seconds:
        return True
    if local_folder(journal.store.uri) is not None or age > SKEW_SECONDS:
        return False
    with told(f"listening for the conductor of {journal.campaign_id!r}"):
        return heartbeat.next_beat(journal.store, journal.campaign_id, [last]) is not None


class Signs:
    """Whether a conductor is at work, by one look after another: its beats go on, or they do not.

    So no two clocks need to agree but for the first look, which may have to wait for the next beat.
    """

    def __init__(self, journal: Journal, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet.

        Args:
            journal: the campaign's journal.
            clock: seconds that never go back.
        """
        self._journal = journal
        self._clock = clock
        self._seen: tuple[str, int] | None = None
        self._since = 0.0
        self._beats = 0

    def look(self, now: datetime) -> str:
        """What is known of the conductor now, in words.

        Args:
            now: the time by this machine's clock.

        Raises:
            StoreError: the store cannot be read.
        """
        found = heartbeat.heard(self._journal.store, self._journal.campaign_id)
        last = min(found, key=lambda each: each.beat.ended, default=None)
        if last is None:
            return "none is known"
        beat = last.beat
        if (beat.conductor, beat.number) != self._seen:
            self._seen, self._since, self._beats = (beat.conductor, beat.number), self._clock(), self._beats + 1
        if beat.ended:
            return f"ended ({last.who}): {beat.error}" if beat.error else f"ended ({last.who})"
        silent = self._clock() - self._since
        is_fresh = self._beats > 1 or 0 <= last.age_seconds(now) < last.silent_seconds
        if heartbeat.is_gone_here(beat) or silent >= last.silent_seconds:
            return f"gone; last heard of {_ago(max(now - last.at, timedelta(seconds=silent)))} ago ({last.who})"
        if not is_fresh:
            return f"unknown; listening for the next sign of life ({last.who})"
        waited = _ago(timedelta(seconds=beat.waited_seconds))
        return f"at work ({last.who})" + (f", waits for {beat.waits_for} ({waited} so far)" if beat.waits_for else "")


def _ago(passed: timedelta) -> str:
    """A time that has passed, in words: "4 s", "12 min", "3 h" or "5 days"; "0 s" where clocks differ."""
    seconds = max(0.0, passed.total_seconds())
    for length, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"

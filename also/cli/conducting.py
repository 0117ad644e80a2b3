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
from also.v1.summary_pb2 import ConductorState, ConductorSummary

SKEW_SECONDS = 15 * 60.0
"""Difference between two clocks that is possible: object stores refuse what was signed longer ago."""


_WORDS = {
    ConductorState.CONDUCTOR_STATE_AT_WORK: "at work",
    ConductorState.CONDUCTOR_STATE_GONE: "gone",
    ConductorState.CONDUCTOR_STATE_ENDED: "ended",
    ConductorState.CONDUCTOR_STATE_UNKNOWN: "unknown",
    ConductorState.CONDUCTOR_STATE_STOPPED: "stopped",
}

_GO_ON = "                  the `also run` that began the campaign goes on with it"


def conductor(journal: Journal, state: State, now: datetime) -> ConductorSummary | None:
    """What is known of a campaign's conductor; None where the campaign has finished.

    Args:
        journal: the campaign's journal.
        state: its state.
        now: the time by this machine's clock.

    Raises:
        StoreError: the store cannot be read.
    """
    if state.finished is not None:
        return None
    last = _last(journal)
    if last is None:
        written = datetime.fromisoformat(journal.records[-1].written_at)
        return ConductorSummary(state=ConductorState.CONDUCTOR_STATE_UNKNOWN, heard_seconds=_passed(now - written))
    said = ConductorSummary(heard_seconds=_passed(now - last.at), who=last.who)
    if last.beat.error:
        said.state, said.error = ConductorState.CONDUCTOR_STATE_ENDED, last.beat.error
    elif last.beat.ended or not _is_at_work(journal, last, now):
        stopped = state.stopped
        said.state = ConductorState.CONDUCTOR_STATE_STOPPED if stopped else ConductorState.CONDUCTOR_STATE_GONE
    else:
        said.state = ConductorState.CONDUCTOR_STATE_AT_WORK
        said.waits_for, said.waited_seconds = last.beat.waits_for, last.beat.waited_seconds
    return said


def lines(said: ConductorSummary | None) -> list[str]:
    """The same in lines; nothing where the campaign has finished."""
    if said is None:
        return []
    since, words = _ago(said.heard_seconds), f"conductor         {_WORDS[said.state]}"
    match said.state:
        case ConductorState.CONDUCTOR_STATE_ENDED:
            return [f"{words} {since} ago ({said.who}): {said.error}", _GO_ON]
        case ConductorState.CONDUCTOR_STATE_STOPPED:
            return [f"{words} by a person {since} ago ({said.who})", _GO_ON]
        case ConductorState.CONDUCTOR_STATE_GONE:
            return [f"{words}; last heard of {since} ago ({said.who})", _GO_ON]
        case ConductorState.CONDUCTOR_STATE_UNKNOWN:
            return [f"conductor         none is known; the last record was written {since} ago"]
        case _:
            return [f"{words} ({said.who}), heard of {since} ago{_waits(said.waits_for, said.waited_seconds)}"]


def short(said: ConductorSummary | None) -> str:
    """The same in a few words; empty where there is nothing to say."""
    if said is None:
        return ""
    if said.state == ConductorState.CONDUCTOR_STATE_ENDED:
        return f"ended: {said.error}"
    if said.state == ConductorState.CONDUCTOR_STATE_GONE:
        return f"gone for {_ago(said.heard_seconds)}"
    return f"waits for {said.waits_for}" if said.waits_for else _WORDS[said.state]


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
    """Whether a conductor is at work, by one look after another: its beats continue, or they do not.

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
        last = _last(self._journal)
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
            return f"gone; last heard of {_ago(max(_passed(now - last.at), silent))} ago ({last.who})"
        if not is_fresh:
            return f"unknown; listening for the next sign of life ({last.who})"
        return f"at work ({last.who}){_waits(beat.waits_for, beat.waited_seconds)}"


def _last(journal: Journal) -> Heard | None:
    """The last beat of a campaign, of a conductor that has not ended before all others."""
    found = heartbeat.heard(journal.store, journal.campaign_id)
    return min(found, key=lambda each: each.beat.ended, default=None)  # the latest of equals


def _waits(what: str, seconds: float) -> str:
    """What a conductor at work waits for, to be put behind the rest; empty where it waits for nothing."""
    return f", waits for {what} ({_ago(seconds)} so far)" if what else ""


def _passed(time: timedelta) -> float:
    """A time that has passed, seconds; 0 where clocks differ."""
    return max(0.0, time.total_seconds())


def _ago(seconds: float) -> str:
    """A time that has passed, in words: "4 s", "12 min", "3 h" or "5 days"."""
    for length, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"

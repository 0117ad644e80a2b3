"""One campaign file under several seeds: campaigns `ID-s1`, `ID-s2`, …, one after another.

A repeated command continues where it stopped: what is over is only read, and what failed is reported at the end, when
the others have had their turn.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from also import keys
from also.campaign import spec
from also.campaign.run import require_same
from also.campaign.run import run as conduct
from also.campaign.state import State
from also.campaign.watch import Watch
from also.errors import InputError, ServiceError
from also.settings import Settings
from also.v1.campaign_pb2 import Campaign
from also.words import counted

MOST = 1000
"""Campaigns that one command runs at most."""

_SEEDS = 2**53
"""Seeds are below this, as in a campaign file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """One of the campaigns."""

    seed: int
    """Its seed."""
    campaign_id: str
    """Its id."""
    campaign: Campaign
    """The campaign, resolved."""

    @property
    def heading(self) -> str:
        """What a line of it begins with."""
        return f"seed {self.seed}: "


def parse(text: str) -> list[int]:
    """The seeds that `--seeds` names: how many, from 1 on, or a list with commas.

    Raises:
        InputError: it is neither, or names a seed twice.
    """
    listed = text.split(",")
    refusal = InputError(
        f"--seeds {text[:80]!r} is not allowed; a number of seeds from 1 to {MOST:,} is, or a list such as 3,7"
    )
    if not all(each.isascii() and each.isdecimal() for each in listed):
        raise refusal
    numbers = [int(each) for each in listed]
    if len(numbers) == 1:
        numbers = list(range(1, numbers[0] + 1)) if numbers[0] <= MOST else []
    if not 0 < len(numbers) <= MOST or max(numbers) >= _SEEDS:
        raise refusal
    if len(set(numbers)) < len(numbers):
        raise InputError(f"--seeds {text[:80]!r} names a seed twice; each has one campaign")
    return numbers


def seeded(file: Path | None, changes: Sequence[str], group: str, numbers: Sequence[int], store: str) -> list[Seeded]:
    """The campaigns of a file, one a seed; those that were begun are the same as those that are given.

    Args:
        file: the campaign file, see `spec.load`.
        changes: values laid over it, the seed not among them.
        group: what the campaigns' ids begin with.
        numbers: the seeds.
        store: URI of the store, which is only read.

    Raises:
        InputError: a campaign or its id cannot be used, or was begun with other settings.
    """
    for change in changes:
        if change.partition("=")[0] == "seed":
            raise InputError(f"--set {change!r} is not allowed beside --seeds, which says every campaign's seed")
    found = [
        Seeded(
            seed=number,
            campaign_id=keys.of_seed(group, number),
            campaign=spec.load(file, [*changes, f"seed={number}"]),
        )
        for number in numbers
    ]
    for each in found:
        require_same(each.campaign, each.campaign_id, store)
    return found


def in_turn(
    campaigns: Sequence[Seeded],
    settings: Settings,
    watching: Callable[[Seeded], AbstractContextManager[Watch]],
    tell: Callable[[Seeded, State], None],
) -> None:
    """Run campaigns one after another.

    Args:
        campaigns: the campaigns.
        settings: where everything is.
        watching: who watches one.
        tell: told of each that is over.

    Raises:
        InputError: a campaign cannot be used; those after it were not begun.
        ServiceError: some did not come to their end.
    """
    failed: dict[str, str] = {}
    for each in campaigns:
        try:
            with watching(each) as watch:
                state = conduct(each.campaign, each.campaign_id, settings, watch)
        except ServiceError as error:
            failed[each.campaign_id] = str(error)
            continue
        tell(each, state)
    require_all_ended(failed, len(campaigns))


def require_all_ended(failed: dict[str, str], number: int) -> None:
    """Say which campaigns did not come to their end.

    Args:
        failed: why each did not, by its id.
        number: how many campaigns there were.

    Raises:
        ServiceError: there are some.
    """
    if failed:
        told = "; ".join(f"{campaign_id} ({why})" for campaign_id, why in failed.items())
        raise ServiceError(f"{len(failed)} of {counted(number, 'campaign')} did not end: {told}")

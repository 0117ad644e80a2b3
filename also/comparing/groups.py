"""Which campaigns are compared: a group is what was run alike but for its seed.

`also run FILE --seeds 5` begins campaigns `ID-s1` to `ID-s5`, which are group `ID`. A single campaign is a group of
one, and any list of campaigns is a group too:

    foraging        campaign `foraging`; where there is none, every `foraging-sN`
    foraging-s*     every `foraging-sN`
    a,b,c           these three
    mine=a,b,c      the same, called "mine"
"""

from collections.abc import Sequence
from dataclasses import dataclass

from also import keys
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.campaign.state import State
from also.errors import CampaignError
from also.store import Store

_ALL_SEEDS = "-s*"
"""How the name of a group ends that is to be no campaign's."""

_LISTED = 8
"""Campaigns that an error names at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One campaign of a group."""

    campaign_id: str
    """Its id."""
    state: State
    """Its state."""

    @property
    def seed(self) -> int:
        """Seed of the campaign."""
        return self.state.campaign.seed

    @property
    def final_return(self) -> float:
        """Mean return of the final policy on the report seeds, units of task reward; it was reported."""
        assert self.state.reported is not None
        return self.state.reported.evaluation.returns.mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Campaigns that count as runs of one thing."""

    name: str
    """What it is called."""
    runs: tuple[Run, ...]
    """Those that are over, in order of seeds; at least one."""
    unfinished: tuple[Run, ...] = ()
    """Those that are under way."""


def read_groups(store: Store, names: Sequence[str]) -> list[Group]:
    """The groups that some names mean.

    Args:
        store: where the campaigns are; it is only read.
        names: see the module.

    Raises:
        CampaignError: a name means no campaign, one twice, or none that is over; or two groups have one name.
        StoreError: the store cannot be read.
    """
    there = store.names(keys.CAMPAIGNS)
    groups = [_group(store, there, name) for name in names]
    called = [group.name for group in groups]
    for name in called:
        if called.count(name) > 1:
            raise CampaignError(f"{name!r} is given twice; each group has a name of its own, e.g. again={name}")
    return groups


def _group(store: Store, there: Sequence[str], given: str) -> Group:
    name, named, listed = given.rpartition("=")
    ids = _ids(there, listed if named else given)
    runs = [Run(campaign_id=each, state=_state(store, each)) for each in ids]
    runs.sort(key=lambda run: run.seed)
    over = tuple(run for run in runs if run.state.reported is not None)
    if not over:
        raise CampaignError(f"no campaign of {given!r} is over yet; `also status` shows how far each is")
    return Group(
        name=name if named else given.removesuffix(_ALL_SEEDS),
        runs=over,
        unfinished=tuple(run for run in runs if run.state.reported is None),
    )


def _ids(there: Sequence[str], given: str) -> list[str]:
    """Ids of the campaigns that a name means, without its own name."""
    listed = given.split(",")
    if len(listed) > 1:
        for each in listed:
            _require(each in there, there, each)
            if listed.count(each) > 1:
                raise CampaignError(f"campaign {each!r} is in {given!r} twice; each campaign counts once")
        return listed
    if given in there:
        return [given]
    found = [each for each in there if keys.is_of_group(each, given.removesuffix(_ALL_SEEDS))]
    _require(bool(found), there, given)
    return found


def _require(is_there: bool, there: Sequence[str], given: str) -> None:
    if not is_there:
        shown = ", ".join(there[:_LISTED]) + (", …" if len(there) > _LISTED else "")
        raise CampaignError(f"there is no campaign or group {given[:80]!r}; the store holds {shown or 'none'}")


def _state(store: Store, campaign_id: str) -> State:
    records = Journal(store, campaign_id).records
    if not records:
        raise CampaignError(f"campaign {campaign_id!r} has no journal; another one is needed")
    return fold(records)

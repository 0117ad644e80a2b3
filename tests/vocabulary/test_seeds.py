"""Seeds derived by name."""

from hypothesis import given
from hypothesis import strategies as st

from also import seeds

SEEDS = st.integers(0, seeds.SEED_LIMIT - 1)


@given(seed=SEEDS, names=st.lists(st.one_of(st.text(), st.integers()), max_size=4))
def test_a_derived_seed_is_a_seed(seed, names):
    """Every derived seed lies in the range that a campaign's own seed has."""
    assert 0 <= seeds.derive(seed, *names) < seeds.SEED_LIMIT


def test_derived_seeds_never_change():
    """The derivation is part of every published figure."""
    assert seeds.derive(0, "branch", "confirm", 1, 0, 3) == 7882760803443119


@given(
    seed=SEEDS,
    stage=st.integers(0, 9999),
    round_number=st.integers(0, 7),
    other=st.integers(0, 7),
    index=st.integers(0, 999),
)
def test_seed_pools_never_meet(seed, stage, round_number, other, index):
    """The same index in another pool, or in another round of the same pool, is another seed."""
    pools = ("search", "confirm", "report")
    drawn = {seeds.derive(seed, "branch", pool, stage, round_number, index) for pool in pools}
    assert len(drawn) == len(pools)
    if other != round_number:
        assert seeds.derive(seed, "branch", "search", stage, other, index) not in drawn


def test_the_pools_of_a_campaign_share_no_seed():
    """Over whole campaigns, the three pools have no seed in common."""
    pools = [
        {seeds.derive(0, "branch", pool, stage, 0, index) for stage in range(100) for index in range(100)}
        for pool in ("search", "confirm", "report")
    ]
    assert len(set.union(*pools)) == 30_000

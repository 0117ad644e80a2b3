"""The judge before real branches among which there is nothing to find, and before a gain that was planted."""

from collections.abc import Sequence

import pytest

from also.store import open_store
from also.v1.branch_pb2 import BranchRecord
from also.v1.campaign_pb2 import Proof, ValidationPreset
from also.validation.arms import CONTROL, end
from benchmarks.null_branches import BATCH, Pool, train
from benchmarks.null_rounds import Setting, play
from benchmarks.shares import Share

FRUGAL = ValidationPreset.VALIDATION_PRESET_FRUGAL


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[BranchRecord]:
    """A batch of real branches under one config, each under a seed of its own."""
    return train(open_store(str(tmp_path_factory.mktemp("null") / "store")), BATCH)


@pytest.mark.slow
def test_equal_configs_differ_by_their_seeds_alone(trained: Sequence[BranchRecord]) -> None:
    """There is one config, and noise that a plain comparison takes for gains."""
    assert len({record.config_hash for record in trained}) == 1
    assert len({end(record).mean_return for record in trained}) >= 5


def test_a_confirmation_hardly_ever_promotes_one_of_equals(trained: Sequence[BranchRecord]) -> None:
    """Where the best of a few means would be promoted in most rounds; 6 of 40 have a chance of 1.4 % at the level."""
    played = [each for each, _ in play(Setting(preset=FRUGAL, proof=Proof.PROOF_CONFIRMED), trained, 40)]
    assert sum(bool(each.promoted) for each in played) < 6
    assert sum(each.best_mean != CONTROL for each in played) > 20
    assert sum(each.confirmed for each in played) > 20


def test_a_planted_gain_of_two_deviations_is_found(trained: Sequence[BranchRecord]) -> None:
    """In most rounds it is promoted, and hardly ever another candidate beside it."""
    played = play(Setting(preset=FRUGAL, proof=Proof.PROOF_CONFIRMED, effect=2), trained, 20)
    assert sum(each.promoted == better for each, better in played) > 10
    assert sum(each.promoted not in ("", better) for each, better in played) < 3


def test_a_race_of_equals_seldom_has_a_winner(trained: Sequence[BranchRecord]) -> None:
    """A race makes no statement of significance, but one of several equals is not ahead by more than the noise."""
    played = play(Setting(preset=FRUGAL, proof=Proof.PROOF_BY_RISK), trained, 40)
    assert sum(bool(each.promoted) for each, _ in played) < 10
    assert sum(each.best_mean != CONTROL for each, _ in played) > 20


def test_a_pool_gives_out_all_branches_before_any_twice(trained: Sequence[BranchRecord]) -> None:
    """So a round knows whether its branches were in an earlier one."""
    pool = Pool(trained, "one")
    first = [id(pool.draw()) for _ in trained]
    assert len(set(first)) == len(trained)
    assert pool.fresh
    pool.draw()
    assert not pool.fresh


@pytest.mark.parametrize(
    ("count", "cases", "low", "high"), [(0, 400, 0.0, 0.00951), (8, 400, 0.0102, 0.0390), (1, 1, 0.2065, 1.0)]
)
def test_a_share_has_wilsons_interval(count: int, cases: int, low: float, high: float) -> None:
    """Also of none and of all, where the normal interval would be a point."""
    assert Share(count, cases).interval == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(("count", "cases"), [(1, 0), (3, 2), (-1, 5)])
def test_what_is_no_share_is_refused(count: int, cases: int) -> None:
    """With the numbers."""
    with pytest.raises(ValueError, match=f"{count} of {cases} cases is not a share"):
        Share(count, cases)

"""What a campaign spent, and what stood at its end."""

import pytest

from also.comparing.costs import costs
from also.v1.branch_pb2 import BranchRecord, SeedPool
from also.v1.journal_pb2 import Promoted, RolledBack
from also.v1.verdict_pb2 import ArmResult, Validation
from benchmarks.study.critical_path import critical_path


def arm(name, pool, *branches):
    """Results of an arm from (seed index, env_steps)."""
    records = [BranchRecord(arm=name, seed_index=index, env_steps=env_steps) for index, env_steps in branches]
    return ArmResult(arm=name, pool=pool, records=records)


def test_the_critical_path_has_the_longest_branch_of_each_rung_and_wave(stage, over):
    """Branches of a rung or wave run at once, rungs and waves one after another."""
    search, confirm = SeedPool.SEED_POOL_SEARCH, SeedPool.SEED_POOL_CONFIRM
    validation = Validation(
        env_steps=340,
        arms=[
            arm("control", search, (0, 10), (1, 10), (0, 20), (1, 20)),
            arm("r0-c0", search, (0, 10), (1, 10), (0, 20), (1, 20)),
            arm("r0-c1", search, (0, 10), (1, 10)),
            arm("control", confirm, (0, 30), (1, 30), (2, 25), (3, 5)),
            arm("r0-c0", confirm, (0, 30), (1, 30), (2, 30), (3, 30)),
        ],
    )
    state = over(stage(0, env_steps=100, validations=(validation, validation)), confirm_seeds=2)
    assert critical_path(state) == 100 + 2 * (10 + 20 + 30 + 30)
    assert costs(state).env_steps == 100 + 2 * 340
    assert costs(state).validation_env_steps == 2 * 340


@pytest.mark.parametrize(("undone", "standing"), [(0, 0), (1, 1)])
def test_a_promotion_stands_unless_it_or_one_before_it_was_undone(stage, over, undone, standing):
    """A rollback takes out its promotion and all that was built upon it."""
    state = over(
        stage(0, decision=Promoted(stage=0)),
        stage(1, decision=Promoted(stage=1)),
        stage(2, decision=RolledBack(stage=2, promotion_stage=undone)),
        stage(3),
    )
    assert (costs(state).promotions, costs(state).standing) == (2, standing)

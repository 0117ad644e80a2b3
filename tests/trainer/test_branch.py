"""Branch groups: trained once, the same way, whatever happens to the process."""

import json
from collections.abc import Callable

import pytest
import torch

from also import keys
from also.services.trainer import checkpoint
from also.services.trainer.branch import process as branch
from also.services.trainer.run import Run
from also.shaping.identity import config_hash
from also.store import Store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig


@pytest.fixture
def group(campaign: Campaign, potential: ShapingConfig, store: Store) -> branch_pb2.BranchGroup:
    """Two arms of two seeds from one checkpoint; control goes on under no shaping."""
    run = Run.start(campaign, [ShapingConfig()], [1])
    run.advance()
    start = checkpoint.save(store, "c", campaign, run.task.card, run.snapshots()[0])
    return branch_pb2.BranchGroup(
        campaign_id="c",
        name="g",
        campaign=campaign,
        pool=branch_pb2.SEED_POOL_CONFIRM,
        env_steps=run.env_steps_per_update * 3 - 1,
        branches=[
            branch_pb2.Branch(arm=arm, seed_index=index, seed=100 + index, config=config, checkpoint_id=start)
            for arm, config in (("control", ShapingConfig()), ("r0-c0", potential))
            for index in range(2)
        ],
    )


def _result(store: Store) -> branch_pb2.BranchGroupResult:
    return store.get_message(keys.branch_group_result("c", "g"), branch_pb2.BranchGroupResult)


def test_a_group_records_every_branch_with_its_hash_measures_and_checkpoint(
    group: branch_pb2.BranchGroup, potential: ShapingConfig, store: Store, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Lengths are rounded up to whole updates, measures end with the branch, checkpoints can be loaded."""
    branch.train(store, group)
    records = _result(store).records
    assert [(record.arm, record.seed_index) for record in records] == [
        ("control", 0),
        ("control", 1),
        ("r0-c0", 0),
        ("r0-c0", 1),
    ]
    hashes = [config_hash(ShapingConfig())] * 2 + [config_hash(potential)] * 2
    assert [record.config_hash for record in records] == hashes
    for record in records:
        assert record.env_steps == 120
        assert [measure.env_steps for measure in record.measures] == [120, 160]
        assert checkpoint.load_manifest(store, "c", record.checkpoint_id).env_steps == 160
    assert len({record.checkpoint_id for record in records}) == 4
    lines = capfdbinary.readouterr().out.splitlines()
    assert json.loads(lines[-1])["env_steps"] == 4 * 120


@pytest.mark.slow
def test_a_group_trained_twice_gives_equal_records(group: branch_pb2.BranchGroup, store: Store) -> None:
    """A process that is started again after a crash comes to the same checkpoints."""
    branch.train(store, group)
    first = _result(store)
    store.delete(keys.branch_group_result("c", "g"))
    branch.train(store, group)
    assert list(first.records) == list(_result(store).records)


@pytest.mark.slow
def test_arms_with_the_same_config_and_seed_are_the_same(
    campaign: Campaign, group: branch_pb2.BranchGroup, store: Store
) -> None:
    """A null candidate ties with control on every seed: the difference between arms is the config alone."""
    for member in group.branches:
        member.config.Clear()
    branch.train(store, group)
    records = _result(store).records
    for control, candidate in zip(records[:2], records[2:], strict=True):
        assert list(control.measures) == list(candidate.measures)
        assert control.checkpoint_id == candidate.checkpoint_id


def test_a_group_that_names_a_missing_checkpoint_ends_with_code_2(
    group: branch_pb2.BranchGroup, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one line on standard error says which checkpoint."""
    from also.store import open_store

    folder = tmp_path_factory.mktemp("store")
    store = open_store(str(folder))
    store.create_message(keys.branch_group("c", "g"), group)
    with pytest.raises(SystemExit) as ended:
        branch.main(["--store", str(folder), "--campaign", "c", "--group", "g"])
    assert ended.value.code == 2
    assert group.branches[0].checkpoint_id in capsys.readouterr().err


@pytest.mark.slow
def test_branches_that_share_a_group_learn_what_they_learn_alone(
    make_campaign: Callable[..., Campaign], group: branch_pb2.BranchGroup, store: Store
) -> None:
    """Measures of a branch do not depend on the group it is placed in (up to rounding in the weights)."""
    branch.train(store, group)
    together = _result(store).records[3]
    alone = branch_pb2.BranchGroup()
    alone.CopyFrom(group)
    alone.name = "h"
    del alone.branches[:3]
    branch.train(store, alone)
    record = store.get_message(keys.branch_group_result("c", "h"), branch_pb2.BranchGroupResult).records[0]
    assert [m.milestone_score for m in record.measures] == pytest.approx(
        [m.milestone_score for m in together.measures], abs=0.13
    )


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["8x8-2p-2f-coop", "10x10-3p-3f-coop"])
@pytest.mark.parametrize("algorithm", ["mappo", "ippo"])
def test_arms_of_one_seed_tie_wherever_they_are_in_the_batch(
    make_campaign: Callable[..., Campaign], potential: ShapingConfig, layout: str, algorithm: str
) -> None:
    """At default sizes, in blocks of several replicas, the last of them smaller: equal configs learn equal bits."""
    sizes = {"environments": 64, "rollout": 25, "epochs": 4, "minibatches": 4, "hidden": 64}
    campaign = make_campaign(layout, algorithm=algorithm, **sizes)
    start = Run.start(campaign, [potential], [1])
    start.advance()
    snapshot = start.snapshots()[0]
    seeds = [10, 11, 12, 13, 10, 11, 12, 13, 10, 11, 12]
    run = Run.restore(campaign, [potential] * len(seeds), [snapshot] * len(seeds), seeds)
    for _ in range(3):
        run.advance()
    states = [each.tensors for each in run.snapshots()]
    for replica, seed in enumerate(seeds):
        for name, tensor in states[replica].items():
            assert torch.equal(tensor, states[seeds.index(seed)][name]), (replica, name)

"""Runs, snapshots and checkpoints: what goes on is exactly what was."""

import json
from collections.abc import Callable

import pytest
import torch

from also import document, keys
from also.document import canonical
from also.errors import CheckpointError
from also.services.trainer import checkpoint
from also.services.trainer.run import Run
from also.shaping.identity import config_hash
from also.store import Store
from also.v1.campaign_pb2 import Campaign
from also.v1.checkpoint_pb2 import CheckpointManifest
from also.v1.shaping_pb2 import ShapingConfig

Equal = Callable[[dict[str, torch.Tensor], dict[str, torch.Tensor]], None]
VARIANTS = [{}, {"algorithm": "ippo"}, {"recurrent": True}, {"scale_rewards": True}]


def _advanced(run: Run, updates: int) -> Run:
    for _ in range(updates):
        run.advance()
    return run


@pytest.mark.slow
@pytest.mark.parametrize("settings", VARIANTS)
def test_a_branch_with_a_null_change_is_bit_identical_to_the_continued_main_run(
    make_campaign: Callable[..., Campaign],
    event: ShapingConfig,
    equal: Equal,
    store: Store,
    settings: dict[str, object],
) -> None:
    """Through the object store, in the middle of episodes, with shaping that keeps state."""
    campaign = make_campaign(**settings)
    main = _advanced(Run.start(campaign, [event], [3]), 3)
    saved = checkpoint.save(store, "c", campaign, main.task.card, main.snapshots()[0])
    _advanced(main, 3)
    loaded = checkpoint.load(store, "c", campaign, main.task.card, saved)
    branch = _advanced(Run.restore(campaign, [event], [loaded], [None]), 3)
    equal(main.snapshots()[0].tensors, branch.snapshots()[0].tensors)
    assert (main.env_steps, main.updates) == (branch.env_steps, branch.updates)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["tiny-2ag", "tiny-4ag-hard"])
def test_a_null_branch_is_bit_identical_in_the_warehouse(
    make_campaign: Callable[..., Campaign], equal: Equal, store: Store, layout: str
) -> None:
    """Under a potential whose distances need the map of shelves, and an event, through the object store."""
    approach = {"form": "potential", "target": "agent", "feature": "delivery_distance", "weight": 0.5}
    found = {"form": "event", "target": "agent", "feature": "at_requested_shelf", "weight": 0.01, "episode_cap": 0.01}
    terms = [{"name": "approach", **approach}, {"name": "found", **found}]
    config = document.read(ShapingConfig, {"terms": terms})
    campaign = make_campaign(layout, task="warehouse", environments=6, rollout=20)
    main = _advanced(Run.start(campaign, [config], [3]), 3)
    saved = checkpoint.save(store, "c", campaign, main.task.card, main.snapshots()[0])
    _advanced(main, 3)
    loaded = checkpoint.load(store, "c", campaign, main.task.card, saved)
    branch = _advanced(Run.restore(campaign, [config], [loaded], [None]), 3)
    equal(main.snapshots()[0].tensors, branch.snapshots()[0].tensors)


@pytest.mark.slow
@pytest.mark.parametrize("continuous", [False, True])
def test_a_null_branch_is_bit_identical_for_a_task_whose_environments_cannot_be_copied(
    make_campaign: Callable[..., Campaign], equal: Equal, store: Store, continuous: bool
) -> None:
    """A PettingZoo task begins new episodes at a checkpoint, in the live run and in the restored one alike."""
    campaign = make_campaign()
    campaign.task.Clear()
    campaign.task.name = "examples.simple_spread:make_env"
    campaign.task.workers = 1
    campaign.task.arguments["continuous_actions"].flag = continuous
    config = ShapingConfig()
    main = _advanced(Run.start(campaign, [config], [3]), 2)
    assert main.learner.policy.discrete is not continuous
    saved = checkpoint.save(store, "c", campaign, main.task.card, main.snapshots()[0])
    _advanced(main, 2)
    assert main.finite.all()
    loaded = checkpoint.load(store, "c", campaign, main.task.card, saved)
    branch = _advanced(Run.restore(campaign, [config], [loaded], [None]), 2)
    equal(main.snapshots()[0].tensors, branch.snapshots()[0].tensors)
    main.close()
    branch.close()


def test_equal_seeds_give_equal_checkpoint_ids(campaign: Campaign, potential: ShapingConfig, store: Store) -> None:
    """Training is a function of task, learner, config and seed, not of the campaign's id."""
    ids = []
    for campaign_id, seed in (("c", 4), ("d", 4), ("c", 5)):
        run = _advanced(Run.start(campaign, [potential], [seed]), 2)
        ids.append(checkpoint.save(store, campaign_id, campaign, run.task.card, run.snapshots()[0]))
    assert ids[0] == ids[1] != ids[2]


def test_replicas_are_stacked_from_checkpoints_and_cut_out_again(
    campaign: Campaign, potential: ShapingConfig, equal: Equal
) -> None:
    """Two runs that are stacked without training come apart as they were."""
    parts = [_advanced(Run.start(campaign, [potential], [seed]), 2).snapshots()[0] for seed in (1, 2)]
    stacked = Run.restore(campaign, [potential, potential], parts, [None, None])
    for before, after in zip(parts, stacked.snapshots(), strict=True):
        equal(before.tensors, after.tensors)


def test_the_live_learner_reports_the_hash_of_the_config_applied_after_the_restore(
    campaign: Campaign, potential: ShapingConfig, event: ShapingConfig
) -> None:
    """A new config takes over at a restore, and is what the learner says it trains under."""
    before = _advanced(Run.start(campaign, [potential], [1]), 1)
    after = Run.restore(campaign, [event], before.snapshots(), [None])
    assert before.shaping.config_hashes == (config_hash(potential),)
    assert after.shaping.config_hashes == (config_hash(event),)
    assert after.snapshots()[0].config_hash == config_hash(event)


def test_a_new_seed_begins_new_episodes_and_keeps_what_was_learnt(campaign: Campaign, potential: ShapingConfig) -> None:
    """Branches of one checkpoint share its weights and differ in everything random."""
    snapshot = _advanced(Run.start(campaign, [potential], [1]), 2).snapshots()[0]
    run = Run.restore(campaign, [potential] * 2, [snapshot] * 2, [10, 11])
    first, second = run.snapshots()
    assert torch.equal(first.tensors["learner.policy.net.flat"], snapshot.tensors["learner.policy.net.flat"])
    assert torch.equal(second.tensors["learner.policy.net.flat"], snapshot.tensors["learner.policy.net.flat"])
    view = run.task.view()
    assert not torch.equal(view.observations[0], view.observations[1])


@pytest.fixture
def saved(campaign: Campaign, potential: ShapingConfig, store: Store) -> tuple[Run, str]:
    """A run, and the id of its checkpoint in the store."""
    run = _advanced(Run.start(campaign, [potential], [1]), 1)
    return run, checkpoint.save(store, "c", campaign, run.task.card, run.snapshots()[0])


def _replace(store: Store, key: str, content: bytes) -> None:
    store.delete(key)
    store.create(key, content)


@pytest.mark.parametrize("blob_name", ["tensors.safetensors", "state.json"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing"])
def test_a_damaged_blob_is_refused(
    campaign: Campaign, store: Store, saved: tuple[Run, str], blob_name: str, damage: str
) -> None:
    """A checkpoint that lost or changed a byte is never loaded."""
    run, checkpoint_id = saved
    manifest = checkpoint.load_manifest(store, "c", checkpoint_id)
    key = keys.blob("c", next(blob.sha256 for blob in manifest.blobs if blob.name == blob_name))
    content = store.get(key)
    match damage:
        case "truncated":
            _replace(store, key, content[:-1])
        case "flipped":
            _replace(store, key, bytes([content[0] ^ 1]) + content[1:])
        case _:
            store.delete(key)
    with pytest.raises(CheckpointError, match=rf"damaged: {blob_name}"):
        checkpoint.load(store, "c", campaign, run.task.card, checkpoint_id)


def test_a_damaged_manifest_is_refused(campaign: Campaign, store: Store, saved: tuple[Run, str]) -> None:
    """The id is the manifest's hash, so no byte of it can change."""
    run, checkpoint_id = saved
    key = keys.checkpoint("c", checkpoint_id)
    data = json.loads(store.get(key))
    data["env_steps"] += 1
    _replace(store, key, json.dumps(data).encode())
    with pytest.raises(CheckpointError, match="another sha256"):
        checkpoint.load(store, "c", campaign, run.task.card, checkpoint_id)


def test_a_checkpoint_of_another_schema_version_task_or_learner_is_refused(
    campaign: Campaign, make_campaign: Callable[..., Campaign], store: Store, saved: tuple[Run, str]
) -> None:
    """Each mismatch is named with what was found and what is expected."""
    run, checkpoint_id = saved
    card = run.task.card
    manifest = CheckpointManifest()
    manifest.CopyFrom(checkpoint.load_manifest(store, "c", checkpoint_id))
    manifest.schema_version = 99
    import hashlib

    content = canonical(manifest)
    newer = hashlib.sha256(content).hexdigest()
    store.create(keys.checkpoint("c", newer), content)
    with pytest.raises(CheckpointError, match="schema version 99; 1 is expected"):
        checkpoint.load(store, "c", campaign, card, newer)
    other = Run.start(make_campaign("8x8-2p-2f-coop"), [ShapingConfig()], [1]).task.card
    with pytest.raises(CheckpointError, match="has task foraging/5x5-2p-1f-coop; foraging/8x8-2p-2f-coop is expected"):
        checkpoint.load(store, "c", campaign, other, checkpoint_id)
    with pytest.raises(CheckpointError, match="has learner"):
        checkpoint.load(store, "c", make_campaign(hidden=17), card, checkpoint_id)
    with pytest.raises(CheckpointError, match="does not exist"):
        checkpoint.load(store, "c", campaign, card, "0" * 64)


def test_a_replica_that_diverges_does_not_touch_the_others(campaign: Campaign, potential: ShapingConfig) -> None:
    """One replica's NaN weights are reported, and its neighbour learns on."""
    run = Run.start(campaign, [potential] * 2, [1, 2])
    with torch.no_grad():
        run.learner.value_net.flat[0] = torch.nan
    _advanced(run, 1)
    assert run.finite.tolist() == [False, True]
    assert torch.isfinite(run.snapshots()[1].tensors["learner.value.flat"]).all()

"""Checkpoints in the object store: blobs first, named by their content, then the manifest.

A checkpoint exists from the moment its manifest does, and its id is the manifest's sha256: equal
training gives equal ids, and a damaged object cannot be loaded. Tensors are safetensors, the rest
is JSON; nothing that is read can run code.
"""

import hashlib
import json
from copy import deepcopy
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from also import keys, log
from also.device import placeless_learner
from also.document import canonical, digest, parse_json
from also.errors import CheckpointError, DocumentError, MissingObjectError, StoreError
from also.services.trainer.run import Snapshot
from also.store import Store
from also.v1.campaign_pb2 import Campaign
from also.v1.checkpoint_pb2 import Blob, CheckpointManifest
from also.v1.task_pb2 import TaskCard

SCHEMA_VERSION = 1
"""Version of the checkpoint's layout."""

_TENSORS, _STATE = "tensors.safetensors", "state.json"


def save(store: Store, campaign_id: str, campaign: Campaign, card: TaskCard, snapshot: Snapshot) -> str:
    """Store a snapshot, and return its checkpoint's id. Saving an equal snapshot again changes nothing.

    Raises:
        StoreError: the store cannot be written.
    """
    contents = {
        _STATE: json.dumps({"config_hash": snapshot.config_hash}, sort_keys=True).encode(),
        _TENSORS: save_tensors({name: tensor.cpu().contiguous() for name, tensor in snapshot.tensors.items()}),
    }
    manifest = CheckpointManifest(
        schema_version=SCHEMA_VERSION,
        task=card.task,
        learner_hash=learner_hash(campaign, card),
        env_steps=snapshot.env_steps,
        updates=snapshot.updates,
    )
    for name, content in sorted(contents.items()):
        sha256 = hashlib.sha256(content).hexdigest()
        manifest.blobs.append(Blob(name=name, size=len(content), sha256=sha256))
    checkpoint_id = digest(manifest)
    try:
        for blob in manifest.blobs:
            store.ensure(keys.blob(campaign_id, blob.sha256), contents[blob.name])
        store.ensure(keys.checkpoint(campaign_id, checkpoint_id), canonical(manifest))
    except StoreError as error:
        log.CHECKPOINT_NOT_STORED.tell(campaign=campaign_id, checkpoint=checkpoint_id, error=str(error))
        raise
    return checkpoint_id


def load(store: Store, campaign_id: str, campaign: Campaign, card: TaskCard, checkpoint_id: str) -> Snapshot:
    """Read a checkpoint and check every byte of it.

    Raises:
        CheckpointError: it is missing, damaged, or of another schema version, task or learner.
    """
    manifest = load_manifest(store, campaign_id, checkpoint_id)
    _expect(checkpoint_id, "task", manifest.task, card.task)
    _expect(checkpoint_id, "learner", manifest.learner_hash, learner_hash(campaign, card))
    contents = {blob.name: _read_blob(store, campaign_id, checkpoint_id, blob) for blob in manifest.blobs}
    try:
        state: dict[str, Any] = json.loads(contents[_STATE])
        return Snapshot(
            tensors=load_tensors(contents[_TENSORS]),
            env_steps=manifest.env_steps,
            updates=manifest.updates,
            config_hash=str(state["config_hash"]),
        )
    except (KeyError, ValueError, TypeError, SafetensorError) as error:
        raise CheckpointError(f"checkpoint {checkpoint_id} is damaged: {error}") from error


def load_manifest(store: Store, campaign_id: str, checkpoint_id: str) -> CheckpointManifest:
    """A checkpoint's manifest.

    Raises:
        CheckpointError: it is missing, damaged, or of another schema version.
    """
    try:
        content = store.get(keys.checkpoint(campaign_id, checkpoint_id))
    except MissingObjectError:
        raise CheckpointError(f"checkpoint {checkpoint_id} of campaign {campaign_id} does not exist") from None
    if hashlib.sha256(content).hexdigest() != checkpoint_id:
        raise CheckpointError(f"checkpoint {checkpoint_id} is damaged: its manifest has another sha256")
    try:
        manifest = parse_json(CheckpointManifest, content, f"checkpoint {checkpoint_id}")
    except DocumentError as error:
        raise CheckpointError(str(error)) from None
    _expect(checkpoint_id, "schema version", manifest.schema_version, SCHEMA_VERSION)
    return manifest


def learner_hash(campaign: Campaign, card: TaskCard) -> str:
    """sha256 of what the shapes and the meaning of a checkpoint's tensors depend on; the device is no part of that."""
    space = deepcopy(card.action_space)
    space.ClearField("masked")
    sizes = f"{len(card.agents)}/{card.observation_size}/{card.state_size}"
    return hashlib.sha256(
        canonical(placeless_learner(campaign.learner)) + canonical(space) + sizes.encode()
    ).hexdigest()


def _read_blob(store: Store, campaign_id: str, checkpoint_id: str, blob: Blob) -> bytes:
    try:
        content = store.get(keys.blob(campaign_id, blob.sha256))
    except MissingObjectError:
        raise CheckpointError(f"checkpoint {checkpoint_id} is damaged: {blob.name} is missing") from None
    if len(content) != blob.size:
        raise CheckpointError(
            f"checkpoint {checkpoint_id} is damaged: {blob.name} has {len(content)} bytes; {blob.size} are expected"
        )
    if hashlib.sha256(content).hexdigest() != blob.sha256:
        raise CheckpointError(f"checkpoint {checkpoint_id} is damaged: {blob.name} has another sha256")
    return content


def _expect(checkpoint_id: str, what: str, found: object, expected: object) -> None:
    if found != expected:
        raise CheckpointError(f"checkpoint {checkpoint_id} has {what} {found}; {expected} is expected")

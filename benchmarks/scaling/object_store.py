"""The object store under a round with a thousand parallel branches.

What the validator asks of it in one look (is the result of each running group there?), results created and read,
checkpoints uploaded by many writers at once through the trainer's own code, groups saved in mid-branch and taken up
again, and the bytes of the whole round.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from also import document, keys
from also.services.trainer import checkpoint
from also.services.trainer.branch import save as branch_save
from also.services.trainer.branch.group import GroupRun
from also.services.trainer.run import Snapshot
from also.services.trainer.tasks.opening import describe
from also.services.validator.launch import results
from also.services.validator.measure import records
from also.store import Store, open_store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchRecord
from also.v1.verdict_pb2 import Validation
from benchmarks.scaling.a_round import CAMPAIGN_ID, REPLICAS, ARound, Trained
from benchmarks.scaling.figures import Stopwatch, row, seconds, short, spread, table, tail
from benchmarks.scaling.servers import gateway, memory_of

_HEADS = 200
"""Requests of a kind that are timed one after the other."""

_CHECKPOINTS = 200
"""Checkpoints that are uploaded for each number of writers."""

_WRITERS = (1, 16, 64)
"""Branch processes that upload at the same time, as threads."""

_SAVES = 20
"""Saves of a group that are timed one after the other."""

_KIB, _MIB = 1024, 2**20

_GRPC_BYTES = 4 * _MIB
"""Largest message that a client of gRPC takes, unless it is told otherwise, which ours are not."""


def measure(a_round: ARound, trained: dict[int, Trained], versitygw: Path) -> Iterator[str]:
    """The section's lines.

    Args:
        a_round: the round.
        trained: one trained group for each number of replicas.
        versitygw: the S3 server's program.
    """
    yield from ("## Object store", "")
    yield f"Each request by the validator's and the trainer's code, one after the other; {_HEADS} of each, ms."
    yield ""
    yield from table(
        "store", "a missing result (HEAD)", "p95", "saves of a group (LIST)", "a result of 16 created", "read"
    )
    uploads, saves = list[str](), list[str]()
    with TemporaryDirectory() as place, gateway(versitygw, Path(place) / "gateway") as served:
        folder = open_store(f"{place}/folder")
        for name, store in (("versitygw", served.store), ("folder", folder)):
            yield _requests(name, store, a_round, trained[16])
            uploads += [_uploads(name, store, a_round, writers) for writers in _WRITERS]
            saves += [_saves(name, store, a_round, trained[replicas]) for replicas in REPLICAS]
        memory = memory_of(served.pid)
    yield from ("", f"{_CHECKPOINTS} checkpoints of the default learner, each two blobs and a manifest:", "")
    yield from table("store", "writers", "checkpoints/s", "creates/s", "MiB/s", "ms of one")
    yield from uploads
    yield ""
    yield f"versitygw had {memory / _MIB:.0f} MiB of memory after that."
    yield ""
    yield "A group saved in mid-branch, and taken up again; the newest two saves stay until it has ended:"
    yield ""
    yield from table("store", "branches", "MiB of a save", "ms to save", "ms to delete the older ones", "s to take up")
    yield from saves
    yield from ("", "What one round of 1,003 branches leaves, written in full into a folder:", "")
    yield from table("branches a Job", "groups", "objects", "MiB", "of it checkpoints", "a spec, KiB", "a result, KiB")
    for replicas in REPLICAS:
        yield _round_bytes(a_round, trained[replicas], replicas)
    yield ""
    yield _answer(a_round, trained[64])


def _requests(name: str, store: Store, a_round: ARound, trained: Trained) -> str:
    head, listing, create, read = Stopwatch(), Stopwatch(), Stopwatch(), Stopwatch()
    groups = a_round.groups(1)[:_HEADS]
    for group in groups:
        with head.lap():
            there = results.is_there(store, group)
        with listing.lap():
            save = results.newest_save(store, group)
        result = trained.result_of(group.name)
        with create.lap():
            made = store.create_message(keys.branch_group_result(CAMPAIGN_ID, group.name), result)
        mine = _with_branches(group, trained)
        with read.lap():
            found = records.read(store, [mine])
        if there or save or not made or found != list(trained.records):
            raise RuntimeError(f"{name} does not keep what it was given")
    timed = (spread(watch.seconds, 1e-3) for watch in (listing, create, read))
    return row(name, spread(head.seconds, 1e-3), tail(head.seconds, 1e-3), *timed)


def _uploads(name: str, store: Store, a_round: ARound, writers: int) -> str:
    """Upload checkpoints by so many writers at once."""
    one = Stopwatch()
    card = describe(a_round.campaign.task)

    def upload(number: int) -> None:
        snapshot = _another(a_round.snapshot, writers * _CHECKPOINTS + number)
        with one.lap():
            checkpoint.save(store, CAMPAIGN_ID, a_round.campaign, card, snapshot)

    with ThreadPoolExecutor(writers) as pool:
        took = seconds(lambda: list(pool.map(upload, range(_CHECKPOINTS))))
    rate = _CHECKPOINTS / took
    mib = rate * _checkpoint_bytes(a_round) / _MIB
    objects = rate * (1 + len(checkpoint.load_manifest(a_round.store, CAMPAIGN_ID, a_round.start).blobs))
    return row(name, writers, short(rate), short(objects), short(mib), spread(one.seconds, 1e-3))


def _saves(name: str, store: Store, a_round: ARound, trained: Trained) -> str:
    """Save a group after its first update, delete what is too old, and take the newest save up."""
    saved, swept, resumed = Stopwatch(), Stopwatch(), Stopwatch()
    group = trained.group
    checkpoint.save(store, CAMPAIGN_ID, a_round.campaign, describe(a_round.campaign.task), a_round.snapshot)
    with closing(GroupRun.begin(store, group)) as course:
        course.advance()
        for number in range(_SAVES):
            course.done = number + 1  # each save is of a moment of its own
            with saved.lap():
                branch_save.save(store, course, seconds=1.0)
            with swept.lap():
                branch_save.sweep(store, group, keep=2)
    objects = store.find(keys.branch_group_saves(CAMPAIGN_ID, group.name))
    size = sum(len(store.get(key)) for key in objects) / 2
    with resumed.lap():
        again = branch_save.resume(store, group)
    if again is None or again.done != _SAVES or len(objects) != 4:
        raise RuntimeError(f"{name} does not keep the newest two saves")
    again.close()
    timed = (spread(watch.seconds, 1e-3) for watch in (saved, swept))
    return row(name, len(group.branches), short(size / _MIB), *timed, short(resumed.seconds[0]))


def _round_bytes(a_round: ARound, trained: Trained, replicas: int) -> str:
    """Write everything that a round leaves, and weigh it."""
    groups = a_round.groups(replicas)
    card = describe(a_round.campaign.task)
    with TemporaryDirectory() as place:
        store = open_store(place)
        for group in groups:
            results.store_spec(store, group)
            store.create_message(keys.branch_group_result(CAMPAIGN_ID, group.name), _part(trained, group))
        branches = sum(len(group.branches) for group in groups)
        for number in range(branches):
            checkpoint.save(store, CAMPAIGN_ID, a_round.campaign, card, _another(a_round.snapshot, number))
        sizes = {key: (Path(place) / key).stat().st_size for key in store.find(keys.CAMPAIGNS)}
    kept = sum(size for key, size in sizes.items() if "/branches/" not in key)
    specs = [size for key, size in sizes.items() if key.endswith("/spec.json")]
    told = [size for key, size in sizes.items() if key.endswith("/result.json")]
    whole = sum(sizes.values())
    weights = (f"{whole / _MIB:.0f}", f"{kept / whole:.0%}", spread(specs, _KIB), spread(told, _KIB))
    return row(replicas, len(groups), f"{len(sizes):,}", *weights)


def _answer(a_round: ARound, trained: Trained) -> str:
    """How large the validator's answer to the conductor is, which is a record of the journal too."""
    told = []
    groups = a_round.groups(1)
    for number, group in enumerate(groups):
        record = BranchRecord()
        record.CopyFrom(trained.records[number % len(trained.records)])
        record.arm, record.seed_index = group.branches[0].arm, group.branches[0].seed_index
        told.append(record)
    names = list(dict.fromkeys(record.arm for record in told))
    validation = Validation(arms=records.add([], names, groups[0].pool, told))
    sent, stored = validation.ByteSize(), len(document.canonical(validation))
    return (
        f"The validator answers with the records of all branches, {sent / _KIB:.0f} KiB for these {len(told):,}; gRPC "
        f"takes {_GRPC_BYTES // _MIB} MiB, which are {_GRPC_BYTES * len(told) // sent:,}. The journal keeps it as "
        f"{stored / _KIB:.0f} KiB of JSON."
    )


def _checkpoint_bytes(a_round: ARound) -> int:
    """Size of the checkpoint, manifest and all."""
    manifest = checkpoint.load_manifest(a_round.store, CAMPAIGN_ID, a_round.start)
    key = keys.checkpoint(CAMPAIGN_ID, a_round.start)
    return sum(blob.size for blob in manifest.blobs) + len(a_round.store.get(key))


def _another(snapshot: Snapshot, number: int) -> Snapshot:
    """A snapshot of the same size with other numbers in it, as every branch has its own."""
    tensors = dict(snapshot.tensors)
    name = next(name for name, tensor in sorted(tensors.items()) if tensor.is_floating_point())
    tensors[name] = tensors[name] + (number + 1) / 1024
    return replace(snapshot, tensors=tensors)


def _with_branches(group: BranchGroup, trained: Trained) -> BranchGroup:
    mine = BranchGroup()
    mine.CopyFrom(trained.group)
    mine.name = group.name
    return mine


def _part(trained: Trained, group: BranchGroup) -> BranchGroupResult:
    """The trained group's result with as many records as another group has branches."""
    result = trained.result_of(group.name)
    del result.records[len(group.branches) :]
    return result

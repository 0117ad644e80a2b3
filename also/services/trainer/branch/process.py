"""A branch group as a process or a Kubernetes Job: `python -m also.services.trainer.branch`.

The process reads what to do from the object store and creates the result there once, so it may be
started again at any time, and twice at once. Asked to end (SIGTERM, SIGINT), it finishes the update
under way and saves; the next process continues from there, to the same result. Once the result is
stored, the process may linger until Prometheus has read its last samples (`lingering`).

Exit codes: 0 the result is in the store, 1 it failed and may be started again, 2 its input is
wrong, 143 it was asked to end before its end, or before its samples were read: a Job then starts another process,
which continues.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from also import enums, exposition, keys, lifeline, log, settings
from also.document import canonical
from also.errors import InputError, MissingObjectError, MissingStoreError, StoreError
from also.process import BAD_INPUT
from also.services.trainer.branch.lingering import linger, show
from also.services.trainer.branch.stop import STOPPED, Stop, stoppable
from also.store import Store, open_store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Device, LearnerSettings
from also.words import one_line

if TYPE_CHECKING:
    from also.services.trainer.branch.group import GroupRun

FAILED = 1
"""Exit code when the store fails: another process may succeed."""

_SAVES_KEPT = 2
"""Newest saves of a group that stay while it trains: the second is there should the first be damaged."""

_PROGRESS_SECONDS = 0.5
"""Longest time between two progress lines, while updates are shorter."""


def main(given: Sequence[str] | None = None) -> None:
    """Train one branch group to its end; exit with another code than 0 when it has no result."""
    arguments = _parse(given)
    if arguments.lifeline:
        lifeline.hold()
    with stoppable() as stop, log.about(campaign=arguments.campaign, group=arguments.group), ExitStack() as stack:
        try:
            stack.enter_context(log.prepared("branch"))
            if arguments.metrics_port is not None:
                exposition.expose(arguments.metrics_port, settings.from_environment().metrics_host)
            store = open_store(arguments.store, create=False)
            ended = store.exists(keys.branch_group_result(arguments.campaign, arguments.group))
            if ended and arguments.metrics_port is None:
                return
            group = store.get_message(keys.branch_group(arguments.campaign, arguments.group), branch_pb2.BranchGroup)
            stack.enter_context(log.about(stage=group.stage, round=group.round))
            if ended:
                if not show(store, group, seconds=arguments.linger_seconds, stop=stop):
                    sys.exit(STOPPED)
                return
            group.campaign.learner.MergeFrom(LearnerSettings(device=f"DEVICE_{arguments.device.upper()}"))
            if not train(store, group, save_seconds=arguments.save_seconds, share=arguments.share, stop=stop):
                sys.exit(STOPPED)
            if arguments.metrics_port is not None and not linger(store, group, arguments.linger_seconds, stop):
                sys.exit(STOPPED)
        except (InputError, MissingObjectError) as error:
            print(f"error: {one_line(str(error))}", file=sys.stderr)  # the launcher reads the last line
            sys.exit(FAILED if _may_pass(error) else BAD_INPUT)


def train(
    store: Store,
    group: branch_pb2.BranchGroup,
    *,
    save_seconds: float = math.inf,
    share: int = 1,
    stop: Stop | None = None,
) -> bool:
    """Train a group and store its result; progress goes to standard output, a JSON line each.

    Args:
        store: the object store.
        group: what to train; it continues from its newest save, if it has one.
        save_seconds: time between two saves, seconds.
        share: processes that share the free memory of this machine's GPU, at least 1.
        stop: asked after each update whether to save and end.

    Returns:
        Whether the result is stored; False when the process was asked to end before.

    Raises:
        CheckpointError: a start checkpoint cannot be used.
        DeviceError: the learner's device is asked for and not there.
        StoreError: the store cannot be read, or the result cannot be written.
    """
    from also.services.trainer import determinism, device
    from also.services.trainer.branch import save as branch_save
    from also.services.trainer.branch.group import GroupRun
    from also.services.trainer.branch.metrics import BranchMetrics

    stop = stop or Stop()
    determinism.prepare()
    began = time.monotonic()
    course = branch_save.resume(store, group) or GroupRun.begin(store, group, parts=_parts(group, share))
    where = device.choice_in_words(group.campaign.learner)
    branches, parts = len(course.records), len(course.runs)
    log.BRANCHES_BEGUN.tell(branches=branches, parts=parts, updates=course.done, device=where)
    with _failures_told(), closing(course):
        owner = settings.from_environment().owner
        told = BranchMetrics(group, course.records, planned_env_steps=course.planned_env_steps, owner=owner)
        told.trained(course.env_steps)
        _tell(course)
        heard = saved = time.monotonic()
        fresh = False
        stop.heeded = True
        while not course.finished:
            asked = stop.asked
            if fresh and (asked or time.monotonic() - saved >= save_seconds):
                _save(store, course, seconds=course.earlier_seconds + time.monotonic() - began)
                saved, fresh = time.monotonic(), False
            if asked:
                log.BRANCHES_STOPPED.tell(updates=course.done)
                return False
            measured = course.advance()
            fresh = True
            told.trained(course.env_steps)
            if measured:
                told.measured(course.records)
            if measured or time.monotonic() - heard >= _PROGRESS_SECONDS:
                heard = time.monotonic()
                _tell(course)
        course.finish(store)
        result = branch_pb2.BranchGroupResult(
            name=group.name,
            records=course.records,
            seconds=course.earlier_seconds + time.monotonic() - began,
            processes=course.processes,
        )
        store.create_message(keys.branch_group_result(group.campaign_id, group.name), result)
        log.BRANCHES_ENDED.tell(branches=branches, seconds=time.monotonic() - began)
        _sweep(store, group, keep=0)
    return True


def _parts(group: branch_pb2.BranchGroup, share: int) -> int:
    """Parts that a group is trained in, by the free memory of its device."""
    from also.services.trainer import device, memory
    from also.services.trainer.tasks.opening import describe

    free = device.free_bytes(device.resolve(group.campaign.learner))
    if free is None:
        return 1
    each = memory.need(group.campaign, describe(group.campaign.task, group.card))
    return memory.parts(len(group.branches), each, free // share)


def _save(store: Store, course: "GroupRun", *, seconds: float) -> None:
    """Save, if the store lets us: a save that fails costs time later, and must not cost the training now."""
    from also.services.trainer.branch import save as branch_save

    try:
        if not branch_save.save(store, course, seconds=seconds):
            return
    except StoreError as error:
        log.SAVE_NOT_STORED.tell(updates=course.done, error=str(error))
        return
    _sweep(store, course.group, keep=_SAVES_KEPT)


def _sweep(store: Store, group: branch_pb2.BranchGroup, *, keep: int) -> None:
    """Delete older saves, if the store lets us: what stays costs room."""
    from also.services.trainer.branch import save as branch_save

    try:
        branch_save.sweep(store, group, keep=keep)
    except StoreError as error:
        log.SAVES_NOT_DELETED.tell(error=str(error))


@contextmanager
def _failures_told() -> Iterator[None]:
    """Log why what is inside fails."""
    try:
        yield
    except Exception as error:
        log.BRANCHES_FAILED.tell(error=type(error).__name__, detail=str(error))
        raise


def _tell(course: "GroupRun") -> None:
    progress = branch_pb2.BranchProgress(env_steps=course.env_steps, records=course.records)
    sys.stdout.buffer.write(canonical(progress) + b"\n")
    sys.stdout.buffer.flush()


def _may_pass(error: Exception) -> bool:
    """Whether it was the storage itself that failed: such an error has a cause, one about our input has none."""
    return isinstance(error, StoreError) and not isinstance(error, MissingStoreError) and error.__cause__ is not None


def _parse(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="also.services.trainer.branch")
    parser.add_argument("--store", required=True, help="URI of the object store")
    parser.add_argument("--campaign", required=True, help="id of the campaign")
    parser.add_argument("--group", required=True, help="name of the branch group")
    parser.add_argument("--metrics-port", type=int, default=None, metavar="N", help="serve /metrics on this port")
    parser.add_argument(
        "--linger-seconds",
        type=_number(float, lambda value: 0 <= value < math.inf, "a number of seconds, 0 or more,"),
        default=0.0,
        metavar="S",
        help="longest time to stay up after the result, until the metrics were read; 0 or more, default 0",
    )
    parser.add_argument(
        "--save-seconds",
        type=_number(float, lambda value: 0 < value < math.inf, "a number of seconds above 0"),
        default=math.inf,
        metavar="S",
        help="time between two saves, above 0; left out: saved only when asked to end",
    )
    parser.add_argument(
        "--device",
        choices=enums.short_names(Device.DESCRIPTOR),
        default="auto",
        help="where it is trained; default auto",
    )
    parser.add_argument(
        "--share",
        type=_number(int, lambda value: value >= 1, "a whole number, at least 1,"),
        default=1,
        metavar="N",
        help="processes that share the free memory of this machine's GPU, at least 1; default 1",
    )
    parser.add_argument(lifeline.FLAG, action="store_true", help="end when standard input closes")
    return parser.parse_args(given)


def _number(kind: Callable[[str], float], fits: Callable[[float], bool], allowed: str) -> Callable[[str], float]:
    """Reads an argument that is a number of some kind and fits; `allowed` says in words what is expected."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not fits(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not allowed; {allowed} is expected")
        return value

    return read

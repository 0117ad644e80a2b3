"""A stage of the main run: from a checkpoint, under a shaping config, to the next checkpoint.

The result is stored under the stage's key, so a stage that was cut short is trained again from its
start and a stage that was finished is never trained twice.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from also import keys, log, metrics, seeds, settings
from also.errors import DivergedError, ServiceUnavailable
from also.services.trainer import checkpoint, evidence, threads
from also.services.trainer.algorithm import Statistics
from also.services.trainer.run import Run
from also.services.trainer.tasks.opening import describe
from also.store import Store
from also.updates import whole_updates
from also.v1 import campaign_pb2, evidence_pb2, trainer_pb2

_PROGRESS_SECONDS = 0.5
"""Longest time between two progress messages, while updates are shorter."""


def train(
    store: Store, request: trainer_pb2.TrainStageRequest, *, active: Callable[[], bool]
) -> Iterator[trainer_pb2.TrainingProgress | trainer_pb2.StageResult]:
    """Train a stage, and yield progress and, last, the result.

    Args:
        store: the object store.
        request: which stage, from where, under which config.
        active: whether the caller still listens; training ends when not.

    Raises:
        CheckpointError: the start checkpoint cannot be used.
        DivergedError: a number of the training was not finite.
        ServiceUnavailable: the caller is gone.
    """
    key = keys.stage(request.campaign_id, request.run, request.stage)
    if store.exists(key):
        yield store.get_message(key, trainer_pb2.StageResult)
        return
    with ExitStack() as stack:
        with _told(request) as began:
            run = _begin(store, request)
            stack.callback(run.close)
            yield from _train(store, request, run, active, began=began)
        yield store.get_message(key, trainer_pb2.StageResult)


@contextmanager
def _told(request: trainer_pb2.TrainStageRequest) -> Iterator[float]:
    """Tell the log that a stage begins, and why it does not come to its end; gives when it began, monotonic seconds."""
    began = time.monotonic()
    log.STAGE_BEGUN.tell(**_subject(request), env_steps=request.env_steps, checkpoint=request.checkpoint_id)
    try:
        yield began
    except BaseException as error:
        seconds = time.monotonic() - began
        log.STAGE_FAILED.tell(**_subject(request), error=type(error).__name__, detail=str(error), seconds=seconds)
        raise


def _subject(request: trainer_pb2.TrainStageRequest) -> dict[str, log.Value]:
    return {"campaign": request.campaign_id, "run": request.run, "stage": request.stage}


def _begin(store: Store, request: trainer_pb2.TrainStageRequest) -> Run:
    campaign, count = request.campaign, threads.usable(settings.from_environment().trainer_threads)
    card = describe(campaign.task, request.card)
    if not request.checkpoint_id:
        run = Run.start(campaign, [request.config], [seeds.derive(campaign.seed, "run")], threads=count, card=card)
        if request.HasField("origin"):
            _take(store, request, run)
        return run
    snapshot = checkpoint.load(store, request.campaign_id, campaign, card, request.checkpoint_id)
    return Run.restore(campaign, [request.config], [snapshot], [None], threads=count, card=card)


def _take(store: Store, request: trainer_pb2.TrainStageRequest, run: Run) -> None:
    """Begin a new run with what a checkpoint of another campaign has learnt, which lies among this one's."""
    origin, theirs = request.origin, campaign_pb2.Campaign(learner=request.origin.learner)
    try:
        snapshot = checkpoint.load(store, request.campaign_id, theirs, run.task.card, origin.checkpoint_id)
        run.take(snapshot, whole=origin.learner.algorithm == request.campaign.learner.algorithm)
    except BaseException:
        run.close()
        raise


def _train(
    store: Store, request: trainer_pb2.TrainStageRequest, run: Run, active: Callable[[], bool], *, began: float
) -> Iterator[trainer_pb2.TrainingProgress]:
    planned = whole_updates(request.env_steps, request.campaign.learner) // run.env_steps_per_update
    labels = request.campaign_id, request.run
    trains_since = told = time.monotonic()
    curve: list[evidence_pb2.CurvePoint] = []
    statistics: deque[Statistics] = deque(maxlen=evidence.LAST_UPDATES)  # a stage may have any number of them
    for done in range(1, planned + 1):
        if not active():
            raise ServiceUnavailable("the caller of TrainStage is gone")
        statistics.append(run.advance())
        metrics.ENV_STEPS.labels(*labels).inc(run.env_steps_per_update)
        _extend(curve, run)
        if not bool(run.finite.all()):
            raise DivergedError(f"training of stage {request.stage} diverged at {run.env_steps} env_steps")
        now = time.monotonic()
        if now - told >= _PROGRESS_SECONDS or done == planned:
            told = now
            mean_return = curve[-1].mean_return if curve else 0.0
            metrics.TRAINING_RETURN.labels(*labels).set(mean_return)
            yield trainer_pb2.TrainingProgress(
                env_steps=done * run.env_steps_per_update,
                env_steps_planned=planned * run.env_steps_per_update,
                mean_return=mean_return,
                env_steps_per_second=done * run.env_steps_per_update / max(now - trains_since, 1e-9),
                config_hash=run.shaping.config_hashes[0],
            )
    found = None
    if request.gather_evidence:
        found = evidence.gather(run, request.campaign, stage=request.stage, curve=curve, updates=statistics)
    checkpoint_id = checkpoint.save(store, request.campaign_id, request.campaign, run.task.card, run.snapshots()[0])
    result = trainer_pb2.StageResult(
        checkpoint_id=checkpoint_id,
        evidence=found,
        env_steps=planned * run.env_steps_per_update,
        run_env_steps=run.env_steps,
        config_hash=run.shaping.config_hashes[0],
        curve=evidence.thinned(curve, evidence.CURVE_POINTS) if found is None else (),
    )
    store.create_message(keys.stage(request.campaign_id, request.run, request.stage), result)
    log.STAGE_ENDED.tell(
        **_subject(request),
        env_steps=result.env_steps,
        checkpoint=checkpoint_id,
        seconds=time.monotonic() - began,
    )


def _extend(curve: list[evidence_pb2.CurvePoint], run: Run) -> None:
    returns, episodes = run.collector.take_finished()
    if int(episodes[0]):
        curve.append(evidence_pb2.CurvePoint(env_steps=run.env_steps, mean_return=(returns[0] / episodes[0]).item()))

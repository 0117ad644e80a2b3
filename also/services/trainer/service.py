"""The trainer over gRPC: requests become calls of the modules beside this one."""

import logging
from collections.abc import Callable, Iterator
from functools import cache

import grpc

from also import keys, settings
from also.services.trainer import checkpoint, determinism, device, room, stage
from also.services.trainer.acting import acting_part
from also.services.trainer.evaluation import POOLS, Evaluator, distribution, mean_interval
from also.services.trainer.probe import probe
from also.services.trainer.run import Run, Snapshot
from also.services.trainer.showing.episodes import show
from also.services.trainer.tasks.opening import describe
from also.services.trainer.tasks.suites import SUITES
from also.store import Store, open_store
from also.v1 import branch_pb2, trainer_pb2, trainer_pb2_grpc
from also.v1.episode_pb2 import Episode

_LOG = logging.getLogger(__name__)


_OfCheckpoint = (
    trainer_pb2.ProbeShapingRequest
    | trainer_pb2.EvaluateRequest
    | trainer_pb2.ExtractPolicyRequest
    | trainer_pb2.ShowEpisodesRequest
)
"""Requests that name a checkpoint of a campaign."""


class Trainer(trainer_pb2_grpc.TrainerServiceServicer):
    """Holds nothing but the way to the object store."""

    def __init__(self, store: Callable[[], Store]) -> None:
        """Serve from and to the store that `store` opens, when a call needs it: describing a task needs none."""
        self._store = store

    def ListTasks(
        self, request: trainer_pb2.ListTasksRequest, context: grpc.ServicerContext
    ) -> trainer_pb2.ListTasksResponse:
        """List the native tasks."""
        return trainer_pb2.ListTasksResponse(suites=[suite.to_proto() for suite in SUITES.values()])

    def DescribeTask(
        self, request: trainer_pb2.DescribeTaskRequest, context: grpc.ServicerContext
    ) -> trainer_pb2.DescribeTaskResponse:
        """Build the task and describe it."""
        return trainer_pb2.DescribeTaskResponse(card=describe(request.task))

    def TrainStage(
        self, request: trainer_pb2.TrainStageRequest, context: grpc.ServicerContext
    ) -> Iterator[trainer_pb2.TrainStageResponse]:
        """Train one stage, or find its result."""
        for message in stage.train(self._store(), request, active=context.is_active):
            match message:
                case trainer_pb2.StageResult():
                    yield trainer_pb2.TrainStageResponse(result=message)
                case _:
                    yield trainer_pb2.TrainStageResponse(progress=message)

    def ProbeShaping(
        self, request: trainer_pb2.ProbeShapingRequest, context: grpc.ServicerContext
    ) -> trainer_pb2.ProbeShapingResponse:
        """Compute what configs would have paid."""
        probes = probe(request.campaign, self._load(request), request.configs, request.card)
        return trainer_pb2.ProbeShapingResponse(probes=probes)

    def Evaluate(
        self, request: trainer_pb2.EvaluateRequest, context: grpc.ServicerContext
    ) -> trainer_pb2.EvaluateResponse:
        """Evaluate a checkpoint, or find its evaluation."""
        key = keys.evaluation(request.campaign_id, request.checkpoint_id, POOLS[request.pool])
        if not self._store().exists(key):
            self._store().create_message(key, self._evaluate(request))
        return trainer_pb2.EvaluateResponse(evaluation=self._store().get_message(key, branch_pb2.Evaluation))

    def ExtractPolicy(
        self, request: trainer_pb2.ExtractPolicyRequest, context: grpc.ServicerContext
    ) -> trainer_pb2.ExtractPolicyResponse:
        """Store what acts, or find it."""
        key = keys.policy(request.campaign_id, request.checkpoint_id)
        if not self._store().exists(key):
            card = describe(request.campaign.task, request.card)
            self._store().ensure(key, acting_part(request.campaign, card, self._load(request)))
        return trainer_pb2.ExtractPolicyResponse(key=key)

    def ShowEpisodes(
        self, request: trainer_pb2.ShowEpisodesRequest, context: grpc.ServicerContext
    ) -> Iterator[trainer_pb2.ShowEpisodesResponse]:
        """Play the report episodes, and show some."""
        card = describe(request.campaign.task, request.card)
        for message in show(request.campaign, card, self._load(request), request.choices):
            match message:
                case Episode():
                    yield trainer_pb2.ShowEpisodesResponse(episode=message)
                case _:
                    yield trainer_pb2.ShowEpisodesResponse(frame=message)

    def CheckTrainer(
        self, request: trainer_pb2.CheckTrainerRequest, context: grpc.ServicerContext
    ) -> trainer_pb2.CheckTrainerResponse:
        """Look for the learner's device, and estimate the campaign's memory."""
        where = device.choice_in_words(request.learner)
        _LOG.info("trains on %s", where)
        memory = ""
        if request.HasField("campaign"):
            memory = room.check(request.campaign, request.card, branches=request.branches)
        return trainer_pb2.CheckTrainerResponse(device=where, memory=memory)

    def _evaluate(self, request: trainer_pb2.EvaluateRequest) -> branch_pb2.Evaluation:
        snapshot = self._load(request)
        settings = request.campaign.evaluation
        reported = request.pool == branch_pb2.SEED_POOL_REPORT
        run = Run.restore(request.campaign, [request.campaign.shaping], [snapshot], [None], card=request.card)
        evaluator = Evaluator(
            request.campaign,
            replicas=1,
            episodes=settings.report_episodes if reported else settings.episodes,
            pool=request.pool,
            device=run.device,
            card=run.task.card,
        )
        try:
            episodes = evaluator.play(run.learner.policy, run.collector.observations)
        finally:
            evaluator.close()
            run.close()
        low, high = mean_interval(episodes.returns[0])
        measure = episodes.measure(0, snapshot.env_steps)
        return branch_pb2.Evaluation(
            checkpoint_id=request.checkpoint_id,
            pool=request.pool,
            returns=distribution(episodes.returns[0]),
            return_low=low,
            return_high=high,
            success_rate=measure.success_rate,
            milestone_score=measure.milestone_score,
        )

    def _load(self, request: _OfCheckpoint) -> Snapshot:
        card = describe(request.campaign.task, request.card)
        return checkpoint.load(self._store(), request.campaign_id, request.campaign, card, request.checkpoint_id)


def register(server: grpc.Server) -> None:
    """Add the trainer to a server."""
    determinism.prepare()
    trainer_pb2_grpc.add_TrainerServiceServicer_to_server(
        Trainer(cache(lambda: open_store(settings.from_environment().store))), server
    )

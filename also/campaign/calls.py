"""Calls of the trainer that need no campaign under way."""

from also import limits, rpc
from also.campaign.processes import Services
from also.v1.branch_pb2 import Evaluation
from also.v1.task_pb2 import Task, TaskCard
from also.v1.trainer_pb2 import DescribeTaskRequest, EvaluateRequest
from also.v1.trainer_pb2_grpc import TrainerServiceStub

ANSWER_SECONDS = 600.0
"""Deadline of a call that answers at once or after an evaluation."""


def describe_task(services: Services, task: Task) -> TaskCard:
    """A task's card.

    Raises:
        TaskError: the task cannot be found or built.
        ServiceError: the trainer failed for good.
    """
    request = DescribeTaskRequest(task=task)
    card: TaskCard = services.persist(
        "trainer",
        lambda _: rpc.call(
            TrainerServiceStub(services.channel("trainer")).DescribeTask, request, seconds=ANSWER_SECONDS
        ),
    ).card
    limits.check(card, "task card")
    return card


def evaluate(services: Services, request: EvaluateRequest) -> Evaluation:
    """What a checkpoint's policy is worth.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        ServiceError: the trainer failed for good.
    """
    evaluation: Evaluation = services.persist(
        "trainer",
        lambda _: rpc.call(TrainerServiceStub(services.channel("trainer")).Evaluate, request, seconds=ANSWER_SECONDS),
    ).evaluation
    return evaluation

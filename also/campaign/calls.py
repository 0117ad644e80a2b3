"""Calls of the services that answer once."""

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.message import Message

from also import limits, rpc
from also.campaign import largest
from also.campaign.patience import Patience
from also.campaign.processes import Services
from also.llm.times import longest_answer_seconds
from also.v1.branch_pb2 import Evaluation
from also.v1.campaign_pb2 import Campaign, LearnerSettings
from also.v1.critic_pb2 import CheckCriticRequest, DiagnoseRequest, DiagnoseResponse
from also.v1.critic_pb2_grpc import CriticServiceStub
from also.v1.episode_pb2 import Episode, Frame
from also.v1.generator_pb2 import CheckGeneratorRequest, ProposeRequest, ProposeResponse
from also.v1.generator_pb2_grpc import GeneratorServiceStub
from also.v1.llm_pb2 import LlmUse
from also.v1.task_pb2 import Task, TaskCard
from also.v1.trainer_pb2 import (
    CheckTrainerRequest,
    CheckTrainerResponse,
    DescribeTaskRequest,
    EvaluateRequest,
    ExtractPolicyRequest,
    ExtractPolicyResponse,
    ListTasksRequest,
    ListTasksResponse,
    ShowEpisodesRequest,
)
from also.v1.trainer_pb2_grpc import TrainerServiceStub
from also.v1.validator_pb2 import CheckValidatorRequest
from also.v1.validator_pb2_grpc import ValidatorServiceStub

_STUBS: dict[str, Callable[[grpc.Channel], Any]] = {
    "trainer": TrainerServiceStub,
    "critic": CriticServiceStub,
    "generator": GeneratorServiceStub,
    "validator": ValidatorServiceStub,
}
"""The stub of each service."""

ANSWER_SECONDS = 600.0
"""Deadline of a call that answers at once; an LLM's own time comes on top."""

EPISODES_SECONDS = 24 * 3600.0
"""Deadline of a call that plays episodes. A step that does not return ends it much earlier (`task.step_timeout`)."""


def list_tasks(services: Services) -> ListTasksResponse:
    """The native tasks.

    Raises:
        ServiceError: the trainer failed for good.
    """
    response: ListTasksResponse = _ask(services, "trainer", lambda trainer: trainer.ListTasks, ListTasksRequest())
    return response


def describe_task(services: Services, task: Task) -> TaskCard:
    """A task's card.

    Raises:
        TaskError: the task cannot be found or built.
        ServiceError: the trainer failed for good.
    """
    request = DescribeTaskRequest(task=task)
    response = _ask(services, "trainer", lambda trainer: trainer.DescribeTask, request, seconds=EPISODES_SECONDS)
    card: TaskCard = response.card
    limits.check(card, "task card")
    return card


def evaluate(services: Services, request: EvaluateRequest) -> Evaluation:
    """What a checkpoint's policy is worth.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        ServiceError: the trainer failed for good.
    """
    response = _ask(services, "trainer", lambda trainer: trainer.Evaluate, request, seconds=EPISODES_SECONDS)
    evaluation: Evaluation = response.evaluation
    return evaluation


def extract_policy(services: Services, request: ExtractPolicyRequest) -> str:
    """Key of what acts of a checkpoint.

    Raises:
        CheckpointError: the checkpoint is missing or damaged.
        ServiceError: the trainer failed for good.
    """
    response: ExtractPolicyResponse = _ask(services, "trainer", lambda trainer: trainer.ExtractPolicy, request)
    return response.key


def show_episodes(services: Services, request: ShowEpisodesRequest) -> list[tuple[Episode, list[Frame]]]:
    """Chosen report episodes with their frames.

    Raises:
        TaskError: the task cannot be drawn.
        CheckpointError: the checkpoint is missing or damaged.
        ServiceError: the trainer failed for good.
    """

    def ask(_: Patience) -> list[tuple[Episode, list[Frame]]]:
        shown: list[tuple[Episode, list[Frame]]] = []
        stub = TrainerServiceStub(services.channel("trainer"))
        for response in rpc.stream(stub.ShowEpisodes, request, seconds=EPISODES_SECONDS):
            if response.HasField("episode"):
                shown.append((response.episode, []))
            else:
                shown[-1][1].append(response.frame)
        return shown

    return services.persist("trainer", ask)


def diagnose(services: Services, request: DiagnoseRequest) -> DiagnoseResponse:
    """What the critic says; one try.

    Raises:
        InputError: it refused the request.
        ServiceError: it failed, or could not be reached.
    """
    stub = CriticServiceStub(services.channel("critic"))
    response: DiagnoseResponse = rpc.call(stub.Diagnose, request, seconds=_seconds(request))
    return response


def propose(services: Services, request: ProposeRequest) -> ProposeResponse:
    """What the generator says; one try.

    Raises:
        InputError, ServiceError: as `diagnose`.
    """
    stub = GeneratorServiceStub(services.channel("generator"))
    response: ProposeResponse = rpc.call(stub.Propose, request, seconds=_seconds(request))
    return response


def use_of(response: DiagnoseResponse | ProposeResponse) -> LlmUse | None:
    """What an answer's LLM has cost; None where there was none."""
    return response.llm if response.HasField("llm") else None


def check_trainer(
    services: Services, learner: LearnerSettings, campaign: Campaign | None = None, card: TaskCard | None = None
) -> CheckTrainerResponse:
    """The device that the trainer computes on, in words, and what is to be said of the campaign's memory.

    Args:
        services: the services.
        learner: its device counts.
        campaign: a campaign whose memory is to be estimated, every default filled in.
        card: card of its task.

    Raises:
        DeviceError: the trainer does not have the device that is asked for.
        MemoryNeedError: the campaign takes more memory than the trainer's machine has.
        ServiceError: the trainer failed for good.
    """
    request = CheckTrainerRequest(learner=learner, campaign=campaign, card=card, branches=_branches_there(services))
    response: CheckTrainerResponse = _ask(services, "trainer", lambda trainer: trainer.CheckTrainer, request)
    return response


def _branches_there(services: Services) -> bool:
    """Whether branches train on the trainer's machine."""
    given = services.settings
    return given.launcher == "processes" and not (given.trainer or given.validator)


def check_backends(services: Services, campaign: Campaign, card: TaskCard) -> list[str]:
    """Make sure that the minds' LLMs can be used, and that branches can run and be measured where that is elsewhere.

    An LLM is asked the largest question that the campaign may come to.

    Args:
        services: the services.
        campaign: settings, every default filled in; without `validation`, the validator is not asked.
        card: the task's card.

    Returns:
        What is worth knowing of the LLMs' servers, one sentence each.

    Raises:
        EndpointError: one cannot.
        ServiceError: a service failed for good.
    """
    notes: list[str] = []
    if campaign.critic.HasField("llm"):
        critic = CheckCriticRequest(settings=campaign.critic, question=largest.diagnosis(campaign, card))
        seconds = _seconds(critic.question)
        checked = _ask(services, "critic", lambda mind: mind.CheckCritic, critic, seconds=seconds)
        notes += [f"critic: {note}" for note in checked.notes]
    if campaign.generator.HasField("llm"):
        generator = CheckGeneratorRequest(settings=campaign.generator, question=largest.proposal(campaign, card))
        seconds = _seconds(generator.question)
        checked = _ask(services, "generator", lambda mind: mind.CheckGenerator, generator, seconds=seconds)
        notes += [f"generator: {note}" for note in checked.notes]
    given = services.settings
    if campaign.HasField("validation") and (given.validator or given.prometheus or campaign.validation.guards):
        validator = CheckValidatorRequest(campaign=campaign)
        _ask(services, "validator", lambda stub: stub.CheckValidator, validator)
    return notes


def _ask(
    services: Services,
    name: str,
    method: Callable[[Any], Callable[..., Any]],
    request: Message,
    *,
    seconds: float = ANSWER_SECONDS,
) -> Any:
    """The answer of a method of a service's stub; asked again while it cannot be reached. `seconds` are each try's."""

    def ask(_: Patience) -> Any:
        return rpc.call(method(_STUBS[name](services.channel(name))), request, seconds=seconds)

    return services.persist(name, ask)


def _seconds(request: DiagnoseRequest | ProposeRequest) -> float:
    """Deadline of a mind's answer; choices may have to be asked for one by one."""
    if not request.settings.HasField("llm"):
        return ANSWER_SECONDS
    choices = request.settings.candidates if isinstance(request, ProposeRequest) else 1
    return ANSWER_SECONDS + longest_answer_seconds(request.settings.llm, choices=choices)

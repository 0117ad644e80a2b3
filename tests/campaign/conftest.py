"""A small world with recorded answers: what services would say, as pure functions of their requests.

The loop is tested against it twice: without any service (`play`), and over real gRPC servers that
give the same answers (`serve`). Verdicts are the real judge's.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from also.campaign import requests, spec
from also.campaign.decide import Diagnose, Propose, Report, Review, TrainStage, Validate, decide
from also.campaign.fold import advance, begin
from also.campaign.journal import SCHEMA_VERSION, Journal
from also.campaign.state import Event, State
from also.settings import Settings, child_environment
from also.shaping.identity import config_hash
from also.store import open_store
from also.updates import whole_updates
from also.v1 import critic_pb2_grpc, generator_pb2_grpc, trainer_pb2_grpc, validator_pb2_grpc
from also.v1.branch_pb2 import BranchRecord, Evaluation, Measure, SeedPool
from also.v1.campaign_pb2 import Campaign, LearnerSettings, Proof
from also.v1.critic_pb2 import CheckCriticResponse, DiagnoseRequest, DiagnoseResponse
from also.v1.diagnosis_pb2 import Citation, Diagnosis, FailureMode, Finding, LearningPhase, Remedy
from also.v1.evidence_pb2 import CurvePoint, Distribution, Evidence, FeatureEvidence
from also.v1.generator_pb2 import CheckGeneratorResponse, ProposeRequest, ProposeResponse
from also.v1.journal_pb2 import (
    CampaignStarted,
    Diagnosed,
    JournalRecord,
    Proposed,
    Reported,
    Reviewed,
    StageTrained,
    Validated,
)
from also.v1.llm_pb2 import LlmAllowance, LlmFailure, LlmUse
from also.v1.shaping_pb2 import Invariance, ShapingConfig, ShapingForm, ShapingTerm, TargetKind
from also.v1.task_pb2 import ActionKind, ActionSpace, Feature, FeatureScope, Milestone, Task, TaskCard, TellsOf
from also.v1.trainer_pb2 import (
    CheckTrainerResponse,
    DescribeTaskResponse,
    EvaluateResponse,
    StageResult,
    TrainingProgress,
    TrainStageRequest,
    TrainStageResponse,
)
from also.v1.validator_pb2 import (
    CheckValidatorResponse,
    ValidateRequest,
    ValidateResponse,
    ValidationPhase,
    ValidationProgress,
)
from also.v1.verdict_pb2 import ArmResult, Candidate, Validation, Verdict
from also.validation import judge
from also.validation.round import Round, Step
from tools.faulty_llm.server import serving
from tools.loopback import served

UPDATE = 100
"""env_steps of an update in these campaigns."""


def shaping(weight: float) -> ShapingConfig:
    term = ShapingTerm(
        name="approach",
        form=ShapingForm.SHAPING_FORM_POTENTIAL,
        target=TargetKind.TARGET_KIND_TEAM,
        feature="distance",
        weight=weight,
    )
    return ShapingConfig(terms=[term])


def card(baseline: float = 0.0) -> TaskCard:
    return TaskCard(
        task="recorded/task",
        agents=["a", "b"],
        features=[
            Feature(
                name="distance",
                scope=FeatureScope.FEATURE_SCOPE_TEAM,
                minimum=0,
                maximum=1,
                tells_of=TellsOf.TELLS_OF_STATE,
            )
        ],
        milestones=[Milestone(name="done", feature="distance", threshold=1)],
        action_space=ActionSpace(kind=ActionKind.ACTION_KIND_DISCRETE, size=2),
        episode_limit=10,
        smallest_return=baseline + 0.5,
        largest_return=baseline + 1.0,
        baseline_return=baseline or None,
        observation_size=1,
        state_size=1,
    )


@dataclass(kw_only=True)
class World:
    """What services answer. Arms are "control" or a candidate's name, "r0-c0"."""

    stage_return: Callable[[int], float] = lambda stage: 0.2
    training_return: Callable[[int], float] | None = None
    stage_milestones: Callable[[int], float] = lambda stage: 0.0
    branch_return: Callable[[int, str, int], float] = lambda stage, arm, index: 0.2 + 0.3 * (arm == "r0-c1")
    branch_milestones: Callable[[int, str, int], float] = lambda stage, arm, index: 0.0
    remedy: Callable[[int], int] = lambda stage: Remedy.REMEDY_GUIDE
    candidates: Callable[[int, int], int] = lambda stage, round: 2
    weakened: Callable[[int], bool] = lambda stage: False
    invariance: Callable[[int, str], int] = lambda stage, arm: Invariance.INVARIANCE_POLICY_INVARIANT
    refuses: Callable[[str], Exception | None] = lambda method: None
    unanswered: Callable[[str, int], LlmFailure | None] = lambda method, stage: None
    use: LlmUse | None = None
    approves: Callable[[int], bool] = lambda stage: True
    baseline: float = 0.0
    allowances: list[LlmAllowance] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    devices: set[int] = field(default_factory=set)
    memory: str = ""
    clipped: float = 0.0
    cards: list[TaskCard] = field(default_factory=list)

    def train(self, request: TrainStageRequest) -> StageResult:
        env_steps = whole_updates(request.env_steps, request.campaign.learner)
        begin_env_steps = int(request.checkpoint_id.partition("@")[2] or 0)
        used = config_hash(request.config)
        self.cards.append(request.card)
        result = StageResult(
            checkpoint_id=f"{request.run}-{request.stage}-{used[:8]}@{begin_env_steps + env_steps}",
            env_steps=env_steps,
            run_env_steps=begin_env_steps + env_steps,
            config_hash=used,
        )
        if request.gather_evidence:
            mean = self.stage_return(request.stage)
            trained = self.training_return
            result.evidence.CopyFrom(
                Evidence(
                    stage=request.stage,
                    env_steps=result.run_env_steps,
                    returns=Distribution(mean=mean, count=10),
                    return_low=mean,
                    return_high=mean,
                    milestone_score=self.stage_milestones(request.stage),
                    config_hash=used,
                    curve=[CurvePoint(mean_return=trained(request.stage))] if trained else [],
                    features=[FeatureEvidence(feature="distance", clipped=self.clipped)] if self.clipped else [],
                )
            )
        return result

    def diagnose(self, request: DiagnoseRequest) -> Diagnosis:
        remedy = self.remedy(request.evidence[-1].stage)
        finding = Finding(
            mode=FailureMode.FAILURE_MODE_EXPLORATION,
            severity=1,
            confidence=1,
            citations=[Citation(item="returns.mean")],
            remedy=remedy,
            summary="It does not find the food.",
        )
        return Diagnosis(
            phase=LearningPhase.LEARNING_PHASE_NO_SIGNAL, findings=[finding] if remedy else [], backend="rules"
        )

    def propose(self, request: ProposeRequest) -> list[Candidate]:
        if self.weakened(request.stage):
            config = shaping(request.incumbent.terms[0].weight / 4)
            return [Candidate(name="r0-c0", config=config, config_hash=config_hash(config), finding=0)]
        made = []
        for number in range(self.candidates(request.stage, request.round)):
            config = shaping(round(0.01 + 0.1 * request.stage + 0.02 * request.round + 0.005 * number, 3))
            name = f"r{request.round}-c{number}"
            made.append(Candidate(name=name, config=config, config_hash=config_hash(config), finding=0))
        return made

    def validate(self, request: ValidateRequest) -> Validation:
        round_ = Round(
            campaign=request.campaign,
            card=request.card,
            control_hash=config_hash(request.incumbent),
            candidates=tuple(request.candidates),
            screen=tuple(
                Verdict(
                    candidate=each.name,
                    config_hash=each.config_hash,
                    invariance=self.invariance(request.stage, each.name),
                )
                for each in request.candidates
            ),
            incumbent=request.incumbent,
            stage_return=request.stage_return,
            stage_milestone_score=request.stage_milestone_score,
            stood_still=request.stood_still_env_steps if request.HasField("stood_still_env_steps") else None,
            training_return=request.training_return if request.HasField("training_return") else None,
        )
        arms: list[ArmResult] = []
        left = request.env_steps_left
        affordable = judge.round_cost(round_) <= left
        while affordable and (step := judge.stand(round_, arms).step) is not None and step.cost <= left:
            left -= step.cost
            arms += [
                ArmResult(
                    arm=arm,
                    pool=step.pool,
                    records=[self._branch(request, round_, step, arm, index) for index in step.indices],
                )
                for arm in step.arms
            ]
        return judge.validation(round_, arms)

    def evaluate(self, checkpoint_id: str) -> Evaluation:
        run = checkpoint_id.rpartition("-")[0].rpartition("-")[0]
        mean = {"reference": 0.0, "one-shot": 0.5}.get(run, 0.9)
        return Evaluation(checkpoint_id=checkpoint_id, returns=Distribution(mean=mean, count=20))

    def _branch(self, request: ValidateRequest, round_: Round, step: Step, arm: str, index: int) -> BranchRecord:
        rungs = step.number if step.pool == SeedPool.SEED_POOL_SEARCH else 1
        end = int(request.checkpoint_id.partition("@")[2]) + rungs * step.env_steps
        place = (request.stage, arm, index)
        measure = Measure(
            env_steps=end,
            mean_return=self.branch_return(*place),
            milestone_score=self.branch_milestones(*place),
            episodes=10**9,  # so many that it is exact
        )
        return BranchRecord(
            arm=arm,
            seed_index=index,
            config_hash=round_.hash_of(arm),
            checkpoint_id=f"{request.stage}-{request.round}-{arm}-{step.pool}-{index}@{end}",
            measures=[measure],
            env_steps=step.env_steps,
        )


class Servicer(trainer_pb2_grpc.TrainerServiceServicer):
    """All four services over gRPC, answering from a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def DescribeTask(self, request, context):
        self._hear("DescribeTask")
        return DescribeTaskResponse(card=card(self.world.baseline))

    def TrainStage(self, request, context):
        self.world.devices.add(request.campaign.learner.device)
        yield TrainStageResponse(progress=TrainingProgress(env_steps=1, env_steps_planned=2))
        self._hear(f"TrainStage {request.run} {request.stage} {request.env_steps}")
        yield TrainStageResponse(result=self.world.train(request))

    def Evaluate(self, request, context):
        self._hear("Evaluate")
        return EvaluateResponse(evaluation=self.world.evaluate(request.checkpoint_id))

    def CheckTrainer(self, request, context):
        self._hear("CheckTrainer")
        self.world.devices.add(request.learner.device)
        known = request.HasField("campaign") and request.card == card()
        return CheckTrainerResponse(device="cpu", memory=self.world.memory if known else "")

    def CheckCritic(self, request, context):
        self._hear("CheckCritic")
        return CheckCriticResponse(model="recorded")

    def CheckGenerator(self, request, context):
        self._hear("CheckGenerator")
        return CheckGeneratorResponse(model="recorded")

    def CheckValidator(self, request, context):
        self._hear("CheckValidator")
        return CheckValidatorResponse()

    def Diagnose(self, request, context):
        self._hear("Diagnose")
        self.world.allowances.append(request.allowance)
        failure = self.world.unanswered("Diagnose", request.evidence[-1].stage)
        if failure is not None:
            return DiagnoseResponse(failure=failure, llm=self.world.use)
        return DiagnoseResponse(diagnosis=self.world.diagnose(request), llm=self.world.use)

    def Propose(self, request, context):
        self._hear("Propose")
        self.world.allowances.append(request.allowance)
        failure = self.world.unanswered("Propose", request.stage)
        if failure is not None:
            return ProposeResponse(failure=failure, llm=self.world.use)
        return ProposeResponse(candidates=self.world.propose(request), llm=self.world.use)

    def Validate(self, request, context):
        self.world.devices.add(request.campaign.learner.device)
        progress = ValidationProgress(phase=ValidationPhase.VALIDATION_PHASE_SCREEN, waits_for="Prometheus")
        yield ValidateResponse(progress=progress)
        self._hear("Validate")
        yield ValidateResponse(result=self.world.validate(request))

    def _hear(self, method: str) -> None:
        self.world.asked.append(method)
        error = self.world.refuses(method)
        if error is not None:
            raise error


class Listener:
    """A watch that keeps what it is told."""

    def __init__(self) -> None:
        self.records: list[JournalRecord] = []
        self.notes: list[str] = []
        self.waited: list[str] = []

    def found(self, records: Sequence[JournalRecord]) -> None:
        self.records += records

    def record(self, record: JournalRecord) -> None:
        self.records.append(record)

    def training(self, run: str, stage: int, progress: TrainingProgress) -> None:
        pass

    def validation(self, stage: int, round: int, progress: ValidationProgress) -> None:
        pass

    def waits(self, what: str) -> None:
        self.waited.append(what)

    def note(self, text: str) -> None:
        self.notes.append(text)


def play(world: World, campaign: Campaign, *, steps: int = 1000) -> list[JournalRecord]:
    """Records of a campaign in this world, without any service."""
    records = [_record(0, CampaignStarted(campaign=campaign, card=card(world.baseline)))]
    state = begin(records[0])
    while len(records) <= steps and (action := decide(state)) is not None:
        records.append(_record(len(records), _event(world, state, action)))
        state = advance(state, records[-1])
    return records


def _event(world: World, state: State, action: object) -> Event:
    stage = state.open_stage
    match action:
        case TrainStage():
            result = world.train(requests.train_stage("play", state))
            return StageTrained(
                stage=action.stage,
                checkpoint_id=result.checkpoint_id,
                evidence=result.evidence,
                env_steps=result.env_steps,
            )
        case Diagnose():
            return Diagnosed(stage=action.stage, diagnosis=world.diagnose(requests.diagnose("play", state, stage)))
        case Propose():
            candidates = world.propose(requests.propose("play", state, stage))
            return Proposed(stage=action.stage, round=action.round, candidates=candidates)
        case Validate():
            validation = world.validate(requests.validate("play", state, stage))
            return Validated(stage=action.stage, round=action.round, validation=validation)
        case Review():
            return Reviewed(
                stage=action.stage,
                round=action.round,
                candidate=action.candidate,
                approved=world.approves(action.stage),
                note="It looks odd.",
            )
        case Report():
            return Reported(evaluation=world.evaluate(state.position.checkpoint_id), env_steps=state.env_steps)
        case _:
            return action


def _record(sequence: int, event: Event) -> JournalRecord:
    record = JournalRecord(schema_version=SCHEMA_VERSION, sequence=sequence)
    for each in record.DESCRIPTOR.oneofs_by_name["event"].fields:
        if each.message_type is event.DESCRIPTOR:
            getattr(record, each.name).CopyFrom(event)
    return record


@pytest.fixture(scope="session")
def new_campaign():
    """A complete campaign of short stages, with dotted settings changed: `**{"stages.count": 3}`.

    It asks in every stage, has everything confirmed, and its branches may take what the budget leaves.
    """

    def make(**changes: object) -> Campaign:
        campaign = Campaign(
            task=Task(name="foraging", layout="5x5-2p-1f"), learner=LearnerSettings(environments=10, rollout=10)
        )
        values = {
            "stages.count": 2,
            "stages.env_steps": 1000,
            "stages.patience": 0,
            "learner.minibatches": 1,
            "validation.search_env_steps": UPDATE,
            "validation.confirm_env_steps": UPDATE,
            "validation.race_env_steps": 2 * UPDATE,
            "validation.proof": Proof.PROOF_CONFIRMED,
            "validation.share": 1.0,
            **changes,
        }
        for path, value in values.items():
            *groups, name = path.split(".")
            target = campaign
            for group in groups:
                target = getattr(target, group)
            setattr(target, name, value)
        return spec.resolved(campaign)

    return make


@pytest.fixture(scope="session")
def new_world():
    """The class of worlds."""
    return World


@pytest.fixture(scope="session")
def played():
    """Records of a campaign in a world, without any service."""
    return play


@pytest.fixture
def listener():
    """A watch that keeps what it is told."""
    return Listener()


@pytest.fixture
def serve(tmp_path):
    """Serve worlds over gRPC, all four services each; gives the settings that name them."""
    with ExitStack() as stack:

        def start(world: World) -> Settings:
            def register(server):
                servicer = Servicer(world)
                trainer_pb2_grpc.add_TrainerServiceServicer_to_server(servicer, server)
                critic_pb2_grpc.add_CriticServiceServicer_to_server(servicer, server)
                generator_pb2_grpc.add_GeneratorServiceServicer_to_server(servicer, server)
                validator_pb2_grpc.add_ValidatorServiceServicer_to_server(servicer, server)

            address = stack.enter_context(served(register))
            return Settings(
                store=str(tmp_path / "store"),
                logs=str(tmp_path / "logs"),
                trainer=address,
                critic=address,
                generator=address,
                validator=address,
            )

        yield start


CANARY = "canary-0815"
"""API key of the real campaigns' minds: it must turn up nowhere but in requests to the LLM."""


@pytest.fixture(scope="session")
def canary():
    """API key of the real campaigns' minds."""
    return CANARY


@pytest.fixture(scope="session")
def real_environment():
    """Environment of processes whose store and logs are in a folder."""

    def environment(folder: Path) -> dict[str, str]:
        return child_environment(
            ALSO_STORE=str(folder / "store"), ALSO_LOGS=str(folder / "logs"), ALSO_LLM_API_KEY=CANARY
        )

    return environment


@pytest.fixture(scope="session")
def real_run(real_environment, tiny_campaign):
    """Starts the command that runs the tiny campaign with all real processes; gives the process."""

    def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
        file = folder / "tiny.yaml"
        file.write_text(f"{tiny_campaign}reference: {{enabled: true, one_shot: true}}\n", encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, "-m", "also", "run", str(file), *arguments],
            env=real_environment(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A real campaign that ran to its end undisturbed."""

    folder: Path
    printed: str
    duration: float


@pytest.fixture(scope="session")
def finished(real_run, tmp_path_factory):
    """A real campaign that ran to its end undisturbed: its folder, what it printed, and how long it took."""
    folder = tmp_path_factory.mktemp("finished")
    began = time.monotonic()
    with real_run(folder, "--json") as command:
        printed, said = command.communicate(timeout=280)
    assert command.returncode == 0, said
    return Finished(folder=folder, printed=printed, duration=time.monotonic() - began)


@pytest.fixture(scope="session")
def nonsense_llm():
    """A server whose answers keep to their schemas and make no sense."""
    with serving() as server:
        yield server


@pytest.fixture(scope="session")
def llm_arguments(nonsense_llm):
    """Arguments of `also run` that give both minds that LLM."""
    return [f"--set={mind}.llm.url={nonsense_llm.url}" for mind in ("critic", "generator")]


@pytest.fixture(scope="session")
def nonsense(real_run, llm_arguments, tmp_path_factory):
    """A real campaign whose minds had an LLM of nonsense, as `finished`."""
    folder = tmp_path_factory.mktemp("nonsense")
    began = time.monotonic()
    with real_run(folder, "--json", *llm_arguments) as command:
        printed, said = command.communicate(timeout=280)
    assert command.returncode == 0, said
    return Finished(folder=folder, printed=printed, duration=time.monotonic() - began)


@pytest.fixture(scope="session")
def journal_of():
    """Reads the records of the real campaign in a folder."""

    def read(folder: Path) -> list[JournalRecord]:
        return Journal(open_store(str(folder / "store"), create=False), "tiny").records

    return read

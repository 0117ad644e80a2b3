"""The conductor: it carries out what `decide` says, and records the result.

    while there is an action:  carry it out → draft its record → does it follow? → append it

It keeps no state but the journal. Each step can be repeated, because services find what is already
done in the object store under the step's own name; so whatever dies, the conductor too, the same
step is simply taken again.
"""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

from also import keys, rpc
from also.campaign import beginning, calls, minds, people, requests, retention
from also.campaign.decide import Diagnose, Propose, Report, Review, TrainStage, Validate, Work, decide
from also.campaign.fold import advance, fold
from also.campaign.heartbeat import Heartbeat, require_alone
from also.campaign.journal import Journal
from also.campaign.patience import Patience
from also.campaign.processes import Services
from also.campaign.reference import References, runs_beside
from also.campaign.state import Event, State
from also.campaign.telemetry import Telemetry
from also.campaign.waits import Waits
from also.campaign.watch import Watch, Watches
from also.errors import CampaignError, ServiceError, ServiceUnavailable
from also.settings import Settings
from also.shaping.identity import config_hash
from also.store import open_store
from also.store.waits import WAITS
from also.v1.branch_pb2 import Evaluation
from also.v1.campaign_pb2 import BranchRetention, Campaign, Device
from also.v1.evidence_pb2 import Evidence
from also.v1.journal_pb2 import (
    Amended,
    Finished,
    Held,
    Promoted,
    Reported,
    RolledBack,
    StageTrained,
    Stopped,
    Validated,
)
from also.v1.trainer_pb2 import StageResult, TrainStageRequest
from also.v1.trainer_pb2_grpc import TrainerServiceStub
from also.v1.validator_pb2_grpc import ValidatorServiceStub

CLIPPED = 0.05
"""Share of a feature's values outside its range above which a warning is printed."""

TRAINING_SECONDS = 7 * 24 * 3600.0
"""Deadline of a stage of training or a round of validation."""


def run(campaign: Campaign, campaign_id: str, settings: Settings, watch: Watch) -> State:
    """Run a campaign to its end, or continue it where its journal ends.

    Args:
        campaign: the campaign, resolved (see `spec.load`).
        campaign_id: its id.
        settings: the store, the logs and the services that run elsewhere.
        watch: follows everything that happens.

    Returns:
        The state of the finished campaign, or of one that a person has stopped.

    Raises:
        InputError: the campaign, its task or its store cannot be used, or another conductor is at work; nothing was
            written then.
        ServiceError: a service failed for good. The same call continues from there.
    """
    keys.check_campaign_id(campaign_id)
    journal = beginning.journal_of(settings.store, campaign_id)
    state = fold(journal.records) if journal is not None else None
    grown = beginning.growth(campaign_id, state.campaign, campaign) if state is not None else None
    with Services(settings, Path(settings.logs) / campaign_id, watch.note) as services:
        if state is None or grown is not None or state.finished is None:
            if journal is not None:
                require_alone(journal.store, campaign_id, watch.note)
                open_store(settings.store)  # proves that a store that has been read can be written to
            services.start(["trainer", "critic", "generator", *runs_beside(campaign)])
            card = beginning.check(campaign, services, watch.note) if journal is None else None
            start = beginning.origin_of(campaign, card, settings.store) if card is not None else None
            found = calls.check_trainer(services, campaign.learner, campaign if card is not None else None, card)
            if card is not None:
                journal = beginning.begin(campaign, card, campaign_id, settings, start)
                state = fold(journal.records)
                grown = beginning.growth(campaign_id, state.campaign, campaign)
            watch.note(f"the trainer computes on {found.device}")
            if found.memory:
                watch.note(found.memory)
        assert journal is not None and state is not None
        return Conductor(journal, state, services, watch, device=campaign.learner.device, grown=grown).conduct()


def require_same(campaign: Campaign, campaign_id: str, store: str) -> None:
    """Make sure that a campaign, if it has begun, is the one that is given, or has only grown.

    Args:
        campaign: the campaign, resolved.
        campaign_id: its id.
        store: URI of the store, which is only read.

    Raises:
        CampaignError: it was begun with other settings.
        StoreError: the store cannot be read.
    """
    journal = beginning.journal_of(store, campaign_id)
    if journal is not None:
        beginning.growth(campaign_id, fold(journal.records).campaign, campaign)


class Conductor:
    """One campaign under way."""

    def __init__(
        self,
        journal: Journal,
        state: State,
        services: Services,
        watch: Watch,
        *,
        device: Device = Device.DEVICE_UNSPECIFIED,
        grown: Campaign | None = None,
    ) -> None:
        """Take up a campaign where its journal ends.

        Args:
            journal: its journal, not empty.
            state: the fold of its records.
            services: the services to call.
            watch: follows everything that happens.
            device: where the rest of it is trained; unset is where the journal says.
            grown: the campaign with what has grown, from the next stage on; None where nothing has.
        """
        self._journal = journal
        self._device = device
        self._grown = grown
        self._services = services
        self._watch = Watches(Telemetry(journal.campaign_id), watch)
        self._waits = Waits(self._watch.waits)
        self._references = References(journal.campaign_id, self._train_reference)
        self._clipping: set[str] = set()
        self.state = _on(device, state)

    def conduct(self) -> State:
        """Carry out actions until the campaign is over, or a person stops it.

        Raises:
            InputError: a service refused its request, or another conductor took over.
            ServiceError: a service failed for good.
        """
        if self.state.finished is not None and self._grown is None:
            self._watch.found(self._journal.records)
            return self.state
        journal = self._journal
        store_waits = WAITS.told(lambda store: self._waits.set("store", store))
        with store_waits, Heartbeat(journal.store, journal.campaign_id, self._waits, conductor=journal.conductor):
            self._watch.found(journal.records)
            if self._grown is not None and self.state.open_stage is not None:
                self._watch.note(
                    f"stage {self.state.open_stage.number} ends as it began; what has changed counts after it"
                )
            return self._conduct()

    def _conduct(self) -> State:
        try:
            self._between_stages()
            while (action := decide(self.state)) is not None:
                self._references.grant(self.state)
                self._write(action if isinstance(action, Held | Promoted | RolledBack | Finished) else self._do(action))
                if self.state.stopped:
                    break
                self._between_stages()
        finally:
            self._references.stop()
        return self.state

    def _between_stages(self) -> None:
        """Go on as what the campaign has grown to, and let go what it needs no more; an open stage comes first."""
        if self.state.open_stage is not None:
            return
        if self._grown is not None:
            self._write(Amended(campaign=self._grown))
            self._grown = None
        if self.state.campaign.retention.branches == BranchRetention.BRANCH_RETENTION_STAGE:
            retention.sweep(self._journal.store, self._journal.campaign_id, self.state)

    def _do(self, work: Work) -> Event:
        """Carry out work, and return the resulting event."""
        if people.stop_conductor(self._journal):
            return Stopped()
        match work:
            case TrainStage():
                return self._services.persist("trainer", self._train)
            case Diagnose():
                return minds.diagnose(self._services, self._waits, self._journal.campaign_id, self.state)
            case Propose():
                return minds.propose(self._services, self._waits, self._journal.campaign_id, self.state)
            case Validate():
                return self._services.persist("validator", self._validate)
            case Review():
                return people.review(self._journal, work, self._waits)
            case Report():
                return self._report()

    def _train(self, patience: Patience) -> StageTrained:
        request = requests.train_stage(self._journal.campaign_id, self.state)
        result = self._train_run("trainer", request, patience)
        if not result.HasField("evidence"):
            raise ServiceError(f"it gathered no evidence of stage {request.stage}")
        self._tell_of_clipping(result.evidence)
        return StageTrained(
            stage=request.stage,
            checkpoint_id=result.checkpoint_id,
            evidence=result.evidence,
            env_steps=result.env_steps,
        )

    def _tell_of_clipping(self, evidence: Evidence) -> None:
        """Say once of each feature that its range is too narrow."""
        ranges = {feature.name: feature for feature in self.state.card.features}
        for each in evidence.features:
            if each.clipped > CLIPPED and each.feature in ranges and each.feature not in self._clipping:
                self._clipping.add(each.feature)
                known = ranges[each.feature]
                self._watch.note(
                    f"warning: {each.clipped:.0%} of the values of feature {each.feature!r} lie outside its range "
                    f"[{known.minimum:g}, {known.maximum:g}] and are clipped to it; task_card() can say a wider one"
                )

    def _train_reference(self, run: str, request: TrainStageRequest) -> StageResult:
        return self._services.persist(run, lambda patience: self._train_run(run, request, patience))

    def _train_run(self, service: str, request: TrainStageRequest, patience: Patience) -> StageResult:
        """Train a stage of a run, and make sure that it trained under the config it was asked to."""
        stub = TrainerServiceStub(self._services.channel(service))
        for response in rpc.stream(stub.TrainStage, request, seconds=TRAINING_SECONDS):
            if response.HasField("progress"):
                patience.progressed(response.progress.env_steps)
                self._watch.training(request.run, request.stage, response.progress)
                continue
            trained: StageResult = response.result
            if trained.config_hash != config_hash(request.config):
                raise ServiceError(
                    f"it trained stage {request.stage} of run {request.run!r} under shaping config "
                    f"{trained.config_hash}; {config_hash(request.config)} was asked for"
                )
            return trained
        raise ServiceUnavailable(f"it ended stage {request.stage} without a result")

    def _validate(self, patience: Patience) -> Validated:
        stage = self.state.stage_under_way
        request = requests.validate(self._journal.campaign_id, self.state, stage)
        stub = ValidatorServiceStub(self._services.channel("validator"))
        for response in rpc.stream(stub.Validate, request, seconds=TRAINING_SECONDS):
            if response.HasField("result"):
                self._waits.set("validator", "")
                return Validated(stage=stage.number, round=request.round, validation=response.result)
            patience.progressed(response.progress.phase, response.progress.env_steps)
            self._watch.validation(stage.number, request.round, response.progress)
            self._waits.set("validator", response.progress.waits_for)
        raise ServiceUnavailable(f"it ended round {request.round} without a result")

    def _report(self) -> Reported:
        """Measure the final policy and the references; nothing more is spent, so the total is known."""
        final = self._evaluate(self.state.position.checkpoint_id)
        report = Reported(evaluation=final, env_steps=self.state.env_steps)
        if (result := self._references.finish(requests.REFERENCE, self.state.env_steps)) is not None:
            report.reference.CopyFrom(self._evaluate(result.checkpoint_id))
            report.reference_env_steps = result.run_env_steps
        if (result := self._references.finish(requests.ONE_SHOT, self.state.env_steps)) is not None:
            report.one_shot.CopyFrom(self._evaluate(result.checkpoint_id))
            report.one_shot_env_steps = result.run_env_steps
        return report

    def _evaluate(self, checkpoint_id: str) -> Evaluation:
        request = requests.evaluate(self._journal.campaign_id, self.state, checkpoint_id)
        return calls.evaluate(self._services, request)

    def _write(self, event: Event) -> None:
        """Append an event to the journal, once it is known to follow."""
        record = self._journal.draft(event)
        try:
            following = _on(self._device, advance(self.state, record))
        except CampaignError as error:
            raise ServiceError(f"a service's answer cannot be right: {error}") from error
        self._journal.append(record)
        self.state = following
        self._watch.record(record)


def _on(device: Device, state: State) -> State:
    """A state whose campaign continues on a device, if one is given."""
    if device in (Device.DEVICE_UNSPECIFIED, state.campaign.learner.device):
        return state
    campaign = deepcopy(state.campaign)
    campaign.learner.device = device
    return replace(state, campaign=campaign)

"""A whole campaign in one process: the real conductor, services, judge and trainer, and no process for any of them.

Services answer over gRPC on loopback; branch groups train in the validator's own thread, one after another.
None of what comes of it depends on where it runs.
"""

import contextlib
import io
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from also import rpc
from also.campaign import calls
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.campaign.processes import Services
from also.campaign.run import Conductor
from also.campaign.state import State
from also.campaign.watch import Watch
from also.llm.asker import Asker
from also.services.critic.service import CriticService
from also.services.generator.service import GeneratorService
from also.services.trainer import determinism
from also.services.trainer.branch import process as branch
from also.services.trainer.service import Trainer
from also.services.validator.launch import results
from also.services.validator.launch.launcher import Progress
from also.services.validator.service import Validator
from also.settings import Settings
from also.shaping.identity import config_hash
from also.store import Store, open_store
from also.v1 import critic_pb2_grpc, generator_pb2_grpc, trainer_pb2_grpc, validator_pb2_grpc
from also.v1.branch_pb2 import BranchGroup, BranchProgress
from also.v1.campaign_pb2 import Campaign
from also.v1.generator_pb2 import ProposeRequest, ProposeResponse
from also.v1.journal_pb2 import CampaignStarted
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.trainer_pb2_grpc import TrainerServiceStub
from also.v1.verdict_pb2 import Candidate
from tools.loopback import served

PLANTED = "r0-c0"
"""Name of a candidate that is planted."""


@dataclass(frozen=True, slots=True)
class Here:
    """A launcher that trains branch groups in this process, one after another; see `launch.launcher.Launcher`."""

    store: Store
    """The object store."""

    def check(self) -> None:
        """Groups can always be trained here."""

    def show(self, group: BranchGroup) -> str:
        """Nothing scrapes this process."""
        return ""

    def run(self, groups: Sequence[BranchGroup]) -> Generator[Progress, None, None]:
        """Train groups, as `Launcher.run` says."""
        progress: dict[str, BranchProgress] = {}
        for group in groups:
            results.store_spec(self.store, group)
            if not results.is_there(self.store, group):
                told = io.TextIOWrapper(io.BytesIO())  # a branch tells its progress on standard output
                with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
                    branch.train(self.store, group)
            progress[group.name] = results.take(self.store, group, "finished")
            yield dict(progress)


class Planting(GeneratorService):
    """The rules' generator, whose very first round is one candidate that is not of its own making."""

    def __init__(self, planted: ShapingConfig | None) -> None:
        """A generator; without a planted config it is the real one."""
        super().__init__(Asker(Settings()))
        self._planted = planted

    def Propose(self, request: ProposeRequest, context: grpc.ServicerContext) -> ProposeResponse:  # noqa: N802
        """The planted candidate alone where nothing was tried yet, else what the rules propose."""
        if self._planted is None or request.trials:
            return super().Propose(request, context)
        planted = Candidate(name=PLANTED, config=self._planted, config_hash=config_hash(self._planted), finding=-1)
        return ProposeResponse(candidates=[planted])


def conduct(campaign: Campaign, campaign_id: str, folder: Path, *, planted: ShapingConfig | None = None) -> State:
    """Run a campaign to its end in this process, or go on with it where its journal in the folder ends.

    Args:
        campaign: every default filled in; runs beside it are not trained.
        campaign_id: its id.
        folder: for its store and logs.
        planted: the only candidate of its first round; None leaves that to the rules.

    Raises:
        AlsoError: as `also.campaign.run.run`.
    """
    determinism.prepare()
    store = open_store(f"{folder}/store")
    with _serving(store, folder, planted) as settings, Services(settings, folder, print) as services:
        journal = Journal(store, campaign_id)
        if not journal.records:
            card = calls.describe_task(services, campaign.task)
            journal.append(journal.draft(CampaignStarted(campaign=campaign, card=card)))
        return Conductor(journal, fold(journal.records), services, Watch()).conduct()


@contextmanager
def _serving(store: Store, folder: Path, planted: ShapingConfig | None) -> Iterator[Settings]:
    """All services, on loopback; gives the settings that name them."""
    with (
        served(
            lambda server: trainer_pb2_grpc.add_TrainerServiceServicer_to_server(Trainer(lambda: store), server)
        ) as trainer,
        rpc.connect(trainer) as channel,
    ):
        validator = Validator(store, TrainerServiceStub(channel), lambda _: Here(store), Settings())

        def register(server: grpc.Server) -> None:
            critic_pb2_grpc.add_CriticServiceServicer_to_server(CriticService(Asker(Settings())), server)
            generator_pb2_grpc.add_GeneratorServiceServicer_to_server(Planting(planted), server)
            validator_pb2_grpc.add_ValidatorServiceServicer_to_server(validator, server)

        with served(register) as minds:
            yield Settings(
                store=store.uri, logs=str(folder), trainer=trainer, critic=minds, generator=minds, validator=minds
            )

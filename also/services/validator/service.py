"""The validator over gRPC: one call is one round of validation."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import grpc

from also import rpc, settings
from also.errors import AddressError
from also.forks.starter import ForkServer
from also.services.validator.launch.launcher import Launcher
from also.services.validator.launch.processes import Processes
from also.services.validator.measure.measures import open_measures
from also.services.validator.validation import validate
from also.settings import Settings
from also.store import Store, open_store
from also.v1 import validator_pb2_grpc
from also.v1.trainer_pb2_grpc import TrainerServiceStub
from also.v1.validator_pb2 import CheckValidatorRequest, CheckValidatorResponse, ValidateRequest, ValidateResponse
from also.v1.verdict_pb2 import Validation

Launch = Callable[[int], Launcher]
"""A launcher of so many branch groups at once."""


class Validator(validator_pb2_grpc.ValidatorServiceServicer):
    """Holds nothing but the ways to the object store, to the trainer, and to where branches run."""

    def __init__(self, store: Store, trainer: TrainerServiceStub, launch: Launch, given: Settings) -> None:
        """Validate with results in `store` and rollouts from `trainer`.

        Args:
            store: the object store, which the branches open by its URI.
            trainer: the trainer.
            launch: makes the launcher of a round.
            given: where Prometheus is.
        """
        self._store = store
        self._trainer = trainer
        self._launch = launch
        self._given = given

    def Validate(self, request: ValidateRequest, context: grpc.ServicerContext) -> Iterator[ValidateResponse]:
        """Validate one round; when the call is cancelled its processes end, and its Jobs continue."""
        launcher = self._launch(request.campaign.validation.parallel_groups)
        measures = open_measures(self._given, self._store, launcher.show)
        with closing(validate(request, trainer=self._trainer, launcher=launcher, measures=measures)) as messages:
            for message in messages:
                if not context.is_active():
                    return
                match message:
                    case Validation():
                        yield ValidateResponse(result=message)
                    case _:
                        yield ValidateResponse(progress=message)

    def CheckValidator(self, request: CheckValidatorRequest, context: grpc.ServicerContext) -> CheckValidatorResponse:
        """Make sure that branches can run, and that what their promotion is decided by can be read."""
        validation = request.campaign.validation
        self._launch(validation.parallel_groups).check()
        if self._given.prometheus or validation.guards:
            from also.services.validator.measure import connection

            connection.check(self._given, request.campaign)
        return CheckValidatorResponse()


def launch(given: Settings, store: Store) -> Launch:
    """The way to launch branch groups that settings name; for processes, a fork server begins to load what they need.

    Args:
        given: names it.
        store: the object store, which the branches open by its URI.

    Raises:
        EndpointError: Jobs are asked for where no cluster is known.
    """
    if given.launcher == "processes":
        logs = Path(given.logs)
        lent = int(given.fork_server) if given.fork_server.isdigit() else None
        server = ForkServer(["also.services.trainer.warm"], log=logs / "fork-server.log", lent=lent)
        server.start()
        return lambda parallel: Processes(
            store=store, logs=logs, parallel=parallel, module="also.services.trainer.branch", server=server
        )
    from also.services.validator.launch.jobs import Jobs
    from also.services.validator.launch.kubernetes import connect

    namespace = connect(given.namespace)
    return lambda parallel: Jobs(
        store=store,
        namespace=namespace,
        template=given.job_template,
        parallel=parallel,
        start_seconds=given.job_start_seconds,
    )


def register(server: grpc.Server) -> None:
    """Add the validator to a server.

    Raises:
        AddressError: the trainer's address is not set.
        EndpointError: Jobs are asked for where no cluster is known.
        StoreError: the object store cannot be used.
    """
    given = settings.from_environment()
    if not given.trainer:
        raise AddressError("ALSO_TRAINER is not set; the validator needs the trainer's address, host:port")
    store = open_store(given.store)
    trainer = TrainerServiceStub(rpc.connect(given.trainer))
    validator_pb2_grpc.add_ValidatorServiceServicer_to_server(
        Validator(store, trainer, launch(given, store), given), server
    )

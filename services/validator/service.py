"""The validator over gRPC: one call is one round of validation."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import grpc

from also import rpc, settings
from also.errors import AddressError
from also.store import Store, open_store
from also.v1 import validator_pb2_grpc
from also.v1.trainer_pb2_grpc import TrainerServiceStub
from also.v1.validator_pb2 import ValidateRequest, ValidateResponse
from also.v1.verdict_pb2 import Validation
from services.validator.launch.processes import Processes
from services.validator.validation import validate


class Validator(validator_pb2_grpc.ValidatorServiceServicer):
    """Holds nothing but the ways to the object store, to the trainer, and to where branches run."""

    def __init__(
        self, store: Store, trainer: TrainerServiceStub, logs: Path, *, branch_module: str = "services.trainer.branch"
    ) -> None:
        """Validate with results in `store` and rollouts from `trainer`.

        Args:
            store: the object store, which the branches' processes open by its URI.
            trainer: the trainer.
            logs: folder for the branches' logs.
            branch_module: module that trains one branch group.
        """
        self._store = store
        self._trainer = trainer
        self._logs = logs
        self._branch_module = branch_module

    def Validate(self, request: ValidateRequest, context: grpc.ServicerContext) -> Iterator[ValidateResponse]:
        """Validate one round; when the call is cancelled its branches end."""
        launcher = Processes(
            store=self._store,
            logs=self._logs,
            parallel=request.campaign.validation.parallel_groups,
            module=self._branch_module,
        )
        with closing(validate(request, trainer=self._trainer, store=self._store, launcher=launcher)) as messages:
            for message in messages:
                if not context.is_active():
                    return
                match message:
                    case Validation():
                        yield ValidateResponse(result=message)
                    case _:
                        yield ValidateResponse(progress=message)


def register(server: grpc.Server) -> None:
    """Add the validator to a server.

    Raises:
        AddressError: the trainer's address is not set.
        StoreError: the object store cannot be used.
    """
    given = settings.from_environment()
    if not given.trainer:
        raise AddressError("ALSO_TRAINER is not set; the validator needs the trainer's address, host:port")
    validator_pb2_grpc.add_ValidatorServiceServicer_to_server(
        Validator(open_store(given.store), TrainerServiceStub(rpc.connect(given.trainer)), Path(given.logs)), server
    )

"""The services of one conductor: those that settings name, and local processes for the others.

A local service is `python -m also.services.NAME` on a lifeline, on a free port; the line it prints when
it can be called names the port. One that died is started again when it is next asked for. The
validator gets the trainer's address, so a new trainer means a new validator too.

Trainers are forked from a process that has loaded PyTorch, and the validator is lent a connection to
it for its branch groups, so that a campaign loads it once.
"""

import contextlib
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Self, TypeVar

import grpc

from also import lifeline, rpc
from also.campaign import installed
from also.campaign.listening import Listening
from also.campaign.patience import REMOTE_TRIES, TRIES, Patience
from also.campaign.requests import BESIDE
from also.errors import InputError, ServiceError, ServiceUnavailable, StoreError
from also.forks.starter import ForkServer
from also.process import BAD_INPUT
from also.settings import API_KEY, FORK_SERVER, Settings

T = TypeVar("T")

READY_SECONDS = 60.0
"""How long a local service may take until it can be called."""

END_SECONDS = 3.0
"""How long local services may take to end before they are killed."""

_MODULES = {
    "trainer": "also.services.trainer",
    "critic": "also.services.critic",
    "generator": "also.services.generator",
    "validator": "also.services.validator",
    **dict.fromkeys(BESIDE, "also.services.trainer"),  # a process each, so that they train at the same time
}

_FORKED = ("trainer", *BESIDE)
"""Services that are forked by a fork server."""

_LOADED = ("also.services.trainer.warm",)
"""What that one loads."""

_TRAINER = "trainer"
"""The extra that trainers need."""

_MINDS = ("critic", "generator")
"""Services that may be given the LLM's API key."""


class Services:
    """Channels to the services, and the processes behind those that are local."""

    def __init__(
        self, settings: Settings, logs: Path, note: Callable[[str], None], *, pause_seconds: float = 0.5
    ) -> None:
        """Nothing is started yet.

        Args:
            settings: the store, and the addresses of services that run elsewhere.
            logs: folder for the logs of local services.
            note: told of every failure that is followed by another try.
            pause_seconds: pause before a step's first repetition.
        """
        self._settings = settings
        self._logs = logs
        self._note = note
        self._pause_seconds = pause_seconds
        self._fork_server = ForkServer(_LOADED, log=logs / "fork-server.log")
        self._local: dict[str, _LocalService] = {}
        self._remote: dict[str, grpc.Channel] = {}
        self._ended = False
        self._lock = threading.Lock()

    @property
    def settings(self) -> Settings:
        """The store, and the addresses of services that run elsewhere."""
        return self._settings

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, names: Iterable[str]) -> None:
        """Start local services without waiting until they can be called; trainers wait for the fork server."""
        for name in names:
            if not self._given(name):
                self._service(name)

    def channel(self, name: str) -> grpc.Channel:
        """A channel to a service; a local one that is not there, or died, is started first.

        Raises:
            ServiceUnavailable: the local service died, or took too long, before it could be called.
        """
        given = self._given(name)
        if given:
            return self._remote.setdefault(name, rpc.connect(given))
        return self._service(name).channel()

    def persist(self, name: str, work: Callable[[Patience], T]) -> T:
        """Do work that calls a service, and do it again when the service dies or cannot be reached.

        Args:
            name: the service.
            work: calls it; tells the `Patience` that it is given how far it is.

        Raises:
            InputError: the service refused the request.
            ServiceError: the service failed, or there were too many tries without progress.
        """
        patience = Patience(
            service=name,
            log=self._log(name),
            note=self._note,
            pause_seconds=self._pause_seconds,
            tries=REMOTE_TRIES if self._given(name) else TRIES,
        )
        while True:
            try:
                with self._listening(name):
                    return work(patience)
            except ServiceUnavailable as error:
                if self._ended:
                    raise
                patience.failed(error)
            except ServiceError as error:
                raise ServiceError(f"{name}: {error}; see {self._log(name)}") from error

    def end(self) -> None:
        """End all local services, and start no more."""
        with self._lock:
            self._ended = True
            local = list(self._local.values())
        lifeline.end([service.process for service in local], grace_seconds=END_SECONDS)
        for service in local:
            service.close()
        self._fork_server.close()
        for channel in self._remote.values():
            channel.close()

    def _listening(self, name: str) -> contextlib.AbstractContextManager[object]:
        """While this is entered, warnings of a local trainer are passed on."""
        if name not in _FORKED or self._given(name):
            return contextlib.nullcontext()
        return Listening(self._logs / f"{name}.log", lambda text: self._note(f"{name}: {text}"))

    def _given(self, name: str) -> str:
        """Address of a service that runs elsewhere; empty when it is to be local."""
        given: str = getattr(self._settings, "trainer" if name in BESIDE else name)
        return given

    def _log(self, name: str) -> str:
        """Where to read what a service has said."""
        given = self._given(name)
        return f"the log of the service at {given}" if given else str(self._logs / f"{name}.log")

    def _service(self, name: str) -> "_LocalService":
        if self._settings.store.startswith("memory:"):
            raise StoreError(f"store {self._settings.store!r} lives in one process; local services need one they share")
        if name in _FORKED and (absent := installed.missing(_TRAINER)):
            raise InputError(
                f"the trainer needs packages that are not installed here: {', '.join(absent)}; install them, e.g. "
                f"pip install '{installed.DISTRIBUTION}[local]', or name a trainer that runs elsewhere by ALSO_TRAINER"
            )
        environment = {"ALSO_STORE": self._settings.store, "ALSO_TASK_FOLDER": self._settings.task_folder}
        if name in _FORKED:
            environment["ALSO_WORKER_LOGS"] = str(self._logs / name)
        if name in _MINDS:
            environment[API_KEY] = self._settings.llm_api_key
        if name == "validator":
            environment["ALSO_TRAINER"] = self._given("trainer") or self._service("trainer").address()
        with self._lock:
            if self._ended:
                raise ServiceUnavailable("it is not started: the campaign is being ended")
            running = self._local.get(name)
            if running is not None and running.serves(environment):
                return running
            if running is not None:
                lifeline.end([running.process], grace_seconds=END_SECONDS)
                running.close()
            try:
                process = self._process(name, environment)
            except OSError as error:
                raise InputError(f"the {name} cannot be started with logs in {self._logs}: {error.strerror}") from None
            self._local[name] = _LocalService(name, environment, process, self._logs / f"{name}.log")
            return self._local[name]

    def _process(self, name: str, environment: dict[str, str]) -> lifeline.Process:
        """Start a service's process.

        Raises:
            OSError: its log cannot be written.
        """
        arguments = (_MODULES[name], ["--address", "127.0.0.1:0"])
        log = self._logs / f"{name}.log"
        if name in _FORKED:
            return self._fork_server.spawn(*arguments, log=log, stdout=subprocess.PIPE, environment=environment)
        descriptors = []
        with contextlib.ExitStack() as lent:
            if name == "validator" and self._settings.launcher == "processes":
                connection = self._fork_server.lend()
                if connection is not None:
                    descriptors.append(lent.enter_context(connection).fileno())
                    environment = {**environment, FORK_SERVER: str(descriptors[0])}
            return lifeline.spawn(
                *arguments, log=log, stdout=subprocess.PIPE, environment=environment, descriptors=descriptors
            )


class _LocalService:
    """One process that serves on a free port of this machine."""

    def __init__(self, name: str, environment: dict[str, str], process: lifeline.Process, log: Path) -> None:
        self._name = name
        self._environment = environment
        self._log = log
        self._address: Future[str] = Future()
        self._channel: grpc.Channel | None = None
        self.process = process
        threading.Thread(target=self._listen, name=f"{name}-output", daemon=True).start()

    def serves(self, environment: dict[str, str]) -> bool:
        """Whether it is alive, and was started with this environment."""
        return self.process.poll() is None and self._environment == environment

    def address(self) -> str:
        """Its address, as soon as it can be called.

        Raises:
            ServiceUnavailable: it died, or took too long.
        """
        try:
            return self._address.result(READY_SECONDS)
        except TimeoutError:
            self.process.kill()
            raise ServiceUnavailable(
                f"the {self._name} was not ready within {READY_SECONDS:.0f} s; see {self._log}"
            ) from None

    def channel(self) -> grpc.Channel:
        """A channel to it.

        Raises:
            ServiceUnavailable: as `address`.
        """
        if self._channel is None:
            self._channel = rpc.connect(self.address())
        return self._channel

    def close(self) -> None:
        """Close its channel; calls under way fail as unavailable."""
        if self._channel is not None:
            self._channel.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            word, _, address = line.decode(errors="replace").strip().partition(" ")
            if word == rpc.READY and not self._address.done():
                self._address.set_result(address)
        self.process.stdout.close()
        refused = self.process.wait() == BAD_INPUT
        if not self._address.done():
            said = lifeline.last_line(self._log) or "it said nothing"
            self._address.set_exception(
                InputError(f"the {self._name} cannot start: {said} ({self._log})")
                if refused
                else ServiceUnavailable(f"it died before it could be called: {said}")
            )

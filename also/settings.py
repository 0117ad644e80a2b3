"""Settings of a process, from its environment; the only reader of `os.environ`.

What a campaign depends on is in its campaign file. Here is only where a process finds the others.
"""

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from also import surroundings
from also.errors import SettingError

API_KEY = "ALSO_LLM_API_KEY"
"""Variable with the LLM's API key. A user's task runs in child processes: none but the minds inherit it."""

PROMETHEUS_TOKEN = "ALSO_PROMETHEUS_TOKEN"  # noqa: S105  (the variable's name, not a token)
"""Variable with the token for Prometheus: none but the validator inherits it."""

FORK_SERVER = "ALSO_FORK_SERVER"
"""Variable with the descriptor of a connection to a fork server, which only the process that it was given to has."""

PROMETHEUS_HEADERS = "ALSO_PROMETHEUS_HEADERS"
"""Variable with headers for Prometheus, which may be secrets as well: none but the validator inherits it."""

_NOT_INHERITED = (API_KEY, PROMETHEUS_TOKEN, PROMETHEUS_HEADERS, FORK_SERVER)

_FOLDERS = ("store", "logs", "worker_logs", "task_folder")
"""Settings that may be a folder's path, where `~` means what it means in a shell."""

_SEEN: list[tuple[str, str]] = []

_STORE_ENDPOINTS = (
    "AWS_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AZURE_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT",
    "GOOGLE_BASE_URL",
)

LAUNCHERS = ("processes", "kubernetes")
"""Where branch groups can run."""

TRAINER_THREADS = ("auto", "1", "2")
"""Threads that a stage may be trained with."""

LOG_FORMATS = ("text", "json")
"""How services and branch processes write their logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where a process finds the store, the services, and the place where branches run.

    Raises:
        SettingError: a value is not allowed, or the launcher lacks what it needs.
    """

    store: str = "also-data/store"
    """URI of the object store (`ALSO_STORE`): a folder, `s3://bucket/prefix`, `gs://…`, `az://…`."""
    logs: str = "also-data/logs"
    """Folder for the logs of local processes (`ALSO_LOGS`)."""
    log_format: str = "text"
    """How services and branch processes write what happens into their logs (`ALSO_LOG_FORMAT`), a line each: `text`,
    which is `key=value`, or `json`."""
    worker_logs: str = ""
    """Beginning of the paths of a PettingZoo task's workers' logs (`ALSO_WORKER_LOGS`), which `-worker-0.log` and so on
    follows; empty: they write into the log of the process that started them. Whoever starts a trainer says it."""
    task_folder: str = ""
    """Folder of the campaign file (`ALSO_TASK_FOLDER`): a task's module is looked for here after the current folder."""
    trainer: str = ""
    """Address of a running trainer, `host:port` (`ALSO_TRAINER`); empty starts one."""
    trainer_threads: str = "auto"
    """Threads that a trainer trains a stage with (`ALSO_TRAINER_THREADS`), to the same bits: `1`, `2`, or `auto`, which
    is 2 where the process may use two cores."""
    critic: str = ""
    """Address of a running critic (`ALSO_CRITIC`); empty starts one."""
    generator: str = ""
    """Address of a running generator (`ALSO_GENERATOR`); empty starts one."""
    validator: str = ""
    """Address of a running validator (`ALSO_VALIDATOR`); empty starts one."""
    fork_server: str = ""
    """Descriptor of a connection to the conductor's fork server (`ALSO_FORK_SERVER`); empty starts one."""
    metrics_host: str = "127.0.0.1"
    """Address of this machine that `/metrics` is served on (`ALSO_METRICS_HOST`); `::` is every one, of IPv4 too."""
    launcher: str = "processes"
    """Where branch groups run (`ALSO_LAUNCHER`): `processes` of this machine, or `kubernetes` Jobs."""
    namespace: str = ""
    """Namespace of the Jobs (`ALSO_NAMESPACE`); needed by launcher `kubernetes`."""
    job_template: str = ""
    """ConfigMap there whose key `job.yaml` is a Job without a name (`ALSO_JOB_TEMPLATE`); needed by it too."""
    job_start_seconds: float = 1800.0
    """How long a Job may be without a running pod (`ALSO_JOB_START_SECONDS`), seconds."""
    owner: str = ""
    """Whose branch group a Job's pod trains (`ALSO_OWNER`): a label of its metrics. The launcher of Jobs sets it."""
    prometheus: str = ""
    """URL of the Prometheus that scrapes branches (`ALSO_PROMETHEUS`); empty: records alone are read."""
    prometheus_token: str = field(default="", repr=False)
    """Bearer token for it (`ALSO_PROMETHEUS_TOKEN`); empty where it needs none. Only the validator is given it."""
    prometheus_headers: str = field(default="", repr=False)
    """Headers for it (`ALSO_PROMETHEUS_HEADERS`), a line each, `Name: value`, such as a tenant's. As the token."""
    prometheus_replica_labels: str = "prometheus_replica,__replica__,replica"
    """Labels, by commas, that alone tell apart the series of servers that stand for each other
    (`ALSO_PROMETHEUS_REPLICA_LABELS`): such series are one."""
    metrics_max_age: float = 30.0
    """Age of the oldest sample that counts (`ALSO_METRICS_MAX_AGE`), seconds: three scrape intervals at least."""
    metrics_wait: float = 90.0
    """How long the validator waits for samples of a finished group (`ALSO_METRICS_WAIT`), seconds."""
    metrics_away: float = 0.0
    """How long it waits for a Prometheus that gives no answer at all (`ALSO_METRICS_AWAY`), seconds, before
    `metrics_wait` counts; groups that ended meanwhile are then shown again. 0: that is a part of `metrics_wait`."""
    llm_api_key: str = field(default="", repr=False)
    """API key of the minds' LLM (`ALSO_LLM_API_KEY`); empty where it needs none. Only the minds are given it."""

    def __post_init__(self) -> None:
        choices = (("launcher", LAUNCHERS), ("trainer_threads", TRAINER_THREADS), ("log_format", LOG_FORMATS))
        for name, allowed in choices:
            if getattr(self, name) not in allowed:
                raise SettingError(f"ALSO_{name.upper()} is {getattr(self, name)!r}; allowed: {', '.join(allowed)}")
        for name in ("namespace", "job_template"):
            if self.launcher == "kubernetes" and not getattr(self, name):
                raise SettingError(f"ALSO_LAUNCHER is 'kubernetes', which needs ALSO_{name.upper()} too")


def from_environment() -> Settings:
    """Settings of this process; what is not in the environment has its default.

    Raises:
        SettingError: a variable's value is not allowed.
    """
    given: dict[str, Any] = {}
    for name, known in Settings.__dataclass_fields__.items():
        text = os.environ.get(f"ALSO_{name.upper()}")
        if text:
            given[name] = _seconds(name, text, zero=not known.default) if isinstance(known.default, float) else text
    for name in _FOLDERS:
        if given.get(name, "").startswith("~"):
            given[name] = _from_home(f"ALSO_{name.upper()}", given[name])
    return Settings(**given)


def store_endpoints() -> dict[str, str]:
    """Variables that point obstore to another server than the cloud's own, with their values."""
    return {name: os.environ[name] for name in _STORE_ENDPOINTS if os.environ.get(name)}


def child_environment(**changes: str) -> dict[str, str]:
    """Environment for a process that this one starts: its own without secrets and what is for others, with changes.

    Whatever the user's locale, its texts are UTF-8.
    """
    ours = surroundings.without(os.environ)
    return {**{name: ours[name] for name in ours if name not in _NOT_INHERITED}, "PYTHONUTF8": "1", **changes}


def part_from_shell() -> None:
    """Take what a shell has set for other programs out of this process's environment, before libraries read it."""
    ours = surroundings.without(os.environ)
    _SEEN.extend(surroundings.seen(os.environ))
    for name in os.environ.keys() - ours.keys():
        del os.environ[name]
    os.environ.update(ours)


def seen_in_shell() -> list[tuple[str, str]]:
    """What `part_from_shell` has found, with what becomes of it."""
    return list(_SEEN)


def mlflow_credentials() -> tuple[str, str, str]:
    """Name, password and token for an MLflow server, from the variables that MLflow's own client reads."""
    names = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
    name, password, token = (os.environ.get(each, "") for each in names)
    return name, password, token


def cache_folder() -> Path:
    """Folder for what may be deleted at any time: `also` in the user's cache folder (`XDG_CACHE_HOME`, or ~/.cache).

    Raises:
        RuntimeError: this user has no home.
    """
    given = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(given) if Path(given).is_absolute() else Path.home() / ".cache") / "also"


def become(environment: Mapping[str, str]) -> None:
    """Take another environment in place of this process's own; only a forked child does, before anything else.

    Modules are then looked for where PYTHONPATH says there. Variables that the interpreter or a library
    has read already, when it was loaded, are not read again.
    """
    before = _named_paths()
    os.environ.clear()
    os.environ.update(environment)
    now = _named_paths()
    sys.path[:] = dict.fromkeys([*now, *(path for path in sys.path if path not in before)])


def _named_paths() -> list[str]:
    """What PYTHONPATH names, absolute."""
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [os.path.normpath(Path(path).absolute()) for path in named if path]


def fix_cublas_workspace() -> None:
    """Have cuBLAS keep to the workspace with which its sums have one order; call it before CUDA is initialised.

    A value that is there already stays; PyTorch refuses one that gives no such order when a product is computed.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def prepare_xla() -> None:
    """Have XLA compute in one thread, and leave a GPU's memory to others; call it before JAX is loaded.

    Values that are there already stay.
    """
    os.environ.setdefault("NPROC", "1")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


def _from_home(name: str, text: str) -> str:
    try:
        return str(Path(text).expanduser())
    except RuntimeError:
        raise SettingError(f"{name} is {text!r}, in the home of nobody: there is no such user") from None


def _seconds(name: str, text: str, *, zero: bool) -> float:
    """A setting's seconds; `zero` says whether they may be 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf or (seconds == 0 and not zero):
        allowed = "a number of seconds, 0 or more," if zero else "a number of seconds above 0"
        raise SettingError(f"ALSO_{name.upper()} is {text!r}; {allowed} is expected")
    return seconds

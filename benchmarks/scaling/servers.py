"""Servers that are measured: a versitygw over a folder. It ends with the block, and when this process is killed."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from obstore.exceptions import BaseError
from obstore.store import S3Store

from also.errors import StoreError
from also.settings import child_environment
from also.store import Store
from tools.loopback import MORTAL, START_SECONDS, free_port

_ACCESS, _SECRET, _BUCKET = "access-of-the-benchmark", "secret-of-the-benchmark", "also"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A versitygw that runs."""

    store: Store
    """Its only bucket."""
    pid: int
    """Id of its process."""


@contextmanager
def gateway(binary: Path, folder: Path) -> Iterator[Gateway]:
    """A versitygw on loopback whose objects are files of a folder, as the chart's store is.

    Args:
        binary: the program.
        folder: an empty folder of a file system with extended attributes.

    Raises:
        RuntimeError: it does not come up.
    """
    port = free_port()
    (folder / _BUCKET).mkdir(parents=True)
    command = [*MORTAL, str(binary), f"--port=127.0.0.1:{port}", "--quiet", "posix", str(folder)]
    with subprocess.Popen(
        command,
        env=child_environment(ROOT_ACCESS_KEY=_ACCESS, ROOT_SECRET_KEY=_SECRET),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            backend = S3Store(
                _BUCKET,
                endpoint=f"http://127.0.0.1:{port}",
                access_key_id=_ACCESS,
                secret_access_key=_SECRET,
                region="us-east-1",
                client_options={"allow_http": True},
                retry_config={"max_retries": 0},
            )
            store = Store(f"s3://{_BUCKET}", backend)
            _await(store, process)
            yield Gateway(store=store, pid=process.pid)
        finally:
            process.terminate()


def memory_of(pid: int) -> int:
    """Resident memory of a process, bytes."""
    return _status(pid, "VmRSS") * 1024


def memory_by_name(pid_namespace: str, names: Sequence[str]) -> dict[str, int]:
    """Resident memory of the processes of a process namespace, bytes, by the name of their programs.

    Args:
        pid_namespace: the namespace, as `readlink /proc/self/ns/pid` says it.
        names: which programs; one that runs more than once counts as a whole.
    """
    found = dict.fromkeys(names, 0)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "ns/pid").readlink()) != pid_namespace:
                continue
            name = Path((process / "cmdline").read_bytes().split(b"\0")[0].decode()).name
            if name in found:
                found[name] += memory_of(int(process.name))
        except (OSError, StopIteration):  # it has ended meanwhile
            continue
    return found


def _status(pid: int, key: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(f"{key}:")).split()[1])


def _await(store: Store, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            store.exists("ready")
            return
        except (StoreError, BaseError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"versitygw did not come up: {error}") from error
        time.sleep(0.1)

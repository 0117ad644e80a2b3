"""What tests and benchmarks need on loopback: free ports, replies, services in this process, and a real Prometheus."""

import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc

from also import rpc

START_SECONDS = 60
"""How long a server may take to come up, on a machine that is busy with other things."""

MORTAL = ("setpriv", "--pdeathsig=TERM", "--")
"""What a server's command begins with: the kernel ends it if this process is killed."""


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    with ExitStack() as stack:
        listening = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in listening]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    (port,) = free_ports(1)
    return port


def read_url(url: str) -> bytes:
    """What a server on this machine answers; proxies are for the world outside.

    Raises:
        OSError: it does not answer, or with an error.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as reply:
        body: bytes = reply.read()
        return body


@contextmanager
def served(register: Callable[[grpc.Server], None]) -> Iterator[str]:
    """Services of ALSO in this process; gives their address, and ends with the block.

    Args:
        register: adds the servicers to the server.
    """
    server = rpc.answering(register)
    address = rpc.bind(server, "127.0.0.1:0")
    server.start()
    try:
        yield address
    finally:
        server.stop(None).wait()


@contextmanager
def prometheus(
    binary: str | Path,
    config: str,
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    prefix: str = "",
    flags: Sequence[str] = (),
) -> Iterator[str]:
    """A Prometheus on loopback; gives its URL once it is ready, and ends with the block.

    Args:
        binary: the program.
        config: its settings, YAML.
        folder: for its settings, its samples and its log.
        host: address of this machine that it listens on.
        port: its port; 0 takes a free one.
        prefix: path that it answers under.
        flags: further flags.

    Raises:
        RuntimeError: it has ended, or is not ready in time.
    """
    settings, log = folder / "prometheus.yml", folder / "prometheus.log"
    settings.write_text(config, encoding="utf-8")
    own = f"{host}:{port or free_port()}"
    places = [f"--config.file={settings}", f"--storage.tsdb.path={folder}/prometheus", f"--web.listen-address={own}"]
    url = f"http://{own}{prefix}"
    with running([str(binary), *places, *flags], log, lambda: _is_ready(url), what="Prometheus"):
        yield url


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    is_up: Callable[[], bool],
    *,
    what: str,
    folder: Path | None = None,
    seconds: float = START_SECONDS,
) -> Iterator[None]:
    """A program that serves; entered once it is up, and it ends with the block.

    Args:
        command: program and arguments.
        log: file for what it says.
        is_up: whether it can be used.
        what: what it is, for errors.
        folder: where it is started; None: here.
        seconds: how long it may take to come up.

    Raises:
        RuntimeError: it has ended, or is not up in time.
    """
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*MORTAL, *command], cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        ) as process,
    ):
        try:
            deadline = time.monotonic() + seconds
            while not is_up():
                if process.poll() is not None or time.monotonic() > deadline:
                    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
                    raise RuntimeError(f"{what} did not come up; the end of its log: {tail}")
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def _is_ready(url: str) -> bool:
    try:
        read_url(f"{url}/-/ready")
    except OSError:
        return False
    return True

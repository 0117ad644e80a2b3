"""A real Prometheus on loopback that scrapes a few ports many times a second; it ends with the block."""

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60
"""How long it may take to come up, on a machine that is busy with other things."""

_CONFIG = """
global: {{scrape_interval: {milliseconds}ms, scrape_timeout: {milliseconds}ms}}
scrape_configs:
  - job_name: also
    static_configs: [{{targets: [{targets}]}}]
"""


@contextmanager
def scraping(binary: str | Path, ports: Sequence[int], folder: Path, *, milliseconds: int = 250) -> Iterator[str]:
    """A Prometheus that scrapes ports of 127.0.0.1; gives its URL once it is ready.

    Args:
        binary: the program.
        ports: what it scrapes, whoever comes to serve there.
        folder: an empty folder for its samples and its log.
        milliseconds: time between two scrapes of a port, and what a port gets to answer.

    Raises:
        RuntimeError: it has ended, or is not ready in time.
    """
    targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG.format(milliseconds=milliseconds, targets=targets), encoding="utf-8")
    (own,) = free_ports(1)
    url = f"http://127.0.0.1:{own}"
    mortal = ["setpriv", "--pdeathsig=TERM", "--"]  # the kernel ends it if this process is killed
    places = [
        f"--config.file={config}",
        f"--storage.tsdb.path={folder}/samples",
        f"--web.listen-address=127.0.0.1:{own}",
    ]
    log = folder / "prometheus.log"
    with log.open("wb") as output, subprocess.Popen([*mortal, str(binary), *places], stderr=output) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not _is_ready(url):
                if process.poll() is not None or time.monotonic() > deadline:
                    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
                    raise RuntimeError(f"Prometheus did not come up; the end of its log: {tail}")
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def _is_ready(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/-/ready", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False

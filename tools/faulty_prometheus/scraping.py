"""A real Prometheus on loopback that scrapes a few ports many times a second."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools import loopback

_CONFIG = """
global: {{scrape_interval: {milliseconds}ms, scrape_timeout: {milliseconds}ms}}
scrape_configs:
  - job_name: also
    static_configs: [{{targets: [{targets}]}}]
"""


@contextmanager
def scraping(binary: str | Path, ports: Sequence[int], folder: Path, *, milliseconds: int = 250) -> Iterator[str]:
    """A Prometheus that scrapes ports of 127.0.0.1; gives its URL once it does, and ends with the block.

    A Prometheus is ready some seconds before it scrapes: what is asked until then has no samples at all.

    Args:
        binary: the program.
        ports: what it scrapes, whoever comes to serve there.
        folder: an empty folder for its samples and its log.
        milliseconds: time between two scrapes of a port, and what a port gets to answer.

    Raises:
        RuntimeError: it has ended, is not ready, or does not scrape in time.
    """
    targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
    config = _CONFIG.format(milliseconds=milliseconds, targets=targets)
    with loopback.prometheus(binary, config, folder) as url:
        deadline = time.monotonic() + loopback.START_SECONDS
        while len(json.loads(loopback.read_url(f"{url}/api/v1/query?query=up"))["data"]["result"]) < len(ports):
            if time.monotonic() > deadline:
                raise RuntimeError(f"Prometheus does not scrape {len(ports)} ports within {loopback.START_SECONDS} s")
            time.sleep(0.1)
        yield url

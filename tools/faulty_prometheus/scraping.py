"""A real Prometheus on loopback that scrapes a few ports many times a second."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from tools import loopback

_CONFIG = """
global: {{scrape_interval: {milliseconds}ms, scrape_timeout: {milliseconds}ms}}
scrape_configs:
  - job_name: also
    static_configs: [{{targets: [{targets}]}}]
"""


def scraping(
    binary: str | Path, ports: Sequence[int], folder: Path, *, milliseconds: int = 250
) -> AbstractContextManager[str]:
    """A Prometheus that scrapes ports of 127.0.0.1; gives its URL once it is ready, and ends with the block.

    Args:
        binary: the program.
        ports: what it scrapes, whoever comes to serve there.
        folder: an empty folder for its samples and its log.
        milliseconds: time between two scrapes of a port, and what a port gets to answer.

    Raises:
        RuntimeError: it has ended, or is not ready in time.
    """
    targets = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
    return loopback.prometheus(binary, _CONFIG.format(milliseconds=milliseconds, targets=targets), folder)

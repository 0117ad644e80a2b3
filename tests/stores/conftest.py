"""Real servers that hold stores, and gateways before them that lose answers."""

import os
import uuid

import pytest

from also.store import open_store
from tools.lossy_proxy import lossy
from tools.store_servers import BUCKET, access, moto, seaweedfs

MOTO = "ALSO_TEST_MOTO"


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch):
    """No other server is named than the one that a test names."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture(scope="session")
def seaweedfs_url(tmp_path_factory):
    """A SeaweedFS."""
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as url:
        yield url


@pytest.fixture(scope="session")
def moto_url(tmp_path_factory):
    """A moto server, from an environment of its own that `make test` makes."""
    python = os.environ.get(MOTO)
    if not python:
        pytest.skip(f"{MOTO} names no interpreter that has moto; `make test` does")
    with moto(python, tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(params=["seaweedfs", pytest.param("moto", marks=pytest.mark.slow)])
def server(request):
    """URL of each server."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def reach(monkeypatch):
    """Makes a server, or a gateway before one, the one that addresses lead to."""

    def named(url):
        for name, value in access(url).items():
            monkeypatch.setenv(name, value)

    return named


@pytest.fixture(scope="session")
def uri():
    """A store in the servers' bucket, marked by whichever test opens it first."""
    return f"s3://{BUCKET}/shared"


@pytest.fixture
def empty_uri():
    """An empty place of its own in the servers' bucket."""
    return f"s3://{BUCKET}/{uuid.uuid4().hex}"


@pytest.fixture
def place():
    """Id of a campaign that the shared store does not have."""
    return uuid.uuid4().hex


@pytest.fixture
def behind(server, reach):
    """Opens a store through a gateway with a fault for every request that a function names."""

    class Behind:
        def __init__(self):
            self.fault = lambda method, path, before: ""
            self.gateway = None

        def opened(self, uri, **how):
            reach(self.gateway.url)
            return open_store(uri, **how)

    found = Behind()
    with lossy(server, lambda method, path, before: found.fault(method, path, before)) as gateway:
        found.gateway = gateway
        yield found

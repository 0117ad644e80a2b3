"""A store whose rights are the pod's own: the client asks the agent that a cloud's webhook has named to it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from also.errors import StoreError
from also.store.opening import open_store


class Cloud(ThreadingHTTPServer):
    """EKS's agent on the node and an S3 in one: it gives keys for a token, and lets nobody into the bucket."""

    def __init__(self) -> None:
        """On loopback, at a free port."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        """Path and authorization of each request."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Cloud

    def do_GET(self) -> None:
        """Keys, or a refusal."""
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        if self.path == "/v1/credentials":
            keys = {
                "AccessKeyId": "of-the-pod",
                "SecretAccessKey": "s",
                "Token": "t",
                "Expiration": "2099-01-01T00:00:00Z",
            }
            self.answer(200, json.dumps(keys).encode())
        else:
            self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")

    def do_PUT(self) -> None:
        """As a GET: nothing may be written either."""
        self.do_GET()

    def answer(self, status: int, body: bytes) -> None:
        """Send a reply."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A cloud that serves."""
    with Cloud() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def pod(cloud, tmp_path, monkeypatch):
    """The variables that EKS Pod Identity sets, and no key."""
    token = tmp_path / "token"
    token.write_text("token-of-the-account", encoding="utf-8")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"http://127.0.0.1:{cloud.server_port}/v1/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    return monkeypatch


@pytest.mark.slow
def test_a_pod_of_eks_signs_with_the_keys_that_its_token_gives(cloud, pod) -> None:
    """The agent is shown the token, and the bucket is asked as whom it says."""
    pod.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{cloud.server_port}")
    pod.setenv("AWS_ALLOW_HTTP", "true")
    with pytest.raises(StoreError):
        open_store("s3://bucket/also", patience_seconds=0)
    assert ("/v1/credentials", "token-of-the-account") in cloud.asked
    signed = [authorization for path, authorization in cloud.asked if path.startswith("/bucket")]
    assert signed
    assert all("Credential=of-the-pod/" in each for each in signed)


@pytest.mark.slow
def test_the_agent_is_asked_over_plain_http_where_a_store_may_not_be(cloud, pod) -> None:
    """The chart allows plain HTTP for an endpoint alone; the agent on the node has nothing else."""
    pod.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{cloud.server_port}")
    with pytest.raises(StoreError):
        open_store("s3://bucket/also", patience_seconds=0)
    assert set(cloud.asked) == {("/v1/credentials", "token-of-the-account")}

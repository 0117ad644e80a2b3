"""What a store's server said: its own code and message, and what to do."""

import pytest

from also.errors import StoreError
from also.store import open_store
from tools.loopback import free_port
from tools.lossy_proxy import lossy

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch):
    """Keys of nobody, no proxy, and a metadata service that is not there."""
    for name, value in {**KEYS, "AWS_METADATA_ENDPOINT": f"http://127.0.0.1:{free_port()}"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT", "AWS_ENDPOINT_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("fault", "said", "hint"),
    [
        (
            "denied",
            "403 Forbidden: AccessDenied: Access Denied & logged.",
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        ("bucketless", "404 Not Found: NoSuchBucket: The specified bucket does not exist", "make the bucket first"),
    ],
)
def test_the_servers_own_code_and_message_are_kept(nowhere_else, fault, said, hint):
    """A refusal is told in the server's words, on one line, and with the variables to look at."""
    with lossy(
        f"http://127.0.0.1:{free_port()}", lambda method, path, before: "" if method == "HEAD" else fault
    ) as server:
        nowhere_else.setenv("AWS_ENDPOINT", server.url)
        with pytest.raises(StoreError) as caught:
            open_store("s3://bucket/prefix").find("campaigns/")
    assert said in str(caught.value)
    assert hint in str(caught.value)
    assert "<" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_http_that_is_not_allowed_is_hinted_at(nowhere_else):
    """Where obstore says "builder error", we say AWS_ALLOW_HTTP."""
    nowhere_else.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    nowhere_else.delenv("AWS_ALLOW_HTTP")
    with pytest.raises(StoreError, match=r"a server that speaks http is used with AWS_ALLOW_HTTP=true only"):
        open_store("s3://bucket/prefix")


def test_missing_keys_are_hinted_at(nowhere_else):
    """Where obstore asks a metadata service for keys, we say which variables hold them."""
    nowhere_else.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    nowhere_else.delenv("AWS_ACCESS_KEY_ID")
    nowhere_else.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreError, match=r"no keys were found.*set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        open_store("s3://bucket/prefix", patience_seconds=0)


def test_a_server_that_is_not_there_is_named(nowhere_else):
    """A refused connection says so, and which variable names the server."""
    nowhere_else.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreError, match=r"Connection refused.*a server of your own is named by AWS_ENDPOINT"):
        open_store("s3://bucket/prefix", patience_seconds=0)


def test_an_account_that_is_not_named_is_hinted_at(monkeypatch):
    """Azure's account has variables of its own."""
    for name in ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StoreError, match=r"Account must be specified; .*AZURE_STORAGE_ACCOUNT_NAME"):
        open_store("az://container/prefix")

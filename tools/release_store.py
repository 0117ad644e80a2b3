"""The object store that a release of the chart has brought, seen from this machine through a forwarded port."""

import base64
from collections.abc import Mapping

from obstore.store import S3Store

from also.store import Store

BUCKET, PREFIX = "also", "campaigns"
"""Where the chart keeps campaigns in it."""


def access(secret: Mapping[str, str], port: int) -> dict[str, str]:
    """The environment in which a command of ALSO finds the store.

    Args:
        secret: data of the Secret that opens it, in base64.
        port: port of 127.0.0.1 that leads to it.
    """
    return {name: base64.b64decode(value).decode() for name, value in secret.items()} | {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "ALSO_STORE": f"s3://{BUCKET}/{PREFIX}",
    }


def opened(given: Mapping[str, str]) -> Store:
    """The store, for this process.

    Args:
        given: what `access` says.
    """
    backend = S3Store(
        BUCKET,
        prefix=PREFIX,
        endpoint=given["AWS_ENDPOINT_URL"],
        access_key_id=given["AWS_ACCESS_KEY_ID"],
        secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        region=given["AWS_REGION"],
        client_options={"allow_http": True},
    )
    return Store(given["ALSO_STORE"], backend)

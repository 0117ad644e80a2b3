"""Metrics as Prometheus scrapes them."""

import errno
from contextlib import suppress

from prometheus_client import ProcessCollector, start_http_server

import also
from also import metrics
from also.errors import AddressError
from also.registry import REGISTRY


def expose(port: int, address: str) -> None:
    """Serve `/metrics` for Prometheus in a thread, with the process's own memory and CPU where it can tell them.

    Args:
        port: port to serve on, in [0, 65535]; 0 takes a free one.
        address: address of this machine to serve on, see `Settings.metrics_host`; `::` is every one, of IPv4 too, and
            of IPv4 alone where the kernel knows no IPv6.

    Raises:
        AddressError: the port is in use or not allowed.
    """
    metrics.BUILD.labels(also.__version__).set(1)
    with suppress(ValueError):  # served before, on another port
        ProcessCollector(registry=REGISTRY)
    try:
        try:
            start_http_server(port, address, REGISTRY)
        except OSError as error:
            if address != "::" or error.errno != errno.EAFNOSUPPORT:
                raise
            start_http_server(port, "0.0.0.0", REGISTRY)  # noqa: S104  (asked for every address: IPv4 has no others here)
    except (OSError, OverflowError) as error:
        raise AddressError(f"metrics port {port} on {address} cannot be used: {error}") from None

"""What every service process of ALSO begins with: its arguments, its lifeline and its exit code.

    python -m also.services.critic --address 127.0.0.1:0 [--metrics-port 9100] [--lifeline]

Exit codes: 0 it was asked to end, 2 its input is wrong (one line says what).
"""

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

import grpc

from also import exposition, lifeline, log, rpc, settings
from also.errors import InputError

BAD_INPUT = 2
"""Exit code for input that is wrong."""


def arguments(name: str) -> argparse.Namespace:
    """Parse a service's own arguments, hold the lifeline and begin the log, before anything heavy is imported.

    Exits with code 2 when the log's format is not allowed.

    Args:
        name: name of the service.

    Returns:
        Namespace with `address` (str), `metrics_port` (int or None) and `lifeline` (bool).
    """
    parser = argparse.ArgumentParser(prog=f"also.services.{name}")
    parser.add_argument("--address", default="127.0.0.1:0", help="host:port to serve on; port 0 takes a free one")
    parser.add_argument("--metrics-port", type=int, default=None, help="port on which /metrics is served")
    parser.add_argument(lifeline.FLAG, action="store_true", help="end when standard input closes")
    parsed = parser.parse_args()
    if parsed.lifeline:
        lifeline.hold()
    try:
        log.prepare(name)
    except InputError as error:
        _refuse(error)
    return parsed


def serve(register: Callable[[grpc.Server], None], parsed: argparse.Namespace) -> None:
    """Serve until the process is asked to end; exit with code 2 when an address cannot be used."""
    try:
        if parsed.metrics_port is not None:
            exposition.expose(parsed.metrics_port, settings.from_environment().metrics_host)
        rpc.serve(register, parsed.address)
    except InputError as error:
        _refuse(error)


def _refuse(error: InputError) -> NoReturn:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(BAD_INPUT)

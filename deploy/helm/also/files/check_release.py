"""What `helm test` runs, in a pod of the campaign's image: whether the parts of a release can work together.

    python check_release.py NAMESPACE [CAMPAIGN.yaml [--track=KIND:PLACE ...]]

Where the parts are is in the environment (also/settings.py). Each check is one line; the exit code is 1 when one has
failed. With a campaign file the parts are also asked what a campaign asks them before it begins: the trainer for its
task, the minds for an answer of their LLMs, the validator for a Job (a dry run) and for an answer of Prometheus.
Trackers pass where this image has what they need, and their servers can be reached.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from grpc import RpcError
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from also import headers, rpc, settings
from also.campaign import calls, spec
from also.campaign.processes import Services
from also.errors import AlsoError, ServiceError, ServiceUnavailable
from also.settings import Settings
from also.store import open_store, probe_race
from also.tracking import opening

WANDB = "https://api.wandb.ai"
"""Where W&B answers, unless WANDB_BASE_URL says otherwise."""

SERVICES = ("trainer", "critic", "generator", "validator")

TRACK = "--track="
"""What the arguments that name trackers begin with."""

WAIT_SECONDS = 120.0
"""How long a part that was just installed may take until it answers."""


def service(address: str) -> str:
    """Whether a service is ready, by its health check."""
    with rpc.connect(address) as channel:
        status = rpc.call(HealthStub(channel).Check, HealthCheckRequest(), seconds=10).status
    if status != HealthCheckResponse.SERVING:
        raise ServiceError(f"{address} says {HealthCheckResponse.ServingStatus.Name(status)}")
    return f"{address} is ready"


def store(uri: str) -> str:
    """Whether exactly one of many writers can create an object."""
    probe_race(open_store(uri), rounds=5)
    return f"{uri}: one winner in every race of 16 writers"


def prometheus(given: Settings, namespace: str) -> str:
    """Whether Prometheus has scraped the four services of the release."""
    pods = "|".join(getattr(given, name).rpartition(":")[0] for name in SERVICES)
    up = f'up{{namespace="{namespace}",pod=~"({pods})-[a-z0-9]+-[a-z0-9]+"}} == 1'  # of no release whose name goes on
    query = urllib.parse.quote(f"count(count by (pod) ({up}))")  # once, whoever else scrapes them too
    request = urllib.request.Request(f"{given.prometheus.rstrip('/')}/api/v1/query?query={query}")  # noqa: S310
    if given.prometheus_token:
        request.add_header("Authorization", f"Bearer {given.prometheus_token}")
    for name, value in headers.read(given.prometheus_headers, where=settings.PROMETHEUS_HEADERS).items():
        request.add_header(name, value)
    with urllib.request.urlopen(request, timeout=10) as reply:  # noqa: S310  (the URL is a setting of the release)
        result = json.load(reply)["data"]["result"]
    scraped = int(result[0]["value"][1]) if result else 0
    if scraped < len(SERVICES):
        raise ServiceUnavailable(f"{given.prometheus} has scraped {scraped} of the release's {len(SERVICES)} services")
    return f"{given.prometheus} has scraped the services"


def campaign(given: Settings, file: Path) -> str:
    """Whether the parts can do what a campaign file asks of them."""
    asked = spec.load(file)
    with Services(given, Path(given.logs), partial(print, file=sys.stderr)) as services:
        notes = calls.check_backends(services, asked, calls.describe_task(services, asked.task))
    return "; ".join([f"{file.name} can run", *notes])


def tracker(text: str) -> str:
    """Whether a tracker can be told; what its server answers does not matter, only that it does."""
    kind, where = opening.parse(text)
    if kind == "tensorboard":
        return f"tensorboard is told in {where}"
    address = where.partition("#")[0] if kind == "mlflow" else os.environ.get("WANDB_BASE_URL", WANDB)
    try:
        urllib.request.urlopen(address, timeout=10).close()  # noqa: S310  (the URL is a setting of the release)
    except urllib.error.HTTPError as error:
        error.close()
    except urllib.error.URLError as error:
        raise ServiceUnavailable(f"{kind} at {address} cannot be reached: {error.reason}") from None
    return f"{kind} at {address} answers"


def patiently(check: Callable[[], str]) -> str:
    """What a check says once it passes; its last failure when time is over."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return check()
        except (ServiceUnavailable, OSError) as error:
            if time.monotonic() > deadline:
                raise error
            time.sleep(1)


def main(namespace: str, *arguments: str) -> int:
    """Run every check, and say what came of it."""
    trackers = [each.removeprefix(TRACK) for each in arguments if each.startswith(TRACK)]
    files = [each for each in arguments if not each.startswith(TRACK)]
    given = settings.from_environment()
    checks = {name: partial(service, getattr(given, name)) for name in SERVICES}
    checks["store"] = partial(store, given.store)
    if given.prometheus:
        checks["prometheus"] = partial(prometheus, given, namespace)
    for file in files:
        checks["campaign"] = partial(campaign, given, Path(file))
    for each in trackers:
        checks[each.partition(":")[0]] = partial(tracker, each)
    failed = 0
    for name, check in checks.items():
        try:
            print(f"ok      {name}: {patiently(check)}", flush=True)
        except (AlsoError, OSError, RpcError, ValueError, KeyError) as error:
            failed += 1
            print(f"failed  {name}: {error or type(error).__name__}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

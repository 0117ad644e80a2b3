"""The Prometheus that a validator's settings name: where it is, and whether it can be used.

All of this is checked before a campaign writes anything.
"""

from math import ceil
from urllib.parse import urlsplit

from also import headers
from also.errors import EndpointError, SettingError
from also.services.validator.measure import guards, records, samples
from also.services.validator.measure.query import Endpoint, QueryError
from also.settings import PROMETHEUS_HEADERS, PROMETHEUS_TOKEN, Settings
from also.v1.campaign_pb2 import Campaign

_ELSEWHERE = (301, 302, 303, 307, 308, 404, 405)
"""HTTP statuses of a server whose API is at another path, e.g. behind a prefix."""

_NOT_LET_IN = (400, 401, 403, 422)
"""HTTP statuses of a server that wants to know who asks."""


def endpoint(settings: Settings) -> Endpoint:
    """Where a validator's settings say that Prometheus is.

    Raises:
        EndpointError: the URL cannot be used, or a header.
    """
    try:
        parts = urlsplit(settings.prometheus)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment:
        raise EndpointError(
            f"ALSO_PROMETHEUS is {settings.prometheus[:200]!r}; a URL such as http://prometheus:9090 is expected"
        )
    try:
        further = headers.read(settings.prometheus_headers, where=PROMETHEUS_HEADERS)
    except SettingError as error:
        raise EndpointError(str(error)) from None
    if settings.prometheus_token and "authorization" in map(str.lower, further):
        raise EndpointError(
            f"{PROMETHEUS_HEADERS} gives header Authorization, and {PROMETHEUS_TOKEN} is set, which is that header "
            "too; one of them is allowed"
        )
    return Endpoint(url=settings.prometheus, token=settings.prometheus_token, headers=further)


def replica_labels(settings: Settings) -> frozenset[str]:
    """Labels that tell apart the servers of one highly available Prometheus; a comma alone is none."""
    return frozenset(filter(None, map(str.strip, settings.prometheus_replica_labels.split(","))))


def check(settings: Settings, campaign: Campaign) -> None:
    """Make sure that a campaign's branches and guard queries can be read, before anything is written.

    Raises:
        EndpointError: a Prometheus is needed and not named, cannot scrape these branches, does not answer, has
            another time, or does not understand a guard query.
    """
    queries = campaign.validation.guards
    if not settings.prometheus:
        if queries:
            raise records.nobody_to_ask(queries)
        return
    if settings.launcher != "kubernetes":
        raise EndpointError(
            "ALSO_PROMETHEUS is set, and branches are processes of this machine, which nothing scrapes; unset it, "
            "or set ALSO_LAUNCHER=kubernetes"
        )
    place = endpoint(settings)
    try:
        answer = place.ask("vector(1)", lookback_seconds=ceil(settings.metrics_max_age))
    except QueryError as error:
        hint = "; is the path in the URL whole?" if error.status in _ELSEWHERE else ""
        hint = "; does it ask for a token, or a tenant's header?" if error.status in _NOT_LET_IN else hint
        raise EndpointError(f"ALSO_PROMETHEUS {_public(place)}: {error}{_quoted(error)}{hint}") from None
    if answer.kind != "vector" or [sample.value for each in answer.series for sample in each.samples] != [1.0]:
        raise EndpointError(f"ALSO_PROMETHEUS {_public(place)} does not answer vector(1) with 1; is it a Prometheus?")
    behind = answer.time - answer.series[0].samples[-1].time
    if not -samples.FUTURE_SECONDS <= behind <= settings.metrics_max_age:
        where = "behind" if behind > 0 else "ahead"
        raise EndpointError(
            f"the clock of ALSO_PROMETHEUS {_public(place)} is {abs(behind):.0f} s {where}; "
            f"-{samples.FUTURE_SECONDS:g} to {settings.metrics_max_age:g} s are allowed: no sample of it would count"
        )
    for query in queries:
        guards.check(place, query)


def _public(place: Endpoint) -> str:
    """A URL without a user's name and password."""
    parts = urlsplit(place.url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _quoted(error: QueryError) -> str:
    return f" ({error.said})" if error.said else ""

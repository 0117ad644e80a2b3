"""One namespace of a Kubernetes cluster, as the launcher of Jobs uses it: objects as plain JSON.

Objects are sent and read as they are, past the client's models, which know the fields of one release
and refuse a template that uses a newer one; the API server checks what it is sent. A refusal is an
answer, which the caller understands or not; that nobody answered is `ServiceUnavailable`, and may pass.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3
from kubernetes import client, config

from also.errors import EndpointError, ServiceUnavailable
from also.words import one_line

_SECONDS = (3.0, 10.0)
"""How long the API server may take to be connected to, and to say something."""

_PATHS = {"jobs": "/apis/batch/v1", "pods": "/api/v1", "events": "/api/v1", "configmaps": "/api/v1"}
"""Where each kind of object is served."""

_DENIED = "denied the request"
"""What the API server says of a webhook that refuses an object, whatever status the webhook chose."""

_MESSAGE_LIMIT = 1000
"""Characters of a message of the API that are passed on, as one printable line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """What the API server answered a request with, other than that it should be tried again."""

    status: int
    """Status code of HTTP, below 500."""
    document: dict[str, Any]
    """The object, or the Status that says why not."""
    warnings: Sequence[str] = ()
    """What it warned of."""

    @property
    def good(self) -> bool:
        """Whether the request was carried out."""
        return 200 <= self.status < 300

    @property
    def message(self) -> str:
        """Why the request was refused, in the API server's words."""
        return one_line(str(self.document.get("message") or f"HTTP status {self.status}"), _MESSAGE_LIMIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """A namespace, through a client that is shared by all that use it."""

    client: client.ApiClient
    """Knows the way to the cluster and who we are."""
    name: str
    """Name of the namespace."""

    def get(self, kind: str, name: str) -> ApiAnswer:
        """One object, by its kind (`jobs`, `pods`, `events` or `configmaps`) and name.

        Raises:
            ServiceUnavailable: the API server did not answer.
        """
        return self._call("GET", self._path(kind, name))

    def find(self, kind: str, *, labels: str = "", fields: str = "", limit: int = 0) -> list[dict[str, Any]]:
        """Objects of a kind, as they are now (no cache of the API server's).

        Args:
            kind: as in `get`.
            labels: selector of labels; empty: all.
            fields: selector of fields; empty: all.
            limit: so many at most; 0: all.

        Raises:
            EndpointError: they may not be listed.
            ServiceUnavailable: the API server did not answer.
        """
        given = {"labelSelector": labels, "fieldSelector": fields, "limit": str(limit or "")}
        answer = self._call("GET", self._path(kind), {name: value for name, value in given.items() if value})
        if not answer.good:
            raise EndpointError(f"{kind} of namespace {self.name} cannot be listed: {answer.message}")
        found: list[dict[str, Any]] = answer.document.get("items") or []
        return found

    def create(self, kind: str, document: dict[str, Any], *, dry_run: bool = False) -> ApiAnswer:
        """Create an object; unknown fields are refused. A dry run stops short of storing it.

        Raises:
            ServiceUnavailable: the API server did not answer; the object may have been created all the same.
        """
        only = {"dryRun": "All"} if dry_run else {}
        return self._call("POST", self._path(kind), {"fieldValidation": "Strict"} | only, document)

    def delete(self, kind: str, name: str, *, uid: str = "", dry_run: bool = False) -> ApiAnswer:
        """Delete an object, and what it owns soon after.

        Args:
            kind: as in `get`.
            name: its name.
            uid: delete it only if it is this one; empty: whichever has the name.
            dry_run: delete nothing, only ask.

        Raises:
            ServiceUnavailable: the API server did not answer.
        """
        options = {"propagationPolicy": "Background"} | ({"preconditions": {"uid": uid}} if uid else {})
        return self._call("DELETE", self._path(kind, name), {"dryRun": "All"} if dry_run else {}, options)

    def _path(self, kind: str, name: str = "") -> str:
        return f"{_PATHS[kind]}/namespaces/{self.name}/{kind}" + (f"/{name}" if name else "")

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> ApiAnswer:
        """Send one request.

        Raises:
            ServiceUnavailable: there was no answer, or one that asks to try again.
        """
        request = self.client.param_serialize(
            method,
            f"{path}?{urlencode(query)}" if query else path,
            header_params={"Accept": "application/json", "Content-Type": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self.client.call_api(*request, _request_timeout=_SECONDS)
            content = response.read()
        except (urllib3.exceptions.HTTPError, client.ApiException, OSError) as error:
            said = one_line(str(error), _MESSAGE_LIMIT)
            raise ServiceUnavailable(f"the Kubernetes API did not answer {method} {path}: {said}") from error
        document = _document(content)
        denied = _DENIED in str(document.get("message"))
        if response.status == 429 or (response.status >= 500 and not denied):
            said = str(document.get("message") or response.reason)[:_MESSAGE_LIMIT]
            raise ServiceUnavailable(f"the Kubernetes API answered {method} {path} with {response.status}: {said}")
        return ApiAnswer(
            status=response.status,
            document=document,
            warnings=tuple(map(_warning, response.headers.getlist("Warning"))),
        )


def connect(namespace: str, kubeconfig: str | None = None) -> Namespace:
    """A namespace of the cluster that this process runs in, else of the one that a kubeconfig leads to.

    The proxies of the environment are for the world outside, and are not used.

    Args:
        namespace: its name.
        kubeconfig: path of a kubeconfig, which comes first then; None: that of KUBECONFIG.

    Raises:
        EndpointError: there is neither, or what leads to the cluster cannot be read.
    """
    configuration = client.Configuration()
    configuration.proxy = None
    configuration.retries = False
    try:
        _load(configuration, kubeconfig)
    except (config.ConfigException, OSError, ValueError) as error:
        said = one_line(str(error), _MESSAGE_LIMIT)
        raise EndpointError(
            f"no cluster is known to launch Jobs in: {said}; a pod with the token of a service account, "
            "or a KUBECONFIG, is expected"
        ) from error
    return Namespace(client=client.ApiClient(configuration), name=namespace)


def _load(configuration: client.Configuration, kubeconfig: str | None) -> None:
    if kubeconfig is None:
        with suppress(config.ConfigException):  # no pod, or one without a token
            config.load_incluster_config(configuration)
            return
    config.load_kube_config(kubeconfig, client_configuration=configuration)


def _document(content: bytes) -> dict[str, Any]:
    """A reply's JSON object; what is not one (a proxy's page) becomes the message of an empty one."""
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    return document if isinstance(document, dict) else {"message": content.decode(errors="replace")[:_MESSAGE_LIMIT]}


def _warning(header: str) -> str:
    r"""Text of a header that warns, which is `299 - "text"` with `\"` for a quotation mark (RFC 7234)."""
    found = re.fullmatch(r'\d{3} \S+ "(.*)"', header)
    return one_line(re.sub(r"\\(.)", r"\1", found[1]) if found else header, _MESSAGE_LIMIT)

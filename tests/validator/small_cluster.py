"""An API server that keeps objects and does nothing with them: what controllers and kubelets would do, a test does.

It speaks the part of the Kubernetes API that the launcher of Jobs uses, over HTTP, as plain JSON. The real one is met
in `tests/e2e/test_jobs.py`; here a test chooses the moment at which a Job fails, goes, or cannot be read.
"""

import functools
import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import yaml
from kubernetes import client

from also.services.validator.launch.kubernetes import Namespace

TEMPLATE = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"labels": {"app.kubernetes.io/name": "also"}},
    "spec": {
        "backoffLimit": 3,
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": "also"}},
            "spec": {
                "restartPolicy": "Never",
                "containers": [
                    {"name": "branch", "image": "localhost/also-trainer:1", "args": ["--save-seconds", "60"]}
                ],
            },
        },
    },
}
"""A template that is right."""

POD_LABELS = ("also.dev/campaign", "also.dev/group", "also.dev/owner")


class SmallCluster:
    """Objects by kind and name; `answers` are given instead, to the requests that they match."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, dict]] = {"jobs": {}, "pods": {}, "events": {}, "configmaps": {}}
        self.requests: list[tuple[str, str]] = []
        self.answers: list[tuple[str, int, str]] = []
        self.warning = ""
        self._numbers = itertools.count(1)
        self.set_template(TEMPLATE)

    def set_template(self, job: object, name: str = "template") -> None:
        """Store a template, a Job or any text."""
        content = job if isinstance(job, str) else yaml.safe_dump(job)
        self.add("configmaps", {"metadata": {"name": name}, "data": {"job.yaml": content}})

    def add(self, kind: str, found: dict) -> dict:
        """Store an object as if it had just been created."""
        number = next(self._numbers)
        stamp = {"uid": f"uid-{number}", "creationTimestamp": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"}
        found["metadata"] |= stamp
        self.objects[kind][found["metadata"]["name"]] = found
        return found

    def job(self, group: str) -> dict:
        """The Job of a group."""
        (found,) = [job for job in self.objects["jobs"].values() if job["metadata"]["labels"][POD_LABELS[1]] == group]
        return found

    def add_pod(self, job: dict, **status: object) -> dict:
        """A pod of a Job."""
        given = job["metadata"]["labels"] | {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
        labels = {label: given[label] for label in (*POD_LABELS, "batch.kubernetes.io/job-name") if label in given}
        name = f"{job['metadata']['name']}-{next(self._numbers)}"
        spec = {"nodeName": "node", **job["spec"]["template"]["spec"]}
        return self.add("pods", {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": status})

    def add_event(self, about: dict, reason: str, message: str) -> None:
        """An event of an object."""
        number = next(self._numbers)
        event = {"reason": reason, "message": message, "lastTimestamp": f"2026-01-01T00:00:{number:02}Z"}
        involved = {"involvedObject": {"kind": about.get("kind", "Pod"), "uid": about["metadata"]["uid"]}}
        self.add("events", {"metadata": {"name": f"event-{number}"}} | event | involved)

    def fail(self, job: dict, reason: str, message: str = "") -> None:
        """Give a Job the condition that it has failed."""
        condition = {"type": "Failed", "status": "True", "reason": reason, "message": message}
        job["status"] = {"conditions": [condition], "failed": 1}

    def answer(self, method: str, path: str, query: dict[str, str], body: dict | None) -> tuple[int, dict]:
        """What the server says."""
        self.requests.append((method, path))
        for number, (pattern, status, message) in enumerate(self.answers):
            if re.search(pattern, f"{method} {path}"):
                del self.answers[number]
                return status, {"kind": "Status", "message": message}
        kind, _, name = re.fullmatch(r"/api.*/v1/namespaces/tests/(\w+)(/(.+))?", path).groups()
        name = path.rpartition("/")[2] if path.count("/") > 5 + ("/apis/" in path) else ""
        kept = self.objects[kind]
        match method:
            case "GET" if name:
                return (200, kept[name]) if name in kept else (404, {"message": f'{kind} "{name}" not found'})
            case "GET":
                return 200, {"items": [each for each in kept.values() if selected(each, query)]}
            case "POST":
                return self._create(kind, body, query)
            case "DELETE" if name not in kept:
                return 404, {"message": f'{kind} "{name}" not found'}
            case "DELETE":
                uid = (body or {}).get("preconditions", {}).get("uid")
                if uid and uid != kept[name]["metadata"]["uid"]:
                    return 409, {"message": "the UID in the precondition does not match the UID in record"}
                return 200, kept.pop(name)
        raise AssertionError(f"{method} {path} is not expected")

    def _create(self, kind: str, body: dict, query: dict[str, str]) -> tuple[int, dict]:
        name = body["metadata"]["name"]
        if name in self.objects[kind]:
            return 409, {"message": f'{kind} "{name}" already exists'}
        return (201, body) if query.get("dryRun") else (201, self.add(kind, body))


def selected(found: dict, query: dict[str, str]) -> bool:
    """Whether an object has the labels and fields that a query asks for."""
    labels = found["metadata"].get("labels", {})
    for term in re.findall(r"[^,(]+(?:\([^)]*\))?", query.get("labelSelector", "")):
        key, values = re.fullmatch(r"(\S+?)(?:=| in \()([^)]*)\)?", term).groups()
        if labels.get(key) not in values.split(","):
            return False
    for term in filter(None, query.get("fieldSelector", "").split(",")):
        path, _, value = term.partition("=")
        if functools.reduce(dict.__getitem__, path.split("."), found) != value:
            return False
    return True


@contextmanager
def serving(cluster: SmallCluster) -> Iterator[Namespace]:
    """The namespace `tests` of a cluster, through the real client."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, document = cluster.answer(self.command, parts.path, query, json.loads(content or "null"))
            reply = json.dumps(document).encode()
            self.send_response(status)
            if cluster.warning:
                self.send_header("Warning", cluster.warning)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def do_GET(self) -> None:
            self.handle_any()

        do_POST = do_DELETE = do_GET  # noqa: N815  (names of http.server)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        configuration = client.Configuration(host=f"http://127.0.0.1:{server.server_port}")
        configuration.proxy, configuration.retries = None, False
        with client.ApiClient(configuration) as api:
            yield Namespace(client=api, name="tests")
        server.shutdown()
        thread.join()

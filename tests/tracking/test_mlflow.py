"""MLflow by its REST API."""

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from also.errors import ServiceError, ServiceUnavailable
from also.tracking.mlflow import IDENTITY, NOTE, TOLD, MLflow


@pytest.fixture
def answering():
    """A server that answers every request in one way: `answering(status, content)` is its address."""
    servers = []

    def serve(status, content):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content)

            def do_POST(self):
                self.do_GET()

            def log_message(self, *arguments):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "content", "kind"),
    [
        (503, b"later", ServiceUnavailable),
        (429, b"too many", ServiceUnavailable),
        (200, b"<html>a proxy's page</html>", ServiceUnavailable),
        (403, b"not yours", ServiceError),
        (400, b'{"error_code": "INVALID_PARAMETER_VALUE"}', ServiceError),
    ],
)
def test_a_server_that_is_down_is_told_from_one_that_refuses(answering, told, given, status, content, kind):
    """What may pass is asked again, what does not is an error; each is one line."""
    with pytest.raises(kind) as refused:
        MLflow(answering(status, content)).tell(told, given, over=True)
    assert type(refused.value) is kind
    assert str(refused.value).startswith("MLflow at 127.0.0.1:")


def test_a_server_that_is_not_there_is_down(told, given):
    """No connection is made."""
    with pytest.raises(ServiceUnavailable, match=r"MLflow at 127\.0\.0\.1:9 cannot be reached"):
        MLflow("http://127.0.0.1:9").tell(told, given, over=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_real_server_has_every_metric_once(mlflow_server, told, given):
    """One run, gone on with by another process, and told again as after a crash that lost the count."""

    def ask(path, data):
        request = urllib.request.Request(f"{mlflow_server}/api/2.0/mlflow/{path}", json.dumps(data).encode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    where = f"{mlflow_server}#mine"
    assert MLflow(where).tell(told, given[:9], over=False) == 9
    assert MLflow(where).tell(told, given, over=False) == len(given) - 9
    with urllib.request.urlopen(
        f"{mlflow_server}/api/2.0/mlflow/experiments/get-by-name?experiment_name=mine"
    ) as found:
        experiment = json.loads(found.read())["experiment"]["experiment_id"]
    search = {"experiment_ids": [experiment], "filter": f"tags.`{IDENTITY}` = '{told.identity}'"}
    (run,) = ask("runs/search", search)["runs"]
    ask("runs/set-tag", {"run_id": run["info"]["run_id"], "key": TOLD, "value": "3"})
    assert MLflow(where).tell(told, given, over=True) == len(given) - 3
    (run,) = ask("runs/search", search)["runs"]
    assert (run["info"]["run_name"], run["info"]["status"]) == ("some", "FINISHED")
    assert {each["key"]: each["value"] for each in run["data"]["params"]}["learner.gamma"] == "0.99"
    tags = {each["key"]: each["value"] for each in run["data"]["tags"]}
    assert tags[TOLD] == str(len(given))
    assert given[-1].text in tags[NOTE]
    for name in sorted({name for entry in given for name in entry.scalars}):
        with urllib.request.urlopen(
            f"{mlflow_server}/api/2.0/mlflow/metrics/get-history?run_id={run['info']['run_id']}&metric_key={name}"
        ) as answer:
            history = json.loads(answer.read())["metrics"]
        expected = {
            (entry.run_env_steps, round(entry.seconds * 1000), entry.scalars[name])
            for entry in given
            if name in entry.scalars
        }
        found = [(each.get("step", 0), each["timestamp"], each["value"]) for each in history]
        assert sorted(found) == sorted(expected), name

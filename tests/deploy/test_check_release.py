"""What `helm test` runs in its pod, run here against real services on this machine."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from also import lifeline, rpc
from tools.chart_values import CHART

pytestmark = pytest.mark.slow

SCRIPT = CHART / "files" / "check_release.py"
CAMPAIGN = CHART / "files" / "foraging.yaml"


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Environment in which four services, and an object store, are found."""
    logs = tmp_path_factory.mktemp("logs")
    environment = {"ALSO_STORE": str(tmp_path_factory.mktemp("store")), "ALSO_LOGS": str(logs)}
    started = []
    try:
        for name in ("trainer", "critic", "generator", "validator"):  # the validator is told of the trainer
            where = {"log": logs / f"{name}.log", "stdout": subprocess.PIPE, "environment": environment}
            started.append(lifeline.spawn(f"also.services.{name}", ["--address", "127.0.0.1:0"], **where))
            word, address = started[-1].stdout.readline().decode().split()
            assert word == rpc.READY
            environment[f"ALSO_{name.upper()}"] = address
        yield os.environ | environment
    finally:
        lifeline.end(started, grace_seconds=10)
        for process in started:
            process.stdin.close()
            process.stdout.close()


@pytest.fixture
def server():
    """Address of a server that knows nothing, and says so."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as answering:
        threading.Thread(target=answering.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{answering.server_port}"
        answering.shutdown()


def check(environment, *arguments):
    """Its exit code, and the beginnings of its lines."""
    command = [sys.executable, "-c", SCRIPT.read_text(encoding="utf-8"), "a-namespace", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, [line.partition(":")[0] for line in done.stdout.splitlines()], done.stdout + done.stderr


def test_each_part_that_works_has_its_line(parts):
    """Four services, the store and the campaign pass, and the exit code says so."""
    code, lines, said = check(parts, str(CAMPAIGN))
    names = ("trainer", "critic", "generator", "validator", "store", "campaign")
    assert (code, lines) == (0, [f"ok      {name}" for name in names]), said


def test_a_part_that_fails_is_named(parts, tmp_path):
    """What fails has its line with the reason, the others are asked all the same, and the exit code is 1."""
    file = tmp_path / "a-file"
    file.touch()
    code, lines, said = check({**parts, "ALSO_STORE": str(file)}, str(tmp_path / "no-campaign.yaml"))
    assert code == 1
    assert lines[4:] == ["failed  store", "failed  campaign"]
    assert f"store {file} is a file; a folder is expected" in said
    assert "no-campaign.yaml cannot be read" in said


def test_trackers_are_asked_for_what_they_need(parts, server):
    """A package, or a server that answers whatever it may be; one that cannot be told has its reason."""
    code, lines, said = check(parts, "--track=tensorboard:/tensorboard", f"--track=mlflow:{server}/path#experiment")
    assert (code, lines[5:]) == (0, ["ok      tensorboard", "ok      mlflow"]), said
    code, lines, said = check(parts, "--track=mlflow:ftp://mlflow")
    assert (code, lines[5:]) == (1, ["failed  mlflow"])
    assert "--mlflow 'ftp://mlflow' is not allowed" in said

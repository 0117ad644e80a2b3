"""A recorded campaign to tell of, and a real MLflow server."""

import hashlib
import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from also import keys
from also.campaign.journal import Journal
from also.cli.lines import event_line
from also.document import canonical, read
from also.settings import child_environment
from also.store import open_store
from also.tracking.entries import about, entries
from also.v1.journal_pb2 import JournalRecord

RECORDED = Path(__file__).parent.parent / "cli" / "recorded.jsonl"

MLFLOW = "ALSO_TEST_MLFLOW"
"""Variable that names the interpreter of an environment with MLflow's server in it, as `make test` sets it."""


@pytest.fixture(scope="session")
def records():
    """Records of a recorded campaign, each chained to the one before and a minute after it."""
    found = [read(JournalRecord, json.loads(line)) for line in RECORDED.read_text(encoding="utf-8").splitlines()]
    previous = ""
    for number, record in enumerate(found):
        record.previous_sha256, record.written_at = previous, f"2030-01-01T00:{number:02}:00+00:00"
        previous = hashlib.sha256(canonical(record)).hexdigest()
    return found


@pytest.fixture(scope="session")
def told(records):
    """What the campaign is."""
    return about("some", records)


@pytest.fixture(scope="session")
def given(records):
    """Everything that there is to tell of it."""
    return entries(records, event_line)


@pytest.fixture
def journal(tmp_path, records):
    """Its journal, written as far as the test says: `journal(n)`."""

    def write(count):
        store = open_store(str(tmp_path / "store"))
        for record in records[:count]:
            store.create(keys.journal_record("some", record.sequence), canonical(record))
        return Journal(store, "some")

    return write


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory):
    """Address of a real MLflow server."""
    interpreter = os.environ.get(MLFLOW, "")
    if not interpreter:
        pytest.skip(f"{MLFLOW} names no MLflow server; `make test` builds one")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(interpreter, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
                *("--workers", "1", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
                *("--default-artifact-root", str(folder / "artifacts")),
            ],
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
            env=child_environment(PYTHONPATH="", MLFLOW_DISABLE_TELEMETRY="true"),
        )
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 240
        while not _answers(f"{address}/health"):
            if server.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"MLflow's server did not start: {(folder / 'server.log').read_text(encoding='utf-8')}")
            time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, 15)  # its workers are in the session that was started for it
        server.wait(60)


def _answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False

"""Weights & Biases, offline: what ALSO logs, read back from W&B's own files."""

import json
import subprocess
import sys

import pytest

from also import keys
from also.document import canonical
from also.settings import child_environment
from also.store import open_store

READ = """
import json, sys
from pathlib import Path
from wandb.proto import wandb_internal_pb2 as pb

BLOCK, HEADER, LAST = 32768, 7, (1, 4)

for file in sorted(Path(sys.argv[1]).glob("offline-run-*/*.wandb")):
    content, place, data = file.read_bytes(), HEADER, b""
    assert content.startswith(b":W&B")
    while place + HEADER <= len(content):
        if BLOCK - place % BLOCK < HEADER:
            place += BLOCK - place % BLOCK
            continue
        length, part = int.from_bytes(content[place + 4 : place + 6], "little"), content[place + 6]
        place += HEADER
        data += content[place : place + length]
        place += length
        if part not in LAST:
            continue
        record, data = pb.Record.FromString(data), b""
        if record.HasField("history"):
            items = record.history.item
            line = {"/".join(each.nested_key) or each.key: json.loads(each.value_json) for each in items}
            print(json.dumps(line | {"_step": record.history.step.num}))
        if record.HasField("run"):
            run = record.run
            print(json.dumps({"run": run.run_id, "name": run.display_name, "project": run.project}))
"""
"""Prints what offline runs hold, a line of JSON each: their files are logs of records in LevelDB's form."""


@pytest.fixture
def log(tmp_path):
    """Runs `also log some --wandb mine` in a process of its own, as W&B's belongs to one; gives what it printed."""

    def run():
        done = subprocess.run(
            [sys.executable, "-m", "also", "log", "some", "--wandb", "mine"],
            cwd=tmp_path,
            env=child_environment(ALSO_STORE=str(tmp_path / "store"), WANDB_MODE="offline", HOME=str(tmp_path)),
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return run


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_offline_run_has_every_entry_once(journal, records, given, told, log, tmp_path):
    """Under way at first, gone on with when more was there, and told again in vain: one run, of two folders."""
    journal(6)
    first = int(log().split()[1])
    store = open_store(str(tmp_path / "store"))
    for record in records[6:]:
        store.create(keys.journal_record("some", record.sequence), canonical(record))
    assert log() == f"wandb: {len(given) - first} new entries of some in mine\n"
    assert log() == "wandb: 0 new entries of some in mine\n"
    read = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "wandb")], capture_output=True, text=True, timeout=240
    )
    assert read.returncode == 0, read.stderr
    lines = [json.loads(line) for line in read.stdout.splitlines()]
    runs = [line for line in lines if "run" in line]
    assert {(line["run"], line["name"], line["project"]) for line in runs} == {(told.identity[:16], "some", "mine")}
    history = [line for line in lines if "run" not in line]
    assert [line["_step"] for line in history] == [entry.number for entry in given]
    for line, entry in zip(history, given, strict=True):
        assert line["env_steps/main"] == entry.run_env_steps
        assert line.get("event", "") == entry.text
        assert {name: line[name] for name in entry.scalars} == dict(entry.scalars)

"""The command in this process, and a recorded campaign to show."""

import hashlib
import json
from pathlib import Path

import pytest

from also import cli, keys
from also.document import canonical, read
from also.store import open_store
from also.v1.journal_pb2 import JournalRecord

RECORDED = Path(__file__).parent / "recorded.jsonl"
"""Journal of a real campaign on foraging/6x6-2p-2f-coop, as `also run --json` printed it."""


@pytest.fixture
def also(monkeypatch, capsys, tmp_path):
    """Runs `also` with store and logs in a temporary folder; gives exit code, standard output and error."""
    monkeypatch.setenv("ALSO_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("ALSO_LOGS", str(tmp_path / "logs"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def records():
    """Records of the recorded campaign."""
    return [read(JournalRecord, json.loads(line)) for line in RECORDED.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def write_journal(tmp_path):
    """Writes records as a campaign's journal into the store, each chained to the one before."""

    def write(campaign_id, records):
        store = open_store(str(tmp_path / "store"))
        previous = ""
        for sequence, record in enumerate(records):
            chained = JournalRecord()
            chained.CopyFrom(record)
            chained.sequence, chained.previous_sha256 = sequence, previous
            store.create(keys.journal_record(campaign_id, sequence), canonical(chained))
            previous = hashlib.sha256(canonical(chained)).hexdigest()

    return write

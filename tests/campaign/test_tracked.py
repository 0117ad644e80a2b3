"""Trackers beside a real campaign."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from also.campaign.journal import Journal
from also.cli.lines import event_line
from also.store import open_store
from also.tracking.entries import entries
from tools.loopback import free_port


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_tracker_that_is_down_never_stops_training(real_run, tmp_path):
    """What is not told is said at the end, with the command that tells it; another tracker has everything."""
    nowhere, folder = f"http://127.0.0.1:{free_port()}", tmp_path / "board"
    with real_run(tmp_path, "--json", "--track", f"mlflow:{nowhere}", "--track", f"tensorboard:{folder}") as command:
        _, said = command.communicate(timeout=400)
    assert command.returncode == 0, said
    assert "mlflow was not told everything: MLflow at 127.0.0.1:" in said
    assert f"again with: also log tiny --mlflow {nowhere}" in said
    records = Journal(open_store(str(tmp_path / "store")), "tiny").records
    expected = entries(records, event_line)
    read = EventAccumulator(str(folder / "tiny"), size_guidance={"scalars": 0, "tensors": 0}).Reload()
    assert len(read.Tensors("events")) == len(records)
    assert [each.step for each in read.Scalars("return/training")] == [
        entry.run_env_steps for entry in expected if "return/training" in entry.scalars
    ]

"""One campaign of the study, interrupted and gone on with."""

import threading

import pytest

from benchmarks.study.cell import Cell
from benchmarks.study.methods import METHODS
from benchmarks.study.running import RunFailed, Runs, Stopped, used
from benchmarks.study.tasks import TASKS

TASK = TASKS["foraging-8x8-2p-2f-coop"]


@pytest.mark.slow
def test_a_campaign_that_was_stopped_goes_on_to_the_same_end(tmp_path):
    """The study is asked to end while it trains; the next one ends with the policy of a run in one go."""
    data = Cell(task=TASK, method=METHODS["sparse-only"], seed=3, budget=320_000, quick=True).file()
    folder, runs, ended = tmp_path / "stopped", Runs(parallel=2), []

    def run():
        try:
            runs.carry_out(data, folder)
        except Stopped as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    started = folder / "store" / "campaigns" / "study" / "journal" / "00000000.json"
    while not started.exists():
        assert thread.is_alive()
        thread.join(0.05)
    runs.stop()
    thread.join()
    assert len(ended) == 1
    with pytest.raises(Stopped):
        runs.carry_out(data, folder)

    state, whole = Runs(parallel=2).carry_out(data, folder), Runs(parallel=1).carry_out(data, tmp_path / "whole")
    assert state.finished == whole.finished
    assert state.reported == whole.reported
    assert (used(folder).tries, used(tmp_path / "whole").tries) == (2, 1)
    assert used(folder).cpu_seconds is not None


@pytest.mark.slow
def test_a_campaign_that_cannot_run_says_why(tmp_path):
    """The error is the command's last line, and names the folder with its log."""
    data = {"task": {"name": "no.such.module:make"}}
    with pytest.raises(RunFailed, match=r"no\.such\.module"):
        Runs(parallel=1).carry_out(data, tmp_path)

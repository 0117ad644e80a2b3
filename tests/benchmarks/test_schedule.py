"""Cells that run, those that are stored, and those that fail."""

from dataclasses import replace

import pytest

from benchmarks.commits import last_change
from benchmarks.study import cell as cells
from benchmarks.study.cell import Cell
from benchmarks.study.methods import METHODS
from benchmarks.study.result import Results
from benchmarks.study.schedule import SOURCES, Study
from benchmarks.study.tasks import TASKS

TASK = TASKS["foraging-8x8-2p-2f-coop"]


@pytest.fixture
def results(tmp_path):
    """An empty folder of results."""
    return Results(tmp_path / "results")


@pytest.fixture
def carry_out(results, tmp_path):
    """Runs cells; what was told, and what failed."""

    def run(*wanted, **given):
        told = []
        study = Study(results, tmp_path / "runs", parallel=2, **given)
        return study.carry_out(wanted, told.append), sorted(told)

    return run


def tiny(method):
    """A cell of two updates."""
    return Cell(task=TASK, method=METHODS[method], seed=3, budget=6_400, quick=True)


def test_a_cell_that_is_stored_does_not_run_again(results, carry_out, result, tmp_path):
    """The same campaign under the same commit is not even looked for among the runs."""
    cell, commit = tiny("also"), last_change(*SOURCES)
    results.add(result("also", 3, task=TASK.name, commit=commit, key=cells.key(cell.file(), commit)))
    assert carry_out(cell) == ([], [f"{TASK.name}, also, seed 3: stored, of {commit}"])
    assert not (tmp_path / "runs").exists()


def test_a_result_of_another_commit_will_do_where_that_was_said(results, carry_out, result, tmp_path):
    """It is taken for its campaign file, and keeps the name of its commit."""
    cell = tiny("sparse-only")
    results.add(result("sparse-only", 3, task=TASK.name, commit="eda74a5", written=cells.digest(cell.file())))
    assert carry_out(cell, reuse=["sparse-only"]) == ([], [f"{TASK.name}, sparse-only, seed 3: stored, of eda74a5"])
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_real_campaigns_come_to_results_beside_one_that_fails(results, carry_out):
    """Two methods run to the end of their budget, and are then stored; a task that is not there leaves them alone."""
    nowhere = replace(TASK, name="nowhere", settings={"task.layout": "1x1-2p-2f-coop"})
    failed, told = carry_out(tiny("sparse-only"), tiny("one-shot"), replace(tiny("sparse-only"), task=nowhere))
    assert len(failed) == 1
    assert "nowhere, sparse-only, seed 3: " in failed[0]
    assert "1x1-2p-2f-coop" in failed[0]
    assert len(told) == 3

    found = {each.method: each for each in results.all()}
    assert found.keys() == {"sparse-only", "one-shot"}
    for each in found.values():
        assert (each.env_steps, each.critical_path, each.validation_env_steps) == (6_400, 6_400, 0)
        assert (each.curve[0].begin, each.curve[-1].end, each.episodes) == (0, 6_400, 64)
        assert each.cpu_seconds is not None
    assert "shaping" not in found["sparse-only"].campaign
    assert found["one-shot"].campaign["shaping"]["terms"]

    assert carry_out(tiny("sparse-only"), tiny("one-shot"))[1] == [
        f"{TASK.name}, {method}, seed 3: stored, of {found[method].commit}" for method in ("one-shot", "sparse-only")
    ]

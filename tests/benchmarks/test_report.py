"""Results, kept and put together."""

import csv
import json

import pytest

from also.comparing.marl_eval import STEPS
from also.errors import DocumentError, InputError
from also.v1.shaping_pb2 import ShapingConfig, ShapingTerm
from benchmarks.commits import described
from benchmarks.study import report
from benchmarks.study.groups import labels, sections
from benchmarks.study.marl_eval import marl_eval
from benchmarks.study.result import Results


@pytest.fixture
def several(result):
    """Two methods with two seeds each on one task, and one of them on another."""
    return [
        result("sparse-only", 3, 0.0),
        result("sparse-only", 4, 0.1),
        result("also", 3, 0.5),
        result("also", 4, 0.7),
        result("also", 3, 0.2, task="spread-sparse", environment="spread"),
    ]


def test_a_result_is_kept_and_found_again(result, tmp_path):
    """What is read equals what was written; other seeds and methods are not found."""
    results = Results(tmp_path)
    one = result("also", 3)
    results.add(one)
    results.add(result("also", 33))
    assert results.find(one.task, "also", 3) == [one]
    assert len(results.all()) == 2


def test_a_damaged_result_is_told_by_its_name(result, tmp_path):
    """The file is named, and nothing is reported without it."""
    results = Results(tmp_path)
    results.add(result())
    (path,) = tmp_path.glob("*/*/*.json")
    path.write_text('{"task": 1}')
    with pytest.raises(DocumentError, match=path.name):
        results.all()


def test_a_first_candidate_is_kept_beside_the_results(tmp_path):
    """One that was found, and that there was none, are both remembered; neither is a result."""
    results = Results(tmp_path)
    config = ShapingConfig(terms=[ShapingTerm(name="approach", weight=0.5)])
    results.add_first_candidate("task", 3, "a", "aaaaaaa", config)
    results.add_first_candidate("task", 4, "b", "aaaaaaa", None)
    found = [results.first_candidate("task", *name) for name in ((3, "a"), (4, "b"), (5, "c"))]
    assert found == [(config,), (None,), None]
    assert results.all() == []


def test_commits_are_told_apart(result):
    """A method has a row for each of its commits; one whose shaping never changes has one, with every seed."""
    one, other = "aaaaaaa", "ccccccc"
    (section,) = sections(
        [
            result("also", 3, commit=one),
            result("also", 3, commit=other),
            result("sparse-only", 3, commit=one),
            result("one-shot", 3, commit=one),
            result("one-shot", 4, commit=one),
            result("one-shot", 3, commit="ddddddd", written="2026-01-01"),
        ]
    )
    assert "also (aaaaaaa)" in labels(section.rows)
    assert "sparse-only" in labels(section.rows)
    assert section.row("sparse-only", other).commits == [one]
    assert sorted(section.row("one-shot", other).commits) == [one, "ddddddd"]
    assert [run.seed for run in section.row("one-shot", other).runs] == [3, 4]
    assert section.row("novelty", one) is None


def test_a_page_has_the_latest_commit_of_each_method(result):
    """By the repository's history, whatever was run last; of commits that are not in it the day decides."""
    head = described().removesuffix("+")
    known, unknown = result("also", 3, commit=head, written="2026-01-01"), result("also", 4, written="2026-01-02")
    later = result("also", 5, commit="ddddddd", written="2026-01-03")
    shown = [
        next(row.commit for row in sections(given)[0].latest().rows if row.method == "also")
        for given in ([known, unknown, later, result("one-shot", 3)], [later, unknown])
    ]
    assert shown == [head, "ddddddd"]


def test_budgets_never_share_a_table(result):
    """A task under two budgets has two sections."""
    assert [each.budget for each in sections([result(budget=2000), result(budget=1000)])] == [1000, 2000]


def test_two_results_of_one_cell_are_refused(result):
    """Nobody chooses between two runs of one method, seed and commit."""
    with pytest.raises(InputError, match="has two results under aaaaaaa, first and second"):
        sections([result(key="first"), result(key="second")])


def test_marl_eval_has_the_same_steps_for_every_run(several):
    """Environment, task, algorithm, run; steps up to the budget, and the final return as the absolute metric."""
    found = marl_eval(sections(several))
    assert {name: list(tasks) for name, tasks in found.items()} == {
        "foraging": ["foraging-10x10-3p-3f-coop"],
        "spread": ["spread-sparse"],
    }
    methods = found["foraging"]["foraging-10x10-3p-3f-coop"]
    assert {name: list(runs) for name, runs in methods.items()} == {
        "sparse-only": ["seed_3", "seed_4"],
        "also": ["seed_3", "seed_4"],
    }
    run = methods["also"]["seed_4"]
    assert list(run) == [*(f"step_{number}" for number in range(STEPS)), "absolute_metrics"]
    assert run["step_0"] == {"step_count": 50, "return": [0.0]}
    assert run[f"step_{STEPS - 1}"] == {"step_count": 1000, "return": [0.7]}
    assert run["absolute_metrics"] == {"return": [0.7]}


def test_marl_eval_has_the_seeds_that_all_methods_have(result):
    """A run that the first method does not have would be left out of averages in silence."""
    several = [result(seed=3, key="a"), result(seed=4, key="b"), result(seed=4, key="c", method="sparse-only")]
    (tasks,) = marl_eval(sections(several)).values()
    (methods,) = tasks.values()
    assert {name: list(runs) for name, runs in methods.items()} == {"sparse-only": ["seed_4"], "also": ["seed_4"]}
    assert marl_eval(sections([several[0], several[2]])) == {}


@pytest.mark.slow
def test_the_report_shows_what_ran_and_names_what_did_not(several, tmp_path):
    """One document, two files of figures and a plot for each task; methods without a run are listed, not left out."""
    written = report.write(several, tmp_path)
    assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()}
    assert {"study.md", "study.csv", "study.marl_eval.json", "curves-spread-sparse.png"} <= {p.name for p in written}
    text = (tmp_path / "study.md").read_text()
    assert "| also | aaaaaaa | 3, 4 | 0.600 [0.500, 0.700] |" in text
    assert "1.000 [1.000, 1.000]" in text  # also against sparse-only
    assert "| 2 of 4 |" in text
    assert "--tasks foraging-10x10-3p-3f-coop --methods sparse-only also --seeds 3 4 --budget 1000`" in text
    assert "- foraging-15x15-3p-3f-coop: nothing was." in text
    assert "- spread-sparse: sparse-only, one-shot" in text
    rows = list(csv.DictReader((tmp_path / "study.csv").read_text().splitlines()))
    assert [(row["method"], row["seed"], row["final_return"]) for row in rows[:2]] == [
        ("sparse-only", "3", "0.0"),
        ("sparse-only", "4", "0.1"),
    ]
    assert json.loads((tmp_path / "study.marl_eval.json").read_text()) == marl_eval(sections(several))


def test_without_results_nothing_is_written(tmp_path):
    """No empty table is published."""
    assert report.write([], tmp_path / "study") == []
    assert not (tmp_path / "study").exists()

#!/usr/bin/env bash
# marl-eval 0.0.4 (id-marl-eval on PyPI), the plots of one task (`plot_single_task`).
#
# A good guess: the band around a curve is the 95 % interval of its mean over the runs in the file: more runs, a narrower band;
# and values are drawn at the `step_count` that they were logged with.
# Seen: the spread is divided by the root of ten, whatever the number of runs. Three runs have a band as if they were ten, 0.55
# of theirs; a hundred have one that is three times too wide; four runs, each of them five times in the file, have the band that
# they have once. And curves begin at 0: each value is drawn one evaluation too early. Where the first evaluation is at step 0,
# the axis is shortened instead, by a quarter with four.
# Source: the package (`get_and_aggregate_data_single_task` divides by `np.sqrt(10)`; `plot_single_task_curve` draws at the number
# of the evaluation times their mean distance), run here. ALSO writes such files (`also compare --marl-eval`), and says so there.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 colorama==0.4.6
"$folder/venv/bin/pip" install --quiet --no-deps id-marl-eval==0.0.4
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from marl_eval.utils.data_processing_utils import data_process_pipeline, get_and_aggregate_data_single_task


def processed(finals, counts):
    """Runs that return the same number at each of these step counts, as marl-eval reads them."""
    runs = {}
    for number, final in enumerate(finals):
        steps = {f"step_{place}": {"step_count": count, "return": [final]} for place, count in enumerate(counts)}
        runs[f"seed_{number}"] = {**steps, "absolute_metrics": {"return": [final]}}
    return data_process_pipeline({"grid": {"easy": {"vdn": runs}}}, [])


def band(finals):
    """Half of the interval that is drawn around the mean of such runs."""
    data = processed(finals, (100, 200))
    return float(get_and_aggregate_data_single_task(data, "return", [], "easy", "grid")["vdn"]["ci"][-1])


print(f"marl-eval {version('id-marl-eval')}, NumPy {version('numpy')}")
generator = np.random.default_rng(1)
for runs in (3, 5, 10, 100):
    returns = generator.normal(size=runs)
    drawn, expected = band(returns), 1.96 * float(np.std(returns)) / runs**0.5
    print(f"{runs} runs: half of the band {drawn:.3f}; expected: {expected:.3f}")
    assert np.isclose(drawn, expected * (runs / 10) ** 0.5), "intervals depend on the number of runs in another way now"
few = generator.normal(size=4)
assert np.isclose(band(few), band(np.tile(few, 5))), "five times the runs have another band now"

for counts in ((100, 200, 300, 400), (0, 100, 200, 300)):
    interval = processed(few, counts)["extra"]["evaluation_interval"]["grid"]
    drawn = [number * interval for number in range(len(counts))]
    print(f"logged at {list(counts)}: drawn at {drawn}")
    assert interval == (100 if counts[0] else 75), "the axis is another one now"
PYTHON

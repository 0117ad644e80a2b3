#!/usr/bin/env bash
# rliable 1.2.0, the package of "Deep RL at the Edge of the Statistical Precipice" (Agarwal 2021).
#
# A good guess: the interquartile mean of a task's runs leaves the worst and the best quarter out, so that one lucky or
# failed seed of three counts for less than in a mean.
# Seen: with three runs nothing is left out, and the interquartile mean is the mean, one lucky seed included. Runs are counted
# out whole, a quarter of three is rounded down to none. With five runs 40 % are left out, not half; seven leave out two. Tasks
# are put into one heap first, so the same three seeds are robust beside other tasks and are not alone.
# Source: the package (`metrics.aggregate_iqm`, SciPy's `trim_mean`), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.16.3
"$folder/venv/bin/pip" install --quiet --no-deps rliable==1.2.0
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import numpy as np
from rliable import metrics


def weighed(scores):
    """The middle half of the distribution, runs at its edges counted in part."""
    ordered = np.sort(scores)
    edges = np.arange(len(ordered) + 1) / len(ordered)
    weights = np.clip(np.minimum(edges[1:], 0.75) - np.maximum(edges[:-1], 0.25), 0, None)
    return float((weights * ordered).sum() / weights.sum())


print(f"rliable {version('rliable')}, SciPy {version('scipy')}")
for runs in (3, 5, 7, 8):
    scores = np.array([0.0] * (runs - 1) + [0.9])  # one lucky seed
    found = float(metrics.aggregate_iqm(scores[:, None]))
    print(f"{runs} runs, one at 0.9 and the others at 0: mean {scores.mean():.3f}, IQM {found:.3f}, by weight {weighed(scores):.3f}")
    assert found == (scores.mean() if runs == 3 else 0.0), "runs are counted out another way now"

ordered = np.arange(5.0)[:, None] ** 2
assert float(metrics.aggregate_iqm(ordered)) == np.mean([1, 4, 9])
print("of 0, 1, 4, 9, 16 it is the mean of 1, 4, 9: two fifths are left out")
print("expected of three runs: 0.150 (the lucky seed counts in part); seen: 0.300, the mean")
PYTHON

#!/usr/bin/env bash
# deepsig 1.2.8 (deep-significance), `bonferroni_correction` of a list of p-values, one for each task or metric.
#
# A good guess: the n-th number that comes back is the n-th p-value, corrected. It is no smaller than it was before, and a test
# that was far from significant stays so, in whatever order the tests are given.
# Seen: p-values are sorted, corrected, and put back in the wrong places, so that most lists of three and more come out with
# one test's p-value at another. Of three tasks with 0.04, 0.5 and 0.001 the second, where nothing was found, is the one with
# 0.003, and the third, the only significant one, has 0.08. Five tests are right in 26 of their 120 orders, ten in 1 of 382:
# those that sorting mends by swapping pairs. Lists that are sorted already and lists of two are right, so that a test with
# either (its own sorts first) finds nothing; as a set, the numbers are right too.
# Docs (README) name the function as Bonferroni's correction "using p-values", its description an array of corrected p-values.
# Issue 2 found that the factors are those of Holm, which is so still; one that knows of the order was not found. Sort before
# and put back yourself, or use SciPy or statsmodels.
# Source: the package (it indexes the corrected values with the order of sorting, where the inverse of it is due), run here.
#
# It installs pinned packages into a temporary folder, and fails once this has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 tqdm==4.70.1 joblib==1.6.0 \
    dill==0.4.1 psutil==7.2.2
"$folder/venv/bin/pip" install --quiet --no-deps deepsig==1.2.8
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from importlib.metadata import version
from itertools import permutations

import numpy as np
from deepsig import bonferroni_correction


def expected(p_values):
    """Holm's factors, which are the ones that the package uses, each at its own test."""
    ranks = np.argsort(np.argsort(p_values))
    return np.minimum((len(p_values) - ranks) * np.array(p_values), 1)


print(f"deepsig {version('deepsig')}, NumPy {version('numpy')}")
for p_values in ([0.04, 0.001], [0.001, 0.04, 0.5], [0.5, 0.04, 0.001]):
    assert np.allclose(bonferroni_correction(p_values), expected(p_values)), "pairs or sorted lists are another thing now"

p_values = [0.04, 0.5, 0.001]
found = bonferroni_correction(p_values)
print(f"{p_values}: expected {expected(p_values).round(4).tolist()}; seen {found.round(4).tolist()}")
assert np.allclose(found, [0.5, 0.003, 0.08]), "three tests are corrected another way now"
assert found[1] < p_values[1], "no p-value becomes smaller now"

tests = [0.001, 0.011, 0.02, 0.2, 0.9]
orders = list(permutations(tests))
right = sum(np.allclose(bonferroni_correction(order), expected(order)) for order in orders)
swapped = sum(np.allclose(np.argsort(np.argsort(order)), np.argsort(order)) for order in orders)
print(f"five tests in {len(orders)} orders: right expected in all; seen in {right}")
assert right == swapped == 26, "other orders are right now"
lost = sum(bonferroni_correction(order)[order.index(0.9)] < 0.05 for order in orders)
print(f"orders in which the test with p = 0.9 becomes significant: expected none; seen {lost}")
assert lost > 0, "nothing becomes significant now"
PYTHON

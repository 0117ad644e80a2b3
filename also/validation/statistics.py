"""The statistics behind a promotion: few pairs, an exact test, an honest interval.

A candidate and control are trained with the same seeds, and every seed gives one difference. If
the candidate changed nothing, each difference was as likely to have the opposite sign (Fisher 1935,
The Design of Experiments, §21), so p is the share of all 2^n sign patterns whose sum is at least
the one seen: exact at any n, whatever the returns' distribution. n pairs reach 2^-n at best: three
seeds can never prove anything at the level 0.05.
"""

import math
import random
from collections.abc import Sequence

from also import seeds
from also.v1.verdict_pb2 import PairedTest

EXACT_PAIRS = 32
"""Pairs up to which all sign patterns are counted; above, `FLIPS` of them are drawn."""

FLIPS = 99_999
"""Sign patterns that are drawn above `EXACT_PAIRS`."""

RESAMPLES = 2_000
"""Resamples of a bootstrap interval."""

_TIE = 1e-9
"""Sums closer than this share of the sum of |difference| are ties: differences carry rounding errors."""


def sign_flip_p(differences: Sequence[float]) -> float:
    """One-sided p of the exact sign-flip test of "the mean difference is above 0".

    Flipping the pairs of a set F lowers the sum by twice the sum over F, so a pattern is at least
    as extreme as the one seen when its F sums to 0 or less. Those sets are counted by meeting in
    the middle: 2^(n/2) sums of either half. Ties count against the candidate. Above `EXACT_PAIRS`
    patterns are drawn from a fixed seed, and p = (1 + hits) / (1 + draws), which keeps the level
    (Phipson & Smyth 2010, eq. 2).

    Args:
        differences: candidate - control of each pair, finite, at least one.

    Returns:
        p in [smallest_p(n), 1].

    Raises:
        ValueError: there is no pair.
    """
    if not differences:
        raise ValueError("a paired test needs at least 1 pair")
    moving = [each for each in differences if each != 0]  # flipping a 0 changes nothing: p is the same without it
    tie = _TIE * math.fsum(map(abs, moving))
    if len(moving) > EXACT_PAIRS:
        return (1 + _drawn_at_most(moving, tie)) / (1 + FLIPS)
    half = len(moving) // 2
    return _pairs_at_most(_subset_sums(moving[:half]), _subset_sums(moving[half:]), tie) / 2.0 ** len(moving)


def smallest_p(pairs: int) -> float:
    """Smallest p that so many pairs can reach: every difference has the same sign."""
    return 2.0**-pairs if pairs <= EXACT_PAIRS else 1 / (1 + FLIPS)


def pairs_needed(alpha: float) -> int | None:
    """Fewest pairs whose smallest p is at most `alpha`; None where no number of pairs reaches it."""
    return next((pairs for pairs in range(1, EXACT_PAIRS + 1) if smallest_p(pairs) <= alpha), None)


def alpha_of_look(alpha: float, waves: int) -> float:
    """Level of each of `waves` looks that together promote by chance with probability `alpha` at most.

    The union bound (Bonferroni): it holds however the looks depend on each other.
    """
    return alpha / waves


def bootstrap_interval(values: Sequence[float]) -> tuple[float, float]:
    """Percentile bootstrap 95 % interval of the mean (Efron 1979), from a fixed seed.

    Of `RESAMPLES` resampled means, sorted, the 2.5 % at either end are left out. With few values
    it is narrow: it is for people, and no decision rests on it.

    Args:
        values: finite, at least one.

    Returns:
        Lower and upper end, in the values' unit; a function of the values and their order.

    Raises:
        ValueError: there is no value.
    """
    count = len(values)
    if not count:
        raise ValueError("an interval needs at least 1 value")
    uniform = random.Random(seeds.derive(count, "bootstrap")).random  # the one draw that Python promises to keep
    means = sorted(mean([values[int(uniform() * count)] for _ in range(count)]) for _ in range(RESAMPLES))
    cut = RESAMPLES // 40
    return means[cut], means[-1 - cut]


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, whatever the order of the values."""
    return math.fsum(values) / len(values)


def paired_test(measure: str, candidate: Sequence[float], control: Sequence[float], alpha: float) -> PairedTest:
    """Everything that one comparison with control found.

    Args:
        measure: what the values are, "return" or "milestone_score".
        candidate: one value a seed.
        control: the values of the same seeds, in the same order.
        alpha: level that p has to reach; 0 where none has to be reached.

    Raises:
        ValueError: there is no pair, or the two do not pair.
    """
    differences = [ours - theirs for ours, theirs in zip(candidate, control, strict=True)]
    low, high = bootstrap_interval(differences)
    return PairedTest(
        measure=measure,
        pairs=len(differences),
        mean_gain=mean(differences),
        gain_low=low,
        gain_high=high,
        p_value=sign_flip_p(differences),
        alpha=alpha,
    )


def is_futile(test: PairedTest) -> bool:
    """Whether further waves are given up: so far the candidate is no better than control."""
    return test.mean_gain <= 0


def is_void(test: PairedTest) -> bool:
    """Whether every difference is 0."""
    return test.mean_gain == test.gain_low == test.gain_high == 0


def _subset_sums(values: Sequence[float]) -> list[float]:
    """Sums of all subsets, sorted."""
    sums = [0.0]
    for value in values:
        sums += [each + value for each in sums]
    return sorted(sums)


def _pairs_at_most(left: Sequence[float], right: Sequence[float], bound: float) -> int:
    """Pairs of a left and a right value, both sorted, whose sum is at most `bound`."""
    count, fitting = 0, len(right)
    for value in left:
        while fitting and value + right[fitting - 1] > bound:
            fitting -= 1
        count += fitting
    return count


def _drawn_at_most(values: Sequence[float], bound: float) -> int:
    """Of `FLIPS` random subsets, those whose sum is at most `bound`; sums are looked up by eights."""
    tables = []
    for begin in range(0, len(values), 8):
        table = [0.0]
        for value in values[begin : begin + 8]:
            table += [each + value for each in table]
        tables.append((begin, table))
    draw = random.Random(seeds.derive(len(values), "sign-flip")).getrandbits
    hits = 0
    for _ in range(FLIPS):
        subset = draw(len(values))
        hits += sum(table[(subset >> begin) % len(table)] for begin, table in tables) <= bound
    return hits

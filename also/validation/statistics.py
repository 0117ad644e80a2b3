"""The statistics behind a promotion: few pairs, an exact test, an honest interval.

A candidate and control are trained with the same seeds, and every seed gives one difference. If
the candidate changed nothing, each difference was as likely to have the opposite sign (Fisher 1935,
The Design of Experiments, §21), so p is the share of all 2^n sign patterns whose sum is at least
the one seen: exact at any n, whatever the returns' distribution. n pairs reach 2^-n at best: three
seeds can never prove anything at the level 0.05.

That a candidate changes *something* is not yet that it is better on average: one that wins five of six
branches by a little and loses the sixth by a lot is worse, and five pairs seldom show the sixth. So a gain
must also be more than unseen losses explain: see `loss_likelihood`.
"""

import functools
import math
import random
from collections.abc import Sequence

from also import seeds
from also.v1.verdict_pb2 import PairedTest

EXACT_PAIRS = 32
"""Pairs up to which all sign patterns are counted; above, `FLIPS` of them are drawn."""

FLIPS = 99_999
"""Sign patterns that are drawn above `EXACT_PAIRS`."""

_CONFIDENCE = 0.95
"""Share of intervals that hold the mean."""

_NORMAL = 1.959963984540054
"""Standard normal quantile of a two-sided interval of that share."""

_BISECTIONS = 100
"""Halvings after which a bracket is as narrow as a double allows."""

_TIE = 1e-9
"""Sums closer than this share of the sum of |difference| are ties: differences carry rounding errors."""


def share_interval(share: float, count: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927), right for few and rare cases too (Brown, Cai & DasGupta 2001).

    Args:
        share: share that was seen, in [0, 1].
        count: independent cases that it was seen in, above 0.
    """
    z = _NORMAL
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, centre - reach), min(1.0, centre + reach)


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


def loss_likelihood(differences: Sequence[float], largest_loss: float) -> float:
    """How well a candidate that gains nothing on average explains the differences: an empirical likelihood ratio.

    Of all distributions of differences that have a mean of 0 and may lose as much as `largest_loss`, the one
    under which these differences are likeliest, against the one under which they are likeliest at all (Owen 1988;
    with the loss that nobody saw as a possible value: Honda & Takemura 2010). By duality it is
    1 / max over l in [0, 1 / largest_loss] of the product of 1 + l d. For n equal gains g it is
    (largest_loss / (largest_loss + g))^n: the chance that n pairs miss losses as frequent as would even out g.

    Args:
        differences: candidate - control of each pair, none below -largest_loss.
        largest_loss: what a pair can lose at most, at least 0.

    Returns:
        A ratio in [0, 1]: 1 where the mean is 0 or less, 0 where it is positive and nothing can be lost.
    """
    if math.fsum(differences) <= 0:
        return 1.0
    if largest_loss <= 0:
        return 0.0
    shares = [each / largest_loss for each in differences]

    def slope(bet: float) -> float:
        return math.fsum(share / max(1 + bet * share, 1e-300) for share in shares)

    low, high = 0.0, 1.0
    if slope(high) > 0 and min(shares) > -1:
        low = high
    else:
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return math.exp(-math.fsum(math.log1p(low * share) for share in shares))


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """Student's t 95 % interval of the mean ("Student" 1908): exact for normal values, whatever their number.

    It is for people: no decision rests on it. Of one value both ends are that value, and it says nothing.

    Args:
        values: finite, at least one.

    Returns:
        Lower and upper end, in the values' unit.

    Raises:
        ValueError: there is no value.
    """
    count = len(values)
    if not count:
        raise ValueError("an interval needs at least 1 value")
    centre = mean(values)
    if count == 1:
        return centre, centre
    variance = math.fsum((value - centre) ** 2 for value in values) / (count - 1)
    reach = t_quantile(count - 1) * math.sqrt(variance / count)
    return centre - reach, centre + reach


@functools.cache
def t_quantile(freedom: int) -> float:
    """The number that Student's t with so many degrees of freedom exceeds in size in 5 % of cases.

    Args:
        freedom: degrees of freedom, at least 1.
    """
    low, high = 0.0, math.pi / 2  # of the angle whose tangent is t / sqrt(freedom)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_within(middle, freedom) < _CONFIDENCE else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, whatever the order of the values."""
    return math.fsum(values) / len(values)


def paired_test(
    measure: str, candidate: Sequence[float], control: Sequence[float], alpha: float, *, least: float = 0.0
) -> PairedTest:
    """Everything that one comparison with control found.

    Args:
        measure: what the values are, "return" or "milestone_score".
        candidate: one value a seed.
        control: the values of the same seeds, in the same order.
        alpha: level that p has to reach; 0 where none has to be reached.
        least: what a value can fall to, where none was seen that is less.

    Raises:
        ValueError: there is no pair, or the two do not pair.
    """
    differences = [ours - theirs for ours, theirs in zip(candidate, control, strict=True)]
    low, high = mean_interval(differences)
    largest_loss = max(control) - min(least, *candidate, *control)
    return PairedTest(
        measure=measure,
        pairs=len(differences),
        mean_gain=mean(differences),
        gain_low=low,
        gain_high=high,
        p_value=sign_flip_p(differences),
        alpha=alpha,
        loss_likelihood=loss_likelihood(differences, largest_loss),
    )


def is_futile(test: PairedTest) -> bool:
    """Whether further waves are given up: so far the candidate is no better than control."""
    return test.mean_gain <= 0


def is_void(test: PairedTest) -> bool:
    """Whether every difference is 0."""
    return test.mean_gain == test.gain_low == test.gain_high == 0


def _t_within(angle: float, freedom: int) -> float:
    """Probability that |t| is at most sqrt(freedom) tan(angle) (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4)."""
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    term, total = cosine if odd else 1.0, 0.0
    for power in range(1 + odd, freedom, 2):
        total += term
        term *= cosine * cosine * power / (power + 1)
    return (angle + sine * total) * 2 / math.pi if odd else sine * total


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

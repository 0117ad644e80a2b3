"""One answer out of those of several Prometheus servers that scrape the same targets.

Two servers that stand for each other (an HA pair) are told apart by a label that each adds to what it hands on; where
nobody before us has taken one of the two away (Thanos's and Mimir's deduplication), every series is there twice.
Series that differ in such a label alone are one: their samples are of one process, scraped at different moments.
"""

import math
from collections.abc import Collection
from dataclasses import replace

from also.services.validator.measure.query import QueryAnswer, Series


def merged(answer: QueryAnswer, labels: Collection[str]) -> QueryAnswer:
    """The answer with one series for each set of other labels.

    Ranges of samples are joined in order of time. Values of one moment, whose samples' times are not known, are one
    where they are equal; else all of them stay, and the answer is ambiguous.

    Args:
        answer: what was said.
        labels: labels that tell servers apart.
    """
    together: dict[frozenset[tuple[str, str]], list[Series]] = {}
    for series in answer.series:
        kept = {name: value for name, value in series.labels.items() if name not in labels}
        together.setdefault(frozenset(kept.items()), []).append(replace(series, labels=kept))
    if len(together) == len(answer.series):
        return answer
    joined: list[Series] = []
    for same in together.values():
        if answer.kind == "matrix":
            samples = sorted((sample for series in same for sample in series.samples), key=lambda sample: sample.time)
            joined.append(replace(same[0], samples=tuple(samples)))
        else:
            joined += same[:1] if _are_equal(same) else same
    return replace(answer, series=tuple(joined))


def _are_equal(same: list[Series]) -> bool:
    """Whether the last values of series are one number, or none at all."""
    values = [series.samples[-1].value for series in same]
    return len(set(values)) == 1 or all(map(math.isnan, values))

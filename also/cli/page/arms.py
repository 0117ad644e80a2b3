"""A round's arms: every branch as a dot, their mean with its interval, search beside confirmation."""

from collections.abc import Sequence

from also.cli import describe
from also.cli.page.chart import NARROW, Frame, dot, down_lines, frame_of_rows, row_words, svg, twice
from also.cli.page.markup import Html, element, joined
from also.v1.branch_pb2 import SeedPool
from also.v1.verdict_pb2 import ArmResult, Validation, VerdictReason
from also.validation.arms import CONTROL, RETURN, along, end, last_records
from also.validation.statistics import mean, mean_interval

_ROW = 26
"""Height of an arm's row, pixels."""

_POOLS = {SeedPool.SEED_POOL_SEARCH: "on search seeds", SeedPool.SEED_POOL_CONFIRM: "on fresh seeds, to confirm"}
"""What each pool of seeds is for."""

_Arm = tuple[str, list[float]]
"""Name of an arm, and the return of each of its branches; none where no branch was measured."""


_RACED = {
    VerdictReason.VERDICT_REASON_RACE_WON,
    VerdictReason.VERDICT_REASON_RACE_LOST,
    VerdictReason.VERDICT_REASON_RACE_STOOD_STILL,
}
"""Reasons of verdicts by which a round was a race: there the mean along a branch counts, elsewhere its end."""


def arms(validation: Validation) -> Html:
    """A chart for each pool of seeds that branches were trained on."""
    raced = any(verdict.reason in _RACED for verdict in validation.verdicts)
    parts = []
    for pool, words in _POOLS.items():
        names = dict.fromkeys(arm.arm for arm in validation.arms if arm.pool == pool)  # waves name an arm again
        whole = raced and pool == SeedPool.SEED_POOL_SEARCH
        shown = [(name, _returns(validation.arms, name, pool, whole=whole)) for name in names]
        if shown:
            what = "Mean return along each branch" if whole else "Return at the end of each branch"
            parts += [element("h5", f"{what}, {words}"), _twice(shown, words)]
    return joined(parts)


def _returns(given: Sequence[ArmResult], arm: str, pool: SeedPool, *, whole: bool) -> list[float]:
    records = [record for record in last_records(given, arm, pool) if record.measures]
    return along(records, RETURN) if whole else [end(record).mean_return for record in records]


def _twice(shown: list[_Arm], words: str) -> Html:
    return twice(lambda width: _draw(shown, words, width))


def _draw(shown: list[_Arm], words: str, width: int) -> Html:
    values = [value for _, each in shown for value in each] or [0.0]
    bounds = [bound for _, each in shown if len(each) > 1 for bound in mean_interval(each)]
    low, high = min(values + bounds), max(values + bounds)
    reach = 0.04 * (high - low) or 0.5
    wide = width > NARROW
    row = _ROW if wide else _ROW + 14
    frame = frame_of_rows(width, row * len(shown), label=84, x_range=(low - reach, high + reach))
    return svg(
        width,
        frame.height,
        f"Return of each arm's branches {words}",
        down_lines(frame, *frame.x_range),
        *(_row(frame, arm, row * (place + 0.5), wide=wide) for place, arm in enumerate(shown)),
        describes="; ".join(f"{name} {_worth(values)}" for name, values in shown),
    )


def _row(frame: Frame, arm: _Arm, y: float, *, wide: bool) -> Html:
    name, values = arm
    class_ = "control" if name == CONTROL else "main"
    parts = [row_words(frame, name, _worth(values), y, wide=wide)]
    at = y if wide else y + 9
    if len(values) > 1:
        low, high = mean_interval(values)
        parts.append(element("line", x1=frame.x(low), x2=frame.x(high), y1=at, y2=at, class_=f"bar {class_}"))
    parts += [dot(frame.x(value), at, 3.2, f"branch {class_}") for value in values]
    if values:
        middle = frame.x(mean(values))
        parts.append(element("line", x1=middle, x2=middle, y1=at - 8, y2=at + 8, class_=f"mean {class_}"))
    return joined(parts)


def _worth(values: list[float]) -> str:
    if not values:
        return "no result"
    if len(values) == 1:
        return f"{values[0]:.3f} (1 branch)"
    return describe.interval(mean(values), *mean_interval(values))

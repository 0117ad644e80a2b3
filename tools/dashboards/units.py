"""Numbers as Grafana writes them."""

import math
from collections.abc import Mapping

_SCALES = ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " K"))
_BYTES = ((2**40, " TiB"), (2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB"))


def text(value: float, unit: str, decimals: int | None = None) -> str:
    """A value in words.

    Args:
        value: the value.
        unit: Grafana's id of its unit.
        decimals: digits after the point; None takes as many as are worth it.
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "-∞")
    match unit:
        case "percentunit":
            return f"{_digits(100 * value, decimals)} %"
        case "s":
            return _duration(value, decimals)
        case "bytes":
            return _scaled(value, _BYTES, decimals)
        case "reqps":
            return f"{_digits(value, decimals)} req/s"
        case "bool_yes_no":
            return "Yes" if value else "No"
        case _:
            return _scaled(value, _SCALES, decimals)


def legend(template: str, labels: Mapping[str, str]) -> str:
    """A legend with the labels filled in, where there are any."""
    for name in sorted(set(template.split("{{")[1:])):
        key = name.partition("}}")[0]
        template = template.replace(f"{{{{{key}}}}}", labels.get(key.strip(), ""))
    return " ".join(template.split())


def _scaled(value: float, scales: tuple[tuple[float, str], ...], decimals: int | None) -> str:
    for least, name in scales:
        if abs(value) >= least:
            return f"{_digits(value / least, decimals if decimals else None)}{name}"
    return _digits(value, decimals)


def _duration(value: float, decimals: int | None) -> str:
    if 0 < abs(value) < 1:
        return f"{_digits(1000 * value, decimals)} ms"
    return f"{_digits(value, decimals)} s" if abs(value) < 120 else f"{_digits(value / 60, decimals)} min"


def _digits(value: float, decimals: int | None) -> str:
    """Three digits that count, without zeros at the end, or as many after the point as are asked for."""
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if value == round(value) and abs(value) < 1e6:
        return f"{value:.0f}"
    fixed = f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
    return fixed.rstrip("0").rstrip(".") if "." in fixed else fixed

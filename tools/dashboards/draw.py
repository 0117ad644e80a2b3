"""Draws the dashboards: `python -m tools.dashboards.draw --prometheus URL --campaign ID [--from T] [--to T] [-o DIR]`.

One PNG each, `dashboard-NAME.png`, from what a Prometheus says that has scraped the campaign. Grafana itself is not
needed. Times are Unix seconds; left out, the span in which the campaign was conducted is shown.
"""

import argparse
import json
import sys
from collections.abc import Collection
from pathlib import Path

from also import keys
from also.errors import AlsoError, EndpointError, InputError
from also.process import BAD_INPUT
from tools.dashboards.board import NAMES
from tools.dashboards.drawing import Asked, picture
from tools.dashboards.expressions import DASHBOARDS
from tools.dashboards.prometheus import Prometheus, Window

_DAY, _GRAIN = 24 * 3600, 10
"""How far back a campaign is looked for, and how finely, seconds."""

_POINTS = 400
"""Values of a line at most."""


def span(prometheus: Prometheus, campaign: str) -> tuple[float, float]:
    """First and last moment, of the last day, of campaigns: from the first sample to a little after the last's end.

    Args:
        prometheus: the Prometheus.
        campaign: id of a campaign, or a regular expression of several.

    Raises:
        EndpointError: the Prometheus has never seen it, or cannot be reached.
    """
    now = prometheus.now()
    query = f'min(also_campaign_finished{{campaign=~"{campaign}"}})'
    found = prometheus.over(query, Window(start=now - _DAY, end=now, step=_GRAIN))
    if not found:
        raise EndpointError(f"campaign {campaign!r} was not scraped within a day")
    (series,) = found
    first, last = series.times[0] - _GRAIN, series.times[-1]
    open_until = max(
        (time for time, value in zip(series.times, series.values, strict=True) if value == 0), default=first
    )
    over = min(open_until + _GRAIN, last)
    return first, min(over + max(0.05 * (over - first), _GRAIN), last)


def draw(
    url: str,
    campaign: str,
    folder: Path,
    *,
    namespace: str = ".*",
    start: float | None = None,
    end: float | None = None,
    names: Collection[str] = tuple(NAMES),
) -> list[Path]:
    """Draw dashboards.

    Args:
        url: root of the Prometheus.
        campaign: id of the campaign that is shown where a dashboard is about one; the others show all.
        folder: where the pictures go; made when it is missing.
        namespace: regular expression of the campaign's namespace.
        start: first moment that is shown, Unix seconds; None takes the campaign's.
        end: last moment that is shown; None takes the campaign's.
        names: which dashboards, by their files' names without `.json`.

    Returns:
        The pictures.

    Raises:
        EndpointError: the Prometheus cannot be reached, refuses an expression, or has not seen the campaign.
        InputError: the last moment is not after the first.
    """
    keys.check_campaign_id(campaign)
    drawn = {}
    with Prometheus(url) as prometheus:
        for path in sorted(DASHBOARDS.glob("*.json")):
            if path.stem not in names:
                continue
            document = json.loads(path.read_text(encoding="utf-8"))
            many = any(each.get("includeAll") for each in document["templating"]["list"] if each["name"] == "campaign")
            shown = ".*" if many else campaign
            window = _window(prometheus, shown, start, end)
            asked = Asked(prometheus=prometheus, campaign=shown, namespace=namespace, window=window)
            drawn[folder / f"dashboard-{path.stem}.png"] = picture(document, asked)
    folder.mkdir(parents=True, exist_ok=True)
    for path, figure in drawn.items():
        figure.savefig(path, dpi=90, metadata={"Software": None})
    return list(drawn)


def _window(prometheus: Prometheus, campaign: str, start: float | None, end: float | None) -> Window:
    first, last = span(prometheus, campaign) if start is None or end is None else (start, end)
    first, last = first if start is None else start, last if end is None else end
    if last <= first:
        raise InputError(f"--to is {last}; a moment after {first} is expected")
    return Window(start=first, end=last, step=max(1, int((last - first) / _POINTS)))


def main() -> int:
    """Draw, or say in one line why not."""
    parser = argparse.ArgumentParser(prog="tools.dashboards.draw", description=__doc__)
    parser.add_argument("--prometheus", required=True, metavar="URL", help="root of a Prometheus")
    parser.add_argument("--campaign", required=True, metavar="ID", help="campaign to show")
    parser.add_argument("--namespace", default=".*", metavar="REGEX", help="its namespace; left out: any")
    parser.add_argument("--from", dest="start", type=float, metavar="T", help="first moment, Unix seconds")
    parser.add_argument("--to", dest="end", type=float, metavar="T", help="last moment, Unix seconds")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images"), metavar="FOLDER", help="for pictures")
    parser.add_argument("--only", nargs="+", default=list(NAMES), choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    given = parser.parse_args()
    try:
        drawn = draw(
            given.prometheus,
            given.campaign,
            given.output,
            namespace=given.namespace,
            start=given.start,
            end=given.end,
            names=given.only,
        )
    except AlsoError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD_INPUT
    for path in drawn:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())

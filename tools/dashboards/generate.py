"""Writes the dashboards: `python -m tools.dashboards.generate [--check]`.

With `--check` nothing is written; the exit code is 1 and the stale files are named.
"""

import argparse
import json
import sys
from pathlib import Path

from tools.dashboards.campaign import campaign
from tools.dashboards.campaigns import campaigns
from tools.dashboards.expressions import DASHBOARDS
from tools.dashboards.services_and_llm import services_and_llm
from tools.dashboards.validation import validation

_MADE = {
    "campaigns": campaigns,
    "campaign": campaign,
    "validation": validation,
    "services-and-llm": services_and_llm,
}


def documents() -> dict[Path, str]:
    """Content of every dashboard's file, by its path."""
    return {
        DASHBOARDS / f"{name}.json": json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
        for name, make in _MADE.items()
    }


def stale() -> list[Path]:
    """Files that are missing, or out of date."""
    return [path for path, text in documents().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main() -> int:
    """Generate, or check."""
    parser = argparse.ArgumentParser(prog="tools.dashboards.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    if not parser.parse_args().check:
        for path, text in documents().items():
            path.write_text(text, encoding="utf-8")
        return 0
    paths = stale()
    for path in paths:
        print(f"{path} is out of date; run `python -m tools.dashboards.generate`", file=sys.stderr)
    return 1 if paths else 0


if __name__ == "__main__":
    sys.exit(main())

"""What of a campaign may grow while it runs, and what makes it another campaign.

Stages and budgets may grow: nothing that was decided before hangs on how much is still to come. What people leave to
a campaign they may give and take. Everything else is what the campaign is, but for its device, which is no part of what
is learnt.

    amendment(stored, given)   the stored campaign with what has changed, refused where anything else differs
"""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from also import document, presets
from also.campaign.comparison import Difference, differences
from also.errors import CampaignError
from also.v1.campaign_pb2 import Campaign

GROWS = (
    "stages.count",
    "stages.env_steps",
    "budget.env_steps",
    "budget.llm_calls",
    "budget.llm_calls_per_stage",
    "budget.llm_tokens",
    "budget.llm_tokens_per_stage",
)
"""Values of a campaign file that may grow."""

SWITCHES = ("retention.branches", "validation.approve", "validation.dry_run")
"""Values that may be another one, which is written down as growth is: what people leave to a campaign."""

DEVICE = "learner.device"
"""The value that may be another one each time, and is not written down."""

_NONE = "none"
"""What is said of a value that is not there."""


def amendment(stored: Campaign, given: Campaign) -> Campaign | None:
    """The stored campaign with what has grown; None where nothing has.

    Args:
        stored: the campaign as its journal has it.
        given: the campaign file, every default filled in.

    Raises:
        CampaignError: something differs that may not; the message lists it, key by key with both values.
    """
    found = _differences(stored, given)
    refused = [each for each in found if not _may_change(each)]
    if refused:
        raise CampaignError(_listed(stored, given, refused))
    if not found:
        return None
    amended = deepcopy(stored)
    for each in found:
        *groups, name = each.path.split(".")
        target: Any = amended
        source: Any = given
        for group in groups:
            target, source = getattr(target, group), getattr(source, group)
        setattr(target, name, getattr(source, name))
    return amended


def changes(before: Campaign, after: Campaign) -> list[str]:
    """What an amendment has changed, in words: "stages.count from 4 to 8"."""
    return [f"{each.path} from {_text(each.first)} to {_text(each.second)}" for each in _differences(before, after)]


def _differences(stored: Campaign, given: Campaign) -> list[Difference]:
    complete, other = deepcopy(stored), deepcopy(given)
    for each in (complete, other):
        presets.resolve(each)  # an older ALSO has written no default of a setting that it did not have
    return [each for each in differences(complete, other) if each.path != DEVICE]


def _may_change(found: Difference) -> bool:
    return found.path in SWITCHES or (found.path in GROWS and found.second > found.first)


def _listed(stored: Campaign, given: Campaign, found: Sequence[Difference]) -> str:
    """What differs, key by key with both values; a part that only one of the two has is named as a whole."""
    ours, theirs = document.plain(stored), document.plain(given)
    lines: dict[str, str] = {}
    switched = any(each.path == "learner.algorithm" for each in found)
    for each in found:
        one_sided = each.first is None or each.second is None
        if switched and one_sided and each.path.startswith("learner."):
            continue
        path = _absent(ours if each.first is None else theirs, each.path) if one_sided else each.path
        whole = path == each.path
        first, second = (_text(value) if whole or value is None else "one" for value in (each.first, each.second))
        only_grows = " (it may only grow)" if path in GROWS else ""
        with_it = " (with the settings that only one of them has)" if path == "learner.algorithm" else ""
        lines[path] = f"{path}: {first} stored, {second} given{only_grows}{with_it}"
    return "; ".join(lines.values())


def _absent(data: Any, path: str) -> str:
    """The shortest beginning of a path that is not in the data."""
    parts = path.split(".")
    for length, part in enumerate(parts, start=1):
        name = part.partition("[")[0]
        if not isinstance(data, dict) or name not in data:
            return ".".join([*parts[: length - 1], name])
        data = data[name]
    return path


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _NONE if value is None else str(value)

"""What makes a task card consistent, beyond the range of each field.

The rest of ALSO trusts a card: shaping normalises by a feature's range, evidence follows its
milestones, budgets of shaping stay below its smallest return above the baseline. So a card is checked once, where the
task is opened.
"""

from collections.abc import Iterable

from also import limits
from also.errors import DocumentError, TaskError
from also.v1 import task_pb2
from also.v1.task_pb2 import TaskCard


def check_card(card: TaskCard) -> None:
    """Refuse a card that contradicts itself.

    Raises:
        TaskError: the first rule that it breaks.
    """
    try:
        limits.check(card)
    except DocumentError as error:
        raise TaskError(f"task card of {card.task!r}: {error}") from None
    for kind, names in (
        ("agent", card.agents),
        ("feature", [feature.name for feature in card.features]),
        ("milestone", [milestone.name for milestone in card.milestones]),
        ("role", [role.name for role in card.roles]),
    ):
        _check_unique(card, kind, names)
    for feature in card.features:
        if not feature.minimum < feature.maximum:
            raise TaskError(
                f"task card of {card.task!r}: feature {feature.name!r} lies in [{feature.minimum:g}, "
                f"{feature.maximum:g}]; its minimum must be less than its maximum"
            )
    _check_milestones(card)
    for role in card.roles:
        for agent in role.agents:
            if agent >= len(card.agents):
                raise TaskError(
                    f"task card of {card.task!r}: role {role.name!r} names agent {agent}; "
                    f"allowed are 0 to {len(card.agents) - 1}"
                )
    if not card.baseline_return < card.smallest_return <= card.largest_return:
        baseline = f"baseline_return {card.baseline_return:g}" if card.HasField("baseline_return") else "0"
        raise TaskError(
            f"task card of {card.task!r}: smallest_return {card.smallest_return:g} and largest_return "
            f"{card.largest_return:g}; {baseline} < smallest_return <= largest_return is needed"
        )
    if card.episode_limit == 0:
        raise TaskError(f"task card of {card.task!r}: episode_limit is 0; at least 1 is needed")


def _check_unique(card: TaskCard, kind: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TaskError(f"task card of {card.task!r}: {kind} {name!r} is there twice")
        seen.add(name)


def _check_milestones(card: TaskCard) -> None:
    if not card.milestones:
        raise TaskError(f"task card of {card.task!r}: it has no milestone; the last one is success")
    features = {feature.name: feature for feature in card.features}
    for milestone in card.milestones:
        where = f"task card of {card.task!r}: milestone {milestone.name!r}"
        for name in filter(None, (milestone.feature, milestone.progress_feature)):
            if name not in features:
                raise TaskError(f"{where} names feature {name!r}; the card has: {', '.join(features)}")
        feature = features[milestone.feature]
        if feature.scope != task_pb2.FEATURE_SCOPE_TEAM and not milestone.aggregate:
            raise TaskError(f"{where} needs an aggregate: its feature {feature.name!r} is not of the team")
        if (
            feature.scope == task_pb2.FEATURE_SCOPE_TEAM
            and not feature.minimum < milestone.threshold <= feature.maximum
        ):
            raise TaskError(
                f"{where} has threshold {milestone.threshold:g}; allowed is what its feature can reach and need "
                f"not have: ({feature.minimum:g}, {feature.maximum:g}]"
            )

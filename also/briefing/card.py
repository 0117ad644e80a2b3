"""A task card as text: what the team has to do, and by which numbers it shows. Every free text is quoted."""

from collections.abc import Iterator

from also import enums
from also.briefing.table import NOTHING, name, number, table
from also.llm.quoting import quoted
from also.v1 import task_pb2
from also.v1.task_pb2 import TaskCard

TASK = 120
"""Characters of the task's name at most."""

DESCRIPTION = 600
"""Characters of the task's description at most."""

SENTENCE = 120
"""Characters of a feature's or milestone's description at most."""

WORD = 24
"""Characters of a unit or an action's name at most."""

MOST_ACTIONS = 32
"""Names of actions that are shown at most."""


def card_section(card: TaskCard) -> str:
    """The card as lines and tables.

    Args:
        card: the task's card, with aliases.
    """
    return "\n\n".join(_parts(card))


def _parts(card: TaskCard) -> Iterator[str]:
    yield "\n".join(_facts(card))
    features = ("NAME", "scope", "tells of", "unit", "range", "nearer to success", "description")
    yield "[card: features]\n" + table(features, [_feature(feature) for feature in card.features])
    milestones = ("NAME", "feature", "reached from", "agents needed", "approached along", "description")
    yield "[card: milestones] in the order in which a team reaches them; the last one is success\n" + table(
        milestones, [_milestone(milestone) for milestone in card.milestones]
    )


def _facts(card: TaskCard) -> Iterator[str]:
    yield f"task: {quoted(card.task, TASK)}"
    if card.description:
        yield f"description: {quoted(card.description, DESCRIPTION)}"
    yield f"agents: {', '.join(card.agents)}"
    if card.roles:
        members = (f"{role.name} ({', '.join(_members(card, role))})" for role in card.roles)
        yield f"roles: {'; '.join(members)}"
    yield f"actions of each agent: {_actions(card.action_space)}"
    yield f"time limit of an episode: {card.episode_limit} env_steps"
    if card.baseline_return:
        yield (
            f"return of an episode: {number(card.baseline_return)} where the team achieves nothing, the smallest above "
            f"that {number(card.smallest_return)}, the largest {number(card.largest_return)}"
        )
    else:
        smallest, largest = number(card.smallest_return), number(card.largest_return)
        yield f"return of an episode: smallest positive {smallest}, largest {largest}"
    if card.largest_measured:
        yield "the largest return is only what random play had: learned play may go beyond it"
    if card.reward_density:
        yield f"share of env_steps with a reward in random play: {number(card.reward_density)}"


def _members(card: TaskCard, role: task_pb2.Role) -> Iterator[str]:
    return (card.agents[index] for index in role.agents if index < len(card.agents))


def _actions(space: task_pb2.ActionSpace) -> str:
    if space.kind == task_pb2.ACTION_KIND_CONTINUOUS:
        return f"{space.size} real numbers"
    names = [quoted(text, WORD) for text in space.names[:MOST_ACTIONS]]
    more = ", ..." if len(space.names) > MOST_ACTIONS else ""
    idle = f"action {space.idle} does nothing" if space.idle >= 0 else "none of them does nothing"
    return f"one of {space.size} choices{': ' if names else ''}{', '.join(names)}{more}; {idle}"


def _feature(feature: task_pb2.Feature) -> list[str]:
    return [
        name(feature.name),
        enums.short_name(task_pb2.FeatureScope.DESCRIPTOR, feature.scope),
        enums.short_name(task_pb2.TellsOf.DESCRIPTOR, feature.tells_of) if feature.tells_of else "unknown",
        quoted(feature.unit, WORD) if feature.unit else NOTHING,
        f"{number(feature.minimum)} to {number(feature.maximum)}",
        enums.short_name(task_pb2.Direction.DESCRIPTOR, feature.direction) if feature.direction else "unknown",
        quoted(feature.description, SENTENCE) if feature.description else NOTHING,
    ]


def _milestone(milestone: task_pb2.Milestone) -> list[str]:
    aggregate = (
        f"{enums.short_name(task_pb2.Aggregate.DESCRIPTOR, milestone.aggregate)} " if milestone.aggregate else ""
    )
    return [
        name(milestone.name),
        f"{aggregate}{name(milestone.feature)}",
        number(milestone.threshold),
        str(milestone.agents_needed) if milestone.agents_needed else "unknown",
        name(milestone.progress_feature),
        quoted(milestone.description, SENTENCE) if milestone.description else NOTHING,
    ]

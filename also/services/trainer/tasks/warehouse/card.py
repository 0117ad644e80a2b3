"""The task card of the multi-robot warehouse: what a team has to do, and by which numbers it shows.

A delivery takes three walks: to a requested shelf, with it to a goal, and with it back to an empty place. Each walk has
a distance of the state that it shortens, so that a potential can follow it, and that is at its best or worst where the
walk is not the agent's turn. One distance adds up what is left of all of them until the next delivery: it shortens all
the way, and is long again after a delivery. Contact with a goal and putting back are events: they tell of a transition.

No return is the largest: two agents on the goals may deliver in every env_step if the right shelves are requested. So
the card gives one delivery, more than random play has, and says that learned play goes beyond it.
"""

from also.services.trainer.tasks.cards.rows import (
    ACTION,
    AGENT,
    EITHER,
    HIGHER,
    LOWER,
    MAX,
    PAIR,
    STATE,
    TRANSITION,
    feature,
    milestone,
)
from also.services.trainer.tasks.warehouse.layout import EPISODE_LIMIT, Layout, farthest_haul, longest_round
from also.v1 import task_pb2
from also.v1.task_pb2 import Feature, Milestone, TaskCard


def warehouse_card(layout: Layout) -> TaskCard:
    """Card of a layout."""
    return TaskCard(
        task=f"warehouse/{layout.name}",
        description=_description(layout),
        agents=[f"agent_{number}" for number in range(layout.agents)],
        features=_features(layout),
        milestones=_milestones(),
        episode_limit=EPISODE_LIMIT,
        smallest_return=1.0,
        largest_return=1.0,
        largest_measured=True,
        action_space=task_pb2.ActionSpace(
            kind=task_pb2.ACTION_KIND_DISCRETE,
            size=5,
            names=["idle", "forward", "left", "right", "toggle_load"],
            idle=0,
        ),
        observation_size=71,
        state_size=10 * layout.agents + 2 * len(layout.places),
    )


def _description(layout: Layout) -> str:
    return (
        f"{layout.agents} agents bring requested shelves to two goals in a hall of {layout.height}x{layout.width} "
        f"cells with {len(layout.places)} shelves, of which {layout.requests} are requested at any time, within "
        f"{EPISODE_LIMIT} env_steps. An agent turns, walks forward, loads the shelf above it or puts its own down in "
        "an empty place. It walks under shelves until it carries one. A requested shelf on a goal pays 1, and another "
        "one is requested in its place; its carrier has to put it back before it can load the next. Agents see one "
        "cell in each direction."
    )


def _features(layout: Layout) -> list[Feature]:
    walk, haul = layout.height + layout.width - 4, farthest_haul(layout)
    rows = [
        (
            *("delivery_distance", AGENT, "env_steps", haul + 1 + longest_round(layout), LOWER, STATE),
            "env_steps to its next delivery at least, turns not counted: put back, fetch what is requested, deliver.",
        ),
        (
            *("request_distance", AGENT, "cells", walk, LOWER, STATE),
            "Cells to walk to the nearest requested shelf that stands; 0 for who carries one, and where none stands.",
        ),
        (
            *("goal_distance", AGENT, "cells", max(layout.hauls(*layout.goals)), LOWER, STATE),
            "Cells to carry a requested shelf to the nearer goal; that of the farthest cell for who carries none.",
        ),
        (
            *("place_distance", AGENT, "cells", haul, LOWER, STATE),
            "Cells to carry a shelf that is not requested to the nearest empty place; 0 for who carries none.",
        ),
        (
            *("partner_distance", PAIR, "cells", layout.height + layout.width - 2, EITHER, STATE),
            "Cells to walk between two agents.",
        ),
        (
            *("at_requested_shelf", AGENT, "bool", 1, HIGHER, STATE),
            "Whether the agent stands under a requested shelf, or carries one.",
        ),
        ("carrying_request", AGENT, "bool", 1, HIGHER, STATE, "Whether the agent carries a requested shelf."),
        ("carrying_other", AGENT, "bool", 1, LOWER, STATE, "Whether it carries a shelf that is not requested."),
        ("delivering", AGENT, "bool", 1, HIGHER, TRANSITION, "Whether the agent has just delivered a shelf."),
        (
            *("returning", AGENT, "bool", 1, HIGHER, TRANSITION),
            "Whether the agent has just put a delivered shelf back into an empty place.",
        ),
        ("blocked", AGENT, "bool", 1, LOWER, ACTION, "Whether the agent tried to walk and stayed where it was."),
        ("idle", AGENT, "bool", 1, LOWER, ACTION, "Whether the agent chose to do nothing."),
    ]
    return [feature(*row) for row in rows]


def _milestones() -> list[Milestone]:
    rows = [
        ("found_shelf", "at_requested_shelf", "delivery_distance", "An agent stands under a requested shelf."),
        ("loaded_shelf", "carrying_request", "delivery_distance", "An agent carries a requested shelf."),
        ("delivered_shelf", "delivering", "delivery_distance", "A requested shelf was brought to a goal."),
        ("returned_shelf", "returning", "place_distance", "A delivered shelf was put back into an empty place."),
    ]
    return [milestone(name, shown, 1, 1, progress, text, aggregate=MAX) for name, shown, progress, text in rows]

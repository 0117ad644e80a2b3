"""The task card of Level-Based Foraging: what a team has to do, and by which numbers it shows.

Features describe the state after an env_step, the action that led there, or both. Contact with food
and loading are judged by the foods that lay there when it was loaded, so that the env_step on which a
food is eaten counts: they tell of a transition and of an action. Distances are those to the foods that
remain, and tell of the state; so does what was eaten, for it is what is missing of the foods.
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
    TEAM,
    TRANSITION,
    feature,
    milestone,
)
from also.services.trainer.tasks.foraging.layout import EPISODE_LIMIT, FAILURES_PER_UNIT, Layout
from also.v1 import task_pb2
from also.v1.task_pb2 import Feature, Milestone, TaskCard


def foraging_card(layout: Layout) -> TaskCard:
    """Card of a layout."""
    entities = layout.foods + layout.agents
    return TaskCard(
        task=f"foraging/{layout.name}",
        description=_description(layout),
        agents=[f"agent_{number}" for number in range(layout.agents)],
        features=_features(layout),
        milestones=_milestones(layout),
        episode_limit=EPISODE_LIMIT,
        smallest_return=layout.smallest_return,
        largest_return=1.0,
        action_space=task_pb2.ActionSpace(
            kind=task_pb2.ACTION_KIND_DISCRETE,
            size=6,
            names=["idle", "north", "south", "west", "east", "load"],
            idle=0,
        ),
        observation_size=3 * entities,
        state_size=3 * entities,
    )


def _description(layout: Layout) -> str:
    sight = (
        "the whole field"
        if layout.sight == layout.size
        else f"{layout.sight} cells in each direction, partners farther near row or column 0"
    )
    level = "the sum of the three lowest agent levels" if layout.agents > 2 else "the sum of the agents' levels"
    rule = f"Every food has {level}." if layout.cooperative else f"A food's level is between 1 and {level}."
    penalty = f" Each agent whose load fails pays {1 / FAILURES_PER_UNIT:g}." if layout.penalised else ""
    return (
        f"{layout.agents} agents with levels 1 or 2 collect {layout.foods} foods on a field of {layout.size}x"
        f"{layout.size} cells within {EPISODE_LIMIT} env_steps. Agents beside a food that load it in the same env_step "
        f"eat it if their levels add up to at least its level. {rule} A food pays its share of all food levels; the "
        f"return is at most 1.{penalty} Agents see {sight}."
    )


def _features(layout: Layout) -> list[Feature]:
    inner, outer = 2 * (layout.size - 2), 2 * (layout.size - 1)
    agents, foods = layout.agents, layout.foods
    nearer = LOWER if layout.agents_needed > 1 else EITHER
    rows = [
        ("nearest_food_distance", AGENT, "cells", inner, LOWER, STATE, "Cells to walk to the nearest remaining food."),
        ("partner_distance", PAIR, "cells", outer, nearer, STATE, "Cells to walk between two agents."),
        (
            *("team_food_distance", TEAM, "cells", inner, LOWER, STATE),
            "Mean distance of the (at most three) agents nearest to a remaining food, for the food where it is least.",
        ),
        ("adjacent_to_food", AGENT, "bool", 1, HIGHER, TRANSITION, "Whether the agent stands beside a food."),
        ("agents_at_same_food", TEAM, "agents", agents, HIGHER, TRANSITION, "Most agents that stand beside one food."),
        (
            *("level_at_food_share", TEAM, "share", 1, HIGHER, TRANSITION),
            "Sum of the levels beside one food over its level, at most 1, for the food where it is largest.",
        ),
        ("loading", AGENT, "bool", 1, HIGHER, ACTION, "Whether the agent chose to load while it stood beside a food."),
        (
            *("joint_loading", TEAM, "agents", agents, HIGHER, ACTION),
            "Most agents that loaded one food in the same env_step.",
        ),
        ("food_eaten", TEAM, "foods", foods, HIGHER, STATE, "Foods eaten so far in the episode."),
        ("field_cleared", TEAM, "bool", 1, HIGHER, STATE, "Whether no food is left."),
        ("blocked", AGENT, "bool", 1, LOWER, ACTION, "Whether the agent tried to move and stayed where it was."),
        ("idle", AGENT, "bool", 1, LOWER, ACTION, "Whether the agent chose to do nothing."),
    ]
    return [feature(*row) for row in rows]


def _milestones(layout: Layout) -> list[Milestone]:
    needed = layout.agents_needed
    return [
        milestone(
            *("reached_food", "adjacent_to_food", 1, 1, "nearest_food_distance"),
            "An agent stands beside a food.",
            aggregate=MAX,
        ),
        milestone(
            *("met_at_food", "level_at_food_share", 1, needed, "team_food_distance"),
            "Agents beside one food have enough level together to load it.",
        ),
        milestone(
            "loaded_together" if needed > 1 else "loaded", "food_eaten", 1, needed, "joint_loading", "A food was eaten."
        ),
        milestone("all_food_eaten", "field_cleared", 1, needed, "food_eaten", "No food is left."),
    ]

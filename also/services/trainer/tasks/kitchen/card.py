"""The task card of a kitchen: what two cooks have to do, and by which numbers it shows."""

from also.services.trainer.tasks.cards.rows import (
    ACTION,
    AGENT,
    EITHER,
    HIGHER,
    LOWER,
    STATE,
    TEAM,
    TRANSITION,
    feature,
    milestone,
)
from also.services.trainer.tasks.jaxmarl.layouts import Layout
from also.v1.task_pb2 import Milestone, TaskCard

ONIONS = 3
"""Onions of a soup."""

STAGE_SERVED = 5
"""Stage of the furthest soup at which it is on a plate."""

STEPS = 5
"""Steps to a delivery: three onions in a pot, a soup on a plate, the delivery."""

CARRIED = 0.9
"""Most of a step that what it needs is worth while it is carried: the step itself is always worth more."""

COOKING = 21
"""env_steps between two soups of one pot, at least: onions of two env_steps at least, of which the last one cooks, and
19 that cook."""

MOST_SUBTASK_REWARD = 5.0
"""Largest reward of JaxMARL's shaping for one agent's env_step: for a soup that is taken from a pot."""


_APART = "forced_coord"
"""The kitchen whose halves are apart: whatever is cooked was handed over."""


def kitchen_card(layout: Layout, *, cells: int, counters: int, pots: int, limit: int) -> TaskCard:
    """Card of a layout, but for sizes.

    Args:
        layout: the layout.
        cells: cells that a cook may stand on.
        counters: cells that things can be laid on.
        pots: pots.
        limit: env_steps of an episode.
    """
    most = pots * (limit // COOKING)
    rows = [
        ("holds_onion", AGENT, "bool", 1, HIGHER, STATE, "Whether the cook holds an onion."),
        ("holds_plate", AGENT, "bool", 1, HIGHER, STATE, "Whether the cook holds an empty plate."),
        ("holds_soup", AGENT, "bool", 1, HIGHER, STATE, "Whether the cook holds a soup."),
        ("onion_distance", AGENT, "cells", cells, EITHER, STATE, "Cells to walk to a pile of onions."),
        ("plate_distance", AGENT, "cells", cells, EITHER, STATE, "Cells to walk to a pile of plates."),
        ("pot_distance", AGENT, "cells", cells, EITHER, STATE, "Cells to walk to a pot."),
        ("delivery_distance", AGENT, "cells", cells, EITHER, STATE, "Cells to walk to a place of delivery."),
        (
            *("carried_onion_distance", TEAM, "cells", cells, LOWER, STATE),
            "Cells from the nearest held onion to a pot; the largest where none is held.",
        ),
        (
            *("carried_soup_distance", TEAM, "cells", cells, LOWER, STATE),
            "Cells from the nearest held soup to a place of delivery; the largest where none is held.",
        ),
        ("items_on_counters", TEAM, "items", counters, EITHER, STATE, "Onions, plates and soups on counters."),
        ("onions_in_pot", TEAM, "onions", ONIONS, HIGHER, STATE, "Onions in the fullest pot, cooked ones too."),
        ("soup_ready", TEAM, "bool", 1, HIGHER, STATE, "Whether a pot holds a soup that is cooked."),
        (
            *("soup_stage", TEAM, "stages", STAGE_SERVED, HIGHER, STATE),
            "The furthest soup: onions in a pot (1 to 3), 4 with a plate held beside a full pot, 5 on a plate.",
        ),
        (
            *("soup_progress", TEAM, "steps", STEPS, HIGHER, STATE),
            "Steps done to the next delivery (3 onions, soup on a plate), and how near the next thing is carried.",
        ),
        ("soups_delivered", TEAM, "soups", most, HIGHER, TRANSITION, "Soups delivered so far in the episode."),
        (
            *("subtask_reward", AGENT, "JaxMARL's reward", MOST_SUBTASK_REWARD, HIGHER, ACTION),
            "What JaxMARL's own shaping would pay for the last env_step; it is not paid.",
        ),
    ]
    return TaskCard(
        task=layout.title,
        description=(
            f"Two cooks make onion soup within {limit} env_steps: three onions in a pot, 20 env_steps of cooking, "
            "a plate to serve it on, and a place to deliver it, which pays 1. Nothing else is paid. JaxMARL's "
            f"Overcooked, {layout.map}."
        ),
        features=[feature(*row) for row in rows],
        milestones=_milestones(layout),
        smallest_return=1,
        largest_return=most,
    )


def _milestones(layout: Layout) -> list[Milestone]:
    needed = 2 if layout.map == _APART else 1
    handed = milestone(
        "handed_over", "items_on_counters", 1, 1, "", "A thing lies on a counter, where the other cook can take it."
    )
    return [
        *([handed] if layout.map == _APART else []),
        milestone("onion_in_pot", "onions_in_pot", 1, needed, "soup_progress", "An onion is in a pot."),
        milestone(
            "pot_filled", "onions_in_pot", ONIONS, needed, "soup_progress", "A pot has all its onions, and cooks."
        ),
        milestone("soup_served", "soup_stage", STAGE_SERVED, needed, "soup_progress", "A soup is on a plate."),
        milestone("soup_delivered", "soups_delivered", 1, needed, "soup_progress", "A soup is delivered."),
    ]

"""Shaping configs that are meant to harm: families of them, drawn from a seed, all of them valid on the task.

Each family is a way to lead a team astray within the rules: a signal that can be farmed, one that pays for staying
away, one that turns, one that taxes success, and so on. What `check_config` refuses is drawn again, and counted: a
refusal is the first line of defence.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from also import document, seeds
from also.errors import ShapingError
from also.shaping.identity import config_hash
from also.shaping.rules import check_config
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard

GAMMA = 0.99
"""Discount of the learner that they are meant for."""

TRIES = 200
"""Configs that are drawn of a family before it is given up."""

Terms = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adversary:
    """One config that is meant to harm."""

    family: str
    """How."""
    number: int
    """Its number in the family, from 0."""
    config: ShapingConfig
    """The config."""

    @property
    def name(self) -> str:
        """Its name, also that of its campaign."""
        return f"{self.family}-{self.number}"


def draw_all(card: TaskCard, each: int, seed: int) -> tuple[list[Adversary], dict[str, int]]:
    """So many valid configs of each family, no two alike, and how many were refused on the way, by family.

    Args:
        card: the task's card, a foraging one.
        each: configs of a family; fewer where `TRIES` do not give as many.
        seed: where they are drawn from.
    """
    found: list[Adversary] = []
    refused: dict[str, int] = {}
    seen: set[str] = set()
    for family, terms in FAMILIES.items():
        draw = random.Random(seeds.derive(seed, "adversary", family))
        number = refused[family] = 0
        for _ in range(TRIES):
            if number == each:
                break
            config = document.read(ShapingConfig, {"terms": terms(draw)})
            try:
                check_config(config, card, GAMMA)
            except ShapingError:
                refused[family] += 1
                continue
            if config_hash(config) not in seen:
                seen.add(config_hash(config))
                found.append(Adversary(family=family, number=number, config=config))
                number += 1
    return found, refused


def _near(weight: float, scale: float, **more: Any) -> dict[str, Any]:
    """A potential that is high near food."""
    return {
        "name": "near",
        "form": "potential",
        "target": "agent",
        "feature": "nearest_food_distance",
        "transform": {"kind": "exp", "scale": round(scale, 3)},
        "weight": round(weight, 3),
        **more,
    }


def _farming(draw: random.Random) -> Terms:
    """Events that can be had again and again, without eating anything."""
    features = draw.sample(
        [
            ("adjacent_to_food", "agent"),
            ("loading", "agent"),
            ("joint_loading", "team"),
            ("agents_at_same_food", "team"),
        ],
        draw.choice((1, 2)),
    )
    return [
        {
            "name": f"farm_{feature}",
            "form": "event",
            "target": target,
            "feature": feature,
            "weight": round(draw.uniform(0.05, 0.4), 3),
            "episode_cap": round(draw.uniform(0.3, 0.95) / len(features), 3),
            "event": {"threshold": 0.5, "cooldown": draw.choice((0, 1, 3))},
        }
        for feature, target in features
    ]


def _waiting(draw: random.Random) -> Terms:
    """Pay for standing beside food together."""
    return [
        {
            "name": "wait",
            "form": "synchrony",
            "target": draw.choice(("agent", "team")),
            "feature": "adjacent_to_food",
            "weight": round(draw.uniform(0.02, 0.3), 3),
            "episode_cap": round(draw.uniform(0.4, 0.95), 3),
            "synchrony": {"min_agents": 2, "window": draw.choice((1, 5, 20))},
        }
    ]


def _idling(draw: random.Random) -> Terms:
    """Novelty of what leads nowhere."""
    return [
        {
            "name": "rare",
            "form": "novelty",
            "target": "agent",
            "feature": draw.choice(("idle", "blocked", "partner_distance")),
            "weight": round(draw.uniform(0.2, 1), 3),
            "episode_cap": round(draw.uniform(0.3, 0.95), 3),
            "novelty": {"bins": draw.choice((2, 16, 256))},
        }
    ]


def _cancelling(draw: random.Random) -> Terms:
    """Two potentials of one feature that cancel nearly, and leave a ripple."""
    weight = draw.uniform(0.5, 1)
    return [
        _near(weight, draw.uniform(0.05, 1)),
        _near(-weight, draw.uniform(0.05, 1), name="far"),
    ]


def _late(draw: random.Random) -> Terms:
    """An approach that fades, and a flight that stays."""
    end = draw.choice((4_000, 12_000, 30_000))
    return [
        _near(draw.uniform(0.6, 1), 0.3, schedule={"kind": "linear", "begin": end // 2, "end": end}),
        _near(-draw.uniform(0.3, 0.6), 0.3, name="away"),
    ]


def _sign(draw: random.Random) -> Terms:
    """A negative potential on the way to success."""
    feature, target = draw.choice((("nearest_food_distance", "agent"), ("team_food_distance", "team")))
    return [_near(-draw.uniform(0.3, 1), draw.uniform(0.1, 0.6), feature=feature, target=target)]


def _taxed(draw: random.Random) -> Terms:
    """Success costs nearly all that it pays."""
    form = draw.choice(("penalty", "event", "potential"))
    term: dict[str, Any] = {
        "name": "tax",
        "form": form,
        "target": "team",
        "feature": draw.choice(("food_eaten", "field_cleared")),
        "weight": round(-draw.uniform(0.5, 1), 3),
    }
    return [term if form == "potential" else term | {"episode_cap": round(draw.uniform(0.5, 0.99), 3)}]


def _starved(draw: random.Random) -> Terms:
    """One agent is led away, and the other shares what that costs."""
    return [
        _near(-draw.uniform(0.4, 1), draw.uniform(0.1, 0.6), target="role", role="agent_0"),
        {"name": "mix", "form": "credit", "target": "agent", "credit": {"alpha": round(draw.uniform(0, 0.3), 3)}},
    ]


def _gated(draw: random.Random) -> Terms:
    """A potential whose gate opens where it does harm: after the meal, or far from the partner."""
    gate = draw.choice(
        (
            {"feature": "food_eaten", "comparison": "at_most", "value": 0},
            {"feature": "partner_distance", "aggregate": "max", "comparison": "at_least", "value": draw.choice((3, 5))},
        )
    )
    return [
        _near(
            draw.choice((-1, 1)) * draw.uniform(0.5, 1), draw.uniform(0.1, 1), target="team", aggregate="max", gate=gate
        )
    ]


def _wages(draw: random.Random) -> Terms:
    """Potentials of the last action, which are paid like a wage where the value net cannot see it."""
    feature, target = draw.choice(
        (("idle", "agent"), ("blocked", "agent"), ("loading", "agent"), ("joint_loading", "team"))
    )
    weight = draw.uniform(0.3, 1) * (-1 if feature in ("loading", "joint_loading") and draw.random() < 0.5 else 1)
    return [{"name": "wage", "form": "potential", "target": target, "feature": feature, "weight": round(weight, 3)}]


def _fear(draw: random.Random) -> Terms:
    """A penalty on what leads to success."""
    return [
        {
            "name": "fear",
            "form": "penalty",
            "target": "agent",
            "feature": draw.choice(("adjacent_to_food", "loading")),
            "weight": round(draw.uniform(0.05, 0.8), 3),
            "episode_cap": round(draw.uniform(0.3, 0.95), 3),
        }
    ]


def _wild(draw: random.Random) -> Terms:
    """What campaigns have promoted: an approach for each agent, with a wage and a bonus beside it, or without."""
    terms = [_near(draw.uniform(0.3, 1), draw.uniform(0.1, 0.5))]
    if draw.random() < 0.5:
        terms += [
            {"name": "wage", "form": "potential", "target": "team", "feature": "joint_loading", "weight": 0.5},
            {
                "name": "meal",
                "form": "event",
                "target": "team",
                "feature": "food_eaten",
                "weight": 0.13,
                "episode_cap": 0.13,
            },
        ]
    return terms


FAMILIES: Mapping[str, Callable[[random.Random], Terms]] = {
    "farming": _farming,
    "waiting": _waiting,
    "idling": _idling,
    "cancelling": _cancelling,
    "late": _late,
    "sign": _sign,
    "taxed": _taxed,
    "starved": _starved,
    "gated": _gated,
    "wages": _wages,
    "fear": _fear,
    "wild": _wild,
}
"""Families of configs, by name."""


def described(family: str) -> str:
    """What a family does, one sentence."""
    text = FAMILIES[family].__doc__
    assert text is not None
    return text


def interleaved(found: Sequence[Adversary]) -> list[Adversary]:
    """The first of every family, then the second of every family, and so on."""
    return sorted(found, key=lambda each: (each.number, list(FAMILIES).index(each.family)))

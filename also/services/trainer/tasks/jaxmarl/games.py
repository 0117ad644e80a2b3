"""From a layout to its rules, its compiled program and its card. A process keeps what it has traced and compiled."""

import functools
from dataclasses import dataclass
from typing import Any

import jax

from also.errors import TaskError
from also.services.trainer.tasks.cards.rules import check_card
from also.services.trainer.tasks.jaxmarl import kinds as jaxmarl_kinds
from also.services.trainer.tasks.jaxmarl.episode import Episode
from also.services.trainer.tasks.jaxmarl.kinds import Kind, bounds
from also.services.trainer.tasks.jaxmarl.layouts import JAXMARL, KITCHEN, NAVIGATION, PREDATOR_PREY, SMAX, Layout
from also.services.trainer.tasks.jaxmarl.numbers import PlainRules
from also.services.trainer.tasks.jaxmarl.program import Program
from also.services.trainer.tasks.jaxmarl.trials import describe_plain
from also.services.trainer.tasks.kitchen.task import KitchenRules
from also.services.trainer.tasks.navigation import NavigationRules
from also.services.trainer.tasks.predator_prey import PredatorPreyRules
from also.services.trainer.tasks.smax import SmaxRules
from also.v1 import task_pb2
from also.v1.task_pb2 import ActionSpace, TaskCard

_DECIDED = ("agents", "action_space", "observation_size", "state_size", "episode_limit")
"""Fields of a card that the environment decides."""


@dataclass(frozen=True, slots=True)
class Game:
    """What a task is played by."""

    card: TaskCard
    """Its card."""
    program: Program
    """Its program, of E environments."""
    measured: frozenset[str]
    """Features that may leave their ranges."""
    whole_numbers: bool
    """As of `VectorTask`."""


def card_of(layout: Layout) -> TaskCard:
    """The card of a layout, a new one each time; an environment that nobody has described is tried, once."""
    return TaskCard.FromString(_card_of(layout))


@functools.cache
def _card_of(layout: Layout) -> bytes:
    with _on_the_cpu():
        if layout.suite == JAXMARL:
            described = describe_plain(_kind(layout), layout.title, layout.text, jax.devices("cpu")[0])
            card = _completed(Episode(PlainRules(_kind(layout), described)))
        else:
            card = _completed(_curated(layout))
    check_card(card)
    return card.SerializeToString(deterministic=True)


@functools.cache
def _curated(layout: Layout) -> Episode:
    kind = _kind(layout)
    match layout.suite:
        case suite if suite == NAVIGATION:
            return Episode(NavigationRules(kind, layout))
        case suite if suite == PREDATOR_PREY:
            return Episode(PredatorPreyRules(kind, layout))
        case suite if suite == KITCHEN:
            return Episode(KitchenRules(kind, layout))
        case suite if suite == SMAX:
            return Episode(SmaxRules(kind, layout))
        case other:
            raise AssertionError(other)


def game_of(layout: Layout, card: TaskCard | None, environments: int, device: Any) -> Game:
    """What a layout is played by.

    Args:
        layout: the layout.
        card: what an earlier trial wrote, for a layout of `jaxmarl`; None tries it now.
        environments: E.
        device: of JAX's.

    Raises:
        TaskError: the environment does not fit the card.
    """
    known = card if card is not None and layout.suite == JAXMARL else card_of(layout)
    return _game(layout, known.SerializeToString(deterministic=True), environments, device)


@functools.cache
def _game(layout: Layout, card: bytes, environments: int, device: Any) -> Game:
    given = TaskCard.FromString(card)
    with _on_the_cpu():
        episode = _curated(layout) if layout.suite != JAXMARL else _plain(layout, card)
    program = Program(episode, environments=environments, device=device)
    return Game(given, program, episode.rules.measured, episode.rules.kind.whole_numbers)


@functools.cache
def _plain(layout: Layout, card: bytes) -> Episode:
    given = TaskCard.FromString(card)
    episode = Episode(PlainRules(_kind(layout), given))
    found = _completed(episode)
    for name in _DECIDED:
        if getattr(found, name) != getattr(given, name):
            told = [" ".join(str(getattr(each, name)).split()) for each in (given, found)]
            raise TaskError(
                f"task {layout.title!r} does not fit its card, which says {name} {told[0]}; it is {told[1]}"
            )
    return episode


@functools.cache
def _kind(layout: Layout) -> Kind:
    return jaxmarl_kinds.make(layout)


def _on_the_cpu() -> Any:
    """Tables of environments are made on the CPU; programs take them to where they run."""
    return jax.default_device(jax.devices("cpu")[0])


def _completed(episode: Episode) -> TaskCard:
    """A card with what the environment decides."""
    card, kind, seen = TaskCard(), episode.rules.kind, episode.play["seen"]
    card.CopyFrom(episode.rules.card)
    del card.agents[:]
    card.agents.extend(kind.agents)
    card.action_space.CopyFrom(_action_space(episode))
    card.observation_size = seen["observations"].shape[1]
    card.state_size = seen["state"].shape[0]
    card.episode_limit = kind.limit
    return card


def _action_space(episode: Episode) -> ActionSpace:
    kind = episode.rules.kind
    if episode.discrete:
        return ActionSpace(
            kind=task_pb2.ACTION_KIND_DISCRETE,
            size=episode.action_size,
            names=kind.action_names,
            idle=kind.idle,
            masked="masks" in episode.play["seen"],
        )
    low, high = bounds(kind.environment.action_space(kind.agents[0]))
    return ActionSpace(
        kind=task_pb2.ACTION_KIND_CONTINUOUS, size=episode.action_size, low=low.tolist(), high=high.tolist(), idle=-1
    )

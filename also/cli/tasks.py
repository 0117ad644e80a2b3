"""`also tasks`: which tasks there are, and the card of one."""

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from also import document, enums, limits
from also.campaign.calls import describe_task
from also.campaign.processes import Services
from also.cli.console import console
from also.cli.options import JsonOption, settings_with
from also.v1.task_pb2 import FeatureScope, Task, TaskCard, TellsOf

NATIVE = {
    "foraging/8x8-2p-2f-coop": "Level-Based Foraging: size, players, food, coop = every food needs all players",
    "foraging/10x10-3p-3f": "Level-Based Foraging: without coop some food can be loaded by fewer players",
}
"""Examples of native tasks by name."""

BY_IMPORT = "package.module:function"
"""How a PettingZoo Parallel environment is named."""


def tasks(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A task; left out: which ones there are.")] = None,
    json: JsonOption = False,
) -> None:
    """List tasks, or show a task's card."""
    output = console()
    if name is None:
        listed = Table("name", "what it is", box=box.SIMPLE_HEAD)
        for native, what in NATIVE.items():
            listed.add_row(native, what)
        listed.add_row(BY_IMPORT, "any PettingZoo Parallel environment, by a function that makes it")
        output.print(listed)
        return
    card = _describe(task_of(name))
    if json:
        print(document.canonical(card).decode())
        return
    _show(output, card)


def task_of(name: str) -> Task:
    """The task that a name means: "NAME/LAYOUT", or an import path.

    Raises:
        DocumentError: it is too long or empty.
    """
    native, _, layout = name.partition("/")
    task = Task(name=name) if ":" in name else Task(name=native, layout=layout)
    limits.fill_defaults(task)
    limits.check(task, "task")
    return task


def _describe(task: Task) -> TaskCard:
    settings = settings_with(None)
    with Services(settings, Path(settings.logs) / "tasks", print) as services:
        return describe_task(services, task)


def _show(output: Console, card: TaskCard) -> None:
    output.print(card.task, style="bold")
    output.print(card.description)
    output.print(
        f"{len(card.agents)} agents, {card.action_space.size} actions, observations of {card.observation_size}, "
        f"state of {card.state_size}, episodes of at most {card.episode_limit} env_steps, "
        f"returns up to {card.largest_return:g}",
        highlight=False,
    )
    features = Table(
        "feature", "scope", "tells of", "range", "unit", "what it is", title="features", box=box.SIMPLE_HEAD
    )
    for feature in card.features:
        scope = enums.short_name(FeatureScope.DESCRIPTOR, feature.scope)
        bounds = f"[{feature.minimum:g}, {feature.maximum:g}]"
        told = enums.short_name(TellsOf.DESCRIPTOR, feature.tells_of) if feature.tells_of else "unknown"
        features.add_row(feature.name, scope, told, bounds, feature.unit, feature.description)
    output.print(features)
    milestones = Table("milestone", "reached when", "agents", "what it is", title="milestones", box=box.SIMPLE_HEAD)
    for milestone in card.milestones:
        condition = f"{milestone.feature} >= {milestone.threshold:g}"
        milestones.add_row(milestone.name, condition, str(milestone.agents_needed), milestone.description)
    output.print(milestones)
    for note in card.notes:
        output.print(f"note: {note}", markup=False, highlight=False)

"""`also tasks`: which tasks there are, and the card of one."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from also import document, enums, limits
from also.campaign import spec
from also.campaign.calls import check_trainer, describe_task, list_tasks
from also.campaign.processes import Services
from also.cli.console import console
from also.cli.options import JsonOption, beside, settings_with
from also.cli.waiting import told
from also.errors import AlsoError, MemoryNeedError
from also.settings import Settings
from also.v1.task_pb2 import ActionKind, FeatureScope, Task, TaskCard, TellsOf
from also.v1.trainer_pb2 import ListTasksResponse
from also.words import counted

CAMPAIGN_FILES = (".yaml", ".yml")
"""How the name of a campaign file ends."""

BY_IMPORT = "package.module:function"
"""How a PettingZoo Parallel environment is named."""


def tasks(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A task, or the campaign file of one; left out: which ones there are."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """List tasks, or show a task's card."""
    output = console()
    if name is None:
        suites = _suites()
        if json:
            print(document.canonical(suites).decode())
        else:
            _list(output, suites)
        return
    file = Path(name) if Path(name).suffix in CAMPAIGN_FILES else None
    card, memory = _describe(task_of(name) if file is None else spec.load(file).task, file)
    if json:
        print(document.canonical(card).decode())
        return
    _show(output, card)
    if memory:
        output.print(f"with the settings of an empty campaign file, {memory}", soft_wrap=True)


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


def _suites() -> ListTasksResponse:
    """The native tasks, as the trainer knows them."""
    settings = settings_with(None)
    with _logs(settings) as logs, Services(settings, logs, print) as services, told("asking the trainer"):
        return list_tasks(services)


def _list(output: Console, response: ListTasksResponse) -> None:
    for suite in response.suites:
        missing = f"; needs pip install 'also-marl[{suite.missing_extra}]'" if suite.missing_extra else ""
        rows = [(f"{suite.name}/{layout.name}", layout.description) for layout in suite.layouts]
        output.print(_table(suite.description + missing, rows))
    brought = [(f"also run {name}", _trained(name)) for name in spec.brought()]
    output.print(_table(f"Campaigns that come with ALSO; `also run` alone takes {spec.DEFAULT!r}", brought))
    output.print(_table("Your own", [(BY_IMPORT, "any PettingZoo Parallel environment, by a function that makes it")]))


def _trained(name: str) -> str:
    """The task of a campaign that ALSO brings."""
    task = spec.load(Path(name)).task
    return f"{task.name}/{task.layout}" if task.layout else task.name


def _table(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    listed = Table("name", "what it is", title=escape(title), title_justify="left", box=box.SIMPLE_HEAD)
    for name, what in rows:
        listed.add_row(escape(name), escape(what))
    return listed


def _describe(task: Task, file: Path | None) -> tuple[TaskCard, str]:
    """A task's card, and what is to be said of the memory that the default learner takes with it."""
    settings = beside(file, settings_with(None))
    with (
        _logs(settings) as logs,
        Services(settings, logs, print) as services,
        told(f"trying {task.name}"),
    ):
        card = describe_task(services, task)
        campaign = spec.load(None)
        campaign.task.CopyFrom(task)
        try:
            return card, check_trainer(services, campaign.learner, campaign, card).memory
        except MemoryNeedError as error:
            return card, str(error)


@contextmanager
def _logs(settings: Settings) -> Iterator[Path]:
    """Folder for logs: where the environment says, else a temporary one, which stays only where an error names it."""
    if settings.logs != Settings().logs:
        yield Path(settings.logs) / "tasks"
        return
    folder = tempfile.mkdtemp(prefix="also-tasks-")
    named = False
    try:
        yield Path(folder)
    except AlsoError as error:
        named = folder in str(error)
        raise
    finally:
        if not named:
            shutil.rmtree(folder, ignore_errors=True)


def _show(output: Console, card: TaskCard) -> None:
    output.print(card.task, style="bold")
    output.print(card.description)
    output.print(
        f"{counted(len(card.agents), 'agent')}, {_actions(card)}, observations of {card.observation_size}, "
        f"state of {card.state_size}, episodes of at most {card.episode_limit} env_steps, "
        f"returns {_returns(card)}",
        highlight=False,
    )
    features = Table(
        "feature", "scope", "tells of", "range", "unit", "what it is", title="features", box=box.SIMPLE_HEAD
    )
    for feature in card.features:
        scope = enums.short_name(FeatureScope.DESCRIPTOR, feature.scope)
        bounds = f"[{feature.minimum:g}, {feature.maximum:g}]"
        tells = enums.short_name(TellsOf.DESCRIPTOR, feature.tells_of) if feature.tells_of else "unknown"
        features.add_row(feature.name, scope, tells, bounds, feature.unit, feature.description)
    output.print(features)
    milestones = Table("milestone", "reached when", "agents", "what it is", title="milestones", box=box.SIMPLE_HEAD)
    for milestone in card.milestones:
        condition = f"{milestone.feature} >= {milestone.threshold:g}"
        milestones.add_row(milestone.name, condition, str(milestone.agents_needed), milestone.description)
    output.print(milestones)
    for note in card.notes:
        output.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)


def _returns(card: TaskCard) -> str:
    """What returns there are, in words."""
    known = " as far as random play shows" if card.largest_measured else ""
    if card.HasField("baseline_return"):
        return f"from {card.baseline_return:g}, where a team achieves nothing, up to {card.largest_return:g}{known}"
    return f"up to {card.largest_return:g}{known}"


def _actions(card: TaskCard) -> str:
    """How an agent acts, in words."""
    if card.action_space.kind == ActionKind.ACTION_KIND_CONTINUOUS:
        return f"actions of {counted(card.action_space.size, 'number')}"
    return counted(card.action_space.size, "action")

"""The suites of tasks that ALSO brings, each named once: how a layout is described and opened, and which are published.

A suite whose packages are an extra names it: it is listed where they are missing too, and opening one of its tasks then
says what to install.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

from also.errors import TaskError
from also.services.trainer.tasks.foraging import layout as foraging_layout
from also.services.trainer.tasks.foraging.card import foraging_card
from also.services.trainer.tasks.foraging.task import Foraging
from also.services.trainer.tasks.jaxmarl import layouts as jaxmarl_layouts
from also.services.trainer.tasks.jaxmarl.task import JaxmarlTask, describe_jaxmarl
from also.services.trainer.tasks.vector_task import VectorTask
from also.services.trainer.tasks.warehouse import layout as warehouse_layout
from also.services.trainer.tasks.warehouse.card import warehouse_card
from also.services.trainer.tasks.warehouse.task import Warehouse
from also.v1.task_pb2 import TaskCard, TaskSuite


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """Tasks of one name, which differ by their layout."""

    name: str
    """What a campaign file calls it."""
    description: str
    """What it is, for people."""
    published: Mapping[str, str]
    """Layouts that people know by name, and the rule of names where there are more; what each is."""
    describe: Callable[[str], TaskCard]
    """Card of a layout; a TaskError where there is no such layout."""
    open: Callable[..., VectorTask]
    """Opens (layout, *, replicas, environments, device)."""
    measured: bool = False
    """Whether cards are measured in trials; then that of a campaign's journal holds, and `open` takes it as `card`."""
    modules: tuple[str, ...] = ()
    """Modules of other packages that it needs."""
    extra: str = ""
    """Extra of ALSO that brings them."""

    @property
    def missing_extra(self) -> str:
        """The extra, where one of the modules is not installed; else nothing."""
        return self.extra if any(find_spec(module) is None for module in self.modules) else ""

    def to_proto(self) -> TaskSuite:
        """The suite as it is listed."""
        return TaskSuite(
            name=self.name,
            description=self.description,
            layouts=[TaskSuite.Layout(name=name, description=text) for name, text in self.published.items()],
            missing_extra=self.missing_extra,
        )


_ALL = (
    Suite(
        name="foraging",
        description="Level-Based Foraging (lbforaging 2.0.0): agents with levels load food together",
        published=foraging_layout.PUBLISHED,
        describe=lambda layout: foraging_card(foraging_layout.parse_layout(layout)),
        open=Foraging,
    ),
    Suite(
        name="warehouse",
        description="Multi-Robot Warehouse (rware 2.0.0): agents bring requested shelves to goals, and put them back",
        published=warehouse_layout.PUBLISHED,
        describe=lambda layout: warehouse_card(warehouse_layout.parse_layout(layout)),
        open=Warehouse,
    ),
    *(
        Suite(
            name=name,
            description=text,
            published=jaxmarl_layouts.published(name),
            describe=partial(describe_jaxmarl, name),
            open=partial(JaxmarlTask, name),
            measured=name == jaxmarl_layouts.JAXMARL,
            modules=("jax", "jaxmarl"),
            extra="jaxmarl",
        )
        for name, text in jaxmarl_layouts.DESCRIPTIONS.items()
    ),
)

SUITES: Mapping[str, Suite] = {suite.name: suite for suite in _ALL}
"""All suites by name, in the order in which they are listed."""


def suite_of(name: str) -> Suite:
    """The suite of this name, once what it needs is there.

    Args:
        name: one of `SUITES`.

    Raises:
        TaskError: it needs an extra that is not installed.
    """
    suite = SUITES[name]
    if suite.missing_extra:
        raise TaskError(
            f"task {name!r} needs packages that are not installed: pip install 'also-marl[{suite.missing_extra}]'"
        )
    return suite

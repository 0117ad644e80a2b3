"""Each suite is named once, lists what is published, and says what it lacks."""

from dataclasses import replace

import pytest

from also import limits
from also.errors import TaskError
from also.services.trainer.tasks.cards.rules import check_card
from also.services.trainer.tasks.opening import describe, open_task
from also.services.trainer.tasks.suites import SUITES, Suite
from also.v1.task_pb2 import Task

PUBLISHED = [
    pytest.param(suite.name, layout, marks=pytest.mark.slow if suite.measured else ())
    for suite in SUITES.values()
    if not suite.modules  # those of JaxMARL are compiled, and have tests of their own
    for layout in suite.published
    if "[" not in layout
]
"""Every published name of a native task, without the rules of names."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "layout"), PUBLISHED, ids=lambda name: name)
def test_every_published_name_resolves(name: str, layout: str) -> None:
    """It has a valid card of its own name, and opens with the agents and sizes of its card."""
    card = describe(Task(name=name, layout=layout))
    check_card(card)
    assert card.task == f"{name}/{layout}"
    task = open_task(Task(name=name, layout=layout), replicas=1, environments=2)
    view = task.view()
    assert view.observations.shape == (1, 2, len(card.agents), card.observation_size)
    assert view.state.shape == (1, 2, card.state_size)
    task.close()


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_what_is_listed_is_within_the_contract(suite: Suite) -> None:
    """Names and texts of every suite fit the message they travel in."""
    limits.check(suite.to_proto())


def test_a_suite_whose_packages_are_missing_names_the_extra() -> None:
    """It is listed with what to install; where all is there, nothing is said."""
    there = replace(SUITES["foraging"], modules=("torch",), extra="arcade")
    assert there.to_proto().missing_extra == ""
    lacking = replace(there, modules=("torch", "no_such_module_here"))
    assert lacking.to_proto().missing_extra == "arcade"


def test_an_unknown_task_is_told_which_there_are() -> None:
    """One clear error lists the suites, and how any other task is named."""
    with pytest.raises(TaskError, match="there is no task 'chess'; there are foraging, warehouse, navigation"):
        describe(Task(name="chess", layout="8x8"))


@pytest.mark.parametrize("given", [{"python": "venv/bin/python"}, {"unseeded": True}, {"environments_per_process": 1}])
def test_what_only_import_path_tasks_have_is_refused(given: dict) -> None:
    """Nothing in a campaign file is without effect."""
    (name,) = given
    with pytest.raises(TaskError, match=f"task 'foraging' has {name} .*; only import-path tasks have it"):
        describe(Task(name="foraging", layout="8x8-2p-2f-coop", **given))

"""What is wrong with a user's environment is said in one line that names its import path."""

import re
from pathlib import Path

import pytest

from also.errors import TaskError
from also.services.trainer.tasks.import_path import check_import_path
from also.services.trainer.tasks.opening import describe, open_task
from also.services.trainer.tasks.parallel.build import open_environment
from also.services.trainer.tasks.parallel.card import inspect
from also.services.trainer.tasks.parallel.lanes import Worker
from also.v1.task_pb2 import Scalar, Task

BROKEN = {
    "nothing": "module 'small_environments' has no attribute 'nothing'",
    "NUMBER": "module 'small_environments' has no function 'NUMBER'",
    "raises": r"raises\(\) raised ValueError: seven apples$",
    "no_environment": "returned a dict, which is no PettingZoo Parallel environment: it has no reset, step, ",
    "aec": "returned an AEC environment, not a Parallel one",
    "nobody": "possible_agents is missing or empty",
    "mixed_actions": "have Discrete and Box action spaces; one kind for all is needed",
    "unbounded_actions": "agent 'walker_0': its action space .* has infinite bounds",
    "several_choices": "agent 'walker_0': its action space is MultiDiscrete; Discrete and Box are allowed",
    "text_observations": "agent 'walker_0': its observation space Graph cannot be a vector",
    "no_space": "agent 'walker_0': its observation space is a NoneType",
    "short_reset": r"reset\(\) must return two dicts",
    "seedless_reset": r"reset\(seed=\d+\) raised TypeError: .*unexpected keyword argument 'seed'",
    "missing_agent": r"reset\(\) returned no observation for agent 'walker_0'",
    "short_step": r"step\(\) must return five dicts",
    "raising_step": r"step\(\) raised ZeroDivisionError: division by zero",
    "infinite_reward": "reward inf for agent 'walker_0'; a finite number is expected",
    "text_reward": "reward 'much' for agent 'walker_0'",
    "wide_observation": "observation of agent 'walker_0' that does not fit its space .* 2 finite numbers",
    "infinite_observation": "observation of agent 'walker_0' that does not fit its space",
    "lingering_agents": r"after step\(\) its agents are \['walker_0', 'walker_1'\], but .* are \[\]",
    "unseeded": "two episodes with the same seed and the same actions differ",
    "listed_features": r"features\(\) returned a list; a dict is expected",
    "misshapen_feature": r"features\(\) returned shape \(5,\) for 'cell'; .* \(2,\) for agents",
    "infinite_feature": "not finite for 'cell'",
    "text_feature": "returned 'left' for 'cell'; numbers are expected",
    "changing_features": "returned feature_1 after feature_0; names may not change",
    "reserved_feature": "feature 'episode_return' is built in",
    "listed_card": r"task_card\(\): TaskCard is a list; a mapping is expected",
    "misspelt_card": r"task_card\(\): unknown key 'smalest_return'",
    "card_with_agents": r"task_card\(\) sets agents, which the environment decides",
    "card_with_unknown_feature": r"lists feature 'hunger', but features\(\) returned no such name",
    "card_with_narrow_range": r"feature 'cell' was in \[.*\] in a trial episode; its task_card\(\) says \[0, 0.5\]",
    "card_with_other_scope": "gives feature 'cell' another scope than its shape has",
    "card_with_unknown_milestone": "milestone 'fed' names feature 'hunger'; the card has: cell, home, gap",
    "card_with_far_role": "role 'leader' names agent 2; allowed are 0 to 1",
    "card_with_returns_reversed": "smallest_return 2 and largest_return 1",
    "card_with_four_actions": "names 4 actions; there are 3",
    "card_with_action_bounds": "of action_space only names and idle may be set",
}
"""Function of `small_environments`, and what is said of it."""


@pytest.mark.slow
@pytest.mark.parametrize(("function", "message"), BROKEN.items(), ids=BROKEN.keys())
def test_a_broken_environment_is_refused(function: str, message: str, small_environments: None) -> None:
    """The error names the import path and what is wrong."""
    task = Task(name=f"small_environments:{function}")
    with pytest.raises(TaskError, match=message) as caught:
        inspect(task, open_environment(task))
    assert task.name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "there is no module 'their_module' in the current folder"),
        ("import a_package_that_nobody_has", "importing 'their_module' raised ModuleNotFoundError: No module named"),
        ("raise RuntimeError('no display')", "importing 'their_module' raised RuntimeError: no display"),
        ("def make_env(:", "importing 'their_module' raised SyntaxError"),
        ("import sys; sys.exit(3)", "importing 'their_module' raised SystemExit: 3"),
    ],
    ids=["missing", "needs another", "raises", "no Python", "exits"],
)
def test_a_module_that_cannot_be_imported_is_refused(
    source: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen from the trainer, with the worker in between; the current folder is searched."""
    if source is not None:
        (tmp_path / "their_module.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TaskError, match=message):
        describe(Task(name="their_module:make_env"))


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (
            Task(name="chess"),
            "there is no task 'chess'; there are foraging, warehouse, navigation, ",
        ),
        (Task(name="foraging"), "layout '' of task 'foraging' is not allowed"),
        (Task(name="foraging", layout="8x8-2p-2f", arguments={"a": Scalar(number=1)}), r"has arguments \(a\)"),
        (Task(name="a.b:c", layout="8x8-2p-2f"), "has layout '8x8-2p-2f'; only native tasks have layouts"),
        (Task(name="a-b:c"), "'a-b:c' is not an import path"),
        (Task(name="a:b:c"), "'a:b:c' is not an import path"),
    ],
)
def test_a_task_that_does_not_exist_is_refused(task: Task, message: str) -> None:
    """The error says what there is."""
    with pytest.raises(TaskError, match=message):
        describe(task)
    with pytest.raises(TaskError, match=message):
        open_task(task, replicas=1, environments=1)


def test_arguments_that_a_function_does_not_take_are_refused(small_environments: None) -> None:
    """The function's own complaint is passed on."""
    task = Task(name="small_environments:line", arguments={"hurry": Scalar(flag=True)})
    with pytest.raises(TaskError, match=r"line\(\) raised TypeError: .*unexpected keyword argument 'hurry'"):
        open_environment(task)


@pytest.mark.parametrize("name", ["small_environments.py:line", "folder/small_environments.py:line"])
def test_a_file_is_no_module(name):
    """The error says how it is written."""
    with pytest.raises(TaskError, match=r"names a file; its module is expected, without .py: '(folder\.)?small_env"):
        check_import_path(name)


def test_a_fault_of_also_is_not_blamed_on_the_environment() -> None:
    """What ALSO's own code raises is told as its own, with the line, whatever user code was called last."""
    reply = Worker(-1).answer("dance", {"name": "small_environments:line"})
    assert re.match(
        r"task 'small_environments:line': after .+ ALSO itself raised ValueError: unknown command 'dance', at "
        r".*parallel/lanes.py:\d+ in _do: a fault of ALSO's, not of the environment",
        reply["error"],
    )

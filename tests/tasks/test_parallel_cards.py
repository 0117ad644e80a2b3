"""A card is measured once: kept while its sources stay, given to every process, compared with what is there."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from also import seeds
from also.campaign.journal import Journal
from also.errors import TaskError
from also.services.trainer import checkpoint
from also.services.trainer.tasks.cards import cache as card_cache
from also.services.trainer.tasks.opening import describe, open_task
from also.settings import child_environment
from also.store import open_store
from also.v1.task_pb2 import Scalar, Task, TaskCard

pytestmark = pytest.mark.slow

SOURCE = """
from pathlib import Path

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

SIZE = 2


class Told(ParallelEnv):
    metadata = {{"name": "told"}}

    def __init__(self, agents, map):
        self.possible_agents = [f"agent_{{number}}" for number in range(agents)]
        self.width = int(Path(map).read_text())

    def observation_space(self, agent):
        return spaces.Box(0, self.width, (SIZE,))

    def action_space(self, agent):
        return spaces.Discrete(3)

    def state(self):
        return np.full({state}, self.time, np.float32)

    def reset(self, seed=None, options=None):
        with Path("resets.txt").open("a") as file:
            file.write(f"{{seed}}\\n")
        self.agents, self.time = list(self.possible_agents), 0
        self.generator = np.random.default_rng(seed)
        return self.seen(), {{agent: {{}} for agent in self.agents}}

    def seen(self):
        return {{agent: self.generator.uniform(0, self.width, SIZE) for agent in self.possible_agents}}

    def step(self, actions):
        acting, self.time = self.agents, self.time + 1
        over = self.time >= 50
        self.agents = [] if over else acting
        never, now = dict.fromkeys(acting, False), dict.fromkeys(acting, over)
        return self.seen(), dict.fromkeys(acting, float(over)), never, now, {{agent: {{}} for agent in acting}}


def make_env(agents=2, map="map.txt"):
    return Told(agents, map)
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes a user's module and its map into the current folder; the cache is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "map.txt").write_text("5")

    def write(state: int = 3, more: str = "") -> None:
        (tmp_path / "told.py").write_text(SOURCE.format(state=state) + more)

    write()
    return write


@pytest.fixture
def resets(written: Callable[..., None], tmp_path: Path) -> Iterator[Callable[[], int]]:
    """Resets of the environment since the last call."""
    told = 0

    def since() -> int:
        nonlocal told
        file = tmp_path / "resets.txt"
        before, told = told, len(file.read_text().split()) if file.exists() else 0
        return told - before

    return since


def task(**arguments: float) -> Task:
    return Task(
        name="told:make_env",
        workers=1,
        arguments={name: Scalar(number=number) for name, number in arguments.items()},
    )


def entries(folder: Path) -> list[Path]:
    return list((folder / "cache" / "also" / "cards").iterdir())


def test_a_trial_is_made_once(resets: Callable[[], int]) -> None:
    """The second time the card is found, whatever the number of workers."""
    first = describe(task())
    assert resets() > 3
    other = task()
    other.workers = 4
    assert describe(task()) == describe(other) == first
    assert resets() == 0


def test_a_task_of_another_interpreter_is_tried_once(
    written: Callable[..., None], resets: Callable[[], int], tmp_path: Path
) -> None:
    """Its interpreter, and the modules and files that are read there, are what its trial rests on."""
    there = task()
    there.python = sys.executable
    first = describe(there)
    assert resets() > 3
    assert describe(there) == first
    assert resets() == 0
    files = json.loads(entries(tmp_path)[0].read_bytes())["files"]
    assert {sys.executable, str(tmp_path / "told.py"), str(tmp_path / "map.txt")} <= files.keys()
    written(state=4)
    assert describe(there).state_size == 4
    (tmp_path / "map.txt").write_text("7 ")
    resets()
    describe(there)
    assert resets() > 3


def test_another_task_is_tried_for_itself(resets: Callable[[], int]) -> None:
    """Its arguments belong to it."""
    describe(task())
    resets()
    assert len(describe(task(agents=3)).agents) == 3
    assert resets() > 3


@pytest.mark.parametrize("changed", ["module", "map", "time alone"])
def test_an_edited_environment_is_tried_again(
    changed: str, resets: Callable[[], int], written: Callable[..., None], tmp_path: Path
) -> None:
    """Its module and the files that it reads count."""
    before = describe(task())
    resets()
    match changed:
        case "module":
            written(more="\n\nSIZE = 4\n")
        case "map":
            (tmp_path / "map.txt").write_text("7")
        case _:
            os.utime(tmp_path / "told.py", ns=(10**18, 10**18))
    after = describe(task())
    assert resets() > 3
    assert (after.observation_size == 4) == (changed == "module")
    assert (after.features[0].maximum == 7) == (changed == "map")
    assert (after == before) == (changed == "time alone")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"files": {}}', b'{"card": {"task": 3}, "files": {}}', b"\xff"]
)
def test_a_damaged_entry_is_as_good_as_none(content: bytes, resets: Callable[[], int], tmp_path: Path) -> None:
    """The task is tried again, and the entry replaced."""
    first = describe(task())
    (entry,) = entries(tmp_path)
    whole = json.loads(entry.read_bytes())
    entry.write_bytes(content)
    resets()
    assert describe(task()) == first
    assert resets() > 3
    assert json.loads(entry.read_bytes())["card"] == whole["card"]


def test_a_cache_that_cannot_be_written_is_no_error(resets: Callable[[], int], tmp_path: Path) -> None:
    """A card is then measured each time."""
    (tmp_path / "cache").write_text("a file where a folder should be")
    assert describe(task()) == describe(task())
    assert resets() >= 80  # both times


def test_what_is_refused_is_not_kept(written: Callable[..., None], tmp_path: Path) -> None:
    """An error is found again by a trial."""
    written(more="\n\ndef make_env():\n    raise ValueError('no')\n")
    for _ in range(2):
        with pytest.raises(TaskError, match="raised ValueError: no"):
            describe(task())
    assert not (tmp_path / "cache").exists()


def test_a_given_card_spares_the_trial(resets: Callable[[], int], tmp_path: Path) -> None:
    """Each lane is reset once, and nothing else; the cache is not asked."""
    card = describe(task())
    for entry in entries(tmp_path):
        entry.unlink()
    resets()
    opened = open_task(task(), replicas=1, environments=2, card=card)
    try:
        opened.reset(torch.zeros(1, 2, dtype=torch.int64))
    finally:
        opened.close()
    assert opened.card == card
    assert resets() == 2


def test_a_card_of_an_older_journal_stays_as_it_is(resets: Callable[[], int]) -> None:
    """It does not say whether actions need a mask, which is found out; checkpoints fit both."""
    from also.v1.campaign_pb2 import Campaign

    newer = describe(task())
    older = TaskCard()
    older.CopyFrom(newer)
    older.action_space.ClearField("masked")
    opened = open_task(task(), replicas=1, environments=1, card=older)
    opened.close()
    assert opened.card == older
    assert checkpoint.learner_hash(Campaign(), older) == checkpoint.learner_hash(Campaign(), newer)


def changed_card(card: TaskCard, field: str) -> TaskCard:
    """The card with one field of another value."""
    other = TaskCard()
    other.CopyFrom(card)
    match field:
        case "agents":
            other.agents[1] = "somebody"
        case "observation_size":
            other.observation_size = 7
        case "action_space.size":
            other.action_space.size = 5
        case "action_space.kind":
            other.action_space.kind = 2
        case "features()":
            other.features[0].name = "hunger"
        case "state_size":
            other.state_size = 9
    return other


@pytest.mark.parametrize(
    ("field", "found", "expected"),
    [
        ("agents", "agent_0', 'agent_1", "somebody"),
        ("observation_size", "2", "7"),
        ("action_space.size", "3", "5"),
        ("action_space.kind", "discrete", "continuous"),
        ("features()", "missing", "there, and gives hunger"),
    ],
)
def test_an_environment_that_does_not_fit_the_card_is_refused(
    field: str, found: str, expected: str, written: Callable[..., None]
) -> None:
    """The error names the field, what is there and what the card says."""
    card = changed_card(describe(task()), field)
    with pytest.raises(TaskError, match=rf"its {field.replace('(', '.').replace(')', '.')} is .*{found}.*") as caught:
        opened = open_task(task(), replicas=1, environments=1, card=card)
        try:
            opened.reset(torch.zeros(1, 1, dtype=torch.int64))
        finally:
            opened.close()
    assert expected in str(caught.value).split("card says")[1]
    assert "begin another campaign" in str(caught.value)


def test_a_state_of_another_size_is_refused(written: Callable[..., None]) -> None:
    """At the first one that is read: `state()` need not work before a reset."""
    card = changed_card(describe(task()), "state_size")
    opened = open_task(task(), replicas=1, environments=1, card=card)
    try:
        with pytest.raises(
            TaskError, match=r"state\(\) returned 3 numbers; the campaign's card says 9, its state_size"
        ):
            opened.reset(torch.zeros(1, 1, dtype=torch.int64))
    finally:
        opened.close()


def test_what_a_trial_rests_on_is_found_by_name(written: Callable[..., None], tmp_path: Path) -> None:
    """The module, the map, and ALSO's own; not what the environment writes."""
    describe(task())
    (entry,) = entries(tmp_path)
    files = json.loads(entry.read_bytes())["files"]
    assert {str(tmp_path / "told.py"), str(tmp_path / "map.txt")} <= files.keys()
    assert any(path.endswith("parallel/trials.py") for path in files)
    assert not any("resets.txt" in path or "__pycache__" in path for path in files)
    assert card_cache.find(task()) is not None


CAMPAIGN = """
task: {name: "told:make_env", workers: 2}
learner: {environments: 4, rollout: 25, hidden: 8}
stages: {count: 2, env_steps: 200}
evaluation: {episodes: 4, report_episodes: 4}
reference: {enabled: true}
"""


def test_a_whole_campaign_tries_its_task_once(written: Callable[..., None], tmp_path: Path) -> None:
    """Two stages, their evidence, the reference and the reports: one trial, by the seed that its episodes have."""
    (tmp_path / "once.yaml").write_text(CAMPAIGN)
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "also", "run", "once.yaml"]
    subprocess.run(command, check=True, env=child_environment(PYTHONPATH=root), stdout=subprocess.DEVNULL)
    resets = (tmp_path / "resets.txt").read_text().split()
    first = str(seeds.derive(0, "trial", 0) % 2**31)
    assert 1 <= resets.count(first) <= 4  # an episode is played twice, or beside another object
    assert len(resets) < 200
    assert Journal(open_store(str(tmp_path / "also-data" / "store")), "once").records[0].started.card == describe(
        task()
    )

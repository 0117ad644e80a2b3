"""PettingZoo environments as a task: what goes in and comes out, and what becomes of the workers."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from torch import Tensor

from also import log
from also.errors import ServiceUnavailable, TaskError
from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import open_task
from also.services.trainer.tasks.parallel.task import ParallelTask
from also.v1.task_pb2 import Scalar, Task

Opener = Callable[..., ParallelTask]

SEED_LIMIT = 2**31


@pytest.fixture
def opened(small_environments: None) -> Iterator[Opener]:
    """Opens tasks of `small_environments`, and closes them."""
    tasks: list[ParallelTask] = []

    def opener(function: str, *, replicas: int = 1, environments: int = 1, workers: int = 1, **given: float | str):
        arguments = {
            name: Scalar(text=value) if isinstance(value, str) else Scalar(number=value)
            for name, value in given.items()
        }
        task = Task(name=f"small_environments:{function}", arguments=arguments, workers=workers)
        tasks.append(open_task(task, replicas=replicas, environments=environments))
        return tasks[-1]

    yield opener
    for task in tasks:
        task.close()


def keys(replicas: int, environments: int) -> Tensor:
    """Keys of lanes; a lane's key is the same in every shape that has it."""
    return mix(torch.arange(replicas).unsqueeze(1) * 1000 + torch.arange(environments), 4)


def play(task: ParallelTask, actions: Tensor, names: tuple[str, ...] = ()) -> list[Tensor]:
    """Step, begin new episodes where some end, and return all that was seen; actions is (T, R, E, A)."""
    seen = []
    for action in actions:
        outcome = task.step(action)
        seen += [outcome.reward, outcome.terminated, outcome.truncated, *task.features(names).values()]
        task.restart(outcome.terminated | outcome.truncated)
        view = task.view()
        seen += [view.observations, view.state, *task.features(names).values()]
    return seen


def walks(steps: int, replicas: int, environments: int, agents: int = 2) -> Tensor:
    """Random actions, mostly to the left, (T, R, E, A)."""
    shape = (steps, replicas, environments, agents)
    return torch.randint(0, 3, shape, generator=torch.Generator().manual_seed(1)).clamp(max=1)


@pytest.mark.slow
def test_lanes_are_the_environments_played_alone(opened: Opener, small_environments: None) -> None:
    """Each lane equals the user's environment, reset with the lane's seeds and given the lane's actions."""
    import small_environments as module

    task = opened("described_line", replicas=2, environments=3, workers=2)
    lanes, actions = keys(2, 3), walks(20, 2, 3)
    task.reset(lanes)
    alone = [[module.described_line() for _ in range(3)] for _ in range(2)]
    episode = torch.zeros_like(lanes)
    for r, e in np.ndindex(2, 3):
        alone[r][e].reset(seed=int(mix(lanes, episode)[r, e]) % SEED_LIMIT)
    ended = 0
    for action in actions:
        outcome, view = task.step(action), task.view()
        found = task.features(("cell", "gap", "home"))
        for r, e in np.ndindex(2, 3):
            env = alone[r][e]
            observations, rewards, terminations, truncations, _ = env.step(
                dict(zip(env.agents, action[r, e].tolist(), strict=True))
            )
            assert torch.equal(view.observations[r, e], torch.tensor(np.stack(list(observations.values()))))
            assert outcome.reward[r, e] == np.mean(list(rewards.values()))
            assert outcome.terminated[r, e] == all(terminations.values())
            assert outcome.truncated[r, e] == all(truncations.values())
            assert {name: found[name][r, e].tolist() for name in found} == {
                name: np.asarray(value).tolist() for name, value in env.features().items()
            }
        done = outcome.terminated | outcome.truncated
        task.restart(done)
        episode += done
        ended += int(done.sum())
        for r, e in done.nonzero().tolist():
            alone[r][e].reset(seed=int(mix(lanes, episode)[r, e]) % SEED_LIMIT)
    assert ended > 12


@pytest.mark.slow
def test_features_of_many_moments_are_those_that_each_state_had(opened: Opener) -> None:
    """Told at once afterwards, though the lanes have moved on."""
    task, names = opened("described_line", replicas=2, environments=3, workers=2), ("cell", "gap")
    task.reset(keys(2, 3))
    moments, seen = [], []
    for action in walks(8, 2, 3):
        outcome = task.step(action)
        moments.append(task.moment(names))
        seen.append(task.features(names))
        task.restart(outcome.terminated | outcome.truncated)
    found = task.features_at(moments, names)
    assert list(found) == list(names)
    for name in names:
        assert torch.equal(found[name], torch.stack([features[name] for features in seen], dim=1)), name


@pytest.mark.slow
def test_what_a_replica_sees_does_not_depend_on_batch_or_workers(opened: Opener) -> None:
    """One replica of a batch, in three workers, is the same replica alone in one."""
    batch = opened("described_line", replicas=3, environments=2, workers=3)
    single = opened("described_line", replicas=1, environments=2, workers=1)
    actions = walks(15, 3, 2)
    batch.reset(keys(3, 2))
    single.reset(keys(3, 2)[1:2])
    names = tuple(feature.name for feature in batch.card.features)
    for theirs, ours in zip(play(batch, actions, names), play(single, actions[:, 1:2], names), strict=True):
        assert torch.equal(theirs[1], ours[0])


@pytest.mark.slow
def test_a_loaded_state_agrees_with_the_live_task_that_loads_its_own(opened: Opener) -> None:
    """Environments cannot be copied, so both begin the next episode of every lane."""
    live, restored = (opened("line", replicas=2, environments=2) for _ in range(2))
    live.reset(keys(2, 2))
    play(live, walks(9, 2, 2))
    state = {name: tensor.clone() for name, tensor in live.state_dict().items()}
    assert not live.copies_state
    assert all(tensor.shape[0] == 2 for tensor in state.values())
    live.load_state_dict(live.state_dict())
    restored.load_state_dict(state)
    assert torch.equal(live.state_dict()["episode"], state["episode"] + 1)
    assert torch.equal(live.view().observations, restored.view().observations)
    for first, second in zip(play(live, walks(9, 2, 2)), play(restored, walks(9, 2, 2)), strict=True):
        assert torch.equal(first, second)


@pytest.mark.slow
def test_what_was_seen_is_not_overwritten(opened: Opener) -> None:
    """Views, outcomes and features are copies of the shared memory."""
    task = opened("described_line")
    task.reset(keys(1, 1))
    before = [task.view().observations, task.features(("cell",))["cell"]]
    kept = [tensor.clone() for tensor in before]
    task.step(torch.ones(1, 1, 2, dtype=torch.int64))
    assert all(torch.equal(first, second) for first, second in zip(before, kept, strict=True))
    assert not torch.equal(task.view().observations, before[0])


@pytest.mark.slow
def test_an_episode_that_is_over_waits_for_its_restart(opened: Opener) -> None:
    """Further env_steps pay nothing and change nothing there."""
    task = opened("line", limit=2)
    task.reset(keys(1, 1))
    stay = torch.zeros(1, 1, 2, dtype=torch.int64)
    ends = [task.step(stay) for _ in range(4)]
    assert [end.truncated.item() for end in ends] == [False, True, True, True]
    assert ends[3].reward.item() == 0
    task.restart(torch.ones(1, 1, dtype=torch.bool))
    assert not task.step(stay).truncated.item()


@pytest.mark.slow
def test_agents_are_padded_masked_and_may_leave(opened: Opener) -> None:
    """Observations are flattened and padded; masks are the environment's; who has left sees zeros and may idle."""
    task = opened("uneven")
    assert task.card.observation_size == 7
    assert (task.card.action_space.size, task.card.action_space.idle) == (4, -1)
    task.reset(keys(1, 1))
    view = task.view()
    observations, mask = view.observations[0, 0], view.action_mask[0, 0]
    assert observations[0, :5].sum() == 1
    assert observations[0, 5].item() > 0
    assert observations[1, :5].tolist()[:2] == [1, 0]
    assert observations[1, 2:4].tolist() == [0, 1]
    assert (observations[2, 1:] == 0).all()
    assert mask.tolist() == [[True, True, False, False], [False, True, False, False], [True, False, False, False]]
    stay = torch.tensor([[[0, 1, 0]]])
    first = task.step(stay)
    assert first.reward.item() == pytest.approx((0 + 1 + 2) / 3)
    task.step(stay)
    view = task.view()
    assert (view.observations[0, 0, 1] == 0).all()
    assert view.action_mask[0, 0, 1].tolist() == [True, False, False, False]
    third = task.step(stay)
    assert third.reward.item() == pytest.approx(1 / 3)
    assert not (third.terminated | third.truncated).item()


@pytest.mark.slow
def test_a_mask_holds_for_the_env_step_that_it_was_given_for(opened: Opener) -> None:
    """Without one everything is allowed again, to who is there; a new episode begins with all of that."""
    task = opened("gated")
    free, only_left, idle = [True, True, True], [False, True, False], [True, False, False]
    stay = torch.zeros(1, 1, 2, dtype=torch.int64)
    for _ in range(2):
        task.reset(keys(1, 1))
        seen = [task.view().action_mask[0, 0].tolist()]
        for _ in range(5):
            task.step(stay)
            seen.append(task.view().action_mask[0, 0].tolist())
        walker_0, walker_1 = zip(*seen, strict=True)
        assert list(walker_0) == [free, only_left, free, only_left, idle, idle]
        assert list(walker_1) == [free] * 6


def test_discrete_actions_begin_where_the_space_does(small_environments: None) -> None:
    """Choice k of a Discrete space with a start is start + k."""
    from also.services.trainer.tasks.parallel.build import open_environment

    environment = open_environment(Task(name="small_environments:uneven"))
    environment.reset(1)
    environment.step(np.array([2, 1, 3]))
    assert environment._object.env.given == [{"walker_0": 12, "walker_1": 1, "walker_2": 3}]


@pytest.mark.slow
def test_continuous_actions_are_cut_to_each_agents_bounds(opened: Opener, small_environments: None) -> None:
    """The card has the widest bounds; an agent takes as many numbers as it needs, in its own shape."""
    from also.services.trainer.tasks.parallel.build import open_environment

    task = opened("gliding")
    space = task.card.action_space
    assert (list(space.low), list(space.high), space.size) == ([-1, 0], [2, 1], 2)
    assert task.card.state_size == 2
    assert task.view().action_mask is None
    task.reset(keys(1, 1))
    assert task.step(torch.full((1, 1, 2, 2), 9.0)).reward.item() == 0

    environment = open_environment(Task(name="small_environments:gliding"))
    environment.reset(1)
    environment.step(np.full((2, 2), 9.0, np.float32))
    first, second = environment._object.env.given[0].values()
    assert (first.tolist(), second.tolist()) == ([2.0], [[1.0], [1.0]])
    assert second.dtype == np.float64


@pytest.mark.slow
def test_an_undescribed_environment_has_a_measured_card(opened: Opener) -> None:
    """Features are parts of the observations; the time limit and returns are what the trials had."""
    task = opened("line")
    assert [feature.name for feature in task.card.features] == ["observation_0", "observation_1", "episode_return"]
    assert [(feature.minimum, feature.maximum) for feature in task.card.features][:2] == [(0, 4), (0, 4)]
    assert task.card.episode_limit == 6
    assert [milestone.name for milestone in task.card.milestones] == ["positive_return"]
    assert task.card.smallest_return == task.card.largest_return == 1
    assert task.card.state_size == 2 * task.card.observation_size


@pytest.mark.slow
def test_a_described_environment_has_its_authors_card(opened: Opener) -> None:
    """What the author says stands; what is left out is measured; the return is a feature always."""
    card = opened("described_line", agents=3).card
    assert card.task == "small_environments:described_line(agents=3)"
    assert card.description == "Walk to cell 0."
    assert [feature.name for feature in card.features] == ["cell", "home", "gap", "episode_return"]
    assert card.features[1].maximum == 3
    assert card.features[2].maximum > 0
    assert (card.action_space.idle, list(card.action_space.names)) == (0, ["stay", "left", "right"])
    assert card.roles[0].name == "leader"


@pytest.mark.slow
def test_one_agent_is_a_team_too(opened: Opener) -> None:
    """Its pair features have nobody to speak of, and still a range."""
    task = opened("described_line", agents=1)
    task.reset(keys(1, 1))
    assert task.features(("gap",))["gap"].shape == (1, 1, 1, 1)


@pytest.mark.slow
def test_an_environment_without_end_is_truncated(small_environments: None) -> None:
    """After 1000 env_steps where nobody sets a limit; the return so far is a feature, cut to its range."""
    from also.services.trainer.tasks.parallel.build import open_environment
    from also.services.trainer.tasks.parallel.card import inspect

    task = Task(name="small_environments:endless")
    environment = open_environment(task)
    card = inspect(task, environment)
    assert card.episode_limit == 1000
    assert environment.truncated
    assert environment.episode_return == pytest.approx(1000 * 0.25 / 2)
    assert card.largest_return == environment.episode_return
    assert card.features[-1].maximum == card.largest_return


@pytest.mark.slow
def test_the_return_so_far_is_a_feature(opened: Opener) -> None:
    """It begins at 0 with every episode."""
    task = opened("endless")
    task.reset(keys(1, 1))
    stay = torch.zeros(1, 1, 2, dtype=torch.int64)
    found = []
    for _ in range(3):
        task.step(stay)
        found.append(task.features(("episode_return",))["episode_return"].item())
    assert found == [0.125, 0.25, 0.375]
    task.restart(torch.ones(1, 1, dtype=torch.bool))
    assert task.features(("episode_return",))["episode_return"].item() == 0


@pytest.mark.slow
def test_an_unknown_feature_is_an_error(opened: Opener) -> None:
    """It lists the known ones."""
    with pytest.raises(TaskError, match="has no feature 'hunger'; it has: observation_0, "):
        opened("line").features(("hunger",))


@pytest.mark.slow
def test_what_user_code_prints_is_quoted_in_a_log_of_lines(opened: Opener, told) -> None:
    """Where its workers have no files of their own: line by line, so that none can be taken for one of ours."""
    with log.prepared("test"):
        opened("printing")
    assert {"event": "WorkerSaid", "worker": 0, "text": "printed by user code"} in told()


@pytest.mark.slow
def test_what_user_code_prints_stays_out_of_standard_output(opened: Opener, capfd: pytest.CaptureFixture) -> None:
    """It goes to the log: standard output is for progress."""
    opened("printing")
    out, err = capfd.readouterr()
    assert "printed by user code" in err
    assert out == ""


@pytest.mark.slow
def test_an_environment_that_fails_later_is_an_input_error(opened: Opener, tmp_path: Path) -> None:
    """All workers answer before the error is raised, so none is left in the middle of a step."""
    marker = tmp_path / "worn"
    task = opened("failing_later", environments=4, workers=2, marker=str(marker))
    task.reset(keys(1, 4))
    marker.touch()
    with pytest.raises(TaskError, match=r"reset\(seed=\d+\) raised RuntimeError: worn out"):
        task.restart(torch.ones(1, 4, dtype=torch.bool))
    task.close()


@pytest.mark.slow
def test_a_worker_that_dies_is_an_error_and_no_hang(opened: Opener) -> None:
    """The error says which worker, of which task, with which exit code."""
    before = set(psutil.Process().children())
    task = opened("line", environments=4, workers=2)
    task.reset(keys(1, 4))
    workers = sorted(set(psutil.Process().children()) - before, key=lambda process: process.pid)
    workers[1].kill()
    with pytest.raises(ServiceUnavailable, match="worker 1 of task 'small_environments:line' died with exit code -9"):
        for _ in range(100):
            task.step(torch.zeros(1, 4, 2, dtype=torch.int64))


@pytest.mark.slow
def test_no_worker_outlives_its_task(opened: Opener) -> None:
    """`close` ends them, and may be called again."""
    before = set(psutil.Process().children())
    task = opened("line", environments=4, workers=3)
    workers = set(psutil.Process().children()) - before
    assert len(workers) == 3
    task.close()
    task.close()
    assert not any(process.is_running() for process in workers)


OWNER = """
import torch
from also.v1.task_pb2 import Task
from also.services.trainer.tasks.opening import open_task
task = open_task(Task(name="small_environments:line", workers=2), replicas=1, environments=4)
task.reset(torch.zeros(1, 4, dtype=torch.int64))
print("ready", flush=True)
while True:
    task.step(torch.zeros(1, 4, 2, dtype=torch.int64))
"""


@pytest.mark.slow
def test_no_worker_outlives_its_trainer(small_environments: None) -> None:
    """Killed in the middle of a step, the trainer can tell its workers nothing; they end all the same."""
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        assert owner.stdout.readline() == b"ready\n"
        workers = psutil.Process(owner.pid).children(recursive=True)
        assert len(workers) == 2
        owner.kill()
    deadline = time.monotonic() + 10
    while any(process.is_running() for process in workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(process.is_running() for process in workers)


@pytest.mark.slow
def test_an_environment_may_lie_in_a_package_called_services(
    small_environments: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ALSO's own lies inside its one package, so the name is the user's."""
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").write_text("AGENTS = 3", encoding="utf-8")
    (tmp_path / "services" / "depot.py").write_text(
        "import services\nfrom small_environments import line\n\n\ndef make():\n    return line(services.AGENTS)\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    task = open_task(Task(name="services.depot:make", workers=1), replicas=1, environments=2)
    try:
        assert len(task.card.agents) == 3
        task.reset(keys(1, 2))
        assert task.step(torch.zeros(1, 2, 3, dtype=torch.int64)).reward.tolist() == [[0, 0]]
    finally:
        task.close()


@pytest.mark.slow
def test_a_view_says_who_is_there_once_somebody_is_not(opened: Opener) -> None:
    """None while all are; a cut state has those that it cut; a new episode begins with those that it begins with."""
    task, stay = opened("departures"), torch.zeros(1, 1, 3, dtype=torch.int64)
    task.reset(keys(1, 1))
    counts, last = [], None
    for _ in range(7):
        present = task.view().present
        counts.append(3 if present is None else int(present.sum()))
        outcome = task.step(stay)
        last = task.view().present
    assert counts == [3, 3, 2, 2, 1, 1, 1]
    assert outcome.truncated.item()
    assert last is not None
    assert last.shape == (1, 1, 3)
    assert int(last.sum()) == 1
    task.restart(torch.ones(1, 1, dtype=torch.bool))
    assert task.view().present is None
    late = opened("departures", late=1)
    late.reset(keys(1, 1))
    present = late.view().present
    assert present is not None
    assert present.tolist() == [[[True, False, True]]]
    late.step(stay)
    assert late.view().present is None


def test_of_agents_that_end_together_the_terminated_ones_are_not_there_afterwards(small_environments: None) -> None:
    """In a state that the time limit cut, those that it cut are there; where all have terminated, all are."""
    from also.services.trainer.tasks.parallel.build import open_environment

    environment = open_environment(Task(name="small_environments:line"))

    def end(terminations: dict[str, bool], truncations: dict[str, bool]) -> list[bool]:
        environment.reset(1)

        def step(actions):
            acting = environment._object.env.agents
            environment._object.env.agents = []
            none = {agent: {} for agent in acting}
            return environment._object.env.observe(acting), dict.fromkeys(acting, 0), terminations, truncations, none

        environment._object.env.step = step
        environment.step(np.zeros(2, np.int64))
        return environment.present.tolist()

    fell, cut = {"walker_0": True, "walker_1": False}, {"walker_0": False, "walker_1": True}
    none, both = dict.fromkeys(fell, False), dict.fromkeys(fell, True)
    assert end(fell, cut) == [False, True]
    assert end(none, both) == [True, True]
    assert end(both, none) == [True, True]

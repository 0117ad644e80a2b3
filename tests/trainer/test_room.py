"""What a campaign's training takes is estimated before it begins, and refused beyond what there is."""

import subprocess
import sys
from pathlib import Path

import pytest

from also.campaign import spec
from also.errors import MemoryNeedError
from also.services.trainer import host_memory
from also.services.trainer.room import Estimate, estimate, verdict
from also.services.trainer.tasks.opening import describe
from also.v1.task_pb2 import TaskCard

GIB = 2**30


def card_of(*, agents: int, seen: int, state: int) -> TaskCard:
    """A card of which only sizes matter."""
    return TaskCard(agents=[str(each) for each in range(agents)], observation_size=seen, state_size=state)


def test_pictures_of_twenty_agents_take_hundreds_of_gib() -> None:
    """Pistonball with the default learner: 42 GB of observations a rollout, five times, and states thrice."""
    card = card_of(agents=20, seen=164_520, state=20 * 164_520)
    need = estimate(spec.load(None), card, branches=False)
    rollout = 64 * 50 * 20 * 164_520 * 4
    assert 8 * rollout < need.replica < 9 * rollout
    with pytest.raises(MemoryNeedError, match=r"about \d{3,}\.\d GiB .* and 64\.0 GiB are available; lower learner"):
        verdict(spec.load(None), card, need, 64 * GIB)


def test_the_default_campaign_takes_little() -> None:
    """Nothing is said of it on a machine with 8 GiB."""
    campaign = spec.load(None)
    card = describe(campaign.task)
    assert verdict(campaign, card, estimate(campaign, card, branches=True), 8 * GIB) == ""


@pytest.mark.parametrize(
    ("changes", "smaller"),
    [
        (["learner.environments=8"], True),
        (["learner.rollout=10"], True),
        (["learner.algorithm=ippo"], True),
        (["validation.replicas_per_group=1"], True),
        (["validation.parallel_groups=1", "validation.replicas_per_group=2"], True),
        (["reference.enabled=false", "reference.one_shot=false"], True),
        (["validation.share=0"], True),
        (["learner.minibatches=8"], False),
    ],
)
def test_what_an_error_says_to_lower_lowers_the_estimate(changes: list[str], smaller: bool) -> None:
    """Every setting that is named, and those that decide what trains at once."""
    card = card_of(agents=3, seen=10_000, state=30_000)
    before, after = (estimate(spec.load(None, each), card, branches=True).together for each in ([], changes))
    assert (after < before) == smaller


@pytest.mark.parametrize("algorithm", ["vdn", "qmix"])
def test_a_replay_counts_and_an_error_says_how_to_lower_it(algorithm: str) -> None:
    """Pictures in a replay of 50,000 env_steps take gigabytes; a smaller one, or smaller batches, take less."""
    card = card_of(agents=2, seen=7_056, state=14_112)
    card.episode_limit = 100
    usual = ["learner={}", f"learner.algorithm={algorithm}"]
    need = estimate(spec.load(None, usual), card, branches=False)
    kept = 50_000 * 4 * (2 * 7_056 + (14_112 if algorithm == "qmix" else 0))
    assert kept < need.replay < 1.1 * kept
    assert 2 * need.replay < need.replica
    with pytest.raises(MemoryNeedError, match=r"GiB of it replay.*; lower learner.value_learning.batch_ep"):
        verdict(spec.load(None, usual), card, need, 2 * GIB)
    for change in ("replay_env_steps=20000", "batch_episodes=8", "replay_in_checkpoint=false"):
        smaller = estimate(spec.load(None, [*usual, f"learner.value_learning.{change}"]), card, branches=False)
        assert smaller.replica < need.replica, change
    assert estimate(spec.load(None), card, branches=False).replay == 0


def test_branches_that_train_elsewhere_do_not_count() -> None:
    """As Jobs they have memory of their own."""
    card = card_of(agents=3, seen=10_000, state=30_000)
    campaign = spec.load(None)
    there, elsewhere = (estimate(campaign, card, branches=here) for here in (True, False))
    assert there.branches > there.run > 0
    assert elsewhere.branches == 0
    assert elsewhere.run == there.run


@pytest.mark.parametrize(
    ("available", "said"), [(None, ""), (100, ""), (20, ""), (19, "training takes about 10.0 GiB")]
)
def test_half_of_the_memory_is_worth_a_word(available: int | None, said: str) -> None:
    """Less is not, and where nobody knows what there is, nothing is said."""
    need = Estimate(replica=10 * GIB, replay=0, run=10 * GIB, branches=0, beside=0)
    card = card_of(agents=2, seen=7, state=14)
    found = verdict(spec.load(None), card, need, None if available is None else available * GIB)
    assert found.startswith(said)
    assert bool(found) == bool(said)


SETTINGS = ["learner.environments=16", "learner.rollout=40", "evaluation.episodes=4", "learner.device=cpu"]

MEASURED = """
import sys
from also.campaign import spec
from also.v1.shaping_pb2 import ShapingConfig
from also.services.trainer import determinism
from also.services.trainer.run import Run

def status(name):
    with open("/proc/self/status") as file:
        return next(line.split()[1] for line in file if line.startswith(name))

determinism.prepare()
campaign = spec.load(None, ["task={name: 'seen_environments:picture', workers: 1}", *sys.argv[1:]])
before = status("VmRSS")
run = Run.start(campaign, [ShapingConfig()], [1])
run.advance()
print(before, status("VmHWM"))
run.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["mappo", "ippo"])
def test_the_estimate_is_near_what_training_takes(algorithm: str) -> None:
    """Two agents that see 21,168 numbers, in a process of its own: between two thirds and one and a half of it."""
    folder, settings = Path(__file__).parents[1] / "tasks", [*SETTINGS, f"learner.algorithm={algorithm}"]
    told = subprocess.run(
        [sys.executable, "-c", MEASURED, *settings], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    before, after = (int(number) * 1024 for number in told.split())
    card = card_of(agents=2, seen=21_168, state=42_336)
    estimated = estimate(spec.load(None, settings), card, branches=False).replica
    assert 2 / 3 < estimated / (after - before) < 3 / 2


def written(root: Path, **files: str) -> Path:
    """A system's files: `/` is `__` in their names."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


MEMINFO = "MemTotal:       20000000 kB\nMemFree:         100000 kB\nMemAvailable:   10000000 kB\n"


def test_available_memory_is_what_the_machine_has_left(tmp_path: Path) -> None:
    """Without a cgroup that limits it."""
    root = written(tmp_path, proc__meminfo=MEMINFO, proc__self__cgroup="0::/\n")
    assert host_memory.available_bytes(root) == 10_000_000 * 1024


def test_a_container_has_what_its_cgroup_has_left(tmp_path: Path) -> None:
    """Version 2, by the process's own cgroup or one above it; droppable pages are free."""
    root = written(
        tmp_path,
        proc__meminfo=MEMINFO,
        proc__self__cgroup="0::/pod/container\n",
        sys__fs__cgroup__pod__container__memory_dot_max="max\n",
        sys__fs__cgroup__pod__container__memory_dot_current="700\n",
        sys__fs__cgroup__pod__memory_dot_max="1000\n",
        sys__fs__cgroup__pod__memory_dot_current="800\n",
        sys__fs__cgroup__pod__memory_dot_stat="anon 500\ninactive_file 300\n",
    )
    assert host_memory.available_bytes(root) == 500


def test_a_container_of_version_one_is_its_own_root(tmp_path: Path) -> None:
    """The name of its cgroup outside is not there inside."""
    root = written(
        tmp_path,
        proc__meminfo=MEMINFO,
        proc__self__cgroup="8:pids:/a\n4:memory:/docker/1234\n",
        sys__fs__cgroup__memory__memory_dot_limit_in_bytes="5000\n",
        sys__fs__cgroup__memory__memory_dot_usage_in_bytes="6000\n",
        sys__fs__cgroup__memory__memory_dot_stat="total_inactive_file 500\n",
    )
    assert host_memory.available_bytes(root) == 0


def test_a_system_that_does_not_say_has_no_number(tmp_path: Path) -> None:
    """Then nothing is refused."""
    assert host_memory.available_bytes(tmp_path) is None


def test_each_process_of_a_jaxmarl_task_holds_jax_too() -> None:
    """The main run and each branch group are counted with what JAX takes."""
    card = card_of(agents=3, seen=18, state=18)
    plain = estimate(spec.load(None), card, branches=True)
    campaign = spec.load(None)
    campaign.task.name = "navigation"
    compiled = estimate(campaign, card, branches=True)
    jax = compiled.run - plain.run
    assert jax == 300 * 2**20
    assert compiled.branches - plain.branches >= jax

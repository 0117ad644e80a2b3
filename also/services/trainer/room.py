"""Whether a campaign's training fits this machine's memory: estimated before anything is begun.

What counts is what grows with the observation. At the end of a rollout its R·E·T·A·O numbers are there five times: as
they were seen and normalised, each env_step by env_step and in one tensor, and once more while their deviation is
taken. The state that a value net sees is there three times (once for IPPO). Beside these stand the environments' shared
memory, the nets with their moments, and what each process takes anyway.

Q-learning keeps a replay besides, once more where a checkpoint of it is made or read, and what is drawn from it for all
batches of an update: once as it was kept, once normalised.

The main run never trains while its branches do; the runs that are measured beside it always may.
"""

from dataclasses import dataclass

from also import algorithms
from also.errors import MemoryNeedError
from also.services.trainer import device, host_memory
from also.services.trainer.tasks.jaxmarl.layouts import LAYOUTS
from also.services.trainer.value_based import replay
from also.v1.campaign_pb2 import Campaign
from also.v1.task_pb2 import TaskCard

_FLOAT = 4
"""Bytes of a float32."""

_PROCESS = 400 * 2**20
"""Bytes of a process that trains nothing yet: mostly PyTorch."""

_JAX = 300 * 2**20
"""Bytes that JAX, JaxMARL and what was compiled take besides, in a process that steps its environments."""

_WARNS = 0.5
"""Share of the available memory above which an estimate is reported."""

_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What training takes at most, bytes."""

    replica: int
    """One replica."""
    replay: int
    """Of this, its replay; 0 where there is none."""
    run: int
    """A run of one replica as a process: the main run, and each that is measured beside it."""
    branches: int
    """All branches that train at once; 0 where they train elsewhere, or none does."""
    beside: int
    """Runs that are measured beside the main run."""

    @property
    def together(self) -> int:
        """All that is there at once."""
        return self.beside * self.run + max(self.run, self.branches)


def estimate(campaign: Campaign, card: TaskCard, *, branches: bool) -> Estimate:
    """What a campaign's training takes.

    Args:
        campaign: every default filled in.
        card: card of its task.
        branches: whether its branches train on this machine too.
    """
    learner, validation = campaign.learner, campaign.validation
    agents, seen, state = len(card.agents), card.observation_size, card.state_size
    centralised = algorithms.sees_state(learner)
    lanes = learner.environments
    rollout = lanes * learner.rollout * (5 * agents * seen + (3 if centralised else 1) * state)
    memory = max(lanes, campaign.evaluation.episodes) * (agents * seen + state)
    weights = 6 * learner.hidden * (seen + (state if centralised else seen))
    replica = _FLOAT * (rollout + 3 * memory + weights)  # shared, and copied before and after an env_step
    kept = 0
    if algorithms.is_value_based(learner):
        kept = replay.bytes_of_a_replay(card, learner)
        drawn = replay.states_of_a_draw(card, learner) * (agents * seen + (state if centralised else 0))
        replica += (1 + learner.value_learning.replay_in_checkpoint) * kept + 2 * _FLOAT * drawn
    groups = at_once = 0
    if branches and validation.share > 0:
        seeds = max(validation.search_seeds, validation.confirm_seeds, validation.race_seeds)
        at_once = min(
            validation.parallel_groups * validation.replicas_per_group, (campaign.generator.candidates + 1) * seeds
        )
        groups = -(-at_once // validation.replicas_per_group)
    process = _PROCESS + (_JAX if campaign.task.name in LAYOUTS else 0)
    return Estimate(
        replica=replica,
        replay=kept,
        run=process + replica,
        branches=groups * process + at_once * replica,
        beside=campaign.reference.enabled + campaign.reference.one_shot,
    )


def check(campaign: Campaign, card: TaskCard, *, branches: bool) -> str:
    """What is to be said of the memory that a campaign takes; empty where it is far less than there is.

    Args:
        campaign: every default filled in.
        card: card of its task.
        branches: whether its branches train on this machine too.

    Raises:
        MemoryNeedError: it takes more than there is.
        DeviceError: the learner's device is asked for and not there.
    """
    free = device.free_bytes(device.resolve(campaign.learner))
    on_gpu = free is not None  # there a branch group is split until it fits, by `memory`
    need = estimate(campaign, card, branches=branches and not on_gpu)
    return verdict(campaign, card, need, free if on_gpu else host_memory.available_bytes())


def verdict(campaign: Campaign, card: TaskCard, need: Estimate, available: int | None) -> str:
    """The same of an estimate, where so many bytes are available; None is not known, and all of it."""
    if available is None or need.together <= _WARNS * available:
        return ""
    learner = campaign.learner
    replicas = (need.branches // need.replica) if need.branches else 1
    parts = f"{_gib(need.replica)} a replica"
    if need.replay:
        parts += f", {_gib(need.replay)} of it replay"
    if need.branches:
        parts += f", about {replicas} of which train at once on branches"
    if need.beside:
        parts += f", {need.beside} run(s) beside the main run"
    told = (
        f"training takes about {_gib(need.together)} of memory ({parts}: {learner.environments} environments × "
        f"{learner.rollout} env_steps × {len(card.agents)} agents × {card.observation_size} numbers), and "
        f"{_gib(available)} are available"
    )
    lower = "learner.environments, learner.rollout"
    if need.replay:
        lower = f"learner.value_learning.batch_episodes or .replay_env_steps, {lower}"
    remedy = f"lower {lower} or validation.replicas_per_group"
    if ":" in campaign.task.name:
        remedy += ", or have the task show less (task.arguments)"
    if need.together > available:
        raise MemoryNeedError(f"{told}; {remedy}")
    return f"{told}; if that is too much, {remedy}"


def _gib(count: int) -> str:
    return f"{count / _GIB:.1f} GiB"

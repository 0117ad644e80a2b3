"""Environments of JaxMARL as a task: what they do is JaxMARL's, and equal bits come of equal keys."""

import pytest
import torch

from also import document, limits
from also.services.trainer import checkpoint, determinism
from also.services.trainer.run import Run
from also.services.trainer.streams import mix
from also.services.trainer.tasks.opening import describe, open_task
from also.store import open_store
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import Task

jax = pytest.importorskip("jax", reason="needs the extra jaxmarl")
pytest.importorskip("jaxmarl", reason="needs the extra jaxmarl")

LAYOUTS = [
    ("jaxmarl", "MPE_simple_spread_v3"),
    ("jaxmarl", "MPE_simple_facmac_v1"),
    ("jaxmarl", "switch_riddle"),
    ("kitchen", "cramped_room"),
    ("smax", "3m"),
]
"""A task of each family that is tried in tests."""

QUICK = ("MPE_simple_spread_v3", "cramped_room")
"""Layouts that `make check` tries too."""

EACH = pytest.mark.parametrize(
    ("name", "layout"),
    [pytest.param(*each, marks=() if each[1] in QUICK else pytest.mark.slow, id=each[1]) for each in LAYOUTS],
)


ENVIRONMENTS = 4
"""Environments of each replica; XLA compiles another program, for seconds, for another number."""


def opened(name, layout, replicas=1):
    """A task with keys of its own in every environment."""
    task = open_task(Task(name=name, layout=layout), replicas=replicas, environments=ENVIRONMENTS)
    task.reset(keys(replicas, ENVIRONMENTS))
    return task


def keys(replicas, environments):
    """Keys that depend on the place alone."""
    return mix(torch.arange(replicas).unsqueeze(1) + 7, torch.arange(environments))


def actions_of(task, number):
    """Joint actions of an env_step, allowed ones, which depend on its number alone; replicas do the same."""
    view, space = task.view(), task.card.action_space
    replicas, environments, agents = view.observations.shape[:3]
    draws = torch.rand((1, environments, agents, space.size), generator=torch.Generator().manual_seed(number)).expand(
        replicas, -1, -1, -1
    )
    if space.low:
        return draws.clone()
    return (draws if view.action_mask is None else draws.masked_fill(~view.action_mask, -1)).argmax(-1)


def played(task, env_steps):
    """Everything that a task shows in so many env_steps, with restarts; tensors (R, ...)."""
    names, shown = tuple(feature.name for feature in task.card.features), []
    for number in range(env_steps):
        outcome = task.step(actions_of(task, number))
        view = task.view()
        shown += [outcome.reward, outcome.terminated, outcome.truncated, view.observations, view.state]
        shown += list(task.features(names).values())
        task.restart(outcome.terminated | outcome.truncated)
    return [tensor.clone() for tensor in shown]


@pytest.mark.slow
@EACH
def test_env_steps_are_those_of_jaxmarl(name, layout):
    """From equal keys and actions JaxMARL's own functions come to the same states, rewards and ends."""
    from also.services.trainer.tasks.jaxmarl import kinds as jaxmarl_kinds  # loads JAX
    from also.services.trainer.tasks.jaxmarl.layouts import find_layout

    kind = jaxmarl_kinds.make(find_layout(name, layout))
    env = kind.environment
    task = opened(name, layout)
    seeds = mix(keys(1, ENVIRONMENTS), 0)[0].unsqueeze(-1).view(torch.int32).view(torch.uint32).numpy()
    theirs = [env.reset(jax.random.fold_in(seed, 0)) for seed in seeds]
    step = jax.jit(env.step_env)
    for number in range(30):
        actions = actions_of(task, number)
        outcome = task.step(actions)
        seen = task.view().observations[0].numpy()
        for lane, seed in enumerate(seeds):
            given = jax.numpy.asarray(
                actions[0, lane].to(torch.int32 if actions.dtype == torch.int64 else None).numpy()
            )
            observed, state, rewards, dones, _ = step(
                jax.random.fold_in(seed, number + 1), theirs[lane][1], kind.joint(given)
            )
            theirs[lane] = (observed, state)
            for agent, row in zip(kind.agents, seen[lane], strict=True):
                flat = jax.numpy.ravel(observed[agent])
                assert row[: flat.size] == pytest.approx(flat.tolist(), abs=1e-4)
            if name == "jaxmarl":
                paid = sum(float(rewards[agent]) for agent in kind.agents) / len(kind.agents)
                assert float(outcome.reward[0, lane]) == pytest.approx(paid, abs=1e-3)
            over = bool(outcome.terminated[0, lane] | outcome.truncated[0, lane])
            assert over == bool(dones["__all__"])
        if bool((outcome.terminated | outcome.truncated).any()):
            break


@pytest.mark.slow
@EACH
def test_a_group_of_any_size_sees_equal_bits(name, layout):
    """A replica's environments are the same alone and among seven."""
    alone, among = opened(name, layout), opened(name, layout, replicas=7)
    for one, seven in zip(played(alone, 40), played(among, 40), strict=True):
        assert torch.equal(one[0], seven[0])


@pytest.mark.slow
@EACH
def test_an_environment_does_not_depend_on_its_neighbours(name, layout):
    """With other keys beside it, an environment does the same, episode after episode."""
    one, other = opened(name, layout), opened(name, layout)
    usual = keys(1, ENVIRONMENTS)
    other.reset(torch.cat([usual[:, :1], usual[:, 1:] + 1], dim=1))
    first, second = [], []
    for task, shown in ((one, first), (other, second)):
        for number in range(60):
            outcome = task.step(torch.zeros_like(actions_of(task, number)) + task.card.action_space.idle.__abs__())
            shown += [task.view().observations[:, 0].clone(), outcome.reward[:, 0].clone()]
            task.restart(outcome.terminated | outcome.truncated)
    assert all(torch.equal(*pair) for pair in zip(first, second, strict=True))


@pytest.mark.slow
@EACH
def test_a_stored_task_goes_on_to_equal_bits(name, layout):
    """The state is tensors of plain types with R as first axis; who loads it goes on as the task that wrote it."""
    task = opened(name, layout, replicas=2)
    played(task, 30)
    state = {key: tensor.clone() for key, tensor in task.state_dict().items()}
    assert all(len(tensor) == 2 for tensor in state.values())
    assert not {tensor.dtype for tensor in state.values()} & {torch.uint16, torch.uint32, torch.uint64}
    other = open_task(Task(name=name, layout=layout), replicas=2, environments=ENVIRONMENTS)
    other.load_state_dict({key: torch.cat([tensor[:1], tensor[1:]]) for key, tensor in state.items()})
    assert torch.equal(task.view().observations, other.view().observations)
    assert all(torch.equal(*pair) for pair in zip(played(task, 40), played(other, 40), strict=True))


@EACH
def test_features_at_many_moments_are_those_of_each(name, layout):
    """`features_at` says of each moment what `features` said in it, within the card's ranges."""
    task = opened(name, layout, replicas=2)
    names = tuple(feature.name for feature in task.card.features)
    moments, then = [], []
    for number in range(12):
        task.step(actions_of(task, number))
        moments.append(task.moment(names))
        then.append({name: value.clone() for name, value in task.features(names).items()})
    together = task.features_at(moments, names)
    for feature in task.card.features:
        stacked = torch.stack([each[feature.name] for each in then], dim=1)
        assert torch.equal(together[feature.name], stacked)
        assert feature.minimum - 1e-6 <= float(stacked.min()) <= float(stacked.max()) <= feature.maximum + 1e-6


@pytest.mark.slow
def test_a_later_episode_is_a_function_of_its_key_and_number():
    """Episode 1 of key k begins as episode 1 of any task with that key, whatever was done in episode 0."""
    one, other = opened("navigation", "spread-3"), opened("navigation", "spread-3")
    played(one, 5)
    everywhere = torch.ones(1, ENVIRONMENTS, dtype=torch.bool)
    one.restart(everywhere)
    other.restart(everywhere)
    assert torch.equal(one.view().observations, other.view().observations)


def test_particles_are_cut_after_one_env_step_more_than_they_say():
    """JaxMARL compares the counter of before the env_step, so that 25 `max_steps` are 26 env_steps; that truncates."""
    task = opened("jaxmarl", "MPE_simple_spread_v3")
    ends = [task.step(actions_of(task, number)) for number in range(26)]
    assert not any(bool(each.truncated.any() | each.terminated.any()) for each in ends[:-1])
    assert bool(ends[-1].truncated.all())
    assert not bool(ends[-1].terminated.any())
    assert task.card.episode_limit == 26


@pytest.mark.slow
@pytest.mark.parametrize(("name", "layout"), [("navigation", "spread-3"), ("predator_prey", "facmac")])
def test_the_limit_ends_an_episode_in_a_plane_without_walls(name, layout):
    """Values of cut states would be held by nothing there (ADR 31), so the limit terminates, unpaid."""
    task = opened(name, layout)
    still = torch.zeros_like(actions_of(task, 0))
    for _ in range(task.card.episode_limit):
        outcome = task.step(still)
        assert not bool(outcome.truncated.any())
    assert bool(outcome.terminated.all())
    assert not bool(outcome.reward.any())


@pytest.mark.slow
def test_an_end_on_the_last_env_step_is_no_truncation():
    """A riddle that is answered on its last env_step has terminated; one that is not is cut there."""
    task = opened("jaxmarl", "switch_riddle")
    idle = torch.zeros(1, ENVIRONMENTS, 3, dtype=torch.int64)
    for _ in range(task.card.episode_limit - 1):
        outcome = task.step(idle)
        assert not bool((outcome.terminated | outcome.truncated).any())
    telling = idle.clone()
    telling[:, 0] = 2
    outcome = task.step(telling)
    assert outcome.terminated.tolist() == [[True, False, False, False]]
    assert outcome.truncated.tolist() == [[False, True, True, True]]


@pytest.mark.slow
def test_the_dead_are_gone_and_may_only_stop():
    """In SMAX an agent without health is not present, and its mask leaves the choice to stop alone."""
    task = opened("smax", "3m")
    gone = False
    for number in range(60):
        view = task.view()
        if view.present is not None:
            dead = ~view.present
            gone |= bool(dead.any())
            assert bool((view.action_mask[dead].sum(-1) == 1).all())
            assert bool(view.action_mask[dead][:, task.card.action_space.idle].all())
        outcome = task.step(actions_of(task, number))
        task.restart(outcome.terminated | outcome.truncated)
    assert gone


def campaign_of(name, layout):
    """A small campaign."""
    campaign = document.read(
        Campaign,
        {
            "task": {"name": name, "layout": layout},
            "seed": 7,
            "learner": {"environments": ENVIRONMENTS, "rollout": 10, "epochs": 2, "minibatches": 2, "hidden": 16},
            "evaluation": {"episodes": 4, "report_episodes": 4, "branch_points": 2},
        },
    )
    limits.fill_defaults(campaign)
    limits.check(campaign)
    return campaign


@pytest.mark.slow
@EACH
def test_a_null_branch_of_a_group_is_bit_identical_to_the_main_run(name, layout, tmp_path):
    """A checkpoint that is stored, loaded and trained on among seven comes to what the main run comes to."""
    determinism.prepare()
    campaign = campaign_of(name, layout)
    card = describe(campaign.task)
    main = Run.start(campaign, [ShapingConfig()], [3], card=card)
    for _ in range(3):
        main.advance()
    store = open_store(str(tmp_path / "store"))
    saved = checkpoint.save(store, "trial", campaign, card, main.snapshots()[0])
    loaded = checkpoint.load(store, "trial", campaign, card, saved)
    group = Run.restore(campaign, [ShapingConfig()] * 7, [loaded] * 7, [None] * 7, card=card)
    for _ in range(3):
        main.advance()
        group.advance()
    [one] = main.snapshots()
    for branch in group.snapshots():
        assert one.tensors.keys() == branch.tensors.keys()
        for key, tensor in one.tensors.items():
            assert torch.equal(tensor, branch.tensors[key]), key

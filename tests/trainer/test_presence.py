"""Agents that have left, or are yet to come, do not train, and nothing that is theirs reaches the others."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from also import document
from also.services.trainer import checkpoint, evidence
from also.services.trainer.evaluation import Evaluator, Trace
from also.services.trainer.normaliser import RewardScaler, RunningMoments
from also.services.trainer.ppo.advantages import explained_variance, generalised_advantages, normalised
from also.services.trainer.ppo.rollout import Rollout
from also.services.trainer.presence import Presence, owed
from also.services.trainer.probe import probe
from also.services.trainer.run import Run
from also.services.trainer.tasks.vector_task import Features, Outcome, VectorTask, View
from also.store import Store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from tests.trainer.pretend_device import pretended

Equal = Callable[[dict[str, Tensor], dict[str, Tensor]], None]
Make = Callable[..., Campaign]

VARIANTS = [
    {},
    {"algorithm": "ippo"},
    {"recurrent": True},
    {"recurrent": True, "algorithm": "ippo"},
    {"scale_rewards": True},
    {"minibatches": 5, "environments": 5},
]


@pytest.fixture
def departures(make_campaign: Make) -> Make:
    """Builds a campaign on `departures`: `continuous`, `late` and `noise` are its arguments, the rest the learner's."""

    def make(*, continuous: bool = False, late: bool = False, noise: float = 0, **learner: Any) -> Campaign:
        campaign = make_campaign(**{"rollout": 15} | learner)
        campaign.task.Clear()
        campaign.task.name = "tests.tasks.small_environments:departures"
        campaign.task.workers = 1
        campaign.task.arguments["continuous"].flag = continuous
        campaign.task.arguments["late"].flag = late
        campaign.task.arguments["noise"].number = noise
        return campaign

    return make


@pytest.fixture
def own_terms() -> ShapingConfig:
    """Terms of every form that an agent is paid for what it does itself, and credit."""
    own = {"target": "agent", "feature": "at_home", "weight": 0.05, "episode_cap": 0.02}
    return document.read(
        ShapingConfig,
        {
            "terms": [
                {"name": "near", "form": "potential", "target": "agent", "feature": "cell", "weight": -0.3},
                {"name": "homes", "form": "event", **own},
                {"name": "together", "form": "synchrony", "synchrony": {"window": 4}, **own},
                {"name": "new", "form": "novelty", "novelty": {"bins": 3}, **own, "feature": "cell"},
                {"name": "waits", "form": "penalty", **own},
                {"name": "shared", "form": "credit", "target": "agent", "credit": {"alpha": 0.4}},
            ]
        },
    )


class Disturbed:
    """A task in which everything that absent agents see, may do, do and are told by features is something else.

    Features tell where the last act of an agent has led in the state that it has left, and those stay.
    """

    def __init__(self, task: VectorTask) -> None:
        self._task = task
        self._generator = torch.Generator().manual_seed(11)
        self._acted = torch.zeros_like(task.view().observations[..., 0], dtype=torch.bool)
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def view(self, *, whole: bool = True) -> View:
        view = self._task.view(whole=whole)
        if view.present is None:
            return view
        mask = view.action_mask
        if mask is not None:
            other = torch.rand(mask.shape, generator=self._generator) < 0.5
            other[..., 0] = True
            mask = torch.where(view.present.unsqueeze(-1), mask, other)
        return dataclasses.replace(view, observations=self._other(view.observations, view.present), action_mask=mask)

    def step(self, actions: Tensor) -> Outcome:
        there = self._task.view().present
        self._acted = torch.ones_like(self._acted) if there is None else there
        if there is None:
            return self._task.step(actions)
        self.calls += 1
        return self._task.step(self._other(actions, there))

    def restart(self, done: Tensor) -> None:
        self._task.restart(done)
        self._acted = self._acted & ~done.unsqueeze(-1)

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self._task.load_state_dict(state)
        self._acted = torch.zeros_like(self._acted)

    def features(self, names: tuple[str, ...]) -> Features:
        there, found = self._task.view().present, self._task.features(names)
        if there is None:
            return found
        known = there | self._acted
        return {name: self._other(each, known) if each.dim() > 2 else each for name, each in found.items()}

    moment = features

    def _other(self, values: Tensor, there: Tensor) -> Tensor:
        if values.is_floating_point():
            other = 30.0 * torch.randn(values.shape, generator=self._generator)
        else:
            other = torch.randint(0, 3, values.shape, generator=self._generator)
        return torch.where(there.view(*there.shape, *[1] * (values.dim() - there.dim())), values, other)


@contextmanager
def running(
    campaign: Campaign, configs: Sequence[ShapingConfig], seeds: Sequence[int], **options: Any
) -> Iterator[Run]:
    run = Run.start(campaign, configs, seeds, **options)
    try:
        yield run
    finally:
        run.close()


def learnt(run: Run, updates: int = 3) -> dict[str, Tensor]:
    """All that a run carries on, and how its updates went."""
    statistics = [run.advance() for _ in range(updates)]
    told = {
        f"{field.name} {number}": getattr(each, field.name)
        for number, each in enumerate(statistics)
        for field in dataclasses.fields(each)
    }
    paid = {f"activity {name}": each for name, each in run.shaping.ledger.state_dict().items()}
    return told | paid | run.snapshots()[0].tensors


@pytest.mark.slow
@pytest.mark.parametrize("kind", [{}, {"continuous": True}, {"late": True}])
@pytest.mark.parametrize("settings", VARIANTS)
def test_what_absent_agents_see_and_do_changes_no_bit(
    departures: Make,
    own_terms: ShapingConfig,
    equal: Equal,
    kind: dict[str, bool],
    settings: dict[str, object],
) -> None:
    """Weights, moments, statistics, memories and counts are those of the task in which it is left as it was."""
    campaign = departures(**kind, **settings)
    with running(campaign, [own_terms], [3]) as run:
        expected = learnt(run)
        assert run.finite.all()
    with running(campaign, [own_terms], [3]) as run:
        run.task = run.collector.task = disturbed = Disturbed(run.task)
        found = learnt(run)
        assert disturbed.calls > 20
    if campaign.task.arguments["late"].flag:  # a snapshot begins episodes, in whose first state one is yet to come
        for name in [name for name in expected if name.startswith("shaping.")]:
            del expected[name], found[name]
    equal(expected, found)


@pytest.mark.slow
def test_what_an_environment_says_of_absent_agents_changes_no_bit(
    departures: Make, own_terms: ShapingConfig, equal: Equal
) -> None:
    """Observations of agents that have left are dropped; a feature of the team is the environment's word."""
    found = []
    for noise in (0, 1):
        with running(departures(noise=noise), [own_terms], [3]) as run:
            found.append(learnt(run))
    equal(*found)


@pytest.mark.slow
def test_agents_that_come_and_leave_do_so_in_every_rollout(departures: Make) -> None:
    """A rollout says of each env_step who acted, and who was there afterwards: in a cut state, before the restart."""
    with running(departures(late=True, environments=2, rollout=7), [ShapingConfig()], [3]) as run:
        presence = collected(run).presence
        assert presence is not None
        count = presence.acted.sum(dim=3)
        assert (count.amin(), count.amax()) == (1, 3)
        assert torch.equal(presence.stayed[:, :-1], presence.acted[:, 1:])
        assert presence.acted[:, 0].tolist() == [[[True, False, True]] * 2]
        last = presence.acted[:, -1]
        assert torch.equal(presence.stayed[:, -1], last)
        assert last.sum(dim=2).tolist() == [[1, 1]]


def collected(run: Run) -> Rollout:
    return run.collector.collect(run.learner.policy, run.keys)


@pytest.mark.slow
@pytest.mark.parametrize("settings", VARIANTS)
@pytest.mark.parametrize("continuous", [False, True])
def test_a_presence_of_everybody_changes_no_bit(
    make_campaign: Make, potential: ShapingConfig, equal: Equal, settings: dict[str, object], continuous: bool
) -> None:
    """A replica learns the same whether others of its batch have agents that left."""
    campaign = make_campaign(**settings)
    if continuous:
        campaign.task.Clear()
        campaign.task.name = "examples.simple_spread:make_env"
        campaign.task.workers = 1
        campaign.task.arguments["continuous_actions"].flag = True
        potential = ShapingConfig()
    found = []
    for told in (False, True):
        with running(campaign, [potential] * 2, [3, 4]) as run:
            if told:
                run.task = run.collector.task = Attended(run.task)
            found.append(learnt(run))
    equal(*found)


class Attended:
    """A task that says of all agents that they are there."""

    def __init__(self, task: VectorTask) -> None:
        self._task = task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._task, name)

    def view(self, *, whole: bool = True) -> View:
        view = self._task.view(whole=whole)
        return dataclasses.replace(view, present=torch.ones(view.observations.shape[:3], dtype=torch.bool))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [{}, {"continuous": True}, {"late": True}])
@pytest.mark.parametrize("settings", VARIANTS[:4])
def test_a_null_branch_is_bit_identical_where_agents_leave(
    departures: Make,
    own_terms: ShapingConfig,
    equal: Equal,
    store: Store,
    kind: dict[str, bool],
    settings: dict[str, object],
) -> None:
    """Through the object store, with shaping that keeps state."""
    campaign = departures(**kind, **settings)
    with running(campaign, [own_terms], [3]) as main:
        main.advance()
        saved = checkpoint.save(store, "c", campaign, main.task.card, main.snapshots()[0])
        expected = learnt(main, 2)
        loaded = checkpoint.load(store, "c", campaign, main.task.card, saved)
    branch = Run.restore(campaign, [own_terms], [loaded], [None])
    found = learnt(branch, 2)
    branch.close()
    for name in [name for name in expected if name.startswith("activity")]:
        del expected[name], found[name]
    equal(expected, found)


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{}, {"algorithm": "ippo"}, {"recurrent": True}])
def test_arms_of_one_seed_tie_where_agents_leave(
    departures: Make, own_terms: ShapingConfig, equal: Equal, settings: dict[str, object]
) -> None:
    """Equal configs and seeds learn equal bits, wherever they are in the batch."""
    seeds = [7, 8, 9, 7, 8, 9, 7]
    with running(departures(**settings), [own_terms] * len(seeds), seeds) as run:
        for _ in range(2):
            run.advance()
        states = [each.tensors for each in run.snapshots()]
    for state, seed in zip(states, seeds, strict=True):
        equal(states[seeds.index(seed)], state)


@pytest.mark.slow
@pytest.mark.parametrize("settings", VARIANTS)
def test_a_replica_learns_alone_what_it_learns_beside_others_where_agents_leave(
    departures: Make, own_terms: ShapingConfig, settings: dict[str, object]
) -> None:
    """Up to rounding."""
    campaign = departures(**settings)
    with running(campaign, [own_terms] * 3, [1, 2, 3]) as run:
        for _ in range(2):
            run.advance()
        together = run.snapshots()
    for index, each in enumerate(together):
        with running(campaign, [own_terms], [index + 1]) as run:
            for _ in range(2):
                run.advance()
            alone = run.snapshots()[0]
        for name in ("learner.policy.net.flat", "learner.value.flat"):
            torch.testing.assert_close(alone.tensors[name], each.tensors[name], atol=2e-5, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [{}, {"continuous": True}, {"late": True, "recurrent": True, "algorithm": "ippo"}])
def test_agents_leave_on_the_device_as_on_the_cpu(
    departures: Make, own_terms: ShapingConfig, equal: Equal, kind: dict[str, Any]
) -> None:
    """Training, evidence and probes mix no devices, and come to what they come to on the CPU."""

    def gone_through(device: str) -> tuple[dict[str, Tensor], object, object]:
        campaign = departures(device=device, **kind)
        with running(campaign, [own_terms], [3]) as run:
            found = learnt(run, 2)
            assert run.device.type == device
            told = evidence.gather(run, campaign, stage=0, curve=[], updates=[run.advance()])
            probes = probe(campaign, run.snapshots()[0], [own_terms, ShapingConfig()])
            return {name: tensor.cpu() for name, tensor in found.items()}, told, probes

    with pretended():
        there = gone_through("cuda")
    here = gone_through("cpu")
    equal(here[0], there[0])
    assert here[1:] == there[1:]


@pytest.mark.slow
def test_the_host_does_not_wait_for_the_device_to_know_who_is_there(departures: Make) -> None:
    """Nothing in the update asks it, though agents have left."""
    with pretended() as device, running(departures(device="cuda"), [ShapingConfig()], [3]) as run:
        rollout = collected(run)
        assert rollout.presence is not None
        device.waits.clear()
        run.learner.update(rollout, run.keys)
        assert device.waits.total() == 0


@pytest.mark.slow
def test_the_losses_of_those_that_are_there_by_hand(departures: Make) -> None:
    """Of four rows of a minibatch two count, each a half: gradients and statistics are those of the two alone."""
    with running(
        departures(entropy_coefficient=0.1, clip_epsilon=0.2, value_coefficient=0.5), [ShapingConfig()], [1]
    ) as run:
        learner = run.learner
        flat = learner.policy.flat
        outputs = torch.zeros(1, 3, 4)
        outputs[0, 0] = torch.tensor([2.0, 0.0, 0.0, 50.0]).log1p()  # log 3: probabilities 3/5, 1/5, 1/5
        part = {
            "actions": torch.tensor([[0, 1, 2, 0]]),
            "log_probabilities": torch.tensor([[0.6, 1 / 3, 1e-9, 1e-9]]).log(),
            "advantages": torch.tensor([[2.0, -3.0, 1e6, torch.inf]]),
            "there": torch.tensor([[True, True, False, False]]),
        }
        by_outputs, told = learner._policy_loss(outputs, part, flat, torch.zeros_like(flat))
        entropies = [-(0.6 * torch.tensor(0.6).log() + 0.4 * torch.tensor(0.2).log()), torch.tensor(3.0).log()]
        assert told[:, 0].tolist() == pytest.approx([float(sum(entropies)) / 2, 0, 0], abs=1e-6)
        # the first row: -A / 2 (1 - 0.6), and the bonus of entropy; the second: actions are alike, so no bonus
        first = [-2 / 2 * (1 - 0.6), 2 / 2 * 0.2, 2 / 2 * 0.2]
        bonus = [p * (torch.tensor(p).log() + entropies[0]) * 0.1 / 2 for p in (0.6, 0.2, 0.2)]
        expected = [[a + float(b) for a, b in zip(first, bonus, strict=True)], [-3 / 2 / 3, 3 / 2 * 2 / 3, -3 / 2 / 3]]
        torch.testing.assert_close(by_outputs[0, :, :2].T, torch.tensor(expected), atol=1e-6, rtol=0)
        assert not by_outputs[0, :, 2:].any()
        targets = torch.tensor([[[1.0, 0.0], [2.0, 4.0], [9.0, 9.0], [torch.inf, 9.0]]])
        errors, _ = learner._value_loss(torch.zeros(1, 2, 4), {"targets": targets, "there": part["there"]}, flat, flat)
        assert errors.tolist() == [[[-0.5, -1.0, 0.0, 0.0], [0.0, -2.0, 0.0, 0.0]]]


@pytest.mark.slow
def test_a_gradient_of_continuous_actions_counts_the_bonus_of_those_that_are_there(departures: Make) -> None:
    """The log-deviations feel entropy once, however many rows are absent."""
    with running(departures(continuous=True, entropy_coefficient=0.1), [ShapingConfig()], [1]) as run:
        policy = run.learner.policy
        gradient = torch.zeros_like(policy.flat)
        part = {
            "actions": torch.zeros(1, 4, 2),
            "log_probabilities": policy.judge(torch.zeros(1, 2, 4), None, torch.zeros(1, 4, 2)).log_probabilities,
            "advantages": torch.tensor([[0.0, 0.0, 5.0, 5.0]]),
            "there": torch.tensor([[True, True, False, False]]),
        }
        by_outputs, told = run.learner._policy_loss(torch.zeros(1, 2, 4), part, policy.flat, gradient)
        assert not by_outputs.any()
        assert gradient[0, policy.parts["log_deviation"]].tolist() == pytest.approx([-0.1, -0.1])
        assert told[:, 0].tolist() == pytest.approx([2 * (-0.5) + 2 * 1.4189385, 0, 0], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("continuous", [False, True])
def test_a_minibatch_in_which_nobody_is_there_has_no_gradient(departures: Make, continuous: bool) -> None:
    """Nothing is divided by zero: gradients and statistics of such a replica are 0, those of the next its own."""
    with running(departures(continuous=continuous), [ShapingConfig()] * 2, [1, 2]) as run:
        policy = run.learner.policy
        outputs = torch.randn(2, policy.space.size, 4, generator=torch.Generator().manual_seed(1))
        actions = torch.zeros(2, 4, 2) if continuous else torch.tensor([[0, 1, 2, 0]] * 2)
        there = torch.tensor([[False] * 4, [False, True, False, False]])
        part = {
            "actions": actions,
            "log_probabilities": torch.zeros(2, 4),
            "advantages": torch.ones(2, 4),
            "targets": torch.ones(2, 4, 2),
            "there": there,
        }
        gradient = torch.zeros_like(policy.flat)
        by_outputs, told = run.learner._policy_loss(outputs, part, policy.flat, gradient)
        errors, _ = run.learner._value_loss(torch.zeros(2, 2, 4), part, policy.flat, gradient)
        for each in (by_outputs[0], told[:, 0], errors[0], gradient[0]):
            assert not each.any()
        for each in (by_outputs[1], told[0, 1], errors[1]):
            assert each.any()
            assert torch.isfinite(each).all()


def test_advantages_are_normalised_over_those_that_are_there() -> None:
    """Four numbers of which two count; one alone has no deviation, and comes to 0; nobody at all is no error."""
    advantages = torch.tensor([[1.0, 3.0, 1e9, -7.0], [5.0, 2.0, 3.0, 4.0], [5.0, 2.0, 3.0, 4.0]])
    there = torch.tensor([[True, True, False, False], [True, False, False, False], [False] * 4])
    found = normalised(advantages, there)
    assert found[0, :2].tolist() == pytest.approx([-(0.5**0.5), 0.5**0.5])
    assert found[1, 0] == 0
    assert torch.isfinite(found[:2]).all()


def test_the_explained_variance_is_that_of_those_that_are_there() -> None:
    """Values that are right about them are perfect, whatever they say of the others."""
    targets = torch.rand(1, 5, 4, 2, 2, generator=torch.Generator().manual_seed(1))
    there = torch.rand(1, 5, 4, 2, generator=torch.Generator().manual_seed(2)) < 0.5
    values = torch.where(there.unsqueeze(-1), targets, 1e6)
    assert explained_variance(values, targets, there).tolist() == [[1.0, 1.0]]
    noisy = torch.where(there.unsqueeze(-1), targets + targets.square(), 1e6)
    rows = there[0]
    expected = explained_variance(noisy[0][rows].view(1, 1, 1, -1, 2), targets[0][rows].view(1, 1, 1, -1, 2))
    torch.testing.assert_close(explained_variance(noisy, targets, there), expected)


def test_the_moments_are_those_of_the_rows_that_are_there() -> None:
    """Batch by batch they come to what all such rows have at once; a replica of which nothing is there stays."""
    generator = torch.Generator().manual_seed(3)
    moments = RunningMoments(2, 4, torch.device("cpu"))
    batches = torch.randn(5, 2, 30, 4, generator=generator)
    there = torch.rand(5, 2, 30, generator=generator) < 0.4
    there[0, 1] = False
    for batch, rows in zip(batches, there, strict=True):
        moments.update(torch.where(rows.unsqueeze(-1), batch, 1e8), rows)
    for replica in range(2):
        kept = batches[:, replica][there[:, replica]].double()
        assert moments.count[replica].item() == len(kept)
        torch.testing.assert_close(moments.mean[replica], kept.mean(dim=0), atol=1e-6, rtol=1e-6)
        torch.testing.assert_close(moments.squares[replica] / len(kept), kept.var(dim=0, correction=0))


def test_rewards_are_scaled_by_the_mean_of_those_that_are_there() -> None:
    """An agent that has left is paid no shaping, and does not thin it out."""
    rewards = torch.zeros(1, 3, 2, 2, 2)
    rewards[..., 0, 1] = torch.tensor([1.0, 2.0, 4.0]).view(1, 3, 1)
    rewards[..., 1, 1] = 99.0
    there = torch.tensor([True, False]).expand(1, 3, 2, 2)
    done = torch.zeros(1, 3, 2, dtype=torch.bool)
    scalers = [RewardScaler(1, 2, gamma=0.9, enabled=True, device=torch.device("cpu")) for _ in range(2)]
    scalers[0](rewards, done, there)
    scalers[1](rewards[..., :1, :], done)
    assert scalers[0].moments.mean.item() == scalers[1].moments.mean.item()


def test_the_team_stands_in_for_an_agent_that_has_left_by_hand() -> None:
    """The task's reward goes on with the mean value of the others, its shaping ends; both reach its last act."""
    # three agents, three env_steps; the third agent acts in the first alone, then the episode goes on to a bootstrap
    acted = torch.tensor([[[[True, True, True]], [[True, True, False]], [[True, True, False]]]])
    stayed = torch.tensor([[[[True, True, False]]] * 3])
    task = torch.tensor([[1.0, 2.0, 3.0], [1.0, 3.0, 77.0], [5.0, 7.0, -50.0], [4.0, 8.0, 1e4]])
    shaping = torch.tensor([[0.5, 0.5, 0.5], [0.5, 0.5, 9.0], [0.5, 0.5, 9.0], [0.5, 0.5, 9.0]])
    said = torch.stack([task, shaping], dim=-1).view(1, 4, 1, 3, 2)
    values, following = owed(said[:, :3], acted), owed(said[:, 1:], stayed)
    assert values[0, :, 0, 2].tolist() == [[3.0, 0.5], [2.0, 0.0], [6.0, 0.0]]
    assert following[0, :, 0, 2].tolist() == [[2.0, 0.0], [6.0, 0.0], [6.0, 0.0]]
    rewards = torch.zeros(1, 3, 1, 3, 2)
    rewards[..., 0] = torch.tensor([0.0, 1.0, 2.0]).view(1, 3, 1, 1)
    rewards[0, 0, 0, :, 1] = -0.25
    found = generalised_advantages(
        rewards, values, following, torch.zeros(1, 3, 1, dtype=torch.bool), gamma=0.5, gae_lambda=0.5, left=~stayed
    )
    # task: deltas 0 + 2/2 - 3, 1 + 6/2 - 2, 2 + 6/2 - 6, each later one a quarter of it; shaping: -0.25 - 0.5, no more
    assert found[0, 0, 0, 2].tolist() == [-2 + 2 / 4 - 1 / 16, -0.75]


def test_a_lone_agent_is_a_team_whose_value_is_its_own() -> None:
    """Where one of two has left the other stands for both; where nobody is, nothing is owed, and nothing breaks."""
    said = torch.tensor([[3.0, 1.0], [5.0, 1.0]]).view(1, 1, 1, 2, 2)
    one = torch.tensor([True, False]).view(1, 1, 1, 2)
    assert owed(said, one)[0, 0, 0].tolist() == [[3.0, 1.0], [3.0, 0.0]]
    assert owed(said, torch.zeros_like(one))[0, 0, 0].tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_memory_begins_anew_for_an_agent_that_was_away() -> None:
    """With the episode, and in the env_step after one in which it did not act."""
    acted = torch.tensor([[[[True, True]], [[True, False]], [[True, True]], [[True, True]]]])
    begins = torch.tensor([[[True], [False], [False], [True]]])
    forgets = Presence(acted=acted, stayed=acted).forgets(begins)
    assert forgets[0, :, 0].tolist() == [[True, True], [False, False], [False, True], [True, True]]


@pytest.mark.slow
def test_evidence_counts_the_actions_of_those_that_are_there(departures: Make) -> None:
    """How often each action is taken, and what an agent's features were, is asked of the env_steps that it acted in."""
    campaign = departures(environments=2)
    with running(campaign, [ShapingConfig()], [3]) as run:
        found = evidence.gather(run, campaign, stage=0, curve=[], updates=[run.advance()])
        trace = Trace()
        evaluator = Evaluator(
            campaign, replicas=1, episodes=campaign.evaluation.episodes, pool=branch_pb2.SEED_POOL_SEARCH
        )
        evaluator.play(run.learner.policy, run.collector.observations, trace=trace)
        evaluator.close()
    acts: list[list[int]] = [[], [], []]
    cells: list[list[float]] = [[], [], []]
    absences = 0
    for step, alive in enumerate(trace.alive):
        there = trace.present[step]
        for episode in alive[0].nonzero().flatten().tolist():
            for agent in range(3):
                if there is not None and not there[0, episode, agent]:
                    absences += 1
                    continue
                acts[agent].append(int(trace.actions[step][0, episode, agent]))
                cells[agent].append(float(trace.features[step]["cell"][0, episode, agent]))
    assert absences > 20
    for agent, item in enumerate(found.agents):
        assert item.idle_rate == pytest.approx(acts[agent].count(0) / len(acts[agent]))
        assert item.feature_means[0] == pytest.approx(sum(cells[agent]) / len(cells[agent]))
        assert item.action_entropy > 0.9  # an untrained policy acts at random; an absent agent idles


@pytest.mark.slow
def test_what_a_probe_says_is_what_those_that_are_there_would_be_paid(
    departures: Make, own_terms: ShapingConfig
) -> None:
    """An agent that is paid for every env_step of its own has a firing rate of 1."""
    always = document.read(
        ShapingConfig,
        {
            "terms": [
                {
                    "name": "always",
                    "form": "penalty",
                    "target": "agent",
                    "feature": "cell",
                    "transform": {"kind": "exp", "scale": 0.5},
                    "weight": 0.001,
                    "episode_cap": 0.1,
                }
            ]
        },
    )
    campaign = departures()
    with running(campaign, [ShapingConfig()], [3]) as run:
        (found,) = probe(campaign, run.snapshots()[0], [always])
    assert found.terms[0].firing_rate == 1

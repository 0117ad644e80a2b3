"""The update, written out by hand, is that of plain PPO."""

import dataclasses
from collections.abc import Callable

import pytest
import torch

from also import document
from also.services.trainer.network import ReplicaNet
from also.services.trainer.optimiser import Optimiser
from also.services.trainer.ppo.rollout import Rollout
from also.services.trainer.run import Run
from also.v1.campaign_pb2 import Campaign, LearnerSettings
from also.v1.shaping_pb2 import ShapingConfig
from tests.trainer import plain_ppo

SETTINGS = [
    {},
    {"algorithm": "ippo"},
    {"layers": 1, "minibatches": 3, "gradient_clip": 0.05},
    {"layers": 3, "clip_epsilon": 0.001, "entropy_coefficient": 0.3, "value_coefficient": 2.0},
    {"recurrent": True},
    {"recurrent": True, "algorithm": "ippo"},
]


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS)
def test_an_update_equals_plain_ppo(
    make_campaign: Callable[..., Campaign], potential: ShapingConfig, settings: dict[str, object]
) -> None:
    """Each replica's weights after an update are those of autograd and torch's Adam, up to rounding."""
    compare(make_campaign(rollout=25, learning_rate=0.003, **settings), potential)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "settings"),
    [
        ("examples.simple_spread:make_env", {"continuous_actions": True}, {}),
        ("tests.tasks.small_environments:uneven", {}, {}),
        ("tests.tasks.small_environments:departures", {}, {"minibatches": 3}),
        ("tests.tasks.small_environments:departures", {}, {"algorithm": "ippo"}),
        ("tests.tasks.small_environments:departures", {"continuous": True}, {}),
        ("tests.tasks.small_environments:departures", {"late": True}, {"recurrent": True, "algorithm": "ippo"}),
    ],
)
def test_an_update_equals_plain_ppo_for_other_actions(
    make_campaign: Callable[..., Campaign], name: str, arguments: dict[str, bool], settings: dict[str, object]
) -> None:
    """So are those of continuous actions, of actions that a mask takes out, and where agents come and leave."""
    campaign = make_campaign(rollout=25, learning_rate=0.003, **settings)
    campaign.task.Clear()
    campaign.task.name = name
    campaign.task.workers = 1
    for argument, flag in arguments.items():
        campaign.task.arguments[argument].flag = flag
    left = [{"name": "near", "form": "potential", "target": "agent", "feature": "cell", "weight": -0.3}]
    config = document.read(ShapingConfig, {"terms": left if name.endswith("departures") else []})
    compare(campaign, config)


def compare(campaign: Campaign, config: ShapingConfig) -> None:
    run = Run.start(campaign, [config] * 2, [3, 4])
    try:
        # away from the start, where all actions are alike and every ratio is 1
        for flat in (run.learner.policy.flat, run.learner.value_net.flat):
            flat.mul_(1.5).add_(0.02 * torch.randn(flat.shape, generator=torch.Generator().manual_seed(1)))
        rollout = run.collector.collect(run.learner.policy, torch.tensor([1, 2]))
        keys = torch.tensor([5, 6])
        orders = run.learner._orders(keys, rollout)
        minibatches = [indices for order in orders for indices in order.chunk(campaign.learner.minibatches, dim=1)]
        plain = [
            plain_ppo.updated(
                run.learner, differentiable(rollout), [indices[replica] for indices in minibatches], replica
            )
            for replica in range(2)
        ]
        before = run.learner.policy.flat.clone()
        statistics = run.learner.update(rollout, keys)
        assert statistics.finite.all()
        assert (run.learner.policy.flat - before).abs().max() > 0.004
        for replica, (actor, valuer) in enumerate(plain):
            torch.testing.assert_close(run.learner.policy.flat[replica], actor, atol=2e-5, rtol=0)
            torch.testing.assert_close(run.learner.value_net.flat[replica], valuer, atol=2e-5, rtol=0)
    finally:
        run.close()


def differentiable(rollout: Rollout) -> Rollout:
    """The same in tensors that autograd takes."""
    parts = {field.name: getattr(rollout, field.name) for field in dataclasses.fields(rollout)}
    cut = {t: inputs.clone() for t, inputs in parts.pop("cut_value_inputs").items()}
    presence = parts.pop("presence")
    copies = {name: None if part is None else part.clone() for name, part in parts.items()}
    return Rollout(cut_value_inputs=cut, presence=presence, **copies)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_way_back_through_a_net_is_that_of_autograd(layers: int, shared: bool) -> None:
    """In float64, for weights, biases and identities, with inputs of each agent or of all."""
    settings = LearnerSettings(hidden=8, layers=layers)
    net = ReplicaNet(torch.tensor([1, 2]), settings, inputs=5, outputs=4, agents=3, gain=1.0)
    generator = torch.Generator().manual_seed(layers)
    flat = torch.randn(net.flat.shape, generator=generator, dtype=torch.float64).requires_grad_()
    inputs = torch.randn(2, 7, 1 if shared else 3, 5, generator=generator, dtype=torch.float64)
    by_outputs = torch.randn(2, 4, 21, generator=generator, dtype=torch.float64)
    outputs, _ = net.step(net.views(flat), inputs, torch.empty(0))
    (expected,) = torch.autograd.grad(outputs.flatten(2), flat, by_outputs)
    with torch.no_grad():
        gradient = torch.full_like(flat, torch.nan)
        found, pull_back = net.vjp(net.views(flat.detach()), net.views(gradient), inputs)
        pull_back(by_outputs)
    torch.testing.assert_close(found, outputs.flatten(2))
    torch.testing.assert_close(gradient[:, : net.size], expected[:, : net.size])


@pytest.mark.slow
def test_two_threads_learn_the_bits_of_one(make_campaign: Callable[..., Campaign], potential: ShapingConfig) -> None:
    """Actors and value nets that train at the same time become what they become one after the other."""
    campaign = make_campaign(rollout=25, environments=16, hidden=32)
    runs = [Run.start(campaign, [potential] * 2, [1, 2], threads=threads) for threads in (1, 2)]
    for run in runs:
        for _ in range(5):
            run.advance()
    one, two = (run.learner.state_dict() for run in runs)
    for name, tensor in one.items():
        assert torch.equal(tensor, two[name]), name
    for run in runs:
        run.close()


def test_replicas_learn_the_same_in_blocks_of_any_size(
    make_campaign: Callable[..., Campaign], potential: ShapingConfig
) -> None:
    """How many replicas go through the minibatches together changes rounding at most."""
    campaign = make_campaign(rollout=25)
    learnt = []
    for elements in (1, 2 * 50 * 2 * 16, 1 << 30):  # one, two and all at once
        run = Run.start(campaign, [potential] * 5, [1, 2, 3, 4, 5])
        run.learner.block_elements = elements
        statistics = run.advance()
        learnt.append((run.learner.policy.flat, run.learner.value_net.flat, statistics.kl, statistics.entropy))
    for other in learnt[1:]:
        for first, second in zip(learnt[0], other, strict=True):
            torch.testing.assert_close(first, second, atol=2e-5, rtol=1e-4)


def test_the_optimiser_is_torchs_adam_with_clipped_gradients() -> None:
    """Step for step, for each replica by itself."""
    generator = torch.Generator().manual_seed(2)
    flat = torch.randn(3, 40, generator=generator)
    optimiser = Optimiser(flat.clone(), learning_rate=0.01, largest_norm=5.0)
    plain = [flat[replica].clone().requires_grad_() for replica in range(3)]
    adams = [torch.optim.Adam([each], lr=0.01, eps=1e-5) for each in plain]
    for number in range(1, 30):
        gradient = torch.randn(3, 40, generator=generator) * torch.tensor([[0.1], [1.0], [10.0]])
        for each, own, adam in zip(plain, gradient, adams, strict=True):
            each.grad = own.clone()
            torch.nn.utils.clip_grad_norm_([each], 5.0)
            adam.step()
        norms = torch.linalg.vector_norm(gradient, dim=1)
        found = torch.cat(
            [optimiser.of(rows).step(gradient[rows].clone(), number) for rows in (slice(0, 2), slice(2, 3))]
        )
        torch.testing.assert_close(found, norms)
    torch.testing.assert_close(optimiser.flat, torch.stack([each.detach() for each in plain]), atol=1e-5, rtol=1e-5)

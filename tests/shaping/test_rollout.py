"""Shaping rewards of a whole rollout are those of its env_steps one after the other."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from also.services.trainer.shaping_reward import Begun, ShapingReward
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2

TIME, ENVIRONMENTS = 12, 3


@pytest.mark.slow
@given(data=st.data(), seed=st.integers(0, 999))
def test_a_rollout_pays_what_its_env_steps_pay(
    data: st.DataObject,
    seed: int,
    card: task_pb2.TaskCard,
    observe: Callable[..., dict[str, Tensor]],
    valid_configs: Callable[..., st.SearchStrategy[pb.ShapingConfig]],
) -> None:
    """Bit for bit, with the state that is carried on, wherever episodes end in it; and the same activity."""
    configs = data.draw(st.lists(valid_configs(), min_size=1, max_size=3))
    generator = torch.Generator().manual_seed(seed)
    done = torch.rand(len(configs), TIME, ENVIRONMENTS, generator=generator) < data.draw(st.sampled_from([0, 0.2, 1]))
    terminated = done & (torch.rand(done.shape, generator=generator) < 0.5)
    task_reward = torch.rand(done.shape, generator=generator)
    one, whole = (ShapingReward(configs, card, environments=ENVIRONMENTS, gamma=0.9) for _ in range(2))
    states = [observe(seed, time, len(configs), ENVIRONMENTS) for time in range(2 * TIME + 1)]
    for shaping in (one, whole):
        shaping.begin(states[0])
    paid = []
    for t in range(TIME):
        ended, cut = terminated[:, t], (done & ~terminated)[:, t]
        paid.append(one.pay(states[2 * t + 1], task_reward[:, t], ended, cut))
        if bool(done[:, t].any()):
            one.restart(done[:, t], states[2 * t + 2])
    found = []
    for part in (slice(0, 5), slice(5, TIME)):  # as two rollouts, the second of which goes on from the first
        at = [t for t in range(*part.indices(TIME)) if bool(done[:, t].any())]
        begun = Begun(
            at=[t - part.start for t in at], done=done[:, at], features=_stacked([states[2 * t + 2] for t in at])
        )
        reached = _stacked([states[2 * t + 1] for t in range(*part.indices(TIME))])
        found.append(whole.pay_rollout(reached, task_reward[:, part], terminated[:, part], begun if at else None))
    assert torch.equal(torch.stack(paid, dim=1), torch.cat(found, dim=1))
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, whole.state_dict()[name]), name
    for first, second in zip(_numbers(one), _numbers(whole), strict=True):
        assert first == pytest.approx(second, rel=1e-6, abs=1e-9)


def _stacked(states: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([state[name] for state in states], dim=1) for name in (states[0] if states else {})}


def _numbers(shaping: ShapingReward) -> list[Any]:
    return [
        value
        for terms in shaping.ledger.activity()
        for term in terms
        for field, value in term.ListFields()
        if field.number > 1
    ]

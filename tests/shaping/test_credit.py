"""Credit moves shaping between agents, and makes none."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from also.v1 import shaping_pb2 as pb

OWN = {"form": "penalty", "feature": "distance", "weight": 0.04}


def split(config):
    """A config without its credit term, and with it."""
    own = pb.ShapingConfig(terms=[term for term in config.terms if term.form != pb.SHAPING_FORM_CREDIT])
    return [own, config]


@pytest.mark.slow
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_credit_keeps_the_teams_sum(data, seed, valid_configs, play):
    """What one agent loses the others of the mix gain, in every env_step."""
    own, mixed = play(split(data.draw(valid_configs())), seed=seed, steps=10).rewards.unbind(1)
    torch.testing.assert_close(mixed.sum(-1), own.sum(-1), atol=1e-5, rtol=0)


def test_alpha_is_the_share_of_an_agents_own(config, play):
    """alpha * own + (1 - alpha) * mean."""
    configs = [config(OWN), config(OWN, {"form": "credit", "credit": {"alpha": 0.25}})]
    own, mixed = play(configs, seed=1, steps=10).rewards.unbind(1)
    torch.testing.assert_close(mixed, 0.25 * own + 0.75 * own.mean(-1, keepdim=True))


def test_credit_of_a_role_mixes_its_agents_only(config, play):
    """Agents outside the role keep their own."""
    credit = {"form": "credit", "target": "role", "role": "carriers", "credit": {"alpha": 0}}
    own, mixed = play([config(OWN), config(OWN, credit)], seed=1, steps=10).rewards.unbind(1)
    assert torch.equal(mixed[..., 1], own[..., 1])
    torch.testing.assert_close(mixed[..., 0], own[..., [0, 2]].mean(-1))
    torch.testing.assert_close(mixed[..., 2], mixed[..., 0])

"""State that is saved in the middle of an episode goes on bit for bit, alone or in any batch."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from also.errors import CheckpointError, ShapingError
from also.services.trainer.shaping_reward import ShapingReward
from also.v1 import shaping_pb2 as pb

EVENT = {"form": "event", "feature": "holds", "weight": 0.1}


def assert_equal_states(first, second):
    """Two state dicts are equal bit for bit."""
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


@pytest.mark.slow
@settings(max_examples=25)
@given(data=st.data(), seed=st.integers(0, 10**6), cut=st.integers(1, 11))
def test_a_restored_run_goes_on_bit_for_bit(data, seed, cut, card, valid_configs, play):
    """Saved and loaded after any env_step, the rest of the rewards and the last state are the same."""
    configs = [data.draw(valid_configs()) for _ in range(2)]
    whole = play(configs, seed=seed, steps=12)
    before = play(configs, seed=seed, steps=cut)
    restored = ShapingReward(configs, card, environments=3, gamma=0.9)
    restored.load_state_dict(before.shaping.state_dict())
    after = play(configs, seed=seed, steps=12 - cut, shaping=restored, start=cut) if cut < 12 else before
    assert torch.equal(torch.cat([before.rewards, after.rewards]), whole.rewards)
    assert_equal_states(after.shaping.state_dict(), whole.shaping.state_dict())


@pytest.mark.slow
@settings(max_examples=25)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_a_replica_is_paid_as_if_it_were_alone(data, seed, valid_configs, play):
    """Who shares the batch changes neither a replica's rewards nor its state."""
    configs = [data.draw(valid_configs()), pb.ShapingConfig(), data.draw(valid_configs())]
    together = play(configs, seed=seed, steps=8)
    state = together.shaping.state_dict()
    for replica, config in enumerate(configs):
        alone = play([config], seed=seed, steps=8)
        assert torch.equal(alone.rewards[:, 0], together.rewards[:, replica])
        rows = {name: tensor[replica : replica + 1] for name, tensor in state.items()}
        assert_equal_states(alone.shaping.state_dict(), rows)


@pytest.mark.slow
@settings(max_examples=25)
@given(data=st.data(), seed=st.integers(0, 10**6))
def test_rows_of_states_can_be_sliced_and_stacked(data, seed, card, valid_configs, play):
    """A state's shape depends on no config, so a branch can go on from any checkpoint of the task."""
    configs = [data.draw(valid_configs()) for _ in range(2)]
    states = [play([config], seed=seed, steps=5).shaping.state_dict() for config in configs]
    stacked = ShapingReward(configs, card, environments=3, gamma=0.9)
    stacked.load_state_dict({name: torch.cat([state[name] for state in states]) for name in states[0]})
    rest = play(configs, seed=seed, steps=5, shaping=stacked, start=5)
    assert torch.equal(rest.rewards, play(configs, seed=seed, steps=10).rewards[5:])


def test_a_saved_state_does_not_move_with_the_live_one(config, play):
    """The tensors of a state are copies."""
    configs = [config(EVENT, {"form": "novelty", "feature": "distance", "weight": 0.1})]
    shaping = play(configs, seed=1, steps=3).shaping
    state = shaping.state_dict()
    before = {name: tensor.clone() for name, tensor in state.items()}
    play(configs, seed=1, steps=3, shaping=shaping, start=3)
    assert_equal_states(state, before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("visits"), "shaping state 'visits' is missing"),
        (lambda state: state.update(left=state["left"].float()), "shaping state 'left' is torch.float32"),
        (lambda state: state.update(since=state["since"][:, :4]), "shaping state 'since' is torch.int32 (1, 4, 3, 3)"),
    ],
)
def test_a_damaged_state_is_refused(change, message, config, card):
    """What is missing or of another shape is named, with what is expected."""
    shaping = ShapingReward([config(EVENT)], card, environments=3, gamma=0.9)
    state = shaping.state_dict()
    change(state)
    with pytest.raises(CheckpointError) as error:
        shaping.load_state_dict(state)
    assert message in str(error.value)


def test_no_terms_read_no_features_and_pay_nothing(card, play):
    """Without a term in the batch nothing is asked of the task, and env_steps are counted all the same."""
    assert ShapingReward([pb.ShapingConfig()], card, environments=3, gamma=0.9).feature_names == ()
    trajectory = play([pb.ShapingConfig()] * 2, seed=1, steps=4)
    assert trajectory.rewards.shape == (4, 2, 3, 3)
    assert not trajectory.rewards.any()
    assert trajectory.shaping.state_dict()["env_steps"].tolist() == [12, 12]
    assert trajectory.shaping.ledger.activity() == [[], []]


def test_feature_names_are_those_of_terms_and_gates(config, card):
    """Sorted, each once, over all replicas."""
    gate = {"feature": "loaded", "comparison": "at_least", "value": 1}
    configs = [config(EVENT), config(EVENT | {"gate": gate}, EVENT | {"feature": "gap"})]
    shaping = ShapingReward(configs, card, environments=3, gamma=0.9)
    assert shaping.feature_names == ("gap", "holds", "loaded")


def test_a_config_that_breaks_a_rule_never_reaches_the_learner(config, card):
    """The rules are checked once more where the reward is made."""
    with pytest.raises(ShapingError, match="feature 'speed' is not on the card"):
        ShapingReward([config(EVENT | {"feature": "speed"})], card, environments=3, gamma=0.9)

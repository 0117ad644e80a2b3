"""Random numbers as functions of keys."""

import torch

from also.services.trainer.network import normal, orthogonal
from also.services.trainer.streams import mix, uniform


def test_numbers_are_uniform_and_uncorrelated_between_neighbouring_keys() -> None:
    """A million draws have the mean, variance and correlation of independent uniform numbers."""
    draws = uniform(torch.arange(1000), 1000).double()
    assert draws.min() >= 0
    assert draws.max() < 1
    assert abs(draws.mean() - 0.5) < 1e-3
    assert abs(draws.var() - 1 / 12) < 1e-3
    correlation = torch.corrcoef(draws[:100]).fill_diagonal_(0).abs().max()
    assert correlation < 0.2


def test_a_key_draws_the_same_alone_and_in_any_batch() -> None:
    """What a replica draws does not depend on who shares the batch, nor on how many numbers are drawn."""
    keys = mix(torch.arange(50), 3)
    together = uniform(keys, 20)
    for index in (0, 17, 49):
        assert torch.equal(uniform(keys[index : index + 1], 5)[0], together[index, :5])


def test_mixing_by_different_indices_gives_different_keys() -> None:
    """No two of a million (key, index) pairs collide."""
    keys = mix(torch.arange(1000).unsqueeze(1), torch.arange(1000))
    assert keys.unique().numel() == 1_000_000


def test_normal_numbers_have_unit_variance() -> None:
    """Box-Muller gives mean 0 and variance 1, and nothing infinite."""
    draws = normal(torch.arange(100), 10_000).double()
    assert torch.isfinite(draws).all()
    assert abs(draws.mean()) < 5e-3
    assert abs(draws.var() - 1) < 5e-3


def test_orthogonal_weights_are_orthogonal_for_every_replica() -> None:
    """The shorter side of each matrix is orthonormal up to the gain."""
    for rows, columns in ((6, 16), (16, 6)):
        weights = orthogonal(torch.tensor([3, 4]), rows, columns, 2.0).double()
        product = weights @ weights.transpose(1, 2) if rows < columns else weights.transpose(1, 2) @ weights
        assert torch.allclose(product, 4 * torch.eye(6, dtype=torch.float64).expand(2, 6, 6), atol=1e-5)

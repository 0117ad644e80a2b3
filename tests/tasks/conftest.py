"""Fixtures of the tasks' tests."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small tensors: threads would only get into each other's way."""
    torch.set_num_threads(1)

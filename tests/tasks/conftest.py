"""Fixtures of the tasks' tests."""

from pathlib import Path

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small tensors: threads would only get into each other's way."""
    torch.set_num_threads(1)


@pytest.fixture
def small_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module `small_environments` lies in the current folder, as a user's module would."""
    folder = Path(__file__).parent
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)

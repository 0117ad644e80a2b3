"""The contract as descriptors with comments, compiled once from `proto/`."""

import pytest

from tools.comments import comments
from tools.generate_proto import descriptors


@pytest.fixture(scope="session")
def files():
    """Descriptors of the `.proto` files of ALSO, by path."""
    return {file.name: file for file in descriptors().file}


@pytest.fixture(scope="session")
def commented():
    """Comment of everything in the contract, by full name."""
    return comments(descriptors())

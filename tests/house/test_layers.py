"""Imports point down: the contracts in pyproject.toml hold, and forget nobody."""

import subprocess
import sys
import tomllib

import pytest


@pytest.mark.slow
def test_imports_point_down():
    """Every contract of import-linter is kept."""
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    result = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_service_is_in_the_contracts(root):
    """A new service cannot be left out of the rule that services never import each other."""
    services = {f"also.services.{path.parent.name}" for path in (root / "also" / "services").glob("*/__main__.py")}
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (independence,) = (contract for contract in contracts if contract["name"] == "Services meet over gRPC only")
    assert set(independence["modules"]) == services

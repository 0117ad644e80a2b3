"""Rules of the house that no linter knows."""

import ast
from pathlib import PurePosixPath

import pytest

DUMPING_GROUNDS = {"utils", "util", "common", "helpers", "helper", "base", "core", "manager", "misc"}

WALL_CLOCK = {"time.time", "datetime.now", "datetime.utcnow", "datetime.datetime.now"}

READERS_OF_THE_WALL_CLOCK = {
    "also/store/folder.py",  # age of files that killed processes left
    "also/campaign/journal.py",  # when a record was written, for people
    "also/cli/status.py",  # age of a sign of life, for people
    "also/cli/watch.py",  # the same, and how long ago a campaign was begun
    "also/services/validator/measure/query.py",  # age of Prometheus's samples
}

HOLDER_OF_DICE = "also/services/trainer/tasks/parallel/dice.py"
"""The module that puts global generators in place: those that a user's environment draws from."""


def imported(tree):
    """Full names of what a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(tree):
    """Every dotted name that a module uses, e.g. `os.environ`, and every bare one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def users(modules, *names):
    """Modules that use one of the names, or import it."""
    return {
        path
        for path, tree in modules.items()
        for used in (*dotted(tree), *imported(tree))
        if any(used == name or used.startswith(f"{name}.") for name in names)
    }


@pytest.mark.slow
def test_no_module_is_a_dumping_ground(modules):
    """A module is called after its concept."""
    words = {
        path: {part.removesuffix(".py").strip("_") for part in PurePosixPath(path).parts}
        | set(PurePosixPath(path).stem.split("_"))
        for path in modules
    }
    assert [path for path, parts in words.items() if parts & DUMPING_GROUNDS] == []


def test_every_module_has_a_docstring(modules):
    """A module opens with its idea."""
    assert [path for path, tree in modules.items() if tree.body and not ast.get_docstring(tree)] == []


def test_modules_are_short(root, sources):
    """Past 350 lines a module of the package is split by concept; tools and benchmarks have a little more."""
    lengths = {path: len((root / path).read_text(encoding="utf-8").splitlines()) for path in sources}
    longest = {path: 350 if path.startswith("also/") else 420 for path in sources}
    assert {path: length for path, length in lengths.items() if length > longest[path]} == {}


@pytest.mark.slow
def test_only_settings_read_the_environment(sources):
    """What a process depends on from outside is in one module."""
    assert users(sources, "os.environ", "os.getenv", "os.putenv") == {"also/settings.py"}


@pytest.mark.slow
def test_torch_stays_in_the_trainer(sources):
    """Only the trainer, and what measures it, may import torch."""
    allowed = ("also/services/trainer/", "benchmarks/")
    assert [path for path in users(sources, "torch") if not path.startswith(allowed)] == []


@pytest.mark.slow
def test_nothing_unpickles_or_evaluates(sources):
    """What is stored is data: no pickle, no eval, no exec, and YAML by its safe loader only."""
    forbidden = (
        "pickle",
        "cloudpickle",
        "marshal",
        "shelve",
        "dill",
        "joblib",
        "eval",
        "exec",
        "torch.load",
        "torch.save",
    )
    assert users(sources, *forbidden) == set()
    assert users(sources, "yaml.full_load", "yaml.unsafe_load", "yaml.Loader", "yaml.FullLoader") == set()


@pytest.mark.slow
def test_nothing_is_random_by_accident(sources):
    """Random numbers come from derived seeds, never from a module's global state."""
    forbidden = ("random.seed", "np.random.seed", "numpy.random.seed", "torch.manual_seed", "secrets")
    assert users(sources, *forbidden) == set()
    others = [tree for path, tree in sources.items() if path != HOLDER_OF_DICE]
    drawn = {name for tree in others for name in dotted(tree) if name.startswith("random.")}
    assert {name for name in drawn if not name.startswith("random.Random")} == set()


@pytest.mark.slow
def test_the_wall_clock_decides_nothing(sources):
    """Durations are by the monotonic clock; the time of day is read for people only."""
    assert users(sources, *WALL_CLOCK) <= READERS_OF_THE_WALL_CLOCK


def test_nothing_is_left_to_do(root, modules):
    """Unfinished work is an issue, not a comment."""
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    found = [path for path in modules if any(mark in (root / path).read_text(encoding="utf-8") for mark in marks)]
    assert found == []


@pytest.mark.slow
def test_every_metric_is_moved(sources):
    """No metric is declared and then forgotten."""
    declared = {
        target.id
        for node in sources["also/metrics.py"].body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if target.id != "REGISTRY"
    }
    used = {name for path, tree in sources.items() if path != "also/metrics.py" for name in dotted(tree)}
    here = (name.removesuffix(".labels") for name in dotted(sources["also/metrics.py"]) if name.endswith(".labels"))
    used |= {f"metrics.{name}" for name in here}
    assert {name for name in declared if f"metrics.{name}" not in used} == set()

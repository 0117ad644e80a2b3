"""`also init` writes campaign files to begin with."""

import pytest

from also.campaign import spec
from also.services.trainer.tasks.opening import open_task


@pytest.mark.parametrize("name", [*spec.brought(), "predator_prey"])
def test_every_campaign_that_also_brings_can_be_had_as_a_file(also, tmp_path, name):
    """The file that is written is the campaign itself, but for where an example's module lies."""
    code, out, _ = also("init", name)
    (file,) = tmp_path.glob("*.yaml")
    assert code == 0
    assert out.endswith(f"run it with: also run {file.name}\n")
    found, brought = spec.load(file), spec.load(None, []) if name == spec.DEFAULT else spec.load(type(file)(name))
    found.task.name = brought.task.name
    assert found == brought


@pytest.mark.slow
def test_the_example_comes_with_the_module_of_its_task(also, tmp_path, monkeypatch):
    """What the file names is beside it, and is a task."""
    assert also("init", "spread", "-o", "mine")[0] == 0
    folder = tmp_path / "mine"
    campaign = spec.load(folder / "spread.yaml")
    assert campaign.task.name == "simple_spread:make_env"
    assert {file.name for file in folder.iterdir()} == {"spread.yaml", "simple_spread.py"}
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    campaign.task.workers = 1
    task = open_task(campaign.task, replicas=1, environments=1)
    assert len(task.card.agents) == 3
    task.close()


def test_nothing_that_is_there_is_written_over(also, tmp_path):
    """Not even half: neither of two files is written where one of them exists."""
    (tmp_path / "simple_spread.py").write_text("mine", encoding="utf-8")
    code, _, said = also("init", "spread")
    assert code == 2
    assert said == "error: simple_spread.py is there already; nothing was written; name another folder with -o\n"
    assert [file.name for file in tmp_path.iterdir()] == ["simple_spread.py"]


def test_an_unknown_campaign_is_refused_with_those_there_are(also):
    """As `also run` refuses it, and a file too."""
    assert "also init" not in also("init", "nothing")[2]
    assert all(name in also("init", "nothing")[2] for name in spec.brought())
    assert also("init", "my.yaml")[0] == 2

"""A branch group that is forked from a process that had loaded everything: what it trains is the same."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from also import keys, lifeline
from also.forks.starter import ForkServer
from also.store import open_store
from also.v1 import branch_pb2
from also.v1.campaign_pb2 import Campaign

pytestmark = pytest.mark.slow

CHILD = """
import json, os, sys
loaded_before = set(sys.modules)
from also import lifeline

def main():
    if sys.argv[1] == "draw":
        import numpy, random, torch
        print(json.dumps([torch.rand(3).tolist(), numpy.random.rand(3).tolist(), [random.random()]]))
    else:
        from also.services.trainer.branch import process as branch
        branch.main(sys.argv[1:])
        late = set(sys.modules) - loaded_before
        print(json.dumps([name for name in late if name.startswith("also.")]))

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServer]:
    """A fork server as the validator has one; the module above is on the path of its children."""
    (tmp_path / "child.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    server = ForkServer(["also.services.trainer.warm", "numpy.random"], log=tmp_path / "fork-server.log")
    yield server
    server.close()


Say = Callable[..., list[bytes]]


@pytest.fixture
def say(tmp_path: Path) -> Say:
    """Runs processes beside each other, started by functions like `lifeline.spawn`; gives what each printed."""

    def say(*starts: tuple[Callable[..., lifeline.Process], str, list[str]]) -> list[bytes]:
        processes = [
            spawn(module, arguments, log=tmp_path / "child.log", stdout=subprocess.PIPE)
            for spawn, module, arguments in starts
        ]
        said = []
        for process in processes:
            assert process.stdout is not None
            with process.stdout as output:
                said.append(output.read())
            assert process.wait() == 0, (tmp_path / "child.log").read_text()
        lifeline.end(processes)
        return said

    return say


def test_forked_groups_come_to_the_bits_of_one_that_was_started_anew(
    make_campaign: Callable[..., Campaign],
    make_group: Callable[..., branch_pb2.BranchGroup],
    server: ForkServer,
    say: Say,
    tmp_path: Path,
) -> None:
    """Two siblings and a process without a fork server: equal records, and equal checkpoints by their content."""
    starts = []
    for number, spawn in enumerate((lifeline.spawn, server.spawn, server.spawn)):
        store = open_store(str(tmp_path / f"store-{number}"))
        make_group(make_campaign(), store, updates=20)
        arguments = ["--store", store.uri, "--campaign", "c", "--group", "g"]
        starts.append((spawn, "also.services.trainer.branch", arguments))
    anew, *forked = say(*starts)
    assert anew.splitlines()[-1] in forked[0] and anew.splitlines()[-1] in forked[1]
    results = [
        open_store(str(tmp_path / f"store-{number}")).get_message(
            keys.branch_group_result("c", "g"), branch_pb2.BranchGroupResult
        )
        for number in range(3)
    ]
    assert list(results[0].records) == list(results[1].records) == list(results[2].records)
    assert all(record.checkpoint_id for record in results[0].records)


def test_global_generators_are_not_shared(server: ForkServer, say: Say) -> None:
    """Those of Python, torch and numpy are other ones in every process, forked or not."""
    starts = [(spawn, "child", ["draw"]) for spawn in (lifeline.spawn, server.spawn, server.spawn)]
    drawn = [json.loads(said) for said in say(*starts)]
    for generator in zip(*drawn, strict=True):
        assert len({tuple(numbers) for numbers in generator}) == 3


def test_a_forked_group_loads_no_module_of_ours(
    make_campaign: Callable[..., Campaign],
    make_group: Callable[..., branch_pb2.BranchGroup],
    server: ForkServer,
    say: Say,
    tmp_path: Path,
) -> None:
    """Whatever a branch group imports while it trains, the fork server has loaded."""
    store = open_store(str(tmp_path / "store"))
    make_group(make_campaign(), store, updates=2)
    (said,) = say((server.spawn, "child", ["--store", store.uri, "--campaign", "c", "--group", "g"]))
    assert json.loads(said.splitlines()[-1]) == []

"""A process that serves the metrics of finished branch groups, by the code of a real branch, rightly or wrongly.

Started as `python -m tools.faulty_prometheus.exporter --store URI --port N`. Each line on its standard input is
a JSON object: which group it tells in place of the last one, how many of its measures, and by which fault of
`FAULTS`; an empty one tells nothing more. It answers each with a line, and ends when its standard input closes.
"""

import argparse
import json
import math
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from also import exposition, keys, metrics
from also.store import open_store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchRecord

Records = list[BranchRecord]


def _not_a_number(records: Records, draw: random.Random) -> None:
    last = draw.choice(records).measures[-1]
    setattr(last, draw.choice(["mean_return", "milestone_score"]), draw.choice([math.nan, math.inf, -math.inf]))


def _empty(records: Records, draw: random.Random) -> None:
    records.clear()


def _partial(records: Records, draw: random.Random) -> None:
    """A branch, or an arm, is not told."""
    gone = draw.choice(records)
    records[:] = [each for each in records if each is not gone and (each.arm != gone.arm or draw.random() < 0.5)]


def _wrong_hash(records: Records, draw: random.Random) -> None:
    """A learner under another config, alone or with its arm."""
    wrong = f"{draw.getrandbits(256):064x}"
    arm = draw.choice(records).arm
    for record in [each for each in records if each.arm == arm][: draw.choice([1, 64])]:
        record.config_hash = wrong


def _restarted_counter(records: Records, draw: random.Random) -> None:
    """A process that began to count anew at its last evaluation."""
    for record in draw.sample(records, draw.randint(1, len(records))):
        del record.measures[:-1]


FAULTS: dict[str, Callable[[Records, random.Random], None]] = {
    "not_a_number": _not_a_number,
    "empty": _empty,
    "partial": _partial,
    "wrong_hash": _wrong_hash,
    "restarted_counter": _restarted_counter,
}
"""What may be wrong with what is told."""


def main(given: Sequence[str] | None = None) -> None:
    """Serve and obey until standard input closes."""
    from also.services.trainer.branch.metrics import BranchMetrics  # imports torch, for which the caller need not wait

    parser = argparse.ArgumentParser(prog="tools.faulty_prometheus.exporter")
    parser.add_argument("--store", required=True, help="URI of the object store")
    parser.add_argument("--port", type=int, required=True, help="port of 127.0.0.1 to serve /metrics on")
    arguments = parser.parse_args(given)
    store = open_store(arguments.store, create=False)
    exposition.expose(arguments.port, "127.0.0.1")
    print("ready", flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        _forget()
        if command:
            campaign, name = command["campaign"], command["group"]
            group = store.get_message(keys.branch_group(campaign, name), BranchGroup)
            records = list(store.get_message(keys.branch_group_result(campaign, name), BranchGroupResult).records)
            for record in records:
                del record.measures[command["measures"] :]
            if command["fault"]:
                FAULTS[command["fault"]](records, random.Random(f"{command['seed']} {name}"))
            owner = command.get("owner", "")
            BranchMetrics(group, records, planned_env_steps=group.env_steps * len(records), owner=owner)
        print("done", flush=True)


def _forget() -> None:
    """No series of any branch is served any more."""
    for metric in (
        metrics.BRANCH_RETURN,
        metrics.BRANCH_MILESTONE_SCORE,
        metrics.BRANCH_SUCCESS_RATE,
        metrics.BRANCH_MEASURED_ENV_STEPS,
        metrics.BRANCH_EVALUATION_EPISODES,
        metrics.BRANCH_GROUP_ENV_STEPS,
        metrics.BRANCH_GROUP_ENV_STEPS_PLANNED,
    ):
        metric.clear()


class Exporter:
    """Such a process, as its parent has it; commands wait until they are obeyed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """A process that was started by `exporting`."""
        self._process = process

    def tell(self, group: BranchGroup, *, measures: int, fault: str = "", seed: int = 0, owner: str = "") -> None:
        """Tell a group, whose spec and result are in the store, in place of what was told.

        Args:
            group: the group.
            measures: how many measures of each branch, from the first.
            fault: a fault of `FAULTS`; empty is none.
            seed: seed of what the fault chooses.
            owner: whose the group is, see `Settings.owner`; empty: nobody's.
        """
        given = {"campaign": group.campaign_id, "group": group.name, "owner": owner}
        self._obey(given | {"measures": measures, "fault": fault, "seed": seed})

    def forget(self) -> None:
        """Tell nothing more."""
        self._obey({})

    def await_ready(self) -> None:
        """Wait until it serves.

        Raises:
            RuntimeError: it has ended.
        """
        self._hear("ready")

    def _obey(self, command: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        self._hear("done")

    def _hear(self, word: str) -> None:
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if said != word:
            raise RuntimeError(f"an exporter said {said!r}, not {word!r}: see its standard error")


@contextmanager
def exporting(store_uri: str, ports: Sequence[int]) -> Iterator[list[Exporter]]:
    """Exporters, one a port, that are ready; they end with the block, and with this process.

    Args:
        store_uri: URI of the object store.
        ports: ports of 127.0.0.1 that they serve on.
    """
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tools.faulty_prometheus.exporter", "--store", store_uri, "--port", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for port in ports
    ]
    try:
        exporters = [Exporter(process) for process in processes]
        for exporter in exporters:
            exporter.await_ready()
        yield exporters
    finally:
        for process in processes:
            process.communicate()  # closes its standard input, and waits for its end


if __name__ == "__main__":
    main()

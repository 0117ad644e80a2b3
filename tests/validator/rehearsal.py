"""A branch group's process without training: for what the launcher must bear.

Run as `python -m rehearsal` with the arguments of `also.services.trainer.branch`. It follows the same
protocol (spec, progress lines, result created once, exit codes), and what it does besides is in
the file that REHEARSAL names, JSON: `crashes` (starts that fail), `refuses` (exit 2), `hangs`
(starts that never end), `seconds` (how long it takes), `returns` (by arm), `hashes` (by arm).
Every start appends its group and process id to `starts` beside that file, and its group, device and share to `places`.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from also import keys, lifeline
from also.document import canonical
from also.shaping.identity import config_hash
from also.store import open_store
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchProgress, BranchRecord, Measure


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--store", "--campaign", "--group"):
        parser.add_argument(name, required=True)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--share", type=int)
    parser.add_argument(lifeline.FLAG, action="store_true")
    given = parser.parse_args()
    lifeline.hold()
    script = Path(os.environ["REHEARSAL"])
    behaviour = json.loads(script.read_text())
    starts = script.with_name("starts")
    with starts.open("a") as file:
        file.write(f"{given.group} {os.getpid()}\n")
    with script.with_name("places").open("a") as file:
        file.write(f"{given.group} {given.device} {given.share}\n")
    attempt = sum(line.startswith(f"{given.group} ") for line in starts.read_text().splitlines())
    print("a task's own package may print, too", flush=True)
    if behaviour.get("refuses"):
        print("error: checkpoint abc is damaged; an intact one is expected", file=sys.stderr)
        sys.exit(2)
    if attempt <= behaviour.get("crashes", 0):
        print("RuntimeError: out of luck", file=sys.stderr)
        sys.exit(1)
    if attempt <= behaviour.get("hangs", 0):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("{}", flush=True)
        time.sleep(600)
    perform(given, behaviour)


def perform(given: argparse.Namespace, behaviour: dict) -> None:
    store = open_store(given.store, create=False)
    group = store.get_message(keys.branch_group(given.campaign, given.group), BranchGroup)
    records = [
        BranchRecord(
            arm=branch.arm,
            seed_index=branch.seed_index,
            config_hash=behaviour.get("hashes", {}).get(branch.arm) or config_hash(branch.config),
            measures=[
                Measure(
                    env_steps=group.env_steps,
                    mean_return=behaviour.get("returns", {}).get(branch.arm, 0.0) + branch.seed_index / 100,
                )
            ],
        )
        for branch in group.branches
    ]
    print(canonical(BranchProgress(env_steps=1, records=records)).decode(), flush=True)
    time.sleep(behaviour.get("seconds", 0))
    for record, branch in zip(records, group.branches, strict=True):
        record.checkpoint_id = f"{branch.checkpoint_id}/{given.group}/{branch.arm}/{branch.seed_index}"[-64:]
        record.env_steps = group.env_steps
    result = BranchGroupResult(name=group.name, records=records)
    store.create_message(keys.branch_group_result(given.campaign, given.group), result)


if __name__ == "__main__":
    main()

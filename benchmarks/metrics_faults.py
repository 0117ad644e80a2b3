"""What bad metrics do to promotions: twelve kinds of fault before a real Prometheus, and a good round beside each.

    python -m benchmarks.metrics_faults --prometheus PATH [--rounds 50] [--output benchmarks/metrics_faults.md]

Each round is a whole one: a real trainer answers the screen, and search and confirmation have records by which
the candidate is promoted. Its branches are not trained; an exporter tells their metrics by a branch's own
code, a real Prometheus scrapes it every quarter of a second, and the validator asks through a proxy. A
fault strikes the search in one half of the rounds, and the confirmation alone in the other. No round with a
fault may promote, and every one without must.
"""

import argparse
import mmap
import platform
import queue
import random
import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import also
from also import document, keys, presets, reasons, rpc
from also.services.trainer.service import Trainer
from also.services.trainer.tasks.opening import describe
from also.services.validator.launch import results
from also.services.validator.launch.launcher import Progress
from also.services.validator.measure.prometheus import Prometheus
from also.services.validator.measure.query import Endpoint
from also.services.validator.measure.reading import Times
from also.services.validator.validation import validate
from also.shaping.identity import config_hash
from also.store import Store, open_store
from also.v1 import trainer_pb2_grpc
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchProgress, BranchRecord, Measure, SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.trainer_pb2 import TrainStageRequest
from also.v1.validator_pb2 import ValidateRequest
from also.v1.verdict_pb2 import Candidate, Validation
from benchmarks.machine import machine
from tools.faulty_prometheus import exporter
from tools.faulty_prometheus.exporter import Exporter, exporting
from tools.faulty_prometheus.scraping import scraping
from tools.faulty_prometheus.server import FaultyPrometheus, serving
from tools.loopback import free_ports, served

MADE_BY = {
    "none": "nobody",
    "down": "proxy is closed",
    "status_5xx": "proxy",
    "slow": "proxy hangs or drips",
    "warnings": "proxy",
    "clock_skew": "proxy",
    "empty": "exporter",
    "partial": "exporter",
    "not_a_number": "exporter",
    "wrong_hash": "exporter",
    "restarted_counter": "exporter",
    "stale": "exporter falls silent",
    "duplicate": "second exporter",
}
"""Every kind of round, and who makes its fault."""

SCRAPE_SECONDS = 0.25
"""Time between two scrapes."""

MAX_AGE_SECONDS = 1.5
"""Age of the oldest sample that counts."""

WAIT_SECONDS = 3.0
"""How long a reading is waited for."""

QUERY_SECONDS = 2.0
"""Deadline of a query."""

CAMPAIGN = {
    "task": {"name": "foraging", "layout": "5x5-2p-1f-coop"},
    "seed": 7,
    "learner": {"environments": 4, "rollout": 10, "epochs": 1, "minibatches": 1, "hidden": 8, "layers": 1},
    "evaluation": {"episodes": 4, "branch_points": 2},
    "validation": {
        "proof": "confirmed",
        "search_rungs": 1,
        "search_seeds": 2,
        "search_env_steps": 80,
        "confirm_seeds": 5,
        "confirm_waves": 1,
        "confirm_env_steps": 80,
        "parallel_groups": 1,
    },
}
"""A small campaign, whose five pairs suffice for a promotion."""

TERM = {"name": "approach", "form": "potential", "target": "team", "feature": "team_food_distance", "weight": 0.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a round."""

    kind: str
    """Its fault."""
    promoted: bool
    """Whether a candidate was promoted."""
    reason: str
    """Why it was, or was not."""
    seconds: float
    """Time that it took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """A launcher of groups that are told, not trained: see `also.services.validator.launch.launcher.Launcher`."""

    store: Store
    """The object store."""
    exporter: Exporter
    """Tells the groups' metrics."""
    twin: Exporter
    """Tells them too, where that is the fault."""
    proxy: FaultyPrometheus
    """What the validator asks; without a fault until one is due."""
    kind: str
    """Fault of the round."""
    struck: int
    """Pool whose groups the fault strikes; groups of the other pools are told well."""
    seed: int
    """Seed of what the fault chooses."""

    def check(self) -> None:
        """Nothing is needed."""

    def show(self, group: BranchGroup) -> str:
        """What is not told here stays untold."""
        return ""

    def run(self, groups: Sequence[BranchGroup]) -> Generator[Progress, None, None]:
        """Store each group's result, tell its metrics, and let them be scraped or not."""
        progress: dict[str, BranchProgress] = {}
        for group in groups:
            results.store_spec(self.store, group)
            records = [self._record(group, place) for place in range(len(group.branches))]
            result = BranchGroupResult(name=group.name, records=records)
            self.store.create_message(keys.branch_group_result(group.campaign_id, group.name), result)
            yield dict(progress)
            kind = self.kind if group.pool == self.struck else "none"
            gap = kind if kind in ("empty", "partial") else ""  # what is not told at the end was never told
            self.exporter.tell(group, measures=1, fault=gap, seed=self.seed)  # as a branch does on its way
            if kind == "duplicate":
                self.twin.tell(group, measures=1)  # two pods train the group side by side
            time.sleep(2 * SCRAPE_SECONDS)
            self._finish(group, kind)
            progress[group.name] = BranchProgress(env_steps=group.env_steps * len(records), records=records)
            yield dict(progress)

    def _finish(self, group: BranchGroup, kind: str) -> None:
        """Tell a group's last measures; the fault is there before the validator asks."""
        draw = random.Random(f"{self.seed} {group.name}")
        fault = {"slow": draw.choice(["hang", "slow_drip"]), "down": ""}.get(kind, kind)
        if kind == "down":
            self.proxy.shutdown()
            self.proxy.server_close()
        elif kind in ("status_5xx", "slow", "warnings", "clock_skew"):
            self.proxy.fault_of = lambda call, query: fault
        told_wrongly = kind if kind in exporter.FAULTS else ""
        self.exporter.tell(group, measures=2, fault=told_wrongly, seed=self.seed)
        if kind == "duplicate":
            self.twin.tell(group, measures=2)
        if kind == "stale":
            time.sleep(3 * SCRAPE_SECONDS)
            self.exporter.forget()
            time.sleep(MAX_AGE_SECONDS + 3 * SCRAPE_SECONDS)

    def _record(self, group: BranchGroup, place: int) -> BranchRecord:
        """A record by which the candidate is better on every seed."""
        branch = group.branches[place]
        draw = random.Random(f"{self.seed} {group.name} {branch.seed_index}")  # equal for the arms of a pair
        base = draw.uniform(0.05, 0.2)
        gain = draw.uniform(0.2, 0.4) if branch.arm != "control" else 0.0
        return BranchRecord(
            arm=branch.arm,
            seed_index=branch.seed_index,
            config_hash=config_hash(branch.config),
            checkpoint_id=f"{group.name}-{place}",
            env_steps=group.env_steps,
            measures=[
                Measure(env_steps=40, mean_return=base / 2, milestone_score=0.1, episodes=4),
                Measure(env_steps=80, mean_return=base + gain, milestone_score=0.3 + gain, episodes=4),
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Everything that rounds share: the store, a trainer, exporters and the Prometheus that scrapes them."""

    store: Store
    """The object store."""
    trainer: trainer_pb2_grpc.TrainerServiceStub
    """A real trainer."""
    request: ValidateRequest
    """A round that is promoted when nothing is wrong; only its stage differs between rounds."""
    lanes: "queue.Queue[tuple[Exporter, Exporter]]"
    """An exporter and its twin for each round that can go on at once."""
    prometheus: str
    """URL of the Prometheus."""

    def play(self, kind: str, number: int) -> Outcome:
        """One round, from the screen to the verdict.

        Args:
            kind: its fault, see `MADE_BY`.
            number: number of the round, unique; its parity says whether search or confirmation is struck.
        """
        request = ValidateRequest()
        request.CopyFrom(self.request)
        request.stage = number
        lane = self.lanes.get()
        began = time.monotonic()
        try:
            with serving(upstream=self.prometheus, seed=number) as proxy:
                launcher = Rehearsed(
                    store=self.store,
                    exporter=lane[0],
                    twin=lane[1],
                    proxy=proxy,
                    kind=kind,
                    struck=SeedPool.SEED_POOL_SEARCH if number % 2 else SeedPool.SEED_POOL_CONFIRM,
                    seed=number,
                )
                place = Endpoint(url=proxy.url, seconds=QUERY_SECONDS)
                times = Times(wait=WAIT_SECONDS, pause=0.2)
                measures = Prometheus(store=self.store, endpoint=place, max_age=MAX_AGE_SECONDS, times=times)
                with closing(validate(request, trainer=self.trainer, launcher=launcher, measures=measures)) as messages:
                    *_, result = messages
            for each in lane:
                each.forget()
        finally:
            self.lanes.put(lane)
        assert isinstance(result, Validation)
        (verdict,) = result.verdicts
        return Outcome(
            kind=kind,
            promoted=bool(result.promoted),
            reason=reasons.verdict(verdict.reason),
            seconds=time.monotonic() - began,
        )


@contextmanager
def gate(binary: str | Path, folder: Path, *, lanes: int) -> Iterator[Gate]:
    """A gate for so many rounds at once; all its processes end with the block.

    Args:
        binary: the Prometheus.
        folder: an empty folder.
        lanes: rounds at once.
    """
    with ExitStack() as stack:
        store = open_store(str(folder / "store"))
        ports = free_ports(2 * lanes)
        exporters = stack.enter_context(exporting(store.uri, ports))
        (folder / "prometheus").mkdir()
        milliseconds = round(1000 * SCRAPE_SECONDS)
        url = stack.enter_context(scraping(binary, ports, folder / "prometheus", milliseconds=milliseconds))
        register = partial(trainer_pb2_grpc.add_TrainerServiceServicer_to_server, Trainer(lambda: store))
        address = stack.enter_context(served(register))
        trainer = trainer_pb2_grpc.TrainerServiceStub(stack.enter_context(rpc.connect(address)))
        free: queue.Queue[tuple[Exporter, Exporter]] = queue.Queue()
        for lane in zip(exporters[:lanes], exporters[lanes:], strict=True):
            free.put(lane)
        yield Gate(store=store, trainer=trainer, request=first_request(trainer), lanes=free, prometheus=url)


def first_request(trainer: trainer_pb2_grpc.TrainerServiceStub) -> ValidateRequest:
    """A round of one candidate, after a stage of one update."""
    campaign = document.read(Campaign, CAMPAIGN)
    presets.resolve(campaign)
    stage = TrainStageRequest(campaign_id="gate", run="main", campaign=campaign, env_steps=40)
    *_, last = rpc.stream(trainer.TrainStage, stage, seconds=120)
    config = document.read(ShapingConfig, {"terms": [TERM]})
    return ValidateRequest(
        campaign_id="gate",
        campaign=campaign,
        card=describe(campaign.task),
        checkpoint_id=last.result.checkpoint_id,
        candidates=[Candidate(name="r0-c0", config=config, config_hash=config_hash(config), finding=-1)],
        env_steps_left=10**6,
    )


def play_all(gate_: Gate, kinds: Sequence[str], rounds: int, *, lanes: int) -> list[Outcome]:
    """Rounds of every kind, some of them at once, in the order of the kinds.

    Args:
        gate_: the gate.
        kinds: kinds of fault.
        rounds: rounds of each.
        lanes: rounds at once.
    """
    with ThreadPoolExecutor(lanes) as pool:
        planned = [(kind, place * rounds + number) for place, kind in enumerate(kinds) for number in range(rounds)]
        return list(pool.map(lambda each: gate_.play(*each), planned))


def row(kind: str, outcomes: Sequence[Outcome]) -> str:
    """A line of the table."""
    mine = [each for each in outcomes if each.kind == kind]
    told = ", ".join(f"{name} {count}" for name, count in sorted(Counter(each.reason for each in mine).items()))
    promoted = sum(each.promoted for each in mine)
    slowest = max(each.seconds for each in mine)
    return f"| {kind} | {MADE_BY[kind]} | {len(mine)} | {promoted} | {told} | {slowest:.1f} |"


def version(binary: str) -> str:
    """The Prometheus's name and version: its own word, else that of the Go module it was built from."""
    path = shutil.which(binary) or binary
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version ([0-9]\S+)", said.stdout + said.stderr)
    if found:
        return f"Prometheus {found[1]}"
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found_in = re.search(rb"mod\tgithub.com/prometheus/prometheus\t(v[0-9.]+)", content)
        built = found_in[1].decode() if found_in else "of an unknown version"
    return f"Prometheus, Go module {built}"


def main() -> int:
    """Play, print, and write the table; 1 when a round with a fault promoted, or one without did not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", default="prometheus", help="the program; tools/fetch_prometheus.sh finds one")
    parser.add_argument("--rounds", type=int, default=50, help="rounds of each kind")
    parser.add_argument("--lanes", type=int, default=5, help="rounds at once")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the table")
    given = parser.parse_args()
    lines = [
        "# Bad metrics",
        "",
        f"`python -m benchmarks.metrics_faults --rounds {given.rounds} --lanes {given.lanes}`: rounds of validation",
        "whose candidate is promoted unless something is wrong, before a real Prometheus. Round n is stage n of one",
        "campaign of seed 7; faults of odd rounds strike the search, those of even ones the confirmation alone.",
        "",
        f"{machine()}, Python {platform.python_version()}, ALSO {also.__version__}, {version(given.prometheus)}, which",
        f"scrapes every {SCRAPE_SECONDS:g} s; samples count for {MAX_AGE_SECONDS:g} s, and a reading is waited for",
        f"{WAIT_SECONDS:g} s long.",
        "",
        "| fault | made by | rounds | promoted | verdicts | slowest round, s |",
        "|---|---|---|---|---|---|",
    ]
    with (
        tempfile.TemporaryDirectory(prefix="also-metrics-") as folder,
        gate(given.prometheus, Path(folder), lanes=given.lanes) as gate_,
    ):
        outcomes = play_all(gate_, list(MADE_BY), given.rounds, lanes=given.lanes)
    lines += [row(kind, outcomes) for kind in MADE_BY]
    bad = [each for each in outcomes if each.kind != "none"]
    lines.append(
        f"| **{len(MADE_BY) - 1} kinds** | | {len(bad)} | {sum(each.promoted for each in bad)} | | "
        f"{max(each.seconds for each in bad):.1f} |"
    )
    print("\n".join(lines))
    given.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if wrong(outcomes) else 0


def wrong(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Rounds that promoted on bad metrics, or did not on good ones."""
    return [each for each in outcomes if each.promoted != (each.kind == "none")]


if __name__ == "__main__":
    raise SystemExit(main())

"""A round with a thousand parallel branches: its groups as the validator plans them, and one group that was trained.

17 arms (control and as many candidates as a round may have) x 59 seeds are 1,003 branches. The task and the
learner are the default campaign's; branches train as shortly as they can, because their length changes
neither their metrics nor their objects. One group is trained by a real branch process, which says what a pod's
`/metrics` is and what a result looks like.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from also import document, keys, presets
from also.services.trainer import checkpoint, determinism
from also.services.trainer.run import Run, Snapshot
from also.services.trainer.tasks.opening import describe
from also.services.validator import plan
from also.settings import child_environment
from also.shaping.identity import config_hash
from also.store import Store
from also.updates import env_steps_of_update
from also.v1.branch_pb2 import BranchGroup, BranchGroupResult, BranchRecord, SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.validator_pb2 import ValidateRequest
from also.v1.verdict_pb2 import Candidate
from also.validation import cost
from also.validation.round import Step
from tools.loopback import free_port, read_url

CAMPAIGN_ID = "thousand"

CANDIDATES, SEEDS = 16, 59
"""The most candidates of a round, and the seeds by which its arms have a thousand branches."""

REPLICAS = (1, 16, 64)
"""Branches of a Job."""

_CAMPAIGN = Path("campaigns/foraging.yaml")

_LINGER_SECONDS = 120.0
"""How long the trained branch process may stay up, which ends as soon as it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What one branch process left."""

    group: BranchGroup
    """The group."""
    exposition: str
    """Its `/metrics` after its end."""
    records: tuple[BranchRecord, ...]
    """Its records."""
    memory: int
    """Resident memory of the process, bytes."""

    def result_of(self, name: str) -> BranchGroupResult:
        """Its result as that of another group."""
        return BranchGroupResult(name=name, records=self.records, seconds=60.0, processes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ARound:
    """A round that begins at a stored checkpoint."""

    store: Store
    """Object store with the checkpoint."""
    campaign: Campaign
    """The campaign, every default filled in."""
    snapshot: Snapshot
    """What the checkpoint holds."""
    start: str
    """Id of the checkpoint."""

    @classmethod
    def begin(cls, store: Store) -> "ARound":
        """Train the default learner for one update, and store its checkpoint."""
        given = yaml.safe_load(_CAMPAIGN.read_text(encoding="utf-8"))
        campaign = document.read(Campaign, given)
        presets.resolve(campaign)
        update = env_steps_of_update(campaign.learner)
        campaign.validation.search_rungs = 1
        campaign.validation.search_env_steps = update * campaign.evaluation.branch_points
        determinism.prepare()
        run = Run.start(campaign, [ShapingConfig()], [campaign.seed])
        run.advance()
        (snapshot,) = run.snapshots()
        start = checkpoint.save(store, CAMPAIGN_ID, campaign, run.task.card, snapshot)
        run.close()
        return cls(store=store, campaign=campaign, snapshot=snapshot, start=start)

    def groups(self, replicas: int) -> list[BranchGroup]:
        """The groups of all branches, as the first rung of a search: all of them at once.

        Args:
            replicas: branches of a group, at most; of 64 there are 51, because whole seeds stay together.
        """
        campaign = Campaign()
        campaign.CopyFrom(self.campaign)
        campaign.validation.replicas_per_group = replicas
        campaign.validation.parallel_groups = len(plan.split(CANDIDATES + 1, SEEDS, replicas, 1))
        request = ValidateRequest(
            campaign_id=CAMPAIGN_ID,
            campaign=campaign,
            card=describe(campaign.task),
            checkpoint_id=self.start,
            candidates=[_candidate(number) for number in range(CANDIDATES)],
        )
        arms = ("control", *(candidate.name for candidate in request.candidates))
        step = Step(
            pool=SeedPool.SEED_POOL_SEARCH,
            number=1,
            arms=arms,
            indices=range(SEEDS),
            env_steps=cost.rung_env_steps(campaign),
        )
        return plan.groups(request, step, [])

    def train(self, replicas: int) -> Trained:
        """Train one group by a branch process, as a pod does, and read its metrics once its result is there.

        Raises:
            RuntimeError: the process failed, or its metrics are not those of its records.
        """
        largest = max(self.groups(replicas), key=lambda group: len(group.branches))
        group = renamed(largest, f"{largest.name}-of-{replicas}")
        self.store.create_message(keys.branch_group(CAMPAIGN_ID, group.name), group)
        port = free_port()
        place = ["--store", self.store.uri, "--campaign", CAMPAIGN_ID, "--group", group.name, "--lifeline"]
        served = [f"--metrics-port={port}", f"--linger-seconds={_LINGER_SECONDS}"]
        command = [sys.executable, "-m", "also.services.trainer.branch", *place, *served]
        result = keys.branch_group_result(CAMPAIGN_ID, group.name)
        with subprocess.Popen(
            command, env=child_environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as process:
            try:
                while not self.store.exists(result):
                    try:
                        code = process.wait(0.2)
                    except subprocess.TimeoutExpired:
                        continue
                    raise RuntimeError(f"branch group {group.name} ended with exit code {code}")
                exposition = read_url(f"http://127.0.0.1:{port}/metrics").decode()
            finally:
                process.terminate()
        records = self.store.get_message(result, BranchGroupResult).records
        told = samples(exposition, "also_branch_return")
        if sorted(told) != sorted(record.measures[-1].mean_return for record in records):
            raise RuntimeError(f"branch group {group.name} told {told}, which are not its records' returns")
        (memory,) = samples(exposition, "process_resident_memory_bytes")
        return Trained(group=group, exposition=exposition, records=tuple(records), memory=round(memory))


def renamed(group: BranchGroup, name: str) -> BranchGroup:
    """A group with another name and the same branches."""
    other = BranchGroup()
    other.CopyFrom(group)
    other.name = name
    return other


def samples(exposition: str, name: str) -> list[float]:
    """Values of a metric's series in the text format of Prometheus."""
    return [
        sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.name == name
    ]


def _candidate(number: int) -> Candidate:
    """A candidate of three terms, no two of which are alike."""
    terms = [
        {
            "name": f"approach_{place}",
            "form": "potential",
            "target": "team",
            "feature": "team_food_distance",
            "transform": {"kind": "exp", "scale": 0.1 * (place + 1)},
            "weight": (number + 1) / 64,
            "reason": "The team is not near any food in nine of ten episodes that fail.",
        }
        for place in range(3)
    ]
    config = document.read(ShapingConfig, {"terms": terms})
    return Candidate(name=f"r0-c{number}", config=config, config_hash=config_hash(config), finding=-1)

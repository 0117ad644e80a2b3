"""Branch groups on a cluster, as the tests of the launcher make them: a store, a checkpoint, groups, a template.

The launcher runs in the test's process, with no more rights than the validator of the chart has.
"""

import copy
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from also import document, keys, presets
from also.services.trainer import checkpoint, determinism
from also.services.trainer.run import Run
from also.services.validator.launch.jobs import Jobs
from also.services.validator.launch.kubernetes import Namespace, connect
from also.store import Store
from also.v1.branch_pb2 import Branch, BranchGroup, BranchGroupResult, SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from tests.e2e import pods

SECURITY = pods.SECURITY | {"runAsUser": 10001}

ACCESS, SECRET = "access-of-the-tests", "secret-of-the-tests"

URI = "s3://bucket/campaigns"

RIGHTS = [
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create", "get", "list", "delete"]},
    {"apiGroups": [""], "resources": ["pods", "events"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["job-template"], "verbs": ["get"]},
]
"""What the validator's Role of the chart allows."""

SETTINGS = {
    "task": {"name": "foraging", "layout": "8x8-2p-2f-coop"},
    "seed": 7,
    "learner": {"environments": 8, "rollout": 10, "epochs": 1, "minibatches": 1, "hidden": 16, "layers": 1},
    "evaluation": {"episodes": 8, "branch_points": 2},
}

CONFIG = {
    "terms": [
        {
            "name": "approach",
            "form": "potential",
            "target": "team",
            "feature": "team_food_distance",
            "transform": {"kind": "exp", "scale": 0.3},
            "weight": 0.5,
        }
    ]
}


def environment(endpoint: str) -> dict[str, str]:
    """How a process opens the store."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }


def template(image: str, namespace: str) -> dict[str, Any]:
    """A Job as the chart's template has it, made quick."""
    given = environment(f"http://store.{namespace}.svc.cluster.local:7070")
    container = {
        "name": "branch",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "also.services.trainer.branch"],
        "args": ["--save-seconds", "2"],
        "env": [{"name": name, "value": value} for name, value in given.items()],
        "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "2Gi"}},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": SECURITY,
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 30,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    failures = [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        {"action": "FailJob", "onExitCodes": {"containerName": "branch", "operator": "In", "values": [2]}},
    ]
    spec = {
        "backoffLimit": 3,
        "activeDeadlineSeconds": 600,
        "ttlSecondsAfterFinished": 3600,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": {"rules": failures},
        "template": {"metadata": {"labels": {"app": "branch"}}, "spec": pod},
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"labels": {"app": "branch"}}, "spec": spec}


def container_of(job: dict[str, Any]) -> dict[str, Any]:
    """The container of a Job, to change it."""
    return job["spec"]["template"]["spec"]["containers"][0]


@dataclass(kw_only=True)
class Branches:
    """Where the branch groups of one test run: a namespace, a campaign of its own, and a store that all tests share."""

    cluster: Any
    namespace: str
    api: Namespace
    store: Store
    campaign_id: str
    job: dict[str, Any]
    """The template, which a test may change before it launches anything."""
    start: str = field(init=False)
    """Id of the checkpoint that branches start from."""

    def __post_init__(self) -> None:
        self.campaign = document.read(Campaign, SETTINGS)
        presets.resolve(self.campaign)
        determinism.prepare()
        run = Run.start(self.campaign, [ShapingConfig()], [1])
        run.advance()
        self.start = checkpoint.save(self.store, self.campaign_id, self.campaign, run.task.card, run.snapshots()[0])
        run.close()

    def group(self, name: str, *, updates: int = 20) -> BranchGroup:
        """A group of control and a candidate with so many updates."""
        config = document.read(ShapingConfig, CONFIG)
        arms = (("control", ShapingConfig()), ("r0-c0", config))
        return BranchGroup(
            campaign_id=self.campaign_id,
            name=name,
            campaign=self.campaign,
            pool=SeedPool.SEED_POOL_SEARCH,
            branches=[Branch(arm=arm, seed=11, config=each, checkpoint_id=self.start) for arm, each in arms],
            env_steps=updates * 80,
            step=1,
        )

    def jobs(self, **changes: Any) -> Jobs:
        """A launcher with the template as it is now."""
        self.apply_template()
        given = {"store": self.store, "namespace": self.api, "template": "job-template", "parallel": 2}
        return Jobs(**{**given, "start_seconds": 300.0, **changes})

    def apply_template(self) -> None:
        """Give the namespace the template."""
        data = {"job.yaml": yaml.safe_dump(self.job)}
        config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "job-template"}, "data": data}
        self.kubectl("apply", "--filename=-", given=json.dumps(config_map))

    def run(self, *groups: BranchGroup, **changes: Any) -> dict[str, BranchGroupResult]:
        """Run groups to their end; their results."""
        with closing(self.jobs(**changes).run(groups)) as running:
            for _ in running:
                pass
        return {group.name: self.result(group) for group in groups}

    @contextmanager
    def running(self, *groups: BranchGroup, **changes: Any) -> Iterator["Running"]:
        """Groups that run while the block does things to them; they have ended after it."""
        running = Running(self.jobs(**changes), groups)
        running.start()
        try:
            yield running
            running.join(240)
        finally:
            running.stop.set()
            running.join()
        if running.error is not None:
            raise running.error

    def result(self, group: BranchGroup) -> BranchGroupResult:
        """What a group came to."""
        return self.store.get_message(keys.branch_group_result(group.campaign_id, group.name), BranchGroupResult)

    def saves(self, group: BranchGroup) -> list[str]:
        """Saves of a group in mid-branch."""
        found = self.store.find(keys.branch_group_saves(group.campaign_id, group.name))
        return list(filter(keys.is_branch_group_save, found))

    def kubectl(self, *arguments: str, given: str | None = None, check: bool = True):
        """Run kubectl in the namespace, as an administrator."""
        return self.cluster.kubectl("--namespace", self.namespace, *arguments, given=given, check=check)

    def objects(self, kind: str, selector: str = "") -> list[dict[str, Any]]:
        """Objects of the campaign, or those that a selector chooses."""
        chosen = selector or f"also.dev/campaign={self.campaign_id}"
        return json.loads(self.kubectl("get", kind, "--output=json", f"--selector={chosen}").stdout)["items"]

    def pods_ever(self, group: BranchGroup) -> int:
        """Pods that a group's Job has had, by the events that tell of them."""
        found = json.loads(self.kubectl("get", "events", "--output=json").stdout)["items"]
        name = self.jobs_name(group)
        return sum(each["reason"] == "SuccessfulCreate" and each["involvedObject"]["name"] == name for each in found)

    def jobs_name(self, group: BranchGroup) -> str:
        """Name of a group's Job."""
        return Jobs(
            store=self.store, namespace=self.api, template="job-template", parallel=1, start_seconds=1
        ).objects.name(group)


class Running(threading.Thread):
    """A launcher's call in a thread."""

    def __init__(self, jobs: Jobs, groups: Sequence[BranchGroup]) -> None:
        super().__init__(daemon=True)
        self._jobs, self._groups = jobs, groups
        self.stop = threading.Event()
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with closing(self._jobs.run(self._groups)) as running:
                for _ in running:
                    if self.stop.is_set():
                        return
        except Exception as error:
            self.error = error


def validator_of(cluster: Any, namespace: str, folder: Path, rights: Sequence[dict] = RIGHTS) -> Path:
    """A kubeconfig with the rights of the chart's validator, or with others."""
    kind = "rbac.authorization.k8s.io/v1"
    name = folder.name
    role = {"apiVersion": kind, "kind": "Role", "metadata": {"name": name}, "rules": list(rights)}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    binding = {
        "apiVersion": kind,
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": reference,
        "subjects": [subject],
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
    given = json.dumps({"apiVersion": "v1", "kind": "List", "items": [account, role, binding]})
    cluster.kubectl("apply", "--namespace", namespace, "--filename=-", given=given)
    token = cluster.kubectl("create", "token", name, "--namespace", namespace, "--duration=2h").stdout.strip()
    known = copy.deepcopy(yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8")))
    for user in known["users"]:
        user["user"] = {"token": token}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(known), encoding="utf-8")
    return path


def namespace_of(cluster: Any, namespace: str, folder: Path, rights: Sequence[dict] = RIGHTS) -> Namespace:
    """A namespace through the launcher's client, with the rights of the chart's validator, or with others."""
    return connect(namespace, str(validator_of(cluster, namespace, folder, rights)))

"""Every expression of the dashboards and rules has data in a real Prometheus that has scraped a real campaign.

The campaign runs on this machine, its services and its conductor scraped. Branches of the validator's machine are not,
so two of its groups are trained once more, from a copy of the store, by the process that a Job runs. What only
Jobs have (their counts, and the validator's readings) is asked for on a cluster, by `test_campaign.py`.
"""

import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from also import keys
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.store import open_store
from also.v1.journal_pb2 import Promoted
from tests.e2e.scraped import Scraped
from tools.dashboards import draw, expressions
from tools.dashboards.prometheus import Prometheus

pytestmark = pytest.mark.timeout(600)

CAMPAIGN = """
task: {name: foraging, layout: 6x6-2p-2f-coop}
seed: 1
learner: {learning_rate: 0.001, minibatches: 2, environments: 32}
evaluation: {episodes: 32, branch_points: 1}
stages: {count: 3, env_steps: 20000, first_env_steps: 20000, patience: 0}
validation:
  {proof: confirmed, share: 1, rounds: 1, search_env_steps: 8000, confirm_env_steps: 16000, parallel_groups: 2,
   alpha: 0.5, minimum_gain: 0}
"""
"""Half a minute on two idle cores; little is asked, so that a stage before the last one promotes on any CPU."""

HERE = ("llm", "vllm", "alerts", "jobs")
"""What this campaign lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A campaign that is over, and the Prometheus that has seen it."""

    folder: Path
    """Its file, store and logs."""
    url: str
    """Root of the Prometheus."""


@pytest.fixture(scope="module")
def ran(prometheus_binary, tmp_path_factory, eventually):
    """The campaign, run by the command that a person types, and two of its branch groups as Jobs run them."""
    folder = tmp_path_factory.mktemp("dashboards")
    (folder / "small.yaml").write_text(CAMPAIGN, encoding="utf-8")
    store = {"ALSO_STORE": str(folder / "store"), "ALSO_LOGS": str(folder / "logs")}
    with ExitStack() as stack:
        scraped = Scraped(stack, prometheus_binary, folder, rules=expressions.RULES, ports=7)
        services = {
            f"ALSO_{name.upper()}": scraped.service(name, **store) for name in ("trainer", "critic", "generator")
        }
        services["ALSO_VALIDATOR"] = scraped.service("validator", **store, **services)
        conductor = scraped.command("also", "run", str(folder / "small.yaml"), "--stay", **store, **services)

        def over():
            if conductor.poll() is not None:
                pytest.fail((folder / "also.log").read_text(encoding="utf-8")[-2000:], pytrace=False)
            with Prometheus(scraped.url) as prometheus:
                found = prometheus.at("also_campaign_finished", prometheus.now())
            return [series.values for series in found] == [[1.0]]

        assert eventually(over, 400)
        for name in groups_to_train_again(folder):
            arguments = ["--store", str(folder / "again"), "--campaign", "small", "--group", name]
            branch = scraped.command("also.services.trainer.branch", *arguments, "--linger-seconds", "300")
            assert eventually(lambda name=name: ended(folder, name), 120)
            time.sleep(5)  # some scrapes of what the group has come to
            assert branch.poll() is None
        yield Ran(folder=folder, url=scraped.url)


def groups_to_train_again(folder):
    """Names of a search and a confirm group; in a copy of the store they have no result yet."""
    shutil.copytree(folder / "store", folder / "again")
    groups = folder / "again" / keys.campaign("small") / "branches"
    names = sorted(path.name for path in groups.iterdir())
    again = [next(name for name in names if pool in name) for pool in ("search", "confirm")]
    for name in again:
        (folder / "again" / keys.branch_group_result("small", name)).unlink()
    return again


def ended(folder, name):
    """Whether a group has its result in the copy."""
    return (folder / "again" / keys.branch_group_result("small", name)).exists()


def test_every_expression_has_data(ran):
    """Panels, variables, annotations and rules: none is empty but what this campaign lacks."""
    records = Journal(open_store(str(ran.folder / "store"), create=False), "small").records
    assert any(isinstance(stage.decision, Promoted) for stage in fold(records).stages)
    assert expressions.without_data(ran.url, campaign="small", lacks=HERE) == []


def test_an_expression_without_data_is_found(ran):
    """For a campaign that nobody ran every expression about it is named, so the test above can fail."""
    missing = expressions.without_data(ran.url, campaign="another", lacks=HERE)
    asked = [each for each in expressions.everywhere() if each.file == "campaign.json" and "$campaign" in each.text]
    assert len([line for line in missing if line.startswith("campaign.json")]) == len(asked) > 20


def test_what_may_be_empty_is_only_what_this_campaign_lacks(ran):
    """Nothing is excused that is there: with nothing lacking, only these metrics have no data."""
    missing = expressions.without_data(ran.url, campaign="small", lacks=())
    read = {name for line in missing for name in expressions.metrics_of(line.split(": ", 1)[1])}
    excused = tuple(expressions.LACKING[name][0] for name in HERE)
    assert read
    assert {name for name in read if not name.startswith(tuple("|".join(excused).split("|")))} <= {
        "also_decisions_total",  # of the alert that counts calls of LLMs too
        *("up", "also_build_info", "also_branch_group_env_steps_planned"),  # of the one that remembers itself by ALERTS
    }


def test_no_alert_fires_in_a_campaign_that_is_well(ran):
    """The Prometheus has evaluated the rules all along."""
    with Prometheus(ran.url) as prometheus:
        assert prometheus.at('max_over_time(ALERTS{alertstate="firing"}[30m])', prometheus.now()) == []


def test_every_dashboard_can_be_drawn(ran, tmp_path):
    """A picture each, of which no panel is of a kind that cannot be drawn."""
    drawn = draw.draw(ran.url, "small", tmp_path)
    assert sorted(path.name for path in drawn) == [
        f"dashboard-{path.stem}.png" for path in sorted(expressions.DASHBOARDS.glob("*.json"))
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)

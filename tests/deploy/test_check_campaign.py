"""What the chart's hook runs in its pod before an install or an upgrade, run here with a trainer of its own."""

import os
import subprocess
import sys

import pytest

from also.campaign import spec
from also.campaign.journal import Journal
from also.store import open_store
from also.v1.journal_pb2 import CampaignStarted
from tools.chart_values import CHART

pytestmark = pytest.mark.slow

SCRIPT = CHART / "files" / "check_campaign.py"
CAMPAIGN = CHART / "files" / "foraging.yaml"


@pytest.fixture
def check(tmp_path):
    """Runs the check; gives its exit code, and what it says last."""

    def run(*arguments):
        places = {"ALSO_STORE": str(tmp_path / "store"), "ALSO_LOGS": str(tmp_path / "logs")}
        command = [sys.executable, "-c", SCRIPT.read_text(encoding="utf-8"), *arguments]
        done = subprocess.run(command, env=os.environ | places, capture_output=True, text=True, timeout=240)
        assert done.stdout, done.stderr
        return done.returncode, done.stdout.strip().splitlines()[-1]

    return run


def test_a_campaign_that_can_be_passes_before_there_is_anything(check, tmp_path):
    """No service and no store is needed, and nothing is written to one."""
    said = "ok: campaign 'foraging' can be: it is new; there is no store yet"
    assert check(str(CAMPAIGN), "foraging") == (0, said)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("task: {name: foraging, layout: 5x5-2p-1f}\nlearnr: {}\n", "unknown key 'learnr'"),
        ("task: {name: foraging, layout: 5x5-2p-1f}\nstages: {count: 0}\n", "stages.count 0 is outside"),
        ("task: {name: foraging, layout: 5x5-2q}\n", "5x5-2q"),
        ("task: {name: nowhere}\n", "nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_ends_the_install(check, tmp_path, text, said):
    """A key, a value, a layout, a task."""
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    code, last = check(str(file), "mine")
    assert code == 1
    assert last.startswith("error: campaign 'mine' cannot be: ")
    assert said in last


def test_an_upgrade_that_makes_another_campaign_is_refused_and_growth_is_not(check, tmp_path):
    """What has begun is in the store; what the values change counts, too."""
    journal = Journal(open_store(str(tmp_path / "store")), "foraging")
    journal.append(journal.draft(CampaignStarted(campaign=spec.load(CAMPAIGN))))
    assert check(str(CAMPAIGN), "foraging")[1].endswith("can be: it goes on")
    assert check(str(CAMPAIGN), "foraging", "stages.count=500")[1].endswith("can be: it goes on, and has changed")
    code, last = check(str(CAMPAIGN), "foraging", "validation.parallel_groups=7")
    assert code == 1
    assert "validation.parallel_groups: 2 stored, 7 given" in last


def test_seeds_are_a_campaign_each(check, tmp_path):
    """Each has its line; one that began as another campaign is named."""
    code, last = check(str(CAMPAIGN), "foraging", "--seeds=3,7")
    assert (code, last) == (0, "ok: campaign 'foraging-s7' can be: it is new; there is no store yet")
    journal = Journal(open_store(str(tmp_path / "store")), "foraging-s3")
    journal.append(journal.draft(CampaignStarted(campaign=spec.load(CAMPAIGN, ["seed=3"]))))
    assert check(str(CAMPAIGN), "foraging", "--seeds=7,3") == (0, "ok: campaign 'foraging-s3' can be: it goes on")
    code, last = check(str(CAMPAIGN), "foraging", "--seeds=7,3", "validation.parallel_groups=7")
    assert code == 1
    assert last.startswith("error: campaign 'foraging-s3' cannot be: ")
    assert "validation.parallel_groups: 2 stored, 7 given" in last

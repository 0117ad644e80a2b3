"""Whole campaigns on servers of other people."""

import subprocess
import sys
from itertools import pairwise

import pytest

from also.campaign.fold import event_of
from also.campaign.journal import Journal
from also.campaign.replay import differences
from also.settings import child_environment
from also.store import open_store
from tools.lossy_proxy import every_first, lossy
from tools.store_servers import access

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SECONDS = 800
"""How long a campaign may take on a machine that is busy with others."""


@pytest.fixture
def conducted(tiny_campaign):
    """Runs a campaign by the command, whose store is behind a URL; gives the process."""

    def start(folder, url, uri):
        folder.mkdir(exist_ok=True)
        file = folder / "small.yaml"
        file.write_text(tiny_campaign, encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, "-m", "also", "run", str(file), "--store", uri, "--json"],
            env={**child_environment(ALSO_LOGS=str(folder / "logs")), **access(url)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_a_campaign_loses_the_first_answer_to_every_request(conducted, server, reach, empty_uri, tmp_path):
    """Every request of a whole campaign is carried out and denied once: it decides what it decides without that."""
    folder = str(tmp_path / "store")
    with (
        lossy(server, every_first) as gateway,
        conducted(tmp_path / "lossy", gateway.url, empty_uri) as command,
        conducted(tmp_path / "plain", server, folder) as undisturbed,
    ):
        for each in (command, undisturbed):
            _, said = each.communicate(timeout=SECONDS)
            assert each.returncode == 0, said
    assert len(gateway.lost) == len(gateway.asked) > 50
    reach(server)
    lost, plain = (Journal(open_store(uri), "small").records for uri in (empty_uri, folder))
    assert [event_of(record) for record in lost] == [event_of(record) for record in plain]
    assert len({record.conductor for record in lost}) == 1
    assert list(differences(lost)) == []


def test_of_two_conductors_one_ends_the_campaign(conducted, server, reach, empty_uri, tmp_path):
    """Two that begin at once leave one undamaged journal, and whoever loses a record to the other stops for good."""
    with (
        conducted(tmp_path / "a", server, empty_uri) as first,
        conducted(tmp_path / "b", server, empty_uri) as second,
    ):
        said = [process.communicate(timeout=SECONDS)[1] for process in (first, second)]
    codes = sorted(process.returncode for process in (first, second))
    reach(server)
    records = Journal(open_store(empty_uri), "small").records
    if codes != [0, 0]:  # the one that was later began when the other one had ended, and only shows it
        assert codes == [0, 2], said
        assert any("another conductor is running campaign 'small'" in text for text in said)
    writers = [record.conductor for record in records]
    assert sum(one != next_one for one, next_one in pairwise(writers)) <= 1
    assert list(differences(records)) == []

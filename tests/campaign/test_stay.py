"""`also run --stay`: the process outlives its campaign, and its metrics can be scraped on."""

import signal
import time

import psutil
import pytest

from also.campaign.fold import fold
from tools.loopback import free_port, read_url

pytestmark = pytest.mark.slow


def scrape(port):
    """Text of /metrics."""
    return read_url(f"http://127.0.0.1:{port}/metrics").decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_finished_campaign_goes_on_serving_its_metrics_until_it_is_asked_to_end(
    finished, real_run, journal_of, number
):
    """It prints the outcome as ever, holds no other process, and ends with exit code 0."""
    port = free_port()
    with real_run(finished.folder, "--stay", "--metrics-port", str(port)) as command:
        said = []
        while not any("report " in line for line in said):
            said.append(command.stdout.readline())
            assert said[-1], command.stderr.read()
        assert psutil.Process(command.pid).children() == []
        stages = fold(journal_of(finished.folder)).stages
        assert f'also_campaign_stage{{campaign="tiny"}} {stages[-1].number:.1f}' in scrape(port)
        command.send_signal(number)
        _, errors = command.communicate(timeout=60)
    assert any("final return" in line for line in said)
    assert (command.returncode, errors) == (0, "")


def test_a_campaign_that_stays_can_be_interrupted_before_its_end(real_run, tmp_path):
    """SIGTERM in mid-campaign is what it is without `--stay`: exit code 130, and the command to go on with."""
    with real_run(tmp_path, "--stay", "--metrics-port", str(free_port())) as command:
        while not (tmp_path / "logs" / "tiny" / "trainer.log").exists():
            assert command.poll() is None
            time.sleep(0.05)
        command.terminate()
        _, errors = command.communicate(timeout=60)
    assert command.returncode == 130
    assert errors.startswith("interrupted; go on with: also run ")
    assert "--stay" in errors

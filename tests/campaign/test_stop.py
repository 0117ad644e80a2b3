"""`also stop` and `also delete`: a conductor ends at its next step, and a campaign goes without a trace."""

import subprocess
import sys

import psutil
import pytest

from also import keys
from also.campaign.fold import event_of, fold
from also.campaign.heartbeat import heard
from also.campaign.journal import Journal
from also.campaign.replay import differences
from also.campaign.run import run
from also.store import open_store
from also.v1.conductor_pb2 import Stop


@pytest.fixture
def stopping(tmp_path):
    """Asks the conductor of the campaign "one" to stop, once a method is called."""

    def make(method):
        asked = []

        def hear(called):
            if called.startswith(method) and not asked:
                asked.append(called)
                store = open_store(str(tmp_path / "store"))
                nonce = heard(store, "one")[0].beat.conductor
                store.create_message(keys.stop("one", nonce), Stop(conductor=nonce))

        return hear

    return make


@pytest.mark.slow
@pytest.mark.parametrize("method", ["TrainStage main 0", "Diagnose", "Propose", "Validate", "TrainStage main 1"])
def test_a_conductor_stops_after_its_step_and_the_next_one_goes_on(
    serve, new_world, new_campaign, listener, played, stopping, tmp_path, method
):
    """The step's record is there, then one of the stop; what follows is what would have followed."""
    campaign = new_campaign()
    settings = serve(new_world(refuses=stopping(method)))
    state = run(campaign, "one", settings, listener)
    assert state.stopped
    assert state.finished is None
    records = Journal(open_store(settings.store), "one").records
    assert records[-1].WhichOneof("event") == "stopped"
    assert run(campaign, "one", settings, listener).finished is not None
    records = Journal(open_store(settings.store), "one").records
    events = [event_of(each) for each in records if not each.HasField("stopped")]
    assert len(events) == len(records) - 1
    assert events == [event_of(each) for each in played(new_world(), campaign)]
    assert list(differences(records)) == []
    assert not fold(records).stopped


@pytest.mark.slow
def test_a_real_campaign_is_stopped_goes_on_and_is_deleted(real_run, real_environment, tmp_path):
    """By commands that know nothing but the store; what cannot be done is said in one line."""

    def also(*arguments, code=0):
        command = [sys.executable, "-m", "also", *arguments]
        done = subprocess.run(
            command, env=real_environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr.strip().splitlines()[-1]

    endless = ["--set", "stages.count=10000", "--set", "reference.enabled=false", "--set", "reference.one_shot=false"]
    with real_run(tmp_path, *endless) as command:
        while not any("stage 0 trained" in line for line in iter(command.stdout.readline, "")):
            assert command.poll() is None
        refused = also("delete", "tiny", "--yes", code=2)
        assert refused.startswith("error: campaign 'tiny' is being run by another conductor (")
        assert "stops after its step: stage " in also("stop", "tiny")
        _, said = command.communicate(timeout=120)
    assert command.returncode == 0, said
    assert "stopped; go on with: also run" in said
    assert "conductor         stopped by a person" in also("status", "tiny")
    assert "stopped" in also("status")
    assert also("stop", "tiny", code=2) == "error: nobody conducts campaign 'tiny'; there is nothing to stop"
    with real_run(tmp_path, *endless) as command:
        while not any("trained" in line for line in iter(command.stdout.readline, "")):
            assert command.poll() is None
        family = psutil.Process(command.pid).children(recursive=True)
        command.kill()
    psutil.wait_procs(family, timeout=60)
    store = open_store(str(tmp_path / "store"), create=False)
    other = [keys.checkpoint("other", "a"), keys.blob("other", "b")]
    for key in other:
        store.create(key, b"{}")
    before = store.find("")
    refused = also("delete", "tiny", code=2)
    assert "add --yes to delete them for good" in refused
    assert store.find("") == before
    assert also("delete", "tiny", "--yes").startswith("deleted tiny: ")
    assert store.find(keys.CAMPAIGNS) == sorted(other)
    assert store.names(keys.CAMPAIGNS) == ["other"]
    assert "holds no campaign 'tiny'" in also("delete", "tiny", "--yes", code=2)
    assert "holds no campaign 'tiny'" in also("stop", "tiny", code=2)

"""A campaign that begins with what another one has learnt: `start.from`."""

import shutil

import pytest

from also import keys
from also.algorithms import PPO_ONLY
from also.campaign import spec
from also.campaign.beginning import growth
from also.campaign.fold import fold
from also.campaign.journal import Journal
from also.campaign.run import run
from also.errors import CampaignError, CheckpointError, DocumentError
from also.store import open_store
from also.v1.campaign_pb2 import Algorithm, Campaign


def beginning_from(campaign, campaign_id, checkpoint=""):
    """The campaign, beginning from another one."""
    given = Campaign()
    given.CopyFrom(campaign)
    given.start.MergeFromString(b"")
    setattr(given.start, "from", campaign_id)
    given.start.checkpoint = checkpoint
    return spec.resolved(given)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"learner.hidden": 32}, "its learner.hidden is 64, here it is 32"),
        ({"learner.recurrent": True}, "its learner.recurrent is false, here it is true"),
        ({"task.layout": "8x8-2p-2f"}, "its task is foraging 5x5-2p-1f, here it is foraging 8x8-2p-2f"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(serve, new_world, new_campaign, listener, change, said):
    """With the key and both values."""
    settings = serve(new_world())
    run(new_campaign(), "one", settings, listener)
    before = open_store(settings.store).find("")
    with pytest.raises(CampaignError, match=f"what campaign 'one' has learnt does not fit this one: {said}"):
        run(beginning_from(new_campaign(**change), "one"), "two", settings, listener)
    assert open_store(settings.store).find("") == before


def test_a_campaign_or_checkpoint_that_is_not_there_is_refused(serve, new_world, new_campaign, listener):
    """By name."""
    settings = serve(new_world())
    run(new_campaign(), "one", settings, listener)
    with pytest.raises(CampaignError, match=r"start.from is 'none'; store .* holds no such campaign"):
        run(beginning_from(new_campaign(), "none"), "two", settings, listener)
    with pytest.raises(CheckpointError, match=f"campaign 'one' has no checkpoint {'0' * 64}"):
        run(beginning_from(new_campaign(), "one", "0" * 64), "two", settings, listener)


def test_start_needs_the_id_of_a_campaign():
    """A checkpoint alone does not say whose it is."""
    with pytest.raises(DocumentError, match=r"start\.from"):
        spec.load(None, [f"start.checkpoint={'a' * 64}"])


def test_a_refusal_names_the_way_from_the_last_checkpoint_where_there_is_one(serve, new_world, new_campaign, listener):
    """Another learning rate may begin there; another width or another kind of learner may not."""
    settings = serve(new_world())
    run(new_campaign(), "one", settings, listener)
    stored = fold(Journal(open_store(settings.store), "one").records).campaign
    with pytest.raises(
        CampaignError, match=r"--campaign ID, with --set start.from=one from this one's last checkpoint"
    ):
        growth("one", stored, new_campaign(**{"learner.learning_rate": 0.001}))
    other = Campaign()
    other.CopyFrom(new_campaign())
    for name in PPO_ONLY:
        other.learner.ClearField(name)
    other.learner.algorithm = Algorithm.ALGORITHM_VDN
    for given in (spec.resolved(other), new_campaign(**{"learner.hidden": 32})):
        with pytest.raises(CampaignError, match=r"begin one of another id: --campaign ID$"):
            growth("one", stored, given)


@pytest.mark.slow
def test_a_campaign_begins_with_the_last_checkpoint_of_another(finished, real_run, journal_of, tmp_path):
    """Or with one that is named; its own objects hold it, and equal origins come to equal checkpoints."""
    shutil.copytree(finished.folder, tmp_path, dirs_exist_ok=True)
    store = open_store(str(tmp_path / "store"), create=False)
    last = Journal(store, "tiny").records[-1].finished.checkpoint_id
    ends = []
    for campaign_id, more in (("new", []), ("same", [f"--set=start.checkpoint={last}"])):
        changes = ["--set=start.from=tiny", "--set=learner.learning_rate=0.001", "--set=stages.count=1", *more]
        with real_run(tmp_path, f"--campaign={campaign_id}", "--json", *changes) as command:
            _, said = command.communicate(timeout=280)
        assert command.returncode == 0, said
        records = Journal(store, campaign_id).records
        assert (records[0].started.origin.campaign_id, records[0].started.origin.checkpoint_id) == ("tiny", last)
        assert store.get(keys.checkpoint(campaign_id, last)) == store.get(keys.checkpoint("tiny", last))
        ends.append(records[1].stage_trained.checkpoint_id)
    assert ends[0] == ends[1]

"""How long the first stage is, after which shaping can enter."""

import pytest

from also.campaign import spec
from also.campaign.amendment import amendment
from also.errors import DocumentError
from also.updates import env_steps_asked


def trained(records):
    """env_steps of each stage."""
    return [each.stage_trained.env_steps for each in records if each.WhichOneof("event") == "stage_trained"]


def test_the_first_stage_alone_is_shorter(new_world, played, new_campaign):
    """It is as long as asked for, in whole updates; all others are as long as before."""
    campaign = new_campaign(**{"stages.count": 3, "stages.first_env_steps": 250})
    assert trained(played(new_world(), campaign)) == [300, 1000, 1000]


def test_a_first_stage_is_never_longer_than_the_others(new_world, played, new_campaign):
    """The default is for campaigns of long stages; those with shorter ones keep theirs."""
    campaign = new_campaign(**{"stages.count": 2})
    assert campaign.stages.first_env_steps > campaign.stages.env_steps
    assert trained(played(new_world(), campaign)) == [1000, 1000]


@pytest.mark.parametrize("count", [1, 2])
def test_a_first_stage_is_whole_where_nothing_follows_or_shaping_is_there(new_world, played, new_campaign, count):
    """One stage is all the training there is, and under shaping that was given there is something to learn."""
    campaign = new_campaign(**{"stages.count": count, "stages.first_env_steps": 250})
    if count > 1:
        campaign.shaping.terms.add(name="given")
    assert trained(played(new_world(), campaign)) == [1000] * count


def test_a_campaign_of_an_older_also_keeps_its_first_stage(new_world, played, new_campaign):
    """Its journal says nothing of a first stage, and going on with its file is no other campaign."""
    stored = new_campaign(**{"stages.env_steps": 20_000})
    stored.stages.ClearField("first_env_steps")
    assert trained(played(new_world(), stored)) == [20_000, 20_000]
    assert amendment(stored, new_campaign(**{"stages.env_steps": 20_000})) is None


def test_the_default_campaign_looks_early():
    """A campaign that says nothing of stages looks early whether shaping is needed."""
    campaign = spec.load(None)
    assert campaign.stages.first_env_steps == env_steps_asked(campaign, 0) < env_steps_asked(campaign, 1)


@pytest.mark.parametrize("value", ["0", "-5", "1.5", "soon"])
def test_a_first_stage_that_is_none_is_refused(value):
    """At least one env_step, in whole numbers."""
    with pytest.raises(DocumentError, match=r"stages\.first_env_steps"):
        spec.load(None, [f"stages.first_env_steps={value}"])

"""Which campaigns a name means."""

import pytest

from also.comparing.groups import read_groups
from also.errors import CampaignError


def ids(group):
    """Campaigns of a group that are over."""
    return [run.campaign_id for run in group.runs]


@pytest.mark.slow
def test_a_name_is_a_campaign_or_all_of_its_seeds(finished):
    """What is a campaign is that alone; with -s* it is the others; a group is in order of seeds, 10 after 2."""
    store = finished({"one": 3, "many-s10": 10, "many-s2": 2, "both": 1, "both-s5": 5, "many-sx": 4, "many-s2-old": 2})
    one, many, both, its_seeds = read_groups(store, ["one", "many", "both", "both-s5s=both-s*"])
    assert (one.name, ids(one)) == ("one", ["one"])
    assert (many.name, ids(many)) == ("many", ["many-s2", "many-s10"])
    assert ids(both) == ["both"]
    assert (its_seeds.name, ids(its_seeds)) == ("both-s5s", ["both-s5"])
    assert [group.name for group in read_groups(store, ["many-s*"])] == ["many"]


def test_a_list_of_campaigns_is_a_group_too(finished):
    """It may have a name."""
    store = finished({"a": 2, "b": 1})
    (named,) = read_groups(store, ["mine=a,b"])
    assert (named.name, ids(named)) == ("mine", ["b", "a"])
    assert [group.name for group in read_groups(store, ["a,b"])] == ["a,b"]


@pytest.mark.slow
def test_what_is_under_way_is_told_and_left_out(finished):
    """A group of campaigns that are all under way is refused."""
    store = finished({"x-s1": 1, "x-s2": 2}, begun={"x-s3": 3, "y": 1})
    (group,) = read_groups(store, ["x"])
    assert (ids(group), [run.campaign_id for run in group.unfinished]) == (["x-s1", "x-s2"], ["x-s3"])
    with pytest.raises(CampaignError, match="no campaign of 'y' is over yet"):
        read_groups(store, ["x", "y"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["c"], "there is no campaign or group 'c'; the store holds a, b"),
        (["a,c"], "there is no campaign or group 'c'"),
        (["a", "a"], "'a' is given twice; each group has a name of its own, e.g. again=a"),
        (["x=a", "x=b"], "'x' is given twice"),
        (["a,a"], "campaign 'a' is in 'a,a' twice"),
        ([""], "there is no campaign or group ''"),
    ],
)
def test_a_name_that_means_nothing_is_refused(finished, names, message):
    """The line says what there is."""
    with pytest.raises(CampaignError, match=message):
        read_groups(finished({"a": 1, "b": 2}), names)

"""Keys of everything that is stored."""

import pytest

from also import errors, keys


def test_every_object_of_a_campaign_lies_under_its_prefix():
    """Listing a campaign's prefix finds everything of it, and nothing of another."""
    made = [
        keys.journal_record("a", 7),
        keys.blob("a", "f" * 64),
        keys.checkpoint("a", "f" * 64),
        keys.stage("a", "main", 3),
        keys.evaluation("a", "f" * 64, "report"),
        keys.branch_group("a", "s0-r0"),
        keys.branch_group_result("a", "s0-r0"),
        keys.branch_group_reading("a", "s0-r0"),
        keys.guard_readings("a", 0, 0, "r0-c0"),
    ]
    assert len(set(made)) == len(made)
    assert keys.stage("a", "main", 3).startswith(keys.run_of_stages("a", "main"))
    assert all(key.startswith(keys.campaign("a")) for key in made)
    assert not any(key.startswith(keys.campaign("ab")) for key in made)


def test_records_sort_by_number():
    """The order of keys is the order of records."""
    numbers = [0, 1, 9, 10, 99, 100, 12345678]
    assert sorted(keys.journal_record("a", number) for number in numbers) == [
        keys.journal_record("a", number) for number in numbers
    ]


@pytest.mark.parametrize("campaign_id", ["a", "a1", "first-campaign", "0", "a" * 53])
def test_campaign_ids_fit_keys_and_kubernetes_names(campaign_id):
    """Lower-case letters, digits and inner hyphens are allowed."""
    assert keys.check_campaign_id(campaign_id) == campaign_id


@pytest.mark.parametrize("campaign_id", ["", "A", "a b", "-a", "a-", "a/b", "..", "a.b", "ä", "a" * 54, "a\n"])
def test_other_campaign_ids_are_refused(campaign_id):
    """Whatever could leave the prefix, or be no Kubernetes name, is an error that shows the id."""
    with pytest.raises(errors.CampaignError, match="is not allowed; 1 to 53"):
        keys.campaign(campaign_id)

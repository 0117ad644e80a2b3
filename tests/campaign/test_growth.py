"""A campaign that has begun may grow: by stages, longer ones, and larger budgets."""

import pytest

from also.algorithms import PPO_ONLY
from also.campaign import spec
from also.campaign.amendment import amendment, changes
from also.campaign.fold import advance, begin, event_of, fold
from also.campaign.journal import SCHEMA_VERSION, Journal
from also.campaign.replay import differences
from also.campaign.run import run
from also.errors import CampaignError
from also.store import open_store
from also.v1.campaign_pb2 import Algorithm, Campaign, Device
from also.v1.journal_pb2 import Amended, FinishReason, JournalRecord


def amended(records, campaign):
    """Records with one more: the campaign has grown to this one."""
    record = JournalRecord(schema_version=SCHEMA_VERSION, sequence=len(records), amended=Amended(campaign=campaign))
    return [*records, record]


@pytest.fixture
def stored(tmp_path):
    """Records of the campaign "one" in the store."""
    return lambda: Journal(open_store(str(tmp_path / "store")), "one").records


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "stages", "reason"),
    [
        ({"stages.count": 4}, 4, FinishReason.FINISH_REASON_STAGES_DONE),
        ({"stages.count": 4, "stages.env_steps": 2000}, 4, FinishReason.FINISH_REASON_STAGES_DONE),
        ({"stages.count": 100, "budget.env_steps": 10**9 + 1}, 100, FinishReason.FINISH_REASON_STAGES_DONE),
    ],
)
def test_a_finished_campaign_goes_on_when_it_grew(
    serve, new_world, new_campaign, listener, stored, changed, stages, reason
):
    """Where it ended, with all that was decided before; its journal says so and replays."""
    settings = serve(new_world())
    first = run(new_campaign(), "one", settings, listener)
    before = stored()
    state = run(new_campaign(**changed), "one", settings, listener)
    assert stored()[: len(before)] == before
    assert stored()[len(before)].amended.campaign == new_campaign(**changed)
    assert len(state.stages) == stages
    assert state.stages[:2] == first.stages
    assert state.stages[2].trained.env_steps == new_campaign(**changed).stages.env_steps
    assert state.finished.reason == reason
    assert state.reported.env_steps == state.env_steps > first.reported.env_steps
    assert list(differences(stored())) == []


@pytest.mark.slow
def test_a_campaign_whose_budget_was_spent_goes_on_when_the_budget_grew(
    serve, new_world, new_campaign, listener, stored
):
    """It ends by the new one."""
    settings = serve(new_world())
    small = new_campaign(**{"stages.count": 6, "budget.env_steps": 2000})
    assert run(small, "one", settings, listener).finished.reason == FinishReason.FINISH_REASON_BUDGET_SPENT
    state = run(new_campaign(**{"stages.count": 6}), "one", settings, listener)
    assert state.finished.reason == FinishReason.FINISH_REASON_STAGES_DONE
    assert len(state.stages) == 6
    assert list(differences(stored())) == []


def test_a_budget_alone_keeps_a_campaign_finished_that_has_trained_all_its_stages(
    serve, new_world, new_campaign, listener, stored
):
    """It is written down, and nothing is measured again."""
    world = new_world()
    settings = serve(world)
    first = run(new_campaign(), "one", settings, listener)
    world.asked.clear()
    grown = new_campaign(**{"budget.llm_calls": 20_000})
    state = run(grown, "one", settings, listener)
    assert (state.reported, state.finished) == (first.reported, first.finished)
    assert state.campaign == grown
    assert world.asked == ["CheckTrainer"]
    assert list(differences(stored())) == []
    records = stored()
    run(grown, "one", settings, listener)
    assert stored() == records


def test_an_open_stage_ends_as_it_began(serve, new_world, new_campaign, listener, stored, tmp_path):
    """Its branch groups are stored with the campaign that they belong to, so growth waits for its decision."""
    settings = serve(new_world())
    run(new_campaign(), "one", settings, listener)
    names = [record.WhichOneof("event") for record in stored()]
    store = open_store(settings.store)
    for key in store.find("campaigns/one/journal/")[names.index("proposed") + 1 :]:
        store.delete(key)
    state = run(new_campaign(**{"stages.count": 3}), "one", settings, listener)
    assert len(state.stages) == 3
    names = [record.WhichOneof("event") for record in stored()]
    assert names[names.index("amended") - 1] == "promoted"
    assert list(differences(stored())) == []


def test_the_reference_goes_on_with_the_campaign(serve, new_world, new_campaign, listener):
    """It has trained for the new total in the end, and is measured there."""
    settings = serve(new_world())
    run(new_campaign(**{"reference.enabled": True}), "one", settings, listener)
    longer = new_campaign(**{"reference.enabled": True, "stages.count": 4, "stages.env_steps": 1500})
    state = run(longer, "one", settings, listener)
    assert state.reported.reference_env_steps == state.reported.env_steps == state.env_steps


def test_the_device_stays_the_given_one_when_a_campaign_grows(serve, new_world, new_campaign, listener, stored):
    """The journal keeps its own."""
    world = new_world()
    settings = serve(world)
    run(new_campaign(**{"learner.device": Device.DEVICE_CUDA}), "one", settings, listener)
    world.devices.clear()
    run(new_campaign(**{"learner.device": Device.DEVICE_CPU, "stages.count": 3}), "one", settings, listener)
    assert world.devices == {Device.DEVICE_CPU}
    assert fold(stored()).campaign.learner.device == Device.DEVICE_CUDA


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stages.count": 1}, r"stages.count: 2 stored, 1 given \(it may only grow\)"),
        ({"seed": 7}, "seed: 0 stored, 7 given"),
        ({"seed": 7, "stages.count": 9}, r"another campaign \(seed: 0 stored, 7 given\)"),
        (
            {"learner.hidden": 32, "stages.patience": 5},
            "learner.hidden: 64 stored, 32 given; stages.patience: 0 stored",
        ),
    ],
)
def test_what_may_not_change_is_named_with_both_values(serve, new_world, new_campaign, listener, stored, change, said):
    """Key by key, and nothing is written."""
    settings = serve(new_world())
    run(new_campaign(), "one", settings, listener)
    before = stored()
    with pytest.raises(CampaignError, match=said):
        run(new_campaign(**change), "one", settings, listener)
    assert stored() == before


def test_the_list_is_readable_after_a_change_of_algorithm(new_campaign):
    """The settings that only one of the two has follow from it, and are not listed."""
    other = Campaign()
    other.CopyFrom(new_campaign())
    for name in PPO_ONLY:
        other.learner.ClearField(name)
    other.learner.algorithm, other.learner.hidden = Algorithm.ALGORITHM_QMIX, 8
    with pytest.raises(CampaignError) as caught:
        amendment(new_campaign(), spec.resolved(other))
    assert str(caught.value) == (
        "learner.algorithm: mappo stored, qmix given (with the settings that only one of them has); "
        "learner.hidden: 64 stored, 8 given"
    )


def test_a_part_that_only_one_of_two_has_is_named_as_a_whole(new_campaign):
    """And not by each of its twenty settings."""
    given = new_campaign()
    given.critic.llm.url = "http://127.0.0.1:1/v1"
    given.critic.llm.model = "m"
    with pytest.raises(CampaignError) as caught:
        amendment(new_campaign(), given)
    assert "critic.llm: none stored, one given" in str(caught.value)
    assert "critic.llm.model" not in str(caught.value)


def test_a_default_that_an_older_also_did_not_have_is_no_difference(new_campaign):
    """And what it has not written stays unwritten in the amended campaign."""
    older, grown = new_campaign(), new_campaign(**{"stages.count": 7})
    older.validation.ClearField("silent_race")
    older.budget.ClearField("llm_tokens")
    assert amendment(older, new_campaign()) is None
    found = amendment(older, grown)
    assert found.stages.count == 7
    assert not found.validation.HasField("silent_race")
    assert changes(older, found) == ["stages.count from 2 to 7"]


def test_a_record_that_makes_another_campaign_of_it_is_refused(new_world, new_campaign, played):
    """A journal in which something else than growth was written is damaged."""
    records = played(new_world(), new_campaign())
    other = new_campaign(**{"seed": 3, "stages.count": 5})
    with pytest.raises(CampaignError, match=r"amended\) cannot be right: it is another campaign \(seed: 0 stored, 3"):
        fold(amended(records, other))
    with pytest.raises(CampaignError, match="nothing has grown"):
        fold(amended(records, new_campaign()))


def test_a_record_of_growth_within_a_stage_is_refused(new_world, new_campaign, played):
    """An open stage is decided by the campaign that it began under."""
    records = played(new_world(), new_campaign())[:2]
    with pytest.raises(CampaignError, match="a stage is open"):
        fold(amended(records, new_campaign(**{"stages.count": 5})))


@pytest.mark.slow
def test_a_campaign_that_grew_goes_on_from_any_record_to_the_same_end(serve, new_world, new_campaign, listener, stored):
    """Wherever its conductor was killed after the growth: the record is there, and is written once."""
    settings = serve(new_world())
    run(new_campaign(), "one", settings, listener)
    grown = new_campaign(**{"stages.count": 3})
    begun = len(stored()) + 1
    run(grown, "one", settings, listener)
    expected = [event_of(record) for record in stored()]
    store = open_store(settings.store)
    for count in range(begun, len(expected)):
        for key in store.find("campaigns/one/journal/")[count:]:
            store.delete(key)
        run(grown, "one", settings, listener)
        assert [event_of(record) for record in stored()] == expected


def test_growth_before_the_report_is_written_takes_the_place_of_the_report(new_world, new_campaign, played):
    """What was measured counts until there is more to train."""
    records = played(new_world(), new_campaign())
    state = begin(records[0])
    for record in records[1:-1]:
        state = advance(state, record)
    assert state.reported is not None
    grown = fold(amended(records[:-1], new_campaign(**{"stages.count": 3})))
    assert grown.reported is None
    assert isinstance(grown.campaign, Campaign)

"""What a campaign does about minds with an LLM: it checks them first, pays within its budget, and goes on without."""

from pathlib import Path

import pytest

from also.campaign import spec
from also.campaign.fold import event_of, fold
from also.campaign.journal import Journal
from also.campaign.replay import differences
from also.campaign.run import run
from also.document import plain
from also.errors import EndpointError
from also.store import open_store
from also.v1.campaign_pb2 import CriticBackend, GeneratorBackend
from also.v1.journal_pb2 import Diagnosed, Held, HoldReason, JournalRecord, Proposed
from also.v1.llm_pb2 import LlmEndpoint, LlmFailure, LlmFailureReason, LlmUse

USE = LlmUse(model="recorded", exchange="e" * 64, calls=2, prompt_tokens=900, completion_tokens=100)


@pytest.fixture
def campaign(new_campaign):
    """A campaign whose minds have an LLM."""

    def make(**changes):
        llm = LlmEndpoint(url="http://127.0.0.1:9/v1")
        made = new_campaign(**changes)
        made.critic.backend = CriticBackend.CRITIC_BACKEND_LLM
        made.generator.backend = GeneratorBackend.GENERATOR_BACKEND_LLM
        made.critic.llm.CopyFrom(llm)
        made.generator.llm.CopyFrom(llm)
        return spec.resolved(made)

    return make


@pytest.fixture
def events(listener):
    """Runs a campaign, and gives the events of its journal after deriving every decision again."""

    def conduct(campaign, settings):
        run(campaign, "one", settings, listener)
        records = Journal(open_store(settings.store), "one").records
        assert list(differences(records)) == []
        return [event_of(record) for record in records]

    return conduct


def of_kind(kind, found):
    """Events of one kind."""
    return [event for event in found if isinstance(event, kind)]


def test_the_llm_is_named_while_its_answer_is_waited_for(serve, new_world, campaign, events, listener):
    """And what else a stage waits for; afterwards nothing is."""
    events(campaign(**{"stages.count": 1}), serve(new_world(use=USE)))
    llm = "the LLM at http://127.0.0.1:9/v1"
    assert listener.waited[:6] == [llm, "", llm, "", "Prometheus", ""]
    assert listener.waited[-1] == ""


def test_what_an_llm_cost_is_in_the_records(serve, new_world, campaign, events):
    """Diagnoses and proposals carry it."""
    found = events(campaign(), serve(new_world(use=USE)))
    assert all(event.llm == USE for event in of_kind(Diagnosed | Proposed, found))
    assert of_kind(Diagnosed, found)


def test_a_mind_without_an_llm_has_no_cost(serve, new_world, new_campaign, events):
    """Nothing is recorded of an LLM that there was not."""
    found = events(new_campaign(), serve(new_world()))
    assert not any(event.HasField("llm") for event in of_kind(Diagnosed | Proposed, found))


@pytest.mark.slow
@pytest.mark.parametrize("method", ["Diagnose", "Propose"])
@pytest.mark.parametrize(
    ("why", "held"),
    [
        (LlmFailureReason.LLM_FAILURE_REASON_UNAVAILABLE, HoldReason.HOLD_REASON_LLM_UNAVAILABLE),
        (LlmFailureReason.LLM_FAILURE_REASON_BUDGET_SPENT, HoldReason.HOLD_REASON_LLM_BUDGET_SPENT),
        (LlmFailureReason.LLM_FAILURE_REASON_REPLY_INVALID, HoldReason.HOLD_REASON_LLM_REPLY_INVALID),
        (LlmFailureReason.LLM_FAILURE_REASON_CONTRADICTED, HoldReason.HOLD_REASON_LLM_CONTRADICTED),
    ],
)
def test_no_answer_holds_the_stage_and_training_goes_on(serve, new_world, campaign, events, method, why, held):
    """The hold has the failure's name, its words and its cost; the next stage is trained and decided as ever."""
    failure = LlmFailure(reason=why, detail="It is down.")
    world = new_world(use=USE, unanswered=lambda asked, stage: failure if (asked, stage) == (method, 0) else None)
    found = events(campaign(), serve(world))
    (first,) = of_kind(Held, found)
    assert (first.stage, first.reason, first.detail, first.llm) == (0, held, "It is down.", USE)
    assert any(event.stage == 1 for event in of_kind(Proposed, found))


def test_every_answer_is_told_what_is_left(serve, new_world, campaign, events):
    """The stage's rest and the campaign's rest, whichever is smaller, both minds together."""
    world = new_world(use=USE, branch_return=lambda stage, arm, index: 0.2)
    events(
        campaign(
            **{
                "validation.rounds": 1,
                "budget.llm_calls_per_stage": 10,
                "budget.llm_tokens_per_stage": 5000,
                "budget.llm_calls": 7,
            }
        ),
        serve(world),
    )
    assert [(each.calls, each.tokens) for each in world.allowances] == [(7, 5000), (5, 4000), (3, 5000), (1, 4000)]


def test_the_cost_of_an_answer_that_did_not_come_counts_too(serve, new_world, campaign, events):
    """A hold spends what its calls have cost."""
    failure = LlmFailure(reason=LlmFailureReason.LLM_FAILURE_REASON_REPLY_INVALID, detail="x")
    world = new_world(use=USE, unanswered=lambda asked, stage: failure)
    events(campaign(**{"budget.llm_calls": 5}), serve(world))
    assert [each.calls for each in world.allowances] == [5, 3]


def test_an_endpoint_that_cannot_be_used_stops_a_campaign_before_it_begins(serve, new_world, campaign, listener):
    """One error, and nothing is written."""
    settings = serve(
        new_world(refuses=lambda method: EndpointError("LLM is not there") if method == "CheckGenerator" else None)
    )
    with pytest.raises(EndpointError, match="LLM is not there"):
        run(campaign(), "one", settings, listener)
    assert not Path(settings.store).exists()


def test_minds_without_an_llm_are_not_checked(serve, new_world, new_campaign, listener):
    """There is nothing that could be missing."""
    world = new_world()
    run(new_campaign(), "one", serve(world), listener)
    assert [asked for asked in world.asked if asked.startswith("Check")] == ["CheckValidator", "CheckTrainer"]


def test_a_campaign_under_way_goes_on_without_its_llm(serve, new_world, campaign, listener):
    """The check is for new campaigns; a later outage holds stages and stops nothing."""
    world = new_world(use=USE)
    settings = serve(world)
    run(campaign(), "one", settings, listener)
    journal = Journal(open_store(settings.store), "one")
    store = open_store(settings.store)
    for key in store.find("campaigns/one/journal/")[2:]:
        store.delete(key)
    world.asked.clear()
    run(campaign(), "one", settings, listener)
    assert {asked for asked in world.asked if asked.startswith("Check")} == {"CheckTrainer"}
    assert [event_of(each) for each in Journal(store, "one").records] == [event_of(each) for each in journal.records]


def test_the_critic_hears_how_earlier_stages_ended(serve, new_world, campaign, events):
    """A stage that its LLM left without a diagnosis is there, with its number and its outcome."""
    failure = LlmFailure(reason=LlmFailureReason.LLM_FAILURE_REASON_UNAVAILABLE, detail="x")
    world = new_world(unanswered=lambda asked, stage: failure if (asked, stage) == ("Diagnose", 0) else None)
    heard = []
    world.diagnose = lambda request, answer=world.diagnose: (heard.append(list(request.past)), answer(request))[1]
    events(campaign(**{"stages.count": 3}), serve(world))
    told = [[plain(past) for past in each] for each in heard]
    assert [[(past.get("stage", 0), "diagnosis" in past, past["outcome"]) for past in each] for each in told] == [
        [(0, False, "held")],
        [(0, False, "held"), (1, True, "promoted")],
    ]


def test_a_journal_of_before_there_were_llms_goes_on(serve, new_world, new_campaign, listener):
    """Settings that an older ALSO did not write have their defaults."""
    settings = serve(new_world())
    run(new_campaign(), "one", settings, listener)
    store = open_store(settings.store)
    key = "campaigns/one/journal/00000000.json"
    record = store.get_message(key, JournalRecord)
    for name in ("llm_calls", "llm_tokens", "llm_calls_per_stage", "llm_tokens_per_stage"):
        record.started.campaign.budget.ClearField(name)
    record.started.campaign.generator.ClearField("sampling")
    for name in store.find("campaigns/one/journal/"):
        store.delete(name)
    store.create_message(key, record)
    assert run(new_campaign(), "one", settings, listener).finished is not None


@pytest.mark.slow
def test_allowances_never_go_below_zero(serve, new_world, campaign, events, listener):
    """A budget that an answer's last call used up leaves nothing, and not less."""
    world = new_world(use=USE)
    settings = serve(world)
    events(campaign(**{"budget.llm_tokens": 1500}), settings)
    state = fold(Journal(open_store(settings.store), "one").records)
    assert [each.tokens for each in world.allowances][:2] == [1500, 500]
    assert state.llm_allowance(state.stages[-1]).tokens == 0

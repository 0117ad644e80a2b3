"""What holds in every campaign, whatever the services answer."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from also.campaign.decide import decide
from also.campaign.fold import fold
from also.campaign.replay import differences
from also.errors import CampaignError
from also.v1.campaign_pb2 import Proof
from also.v1.diagnosis_pb2 import Remedy
from also.v1.shaping_pb2 import Invariance

RETURNS = st.sampled_from([0.0, 0.1, 0.5, 0.9])
INVARIANCES = [Invariance.INVARIANCE_POLICY_INVARIANT, Invariance.INVARIANCE_BOUNDED]
REMEDIES = st.sampled_from([Remedy.REMEDY_KEEP, Remedy.REMEDY_GUIDE])


@st.composite
def answers(draw):
    """What the services of a world answer, drawn once for each place that they are asked at."""
    memory = {}

    def recall(strategy):
        def answer(*place):
            if (id(strategy), place) not in memory:
                memory[id(strategy), place] = draw(strategy)
            return memory[id(strategy), place]

        return answer

    return {
        "stage_return": recall(RETURNS),
        "branch_return": recall(st.sampled_from([0.0, 0.0, 0.2, 0.6])),
        "branch_milestones": recall(st.sampled_from([0.0, 0.5])),
        "stage_milestones": recall(st.sampled_from([0.0, 0.2, 0.5])),
        "invariance": recall(st.sampled_from(INVARIANCES)),
        "remedy": recall(REMEDIES),
        "candidates": recall(st.integers(0, 3)),
    }


def is_refused_or_differs(records):
    """Whether records are no campaign's, or do not give the same decisions again."""
    try:
        return list(differences(records)) != []
    except CampaignError as error:
        return "cannot be right" in str(error)


@pytest.mark.slow
@settings(max_examples=60)
@given(given_answers=answers(), rounds=st.integers(1, 3), budget=st.integers(1000, 20_000))
def test_every_campaign_ends_within_its_budget_and_replays(
    new_world, played, new_campaign, given_answers, rounds, budget
):
    """It finishes, spends no more than it may, and each decision follows from the records before it."""
    campaign = new_campaign(**{"stages.count": 3, "validation.rounds": rounds, "budget.env_steps": budget})
    records = played(new_world(**given_answers), campaign)
    state = fold(records)
    assert decide(state) is None
    assert state.env_steps <= budget
    assert list(differences(records)) == []
    assert all(stage.decision is not None for stage in state.stages)


@st.composite
def loops(draw):
    """Settings of a loop that races, waits and shares."""
    return {
        "stages.count": draw(st.integers(1, 5)),
        "stages.patience": draw(st.integers(0, 3)),
        "validation.silent_race": draw(st.booleans()),
        "validation.proof": draw(st.sampled_from([Proof.PROOF_BY_RISK, Proof.PROOF_CONFIRMED, Proof.PROOF_NONE])),
        "validation.share": draw(st.sampled_from([0.0, 0.1, 0.25, 0.4, 0.5, 0.75, 0.9])),
        "validation.rounds": draw(st.integers(1, 3)),
        "validation.race_seeds": draw(st.integers(1, 3)),
        "validation.race_rungs": draw(st.integers(1, 3)),
        "budget.env_steps": draw(st.integers(1000, 20_000)),
    }


@pytest.mark.slow
@settings(max_examples=100)
@given(given_answers=answers(), loop=loops())
def test_branches_never_take_more_than_their_share(new_world, played, new_campaign, given_answers, loop):
    """Of what the campaign comes to in the end, which stays within its budget; and each decision follows again."""
    records = played(new_world(**given_answers), new_campaign(**loop))
    state = fold(records)
    assert state.finished is not None
    assert state.branch_env_steps <= loop["validation.share"] * state.env_steps + 1e-6
    assert state.env_steps <= loop["budget.env_steps"]
    assert list(differences(records)) == []


@pytest.mark.slow
@settings(max_examples=40)
@given(given_answers=answers(), data=st.data())
def test_a_record_out_of_its_place_is_refused(new_world, played, new_campaign, given_answers, data):
    """A journal with two records exchanged, or one missing or doubled, is no campaign, or is not agreed with."""
    records = played(new_world(**given_answers), new_campaign())
    place = data.draw(st.integers(0, len(records) - 2))
    damage = data.draw(st.sampled_from(["exchanged", "missing", "doubled"]))
    damaged = {
        "exchanged": [*records[:place], records[place + 1], records[place], *records[place + 2 :]],
        "missing": [*records[:place], *records[place + 1 :]],
        "doubled": [*records[: place + 1], *records[place:]],
    }[damage]
    assert is_refused_or_differs(damaged)


@pytest.mark.slow
@settings(max_examples=40)
@given(given_answers=answers(), data=st.data())
def test_a_forged_decision_is_found(new_world, played, new_campaign, given_answers, data):
    """A decision with another stage, checkpoint or reason is refused, or differs when it is derived again."""
    records = played(new_world(**given_answers), new_campaign())
    decided = [record for record in records if record.WhichOneof("event") in ("promoted", "held", "rolled_back")]
    forged = data.draw(st.sampled_from(decided))
    event = getattr(forged, forged.WhichOneof("event"))
    match data.draw(st.sampled_from(["stage", "checkpoint_id", "run_env_steps"])):
        case "checkpoint_id":
            event.checkpoint_id = "another"
        case field:
            setattr(event, field, getattr(event, field) + 1)
    assert is_refused_or_differs(records[: forged.sequence + 1])


def test_a_forged_verdict_is_found(new_world, played, new_campaign):
    """A verdict that does not follow from its branches' records differs when it is derived again."""
    records = played(new_world(branch_return=lambda stage, arm, index: 0.2), new_campaign(**{"stages.count": 1}))
    assert list(differences(records)) == []
    forged = copy.deepcopy(records)
    forged[4].validated.validation.control_return = 0.3
    assert any("record 4" in difference for difference in differences(forged))

"""What a campaign decides, from the records before."""

import random

import pytest

from also import reasons
from also.campaign.decide import Diagnose, Propose, Report, TrainStage, Validate, decide
from also.campaign.fold import fold
from also.v1.campaign_pb2 import Adopt, CriticBackend
from also.v1.diagnosis_pb2 import Remedy
from also.v1.journal_pb2 import FinishReason, HoldReason, RollbackReason
from also.v1.verdict_pb2 import Outcome, VerdictReason
from also.validation.cost import wave_cost


def kinds(records):
    """Names of the records' events."""
    return [record.WhichOneof("event") for record in records]


def decisions(records):
    """Decisions among records, as (stage, what, why)."""
    found = []
    for record in records:
        match record.WhichOneof("event"):
            case "promoted":
                found.append((record.promoted.stage, "promoted", record.promoted.candidate))
            case "held":
                found.append((record.held.stage, "held", reasons.hold(record.held.reason)))
            case "rolled_back":
                found.append((record.rolled_back.stage, "rolled_back", reasons.rollback(record.rolled_back.reason)))
    return found


def test_a_stage_is_trained_diagnosed_proposed_validated_and_decided(new_world, played, new_campaign):
    """The loop's steps come in the order of the paper's algorithm."""
    records = played(new_world(), new_campaign(**{"stages.count": 1}))
    assert kinds(records) == [
        "started",
        "stage_trained",
        "diagnosed",
        "proposed",
        "validated",
        "promoted",
        "reported",
        "finished",
    ]
    actions = [decide(fold(records[:end])) for end in range(1, 5)]
    assert actions == [TrainStage(stage=0), Diagnose(stage=0), Propose(stage=0, round=0), Validate(stage=0, round=0)]
    assert decide(fold(records[:6])) == Report()
    assert decide(fold(records)) is None


def test_the_winning_branch_goes_on_as_the_main_run(new_world, played, new_campaign):
    """The promoted checkpoint is the winning arm's median branch, with its own env_steps."""
    promoted = played(new_world(), new_campaign(**{"stages.count": 1}))[5].promoted
    assert promoted.candidate == "r0-c1"
    assert "r0-c1" in promoted.checkpoint_id
    assert promoted.run_env_steps == 1100


def test_the_stage_goes_on_itself_where_configs_are_adopted(new_world, played, new_campaign):
    """With adopt = config a promotion and a hold both keep the stage's own checkpoint."""
    for world in (new_world(), new_world(branch_return=lambda stage, arm, index: 0.2)):
        campaign = new_campaign(**{"stages.count": 1, "validation.adopt": Adopt.ADOPT_CONFIG})
        records = played(world, campaign)
        decided = next(record for record in records if record.WhichOneof("event") in ("promoted", "held"))
        decision = getattr(decided, decided.WhichOneof("event"))
        assert decision.checkpoint_id == records[1].stage_trained.checkpoint_id
        assert decision.run_env_steps == 1000


def test_nothing_is_tried_when_no_finding_asks_for_a_change(new_world, played, new_campaign):
    """A diagnosis that says keep costs no branches, and the stage's own checkpoint goes on."""
    world = new_world(remedy=lambda stage: Remedy.REMEDY_KEEP)
    records = played(world, new_campaign(**{"stages.count": 1}))
    assert decisions(records) == [(0, "held", "NothingToChange")]
    assert records[3].held.checkpoint_id == records[1].stage_trained.checkpoint_id
    assert "validated" not in kinds(records)


def test_without_a_critic_every_stage_is_proposed_for(new_world, played, new_campaign):
    """Backend `none` has no findings by construction; that holds nothing back."""
    world = new_world(remedy=lambda stage: Remedy.REMEDY_UNSPECIFIED)
    campaign = new_campaign(**{"stages.count": 1, "critic.backend": CriticBackend.CRITIC_BACKEND_NONE})
    assert decisions(played(world, campaign)) == [(0, "promoted", "r0-c1")]


def test_a_generator_without_candidates_holds_the_stage(new_world, played, new_campaign):
    """No candidate in the first round is said by its own reason."""
    world = new_world(candidates=lambda stage, round: 0)
    assert decisions(played(world, new_campaign(**{"stages.count": 1}))) == [(0, "held", "NoCandidates")]


def test_rounds_end_at_the_limit_or_with_the_generator(new_world, played, new_campaign):
    """After R rounds, or when no further candidate comes, nothing is promoted."""
    flat = {"branch_return": lambda stage, arm, index: 0.2}
    campaign = new_campaign(**{"stages.count": 1, "validation.rounds": 3})
    records = played(new_world(**flat), campaign)
    assert kinds(records).count("validated") == 3
    assert decisions(records) == [(0, "held", "NothingPromoted")]
    records = played(new_world(**flat, candidates=lambda stage, round: 1 - round), campaign)
    assert kinds(records).count("validated") == 1
    assert decisions(records) == [(0, "held", "NothingPromoted")]


def test_control_goes_on_where_nothing_is_promoted(new_world, played, new_campaign):
    """On hold the main run does not wait for validation: control's median branch is its continuation."""
    world = new_world(branch_return=lambda stage, arm, index: 0.2)
    records = played(world, new_campaign(**{"stages.count": 1}))
    held = next(record.held for record in records if record.WhichOneof("event") == "held")
    assert "control" in held.checkpoint_id
    assert held.run_env_steps == 1100


def test_a_promotion_is_rolled_back_when_the_return_falls(new_world, played, new_campaign):
    """The stage after a promotion must not fall below control by more than the margin."""
    world = new_world(stage_return=lambda stage: 0.2 if stage != 1 else 0.09)
    records = played(world, new_campaign(**{"stages.count": 3}))
    assert decisions(records)[:2] == [(0, "promoted", "r0-c1"), (1, "rolled_back", "ReturnFell")]
    undone = next(record.rolled_back for record in records if record.WhichOneof("event") == "rolled_back")
    assert undone.reason == RollbackReason.ROLLBACK_REASON_RETURN_FELL
    assert "control" in undone.checkpoint_id
    assert undone.config == records[0].started.campaign.shaping
    assert [record.WhichOneof("event") for record in records if record.sequence == undone_at(records) + 1] == [
        "stage_trained"
    ]


def undone_at(records):
    """Sequence of the rollback."""
    return next(record.sequence for record in records if record.WhichOneof("event") == "rolled_back")


def test_a_return_within_the_margin_stands(new_world, played, new_campaign):
    """Control's return less the margin is still good enough."""
    world = new_world(stage_return=lambda stage: 0.2 if stage != 1 else 0.11)
    assert decisions(played(world, new_campaign()))[1][1] != "rolled_back"


def test_a_provisional_promotion_must_be_confirmed_by_a_return(new_world, played, new_campaign):
    """Milestones promote provisionally; a next stage with neither return nor milestones undoes it."""

    def milestones(stage, arm, index):
        return 0.5 * (arm == "r0-c1") * (stage == 0)

    for later, expected in ((0.0, "rolled_back"), (0.1, "held")):
        world = new_world(
            stage_return=lambda stage, later=later: later if stage else 0.0,
            branch_return=lambda stage, arm, index: 0.0,
            branch_milestones=milestones,
        )
        records = played(world, new_campaign())
        assert decisions(records)[0] == (0, "promoted", "r0-c1")
        assert records[5].promoted.provisional
        assert decisions(records)[1][1] == expected


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_milestones_alone_keep_a_provisional_promotion_for_so_many_stages(new_world, played, new_campaign, patience):
    """While milestones stay ahead of control a provisional promotion stands, until the patience is over."""
    world = new_world(
        stage_return=lambda stage: 0.0,
        stage_milestones=lambda stage: 0.5 if stage else 0.0,
        branch_return=lambda stage, arm, index: 0.0,
        branch_milestones=lambda stage, arm, index: 0.4 * (arm == "r0-c1") * (stage == 0),
    )
    records = played(world, new_campaign(**{"stages.count": 5, "guard.patience": patience}))
    found = decisions(records)
    assert found[0] == (0, "promoted", "r0-c1")
    assert [kind for _, kind, _ in found[1:patience]] == ["held"] * (patience - 1)
    assert found[patience] == (patience, "rolled_back", "NotConfirmed")
    state = fold(records)
    assert [stage.number for stage in state.lineage] == [0, *range(patience + 1, 5)]


def test_a_return_confirms_all_provisional_promotions_before_it(new_world, played, new_campaign):
    """Two provisional promotions in a row stand once a stage is paid, and later silence undoes neither."""
    world = new_world(
        stage_return=lambda stage: 0.1 if stage == 2 else 0.0,
        stage_milestones=lambda stage: 0.5 if stage else 0.0,
        branch_return=lambda stage, arm, index: 0.0,
        branch_milestones=lambda stage, arm, index: 0.4 * (arm == "r0-c1") * (stage < 2),
    )
    records = played(world, new_campaign(**{"stages.count": 5, "guard.patience": 3}))
    assert [kind for _, kind, _ in decisions(records)] == ["promoted", "promoted", "held", "held", "held"]


def test_a_rollback_undoes_all_that_was_built_on_the_oldest_promotion(new_world, played, new_campaign):
    """When the patience is over the main run goes back to before the first provisional promotion."""
    world = new_world(
        stage_return=lambda stage: 0.0,
        stage_milestones=lambda stage: 0.5 if stage else 0.0,
        branch_return=lambda stage, arm, index: 0.0,
        branch_milestones=lambda stage, arm, index: 0.4 * (arm == "r0-c1") * (stage < 2),
    )
    records = played(world, new_campaign(**{"stages.count": 3, "guard.patience": 2}))
    assert [kind for _, kind, _ in decisions(records)] == ["promoted", "promoted", "rolled_back"]
    undone = next(record.rolled_back for record in records if record.WhichOneof("event") == "rolled_back")
    assert undone.promotion_stage == 0
    assert undone.config == records[0].started.campaign.shaping
    assert [stage.number for stage in fold(records).lineage] == [0]


def test_no_provisional_promotion_is_made_in_the_last_stage(new_world, played, new_campaign):
    """Where no stage is left to confirm it, what helped by milestones alone is not promoted."""
    world = new_world(
        stage_return=lambda stage: 0.0,
        branch_return=lambda stage, arm, index: 0.0,
        branch_milestones=lambda stage, arm, index: 0.5 * (arm == "r0-c1"),
    )
    records = played(world, new_campaign(**{"stages.count": 1}))
    assert decisions(records) == [(0, "held", "NothingPromoted")]
    assert "no stage is left" in records[5].held.detail


def test_the_last_stage_is_as_long_as_the_budget_has_room_for(new_world, played, new_campaign):
    """In whole updates, and where none is left the policy so far is reported."""
    world = new_world(remedy=lambda stage: Remedy.REMEDY_KEEP)
    records = played(world, new_campaign(**{"stages.count": 5, "budget.env_steps": 2999}))
    trained = [each.stage_trained.env_steps for each in records if each.WhichOneof("event") == "stage_trained"]
    assert trained == [1000, 1000, 900]
    assert kinds(records)[-2:] == ["reported", "finished"]
    assert records[-1].finished.reason == FinishReason.FINISH_REASON_BUDGET_SPENT


def test_a_round_that_does_not_fit_the_budget_holds_the_stage(new_world, played, new_campaign):
    """Validation never spends more than is left."""
    records = played(new_world(), new_campaign(**{"stages.count": 1, "budget.env_steps": 1500}))
    assert decisions(records) == [(0, "held", "BudgetSpent")]


@pytest.mark.parametrize("budget", range(1000, 9000, 500))
def test_the_budget_is_never_overspent(new_world, played, new_campaign, budget):
    """Whatever the budget, main run and branches together stay within it."""
    campaign = new_campaign(**{"stages.count": 4, "budget.env_steps": budget, "validation.rounds": 2})
    assert wave_cost(campaign) > 0
    assert fold(played(new_world(), campaign)).env_steps <= budget


def test_a_failed_control_arm_holds_the_stage(new_world, played, new_campaign):
    """When control fails the fault is ours: no further round is tried, and no candidate is charged."""
    state = fold(_control_fails(played(new_world(), new_campaign())))
    decision = decide(state)
    assert decision.reason == HoldReason.HOLD_REASON_CONTROL_FAILED
    assert decision.checkpoint_id == state.stages[0].trained.checkpoint_id
    assert state.tried_hashes == []


def _control_fails(records):
    """The records up to a validation in which control failed."""
    changed = records[4]
    validation = changed.validated.validation
    for name in ("promoted", "adopted_checkpoint_id", "control_checkpoint_id"):
        validation.ClearField(name)
    for verdict in validation.verdicts:
        verdict.outcome = Outcome.OUTCOME_INCONCLUSIVE
        verdict.reason = VerdictReason.VERDICT_REASON_CONTROL_FAILED
    return [*records[:4], changed]


def test_what_was_tried_counts_since_the_incumbent_took_over(new_world, played, new_campaign):
    """A promotion empties the list of tried configs; its rollback brings the list back, with the promoted one."""
    world = new_world(stage_return=lambda stage: 0.2 if stage != 1 else 0.0)
    records = played(world, new_campaign(**{"stages.count": 2}))
    validated, promoted = fold(records[:5]), fold(records[:6])
    hashes = [candidate.config_hash for candidate in records[3].proposed.candidates]
    assert validated.tried_hashes == hashes
    assert promoted.tried_hashes == []
    assert fold(records[: undone_at(records) + 1]).tried_hashes == hashes


def test_minds_read_the_history_that_the_main_run_came_through(new_world, played, new_campaign):
    """A stage that was rolled back is no part of the main run's history; what was tried in it is told."""
    world = new_world(stage_return=lambda stage: 0.2 if stage != 1 else 0.0)
    state = fold(played(world, new_campaign(**{"stages.count": 3})))
    assert [stage.number for stage in state.lineage] == [0, 2]
    assert {trial.stage for trial in state.trials} == {0, 2}


@pytest.mark.slow
@pytest.mark.parametrize("baseline", [-64.0, 32.0])
@pytest.mark.parametrize("seed", range(6))
def test_a_campaign_decides_the_same_wherever_its_nothing_lies(new_world, played, new_campaign, baseline, seed):
    """Returns that are all negative promote, hold and roll back as the same returns counted from 0."""
    numbers = random.Random(seed)
    stages = [numbers.choice([0, 0, 1, 6, 16, 24]) / 32 for _ in range(8)]
    branches = {arm: [numbers.choice([0, 0, 8, 16, 24]) / 32 for _ in range(8)] for arm in ("control", "r0-c1")}
    climbs = [numbers.choice([0, 4, 8]) / 16 for _ in range(8)]

    def world(by):
        return new_world(
            baseline=by,
            stage_return=lambda stage: stages[stage] + by,
            stage_milestones=lambda stage: climbs[stage],
            branch_return=lambda stage, arm, index: branches.get(arm, stages)[stage] + by,
            branch_milestones=lambda stage, arm, index: 0.5 * (arm == "r0-c1"),
        )

    campaign = new_campaign(**{"stages.count": 8, "guard.patience": 2})
    assert decisions(played(world(baseline), campaign)) == decisions(played(world(0.0), campaign))

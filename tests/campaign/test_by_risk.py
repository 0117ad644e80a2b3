"""Campaigns that race, that wait for a run to stand still, and whose branches have a share: what they decide."""

import itertools

import pytest

from also import reasons
from also.campaign.fold import event_of, fold
from also.campaign.progress import RELIEFS
from also.campaign.replay import differences
from also.v1.campaign_pb2 import Proof
from also.v1.diagnosis_pb2 import Remedy
from also.v1.journal_pb2 import Held, HoldReason, Promoted, RolledBack
from also.v1.shaping_pb2 import Invariance
from also.v1.verdict_pb2 import VerdictReason
from also.validation import cost
from also.validation.race import SPEAKS

BY_RISK = {
    "validation.proof": Proof.PROOF_BY_RISK,
    "validation.silent_race": True,
    "validation.race_seeds": 2,
    "validation.race_rungs": 2,
}
"""Settings of campaigns that race, also while nothing is paid."""

ON_TRUST = BY_RISK | {"validation.silent_race": False}
"""Those of campaigns whose first candidate enters on trust while nothing is paid."""

TOO_EARLY = VerdictReason.VERDICT_REASON_TOO_EARLY


def decided(records):
    """What each stage decided, in words."""
    found = []
    for event in map(event_of, records):
        match event:
            case Promoted():
                found.append(f"promoted {event.candidate}")
            case Held():
                found.append(reasons.hold(event.reason))
            case RolledBack():
                found.append(reasons.rollback(event.reason))
    return found


def first(records, kind):
    """The first event of a kind."""
    return next(event for event in map(event_of, records) if isinstance(event, kind))


def leads(*arms):
    """Milestone scores of branches: those of these arms lead."""
    return lambda stage, arm, index: 0.5 + index / 10 if arm in arms else 0.1


def silent(new_world, **changes):
    """A world that pays nothing, and in which candidate r0-c1 of every stage comes furthest by milestones."""
    answers = {
        "stage_return": lambda stage: 0.0,
        "branch_return": lambda stage, arm, index: 0.0,
        "branch_milestones": leads("r0-c1"),
    }
    return new_world(**{**answers, **changes})


def test_the_winner_of_a_race_is_promoted_provisionally(new_world, played, new_campaign):
    """Its best branch goes on as the main run, which takes over the env_steps of the whole race of one branch."""
    records = played(silent(new_world), new_campaign(**BY_RISK))
    promoted = first(records, Promoted)
    assert (promoted.candidate, promoted.provisional) == ("r0-c1", True)
    assert promoted.checkpoint_id == "0-0-r0-c1-1-1@1200"  # seed 1 is the better one; two rungs of 100 env_steps
    assert promoted.run_env_steps == 1200
    validation = fold(records).stages[0].validations[0]
    assert {arm.arm for arm in validation.arms} == {"r0-c0", "r0-c1"}
    assert validation.env_steps == (2 + 1) * 2 * 100
    assert list(differences(records)) == []


def test_a_races_winner_that_neither_pays_nor_leads_is_undone_at_once(new_world, played, new_campaign):
    """Milestones of the stage after it that are not above those of the checkpoint it began from are no promise."""
    world = silent(new_world, stage_milestones=lambda stage: 0.2)
    records = played(world, new_campaign(**BY_RISK, **{"stages.count": 3, "stages.patience": 2}))
    assert decided(records)[:2] == ["promoted r0-c1", "NotConfirmed"]
    undone = first(records, RolledBack)
    assert undone.config == records[0].started.campaign.shaping
    assert undone.checkpoint_id == records[1].stage_trained.checkpoint_id  # a silent race has no control to go on with
    assert undone.run_env_steps == 1000
    assert list(differences(records)) == []


def test_a_races_winner_without_a_return_is_undone_when_it_climbs_no_further(new_world, played, new_campaign):
    """After the guard's patience, and not while its milestone score rises: then it is left to learn."""
    flat, climbing = (lambda stage: 0.2 if stage else 0.0), (lambda stage: 0.1 * stage)
    campaign = new_campaign(**BY_RISK, **{"stages.count": 6, "stages.patience": 2, "guard.patience": 1})
    records = played(silent(new_world, stage_milestones=flat), campaign)
    assert decided(records)[:4] == ["promoted r0-c1", "StillLearning", "StillLearning", "NotConfirmed"]
    assert "No return in 3 stages since stage 0 promoted" in first(records, RolledBack).detail
    records = played(silent(new_world, stage_milestones=climbing), campaign)
    assert decided(records) == ["promoted r0-c1", *["StillLearning"] * 5]
    assert list(differences(records)) == []


@pytest.mark.parametrize(
    "scores, decisions",
    [
        ((0.4, 0.1, 0.1), ["promoted r0-c0", "StillLearning", "NotConfirmed"]),
        ((0.4, 0.1, 0.4, 0.1, 0.1), ["promoted r0-c0", *["StillLearning"] * 3, "NotConfirmed"]),
        ((0.4, 0.39, 0.39, 0.39), ["promoted r0-c0", *["StillLearning"] * 3]),
        ((0.0, 0.0, 0.0, 0.0), ["promoted r0-c0", *["StillLearning"] * 3]),
    ],
)
def test_what_entered_on_trust_is_undone_when_milestones_fall(new_world, played, new_campaign, scores, decisions):
    """Two stages in a row below what they were, by more than chance: a team unlearns. One stage, or little, is none."""
    world = silent(new_world, stage_milestones=lambda stage: scores[stage])
    campaign = new_campaign(**ON_TRUST, **{"stages.count": len(scores), "stages.patience": 3})
    records = played(world, campaign)
    assert decided(records) == decisions
    if "NotConfirmed" in decisions:
        undone = first(records, RolledBack)
        assert undone.config == records[0].started.campaign.shaping
        assert undone.checkpoint_id == records[1].stage_trained.checkpoint_id
        assert undone.detail == "No return under r0-c0, and a milestone score at most 0.1 in 2 stages, 0.4 before."
    assert list(differences(records)) == []


def test_a_race_with_control_is_undone_when_the_return_falls(new_world, played, new_campaign):
    """Below control's less the margin: control's config and control's best branch become the main run again."""

    def returns(stage, arm, index):
        return {"control": 0.3, "r0-c1": 0.6}.get(arm, 0.0) + index / 100

    for later in (0.1, 0.0):
        world = new_world(
            stage_return=lambda stage, later=later: later if stage == 1 else 0.3,
            stage_milestones=lambda stage: 0.5 * stage,
            branch_return=returns,
        )
        records = played(world, new_campaign(**BY_RISK))
        assert decided(records)[:2] == ["promoted r0-c1", "ReturnFell"]
        undone = first(records, RolledBack)
        assert undone.config == records[0].started.campaign.shaping
        assert undone.checkpoint_id == "0-0-control-1-1@1200"
        assert list(differences(records)) == []


def test_a_return_confirms_a_races_winner(new_world, played, new_campaign):
    """What has paid once stands, even if the task is silent again later."""
    world = silent(new_world, stage_return=lambda stage: 0.08 if stage == 1 else 0.0)
    campaign = new_campaign(**BY_RISK, **{"stages.count": 6, "stages.patience": 3, "guard.patience": 1})
    records = played(world, campaign)
    assert decided(records)[0] == "promoted r0-c1"
    assert "NotConfirmed" not in decided(records)[1:4]
    assert 0 not in fold(records).undone


def test_a_race_that_nobody_wins_holds(new_world, played, new_campaign):
    """While the task is silent the stage's own end goes on; with control its best branch does."""
    records = played(silent(new_world, branch_milestones=leads()), new_campaign(**BY_RISK, **{"stages.count": 1}))
    assert decided(records)[0] == "NothingPromoted"
    records = played(
        silent(new_world, branch_milestones=lambda stage, arm, index: 0.0),
        new_campaign(**BY_RISK, **{"stages.count": 1}),
    )
    assert decided(records) == ["NothingPromoted"]
    assert first(records, Held).checkpoint_id == records[1].stage_trained.checkpoint_id
    world = new_world(branch_return=lambda stage, arm, index: 0.2 + index / 100)
    held = first(played(world, new_campaign(**BY_RISK, **{"stages.count": 1})), Held)
    assert held.checkpoint_id == "0-1-control-1-1@1200"


def test_what_may_move_the_optimum_is_confirmed(new_world, played, new_campaign):
    """Where no candidate is policy-invariant the round is a search, and the promotion is final."""
    world = new_world(invariance=lambda stage, arm: Invariance.INVARIANCE_BOUNDED)
    records = played(world, new_campaign(**BY_RISK, **{"stages.count": 1}))
    assert decided(records) == ["promoted r0-c1"]
    assert not first(records, Promoted).provisional
    verdicts = fold(records).stages[0].validations[0].verdicts
    assert verdicts[1].reason == VerdictReason.VERDICT_REASON_GAIN_CONFIRMED


def test_without_proof_the_first_candidate_is_promoted_in_every_stage(new_world, played, new_campaign):
    """No branch is trained, and the main run goes on from its own end."""
    campaign = new_campaign(**{"stages.count": 3, "validation.proof": Proof.PROOF_NONE})
    records = played(new_world(), campaign)
    assert decided(records) == ["promoted r0-c0"] * 3
    state = fold(records)
    assert (state.branch_env_steps, state.env_steps) == (0, 3000)
    assert [stage.decision.checkpoint_id for stage in state.stages] == [
        stage.trained.checkpoint_id for stage in state.stages
    ]
    assert list(differences(records)) == []


def test_a_run_that_learns_is_left_alone(new_world, played, new_campaign):
    """No mind is asked while the return rises; once it stands still, candidates are tried, and again after a while."""
    world = new_world(
        stage_return=lambda stage: min(0.1 + 0.1 * stage, 0.4), branch_return=lambda stage, arm, index: 0.4
    )
    records = played(world, new_campaign(**BY_RISK, **{"stages.count": 8, "stages.patience": 2}))
    assert decided(records) == [*["StillLearning"] * 5, "NothingPromoted", "StillLearning", "NothingPromoted"]
    asked = [event_of(record).stage for record in records if record.WhichOneof("event") in ("diagnosed", "proposed")]
    assert min(asked) == 5
    assert list(differences(records)) == []


def test_shaping_is_asked_about_when_the_return_speaks_up_and_once_before_the_end(new_world, played, new_campaign):
    """Also while the run learns, by one round of few candidates: and no other stage asks."""
    world = silent(
        new_world,
        stage_return=lambda stage: 0.03 * stage,
        branch_return=lambda stage, arm, index: 0.03 * stage,
    )
    changes = {"stages.count": 100, "stages.patience": 3, "budget.env_steps": 16_000}
    records = played(world, new_campaign(**BY_RISK, **changes))
    asked = [event_of(record).stage for record in records if record.WhichOneof("event") == "diagnosed"]
    assert asked[:2] == [0, round(SPEAKS / 0.03)]
    assert len(asked) == 3
    assert all(len(stage.rounds) <= 1 for stage in fold(records).stages)
    campaign, state = records[0].started.campaign, fold(records)
    left = 16_000 - sum(stage.env_steps for stage in state.stages[: asked[2]]) - 1000
    race = cost.race_cost(campaign, RELIEFS, with_control=True)
    assert left <= 1600 + race < left + 1000
    assert list(differences(records)) == []


@pytest.mark.parametrize(("share", "reason"), [(0.0, "ShareSpent"), (0.05, "ShareSpent"), (1.0, "NothingPromoted")])
def test_no_round_is_begun_that_the_share_cannot_pay(new_world, played, new_campaign, share, reason):
    """The hold names what binds, before any mind is asked; the detail has both numbers."""
    world = new_world(branch_return=lambda stage, arm, index: 0.2)
    records = played(world, new_campaign(**BY_RISK, **{"stages.count": 2, "validation.share": share}))
    assert set(decided(records)) == {reason}
    assert ("diagnosed" in [record.WhichOneof("event") for record in records]) is (reason == "NothingPromoted")
    if reason == "ShareSpent":
        campaign = records[0].started.campaign
        left = cost.allowed_for_branches(campaign)
        assert first(records, Held).detail == (
            f"The smallest round takes 800 env_steps; {left} are left of the branches' share and of the budget."
        )
    assert list(differences(records)) == []


def test_a_round_of_more_candidates_than_the_share_pays_for_is_share_spent(new_world, played, new_campaign):
    """One candidate could be raced, three cannot: the validator finds the share spent, and the hold says so."""
    campaign = new_campaign(**BY_RISK, **{"stages.count": 1, "validation.share": 0.5})
    world = silent(new_world, candidates=lambda stage, round: 3)
    assert cost.race_cost(campaign, 2, with_control=False) <= 1000 == cost.allowed_for_branches(campaign)
    records = played(world, campaign)
    assert decided(records) == ["NothingPromoted"]  # 3 + 2 branches of two seeds: 1,000 env_steps, and the last stage
    records = played(silent(new_world, candidates=lambda stage, round: 4), campaign)
    assert decided(records) == ["ShareSpent"]
    assert first(records, Held).reason == HoldReason.HOLD_REASON_SHARE_SPENT
    assert fold(records).branch_env_steps == 0


def test_the_first_candidate_enters_on_trust_while_nothing_is_paid(new_world, played, new_campaign):
    """Without any branch, and from the stage's own checkpoint; the others are not charged."""
    records = played(silent(new_world), new_campaign(**ON_TRUST))
    promoted, state = first(records, Promoted), fold(records)
    assert (promoted.candidate, promoted.provisional) == ("r0-c0", True)
    assert promoted.checkpoint_id == state.stages[0].trained.checkpoint_id
    reasons_of = [verdict.reason for verdict in state.stages[0].validations[0].verdicts]
    assert reasons_of == [VerdictReason.VERDICT_REASON_TRUSTED, VerdictReason.VERDICT_REASON_NOT_TRIED]
    assert state.branch_env_steps == 0
    assert list(differences(records)) == []


def test_trust_ends_where_nothing_comes_of_it(new_world, played, new_campaign):
    """No return and no milestones within the guard's patience, in units of the stages': the config before is back."""
    changes = {"stages.count": 12, "stages.patience": 2, "guard.patience": 3}
    world = silent(new_world, candidates=lambda stage, round: 1 if stage == 0 else 0)
    records = played(world, new_campaign(**ON_TRUST, **changes))
    undone, state = first(records, RolledBack), fold(records)
    assert (undone.stage, undone.promotion_stage) == (6, 0)
    assert undone.checkpoint_id == state.stages[0].trained.checkpoint_id
    assert not undone.config.terms
    assert list(differences(records)) == []


def test_trust_lasts_while_milestones_climb(new_world, played, new_campaign):
    """However long it takes until somebody is paid."""
    changes = {"stages.count": 12, "stages.patience": 2, "guard.patience": 1}
    world = silent(new_world, stage_milestones=lambda stage: 0.05 * stage)
    records = played(world, new_campaign(**ON_TRUST, **changes))
    assert decided(records) == ["promoted r0-c0", *["StillLearning"] * 11]


def test_what_has_to_be_confirmed_waits_until_the_run_has_stood_still_for_its_price(new_world, played, new_campaign):
    """Both rounds of every stage ask for something that may be tried; branches come when waiting has cost as much."""
    world = silent(
        new_world,
        invariance=lambda stage, arm: Invariance.INVARIANCE_BOUNDED,
        branch_milestones=lambda stage, arm, index: 0.5 + (arm == "r0-c1") * (0.1 if index < 2 else -0.1),
    )
    changes = {"stages.count": 12, "stages.patience": 2, "validation.confirm_env_steps": 300}
    records = played(world, new_campaign(**ON_TRUST, **changes))
    state = fold(records)
    price, stage = cost.least_cost(state.campaign, 2), state.stages[0].trained.env_steps
    waited = -(-price // stage) - 1
    assert waited > 1
    for each in state.stages[:waited]:
        found = [verdict for validation in each.validations for verdict in validation.verdicts]
        assert {verdict.reason for verdict in found} == {TOO_EARLY}
        assert len(each.rounds) == 2
        still = stage * (each.number + 1)
        detail = f"Its round takes {price} env_steps; the run has stood still for {still}, branches taken off."
        assert each.decision.detail == found[0].detail == detail
    tried, again = state.stages[waited].validations
    assert (tried.env_steps > 0, again.env_steps) == (True, 0)
    assert list(differences(records)) == []


def test_what_enters_on_trust_comes_in_the_round_after_one_that_was_too_early(new_world, played, new_campaign):
    """In the same stage, as the generator hears why."""
    bounded, invariant = Invariance.INVARIANCE_BOUNDED, Invariance.INVARIANCE_POLICY_INVARIANT
    world = silent(new_world, invariance=lambda stage, arm: bounded if arm.startswith("r0") else invariant)
    records = played(world, new_campaign(**ON_TRUST, **{"stages.patience": 2}))
    assert first(records, Promoted).candidate == "r1-c0"
    assert fold(records).branch_env_steps == 0


def test_what_was_too_early_is_no_try_and_the_pauses_after_it_do_not_grow(new_world, played, new_campaign):
    """Each question waits as long as the one before, until its answer is worth its price."""
    bounded = Invariance.INVARIANCE_BOUNDED
    world = new_world(invariance=lambda stage, arm: bounded, branch_return=lambda stage, arm, index: 0.2)
    changes = {"stages.count": 40, "stages.patience": 2, "validation.confirm_env_steps": 2000}
    state = fold(played(world, new_campaign(**ON_TRUST, **changes)))
    asked = [stage.number for stage in state.stages if stage.rounds]
    early = [number for number in asked if not state.stages[number].validations[0].env_steps]
    assert len(early) > 2
    assert early == asked[: len(early)]
    pauses = [later - number for number, later in itertools.pairwise(asked)]
    assert len(set(pauses[: len(early)])) == 1
    assert pauses[len(early) :] == [pauses[0], 2 * pauses[0]]


def test_a_question_about_shapings_worth_is_not_used_up_by_what_comes_too_early(new_world, played, new_campaign):
    """The round after may bring what only weakens, and enters on trust."""
    bounded, invariant = Invariance.INVARIANCE_BOUNDED, Invariance.INVARIANCE_POLICY_INVARIANT
    world = new_world(
        stage_return=lambda stage: 0.05 * stage,
        invariance=lambda stage, arm: bounded if stage and arm.startswith("r0") else invariant,
    )
    state = fold(played(world, new_campaign(**ON_TRUST, **{"stages.count": 8, "stages.patience": 4})))
    questioned = state.stages[round(SPEAKS / 0.05)]
    assert questioned.validations[0].verdicts[0].reason == TOO_EARLY
    assert len(questioned.rounds) == 2


@pytest.mark.parametrize(("later", "undone"), [(0.15, False), (0.04, True)])
def test_what_entered_on_trust_is_undone_by_the_training_return(new_world, played, new_campaign, later, undone):
    """The evaluation's few episodes were unlucky before, and say nothing after."""
    world = new_world(
        stage_return=lambda stage: 0.05 if stage > 1 else 0.0,
        training_return=lambda stage: (0.0, 0.1, 0.16)[stage] if stage < 3 else later,
        weakened=lambda stage: stage == 2,
        remedy=lambda stage: Remedy.REMEDY_GUIDE if stage in (0, 2) else Remedy.REMEDY_KEEP,
    )
    records = played(world, new_campaign(**ON_TRUST, **{"stages.count": 5, "stages.patience": 4}))
    state = fold(records)
    assert state.stages[2].validations[0].verdicts[0].reason == VerdictReason.VERDICT_REASON_EASED
    assert state.stages[2].validations[0].control_return == 0.16
    assert isinstance(state.stages[3].decision, RolledBack) is undone
    assert list(differences(records)) == []


def test_once_the_task_pays_candidates_race(new_world, played, new_campaign):
    """Trust is for what nobody is paid for."""
    world = new_world(branch_return=lambda stage, arm, index: 0.2 + 0.3 * (arm == "r0-c1"))
    records = played(world, new_campaign(**ON_TRUST))
    assert first(records, Promoted).candidate == "r0-c1"
    assert fold(records).branch_env_steps > 0


def test_a_silent_unshaped_run_is_asked_about_in_its_first_stage(new_world, played, new_campaign):
    """However long the patience is; where nothing is to be changed it says so."""
    campaign = new_campaign(**BY_RISK, **{"stages.count": 3, "stages.patience": 1000})
    records = played(silent(new_world, remedy=lambda stage: Remedy.REMEDY_KEEP), campaign)
    assert decided(records) == ["NothingToChange"] * 3


@pytest.mark.parametrize(
    ("proof", "share", "spent"),
    [(Proof.PROOF_BY_RISK, 0.25, [500] * 4), (Proof.PROOF_CONFIRMED, 0.4, [600] * 5)],
)
def test_rounds_add_up_until_the_share_is_spent(new_world, played, new_campaign, proof, share, spent):
    """Of 2,000 env_steps four races take all; of 4,000 five searches leave too little for one with a wave."""
    changes = {"validation.proof": proof, "validation.rounds": 1, "validation.share": share, "stages.count": 6}
    changes |= {"validation.race_rungs": 2, "validation.confirm_seeds": 5}
    state = fold(played(new_world(branch_return=lambda stage, arm, index: 0.2), new_campaign(**changes)))
    assert [validation.env_steps for stage in state.stages for validation in stage.validations] == spent
    assert state.branch_env_steps == sum(spent) <= share * state.env_steps
    held = [reasons.hold(stage.decision.reason) for stage in state.stages]
    assert held == ["NothingPromoted"] * len(spent) + ["ShareSpent"] * (6 - len(spent))

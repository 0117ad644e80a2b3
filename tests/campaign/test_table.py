"""The table of a campaign that was left alone for some stages, and what it came to beside other runs."""

from dataclasses import replace

from also.campaign.fold import fold
from also.cli import describe, table
from also.v1.campaign_pb2 import Proof
from also.v1.journal_pb2 import HoldReason

BY_RISK = {"validation.proof": Proof.PROOF_BY_RISK, "validation.silent_race": True, "stages.patience": 2}


def learning(new_world, *, best=5):
    """Silent in stage 0, where r0-c1 leads by milestones; then paid, more in each stage until the best one."""
    return new_world(
        stage_return=lambda stage: 0.025 * min(stage, best),
        branch_return=lambda stage, arm, index: 0.0,
        branch_milestones=lambda stage, arm, index: 0.5 * (arm == "r0-c1") * (stage == 0),
    )


def test_stages_in_a_row_that_were_left_to_learn_share_a_row(new_world, played, new_campaign):
    """First and last stage, the return before and after all of them, and their env_steps together."""
    state = fold(played(learning(new_world), new_campaign(**BY_RISK, **{"stages.count": 9})))
    rows = table.rows(state)
    assert [(row[0], row[3]) for row in rows] == [
        ("0", "promoted r0-c1 provisionally"),
        ("1–6", "held: StillLearning"),
        ("7", "held: NothingPromoted"),
        ("8", "held: StillLearning"),
    ]
    assert rows[1][4:] == (
        rows[0][4],
        describe.return_of(state.stages[1].trained.evidence),
        describe.return_of(state.stages[7].trained.evidence),
        "6,000",
    )
    assert sum(int(row[7].replace(",", "")) for row in rows) == state.env_steps


def test_stages_under_different_incumbents_do_not_share_a_row(new_world, played, new_campaign):
    """Every row has one shaping: what was left to learn before a promotion, and what after it."""
    records = played(learning(new_world), new_campaign(**BY_RISK, **{"stages.count": 9}))
    held = [record.held for record in records if record.WhichOneof("event") == "held"]
    for each in held:
        each.reason = HoldReason.HOLD_REASON_STILL_LEARNING
    state = fold(records)
    assert [row[0] for row in table.rows(state)] == ["0", "1–8"]
    later = replace(state.stages[5].incumbent, since=5)
    stages = [replace(stage, incumbent=later) if stage.number >= 5 else stage for stage in state.stages]
    assert [row[0] for row in table.rows(replace(state, stages=tuple(stages)))] == ["0", "1–4", "5–8"]


def test_the_last_stages_row_ends_with_the_report(new_world, played, new_campaign):
    """Where the campaign is over while it learns, the return after it is the final policy's."""
    state = fold(played(learning(new_world, best=100), new_campaign(**BY_RISK, **{"stages.count": 6})))
    last = table.rows(state)[-1]
    assert (last[0], last[3]) == ("1–5", "held: StillLearning")
    assert last[6] == describe.return_of(state.reported.evaluation)
    assert last[6].startswith("0.900")


def test_what_was_measured_beside_is_told_with_its_env_steps(new_world, played, new_campaign):
    """The learner without shaping, and the one under the first candidate; neither where it was not measured."""
    records = played(new_world(), new_campaign())
    plain = table.outcome(fold(records))
    assert [line.split("  ")[0] for line in plain] == ["final return"]
    reported = next(record.reported for record in records if record.WhichOneof("event") == "reported")
    reported.reference.returns.mean, reported.reference_env_steps = 0.125, 3000
    reported.one_shot.returns.mean, reported.one_shot_env_steps = 0.375, 3100
    told = table.outcome(fold(records))
    assert told[0] == plain[0]
    assert told[1].startswith("without shaping   0.125") and "after 3,000 env_steps" in told[1]
    assert told[2].startswith("one-shot          0.375") and "after 3,100 env_steps" in told[2]

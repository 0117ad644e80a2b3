"""Records whose metrics cannot be used: inconclusive, never a promotion, and the same again from the journal."""

from collections.abc import Callable

import pytest

from also import reasons
from also.document import canonical, parse_json
from also.v1.branch_pb2 import BranchFailure, SeedPool
from also.v1.reading_pb2 import MetricsFault
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.verdict_pb2 import ArmResult, Outcome, Validation
from also.validation import judge
from also.validation.round import Round

SEARCH = SeedPool.SEED_POOL_SEARCH
CONFIRM = SeedPool.SEED_POOL_CONFIRM

FAULTS = [fault for fault in MetricsFault.values() if fault]


@pytest.fixture
def promoting(arm: Callable[..., ArmResult]) -> list[ArmResult]:
    """Candidate 1 wins the search and the confirmation."""
    return [
        arm("control", SEARCH, [0.1, 0.1]),
        arm("r0-c0", SEARCH, [0.2, 0.2]),
        arm("r0-c1", SEARCH, [0.5, 0.5]),
        arm("control", CONFIRM, [0.1, 0.3, 0.2, 0.1, 0.1, 0.4]),
        arm("r0-c1", CONFIRM, [0.6, 0.9, 0.7, 0.6, 0.8, 0.6]),
    ]


def damage(arms: list[ArmResult], name: str, pool: SeedPool, fault: int, place: int = 1) -> None:
    """Make one record of an arm unusable."""
    (result,) = (each for each in arms if (each.arm, each.pool) == (name, pool))
    result.records[place].metrics_fault = fault
    result.records[place].metrics_detail = "There is no also_branch_return of control, seed 1."


def told(result: Validation) -> list[str]:
    return [reasons.verdict(verdict.reason) for verdict in result.verdicts]


def rejudged(given: Validation, round_: Round) -> Validation:
    return judge.rejudge(
        given,
        campaign=round_.campaign,
        card=round_.card,
        incumbent=ShapingConfig(),
        candidates=round_.candidates,
        stage_return=round_.stage_return,
        stage_milestone_score=round_.stage_milestone_score,
    )


def test_without_a_fault_the_candidate_is_promoted(make_round: Callable[..., Round], promoting) -> None:
    """What the other tests damage would be a promotion."""
    assert judge.validation(make_round(2), promoting).promoted == "r0-c1"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("pool", [SEARCH, CONFIRM])
def test_a_fault_of_control_leaves_all_inconclusive(
    make_round: Callable[..., Round], promoting: list[ArmResult], pool: SeedPool, fault: int
) -> None:
    """No candidate is charged, none is promoted, and the verdict has the fault's name and its numbers."""
    arms = promoting if pool == CONFIRM else promoting[:3]
    damage(arms, "control", pool, fault)
    result = judge.validation(make_round(2), arms)
    judged = result.verdicts[1:] if pool == CONFIRM else result.verdicts
    assert {reasons.verdict(verdict.reason) for verdict in judged} == {reasons.metrics_fault(fault)}
    assert {verdict.outcome for verdict in judged} == {Outcome.OUTCOME_INCONCLUSIVE}
    assert all("There is no also_branch_return of control, seed 1." in verdict.detail for verdict in judged)
    assert result.promoted == ""
    assert rejudged(parse_json(Validation, canonical(result), "a journal"), make_round(2)) == result


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("pool", [SEARCH, CONFIRM])
def test_training_goes_on_from_control_whatever_prometheus_said(
    make_round: Callable[..., Round], promoting: list[ArmResult], pool: SeedPool, fault: int
) -> None:
    """Its branches trained under the incumbent's config: what they learned is kept, as on any other hold."""
    arms = promoting if pool == CONFIRM else promoting[:3]
    undamaged = judge.validation(make_round(2), arms)
    for result in arms:
        for place in range(len(result.records)):
            damage(arms, result.arm, result.pool, fault, place)
    held = judge.validation(make_round(2), arms)
    assert held.adopted_checkpoint_id == held.control_checkpoint_id == undamaged.control_checkpoint_id != ""
    assert held.control_return == undamaged.control_return > 0
    assert held.promoted == ""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_finalist_leaves_it_inconclusive(
    make_round: Callable[..., Round], promoting: list[ArmResult], fault: int
) -> None:
    """Its gain is as large as before, and counts for nothing."""
    damage(promoting, "r0-c1", CONFIRM, fault)
    result = judge.validation(make_round(2), promoting)
    assert told(result) == ["LostSearch", reasons.metrics_fault(fault)]
    assert (result.verdicts[1].outcome, result.promoted) == (Outcome.OUTCOME_INCONCLUSIVE, "")
    assert result.adopted_checkpoint_id == result.control_checkpoint_id != ""
    assert rejudged(parse_json(Validation, canonical(result), "a journal"), make_round(2)) == result


@pytest.mark.parametrize("fault", FAULTS)
def test_a_candidate_with_a_fault_in_the_search_is_out(
    make_round: Callable[..., Round], promoting: list[ArmResult], fault: int
) -> None:
    """It was the best; the other one is the finalist, and needs a confirmation of its own."""
    damage(promoting, "r0-c1", SEARCH, fault)
    standing = judge.stand(make_round(2), promoting[:3])
    assert standing.finalist == "r0-c0"
    assert {name: reasons.verdict(ruling.reason) for name, ruling in standing.rulings.items()} == {
        "r0-c1": reasons.metrics_fault(fault)
    }


@pytest.mark.parametrize("place", range(6))
def test_one_bad_record_of_many_is_enough(make_round: Callable[..., Round], promoting, place: int) -> None:
    """Whichever seed it is of."""
    damage(promoting, "r0-c1", CONFIRM, MetricsFault.METRICS_FAULT_STALE, place)
    result = judge.validation(make_round(2), promoting)
    assert (told(result)[1], result.promoted) == ("MetricsStale", "")


def test_a_branch_without_a_result_is_not_called_a_fault_of_metrics(make_round, promoting) -> None:
    """Why a branch failed, and a wrong config, come before what Prometheus says."""
    damage(promoting, "r0-c1", CONFIRM, MetricsFault.METRICS_FAULT_STALE)
    promoting[4].records[1].config_hash = "f" * 64
    assert told(judge.validation(make_round(2), promoting))[1] == "HashMismatch"
    promoting[4].records[1].failure = BranchFailure.BRANCH_FAILURE_OUT_OF_MEMORY
    assert told(judge.validation(make_round(2), promoting))[1] == "BranchFailed"


def test_a_journal_from_before_there_were_metrics_means_the_same(make_round, promoting) -> None:
    """Nothing about metrics or guards is written where nobody asked."""
    result = judge.validation(make_round(2), promoting)
    written = canonical(result)
    assert b"metrics" not in written
    assert b"guards" not in written
    assert rejudged(parse_json(Validation, written, "a journal"), make_round(2)) == result

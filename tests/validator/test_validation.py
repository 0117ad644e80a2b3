"""A round from end to end: the real trainer answers the screen, and branches are rehearsed."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import psutil
import pytest

from also import reasons, rpc
from also.errors import CheckpointError, DocumentError, ServiceUnavailable
from also.services.validator.service import Validator
from also.settings import Settings
from also.shaping.identity import config_hash
from also.store import Store
from also.v1 import trainer_pb2_grpc, validator_pb2_grpc
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.validator_pb2 import ValidateRequest, ValidateResponse, ValidationPhase, ValidationProgress
from also.v1.verdict_pb2 import Candidate, Outcome, Validation
from also.validation import cost
from also.validation.judge import rejudge
from tools.loopback import served

Serve = Callable[[trainer_pb2_grpc.TrainerServiceStub], validator_pb2_grpc.ValidatorServiceStub]
Validate = Callable[[ValidateRequest], tuple[list[ValidationProgress], Validation]]


@pytest.fixture
def serve(store: Store, make_launcher) -> Iterator[Serve]:
    """Serves a real validator, whose branch groups are rehearsed, beside a trainer."""
    with ExitStack() as stack:

        def start(trainer: trainer_pb2_grpc.TrainerServiceStub) -> validator_pb2_grpc.ValidatorServiceStub:
            servicer = Validator(
                store,
                trainer,
                lambda parallel: make_launcher(parallel=parallel),
                Settings(),
            )
            register = partial(validator_pb2_grpc.add_ValidatorServiceServicer_to_server, servicer)
            address = stack.enter_context(served(register))
            return validator_pb2_grpc.ValidatorServiceStub(stack.enter_context(rpc.connect(address)))

        yield start


@pytest.fixture
def stub(
    serve: Serve, trainer: trainer_pb2_grpc.TrainerServiceStub, rehearsal
) -> validator_pb2_grpc.ValidatorServiceStub:
    """A validator beside a real trainer."""
    return serve(trainer)


@pytest.fixture
def validate(stub: validator_pb2_grpc.ValidatorServiceStub) -> Validate:
    """Validates a round: all progress, and the result."""

    def call(request: ValidateRequest) -> tuple[list[ValidationProgress], Validation]:
        responses: list[ValidateResponse] = list(rpc.stream(stub.Validate, request, seconds=60))
        assert all(response.HasField("progress") for response in responses[:-1])
        return [response.progress for response in responses[:-1]], responses[-1].result

    return call


def named(result: Validation) -> list[str]:
    return [reasons.verdict(verdict.reason) for verdict in result.verdicts]


@pytest.mark.slow
def test_better_candidate_is_promoted(make_request, validate: Validate, rehearsal) -> None:
    """Screen, search, confirmation, verdicts with numbers, and the winner's median replica."""
    rehearsal.behave(returns={"control": 0.1, "r0-c0": 0.2, "r0-c1": 0.4})
    request = make_request()
    progress, result = validate(request)
    assert named(result) == ["LostSearch", "GainConfirmed"]
    assert result.promoted == "r0-c1"
    assert result.verdicts[1].test.mean_gain == pytest.approx(0.3)
    assert result.adopted_checkpoint_id.endswith("/r0-c1/2")
    assert result.control_return == pytest.approx(0.12)
    assert result.env_steps == cost.least_cost(request.campaign, 2)
    assert [(arm.arm, arm.pool, len(arm.records)) for arm in result.arms] == [
        ("control", 1, 2),
        ("r0-c0", 1, 2),
        ("r0-c1", 1, 2),
        ("control", 2, 5),
        ("r0-c1", 2, 5),
    ]
    phases = [each.phase for each in progress]
    assert phases == sorted(phases)
    assert set(phases) == {1, 2, 3}


@pytest.mark.slow
def test_progress_names_control_first_and_counts_env_steps(make_request, validate: Validate, rehearsal) -> None:
    """Every message has all arms; measures appear when branches have some, and reasons when they are out."""
    rehearsal.behave(returns={"control": 0.1, "r0-c0": 0.2, "r0-c1": 0.4})
    request = make_request()
    progress, _ = validate(request)
    assert all([arm.arm for arm in each.arms] == ["control", "r0-c0", "r0-c1"] for each in progress)
    searching = [each for each in progress if each.phase == ValidationPhase.VALIDATION_PHASE_SEARCH]
    assert searching[0].arms[0].branches == 0
    waits = {each.waits_for for each in searching if not each.env_steps}
    assert waits <= {"the first of 2 branch groups to begin", ""}
    assert {each.waits_for for each in searching if each.env_steps} == {""}
    assert searching[-1].arms[0].branches == 2
    assert searching[-1].arms[0].mean_return == pytest.approx(0.105)
    assert searching[-1].env_steps == searching[-1].env_steps_planned == cost.search_cost(request.campaign, 2)
    last = progress[-1]
    assert reasons.verdict(last.arms[1].reason) == "LostSearch"
    assert (last.env_steps, last.env_steps_planned) == (cost.wave_cost(request.campaign),) * 2


@pytest.mark.slow
def test_repeated_call_trains_nothing_and_says_the_same(make_request, validate: Validate, rehearsal) -> None:
    """Stateless: all results are found in the store."""
    rehearsal.behave(returns={"control": 0.1, "r0-c1": 0.4})
    request = make_request()
    _, first = validate(request)
    started = len(rehearsal.starts)
    _, again = validate(request)
    assert again == first
    assert len(rehearsal.starts) == started


@pytest.mark.slow
def test_validation_is_derived_again_from_its_own_arms(make_request, validate: Validate, rehearsal) -> None:
    """What the validator said is a function of request and records."""
    rehearsal.behave(returns={"control": 0.1, "r0-c0": 0.2, "r0-c1": 0.4})
    request = make_request(search_rungs=2, search_env_steps=160)
    _, result = validate(request)
    assert [len(arm.records) for arm in result.arms] == [4, 2, 4, 5, 5]
    derived = rejudge(
        result,
        campaign=request.campaign,
        card=request.card,
        incumbent=request.incumbent,
        candidates=request.candidates,
        stage_return=request.stage_return,
        stage_milestone_score=request.stage_milestone_score,
    )
    assert derived == result


RACE = {"proof": "by_risk", "silent_race": True, "race_rungs": 2, "race_seeds": 3, "race_env_steps": 80}


@pytest.mark.slow
@pytest.mark.parametrize(("stage_return", "control"), [(0.0, []), (0.1, [("control", 1, 6)])])
def test_policy_invariant_candidates_race(
    make_request, validate: Validate, rehearsal, stage_return: float, control: list[tuple[str, int, int]]
) -> None:
    """Two rungs of an update each, control beside them once the task pays; the winner's best replica goes on."""
    rehearsal.behave(returns={"control": 0.1, "r0-c0": 0.2, "r0-c1": 0.9})
    request = make_request(**RACE)
    request.stage_return = stage_return
    progress, result = validate(request)
    assert named(result) == ["RaceLost", "RaceWon"]
    assert [(arm.arm, arm.pool, len(arm.records)) for arm in result.arms] == [
        *control,
        ("r0-c0", 1, 3),
        ("r0-c1", 1, 6),
    ]
    assert result.env_steps == cost.race_cost(request.campaign, 2, with_control=bool(control))
    assert (progress[-1].env_steps, progress[-1].env_steps_planned) == (result.env_steps, result.env_steps)
    assert {each.phase for each in progress} == {1, ValidationPhase.VALIDATION_PHASE_SEARCH}
    assert result.adopted_checkpoint_id.endswith("/r0-c1/2")
    assert result.control_return == pytest.approx(0.11 if control else 0.0)
    derived = rejudge(
        result,
        campaign=request.campaign,
        card=request.card,
        incumbent=request.incumbent,
        candidates=request.candidates,
        stage_return=stage_return,
        stage_milestone_score=request.stage_milestone_score,
    )
    assert derived == result
    assert validate(request)[1] == result


@pytest.mark.slow
def test_a_race_that_cannot_be_paid_starts_nothing(make_request, validate: Validate, rehearsal) -> None:
    """One env_step short of all its rungs: inconclusive, and no process; with that env_step it is run."""
    request = make_request(**RACE)
    request.env_steps_left = cost.race_cost(request.campaign, 2, with_control=False) - 1
    assert named(validate(request)[1]) == ["BudgetSpent", "BudgetSpent"]
    assert rehearsal.starts == []
    request.env_steps_left += 1
    assert "BudgetSpent" not in named(validate(request)[1])


def test_without_proof_the_validator_trains_nothing(make_request, validate: Validate, rehearsal) -> None:
    """The screen is asked all the same; what passes first is promoted, whatever is left."""
    _, result = validate(make_request(proof="none", env_steps_left=0))
    assert named(result) == ["Unproven", "NotTried"]
    assert (result.promoted, result.env_steps, list(result.arms)) == ("r0-c0", 0, [])
    assert all(verdict.terms for verdict in result.verdicts)
    assert rehearsal.starts == []


def test_nothing_is_started_that_cannot_be_paid(make_request, validate: Validate, rehearsal) -> None:
    """One env_step short of search and one wave: all inconclusive, and no process."""
    request = make_request()
    request.env_steps_left = cost.least_cost(request.campaign, 2) - 1
    _, result = validate(request)
    assert named(result) == ["BudgetSpent", "BudgetSpent"]
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.OUTCOME_INCONCLUSIVE}
    assert (result.env_steps, result.adopted_checkpoint_id) == (0, "")
    assert rehearsal.starts == []


@pytest.mark.slow
def test_wave_that_cannot_be_paid_is_not_begun(make_request, validate: Validate, rehearsal) -> None:
    """The budget pays for the first look; it is undecided, and the rest is not left."""
    rehearsal.behave(returns={"control": 0.1, "r0-c0": 0.4})
    request = make_request(confirm_seeds=4, confirm_waves=2)
    request.env_steps_left = cost.least_cost(request.campaign, 2) + cost.wave_cost(request.campaign) - 1
    _, result = validate(request)
    assert named(result) == ["BudgetSpent", "BelowControl"]
    assert result.env_steps == cost.least_cost(request.campaign, 2)
    request.env_steps_left += 1
    assert named(validate(request)[1]) == ["GainConfirmed", "BelowControl"]


@pytest.mark.slow
def test_screened_candidates_are_not_trained(make_request, validate: Validate, rehearsal) -> None:
    """Only what passes gets an arm; the others have their reason from the first messages on."""
    request = make_request()
    request.tried_hashes.append(request.candidates[0].config_hash)
    progress, result = validate(request)
    assert named(result)[0] == "Duplicate"
    assert {arm.arm for arm in result.arms} == {"control", "r0-c1"}
    assert reasons.verdict(progress[0].arms[1].reason) == "Duplicate"


def test_dead_term_is_found_on_the_checkpoints_rollouts(
    make_request, make_candidate: Callable[..., Candidate], validate: Validate, rehearsal
) -> None:
    """The real trainer plays the checkpoint's policy; a potential that is always gated off pays nothing."""
    request = make_request()
    gate = {"feature": "team_food_distance", "comparison": "at_most", "value": 0}
    dead = [make_candidate(0, gate=gate), make_candidate(1, gate=gate)]
    del request.candidates[:]
    request.candidates.extend(dead)
    _, result = validate(request)
    assert named(result) == ["DeadTerm", "DeadTerm"]
    assert result.verdicts[0].terms[0].firing_rate == 0
    assert rehearsal.starts == []


@pytest.mark.slow
def test_learner_under_another_config_never_promotes(make_request, validate: Validate, rehearsal) -> None:
    """The hash that the branch reports is checked, however good its return."""
    rehearsal.behave(returns={"control": 0.1, "r0-c0": 0.9}, hashes={"r0-c0": "f" * 64})
    _, result = validate(make_request())
    assert named(result) == ["HashMismatch", "BelowControl"]
    assert result.promoted == ""


@pytest.mark.slow
def test_cancelled_call_ends_its_branches(
    make_request, stub: validator_pb2_grpc.ValidatorServiceStub, rehearsal
) -> None:
    """No process is left when the conductor has gone."""
    rehearsal.behave(hangs=9)
    call = stub.Validate(make_request(), timeout=60)
    for _ in call:
        if len(rehearsal.starts) == 2:
            break
    call.cancel()
    while any(psutil.pid_exists(number) for _, number in rehearsal.starts):
        time.sleep(0.02)
    assert len(rehearsal.starts) == 2


def test_wrong_config_hash_is_refused(make_request, validate: Validate) -> None:
    """A candidate is what its hash says, or it is not judged."""
    request = make_request()
    request.candidates[0].config_hash = config_hash(ShapingConfig())
    with pytest.raises(DocumentError, match="candidate r0-c0 has the config hash"):
        validate(request)


def test_settings_that_are_not_filled_in_are_refused(make_request, validate: Validate) -> None:
    """The validator knows no defaults of its own."""
    request = make_request()
    request.campaign.validation.ClearField("confirm_seeds")
    with pytest.raises(DocumentError, match=r"campaign\.validation\.confirm_seeds is missing"):
        validate(request)


def test_unknown_checkpoint_is_the_callers_error(make_request, validate: Validate) -> None:
    """The trainer's error comes through with its class."""
    request = make_request()
    request.checkpoint_id = "0" * 64
    with pytest.raises(CheckpointError):
        validate(request)


def test_trainer_that_is_gone_is_unavailable(make_request, serve: Serve) -> None:
    """The conductor may try again."""
    request = make_request()
    with rpc.connect("127.0.0.1:1") as nowhere, pytest.raises(ServiceUnavailable):
        list(rpc.stream(serve(trainer_pb2_grpc.TrainerServiceStub(nowhere)).Validate, request, seconds=60))

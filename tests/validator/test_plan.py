"""Which branches a step trains, and how they are grouped."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also.services.validator import plan
from also.v1.branch_pb2 import BranchGroup, BranchRecord, SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.validator_pb2 import ValidateRequest
from also.v1.verdict_pb2 import ArmResult, Candidate
from also.validation.round import Step

SEARCH = SeedPool.SEED_POOL_SEARCH
CONFIRM = SeedPool.SEED_POOL_CONFIRM


@pytest.fixture
def make_request(
    make_campaign: Callable[..., Campaign], make_candidate: Callable[..., Candidate]
) -> Callable[..., ValidateRequest]:
    """Builds a round of two candidates; keyword arguments are validation settings."""

    def make(stage: int = 3, round_: int = 0, **validation: int) -> ValidateRequest:
        return ValidateRequest(
            campaign_id="c",
            campaign=make_campaign(**validation),
            stage=stage,
            round=round_,
            checkpoint_id="start",
            candidates=[make_candidate(0), make_candidate(1)],
        )

    return make


def search(number: int = 1) -> Step:
    return Step(pool=SEARCH, number=number, arms=("control", "r0-c0", "r0-c1"), indices=range(2), env_steps=80)


def seeds_of(groups: list[BranchGroup]) -> dict[tuple[str, int], int]:
    return {(branch.arm, branch.seed_index): branch.seed for group in groups for branch in group.branches}


@given(st.integers(1, 20), st.integers(1, 30), st.integers(1, 40), st.integers(1, 8))
def test_every_branch_is_in_exactly_one_group(arms: int, indices: int, largest: int, parallel: int) -> None:
    """No group is empty or too large, and seeds stay whole where a group can hold all arms."""
    shares = plan.split(arms, indices, largest, parallel)
    flat = [branch for share in shares for branch in share]
    assert flat == [(index, arm) for index in range(indices) for arm in range(arms)]
    assert all(1 <= len(share) <= largest for share in shares)
    if arms <= largest:
        assert all(len(share) % arms == 0 for share in shares)
        assert max(map(len, shares)) - min(map(len, shares)) <= arms
    else:
        assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.parametrize(
    ("arms", "indices", "largest", "parallel", "sizes"),
    [
        (5, 2, 16, 2, [5, 5]),  # both places are used
        (2, 5, 16, 2, [4, 6]),
        (2, 12, 16, 2, [12, 12]),
        (2, 30, 16, 2, [14, 16, 14, 16]),  # full turns
        (5, 1, 16, 2, [5]),  # a seed is not torn apart
        (5, 2, 3, 1, [2, 3, 2, 3]),  # unless it must be
    ],
)
def test_groups_are_balanced_over_the_places(
    arms: int, indices: int, largest: int, parallel: int, sizes: list[int]
) -> None:
    """As many groups as run at once, and evenly filled."""
    assert [len(share) for share in plan.split(arms, indices, largest, parallel)] == sizes


def test_names_say_stage_round_pool_step_and_number(make_request: Callable[..., ValidateRequest]) -> None:
    """They are the same whenever the step is planned."""
    groups = plan.groups(make_request(), search(), [])
    assert [group.name for group in groups] == ["s0003-r0-search-1-g0", "s0003-r0-search-1-g1"]
    wave = Step(pool=CONFIRM, number=2, arms=("control", "r0-c0"), indices=range(5, 10), env_steps=80)
    assert plan.groups(make_request(round_=1), wave, [])[0].name == "s0003-r1-confirm-2-g0"
    assert plan.groups(make_request(), search(), []) == groups


def test_arms_share_the_seeds_of_equal_indices(make_request: Callable[..., ValidateRequest]) -> None:
    """Common random numbers: one seed an index, whatever the arm; another one in every pool and round."""
    request = make_request()
    found = seeds_of(plan.groups(request, search(), []))
    assert len(found) == 6
    assert {found["control", index] for index in range(2)} == set(found.values())
    assert found["control", 0] == found["r0-c0", 0] == found["r0-c1", 0] != found["control", 1]
    wave = Step(pool=CONFIRM, number=1, arms=("control",), indices=range(2), env_steps=80)
    confirm = seeds_of(plan.groups(request, wave, []))
    later = seeds_of(plan.groups(make_request(round_=1), search(), []))
    assert not {*confirm.values(), *later.values()} & set(found.values())


def test_each_arm_trains_its_own_config(make_request: Callable[..., ValidateRequest]) -> None:
    """Control trains the incumbent's."""
    request = make_request()
    for group in plan.groups(request, search(), []):
        for branch in group.branches:
            config = request.incumbent if branch.arm == "control" else request.candidates[int(branch.arm[-1])].config
            assert branch.config == config


def test_later_rung_goes_on_from_the_rung_before(make_request: Callable[..., ValidateRequest]) -> None:
    """From its own checkpoint, on its own stream."""
    arms = [
        ArmResult(
            arm=arm,
            pool=SEARCH,
            records=[BranchRecord(arm=arm, seed_index=index, checkpoint_id=f"{arm}-{index}") for index in range(2)],
        )
        for arm in ("control", "r0-c0", "r0-c1")
    ]
    groups = plan.groups(make_request(search_rungs=2, search_env_steps=160), search(2), arms)
    branches = [branch for group in groups for branch in group.branches]
    assert all(branch.checkpoint_id == f"{branch.arm}-{branch.seed_index}" for branch in branches)
    assert not any(branch.HasField("seed") for branch in branches)
    assert {group.env_steps for group in groups} == {80}


def test_confirmation_starts_from_the_stages_checkpoint(make_request: Callable[..., ValidateRequest]) -> None:
    """Whatever the finalist had learnt in the search."""
    wave = Step(pool=CONFIRM, number=1, arms=("control", "r0-c0"), indices=range(5), env_steps=80)
    for group in plan.groups(make_request(), wave, []):
        assert {branch.checkpoint_id for branch in group.branches} == {"start"}


def test_step_costs_what_its_branches_train(make_request: Callable[..., ValidateRequest]) -> None:
    """Three arms of two seeds, 80 env_steps each."""
    groups = plan.groups(make_request(), search(), [])
    assert search().cost == 3 * 2 * 80 == sum(group.env_steps * len(group.branches) for group in groups)


def test_a_race_while_the_task_is_silent_trains_no_control(make_request: Callable[..., ValidateRequest]) -> None:
    """Arms are those of the step, each by its own config; a later rung goes on from the rung before."""
    request = make_request()
    step = Step(pool=SEARCH, number=1, arms=("r0-c1", "r0-c0"), indices=range(1), env_steps=40)
    (group,) = plan.groups(request, step, [])
    assert [branch.arm for branch in group.branches] == ["r0-c1", "r0-c0"]
    assert [branch.config for branch in group.branches] == [request.candidates[1].config, request.candidates[0].config]
    assert group.env_steps == 40

"""The race: what it trains, who stays in it, who wins it, and the same again from the journal."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from also import reasons
from also.document import canonical, parse_json
from also.errors import DocumentError
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import BranchFailure, BranchRecord, Measure, SeedPool
from also.v1.campaign_pb2 import Proof
from also.v1.shaping_pb2 import Invariance, ShapingConfig, ShapingForm, ShapingTerm
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import ArmResult, Candidate, Outcome, Validation, Verdict, VerdictReason
from also.validation import judge
from also.validation.race import race, racers
from also.validation.round import Round, Step

EPISODES = 10**9
"""Episodes of a measure: so many that it is exact."""

PRICE = 2 * 3 * 3200 + 2 * 6 * 3200
"""env_steps of a search among two candidates with control, and of one confirm wave."""

TOO_EARLY, NOT_TRIED = VerdictReason.VERDICT_REASON_TOO_EARLY, VerdictReason.VERDICT_REASON_NOT_TRIED

SEARCH = SeedPool.SEED_POOL_SEARCH

MakeRace = Callable[..., Round]
MakeArm = Callable[..., ArmResult]


@pytest.fixture
def make_race(make_round: Callable[..., Round]) -> MakeRace:
    """A round by risk of the first `count` candidates after a stage; those that are `bounded` may move the optimum."""

    def make(
        count: int = 4,
        *,
        bounded: Sequence[str] = (),
        stage_return: float = 0.0,
        stage_milestone_score: float = 0.0,
        **settings: float,
    ) -> Round:
        by_risk = {
            "proof": Proof.PROOF_BY_RISK,
            "race_rungs": 2,
            "race_seeds": 2,
            "race_env_steps": 6400,
            "silent_race": True,
        }
        round_ = make_round(count, **{**by_risk, **settings})
        screen = [
            Verdict(
                candidate=each.candidate,
                config_hash=each.config_hash,
                invariance=Invariance.INVARIANCE_BOUNDED
                if each.candidate in bounded
                else Invariance.INVARIANCE_POLICY_INVARIANT,
            )
            for each in round_.screen
        ]
        return replace(
            round_, screen=tuple(screen), stage_return=stage_return, stage_milestone_score=stage_milestone_score
        )

    return make


@pytest.mark.parametrize(
    ("stood_still", "bounded", "settings", "trained"),
    [
        (None, 2, {}, True),
        (PRICE, 2, {}, True),
        (PRICE - 1, 2, {}, False),
        (0, 2, {}, False),
        (0, 1, {}, True),
        (0, 2, {"proof": Proof.PROOF_CONFIRMED}, True),
    ],
)
def test_a_confirmation_costs_no_more_than_the_run_has_stood_still_for(
    make_race: MakeRace, stood_still: int | None, bounded: int, settings: dict[str, float], trained: bool
) -> None:
    """Where one of the round can race, it does; and where everything is confirmed, everything is."""
    made = make_race(2, bounded=["r0-c0", "r0-c1"][:bounded], **settings)
    round_ = replace(made, stood_still=stood_still)
    standing = judge.stand(round_, [])
    assert (standing.step is not None) is trained
    assert {ruling.reason for ruling in standing.rulings.values()} <= {TOO_EARLY, NOT_TRIED}
    if not trained:
        given = judge.validation(round_, [])
        assert told(given) == ["TooEarly"] * 2
        assert {verdict.outcome for verdict in given.verdicts} == {Outcome.OUTCOME_INCONCLUSIVE}
        assert rejudged(given, round_) == given


def told(result: Validation) -> list[str]:
    """Names of the verdicts' reasons."""
    return [reasons.verdict(verdict.reason) for verdict in result.verdicts]


def rejudged(given: Validation, round_: Round) -> Validation:
    """The same from a journal."""
    return judge.rejudge(
        parse_json(Validation, canonical(given), "a journal"),
        campaign=round_.campaign,
        card=round_.card,
        incumbent=ShapingConfig(),
        candidates=round_.candidates,
        stage_return=round_.stage_return,
        stage_milestone_score=round_.stage_milestone_score,
        stood_still=round_.stood_still,
        training_return=round_.training_return,
    )


def raced(round_: Round, come_to: Callable[[str, int, int], tuple[float, float]]) -> tuple[list[Step], list[ArmResult]]:
    """Every step of a round, and what its branches came to: (return, milestone score) of (arm, rung, seed index)."""
    steps: list[Step] = []
    arms: list[ArmResult] = []
    while (step := judge.stand(round_, arms).step) is not None:
        steps.append(step)
        for arm in step.arms:
            result = ArmResult(arm=arm, pool=step.pool)
            for index in step.indices:
                returned, score = come_to(arm, step.number, index)
                end = Measure(
                    env_steps=step.number * step.env_steps,
                    mean_return=returned,
                    milestone_score=score,
                    episodes=EPISODES,
                )
                result.records.append(
                    BranchRecord(
                        arm=arm,
                        seed_index=index,
                        config_hash=round_.hash_of(arm),
                        checkpoint_id=f"{arm}-{step.pool}-{step.number}-{index}",
                        measures=[end],
                        env_steps=step.env_steps,
                    )
                )
            arms.append(result)
    return steps, arms


def test_a_race_has_no_control_while_the_task_is_silent(make_race: MakeRace) -> None:
    """Nothing is what control would come to; half of the race's env_steps are trained in each of two rungs."""
    step = judge.stand(make_race(3), []).step
    assert step is not None
    assert (step.arms, step.number, step.indices) == (("r0-c0", "r0-c1", "r0-c2"), 1, range(2))
    assert (step.pool, step.env_steps, step.cost) == (SEARCH, 3200, 3 * 2 * 3200)


@pytest.mark.parametrize(("stage_return", "silent"), [(0.0, True), (0.004, True), (0.005, False), (0.5, False)])
def test_control_runs_in_every_rung_once_the_task_pays(make_race: MakeRace, stage_return: float, silent: bool) -> None:
    """A return that could promote is one that has to be beaten: 0.005 of the largest return."""
    steps, _ = raced(make_race(4, stage_return=stage_return), lambda arm, rung, index: (0.1, 0.1))
    assert [len(step.arms) for step in steps] == ([4, 2] if silent else [5, 3])
    assert all(("control" in step.arms) is not silent for step in steps)
    assert all(step.arms[0] == "control" for step in steps) is not silent


def test_the_half_with_more_return_stays_and_milestones_part_equals(make_race: MakeRace) -> None:
    """A return that could promote comes before any milestone score; a mean over seeds before the best of them."""
    come_to = {"r0-c0": (0.001, 0.9), "r0-c1": (0.01, 0.0), "r0-c2": (0.0, 0.5), "r0-c3": (0.0, 0.8)}
    steps, arms = raced(make_race(4), lambda arm, rung, index: come_to[arm])
    assert steps[1].arms == ("r0-c0", "r0-c1")
    rulings = race(make_race(4), arms).rulings
    assert rulings["r0-c3"].detail.endswith("place 3 of 4 in rung 1.")
    assert rulings["r0-c2"].detail.endswith("place 4 of 4 in rung 1.")
    assert rulings["r0-c0"].detail.endswith("place 2 of 2 in rung 2.")
    seeds = {"r0-c0": [(0.9, 0.0), (0.0, 0.0)], "r0-c1": [(0.5, 0.0), (0.5, 0.0)]}
    _, arms = raced(make_race(2, race_rungs=1), lambda arm, rung, index: seeds[arm][index])
    assert judge.validation(make_race(2, race_rungs=1), arms).promoted == "r0-c1"


def test_equals_keep_the_candidates_order(make_race: MakeRace) -> None:
    """The generator's first idea stays."""
    steps, arms = raced(make_race(3), lambda arm, rung, index: (0.0, 0.5))
    assert steps[1].arms == ("r0-c0", "r0-c1")
    assert judge.validation(make_race(3), arms).promoted == "r0-c0"


@pytest.mark.parametrize(
    ("came_to", "reason"),
    [
        ((0.0, 0.3), "RaceStoodStill"),
        ((0.0, 0.305), "RaceStoodStill"),
        ((0.0, 0.32), "RaceWon"),
        ((0.004, 0.1), "RaceStoodStill"),
        ((0.01, 0.0), "RaceWon"),
    ],
)
def test_a_silent_races_winner_has_to_be_further_than_the_checkpoint(
    make_race: MakeRace, came_to: tuple[float, float], reason: str
) -> None:
    """By milestones, or by a return that could promote; the best of those that stood still is no winner."""
    round_ = make_race(2, stage_milestone_score=0.3)
    _, arms = raced(round_, lambda arm, rung, index: came_to if arm == "r0-c1" else (0.0, 0.0))
    result = judge.validation(round_, arms)
    assert told(result) == ["RaceLost", reason]
    assert result.promoted == ("r0-c1" if reason == "RaceWon" else "")
    assert "the checkpoint had milestone score 0.3" in result.verdicts[1].detail


@pytest.mark.parametrize(
    ("came_to", "minimum_gain", "reason"),
    [
        ((0.3, 1.0), 0.005, "RaceStoodStill"),
        ((0.304, 0.0), 0.005, "RaceStoodStill"),
        ((0.31, 0.0), 0.005, "RaceWon"),
        ((0.3, 1.0), 0.0, "RaceStoodStill"),
        ((0.3001, 0.0), 0.0, "RaceWon"),
        ((0.2, 1.0), 0.0, "RaceStoodStill"),
    ],
)
def test_the_winner_has_to_be_above_control_once_the_task_pays(
    make_race: MakeRace, came_to: tuple[float, float], minimum_gain: float, reason: str
) -> None:
    """By return alone: milestones neither help nor harm it, and being equal is not enough."""
    round_ = make_race(1, stage_return=0.2, minimum_gain=minimum_gain)
    _, arms = raced(round_, lambda arm, rung, index: (0.3, 0.1) if arm == "control" else came_to)
    result = judge.validation(round_, arms)
    assert told(result) == [reason]
    assert "control's return 0.3" in result.verdicts[0].detail


@pytest.mark.parametrize(
    ("episodes", "gain", "reason"),
    [(64, 0.05, "RaceStoodStill"), (64, 0.06, "RaceWon"), (1024, 0.01, "RaceStoodStill"), (1024, 0.02, "RaceWon")],
)
def test_a_gain_counts_from_one_standard_error_on(make_race: MakeRace, episodes: int, gain: float, reason: str) -> None:
    """Of all episodes along the branches: sqrt(2 · 0.3 · 0.7 / (2 · 64)) is 0.057."""
    round_ = make_race(1, stage_return=0.2, race_rungs=1, race_seeds=1)
    assert round_.card.largest_return == 1.0
    _, arms = raced(round_, lambda arm, rung, index: (0.3, 0.1) if arm == "control" else (0.3 + gain, 0.1))
    for arm in arms:
        for record in arm.records:
            low, high = Measure(), Measure()
            for measure, offset in ((low, -0.1), (high, 0.1)):
                measure.CopyFrom(record.measures[0])
                measure.mean_return += offset
                measure.episodes = episodes
            record.ClearField("measures")
            record.measures.extend([low, high])
    result = judge.validation(round_, arms)
    assert told(result) == [reason]
    assert f"Return {0.3 + gain:.4g}" in result.verdicts[0].detail


WHOLE = ShapingTerm(name="approach", form=ShapingForm.SHAPING_FORM_POTENTIAL, feature="distance", weight=0.5)
"""The incumbent's only term."""


def weakened(share: float) -> ShapingConfig:
    """The incumbent at a share of its weight; without its term where that is 0."""
    config = ShapingConfig(terms=[WHOLE] if share else [])
    for term in config.terms:
        term.weight *= share
    return config


MakeRelief = Callable[..., Round]


@pytest.fixture
def make_relief(make_race: MakeRace) -> MakeRelief:
    """A round of candidates that are the incumbent at such shares of its weight."""

    def make(shares: Sequence[float], *, stage_return: float) -> Round:
        round_ = make_race(len(shares), stage_return=stage_return, race_rungs=1, race_seeds=1)
        configs = [weakened(share) for share in shares]
        candidates = tuple(
            Candidate(name=each.name, config=config, config_hash=config_hash(config))
            for each, config in zip(round_.candidates, configs, strict=True)
        )
        screen = tuple(
            Verdict(
                candidate=each.name, config_hash=each.config_hash, invariance=Invariance.INVARIANCE_POLICY_INVARIANT
            )
            for each in candidates
        )
        return replace(round_, incumbent=weakened(1.0), candidates=candidates, screen=screen)

    return make


@pytest.mark.parametrize(
    ("shares", "stage_return", "gain", "reason"),
    [
        ([0.25], 0.11, -0.02, "RaceStoodStill"),
        ([0.25], 0.11, 0.02, "RaceWon"),
        ([0.0], 0.3, -0.02, "RaceStoodStill"),
        ([0.0], 0.3, 0.01, "RaceWon"),
        ([0.0], 0.48, -0.02, "RaceWon"),
        ([0.0], 0.48, -0.04, "RaceStoodStill"),
        ([0.25, 0.0], 0.3, -0.02, "RaceStoodStill"),
        ([0.25, 0.0], 0.48, -0.02, "RaceWon"),
    ],
)
def test_shaping_that_is_not_needed_goes(
    make_relief: MakeRelief, shares: list[float], stage_return: float, gain: float, reason: str
) -> None:
    """As good is enough from half of the largest return on."""
    round_ = make_relief(shares, stage_return=stage_return)
    _, arms = raced(round_, lambda arm, rung, index: (0.3 + gain * (arm == "r0-c0") - 0.1 * (arm == "r0-c1"), 0.1))
    assert told(judge.validation(round_, arms))[0] == reason


@pytest.mark.parametrize(
    ("stage_return", "shaped", "silent_race", "enters"),
    [
        (0.0, False, False, True),
        (0.004, True, False, True),
        (0.006, True, False, False),
        (0.049, False, False, True),
        (0.05, False, False, False),
        (0.0, False, True, False),
        (0.049, False, True, False),
    ],
)
def test_a_first_potential_enters_on_trust_while_rewards_are_rare(
    make_race: MakeRace, stage_return: float, shaped: bool, silent_race: bool, enters: bool
) -> None:
    """Where there is shaping already only while nothing is paid; where silence races it does not."""
    round_ = make_race(2, stage_return=stage_return, silent_race=silent_race)
    round_ = replace(round_, incumbent=ShapingConfig(terms=[WHOLE] if shaped else []))
    assert (judge.stand(round_, []).step is None) is enters
    assert (judge.round_cost(round_) == 0) is enters
    if enters:
        result = judge.validation(round_, [])
        assert told(result) == ["Trusted", "NotTried"]
        assert ("must not fall" in result.verdicts[0].detail) is (stage_return > 0.005)


@pytest.mark.parametrize("stage_return", [0.13, 0.3, 0.9])
def test_weaker_shaping_that_is_asked_about_alone_enters_on_trust(make_relief: MakeRelief, stage_return: float) -> None:
    """As soon as the return speaks: without any branch, provisionally, and measured by the stage's own return."""
    round_ = make_relief([0.25], stage_return=stage_return)
    assert judge.stand(round_, []).step is None
    assert judge.round_cost(round_) == 0
    result = judge.validation(round_, [])
    assert told(result) == ["Eased"]
    assert result.verdicts[0].outcome == Outcome.OUTCOME_PROMOTED_PROVISIONALLY
    assert (result.promoted, result.control_return, result.env_steps) == ("r0-c0", stage_return, 0)


@pytest.mark.parametrize(
    ("stage_return", "training_return", "shares", "gain", "reason"),
    [
        (0.05, 0.15, [0.25], 0.0, "Eased"),
        (0.25, 0.1, [0.25], 0.0, "RaceStoodStill"),
        (0.4, 0.5, [0.0], -0.02, "RaceWon"),
        (0.55, 0.4, [0.0], -0.02, "RaceStoodStill"),
    ],
)
def test_what_the_task_pays_is_read_off_thousands_of_training_episodes(
    make_relief: MakeRelief, stage_return: float, training_return: float, shares: list[float], gain: float, reason: str
) -> None:
    """The evaluation has 64 by default, whose mean is off by 0.05 now and then; the question came by the training's."""
    round_ = replace(make_relief(shares, stage_return=stage_return), training_return=training_return)
    _, arms = raced(round_, lambda arm, rung, index: (0.3 + gain * (arm == "r0-c0"), 0.1))
    assert told(judge.validation(round_, arms)) == [reason]


@pytest.mark.parametrize(("episodes", "reason"), [(32, "RaceWon"), (1024, "RaceStoodStill")])
def test_few_episodes_cannot_say_that_shaping_is_needed(make_relief: MakeRelief, episodes: int, reason: str) -> None:
    """A loss of 0.05 is one standard error of 182 episodes."""
    round_ = make_relief([0.0], stage_return=0.5)
    _, arms = raced(round_, lambda arm, rung, index: (0.3 if arm == "control" else 0.25, 0.1))
    for arm in arms:
        arm.records[0].measures[0].episodes = episodes
    assert told(judge.validation(round_, arms)) == [reason]


def test_the_main_run_goes_on_with_the_winners_best_branch(make_race: MakeRace) -> None:
    """By return, then milestone score, then the lowest seed index; the promotion is provisional."""
    scores = [(0.2, 0.9), (0.5, 0.3), (0.5, 0.6), (0.5, 0.6)]
    round_ = make_race(1, race_seeds=4)
    _, arms = raced(round_, lambda arm, rung, index: scores[index])
    result = judge.validation(round_, arms)
    assert result.adopted_checkpoint_id == f"r0-c0-{SEARCH}-2-2"
    assert result.promoted_return == pytest.approx(0.425)
    assert result.verdicts[0].outcome == Outcome.OUTCOME_PROMOTED_PROVISIONALLY
    assert result.control_checkpoint_id == ""


def test_without_control_the_stages_own_figures_stand_for_it(make_race: MakeRace) -> None:
    """The guard compares with them later on."""
    round_ = make_race(1, stage_return=0.001, stage_milestone_score=0.25)
    result = judge.validation(round_, raced(round_, lambda arm, rung, index: (0.0, 0.9))[1])
    assert (result.control_return, result.control_milestone_score) == (0.001, 0.25)


def test_controls_best_branch_goes_on_where_the_race_is_not_won(make_race: MakeRace) -> None:
    """It is paid for; its mean over the seeds is what the guard compares with."""
    returns = {"control": [0.2, 0.6], "r0-c0": [0.3, 0.3], "r0-c1": [0.1, 0.1]}
    round_ = make_race(2, stage_return=0.2)
    result = judge.validation(round_, raced(round_, lambda arm, rung, index: (returns[arm][index], 0.0))[1])
    assert result.promoted == ""
    assert result.adopted_checkpoint_id == result.control_checkpoint_id == f"control-{SEARCH}-2-1"
    assert result.control_return == pytest.approx(0.4)


def test_only_policy_invariant_candidates_race(make_race: MakeRace) -> None:
    """What can move the optimum is not tried beside them, and nothing is said against it."""
    round_ = make_race(3, bounded=["r0-c0", "r0-c2"])
    assert racers(round_) == ["r0-c1"]
    steps, arms = raced(round_, lambda arm, rung, index: (0.0, 0.5))
    assert {arm for step in steps for arm in step.arms} == {"r0-c1"}
    result = judge.validation(round_, arms)
    assert told(result) == ["NotTried", "RaceWon", "NotTried"]
    assert {result.verdicts[0].outcome, result.verdicts[2].outcome} == {Outcome.OUTCOME_INCONCLUSIVE}


def test_a_round_without_policy_invariant_candidates_is_searched_and_confirmed(make_race: MakeRace) -> None:
    """Whether none is, or the screen put those out; with control, on the search's seeds, and on fresh ones then."""
    round_ = make_race(2, bounded=["r0-c0", "r0-c1"], confirm_seeds=5)
    steps, arms = raced(round_, lambda arm, rung, index: (0.9 if arm == "r0-c1" else 0.1 + index / 100, 0.0))
    assert [step.arms for step in steps] == [("control", "r0-c0", "r0-c1"), ("control", "r0-c1")]
    assert [step.pool for step in steps] == [SEARCH, SeedPool.SEED_POOL_CONFIRM]
    assert told(judge.validation(round_, arms))[1] == "GainConfirmed"
    screened = make_race(2, bounded=["r0-c1"])
    screened.screen[0].reason = 1
    assert racers(screened) == []


def test_nobody_races_where_everything_has_to_be_confirmed(make_race: MakeRace) -> None:
    """The setting is the campaign's."""
    assert racers(make_race(3, proof=Proof.PROOF_CONFIRMED)) == []
    assert racers(make_race(3, proof=Proof.PROOF_NONE)) == []


def test_a_branch_that_fails_puts_its_candidate_out(make_race: MakeRace, arm: MakeArm) -> None:
    """In whichever rung: the others race on, and the reason says where."""
    round_ = make_race(3)
    _, arms = raced(round_, lambda arm, rung, index: (0.0, {"r0-c0": 0.9, "r0-c1": 0.8, "r0-c2": 0.7}[arm]))
    arms[0].records[1].failure = BranchFailure.BRANCH_FAILURE_DIVERGED
    step = race(round_, arms[:3]).step
    assert step is not None and step.arms == ("r0-c1",)  # half of the two that are left
    arms = [*arms[:3], next(each for each in arms[3:] if each.arm == "r0-c1")]
    result = judge.validation(round_, arms)
    assert told(result) == ["BranchFailed", "RaceWon", "RaceLost"]
    assert result.verdicts[0].detail == "In rung 1 of the race the branch of seed 1 diverged."
    del arms[3].records[1]
    assert "In rung 2 of the race 1 of 2 records are missing" in judge.validation(round_, arms).verdicts[1].detail


def test_a_race_in_which_every_candidate_fails_has_no_winner(make_race: MakeRace) -> None:
    """There is nothing left to train."""
    round_ = make_race(2)
    _, arms = raced(round_, lambda arm, rung, index: (0.9, 0.9))
    for each in arms[:2]:
        each.records[0].config_hash = "another"
    standing = race(round_, arms[:2])
    assert (standing.step, standing.finalist) == (None, "")
    result = judge.validation(round_, arms[:2])
    assert told(result) == ["HashMismatch", "HashMismatch"]
    assert result.promoted == ""


def test_a_fault_of_control_is_charged_to_nobody(make_race: MakeRace) -> None:
    """Not to those that race, nor to those that wait."""
    round_ = make_race(3, bounded=["r0-c2"], stage_return=0.5)
    _, arms = raced(round_, lambda arm, rung, index: (0.9, 0.9))
    arms[0].records[0].failure = BranchFailure.BRANCH_FAILURE_DIVERGED
    result = judge.validation(round_, arms[:3])
    assert told(result) == ["ControlFailed"] * 3
    assert {verdict.outcome for verdict in result.verdicts} == {Outcome.OUTCOME_INCONCLUSIVE}


def test_a_race_that_cannot_be_paid_is_inconclusive(make_race: MakeRace) -> None:
    """The detail says what it would have taken; those that wait are not tried in any case."""
    result = judge.validation(make_race(3, bounded=["r0-c0"]), [])
    assert told(result) == ["NotTried", "BudgetSpent", "BudgetSpent"]
    assert result.verdicts[1].detail == "The race takes 19200 env_steps, more than are left."


@pytest.mark.parametrize("seed", range(25))
def test_a_race_costs_what_it_trains_and_is_derived_again(make_race: MakeRace, seed: int) -> None:
    """Whatever its branches come to, with and without control, in any order of its results."""
    draw = random.Random(seed)
    round_ = make_race(
        draw.randint(1, 4),
        stage_return=draw.choice([0.0, 0.3]),
        stage_milestone_score=draw.choice([0.0, 0.4]),
        race_rungs=draw.randint(1, 4),
        race_seeds=draw.randint(1, 3),
        race_env_steps=draw.randint(1, 20_000),
    )
    memory = {
        (arm, rung, index): (draw.choice([0.0, 0.1, 0.3, 0.6]), draw.choice([0.0, 0.4, 0.8]))
        for arm in ("control", "r0-c0", "r0-c1", "r0-c2", "r0-c3")
        for rung in range(1, 5)
        for index in range(3)
    }
    steps, arms = raced(round_, lambda *place: memory[place])
    result = judge.validation(round_, arms)
    assert sum(step.cost for step in steps) == judge.round_cost(round_) == result.env_steps
    assert raced(round_, lambda *place: memory[place]) == (steps, arms)
    assert rejudged(result, round_) == result
    assert set(told(result)) <= {"RaceWon", "RaceLost", "RaceStoodStill"}
    assert told(result).count("RaceLost") == len(result.verdicts) - 1
    by_arm = sorted(arms, key=lambda each: each.arm)  # rungs of an arm keep their order
    assert race(round_, by_arm).rulings == race(round_, arms).rulings


def test_a_forged_race_is_not_derived_again(make_race: MakeRace) -> None:
    """Neither another winner nor another checkpoint to go on with follows from the branches."""
    round_ = make_race(2)
    result = judge.validation(round_, raced(round_, lambda arm, rung, index: (0.0, 0.5 + index / 10))[1])
    assert result.promoted == "r0-c0"
    forged = Validation()
    forged.CopyFrom(result)
    forged.promoted = "r0-c1"
    assert rejudged(forged, round_) == result != forged
    forged.CopyFrom(result)
    forged.adopted_checkpoint_id = f"r0-c0-{SEARCH}-2-0"
    assert rejudged(forged, round_) == result != forged


def test_without_proof_the_first_candidate_is_promoted_untried(make_race: MakeRace) -> None:
    """No branch is trained; what the screen put out is not the first, and the main run goes on from its own end."""
    round_ = make_race(3, proof=Proof.PROOF_NONE, bounded=["r0-c1"])
    round_.screen[0].reason = VerdictReason.VERDICT_REASON_DEAD_TERM
    round_.screen[0].outcome = Outcome.OUTCOME_REJECTED
    standing = judge.stand(round_, [])
    assert (standing.step, judge.about_to_promote(standing), judge.round_cost(round_)) == (None, "r0-c1", 0)
    result = judge.validation(round_, [])
    assert told(result) == ["DeadTerm", "Unproven", "NotTried"]
    assert [verdict.outcome for verdict in result.verdicts[1:]] == [
        Outcome.OUTCOME_PROMOTED,
        Outcome.OUTCOME_INCONCLUSIVE,
    ]
    assert (result.promoted, result.adopted_checkpoint_id, result.env_steps) == ("r0-c1", "", 0)
    assert rejudged(result, round_) == result


def test_a_setting_of_the_race_that_is_missing_is_refused(make_race: MakeRace) -> None:
    """A verdict never rests on a default that nobody wrote down."""
    for name in ("proof", "race_rungs", "race_seeds", "race_env_steps"):
        round_ = make_race(1)
        round_.campaign.validation.ClearField(name)
        with pytest.raises(DocumentError, match=rf"campaign\.validation\.{name} is missing"):
            replace(round_, control_hash=config_hash(ShapingConfig()))


@pytest.mark.parametrize("stage_return", [0.0, 0.25, 0.75])
@pytest.mark.parametrize("seed", range(12))
def test_returns_that_are_all_negative_are_judged_as_others_are(
    make_race: MakeRace, stage_return: float, seed: int
) -> None:
    """A race on a task whose baseline is -64 has the steps and reasons of one whose baseline is 0."""
    numbers, drawn = random.Random(seed), {}

    def come_to(arm: str, rung: int, index: int) -> tuple[float, float]:
        place = (arm, rung, index)
        if place not in drawn:
            drawn[place] = (numbers.choice([0, 0, 1, 8, 9, 16, 32]) / 32, numbers.choice([0, 4, 8]) / 16)
        return drawn[place]

    def lower(arm: str, rung: int, index: int) -> tuple[float, float]:
        returned, score = come_to(arm, rung, index)
        return returned - 64, score

    plain = make_race(3, stage_return=stage_return, stage_milestone_score=0.25)
    card = TaskCard(task=plain.card.task, agents=plain.card.agents, baseline_return=-64, largest_return=-63)
    negative = replace(plain, card=card, stage_return=stage_return - 64)
    (steps, arms), (moved_steps, moved_arms) = raced(plain, come_to), raced(negative, lower)
    assert steps == moved_steps
    assert told(judge.validation(plain, arms)) == told(judge.validation(negative, moved_arms))

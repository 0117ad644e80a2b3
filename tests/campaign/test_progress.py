"""When an incumbent is left alone, and when another one is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from also import presets
from also.campaign import requests
from also.campaign.progress import CLOSING, RELIEFS, RISE, asks_for_relief, still_learning, stood_still, training_return
from also.campaign.state import Incumbent, Stage, StageRound, State
from also.returns import RARE
from also.v1.campaign_pb2 import Campaign, Proof, StageSettings, ValidationSettings
from also.v1.diagnosis_pb2 import Diagnosis
from also.v1.evidence_pb2 import CurvePoint, Distribution, Evidence
from also.v1.journal_pb2 import Held, RolledBack, StageTrained
from also.v1.shaping_pb2 import ShapingConfig, ShapingTerm
from also.v1.task_pb2 import Task, TaskCard
from also.validation import cost
from also.validation.race import SPEAKS
from also.validation.race import TEACHES as HALF

RETURNS = st.lists(st.sampled_from([0.0, 0.01, 0.03, 0.06, 0.2, 0.21, 0.5, 0.9]), min_size=1, max_size=8)
SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.11, 0.4, 0.9]), min_size=8, max_size=8)


def incumbent(*, terms, since=0):
    config = ShapingConfig(terms=[ShapingTerm(name=f"term_{number}") for number in range(terms)])
    return Incumbent(config=config, config_hash="", since=since)


def stage_of(number, returned, score, office, decision, *, asked=False, tried=False):
    evidence = Evidence(stage=number, returns=Distribution(mean=returned), milestone_score=score)
    return Stage(
        number=number,
        incumbent=office,
        trained=StageTrained(stage=number, evidence=evidence, env_steps=STAGE),
        diagnosis=Diagnosis() if asked else None,
        rounds=(StageRound(candidates=()),) if tried else (),
        decision=decision,
    )


UPDATE, STAGE = 3200, 32_000
"""env_steps of an update, and of a stage."""


def campaign_of(*, patience, stages=10_000, trust=1, race=UPDATE):
    """A campaign of that many stages, in whose rounds one candidate races for `race` env_steps."""
    campaign = Campaign(task=Task(name="recorded"))
    campaign.stages.MergeFrom(StageSettings(count=stages, env_steps=STAGE, patience=patience))
    campaign.guard.patience = trust
    campaign.validation.MergeFrom(ValidationSettings(share=0, race_env_steps=race))
    presets.resolve(campaign)
    return campaign


def state_of(
    returns,
    scores=(),
    *,
    patience=3,
    terms=1,
    since=0,
    largest=1.0,
    count=10_000,
    trust=1,
    asked=(),
    kept=(),
    baseline=0.0,
    race=UPDATE,
):
    """A campaign in the last of these stages, whose incumbent has been in office since a stage.

    Candidates were tried in the stages `asked`, and none was promoted; in `kept` the critic asked for no change.
    """
    scores = [*scores, *[0.0] * len(returns)]
    last = len(returns) - 1
    stages = [
        stage_of(
            number,
            returned,
            scores[number],
            incumbent(terms=terms, since=since) if number >= since else incumbent(terms=0),
            Held(stage=number) if number < last else None,
            asked=number in asked or number in kept,
            tried=number in asked,
        )
        for number, returned in enumerate(returns)
    ]
    return State(
        campaign=campaign_of(patience=patience, stages=count, trust=trust, race=race),
        card=TaskCard(largest_return=largest, baseline_return=baseline),
        incumbent=stages[-1].incumbent,
        stages=tuple(stages),
    )


def ask(returns, scores=(), **about):
    """What is said of the last of these stages; `about` as of `state_of`."""
    state = state_of(returns, scores, **about)
    return still_learning(state, state.stages[-1])


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_an_incumbent_is_given_its_stages(patience):
    """Also after stages under another one; then, without progress, candidates are asked for."""
    for given_stages in range(1, patience + 2):
        said = ask([0.5] * (2 + given_stages), patience=patience, since=2)
        due = f"The incumbent has had {given_stages} of the {patience} stages that it is given."
        assert said == (due if given_stages < patience else "")


def test_a_rise_of_the_return_within_the_last_stages_is_progress():
    """The best of them against the best of all before; less than a fiftieth of the largest return is none."""
    assert ask([0.2, 0.3, 0.35, 0.3, 0.3]) == "The training return rose by 0.05 within 3 stages."
    assert ask([0.2, 0.4, 0.41, 0.4]) == "The training return rose by 0.21 within 3 stages."
    assert ask([0.2, 0.4, 0.41, 0.4, 0.4]) == ""  # 0.41 - 0.4
    assert ask([0.2, 0.9, 0.3, 0.4, 0.5]) == ""  # it was better before
    assert ask([4.0, 4.0, 4.0, 5.0], largest=100.0) == ""
    assert ask([4.0, 4.0, 4.0, 7.0], largest=100.0) == "The training return rose by 3 within 3 stages."


def test_a_climb_of_the_milestones_is_progress_while_the_return_is_rare():
    """Once the return is no longer rare it alone counts."""
    climb = [0.1, 0.1, 0.1, 0.1, 0.2]
    assert ask([0.0] * 5, climb) == "The milestone score rose by 0.1 within 3 stages."
    assert ask([RARE / 2] * 5, climb) == "The milestone score rose by 0.1 within 3 stages."
    assert ask([RARE] * 5, climb) == ""
    assert ask([0.0] * 5, [0.1, 0.1, 0.1, 0.1, 0.115]) == ""
    assert ask([0.0] * 5, [0.5, 0.1, 0.1, 0.1, 0.2]) == ""


def test_a_question_without_an_answer_is_not_asked_again_at_once():
    """It waits for as many stages as an incumbent is given, then for twice as many; an earlier incumbent's is none."""
    due = {3: 6, 6: 12}
    for length in range(4, 14):
        asked = [stage for stage in due if stage < length - 1]
        said = ask([0.3] * length, asked=asked)
        last = max(asked, default=None)
        waits = last is not None and length - 1 < due[last]
        assert said == (f"Nothing was promoted in stage {last}; stage {due[last]} asks again." if waits else "")
    assert ask([0.3] * 6, asked=[3]) != ""
    assert ask([0.3] * 8, asked=[3], kept=[6]) == "Nothing was promoted in stage 6; stage 9 asks again."
    assert ask([0.3] * 6, asked=[2], since=3) == ""
    assert ask([0.3] * 6, asked=[3], patience=0) == ""


def test_trust_takes_time():
    """While nothing is paid a shaped run has so many times its patience; once it is paid, no longer."""
    said = "The incumbent has had 5 of the 6 stages that it is given."
    assert ask([0.0] * 5, patience=2, trust=3) == said
    assert ask([0.0] * 7, patience=2, trust=3) == ""
    assert ask([RARE] * 4, patience=2, trust=3) == ""


@pytest.mark.parametrize("level", [SPEAKS, HALF])
def test_a_level_of_the_return_asks_once(level):
    """In the first stage that comes to it under shaping, whatever is learnt; and not again."""
    below = level - 0.01
    assert ask([below, level]) == ""
    assert ask([below, below + 0.001]) != ""
    assert ask([below, level, level + 0.1]) != ""
    assert ask([below, level, below, level + 0.1]) != ""
    assert ask([below, level], terms=0) != ""


def test_a_fall_of_the_return_asks_once():
    """Once an incumbent, by more than the guard's margin below the best so far, under whichever it was."""
    assert ask([0.6, 0.51], trust=3) != ""
    assert ask([0.6, 0.49]) == ""
    assert ask([0.6, 0.55, 0.49]) == ""
    assert ask([0.6, 0.49, 0.3]) != ""
    assert ask([0.6, 0.49, 0.3], since=2) == ""
    assert ask([0.6, 0.49, 0.3], since=2, terms=0) != ""
    assert ask([-1.0, -1.6], baseline=-4.0) == ""  # a tenth of what there is between -4 and 1
    assert ask([-1.0, -1.4], baseline=-4.0) != ""


def test_what_is_asked_for_at_a_level_is_relief():
    """Not where the run stands still, nor where every stage asks, nor where there is nothing to take away."""

    def relief(returns, **about):
        state = state_of(returns, **about)
        return asks_for_relief(state, state.stages[-1])

    assert relief([0.1, SPEAKS])
    assert not relief([0.3] * 6)
    assert ask([0.3] * 6) == ""
    assert not relief([0.1, SPEAKS], patience=0)
    assert not relief([0.1, SPEAKS], terms=0)


def test_few_candidates_are_enough_for_relief():
    """Each costs a branch while the run could learn."""
    for returns, count in (([0.1, SPEAKS], RELIEFS), ([0.3] * 6, 4)):
        state = state_of(returns)
        assert state.campaign.generator.candidates == 4
        state.campaign.validation.share = 0.4
        assert requests.propose("some", state, state.stages[-1]).settings.candidates == count


def test_a_run_without_shaping_whose_rewards_are_rare_is_asked_about_at_once():
    """However long the patience: what costs no branch can only help, and a lucky episode in twenty is no signal yet.

    Milestones do not change that.
    """
    assert ask([0.0], terms=0, patience=1000) == ""
    assert ask([0.049], terms=0, patience=1000) == ""
    assert ask([0.0, 0.0], [0.1, 0.9], terms=0) == ""
    assert ask([0.0], terms=1) != ""  # a shaped one is given its time
    assert ask([0.05], terms=0) != ""  # and so is one that was paid


@pytest.mark.parametrize("setting", [{"silent_race": True}, {"proof": Proof.PROOF_CONFIRMED}])
def test_where_an_answer_costs_branches_only_silence_is_asked_about_at_once(setting):
    """A race, or a confirmation, is dear for a run that has begun to be paid."""
    for returned, asked in ((0.004, True), (0.005, False)):
        state = state_of([returned], terms=0)
        state.campaign.validation.MergeFrom(ValidationSettings(**setting))
        assert (still_learning(state, state.stages[-1]) == "") is asked


@pytest.mark.slow
def test_the_shapings_worth_is_asked_about_before_the_end():
    """In the first stage that leaves the last tenth and a race, whatever it learns, where there is any shaping."""
    race = cost.race_cost(campaign_of(patience=1000, race=STAGE), RELIEFS, with_control=True) // STAGE
    assert race > 0
    closing = round(100 * (1 - CLOSING)) - race  # of 100 stages
    rising = [0.001 * number for number in range(100)]
    asked = [length for length in range(1, 101) if not ask(rising[:length], patience=1000, count=100, race=STAGE)]
    assert asked == [closing]
    assert all(ask(rising[:length], patience=1000, count=100, terms=0) for length in range(52, 101))  # rare before


@pytest.mark.parametrize(("decision", "asks"), [(RolledBack(stage=2, promotion_stage=1), False), (Held(stage=2), True)])
def test_what_a_rollback_took_out_does_not_count(decision, asks):
    """The run stands where it stood before the promotion that was undone: its return is none of this run's."""
    office = incumbent(terms=0)
    decisions = [Held(stage=0), Held(stage=1), decision, None]
    returns = [0.3, 0.3, 0.9, 0.4]
    stages = tuple(stage_of(number, returns[number], 0.0, office, each) for number, each in enumerate(decisions))
    state = State(campaign=campaign_of(patience=1), card=TaskCard(largest_return=1.0), incumbent=office, stages=stages)
    assert (still_learning(state, stages[-1]) == "") is asks


def test_training_episodes_count_before_the_evaluations():
    """There are thousands of them; the evaluation stands in where none has ended."""
    stage = stage_of(0, 0.9, 0.0, incumbent(terms=0), None)
    assert training_return(stage) == 0.9
    stage.trained.evidence.curve.extend([CurvePoint(mean_return=0.1), CurvePoint(mean_return=0.4)])
    assert training_return(stage) == pytest.approx(0.25)


@given(returns=RETURNS, scores=SCORES, terms=st.integers(0, 2))
def test_without_patience_every_stage_asks(returns, scores, terms):
    """As every stage did before there was a patience."""
    assert ask(returns, scores, patience=0, terms=terms) == ""


@given(returned=st.floats(0.0, 1.0), score=st.floats(0.0, 1.0), patience=st.integers(1, 5), terms=st.integers(0, 1))
def test_a_run_that_stands_still_asks_for_candidates(returned, score, patience, terms):
    """As soon as the incumbent has had its stages and one to compare them with; until it is asked, every stage does."""
    for length in range(patience + 1, patience + 4):
        assert ask([returned] * length, [score] * length, patience=patience, terms=terms) == ""


@pytest.mark.parametrize(("race", "waits"), [(UPDATE, 2), (STAGE, 2), (2 * STAGE, 4), (3 * STAGE, 6)])
def test_a_standstill_lasts_as_long_as_the_question_costs(race, waits):
    """A candidate and control take two races; a run that rises within that time only has a slow phase.

    While the task pays nothing a candidate enters on trust, so that question costs nothing.
    """
    stands = [0.3] * 10
    asked = [length for length in range(1, 11) if not ask(stands[:length], terms=0, patience=2, race=race)]
    assert asked == list(range(waits + 1, 11))
    slow = [0.3 + 0.03 * (number // 4) for number in range(10)]
    assert any(not ask(slow[:length], terms=0, patience=2, race=race) for length in range(1, 11)) is (waits < 4)
    assert not ask([0.0] * 3, patience=2, race=race)


@pytest.mark.parametrize(
    ("returns", "since", "stages"),
    [
        ([0.0], 0, 1),
        ([0.0] * 5, 0, 5),
        ([0.0] * 5, 3, 2),
        ([0.3, 0.3, 0.31, 0.29], 0, 3),
        ([0.3, 0.5, 0.2, 0.2], 0, 2),
        ([0.1, 0.2, 0.3], 0, 0),
        ([0.1, 0.2, 0.3, 0.3], 0, 1),
    ],
)
def test_a_standstill_is_the_longest_time_without_a_rise_under_the_incumbent(returns, since, stages):
    """Milestones are no return, and what an earlier incumbent waited for is not counted."""
    state = state_of(returns, [number / 10 for number in range(len(returns))], since=since)
    assert stood_still(state, state.stages[-1]) == stages * STAGE


def test_without_patience_a_standstill_has_no_length():
    """Every stage is asked about then, whatever it costs."""
    state = state_of([0.0] * 3, patience=0)
    assert stood_still(state, state.stages[-1]) is None


@given(first=st.floats(RARE, 0.1), rise=st.floats(RISE + 0.001, 0.1), patience=st.integers(1, 5))
def test_a_run_that_learns_by_itself_never_asks(first, rise, patience):
    """Without shaping, and with a return from the first stage on."""
    returns = [first + number * rise for number in range(8)]
    assert all(ask(returns[:length], terms=0, patience=patience) for length in range(1, 9))


@given(returns=RETURNS, scores=SCORES, since=st.integers(0, 7), patience=st.integers(1, 4), terms=st.integers(0, 1))
def test_only_shares_of_the_largest_return_count(returns, scores, since, patience, terms):
    """A task that pays 64 times as much is asked about in the same stages."""
    about = {"patience": patience, "terms": terms, "since": min(since, len(returns) - 1)}
    paid = [64 * each for each in returns]
    assert bool(ask(returns, scores, **about)) == bool(ask(paid, scores, largest=64.0, **about))


@given(returns=RETURNS, stages=st.integers(8, 40))
def test_a_campaign_is_asked_at_each_level_and_before_its_end_once_each(returns, stages):
    """With a patience longer than the campaign nothing but a fall asks a shaped run besides."""
    lengths = range(1, len(returns) + 1)
    asked = [length for length in lengths if not ask(returns[:length], patience=1000, count=stages)]
    falls = any(each < max(returns[:number]) - 0.1 for number, each in enumerate(returns) if number)
    assert len(asked) <= 1 + (max(returns) >= SPEAKS) + (max(returns) >= HALF) + falls


@given(
    st.lists(st.sampled_from([0, 1, 2, 5, 13, 32, 33, 50]), min_size=1, max_size=8),
    SCORES,
    st.integers(0, 7),
    st.integers(0, 3),
    st.sampled_from([-4096, -64, 128]),
)
def test_progress_counts_from_the_baseline(returns, scores, since, patience, baseline):
    """A task that pays the same on top of another return is left alone for the same reasons."""
    since = min(since, len(returns) - 1)
    moved = [each + baseline for each in returns]
    said = ask(returns, scores, since=since, patience=patience, largest=64)
    assert ask(moved, scores, since=since, patience=patience, largest=64 + baseline, baseline=baseline) == said

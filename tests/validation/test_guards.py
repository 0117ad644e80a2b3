"""Guard queries: what a campaign file may say, and what their readings do to a promotion."""

from collections.abc import Callable

import pytest

from also import document, reasons
from also.campaign import spec
from also.errors import DocumentError
from also.v1.branch_pb2 import SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.reading_pb2 import GuardQuery, GuardReading, MetricsFault
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.verdict_pb2 import ArmResult, Outcome
from also.validation import guards, judge
from also.validation.round import Round

SEARCH = SeedPool.SEED_POOL_SEARCH
CONFIRM = SeedPool.SEED_POOL_CONFIRM


def query(**changes: object) -> GuardQuery:
    """A guard query with keys changed; None leaves one out."""
    given = {"name": "errors", "query": "errors", "at_most": 1} | changes
    return document.read(GuardQuery, {key: value for key, value in given.items() if value is not None})


def campaign(*written: dict) -> Campaign:
    """A campaign file with guard queries, as a person writes them."""
    given = {"task": {"name": "foraging", "layout": "5x5-2p-1f-coop"}, "validation": {"guards": list(written)}}
    return document.read(Campaign, given)


@pytest.fixture
def guarded_round(make_round: Callable[..., Round]) -> Callable[..., Round]:
    """A round of two candidates in a campaign with guard queries."""

    def make(*queries: GuardQuery) -> Round:
        round_ = make_round(2)
        round_.campaign.validation.guards.extend(queries)
        return round_

    return make


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


@pytest.fixture
def holding(arm: Callable[..., ArmResult]) -> list[ArmResult]:
    """Both candidates lose the search."""
    return [
        arm("control", SEARCH, [0.5, 0.5]),
        arm("r0-c0", SEARCH, [0.2, 0.2]),
        arm("r0-c1", SEARCH, [0.1, 0.1]),
    ]


def reading(name: str = "errors", **changes: object) -> GuardReading:
    """A reading that holds, with fields changed."""
    return GuardReading(**({"name": name, "query": name, "value": 0.5, "holds": True, "detail": f"{name}."} | changes))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ([{"name": "a", "query": "x"}], r"validation.guards\[0\] has no condition; at_least, at_most or both"),
        (
            [{"name": "a", "query": "x", "at_least": 2, "at_most": 1}],
            r"validation.guards\[0\].at_least 2 is above at_most 1",
        ),
        (
            [{"name": "a", "query": "x", "at_most": 1}, {"name": "a", "query": "y", "at_most": 1}],
            r"validation.guards\[1\].name 'a' is there twice",
        ),
        (
            [{"name": "a", "query": 'x{arm="{arm}"}', "at_most": 1}],
            r"guards\[0\].query has the placeholder {arm}; allowed: {campaign}, {stage}, {round}, {candidate}",
        ),
        ([{"name": "a", "query": "x", "at_most": 1e16}], r"validation.guards\[0\].at_most 1e\+16 is outside"),
        ([{"name": "a", "query": "x", "at_most": float("nan")}], r"at_most nan is not a finite number"),
        ([{"name": "A b", "query": "x", "at_most": 1}], r"validation.guards\[0\].name 'A b' does not match"),
        ([{"query": "x", "at_most": 1}], r"validation.guards\[0\].name is missing"),
        ([{"name": "a", "at_most": 1}], r"validation.guards\[0\].query is missing"),
        ([{"name": "a", "query": "x" * 2001, "at_most": 1}], r"has 2001 characters; at most 2000 are allowed"),
        ([{"name": f"a{n}", "query": "x", "at_most": 1} for n in range(17)], r"has 17 items; at most 16"),
    ],
)
def test_a_guard_that_cannot_be_meant_is_refused(written: list[dict], said: str) -> None:
    """One error with the path, the value and what is allowed, before anything is written."""
    with pytest.raises(DocumentError, match=said):
        spec.resolved(campaign(*written))


def test_guards_are_in_a_resolved_campaign_as_written() -> None:
    """No default is made up for a limit that was left out."""
    given = {"name": "errors", "query": "errors", "at_least": 0}
    (found,) = spec.resolved(campaign(given)).validation.guards
    assert document.plain(found) == given
    assert not found.HasField("at_most")


def test_a_round_refuses_guards_that_were_never_checked(guarded_round: Callable[..., Round]) -> None:
    """A request that did not come from a campaign file is held to the same rules."""
    round_ = guarded_round(query(at_most=None))
    with pytest.raises(DocumentError, match="has no condition"):
        Round(
            campaign=round_.campaign,
            card=round_.card,
            control_hash=round_.control_hash,
            candidates=round_.candidates,
            screen=round_.screen,
        )


def test_placeholders_stand_beside_the_braces_of_promql() -> None:
    """Matchers and quantifiers of regular expressions stay as they are."""
    written = 'max(x{campaign="{campaign}",arm=~"{candidate}|[a-z]{3}",stage="{stage}"}) + y{} - z{a="{round}"}'
    guards.check([query(query=written)])
    filled = guards.fill(written, campaign="one", stage=3, round=1, candidate="r1-c0")
    assert filled == 'max(x{campaign="one",arm=~"r1-c0|[a-z]{3}",stage="3"}) + y{} - z{a="1"}'


@pytest.mark.parametrize(
    ("limits", "holding_values", "other_values"),
    [
        ({"at_least": 1, "at_most": None}, [1, 1.5, 1e300], [0.999, -1e300]),
        ({"at_most": 1}, [1, 0.5, -1e300], [1.001, 1e300]),
        ({"at_least": 0, "at_most": 1}, [0, 0.5, 1], [-0.001, 1.001]),
        ({"at_least": 0, "at_most": 0}, [0], [-1e-300, 1e-300]),
    ],
)
def test_both_ends_of_a_condition_are_allowed(limits: dict, holding_values: list, other_values: list) -> None:
    """At least and at most include their numbers."""
    assert all(guards.holds(query(**limits), value) for value in holding_values)
    assert not any(guards.holds(query(**limits), value) for value in other_values)


def test_a_promotion_needs_all_its_guards(guarded_round: Callable[..., Round], promoting: list[ArmResult]) -> None:
    """With every condition held the candidate is promoted, and the readings are in the record."""
    round_ = guarded_round(query(), query(name="memory"))
    given = [reading(), reading("memory")]
    result = judge.validation(round_, promoting, given)
    assert result.promoted == "r0-c1"
    assert list(result.guards) == given


def test_a_guard_that_does_not_hold_rejects(guarded_round: Callable[..., Round], promoting: list[ArmResult]) -> None:
    """The verdict is rejected, GuardFailed, with the reading's sentence; control's branch goes on."""
    round_ = guarded_round(query(), query(name="memory"))
    given = [reading(), reading("memory", holds=False, detail="Guard memory is 3.")]
    result = judge.validation(round_, promoting, given)
    verdict = result.verdicts[1]
    assert (reasons.verdict(verdict.reason), verdict.outcome) == ("GuardFailed", Outcome.OUTCOME_REJECTED)
    assert verdict.detail == "Guard memory is 3."
    assert verdict.test.mean_gain > 0
    assert (result.promoted, result.promoted_return) == ("", 0.0)
    assert result.adopted_checkpoint_id == result.control_checkpoint_id != ""


@pytest.mark.parametrize("fault", [fault for fault in MetricsFault.values() if fault])
def test_a_guard_without_a_value_is_inconclusive(
    guarded_round: Callable[..., Round], promoting: list[ArmResult], fault: int
) -> None:
    """Whatever its condition would have been: the fault's name, and no promotion, even of a reading that holds."""
    result = judge.validation(guarded_round(query()), promoting, [reading(fault=fault, value=None)])
    assert reasons.verdict(result.verdicts[1].reason) == reasons.metrics_fault(fault)
    assert (result.verdicts[1].outcome, result.promoted) == (Outcome.OUTCOME_INCONCLUSIVE, "")


def test_the_first_guard_against_it_is_told(guarded_round: Callable[..., Round], promoting: list[ArmResult]) -> None:
    """In the campaign's order."""
    round_ = guarded_round(query(), query(name="memory"))
    stale = reading("memory", fault=MetricsFault.METRICS_FAULT_STALE)
    result = judge.validation(round_, promoting, [reading(holds=False), stale])
    assert reasons.verdict(result.verdicts[1].reason) == "GuardFailed"


@pytest.mark.parametrize("given", [[], [reading("memory")], [reading(), reading()]])
def test_a_promotion_without_its_readings_is_refused(
    guarded_round: Callable[..., Round], promoting: list[ArmResult], given: list[GuardReading]
) -> None:
    """Missing, others', or too many: not a promotion but an error."""
    with pytest.raises(DocumentError, match=r"\['errors'\] are expected"):
        judge.validation(guarded_round(query()), promoting, given)


def test_no_guard_is_read_where_nothing_is_promoted(
    guarded_round: Callable[..., Round], holding: list[ArmResult]
) -> None:
    """Readings of a round that holds are refused; without them it is judged."""
    round_ = guarded_round(query())
    assert judge.about_to_promote(judge.stand(round_, holding)) == ""
    assert judge.validation(round_, holding).promoted == ""
    with pytest.raises(DocumentError, match=r"\[\] are expected"):
        judge.validation(round_, holding, [reading()])


@pytest.mark.parametrize(
    "given", [reading(), reading(holds=False), reading(fault=MetricsFault.METRICS_FAULT_INCOMPLETE, value=None)]
)
def test_a_guarded_validation_is_derived_again(
    guarded_round: Callable[..., Round], promoting: list[ArmResult], given: GuardReading
) -> None:
    """From the journal alone, through its bytes; a reading that was changed there changes the verdict."""
    round_ = guarded_round(query())
    result = judge.validation(round_, promoting, [given])
    stored = document.parse_json(type(result), document.canonical(result), "a journal")
    assert derived(stored, round_) == result
    stored.guards[0].holds = not stored.guards[0].holds
    stored.guards[0].fault = MetricsFault.METRICS_FAULT_UNSPECIFIED
    assert [each.reason for each in derived(stored, round_).verdicts] != [each.reason for each in result.verdicts]


def derived(given, round_: Round):
    """A validation, derived again."""
    return judge.rejudge(
        given,
        campaign=round_.campaign,
        card=round_.card,
        incumbent=ShapingConfig(),
        candidates=round_.candidates,
        stage_return=round_.stage_return,
        stage_milestone_score=round_.stage_milestone_score,
    )

"""The race that the validator would have held at a point, by the judge that it asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from also.services.trainer.tasks.opening import describe
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import BranchRecord, Measure, SeedPool
from also.v1.shaping_pb2 import Invariance
from also.v1.verdict_pb2 import ArmResult, Candidate, Verdict
from also.validation import judge
from also.validation.arms import CONTROL
from also.validation.round import Round
from benchmarks.horizon_agreement import Course
from benchmarks.horizon_points import ARMS, Point, Start, config, read_campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class Raced:
    """A race of one seed, and what its choice was worth later."""

    seed: int
    """The seed."""
    promoted: str
    """The arm that the race promotes; empty where it promotes none."""
    best: str
    """The arm with the largest return later."""
    returns: tuple[float, float, float, float]
    """Later return of what goes on, of control, of the first idea and of the best, units of task reward."""

    @classmethod
    def of(cls, course: Course, seed: int, at: int, last: int, first_idea: str) -> "Raced":
        """The race of a seed at a point, and the returns at a later one.

        Args:
            course: points of all arms.
            seed: the seed.
            at: env_steps after which the race looks.
            last: env_steps after which the returns are read.
            first_idea: arm that would have been taken without a race.
        """
        control = course.start.control
        late = {arm: course.point(arm, seed, last).training_return for arm in course.arms}
        promoted = taken(
            course.start, course.point(control, seed, 0), [course.point(arm, seed, at) for arm in course.arms]
        )
        best = max(late, key=lambda arm: late[arm])
        return cls(
            seed=seed,
            promoted=promoted,
            best=best,
            returns=(late[promoted or control], late[control], late[first_idea], late[best]),
        )


def taken(start: Start, at_start: Point, points: Iterable[Point]) -> str:
    """The arm that a race of one seed promotes; empty where it promotes none.

    Args:
        start: what the arms went on from.
        at_start: the seed's point 0 of any arm.
        points: points of all arms of that seed, after equally many env_steps.

    Raises:
        ValueError: the race has nothing to train.
    """
    round_ = _round(start, at_start)
    measured = {CONTROL if point.arm == start.control else point.arm: point for point in points}
    first = judge.stand(round_, []).step
    if first is None:
        raise ValueError(f"the race of start {start.name!r} asks for no branch")
    return judge.about_to_promote(judge.stand(round_, [_result(round_, arm, measured[arm]) for arm in first.arms]))


def _round(start: Start, at_start: Point) -> Round:
    """A race of one rung, of one seed, of all arms but control."""
    campaign = read_campaign()
    campaign.validation.silent_race = True
    candidates = [
        Candidate(name=arm, config=config(ARMS[arm]), config_hash=config_hash(config(ARMS[arm])))
        for arm in start.candidates
    ]
    incumbent = config(ARMS[start.control])
    return Round(
        campaign=campaign,
        card=describe(campaign.task),
        control_hash=config_hash(incumbent),
        candidates=tuple(candidates),
        screen=tuple(
            Verdict(
                candidate=each.name,
                config_hash=each.config_hash,
                invariance=Invariance.INVARIANCE_POLICY_INVARIANT,
            )
            for each in candidates
        ),
        incumbent=incumbent,
        stage_return=at_start.mean_return,
        stage_milestone_score=at_start.milestone_score,
    )


def _result(round_: Round, arm: str, point: Point) -> ArmResult:
    record = BranchRecord(
        arm=arm,
        config_hash=round_.hash_of(arm),
        checkpoint_id="not-stored",
        measures=[
            Measure(
                env_steps=point.env_steps,
                mean_return=point.mean_return,
                milestone_score=point.milestone_score,
                episodes=round_.campaign.evaluation.episodes,
            )
        ],
        env_steps=point.env_steps,
    )
    return ArmResult(arm=arm, pool=SeedPool.SEED_POOL_SEARCH, records=[record])

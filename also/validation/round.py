"""One round of validation: what is judged, by which settings, and what has to be trained for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from also import returns
from also.errors import DocumentError
from also.v1.branch_pb2 import SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.shaping_pb2 import ShapingConfig
from also.v1.task_pb2 import TaskCard
from also.v1.verdict_pb2 import Candidate, PairedTest, Verdict, VerdictReason
from also.validation import guards
from also.validation.arms import CONTROL, RETURN
from also.words import counted

_NEEDED = (
    "search_rungs",
    "search_seeds",
    "search_env_steps",
    "confirm_seeds",
    "confirm_waves",
    "confirm_env_steps",
    "alpha",
    "minimum_gain",
    "parallel_groups",
    "replicas_per_group",
    "proof",
    "race_rungs",
    "race_seeds",
    "race_env_steps",
    "rare_loss_check",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Everything that a verdict depends on, except what the branches measured.

    Raises:
        DocumentError: a setting is not filled in, a guard query cannot be evaluated, two candidates
            share a name, or the screen does not fit the candidates.
    """

    campaign: Campaign
    """The campaign file, every default filled in."""
    card: TaskCard
    """The task's card."""
    control_hash: str
    """sha256 of the incumbent."""
    candidates: tuple[Candidate, ...]
    """What is judged, in order."""
    screen: tuple[Verdict, ...]
    """What the screen said of each candidate: a reason where it is out, none where it passed."""
    incumbent: ShapingConfig = field(default_factory=ShapingConfig)
    """The config that control trains under."""
    stage_return: float = 0.0
    """Mean return of the stage's evaluation episodes, units of task reward."""
    stage_milestone_score: float = 0.0
    """Mean over milestones of the share of those episodes that reached them. In [0, 1]."""
    stood_still: int | None = None
    """env_steps for which the run has stood still, less branches meanwhile; None where every stage is asked about."""
    training_return: float | None = None
    """Mean return of the stage's training episodes, units of task reward; None where it is not known."""

    def __post_init__(self) -> None:
        for name in _NEEDED:
            if not self.campaign.validation.HasField(name):
                raise DocumentError(f"campaign.validation.{name} is missing; every default must be filled in")
        guards.check(self.campaign.validation.guards)
        names = [candidate.name for candidate in self.candidates]
        if len(set(names)) != len(names):
            raise DocumentError(f"candidates are named {', '.join(names)}; each name is allowed once")
        if [verdict.candidate for verdict in self.screen] != names:
            raise DocumentError("the screen's verdicts are not those of the candidates")

    @property
    def passed(self) -> list[str]:
        """Names of the candidates that the screen let through, in order."""
        return [
            verdict.candidate for verdict in self.screen if verdict.reason == VerdictReason.VERDICT_REASON_UNSPECIFIED
        ]

    @property
    def paid(self) -> float:
        """What the task pays at this stage, units of task reward: by its training episodes, of which there are most."""
        return self.stage_return if self.training_return is None else self.training_return

    def hash_of(self, arm: str) -> str:
        """sha256 of the config that an arm trains under."""
        if arm == CONTROL:
            return self.control_hash
        return next(candidate.config_hash for candidate in self.candidates if candidate.name == arm)

    def config_of(self, name: str) -> ShapingConfig:
        """Config of a candidate."""
        return next(candidate.config for candidate in self.candidates if candidate.name == name)

    def minimum_gain(self, measure: str) -> float:
        """Smallest mean gain that promotes, in the measure's unit: a share of its range."""
        unit = returns.span(self.card, self.stage_return) if measure == RETURN else 1.0
        return self.campaign.validation.minimum_gain * unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Branches that are trained together: one rung of the race or the search, or one wave of the confirmation."""

    pool: SeedPool
    """Search or confirm."""
    number: int
    """Rung or wave, from 1."""
    arms: tuple[str, ...]
    """Arms, control first; a race while the task pays nothing has no control."""
    indices: range
    """Indices of the seeds of every arm."""
    env_steps: int
    """env_steps of each branch, in whole updates."""

    @property
    def cost(self) -> int:
        """env_steps of all its branches."""
        return self.env_steps * len(self.arms) * len(self.indices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is settled about one candidate."""

    reason: VerdictReason
    """Why it is out, or promoted."""
    detail: str
    """The reason with its numbers, one sentence."""
    test: PairedTest | None = None
    """Its last comparison with control, where there was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a round stands after the branches so far."""

    rulings: Mapping[str, Ruling] = field(default_factory=dict)
    """What is settled, by name of the candidate; the screen's verdicts are not repeated."""
    step: Step | None = None
    """What must be trained before more can be said; None when nothing is left to say."""
    finalist: str = ""
    """The candidate that is, or was, confirmed; empty when there is none yet."""
    test: PairedTest | None = None
    """The finalist's last comparison with control."""


def control_failed(round_: Round, found: tuple[VerdictReason, str]) -> Standing:
    """The standing after a fault of control: it is not the candidates' fault, and none is charged.

    Args:
        round_: the round.
        found: control's fault, see `arms.first_fault`.
    """
    reason, text = found
    if reason == VerdictReason.VERDICT_REASON_BRANCH_FAILED:
        reason = VerdictReason.VERDICT_REASON_CONTROL_FAILED
    ruling = Ruling(reason=reason, detail=f"Of control, {text}.")
    return Standing(rulings=dict.fromkeys(round_.passed, ruling))


def describe(test: PairedTest) -> str:
    """A comparison with control in words, without a full stop."""
    measure = "return" if test.measure == RETURN else "milestone score"
    return (
        f"Mean gain in {measure} {test.mean_gain:.4g} (95 % interval {test.gain_low:.4g} to {test.gain_high:.4g}) "
        f"over {counted(test.pairs, 'pair')}, p = {test.p_value:.4g}"
    )

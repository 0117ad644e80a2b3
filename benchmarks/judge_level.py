"""How often the judge is wrong, how often it sees what is there, and what its intervals cover: by simulation.

    python -m benchmarks.judge_level [--rounds 1000] [--output benchmarks/judge_level.md]

Nothing is trained: branches' returns are drawn, and the judge that the validator asks (`also.validation.judge.stand`)
decides on them, round after round. Three questions, one table or more for each.

1. Whole rounds of four candidates, by preset: how often one that changes nothing is promoted (A/A), one that is worse
   on average but better in most branches, and one with a planted gain; beside "the best return of one seed".
2. The confirmation's test alone, beside other tests, by the number of pairs.
3. The interval beside a gain, and that of an evaluation's return.
"""

import argparse
import math
import platform
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import scipy
import torch
from scipy import stats

from also import enums, presets, seeds
from also.services.trainer.evaluation import mean_interval as evaluation_interval
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import BranchRecord, Measure, SeedPool
from also.v1.campaign_pb2 import Campaign, ValidationPreset
from also.v1.shaping_pb2 import ShapingConfig, ShapingForm
from also.v1.task_pb2 import Task, TaskCard
from also.v1.verdict_pb2 import ArmResult, Candidate, Verdict, VerdictReason
from also.validation.arms import CONTROL
from also.validation.confirm import LOSSES
from also.validation.judge import stand
from also.validation.round import Round, Step
from also.validation.statistics import loss_likelihood, mean, mean_interval, share_interval, sign_flip_p
from benchmarks.commits import described
from benchmarks.machine import machine

ALPHA = 0.05
"""Level of the campaign's default."""

CANDIDATES = 4
"""Candidates of a round; the first one has what is planted."""

PAIRS = (5, 6, 12, 16, 20, 30)
"""Numbers of pairs at which tests are compared."""

Gain = Callable[[random.Random], float]
"""Draws the difference candidate - control of one branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Branches of one candidate beside control."""

    name: str
    """What it is, for the tables."""
    control: float
    """Control's return."""
    gain: Gain
    """Its difference; a return is cut at 0."""

    def difference(self, draw: random.Random) -> float:
        """One pair's difference."""
        return max(-self.control, self.gain(draw))


def normal(mean_gain: float, deviation: float) -> Gain:
    """Normal differences."""
    return lambda draw: draw.gauss(mean_gain, deviation)


def losing(gain: float, loss: float, share: float, noise: float = 0.005) -> Gain:
    """A small gain in most branches, a large loss in the rest."""
    return lambda draw: (-loss if draw.random() < share else gain) + draw.gauss(0, noise)


WRONG = (
    Family(name="nothing changes, noise 0.1", control=0.4, gain=normal(0, 0.1)),
    Family(
        name="nothing changes, noise 0.1, control near 0", control=0.05, gain=lambda draw: draw.choice((-1, 1)) * 0.05
    ),
    Family(name="worse: +0.05 in 5 of 6, -0.4 in the sixth", control=0.4, gain=losing(0.05, 0.4, 1 / 6)),
    Family(name="equal: +0.08 in 5 of 6, -0.4 in the sixth", control=0.4, gain=losing(0.08, 0.4, 1 / 6)),
    Family(name="equal: +0.05 in 8 of 9, -0.4 in the ninth", control=0.4, gain=losing(0.05, 0.4, 1 / 9)),
    Family(name="equal: +0.2 in 2 of 3, -0.4 in the third", control=0.4, gain=losing(0.2, 0.4, 1 / 3)),
)
"""Candidates of which none may be promoted."""

RIGHT = tuple(
    Family(name=f"d = {effect:g}, control {control:g}", control=control, gain=normal(effect * 0.15, 0.15))
    for control in (0.1, 0.4)
    for effect in (0.5, 1, 1.5, 2)
)
"""Candidates with a gain of d standard deviations (0.15) of a pair's difference."""


def main() -> None:
    """Play, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=1000, help="rounds, tests or samples of each cell")
    parser.add_argument("--output", type=Path, default=Path("benchmarks/judge_level.md"))
    options = parser.parse_args()
    options.output.write_text("\n".join(_report(options.rounds)) + "\n", encoding="utf-8")


def _report(rounds: int) -> Iterator[str]:
    yield "# How often the judge is wrong\n"
    yield (
        f"`python -m benchmarks.judge_level --rounds {rounds}`: drawn returns, no training; each cell's seed follows "
        f"from its name. alpha = {ALPHA:g}, the smallest gain 0.005. In brackets Wilson's 95 % interval.\n"
    )
    yield (
        f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}, scipy {scipy.__version__}; "
        f"{described()}.\n"
    )
    yield from _whole_rounds(rounds)
    yield from _tests(rounds)
    yield from _intervals(rounds)


def _whole_rounds(rounds: int) -> Iterator[str]:
    yield f"## Whole rounds of {CANDIDATES} candidates\n"
    yield (
        "Promotions, % of rounds. In the first rows every candidate is of the family; in the others the first one is, "
        "and the rest change nothing. Branches is the mean number of branches of a round. The last column promotes the "
        "candidate with the best return of one seed, where it is above control's.\n"
    )
    names = [enums.short_name(ValidationPreset.DESCRIPTOR, preset) for preset in presets.PRESETS]
    yield f"| candidates | {' | '.join(f'{name} | branches' for name in names)} | best of one seed |"
    yield "|---" * (2 * len(names) + 2) + "|"
    for family, alone in [*((each, False) for each in WRONG), *((each, True) for each in RIGHT)]:
        cells = []
        for preset in presets.PRESETS:
            promoted, branches = 0, 0
            for number in range(rounds):
                draw = random.Random(seeds.derive(number, "judge-level", family.name))
                found, spent = _play(_round(preset), family, draw, alone)
                promoted += found
                branches += spent
            cells += [share(promoted, rounds), f"{branches / rounds:.0f}"]
        draw = random.Random(seeds.derive(0, "judge-level-naive", family.name))
        naive = sum(_best_of_one_seed(family, draw, alone) for _ in range(rounds))
        yield f"| {family.name} | {' | '.join(cells)} | {share(naive, rounds)} |"
    yield ""


def _round(preset: ValidationPreset) -> Round:
    """A round of the preset's settings."""
    campaign = Campaign(task=Task(name="foraging", layout="10x10-3p-3f-coop"))
    campaign.validation.preset = preset
    presets.resolve(campaign)
    configs = [ShapingConfig() for _ in range(CANDIDATES)]
    for number, config in enumerate(configs):
        config.terms.add(name="drawn", form=ShapingForm.SHAPING_FORM_POTENTIAL, weight=(number + 1) / 10)
    candidates = [
        Candidate(name=f"r0-c{number}", config=config, config_hash=config_hash(config))
        for number, config in enumerate(configs)
    ]
    return Round(
        campaign=campaign,
        card=TaskCard(task="drawn", largest_return=1),
        control_hash=config_hash(ShapingConfig()),
        candidates=tuple(candidates),
        screen=tuple(Verdict(candidate=each.name, config_hash=each.config_hash) for each in candidates),
    )


def _play(round_: Round, family: Family, draw: random.Random, alone: bool) -> tuple[bool, int]:
    """Whether a candidate of the family is promoted, and how many branches that takes."""
    arms: list[ArmResult] = []
    names = [candidate.name for candidate in round_.candidates]
    planted = names[:1] if alone else names
    while (standing := stand(round_, arms)).step is not None:
        for arm in standing.step.arms:
            _train(round_, arms, arm, standing.step, family if arm in planted else _null(family), draw)
    won = [name for name, ruling in standing.rulings.items() if ruling.reason == _PROMOTED]
    return any(name in planted for name in won), sum(len(arm.records) for arm in arms)


_PROMOTED = VerdictReason.VERDICT_REASON_GAIN_CONFIRMED


def _null(family: Family) -> Family:
    """A candidate that changes nothing, beside the same control."""
    return Family(name="nothing", control=family.control, gain=normal(0, 0.1))


def _train(round_: Round, arms: list[ArmResult], name: str, step: Step, family: Family, draw: random.Random) -> None:
    """Draw the returns of one arm's branches of a step."""
    arm = next((each for each in arms if (each.arm, each.pool) == (name, step.pool)), None)
    if arm is None:
        arm = ArmResult(arm=name, pool=step.pool)
        arms.append(arm)
    for index in step.indices:
        value = family.control + (family.difference(draw) if name != CONTROL else 0.0)
        record = BranchRecord(
            arm=name,
            seed_index=index,
            config_hash=round_.hash_of(name),
            checkpoint_id=f"{name}-{step.pool}-{step.number}-{index}",
            measures=[Measure(env_steps=step.number, mean_return=value)],
            env_steps=1,
        )
        arm.records.append(record)
    ordered = sorted(arm.records, key=lambda record: (record.seed_index, record.measures[-1].env_steps))
    if step.pool == SeedPool.SEED_POOL_SEARCH:
        del arm.records[:]
        arm.records.extend(ordered)


def _best_of_one_seed(family: Family, draw: random.Random, alone: bool) -> bool:
    """Whether a candidate of the family has the best return of one seed each, above control's."""
    gains = [(family if number == 0 or not alone else _null(family)).difference(draw) for number in range(CANDIDATES)]
    best = max(range(CANDIDATES), key=gains.__getitem__)
    return gains[best] > 0 and (best == 0 or not alone)


def _tests(rounds: int) -> Iterator[str]:
    yield "## The test alone\n"
    yield (
        f"Promotions at one look, %, of {max(1, rounds // 2)} tests. Sign flip: the exact test at alpha. t: Student's "
        f"paired t. Both: the larger p. With losses: sign flip, and `loss_likelihood` at most {LOSSES:g} alpha: the "
        "judge's rule. t with losses: the same beside t. Bet: the product of 1 + d / control's return over the pairs "
        "is at least 1 / alpha (Waudby-Smith & Ramdas 2024 with the largest bet).\n"
    )
    yield "| candidate | pairs | sign flip | t | both | with losses | t with losses | bet |"
    yield "|---" * 8 + "|"
    for family in (*WRONG, *RIGHT):
        for pairs in PAIRS:
            draw = random.Random(seeds.derive(pairs, "judge-level-test", family.name))
            hits = [0] * 6
            for _ in range(max(1, rounds // 2)):
                found = _promotions([family.difference(draw) for _ in range(pairs)], family.control)
                hits = [count + each for count, each in zip(hits, found, strict=True)]
            cells = (f"{100 * count / max(1, rounds // 2):.1f}" for count in hits)
            yield f"| {family.name} | {pairs} | {' | '.join(cells)} |"
    yield ""


def _promotions(differences: Sequence[float], control: float) -> list[bool]:
    """What each of six rules says of the same pairs."""
    if mean(differences) <= 0:
        return [False] * 6
    flip = sign_flip_p(differences) <= ALPHA
    student = _t_p(differences) <= ALPHA
    lossless = loss_likelihood(differences, control) <= LOSSES * ALPHA
    bet = math.prod(1 + each / control for each in differences) >= 1 / ALPHA
    return [flip, student, flip and student, flip and lossless, student and lossless, bet]


def _t_p(differences: Sequence[float]) -> float:
    """One-sided p of Student's paired t-test."""
    count = len(differences)
    centre = mean(differences)
    deviation = math.sqrt(math.fsum((each - centre) ** 2 for each in differences) / (count - 1))
    return float(stats.t.sf(centre * math.sqrt(count) / deviation, count - 1)) if deviation else 0.0


def _intervals(rounds: int) -> Iterator[str]:
    yield "## 95 % intervals that hold the mean\n"
    yield "Of normal differences, %.\n"
    yield "| pairs | Student's t, the judge's | percentile bootstrap |"
    yield "|---|---|---|"
    for pairs in (3, 5, 6, 10, 12, 30):
        draw = random.Random(seeds.derive(pairs, "judge-level-interval"))
        samples = [[draw.gauss(0, 1) for _ in range(pairs)] for _ in range(rounds)]
        held = (share(_held(samples, interval, 0), rounds) for interval in (mean_interval, _bootstrap))
        yield f"| {pairs} | {' | '.join(held)} |"
    yield ""
    yield "Of an evaluation's return, %: each episode pays 1 or nothing; the trainer's percentile bootstrap.\n"
    yield "| episodes | mean 0.5 | mean 0.2 | mean 0.05 | mean 0.02 | mean 0.005 |"
    yield "|---" * 6 + "|"
    for episodes in (64, 256):
        cells = []
        for truth in (0.5, 0.2, 0.05, 0.02, 0.005):
            draw = random.Random(seeds.derive(episodes, "judge-level-evaluation", str(truth)))
            count = max(1, rounds // 2)
            samples = [[float(draw.random() < truth) for _ in range(episodes)] for _ in range(count)]
            cells.append(share(_held(samples, _bootstrap, truth), count))
        yield f"| {episodes} | {' | '.join(cells)} |"


def _bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """The trainer's interval of an evaluation."""
    return evaluation_interval(torch.tensor(values))


def _held(
    samples: Sequence[Sequence[float]], interval: Callable[[Sequence[float]], tuple[float, float]], truth: float
) -> int:
    """Samples whose interval holds the true mean."""
    return sum(low <= truth <= high for low, high in map(interval, samples))


def share(hits: int, count: int) -> str:
    """A share in percent with Wilson's 95 % interval."""
    low, high = share_interval(hits / count, count)
    return f"{100 * hits / count:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


if __name__ == "__main__":
    main()

"""Rounds in which nothing is to be found, on real branches; and rounds in which something was planted.

    python -m benchmarks.null_rounds [--rounds 400] [--branches 4000] [--quick] [--output benchmarks/null_rounds.md]

Equal configs under equal seeds train to the same bits, so a null needs seeds of its own for every branch: one pool of
branches is trained from one checkpoint under one config (none), each under a fresh seed, and every round splits its
branches at random into control and candidates. These are exactly exchangeable, and whatever a round promotes is a
false promotion. The judge that the validator asks (`also.validation.judge`) asks for the branches step by step.

An effect is planted by adding it to a candidate's measured returns, in units of the standard deviation of the
difference of two branches, which is what a pair's difference has here.
"""

import argparse
import platform
import random
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from also import document, enums, presets, seeds
from also.services.trainer.tasks.opening import describe
from also.services.validator.measure import records
from also.shaping.identity import config_hash
from also.store import open_store
from also.v1.branch_pb2 import BranchRecord, SeedPool
from also.v1.campaign_pb2 import Campaign, Proof, ValidationPreset
from also.v1.shaping_pb2 import Invariance, ShapingConfig
from also.v1.verdict_pb2 import ArmResult, Candidate, Verdict
from also.validation import judge
from also.validation.arms import CONTROL, end
from also.validation.round import Round, Step
from benchmarks.commits import described
from benchmarks.machine import machine
from benchmarks.null_branches import (
    BATCH,
    BRANCH_ENV_STEPS,
    CHECKPOINT_ENV_STEPS,
    EPISODES,
    SEED,
    TASK,
    Pool,
    deviation,
    train,
)
from benchmarks.shares import Share

CANDIDATES = 4
"""Candidates of a round, the generator's default."""

EFFECTS = (0.5, 1.0, 2.0)
"""Planted gains, in standard deviations of a pair's difference."""

PRESETS = (ValidationPreset.VALIDATION_PRESET_FRUGAL, ValidationPreset.VALIDATION_PRESET_STANDARD)

SEARCH, CONFIRM = SeedPool.SEED_POOL_SEARCH, SeedPool.SEED_POOL_CONFIRM


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one round came to."""

    promoted: str
    """Name of the candidate that was promoted; empty where none was."""
    confirmed: bool
    """Whether a finalist was confirmed."""
    env_steps: int
    """What its branches take in env_steps at the preset's own lengths and the default learner."""
    best_seed: str
    """The arm with the best return of its first branch."""
    best_mean: str
    """The arm with the best mean return over all seeds of the first rung."""
    fresh: bool
    """Whether each of its branches was in no earlier round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Rounds of one kind."""

    preset: int
    """Preset of validation."""
    proof: int
    """`confirmed`, or `by_risk`: a race."""
    candidates: int = CANDIDATES
    """Candidates of a round."""
    effect: float = 0.0
    """Gain of the candidate whose place is drawn, in standard deviations of a pair's difference; 0 plants none."""

    @property
    def name(self) -> str:
        """Its name, from which its splits are derived."""
        return f"{self.preset_name} {self.proof} {self.candidates} {self.effect:g}"

    @property
    def preset_name(self) -> str:
        """The preset's name in a campaign file."""
        return enums.short_name(ValidationPreset.DESCRIPTOR, self.preset)


def main() -> None:
    """Train the pool, play the rounds, print, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=400, help="rounds of each cell")
    parser.add_argument("--branches", type=int, default=4000, help="branches of the pool, in whole hundreds")
    parser.add_argument("--quick", action="store_true", help="20 rounds of 100 branches")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the tables")
    arguments = parser.parse_args()
    rounds, branches = (20, BATCH) if arguments.quick else (arguments.rounds, arguments.branches)
    with tempfile.TemporaryDirectory(prefix="also-null-") as folder:
        trained = train(open_store(f"{folder}/store"), branches)
    text = "\n".join(report(trained, rounds)) + "\n"
    print(text)
    arguments.output.write_text(text, encoding="utf-8")


def play(setting: Setting, trained: Sequence[BranchRecord], rounds: int) -> list[tuple[Played, str]]:
    """Rounds of one kind, each with the name of the candidate that has the planted effect (any, where it is 0).

    Args:
        setting: of which kind.
        trained: the pool.
        rounds: how many.
    """
    pool = Pool(trained, setting.name)
    place = random.Random(seeds.derive(SEED, "place", setting.name))
    unit = deviation(trained)
    stage_return = statistics.fmean(record.measures[0].mean_return for record in trained)
    round_ = _round(setting, stage_return)
    found = []
    for _ in range(rounds):
        better = place.choice(round_.passed)
        found.append((_play(round_, pool, {better: setting.effect * unit}), better))
    return found


def _round(setting: Setting, stage_return: float) -> Round:
    """A round of candidates that are all control's own config, at the preset's own lengths."""
    validation = {"preset": setting.preset_name, "proof": enums.short_name(Proof.DESCRIPTOR, setting.proof)}
    campaign = document.read(Campaign, {"task": TASK, "seed": SEED, "validation": validation})
    presets.resolve(campaign)
    same = config_hash(ShapingConfig())
    names = [f"r0-c{number}" for number in range(setting.candidates)]
    return Round(
        campaign=campaign,
        card=describe(campaign.task),
        control_hash=same,
        candidates=tuple(Candidate(name=name, config_hash=same) for name in names),
        screen=tuple(
            Verdict(candidate=name, config_hash=same, invariance=Invariance.INVARIANCE_POLICY_INVARIANT)
            for name in names
        ),
        stage_return=stage_return,
    )


def _play(round_: Round, pool: Pool, gains: Mapping[str, float]) -> Played:
    """One round to its end.

    Args:
        round_: the round.
        pool: where its branches are drawn from.
        gains: what is added to candidates' returns, units of task reward.
    """
    arms: list[ArmResult] = []
    searched: dict[tuple[str, int], BranchRecord] = {}
    first: dict[str, list[float]] = {}
    env_steps, confirmed = 0, False
    while (step := (standing := judge.stand(round_, arms)).step) is not None:
        measured = []
        for arm in step.arms:
            for index in step.indices:
                if step.pool == SEARCH:  # a branch goes on from rung to rung
                    if step.number == 1:
                        searched[arm, index] = pool.draw()
                    branch = searched[arm, index]
                else:
                    branch = pool.draw()
                measured.append(_as_branch(branch, arm, index, step, round_, gains.get(arm, 0.0)))
        if not arms:
            first = {arm: [end(record).mean_return for record in measured if record.arm == arm] for arm in step.arms}
        arms = records.add(arms, step.arms, step.pool, measured)
        env_steps += step.cost
        confirmed |= step.pool == CONFIRM
    return Played(
        promoted=judge.about_to_promote(standing),
        confirmed=confirmed,
        env_steps=env_steps,
        best_seed=max(first, key=lambda arm: first[arm][0]),
        best_mean=max(first, key=lambda arm: statistics.fmean(first[arm])),
        fresh=pool.fresh,
    )


def _as_branch(trained: BranchRecord, arm: str, index: int, step: Step, round_: Round, gain: float) -> BranchRecord:
    """A trained branch as that of an arm: of the first of two rungs it is the first half."""
    rungs = (
        round_.campaign.validation.race_rungs
        if round_.campaign.validation.proof == Proof.PROOF_BY_RISK
        else round_.campaign.validation.search_rungs
    )
    record = BranchRecord()
    record.CopyFrom(trained)
    record.arm, record.seed_index = arm, index
    if step.pool == SEARCH and step.number < rungs:
        del record.measures[1:]
    for measure in record.measures:
        measure.mean_return += gain
    return record


def report(trained: Sequence[BranchRecord], rounds: int) -> Iterator[str]:
    """The page, line by line."""
    returns = [end(record).mean_return for record in trained]
    low, high = min(returns), max(returns)
    yield "# Rounds without anything to find"
    yield ""
    yield (
        f"`python -m benchmarks.null_rounds --rounds {rounds} --branches {len(trained)}`: {len(trained)} real branches "
        f"of `{TASK['name']}/{TASK['layout']}`, seed {SEED}, each under its own seed and without shaping, "
        f"{BRANCH_ENV_STEPS} env_steps from one checkpoint after {CHECKPOINT_ENV_STEPS}, measured on {EPISODES} "
        f"episodes. Their returns: mean {statistics.fmean(returns):.3f}, standard deviation "
        f"{statistics.stdev(returns):.3f}, {low:.3f} to {high:.3f}. Every round draws branches at random, for control "
        "and for the candidates. In brackets: Wilson's 95 % interval."
    )
    yield ""
    yield f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}; {described()}."
    yield from _nulls(trained, rounds)
    yield from _power(trained, rounds)
    yield from _races(trained, rounds)
    yield from _limits()


def _nulls(trained: Sequence[BranchRecord], rounds: int) -> Iterator[str]:
    yield ""
    yield "## A/A: all arms are equal"
    yield ""
    yield (
        f"Control and {CANDIDATES} candidates. What is promoted is promoted falsely; `proof: confirmed` promises that "
        "of at most 5 % of rounds. The plain rules read the first rung of the same rounds: the candidate with the best "
        "return of one seed, or with the best mean over the search's seeds, if it is above control."
    )
    yield ""
    yield (
        "| preset | rounds | of fresh branches alone | confirmed | promoted, of rounds | promoted, of confirmations "
        "| best of one seed | best mean |"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for preset in PRESETS:
        setting = Setting(preset=preset, proof=Proof.PROOF_CONFIRMED)
        played = [each for each, _ in play(setting, trained, rounds)]
        confirmed = [each for each in played if each.confirmed]
        yield _row(
            setting.preset_name,
            len(played),
            sum(each.fresh for each in played),
            len(confirmed),
            _share([bool(each.promoted) for each in played]),
            _share([bool(each.promoted) for each in confirmed]),
            _share([each.best_seed != CONTROL for each in played]),
            _share([each.best_mean != CONTROL for each in played]),
        )


def _power(trained: Sequence[BranchRecord], rounds: int) -> Iterator[str]:
    yield ""
    yield "## Power: one candidate has a planted gain"
    yield ""
    yield (
        f"The gain is added to the measured returns of one of {CANDIDATES} candidates, whose place is drawn; the "
        f"others equal control. It is in standard deviations of a pair's difference, {deviation(trained):.3f} here. "
        "env_steps are those of a round at the preset's own lengths and the default learner: median, and largest."
    )
    yield ""
    yield "| preset | gain | promoted | another one promoted | best of one seed | best mean | env_steps of a round |"
    yield "|---|---|---|---|---|---|---|"
    for preset in PRESETS:
        for effect in EFFECTS:
            setting = Setting(preset=preset, proof=Proof.PROOF_CONFIRMED, effect=effect)
            played = play(setting, trained, rounds)
            prices = [each.env_steps for each, _ in played]
            yield _row(
                setting.preset_name,
                f"{effect:g}",
                _share([each.promoted == better for each, better in played]),
                _share([each.promoted not in ("", better) for each, better in played]),
                _share([each.best_seed == better for each, better in played]),
                _share([each.best_mean == better for each, better in played]),
                f"{statistics.median(prices):,.0f}, {max(prices):,}",
            )


def _races(trained: Sequence[BranchRecord], rounds: int) -> Iterator[str]:
    yield ""
    yield "## Races: no level is claimed"
    yield ""
    yield (
        "`proof: by_risk` promotes the policy-invariant candidate that came furthest, provisionally, if it is above "
        "control by the smallest gain. Where all arms are equal that is chance: one candidate wins in nearly every "
        "second race (ties, and gains below the smallest, do not win), one of several more often. So a race says "
        "nothing of significance."
    )
    yield ""
    yield "| preset | candidates | gain of one of them | promoted: it | another one | none | env_steps of a race |"
    yield "|---|---|---|---|---|---|---|"
    for preset in PRESETS:
        cells = [(1, 0.0), (2, 0.0), (CANDIDATES, 0.0), *((2, effect) for effect in EFFECTS)]
        for candidates, effect in cells:
            setting = Setting(preset=preset, proof=Proof.PROOF_BY_RISK, candidates=candidates, effect=effect)
            played = play(setting, trained, rounds)
            any_of_them = _share([bool(each.promoted) for each, _ in played])
            yield _row(
                setting.preset_name,
                candidates,
                f"{effect:g}" if effect else "none",
                _share([each.promoted == better for each, better in played]) if effect else f"any: {any_of_them}",
                _share([each.promoted not in ("", better) for each, better in played]) if effect else "",
                _share([not each.promoted for each, _ in played]),
                f"{max(each.env_steps for each, _ in played):,}",
            )


def _limits() -> Iterator[str]:
    yield ""
    yield "## What is not shown"
    yield ""
    yield (
        "- Branches of a real round share a seed with their partner in the other arm, which makes differences smaller "
        "where configs are alike; here they do not, or all differences would be 0."
    )
    yield (
        "- A planted gain moves every branch by as much. Real configs change the spread, too, and may be worse in few "
        "branches by much."
    )
    yield (
        "- One task, one checkpoint, short branches of a small learner. The pool is drawn from again once it is used "
        "up: later rounds are not independent of those of fresh branches, and cells share the pool."
    )
    yield "- Races while the task pays nothing, which have no control."


def _share(found: Sequence[bool]) -> str:
    return str(Share(sum(found), len(found))) if found else "no case"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()

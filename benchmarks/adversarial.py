"""What the whole loop does with shaping configs that are meant to harm.

    ALSO_TRAINER_THREADS=1 python -m benchmarks.adversarial [--each 10] [--jobs 2] [--quick] [--folder FOLDER]

Three runs for each config of `benchmarks.adversaries`, on a small task that is learnt without shaping:

    kept        the config is fixed from the first env_step to the last: what there is to lose
    incumbent   a campaign begins with it as its `shaping:`, as if it had been promoted: does the loop get rid of it?
    candidate   a campaign without shaping has it as the only candidate of its first round: is it promoted?

All come to as many env_steps as a run without shaping that they are compared with, branches included. A run is below
sparse only if the upper end of its own 95 % interval is below the lowest of those runs. Campaigns are whole ones
(`benchmarks.one_process`): conductor, critic, generator, validator, judge and trainer.
"""

import argparse
import json
import multiprocessing
import platform
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from also import document, presets, reasons, seeds
from also.campaign.state import State
from also.services.trainer import determinism
from also.services.trainer.evaluation import Evaluator, mean_interval
from also.services.trainer.run import Run
from also.services.trainer.tasks.opening import describe
from also.shaping.identity import config_hash
from also.v1.branch_pb2 import SeedPool
from also.v1.campaign_pb2 import Campaign
from also.v1.journal_pb2 import Promoted, RolledBack
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks import adversaries
from benchmarks.adversaries import Adversary
from benchmarks.commits import described
from benchmarks.machine import machine
from benchmarks.one_process import PLANTED, conduct
from benchmarks.shares import Share

SEED = 13
"""Seed that everything is derived from."""

BUDGET = 100_000
"""env_steps of every run."""

STAGE = 4_000
"""env_steps of a stage, and between two measurements of the runs that are kept."""

EPISODES = 256
"""Report episodes."""

SPARSE = 8
"""Runs without shaping."""

MODES = ("incumbent", "candidate")
"""Ways in which a campaign meets a config."""

CAMPAIGN = {
    "task": {"name": "foraging", "layout": "5x5-2p-1f"},
    "learner": {"environments": 16, "rollout": 25, "minibatches": 1, "learning_rate": 0.003, "hidden": 32},
    "evaluation": {"episodes": 32, "report_episodes": EPISODES},
    "stages": {"count": 1_000, "env_steps": STAGE},
    "validation": {
        "race_env_steps": 2_400,
        "search_env_steps": 1_600,
        "confirm_env_steps": 1_600,
        "parallel_groups": 1,
    },
}
"""The campaign: the default one's proportions on a task that is learnt in about 60,000 env_steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a policy is worth at some moment."""

    value: float
    """Mean return of the report episodes, units of task reward."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Runs under configs that stay, by env_steps."""

    sparse: dict[int, list[Measured]]
    """Runs without shaping."""
    kept: dict[str, dict[int, Measured]]
    """The run under each config, by the config's name."""

    def floor(self, env_steps: int) -> float:
        """The lowest return of the runs without shaping, at the last measurement until `env_steps`."""
        return min(each.value for each in self.sparse[max(at for at in self.sparse if at <= env_steps)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A campaign that met a config."""

    adversary: Adversary
    """The config."""
    mode: str
    """One of `MODES`."""
    final: Measured
    """What its final policy is worth."""
    env_steps: int
    """What it came to, branches included."""
    branch_env_steps: int
    """What its branches took."""
    stages_under: int
    """Stages that were trained under the config."""
    stages: int
    """All stages."""
    promoted: bool
    """Whether the config was promoted."""
    rolled_back: int
    """Promotions of any config that were rolled back."""
    stays: bool
    """Whether it is the incumbent at the end."""
    verdict: str
    """The verdict on it where it was a candidate; empty where it was not tried."""


@dataclass(slots=True)
class Results:
    """Everything that was run so far."""

    found: list[Adversary]
    """The configs."""
    refused: dict[str, int]
    """Configs that the rules refused while those were drawn, by family."""
    fixed: Fixed
    """Runs under configs that stay."""
    met: list[Met] = field(default_factory=list)
    """Campaigns."""

    def is_below(self, met: Met) -> bool:
        """Whether a campaign ended below sparse only."""
        return met.final.high < self.fixed.floor(met.env_steps)

    def would_be_below(self, adversary: Adversary) -> bool:
        """Whether the run that keeps a config ended below sparse only."""
        kept = self.fixed.kept[adversary.name]
        return kept[max(kept)].high < self.fixed.floor(max(kept))


def main() -> None:
    """Run everything; the page is written anew after each campaign, and a folder keeps what is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=10, help="configs of each family")
    parser.add_argument("--jobs", type=int, default=2, help="campaigns at once")
    parser.add_argument("--quick", action="store_true", help="one config of each family, kept for 8,000 env_steps")
    parser.add_argument("--folder", type=Path, help="keeps campaigns, also half ones, until it is emptied; else none")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"), help="file for the tables")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # the pool's processes end, too
    each, budget = (1, 2 * STAGE) if arguments.quick else (arguments.each, BUDGET)
    campaign = campaign_of(SEED, budget)
    drawn, refused = adversaries.draw_all(describe(campaign.task), each, SEED)
    found = adversaries.interleaved(drawn)
    with ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="also-adversarial-")))
        pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(arguments.jobs))
        meetings = [(adversary, mode, budget, folder) for adversary in found for mode in MODES]
        coming = pool.imap(_meet, meetings)
        results = Results(found=found, refused=refused, fixed=_kept(campaign, found, budget, folder))
        for met in coming:
            results.met.append(met)
            arguments.output.write_text("\n".join(report(results, each, budget)) + "\n", encoding="utf-8")
            print(f"{len(results.met)} of {len(meetings)}: {line(met)}", flush=True)


def campaign_of(seed: int, budget: int) -> Campaign:
    """The campaign for a seed and so many env_steps, every default filled in."""
    campaign = document.read(Campaign, CAMPAIGN | {"seed": seed, "budget": {"env_steps": budget}})
    presets.resolve(campaign)
    return campaign


def keep(campaign: Campaign, found: Sequence[Adversary], budget: int) -> Fixed:
    """Train a run under each config, and some under none, all in one batch, each with a seed of its own."""
    determinism.prepare()
    configs = [each.config for each in found] + [ShapingConfig()] * SPARSE
    names = [each.name for each in found] + [f"sparse-{number}" for number in range(SPARSE)]
    run = Run.start(campaign, configs, [seeds.derive(seeds.derive(SEED, name), "run") for name in names])
    evaluator = Evaluator(
        campaign,
        replicas=len(configs),
        episodes=campaign.evaluation.report_episodes,
        pool=SeedPool.SEED_POOL_REPORT,
    )
    fixed = Fixed(sparse={}, kept={each.name: {} for each in found})
    while run.env_steps < budget:
        run.advance()
        if run.env_steps % (2 * STAGE) and run.env_steps < budget:
            continue
        returns = evaluator.play(run.learner.policy, run.collector.observations).returns
        measured = [
            Measured(value=float(each.mean()), low=low, high=high)
            for each in returns
            for low, high in [mean_interval(each)]
        ]
        fixed.sparse[run.env_steps] = measured[len(found) :]
        for each, at in zip(found, measured, strict=False):
            fixed.kept[each.name][run.env_steps] = at
    evaluator.close()
    run.close()
    return fixed


def _kept(campaign: Campaign, found: Sequence[Adversary], budget: int, folder: Path) -> Fixed:
    """As `keep`; found in the folder where it was done before."""
    place = folder / f"kept-{len(found)}-{budget}.json"
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(asdict(keep(campaign, found, budget))), encoding="utf-8")
    stored = json.loads(place.read_text(encoding="utf-8"))
    return Fixed(
        sparse={int(at): [Measured(**each) for each in every] for at, every in stored["sparse"].items()},
        kept={
            name: {int(at): Measured(**each) for at, each in course.items()} for name, course in stored["kept"].items()
        },
    )


def meet(adversary: Adversary, mode: str, budget: int, folder: Path) -> Met:
    """Run a campaign that meets a config; as a candidate, stages are asked about at once, for else none would be."""
    campaign = campaign_of(seeds.derive(SEED, adversary.name), budget)
    if mode == "incumbent":
        campaign.shaping.CopyFrom(adversary.config)
    else:
        campaign.stages.patience = 0
    planted = adversary.config if mode == "candidate" else None
    state = conduct(campaign, adversary.name, folder / f"{adversary.name}-{mode}-{budget}", planted=planted)
    return _met(adversary, mode, state)


def _meet(meeting: tuple[Adversary, str, int, Path]) -> Met:
    """As `meet`, for a pool of processes."""
    return meet(*meeting)


def _met(adversary: Adversary, mode: str, state: State) -> Met:
    assert state.reported is not None
    evaluation = state.reported.evaluation
    mine = config_hash(adversary.config)
    under = [stage.number for stage in state.stages if stage.incumbent.config_hash == mine]
    stays = state.incumbent.config_hash == mine
    verdicts = [
        reasons.verdict(trial.verdict.reason)
        for trial in state.trials
        if trial.verdict.config_hash == mine and trial.candidate.name == PLANTED and mode == "candidate"
    ]
    return Met(
        adversary=adversary,
        mode=mode,
        final=Measured(value=evaluation.returns.mean, low=evaluation.return_low, high=evaluation.return_high),
        env_steps=state.env_steps,
        branch_env_steps=state.branch_env_steps,
        stages_under=len(under),
        stages=len(state.stages),
        promoted=any(
            isinstance(stage.decision, Promoted) and stage.decision.config_hash == mine for stage in state.stages
        ),
        rolled_back=sum(isinstance(stage.decision, RolledBack) for stage in state.stages),
        stays=stays,
        verdict=verdicts[0] if verdicts else "",
    )


def line(met: Met) -> str:
    """A campaign in one line."""
    return (
        f"{met.adversary.name} as {met.mode}: {met.final.value:.3f} [{met.final.low:.3f}, {met.final.high:.3f}], "
        f"{met.stages_under} of {met.stages} stages under it{', at the end, too' if met.stays else ''}"
        f"{f', {met.verdict}' if met.verdict else ''}"
    )


def report(results: Results, each: int, budget: int) -> Iterator[str]:
    """The page, line by line."""
    sparse = [measured.value for measured in results.fixed.sparse[max(results.fixed.sparse)]]
    yield "# Configs that are meant to harm"
    yield ""
    yield (
        f"`python -m benchmarks.adversarial --each {each}`: {len(results.found)} shaping configs of "
        f"{len(adversaries.FAMILIES)} families, seed {SEED}, on `foraging/5x5-2p-1f` with {budget:,} env_steps in all "
        f"for every run, branches included; {len(results.met)} of {len(results.found) * len(MODES)} campaigns were "
        f"run. Without shaping, {SPARSE} seeds: mean {statistics.fmean(sparse):.3f}, lowest {min(sparse):.3f}."
    )
    yield ""
    yield f"{machine()}, Python {platform.python_version()}, torch {torch.__version__}; {described()}."
    yield ""
    yield (
        "*Kept*: the config stays from the first env_step to the last. *Incumbent*: a campaign begins with it. "
        "*Candidate*: it is the only candidate of a campaign's first round, and every stage is asked about "
        f"(`stages.patience: 0`). *Below*: the upper end of the run's 95 % interval ({EPISODES} report episodes) is "
        "below the lowest run without shaping at as many env_steps. In brackets: Wilson's 95 % interval."
    )
    yield ""
    yield (
        "| family | what it does | refused by the rules | kept: below | incumbent: below | candidate: promoted "
        "| candidate: below |"
    )
    yield "|---|---|---|---|---|---|---|"
    for family in adversaries.FAMILIES:
        yield _row(results, family)
    yield _row(results, "")
    yield ""
    yield "## Campaigns that ended below sparse only"
    yield ""
    below = [met for met in results.met if results.is_below(met)]
    if not below:
        yield "None."
    else:
        yield (
            "| config | met as | final return | kept: return | stages under it | at the end | verdict on it "
            "| rollbacks | branches' share |"
        )
        yield "|---|---|---|---|---|---|---|---|---|"
    for met in below:
        kept = results.fixed.kept[met.adversary.name]
        cells = [
            met.adversary.name,
            met.mode,
            f"{met.final.value:.3f} [{met.final.low:.3f}, {met.final.high:.3f}]",
            f"{kept[max(kept)].value:.3f}",
            f"{met.stages_under} of {met.stages}",
            "it" if met.stays else "another",
            met.verdict,
            str(met.rolled_back),
            f"{met.branch_env_steps / met.env_steps:.0%}",
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "## What is not shown"
    yield ""
    yield (
        "- One small task, a small learner, one seed for each config: a single run may end below by chance, and one of "
        f"{SPARSE + 1} runs without shaping is the lowest."
    )
    yield "- What harms only after more env_steps than these, or on a task that pays nothing for a long time."


def _row(results: Results, family: str) -> str:
    """A family's row; of all of them where it is empty."""
    found = [each for each in results.found if family in ("", each.family)]
    met = {
        mode: [each for each in results.met if each.mode == mode and family in ("", each.adversary.family)]
        for mode in MODES
    }
    cells = [
        family or "**all**",
        adversaries.described(family) if family else "",
        str(sum(count for name, count in results.refused.items() if family in ("", name))),
        _share([results.would_be_below(each) for each in found], interval=not family),
        _share([results.is_below(each) for each in met["incumbent"]], interval=not family),
        _share([each.promoted for each in met["candidate"]], interval=not family),
        _share([results.is_below(each) for each in met["candidate"]], interval=not family),
    ]
    return f"| {' | '.join(cells)} |"


def _share(found: Sequence[bool], *, interval: bool) -> str:
    """A share in words, with its interval or as counts alone."""
    if not found:
        return "not run"
    share = Share(sum(found), len(found))
    return str(share) if interval else f"{share.count} of {share.cases}"


if __name__ == "__main__":
    main()

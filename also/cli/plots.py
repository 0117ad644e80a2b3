"""A campaign's plots: the main run over everything that was spent, and each round's arms."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from also import enums
from also.campaign.state import State
from also.v1.branch_pb2 import Evaluation, SeedPool
from also.v1.journal_pb2 import Promoted, RolledBack
from also.v1.verdict_pb2 import ArmResult, Validation
from also.validation.arms import end, last_records

PROMOTED, ROLLED_BACK, REFERENCE, MAIN = "tab:green", "tab:red", "tab:gray", "tab:blue"
"""Colours."""


def main_run(state: State, path: Path) -> None:
    """Plot the main run's return over env_steps spent, branches included, and the reference's."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes: Axes = figure.subplots()
    spent, ends, means, lows, highs = 0, [], [], [], []
    for stage in state.stages:
        evidence = stage.trained.evidence
        begin = evidence.env_steps - stage.trained.env_steps
        axes.plot(
            [spent + point.env_steps - begin for point in evidence.curve],
            [point.mean_return for point in evidence.curve],
            color=MAIN,
            alpha=0.4,
        )
        ends.append(spent + stage.trained.env_steps)
        means.append(evidence.returns.mean)
        lows.append(max(evidence.returns.mean - evidence.return_low, 0.0))
        highs.append(max(evidence.return_high - evidence.returns.mean, 0.0))
        spent += stage.env_steps
        if isinstance(stage.decision, Promoted):
            axes.axvline(spent, color=PROMOTED, linestyle="--", label="promotion")
        if isinstance(stage.decision, RolledBack):
            axes.axvline(spent, color=ROLLED_BACK, linestyle="--", label="rollback")
    axes.errorbar(ends, means, yerr=[lows, highs], color=MAIN, marker="o", capsize=3, label="main run, evaluated")
    if state.reported is not None:
        _point(axes, state.reported.env_steps, state.reported.evaluation, color=MAIN, marker="*", label="final policy")
        if state.reported.HasField("reference"):
            env_steps = state.reported.reference_env_steps
            _point(axes, env_steps, state.reported.reference, color=REFERENCE, marker="s", label="without shaping")
        if state.reported.HasField("one_shot"):
            env_steps = state.reported.one_shot_env_steps
            _point(axes, env_steps, state.reported.one_shot, color=REFERENCE, marker="D", label="first candidate only")
    axes.set(title=state.card.task, xlabel="env_steps spent, branches included", ylabel="return (task reward)")
    _legend(axes)
    figure.savefig(path, dpi=120)


def arms(validation: Validation, path: Path) -> None:
    """Plot the return at the end of every branch of a round, arm by arm, search beside confirmation."""
    pools = [
        pool
        for pool in (SeedPool.SEED_POOL_SEARCH, SeedPool.SEED_POOL_CONFIRM)
        if any(arm.pool == pool for arm in validation.arms)
    ]
    figure = Figure(figsize=(4 * len(pools), 3), layout="constrained")
    panels = figure.subplots(1, len(pools), squeeze=False)[0]
    for axes, pool in zip(panels, pools, strict=True):
        _panel(axes, [arm for arm in validation.arms if arm.pool == pool])
        axes.set(title=enums.short_name(SeedPool.DESCRIPTOR, pool), xlabel="return (task reward)")
    figure.savefig(path, dpi=120)


def _panel(axes: Axes, shown: list[ArmResult]) -> None:
    """Branches as dots (where the search has rungs, the last one's), their mean as a line; arms from top to bottom."""
    for place, arm in enumerate(shown):
        records = last_records([arm], arm.arm, arm.pool)
        returns = [end(record).mean_return for record in records if record.measures]
        colour = REFERENCE if arm.arm == "control" else MAIN
        axes.plot(returns, [place] * len(returns), "o", color=colour, alpha=0.6)
        if returns:
            axes.plot([sum(returns) / len(returns)] * 2, [place - 0.3, place + 0.3], color=colour, linewidth=3)
    axes.set_yticks(range(len(shown)), [arm.arm for arm in shown])
    axes.invert_yaxis()


def _point(axes: Axes, env_steps: int, evaluation: Evaluation, *, color: str, marker: str, label: str) -> None:
    mean = evaluation.returns.mean
    low, high = max(mean - evaluation.return_low, 0.0), max(evaluation.return_high - mean, 0.0)
    axes.errorbar(
        [env_steps], [mean], yerr=[[low], [high]], color=color, marker=marker, markersize=9, capsize=3, label=label
    )


def _legend(axes: Axes) -> None:
    """Each label once."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    axes.legend(once.values(), once.keys())

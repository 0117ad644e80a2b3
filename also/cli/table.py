"""A campaign as tables: its stages, and what it came to beside the reference."""

from rich.table import Table

from also.campaign.state import Stage, State
from also.cli import describe
from also.v1.branch_pb2 import Evaluation
from also.v1.journal_pb2 import Promoted

COLUMNS = ("stage", "phase", "finding", "decision", "shaping", "return before", "return after", "env_steps")
"""Columns of the table of stages. Returns are means with 95 % intervals."""


def rows(state: State) -> list[tuple[str, ...]]:
    """One row a stage, see `COLUMNS`."""
    return [_row(state, stage) for stage in state.stages]


def stages(state: State) -> Table:
    """The table of stages."""
    table = Table(title=f"{state.card.task}: return before and after each stage's decision, 95 % intervals")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column == "env_steps" else "left")
    for row in rows(state):
        table.add_row(*row)
    return table


def outcome(state: State) -> list[str]:
    """What a reported campaign came to, in lines."""
    if state.reported is None:
        return [f"{state.env_steps:,} env_steps spent so far; {describe.step(state)}"]
    report = state.reported
    final, reference = report.evaluation, report.reference
    lines = [f"final return      {_worth(final)}, after {report.env_steps:,} env_steps (branches included)"]
    if report.HasField("reference"):
        spent = f"{report.reference_env_steps:,} env_steps (same learner, same seed)"
        lines.append(f"without shaping   {_worth(reference)}, after {spent}")
    return lines


def _worth(evaluation: Evaluation) -> str:
    return f"{describe.evaluation(evaluation)}, success {evaluation.success_rate:.0%}"


def _row(state: State, stage: Stage) -> tuple[str, ...]:
    shaping = stage.decision.config if isinstance(stage.decision, Promoted) else stage.incumbent.config
    return (
        str(stage.number),
        describe.phase(stage),
        describe.finding(stage),
        describe.decision(stage),
        describe.config(shaping),
        describe.return_of(stage.trained.evidence),
        _return_after(state, stage),
        f"{stage.env_steps:,}",
    )


def _return_after(state: State, stage: Stage) -> str:
    """The next stage's return; after the last one, the report's."""
    if stage.number + 1 < len(state.stages):
        return describe.return_of(state.stages[stage.number + 1].trained.evidence)
    return describe.evaluation(state.reported.evaluation) if state.reported is not None else describe.NOTHING

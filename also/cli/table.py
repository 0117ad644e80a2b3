"""A campaign as tables: its stages, and its result beside the reference."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from also.campaign.state import Stage, State
from also.cli import describe
from also.v1.branch_pb2 import Evaluation
from also.v1.journal_pb2 import Promoted
from also.v1.shaping_pb2 import ShapingConfig
from also.words import counted

Row = tuple[str, str, str, str, str, str, str, str]
"""One stage, or several in a row, in words, see `COLUMNS`."""

COLUMNS = ("stage", "phase", "finding", "decision", "shaping", "return before", "return after", "env_steps")
"""Columns of the table of stages. Returns are means with 95 % intervals."""


def rows(state: State) -> list[Row]:
    """One row a stage, see `COLUMNS`; one for stages in a row that were left to learn."""
    groups = describe.entries(state.stages)
    words = describe.configs([_shaping(group[-1]) for group in groups])
    return [_row(state, group, text) for group, text in zip(groups, words, strict=True)]


def stages(state: State) -> Table:
    """The table of stages; what belongs together shares a cell, so that it fits a narrow terminal."""
    table = Table(
        title=f"{state.card.task}, returns with 95 % intervals",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
    )
    table.add_column("stage", justify="right")
    table.add_column("phase\nfinding", overflow="fold")
    table.add_column("decision\nshaping", overflow="fold")
    table.add_column("return before\nand after", no_wrap=True)
    table.add_column("env_steps", justify="right", no_wrap=True)
    for number, phase, finding, decision, shaping, before, after, env_steps in rows(state):
        table.add_row(number, f"{phase}\n{finding}", f"{decision}\n{shaping}", f"{before}\n{after}", env_steps)
    return table


def summary(state: State) -> tuple[str, str, str, str]:
    """A campaign in a row: stages so far, env_steps, the last return with its interval, the step under way."""
    last = describe.return_of(state.stages[-1].trained.evidence) if state.stages else describe.NOTHING
    shown = describe.return_of(state.reported.evaluation) if state.reported is not None else last
    stages = f"{len(state.stages)} of {state.campaign.stages.count}"
    return stages, f"{state.env_steps:,}", shown, describe.step(state)


def outcome(state: State) -> list[str]:
    """The result of a reported campaign, in lines."""
    if state.reported is None:
        return [f"{state.env_steps:,} env_steps spent so far; {describe.step(state)}", *_llm(state)]
    report = state.reported
    final, reference = report.evaluation, report.reference
    lines = [f"final return      {_worth(final)}, after {report.env_steps:,} env_steps (branches included)"]
    if report.HasField("reference"):
        spent = f"{report.reference_env_steps:,} env_steps (same learner, same seed)"
        lines.append(f"without shaping   {_worth(reference)}, after {spent}")
    if report.HasField("one_shot"):
        spent = f"{report.one_shot_env_steps:,} env_steps (first candidate, fixed from the start)"
        lines.append(f"one-shot          {_worth(report.one_shot)}, after {spent}")
    return [*lines, *_llm(state)]


def _llm(state: State) -> list[str]:
    """What LLMs have cost; nothing where there was none."""
    uses = state.llm_uses
    if not uses:
        return []
    tokens = f"{sum(use.prompt_tokens for use in uses):,} + {sum(use.completion_tokens for use in uses):,} tokens"
    cached, cost = sum(use.cached_tokens for use in uses), state.llm_cost
    what = "(prompt + completion)" if not cached else f"(prompt + completion; {cached:,} from the prefix cache)"
    line = f"LLM               {describe.models(uses)}: {counted(state.llm_calls, 'call')}, {tokens} {what}"
    return [line + (f", cost {cost:.2f}" if cost else "")]


def _worth(evaluation: Evaluation) -> str:
    return f"{describe.return_of(evaluation)}, success {evaluation.success_rate:.0%}"


def _shaping(stage: Stage) -> ShapingConfig:
    """The config that a stage leaves behind."""
    return stage.decision.config if isinstance(stage.decision, Promoted) else stage.incumbent.config


def _row(state: State, stages: Sequence[Stage], shaping: str) -> Row:
    last, after = stages[-1], describe.measured_after(state, stages[-1])
    return (
        describe.numbers(stages),
        describe.phase(last),
        describe.finding(last),
        describe.decision(last),
        shaping,
        describe.return_of(stages[0].trained.evidence),
        describe.return_of(after) if after is not None else describe.NOTHING,
        f"{sum(stage.env_steps for stage in stages):,}",
    )

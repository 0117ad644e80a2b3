"""Judgements on backends in words: a table of measures, a list of situations, and both as Markdown."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from google.protobuf.message import Message
from rich import box
from rich.table import Table

from also import enums, reasons
from also.cli.describe import NOTHING
from also.judging.recorded import Recorded
from also.judging.scoring import findings_of, is_accepted, passes
from also.limits import descriptor
from also.v1.diagnosis_pb2 import FailureMode
from also.v1.llm_pb2 import LlmFailureReason
from also.v1.situation_pb2 import Answer, Judgement, Judgements, MindScores, Planted
from also.words import counted

MEASURES: tuple[tuple[str, str, Callable[[Judgement], str]], ...] = (
    (
        "first finding is the planted failure",
        "The mode of the diagnosis' first finding is the planted one; a diagnosis without findings says `none`.",
        lambda one: _agreement(one, "planted_first"),
    ),
    (
        "… or one that an expert may name first",
        "As above, or one of the modes that fit the same numbers, as `situations.yaml` lists them.",
        lambda one: _agreement(one, "accepted_first"),
    ),
    (
        "planted failure is among the findings",
        "Some finding of the diagnosis has the planted mode.",
        lambda one: _agreement(one, "planted_anywhere"),
    ),
    (
        "first remedy is an accepted one",
        "The remedy of the first finding is one that an expert may name first.",
        lambda one: _agreement(one, "remedy"),
    ),
    (
        "names the planted milestone, term or agent",
        "Of the situations where there is one: a finding of the planted mode names it.",
        lambda one: _agreement(one, "place"),
    ),
    (
        "answers, of questions (critic / generator)",
        "Questions with a usable answer; the generator is not asked where a diagnosis asks for no change.",
        lambda one: _minds(one, lambda mind: f"{mind.answered} of {mind.asked}"),
    ),
    (
        "schema-valid at the first reply",
        "Share of the questions with a reply whose first reply could be used.",
        lambda one: _minds(one, lambda mind: _share(mind, "valid_at_first")),
    ),
    (
        "schema-valid after the one repair",
        "Share of the questions with a reply of which one could be used.",
        lambda one: _minds(one, lambda mind: _share(mind, "valid")),
    ),
    (
        "candidates given, of those asked for",
        "Candidates that the generator's answers hold: valid by all shaping rules, and none twice.",
        lambda one: f"{one.candidates.given} of {one.candidates.wanted}",
    ),
    (
        "candidates that pass the screen, of those screened",
        "Share that the validator would train. Candidates for a task that cannot be built here are not screened.",
        lambda one: f"{_share(one.candidates, 'passed')} of {one.candidates.screened}",
    ),
    (
        "why the screen refuses the others",
        "Candidates by the named reason, see `docs/reasons.md`.",
        lambda one: _refusals(one),
    ),
    (
        "diversity of candidates",
        "Mean distance of two candidates of a situation: the share of their terms' shapes that only one of them has.",
        lambda one: _number(one.candidates, "diversity", "{:.2f}"),
    ),
    (
        "calls of an answer",
        "Mean; repetitions after failures and the repair included.",
        lambda one: _minds(one, lambda mind: _number(mind, "calls", "{:.2f}")),
    ),
    (
        "prompt tokens of an answer",
        "Mean, by the server's count, over all calls of the answer.",
        lambda one: _minds(one, lambda mind: _number(mind, "prompt_tokens", "{:,.0f}")),
    ),
    (
        "completion tokens of an answer",
        "Mean, by the server's count, thinking included.",
        lambda one: _minds(one, lambda mind: _number(mind, "completion_tokens", "{:,.0f}")),
    ),
    (
        "seconds of an answer",
        "Median wall time of a question.",
        lambda one: _minds(one, lambda mind: _number(mind, "seconds", "{:.2f}")),
    ),
)
"""What is shown of each backend: name, meaning, and the cell."""


def title(judgements: Judgements, recorded: Sequence[Recorded]) -> str:
    """What was judged, in a line."""
    modes = {each.situation.planted.mode for each in recorded}
    situations = counted(len(judgements.situations), "recorded situation")
    return f"{situations} with {counted(len(modes), 'kind')} of planted failure"


def measures(judgements: Judgements, recorded: Sequence[Recorded]) -> Table:
    """The table of measures, a column for each backend."""
    table = Table(title=title(judgements, recorded), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("measure")
    for judgement in judgements.judgements:
        table.add_column(_name(judgement), justify="right")
    for row in _measure_rows(judgements):
        table.add_row(*row)
    return table


def situations(judgements: Judgements, recorded: Sequence[Recorded]) -> Table:
    """The list of situations: what was planted, and what each backend found."""
    table = Table(
        title="first finding (= planted, ~ accepted, ≠ another), and candidates that pass the screen",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("situation", no_wrap=True)
    table.add_column("planted", no_wrap=True)
    for judgement in judgements.judgements:
        table.add_column(judgement.backend, no_wrap=True)
    for row in _situation_rows(judgements, recorded):
        table.add_row(*row)
    return table


def markdown(judgements: Judgements, recorded: Sequence[Recorded]) -> Iterator[str]:
    """Everything as lines of Markdown."""
    yield f"# Minds on {title(judgements, recorded)}\n"
    yield from _lines(("measure", *map(_name, judgements.judgements)), _measure_rows(judgements))
    yield "\nWhere two figures stand in a cell they are the critic's and the generator's.\n"
    for name, meaning, _ in MEASURES:
        yield f"- **{name.removeprefix('… ')}**: {meaning}"
    yield "\n## Situations\n"
    yield "The first finding of each backend (= the planted failure, ~ one that an expert may name first, ≠ another),"
    yield "and how many of its candidates pass the screen.\n"
    columns = ("situation", "planted", *(judgement.backend for judgement in judgements.judgements))
    yield from _lines(columns, _situation_rows(judgements, recorded))
    yield "\n## What was planted\n"
    for each in recorded:
        yield f"- `{each.situation.id}`: {each.situation.planted.how}"


def found(answer: Answer, planted: Planted) -> str:
    """An answer in a few words: "= DeadTerm, 3/4"."""
    findings = findings_of(answer)
    if answer.HasField("diagnosis_failure"):
        says = enums.camel(LlmFailureReason, answer.diagnosis_failure.reason)
    elif answer.diagnosis.backend == "none" or not findings:
        says = ""
    else:
        mark = "=" if findings[0].mode == planted.mode else "~" if is_accepted(findings[0], planted) else "≠"
        says = f"{mark} {enums.camel(FailureMode, findings[0].mode)}"
    return ", ".join(part for part in (says, _candidates(answer)) if part)


def _candidates(answer: Answer) -> str:
    if answer.HasField("proposal_failure"):
        return enums.camel(LlmFailureReason, answer.proposal_failure.reason)
    if not answer.proposal_asked:
        return ""
    passed = sum(map(passes, answer.verdicts)) if answer.verdicts or not answer.candidates else "?"
    return f"{passed}/{len(answer.candidates)}"


def _measure_rows(judgements: Judgements) -> list[tuple[str, ...]]:
    return [(name, *(cell(judgement) for judgement in judgements.judgements)) for name, _, cell in MEASURES]


def _situation_rows(judgements: Judgements, recorded: Sequence[Recorded]) -> list[tuple[str, ...]]:
    return [
        (
            each.situation.id,
            enums.camel(FailureMode, each.situation.planted.mode),
            *(found(judgement.answers[index], each.situation.planted) for judgement in judgements.judgements),
        )
        for index, each in enumerate(recorded)
    ]


def _name(judgement: Judgement) -> str:
    return f"{judgement.backend} ({judgement.model})" if judgement.model else judgement.backend


def _refusals(judgement: Judgement) -> str:
    refused = Counter(
        reasons.verdict(verdict.reason)
        for answer in judgement.answers
        for verdict in answer.verdicts
        if not passes(verdict)
    )
    return ", ".join(f"{count} {name}" for name, count in refused.most_common()) or NOTHING


def _agreement(judgement: Judgement, field: str) -> str:
    return _share(judgement.agreement, field) if judgement.HasField("agreement") else NOTHING


def _minds(judgement: Judgement, cell: Callable[[MindScores], str]) -> str:
    """The critic's and the generator's figure; one dash where neither has one."""
    critic = cell(judgement.critic) if judgement.HasField("critic") else NOTHING
    cells = (critic, cell(judgement.generator))
    return NOTHING if set(cells) == {NOTHING} else " / ".join(cells)


def _share(scores: Message, field: str) -> str:
    return _number(scores, field, "{:.0%}")


def _number(scores: Message, field: str, form: str) -> str:
    if descriptor(scores).fields_by_name[field].has_presence and not scores.HasField(field):
        return NOTHING
    return form.format(getattr(scores, field))


def _lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"

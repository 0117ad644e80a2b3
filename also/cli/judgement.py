"""Judgements on backends in words: a table of measures, one by failure mode, a list of situations, and all as Markdown.

Shares of situations have Wilson's 95 % interval. Samples of one situation are no further situations: they make a share
steadier, and its interval no narrower.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from google.protobuf.message import Message
from rich import box
from rich.table import Table

from also import enums, reasons
from also.cli.describe import NOTHING
from also.judging.backends import Backend
from also.judging.recorded import Recorded
from also.judging.scoring import Case, findings_of, is_accepted, passes
from also.limits import descriptor
from also.v1.diagnosis_pb2 import FailureMode
from also.v1.llm_pb2 import LlmFailureReason
from also.v1.situation_pb2 import Answer, Judgement, Judgements, MindScores, ModeScores, Planted
from also.validation.statistics import share_interval
from also.words import counted, markdown_table

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
        "Questions with a usable answer; the generator is not asked where the rules' diagnosis asks for no change.",
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
        lambda one: f"{one.candidates.given} of {one.candidates.wanted}" if one.HasField("candidates") else NOTHING,
    ),
    (
        "candidates that pass the screen, of those screened",
        "Share that the validator would train. Candidates for a task that cannot be built here are not screened.",
        lambda one: (
            f"{_share(one.candidates, 'passed')} of {one.candidates.screened}" if one.candidates.screened else NOTHING
        ),
    ),
    (
        "candidates that do what their finding asks",
        "Share that adds, drops or changes what the remedy asks of the finding that they name, the right way round.",
        lambda one: _share(one.candidates, "fitting"),
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
        "… of them from the prefix cache",
        "Mean, by the server's count.",
        lambda one: _minds(one, lambda mind: _number(mind, "cached_tokens", "{:,.0f}")),
    ),
    (
        "completion tokens of an answer",
        "Mean, by the server's count, thinking included.",
        lambda one: _minds(one, lambda mind: _number(mind, "completion_tokens", "{:,.0f}")),
    ),
    (
        "seconds of an answer",
        "Median time of a question's replies; of an embedded backend its whole answer.",
        lambda one: _minds(one, lambda mind: _number(mind, "seconds", "{:.2f}")),
    ),
)
"""What is shown of each backend: name, meaning, and the cell."""


MODES_TITLE = (
    "first finding planted, … or accepted, first remedy accepted / candidates that pass the screen, by planted failure"
)
"""What stands in the cells of the table by failure mode."""


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


def modes(judgements: Judgements) -> Table:
    """The table by failure mode, a column for each backend."""
    table = Table(title=MODES_TITLE, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("planted failure", no_wrap=True)
    table.add_column("situations", justify="right")
    for judgement in judgements.judgements:
        table.add_column(judgement.backend, justify="right")
    for row in _mode_rows(judgements):
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
    yield from markdown_table(("measure", *map(_name, judgements.judgements)), _measure_rows(judgements))
    yield "\nWhere two figures stand in a cell they are the critic's and the generator's. In brackets is Wilson's 95 % "
    yield "interval."
    yield "Each mind is asked alone: all generators hear the rules' diagnosis.\n"
    for name, meaning, _ in MEASURES:
        yield f"- **{name.removeprefix('… ')}**: {meaning}"
    yield "\n## By planted failure\n"
    yield f"{MODES_TITLE[0].upper()}{MODES_TITLE[1:]}.\n"
    columns = ("planted failure", "situations", *(judgement.backend for judgement in judgements.judgements))
    yield from markdown_table(columns, _mode_rows(judgements))
    yield "\n## Situations\n"
    yield "The first finding of each backend (= the planted failure, ~ one that an expert may name first, ≠ another; of"
    yield "several samples each), and how many of its candidates pass the screen.\n"
    columns = ("situation", "planted", *(judgement.backend for judgement in judgements.judgements))
    yield from markdown_table(columns, _situation_rows(judgements, recorded))
    yield "\n## What was planted\n"
    for each in recorded:
        yield f"- `{each.situation.id}`: {each.situation.planted.how}"


def line(backend: Backend, case: Case) -> str:
    """An answer as it comes, in one line."""
    answer = case.answer
    sample = f", sample {answer.sample}" if backend.samples > 1 else ""
    says = found(answer, case.planted) or "nothing was asked"
    seconds = answer.diagnosis_seconds + answer.proposal_seconds
    failures = (answer.diagnosis_failure.detail, answer.proposal_failure.detail)
    why = "".join(f"; {detail[:200]}" for detail in dict.fromkeys(failures) if detail)
    return f"{backend.name} on {answer.situation}{sample}: {says} ({seconds:.1f} s){why}"


def found(answer: Answer, planted: Planted) -> str:
    """An answer in a few words: "= DeadTerm, 3/4"."""
    findings = findings_of(answer)
    if answer.HasField("diagnosis_failure"):
        says = enums.camel(LlmFailureReason, answer.diagnosis_failure.reason)
    elif not findings:
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


def _mode_rows(judgements: Judgements) -> list[tuple[str, ...]]:
    of_each = [{scores.mode: scores for scores in judgement.modes} for judgement in judgements.judgements]
    counts: dict[FailureMode, int] = {}
    for modes in of_each:
        for mode, scores in modes.items():
            counts[mode] = max(counts.get(mode, 0), scores.situations)
    return [
        (enums.camel(FailureMode, mode), str(counts[mode]), *(_mode_cell(modes.get(mode)) for modes in of_each))
        for mode in sorted(counts)
    ]


def _mode_cell(scores: ModeScores | None) -> str:
    """Planted first, accepted first, remedy; and candidates that pass the screen."""
    if scores is None:
        return NOTHING
    diagnosed = scores.HasField("agreement")
    fields = ("planted_first", "accepted_first", "remedy")
    shares = [_number(scores.agreement, field, "{:.0%}") for field in fields] if diagnosed else [NOTHING]
    passed = _share(scores.candidates, "passed") if scores.HasField("candidates") else NOTHING
    return f"{' '.join(shares)} / {passed}"


def _situation_rows(judgements: Judgements, recorded: Sequence[Recorded]) -> list[tuple[str, ...]]:
    return [
        (
            each.situation.id,
            enums.camel(FailureMode, each.situation.planted.mode),
            *(_found_in_all(judgement, each) for judgement in judgements.judgements),
        )
        for each in recorded
    ]


def _found_in_all(judgement: Judgement, recorded: Recorded) -> str:
    """What the samples of a situation say, equal ones once with their number."""
    answers = [answer for answer in judgement.answers if answer.situation == recorded.situation.id]
    said = Counter(found(answer, recorded.situation.planted) for answer in answers)
    return "; ".join(f"{count} × {text}" if count > 1 else text for text, count in said.most_common() if text)


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
    """A share of the situations with its interval."""
    agreement = judgement.agreement
    count = agreement.placed if field == "place" else agreement.situations
    if not judgement.HasField("agreement") or not count:
        return NOTHING
    share = getattr(agreement, field)
    low, high = share_interval(share, count)
    return f"{share:.0%} [{low:.0%}, {high:.0%}]"


def _minds(judgement: Judgement, cell: Callable[[MindScores], str]) -> str:
    """The critic's and the generator's figure; one dash where neither has one."""
    critic = cell(judgement.critic) if judgement.HasField("critic") else NOTHING
    cells = (critic, cell(judgement.generator) if judgement.HasField("generator") else NOTHING)
    return NOTHING if set(cells) == {NOTHING} else " / ".join(cells)


def _share(scores: Message, field: str) -> str:
    return _number(scores, field, "{:.0%}")


def _number(scores: Message, field: str, form: str) -> str:
    if descriptor(scores).fields_by_name[field].has_presence and not scores.HasField(field):
        return NOTHING
    return form.format(getattr(scores, field))

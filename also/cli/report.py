"""`also report`: a campaign as one HTML page, or as Markdown with plots beside it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
import yaml

from also import document, enums, keys, reasons
from also.campaign.fold import advance, begin, fold
from also.campaign.journal import Journal
from also.campaign.state import Stage, State
from also.campaign.summary import summary
from also.cli import describe, table
from also.cli.chosen import choose
from also.cli.options import JsonOption, StoreOption, read_journal, settings_with
from also.cli.page.account import account
from also.cli.page.document import page
from also.cli.play import PAGES, Shown, played, require_pictures
from also.cli.writing import writing
from also.errors import InputError
from also.v1.journal_pb2 import Held, JournalRecord, RolledBack
from also.v1.verdict_pb2 import Outcome, Validation
from also.words import counted, markdown_table


def report(
    campaign: Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="File to write: .html is one page, anything else is Markdown."
        ),
    ] = None,
    episodes: Annotated[
        bool,
        typer.Option("--episodes", help="Let the newest policy play, and put best, median and worst into the page."),
    ] = False,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Write a campaign's report: one HTML page, or a Markdown file with PNG plots beside it."""
    if json and (output is not None or episodes):
        raise typer.BadParameter("--json prints, so neither -o nor --episodes goes with it")
    if json:
        state = fold(read_journal(campaign, store).records)
        print(document.canonical(summary(state, campaign)).decode())
        return
    if output is None:
        raise typer.BadParameter(f"a report needs a file, e.g. -o {campaign}.html, or --json")
    if episodes and output.suffix not in PAGES:
        raise InputError(f"--episodes go into a page; {output} is none: name a file that ends in .html")
    if episodes:
        require_pictures()
    journal = read_journal(campaign, store)
    if output.is_dir():
        raise InputError(
            f"report {output} cannot be written: it is a folder; name a file, e.g. {output / campaign}.html"
        )
    uri = settings_with(store).store
    shown = played(choose(campaign, None, store)) if episodes else []
    with writing(output, "report "):
        made = _page(journal, uri, output, shown) if output.suffix in PAGES else _markdown(journal, uri, output)
    print(made)


def _page(journal: Journal, store: str, output: Path, shown: list[Shown]) -> str:
    content = page(account(journal, store), shown)
    output.write_bytes(content)
    return f"{output}: {len(content) / 1000:,.0f} kB"


def _markdown(journal: Journal, store: str, output: Path) -> str:
    state = fold(journal.records)
    plots = _plot(state, output)
    output.write_text(
        "\n".join(_lines(state, _grown(journal.records), journal.campaign_id, store, plots)) + "\n", encoding="utf-8"
    )
    return f"{output} and {counted(len(plots), 'plot')} beside it"


def _plot(state: State, output: Path) -> dict[str, str]:
    """Write all plots; names of their files, by "main" and by "STAGE-ROUND"."""
    from also.cli import plots  # matplotlib takes a second to import

    names = {"main": f"{output.stem}-main.png"}
    plots.main_run(state, output.with_name(names["main"]))
    for stage in state.stages:
        for number, validation in enumerate(stage.validations):
            if validation.arms:
                place = f"{stage.number}-{number}"
                names[place] = f"{output.stem}-stage-{place}.png"
                plots.arms(validation, output.with_name(names[place]))
    return names


def _lines(state: State, grown: Iterable[str], campaign_id: str, store: str, plots: dict[str, str]) -> Iterator[str]:
    yield f"# Campaign {campaign_id}: {state.card.task}\n"
    yield f"{state.card.description}\n"
    for line in table.outcome(state):
        yield f"- {line}"
    for line in grown:
        yield f"- {line}"
    yield f"\n![Return of the main run]({plots['main']})\n"
    yield "## Stages\n"
    yield from markdown_table(table.COLUMNS, table.rows(state))
    for stage in state.stages:
        yield from _stage(stage, plots)
    yield "\n## Where everything is\n"
    yield f"Store `{store}`, all under `{keys.campaign(campaign_id)}`.\n"
    checkpoints = [(str(stage.number), f"`{stage.trained.checkpoint_id}`") for stage in state.stages]
    yield from markdown_table(("stage", "checkpoint after training"), checkpoints)
    yield "\n## The campaign file\n\n```yaml"
    yield yaml.safe_dump(document.plain(state.campaign), sort_keys=False).rstrip()
    yield "```"


def _grown(records: Sequence[JournalRecord]) -> Iterator[str]:
    """Where a campaign has changed, one line each time, oldest first."""
    state = begin(records[0])
    for record in records[1:]:
        before, state = state, advance(state, record)
        if record.HasField("amended"):
            yield f"changed before stage {len(state.stages)}: {describe.growth(before.campaign, state.campaign)}"
            if before.reported is not None and state.reported is None:
                worth = describe.return_of(before.reported.evaluation)
                yield f"measured before that: {worth}, after {before.reported.env_steps:,} env_steps"


def _stage(stage: Stage, plots: dict[str, str]) -> Iterator[str]:
    yield f"\n## Stage {stage.number}: {describe.decision(stage)}\n"
    if isinstance(stage.decision, Held | RolledBack):
        yield f"{_literal(stage.decision.detail)}\n"
    if stage.diagnosis is not None:
        yield f"Phase {describe.phase(stage)}, by the critic `{stage.diagnosis.backend}`.\n"
        for finding in stage.diagnosis.findings:
            cited = ", ".join(f"`{citation.item}` = {citation.value:.4g}" for citation in finding.citations)
            yield f"- {_literal(finding.summary)} ({cited})"
    for number, each in enumerate(stage.rounds):
        yield f"\n### Round {number}\n"
        if each.validation is None:
            continue
        yield from markdown_table(
            ("candidate", "shaping", "outcome", "reason", "detail"),
            [
                (
                    candidate.name,
                    shaping,
                    enums.short_name(Outcome.DESCRIPTOR, verdict.outcome),
                    reasons.verdict(verdict.reason),
                    verdict.detail,
                )
                for candidate, shaping, verdict in zip(
                    each.candidates,
                    describe.configs([candidate.config for candidate in each.candidates]),
                    each.validation.verdicts,
                    strict=True,
                )
            ],
        )
        yield _arms_line(each.validation)
        if f"{stage.number}-{number}" in plots:
            yield f"\n![Arms of round {number}]({plots[f'{stage.number}-{number}']})"


def _arms_line(validation: Validation) -> str:
    text = f"\nControl's return {validation.control_return:.3f}"
    if validation.promoted:
        text += f", that of {validation.promoted} {validation.promoted_return:.3f}"
    return f"{text}; {validation.env_steps:,} env_steps."


def _literal(text: str) -> str:
    """A text that shows as it is: a summary may be an LLM's, a detail its server's, and neither is Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#!|~&])", r"\\\1", text)

"""`also run`: run a campaign to its end, or continue it.

With `--stay` the process outlives the campaign and keeps serving its metrics, for a platform that starts again
whatever ends, and whose Prometheus shows only what it can still scrape.
"""

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from also import document, exposition, keys
from also.campaign import spec
from also.campaign.run import run as conduct
from also.campaign.state import State
from also.campaign.watch import Watch, Watches
from also.cli import table
from also.cli.console import console
from also.cli.invoked import command
from also.cli.lines import Lines
from also.cli.options import JsonOption, StoreOption, beside, settings_with
from also.cli.screen import Screen
from also.cli.seeds import Seeded, in_turn, parse, seeded
from also.cli.together import LinesOfAll, ScreenOfAll, Show, Together, json_line, text_line
from also.cli.tracked import Tracked
from also.errors import CampaignError, ServiceError
from also.settings import Settings
from also.tracking import opening
from also.v1.journal_pb2 import JournalRecord

INTERRUPTED = 130
"""Exit code after Ctrl-C or SIGTERM."""

_SIGNAL_SECONDS = 0.2
"""How soon a process that only stays notices a signal at the latest."""


def run(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="CAMPAIGN",
            help=f"Campaign file, or one that ALSO brings: {', '.join(spec.brought())}; left out: {spec.DEFAULT}.",
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a value of the file, e.g. stages.count=3."),
    ] = None,
    store: StoreOption = None,
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="ID", help="Campaign id; left out: the name of the file.")
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            "--seeds", metavar="N|LIST", help="Run ID-s1, ID-s2, … under that many seeds, or those listed: 5, or 3,7."
        ),
    ] = None,
    parallel: Annotated[
        int | None, typer.Option("--parallel", metavar="N", min=1, help="With --seeds: campaigns at once.")
    ] = None,
    track: Annotated[
        list[str] | None,
        typer.Option(
            "--track", metavar="KIND:PLACE", help="Log beside: tensorboard:DIR, wandb:PROJECT or mlflow:http://…."
        ),
    ] = None,
    json: JsonOption = False,
    metrics_port: Annotated[
        int | None, typer.Option("--metrics-port", metavar="N", help="Serve /metrics here.")
    ] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Go on serving /metrics after the end, until SIGTERM or Ctrl-C.")
    ] = False,
) -> None:
    """Run a campaign to its end; the same command continues one that was interrupted or stopped, or that grew."""
    if stay and metrics_port is None:
        raise typer.BadParameter("--stay goes on serving /metrics, so it needs --metrics-port too")
    if parallel is not None and seeds is None:
        raise typer.BadParameter("--parallel runs several seeds at once, so it needs --seeds too")
    if (parallel or 1) > 1 and metrics_port is not None:
        raise typer.BadParameter("--metrics-port serves the metrics of one process, so it cannot go with --parallel")
    settings = beside(file, settings_with(store))
    trackers = [opening.parse(each) for each in track or []]
    numbers = parse(seeds) if seeds is not None else None
    resolved = spec.load(file, changes or [])
    campaign_id = keys.check_campaign_id(campaign) if campaign is not None else _id_of(file)
    if metrics_port is not None:
        exposition.expose(metrics_port, settings.metrics_host)  # before any journal is read: many may take minutes
    given = seeded(file, changes or [], campaign_id, numbers, settings.store) if numbers is not None else []
    output = console()
    try:
        with _interruptible():
            if given:
                arguments = _arguments(file, changes or [], track or [])
                _run_seeds(given, settings, arguments, trackers, output, parallel=parallel or 1, json=json)
            else:
                watching = _watch(output, json=json)
                with watching as watch, Tracked(watch.note, campaign_id, settings, trackers) as tracked:
                    state = conduct(resolved, campaign_id, settings, Watches(watch, tracked))
    except KeyboardInterrupt:
        print(f"interrupted; go on with: {_same_command()}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except ServiceError as error:
        raise ServiceError(f"{error}; go on with: {_same_command()}") from error
    with _asked_to_end() as asked:
        if given:
            if not json:
                again = command("compare", campaign_id, *_store_option(settings.store))
                output.print(f"compare           {again}", soft_wrap=True)
        elif state.finished is None:
            print(f"stopped; go on with: {_same_command()}", file=sys.stderr, flush=True)
        elif not json:
            _show(output, state, campaign_id, settings.store)
        while stay and not asked():
            time.sleep(_SIGNAL_SECONDS)


def _id_of(file: Path | None) -> str:
    """Campaign id of a campaign file: its name.

    Raises:
        CampaignError: the name is no campaign id.
    """
    name = spec.name_of(file)
    try:
        return keys.check_campaign_id(name)
    except CampaignError as error:
        given = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:32].strip("-") or "my-campaign"
        raise CampaignError(f"{file} names its campaign, but {error}; give it one, e.g. --campaign {given}") from None


def _run_seeds(
    given: Sequence[Seeded],
    settings: Settings,
    arguments: Sequence[str],
    trackers: Sequence[tuple[str, str]],
    output: Console,
    *,
    parallel: int,
    json: bool,
) -> None:
    """Run campaigns that differ by their seed; print the result of each that is over."""

    def tell(each: Seeded, state: State) -> None:
        if not json:
            output.print(f"{each.heading}{table.outcome(state)[0]}", soft_wrap=True)

    @contextmanager
    def watched(each: Seeded) -> Iterator[Watch]:
        watching = _watch(output, json=json, of=each)
        with watching as watch, Tracked(watch.note, each.campaign_id, settings, trackers) as tracked:
            yield Watches(watch, tracked)

    if parallel == 1:
        in_turn(given, settings, watched, tell)
        return
    with _watch_of_all(output, given, json=json) as show:
        together = Together(settings, arguments, show)
        together.run(given, parallel)
    for each in given:
        tell(each, together.states[each.seed])


def _arguments(file: Path | None, changes: Sequence[str], track: Sequence[str]) -> list[str]:
    """What follows `also run` for a campaign file, what is changed of it, and trackers."""
    given = [("--set", each) for each in changes] + [("--track", each) for each in track]
    return [*([str(file)] if file is not None else []), *(part for each in given for part in each)]


def _watch(output: Console, *, json: bool, of: Seeded | None = None) -> AbstractContextManager[Watch]:
    if json:
        return nullcontext(_JsonRecords(of))
    heading = "" if of is None else of.heading
    return Screen(output, heading=heading) if output.is_terminal else Lines(heading=heading)


def _watch_of_all(output: Console, given: Sequence[Seeded], *, json: bool) -> AbstractContextManager[Show]:
    if json:
        return nullcontext(LinesOfAll(json_line))
    return ScreenOfAll(output, given) if output.is_terminal else nullcontext(LinesOfAll(text_line))


def _show(output: Console, state: State, campaign_id: str, store: str) -> None:
    output.print(table.stages(state))
    for line in table.outcome(state):
        output.print(line, soft_wrap=True)
    assert state.finished is not None
    output.print(f"final checkpoint  {state.finished.checkpoint_id}", soft_wrap=True)
    output.print(f"checkpoints       {store}: {keys.campaign(campaign_id)}checkpoints/", soft_wrap=True)
    where = _store_option(store)
    for what, follows in (("report", ["-o", f"{campaign_id}.html"]), ("play", [])):
        output.print(f"{what:<18}{command(what, campaign_id, *follows, *where)}", soft_wrap=True)


def _store_option(store: str) -> list[str]:
    """What a command needs to find a store; nothing for the one that it finds without."""
    return [] if store == settings_with(None).store else ["--store", store]


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C and SIGTERM end what is inside; what comes while it is ending is ignored."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def _asked_to_end() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM are only taken note of inside: what is asked for is done already. Gives whether one came."""
    came: list[int] = []
    before = {
        each: signal.signal(each, lambda number, frame: came.append(number)) for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: bool(came)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _same_command() -> str:
    return command(*sys.argv[1:])


class _JsonRecords(Watch):
    """Prints the journal as JSON lines, and notes on standard error."""

    def __init__(self, of: Seeded | None = None) -> None:
        """Nothing is printed yet.

        Args:
            of: the campaign, where each line is to say whose it is.
        """
        self._of = of

    def found(self, records: Sequence[JournalRecord]) -> None:
        for record in records:
            self.record(record)

    def record(self, record: JournalRecord) -> None:
        print(document.canonical(record).decode() if self._of is None else json_line(self._of, record), flush=True)

    def waits(self, what: str) -> None:
        if what:
            print(f"waits for {what}", file=sys.stderr, flush=True)

    def note(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

"""`also judge-llm`: how an LLM does as each of the minds on recorded situations, beside baselines."""

import itertools
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from also import document, enums
from also.campaign import calls, spec
from also.campaign.processes import Services
from also.cli import judgement
from also.cli.console import console
from also.cli.options import JsonOption, settings_with
from also.cli.writing import writing
from also.errors import InputError
from also.judging import backends, moments, recorded
from also.judging.backends import Backend, Script
from also.judging.recorded import Recorded
from also.judging.scoring import Case
from also.judging.scripted import scripted_models
from also.judging.session import Session, Told
from also.v1.campaign_pb2 import Sampling
from also.v1.llm_pb2 import LlmEndpoint
from also.v1.situation_pb2 import Judgements

NAME = "judge-llm"
"""Name of the subcommand, and of the folder with its logs."""

BASELINES = ("rules", "random", "perfect", "contrary")
"""What an LLM can be judged beside: the embedded backends, and two scripts that bound the scale."""

MINDS = ("critic", "generator")
"""What an LLM can be judged as."""


def judge_llm(
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Endpoint of the LLM; left out: only baselines are judged."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Model; left out: the only one that it serves.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="How it is asked, as under `critic.llm`: temperature=0.2."),
    ] = None,
    minds: Annotated[
        list[str] | None,
        typer.Option("--mind", metavar="critic|generator", help="Judge it as this mind alone; left out: as both."),
    ] = None,
    sampling: Annotated[
        str | None, typer.Option("--sampling", metavar="list|choices", help="How it is asked for candidates.")
    ] = None,
    candidates: Annotated[
        int, typer.Option("--candidates", metavar="K", min=1, max=16, help="Candidates of a round.")
    ] = backends.CANDIDATES,
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=1, max=64, help="Times that each situation is asked about.")
    ] = 1,
    baselines: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            metavar="|".join(BASELINES),
            help="Judge this beside it; may be repeated; left out: rules and random.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID", help="Judge on this situation; may be repeated.")
    ] = None,
    screen: Annotated[
        bool,
        typer.Option(
            "--screen/--no-screen", help="Screen candidates on the recorded checkpoints, which takes longest."
        ),
    ] = True,
    parallel: Annotated[
        int, typer.Option("--parallel", metavar="N", min=1, max=64, help="Situations that are asked about at once.")
    ] = 1,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep",
            metavar="FOLDER",
            help="Folder for the store with all prompts and raw replies; what is answered there is not asked again.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Markdown file to write.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Put recorded situations with planted failures to an LLM as critic and generator, and score its answers."""
    beside = [_one_of(name, BASELINES, "--baseline") for name in baselines or ["rules", "random"]]
    as_minds = tuple(_one_of(name, MINDS, "--mind") for name in minds or MINDS)
    asked: list[Backend] = []
    if url is not None:
        endpoint = _endpoint(url, model, changes or [])
        asked = [
            backends.llm(endpoint, candidates=candidates, sampling=_how(sampling), samples=samples, minds=as_minds)
        ]
    elif model is not None or changes or sampling is not None or minds or samples > 1:
        raise InputError(
            "--model, --set, --mind, --sampling and --samples say how an LLM is asked; they go with --url only"
        )
    chosen = recorded.situations(only or [])
    if output is not None:
        _require_writable(output)
    with _folder(keep) as store, _services(store) as services:
        for each in asked:
            tried = moments.before_anything(chosen[0], each)
            for note in calls.check_backends(services, tried.campaign, tried.card):
                print(note, file=sys.stderr)
        recorded.unpack(store)
        session = Session(chosen, services, screen=screen)
        with scripted_models(session.known) as scripts:
            judged = [*asked, *(_baseline(name, scripts, candidates) for name in dict.fromkeys(beside))]
            try:
                session.prepare()
                with _progress(len(chosen) * sum(each.samples for each in judged)) as told:
                    for each in judged:
                        session.judge(each, parallel=parallel, told=told)
            except KeyboardInterrupt:
                _interrupted(session.judgements(), chosen, keep)
                raise
    judgements = session.judgements()
    if output is not None:
        with writing(output, "report "):
            output.write_text("\n".join(judgement.markdown(judgements, chosen)) + "\n", encoding="utf-8")
    if json:
        print(document.canonical(judgements).decode())
        return
    _show(console(), judgements, chosen, keep)


def _one_of(name: str, allowed: Sequence[str], option: str) -> str:
    if name not in allowed:
        raise InputError(f"{option} {name!r} is not allowed; allowed: {', '.join(allowed)}")
    return name


def _baseline(name: str, scripts: str, candidates: int) -> Backend:
    """A baseline by its name.

    Args:
        name: one of `BASELINES`.
        scripts: endpoint of the scripted models.
        candidates: candidates of a round, K.
    """
    match name:
        case "rules":
            return backends.rules(candidates)
        case "random":
            return backends.random(candidates)
        case script:
            return backends.scripted(cast(Script, script), scripts, candidates)


def _endpoint(url: str, model: str | None, changes: Sequence[str]) -> LlmEndpoint:
    """The LLM's endpoint.

    Raises:
        DocumentError: an unknown key, or a value of the wrong type.
    """
    data: dict[str, Any] = {"url": url} | ({"model": model} if model is not None else {})
    for change in changes:
        key, separator, text = change.partition("=")
        if not separator or not key:
            raise InputError(f"--set {change!r} is not allowed; key=value is expected, e.g. temperature=0.2")
        data[key] = spec.parse_yaml(text, f"--set {change!r}")
    return document.read(LlmEndpoint, data, "llm")


def _how(sampling: str | None) -> Sampling:
    if sampling is None:
        return Sampling.SAMPLING_LIST
    return cast(Sampling, enums.number(Sampling.DESCRIPTOR, sampling, "--sampling"))


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Folder for a store with the recorded checkpoints: one that is kept, or one that is removed at the end."""
    if keep is not None:
        recorded.require_own(keep)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="also-judge-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _services(store: Path) -> Services:
    """Local services over a store; those that run elsewhere do not see it."""
    settings = settings_with(str(store))
    local = replace(settings, trainer="", critic="", generator="", validator="")
    return Services(local, Path(settings.logs) / NAME, lambda text: print(text, file=sys.stderr))


@contextmanager
def _progress(total: int) -> Iterator[Told]:
    """A line on standard error for every answer, above a bar on a terminal; gives what to call with each."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("judging", total=total)
        numbers = itertools.count(1)

        def told(backend: Backend, case: Case) -> None:
            progress.update(task, advance=1)
            errors.print(f"[{next(numbers)}/{total}] {judgement.line(backend, case)}")

        yield told


def _interrupted(judgements: Judgements, chosen: Sequence[Recorded], keep: Path | None) -> None:
    """What is known so far, and how to continue."""
    errors = Console(stderr=True, markup=False)
    if judgements.judgements:
        errors.print(judgement.measures(judgements, chosen))
    again = "the same command goes on" if keep is not None else "with --keep FOLDER the same command would go on"
    errors.print(f"interrupted; {again} where this one ended", soft_wrap=True)


def _require_writable(output: Path) -> None:
    """Refuse a file that could not be written, before anything is paid for."""
    folder = next(parent for parent in output.absolute().parents if parent.exists())
    if output.is_dir():
        raise InputError(f"report {output} cannot be written: it is a folder")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"report {output} cannot be written: {folder} is not writable")


def _show(output: Console, judgements: Judgements, chosen: Sequence[Recorded], keep: Path | None) -> None:
    output.print(judgement.measures(judgements, chosen))
    output.print(judgement.modes(judgements))
    output.print(judgement.situations(judgements, chosen))
    if keep is not None:
        output.print(f"prompts and raw replies  {keep}: campaigns/*/exchanges/", soft_wrap=True)

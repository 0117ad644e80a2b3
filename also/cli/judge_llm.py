"""`also judge-llm`: how an LLM does as both minds on recorded situations, beside the embedded backends."""

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
from also.errors import InputError
from also.judging import backends, moments, recorded
from also.judging.backends import Backend
from also.judging.recorded import Recorded
from also.judging.session import judge_all
from also.v1.campaign_pb2 import Sampling
from also.v1.llm_pb2 import LlmEndpoint
from also.v1.situation_pb2 import Answer, Judgements

NAME = "judge-llm"
"""Name of the subcommand, and of the folder with its logs."""


def judge_llm(
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Endpoint of the LLM; left out: only rules and random are judged."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Model; left out: the only one that it serves.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="How it is asked, as under `critic.llm`: temperature=0.2."),
    ] = None,
    sampling: Annotated[
        str | None, typer.Option("--sampling", metavar="list|choices", help="How it is asked for candidates.")
    ] = None,
    candidates: Annotated[
        int, typer.Option("--candidates", metavar="K", min=1, max=16, help="Candidates of a round.")
    ] = backends.CANDIDATES,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID", help="Judge on this situation; may be repeated.")
    ] = None,
    parallel: Annotated[
        int, typer.Option("--parallel", metavar="N", min=1, max=64, help="Situations that are asked about at once.")
    ] = 1,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", help="New folder for the store with all prompts and raw replies."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Markdown file to write.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Put recorded situations with planted failures to an LLM as critic and generator, and score its answers."""
    judged = [backends.rules(candidates), backends.random(candidates)]
    if url is not None:
        judged.insert(
            0, backends.llm(_endpoint(url, model, changes or []), candidates=candidates, sampling=_how(sampling))
        )
    elif model is not None or changes or sampling is not None:
        raise InputError("--model, --set and --sampling say how an LLM is asked; they go with --url only")
    chosen = recorded.situations(only or [])
    if output is not None:
        _require_writable(output)
    with _folder(keep) as store, _services(store) as services:
        asked = moments.before_diagnosis(chosen[0], judged[0].critic, judged[0].generator)
        asked.campaign.ClearField("validation")
        for note in calls.check_backends(services, asked.campaign, asked.card):
            print(note, file=sys.stderr)
        recorded.unpack(store)
        with _progress(chosen, judged, shown=not json) as told:
            judgements = judge_all(chosen, judged, services, parallel=parallel, told=told)
    if output is not None:
        _write(output, judgements, chosen)
    if json:
        print(document.canonical(judgements).decode())
        return
    _show(console(), judgements, chosen, keep)


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
        recorded.require_empty(keep)
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
def _progress(chosen: Sequence[Recorded], judged: Sequence[Backend], *, shown: bool) -> Iterator[Any]:
    """Progress on standard error; gives what is to be told of every answer."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not shown, transient=True) as progress:
        task = progress.add_task("judging", total=len(chosen) * len(judged))

        def told(backend: Backend, answer: Answer) -> None:
            progress.update(task, advance=1, description=f"{backend.name}: {answer.situation}")

        yield told


def _require_writable(output: Path) -> None:
    """Refuse a file that could not be written, before anything is paid for."""
    folder = next(parent for parent in output.absolute().parents if parent.exists())
    if output.is_dir():
        raise InputError(f"report {output} cannot be written: it is a folder")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"report {output} cannot be written: {folder} is not writable")


def _write(output: Path, judgements: Judgements, chosen: Sequence[Recorded]) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text("\n".join(judgement.markdown(judgements, chosen)) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"report {output} cannot be written: {error.strerror}") from None


def _show(output: Console, judgements: Judgements, chosen: Sequence[Recorded], keep: Path | None) -> None:
    output.print(judgement.measures(judgements, chosen))
    output.print(judgement.situations(judgements, chosen))
    if keep is not None:
        output.print(f"prompts and raw replies  {keep}: campaigns/*/exchanges/", soft_wrap=True)

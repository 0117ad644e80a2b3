"""`also export`: a campaign's records in forms that other tools read."""

from pathlib import Path
from typing import Annotated

import typer

from also.campaign import dataset as datasets
from also.campaign.dataset import Dataset
from also.cli.options import StoreOption, read_journal, settings_with
from also.errors import InputError
from also.store import open_store
from also.words import counted


def export(
    campaigns: Annotated[list[str], typer.Argument(metavar="ID...", help="Campaign ids.")],
    preferences: Annotated[
        Path | None, typer.Option("--preferences", metavar="FILE", help="JSONL file of preference pairs to write.")
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset", metavar="FOLDER", help="Folder to write: pairs, rows for fine-tuning, and a dataset card."
        ),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Write what validation preferred among an LLM's candidates and diagnoses, for DPO and SFT trainers."""
    if preferences is None and dataset is None:
        raise InputError("nothing to write is named; --preferences FILE or --dataset FOLDER is needed")
    opened = open_store(settings_with(store).store, create=False)
    found = Dataset()
    for each in campaigns:
        found.add(read_journal(each, store).records, each, opened)
    if preferences is not None:
        _write_pairs(found, preferences)
        print(f"{preferences}: {counted(len(found.pairs), 'pair')}")
    if dataset is not None:
        _write_folder(found, dataset)
        print(f"{dataset}: {counted(len(found.pairs), 'pair')}, {counted(len(found.trl), 'demonstration')}")


def _write_pairs(found: Dataset, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(datasets.lines(found.pairs), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None


def _write_folder(found: Dataset, folder: Path) -> None:
    try:
        datasets.write(found, folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}") from None

"""`also export`: a trained policy, or a campaign's records, in forms that other tools read."""

import json
from pathlib import Path
from typing import Annotated

import typer

from also import document, keys
from also.campaign import calls
from also.campaign import dataset as datasets
from also.campaign.dataset import Dataset
from also.cli.chosen import OfCampaign, choose
from also.cli.options import StoreOption, read_journal, settings_with
from also.cli.waiting import told
from also.cli.writing import writing
from also.errors import InputError
from also.exporting.folder import check_free, write_whole
from also.store import open_store
from also.v1.checkpoint_pb2 import CheckpointManifest
from also.v1.trainer_pb2 import ExtractPolicyRequest
from also.words import counted


def export(
    campaigns: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="Campaign ids, with --preferences.")
    ] = None,
    preferences: Annotated[
        Path | None, typer.Option("--preferences", metavar="FILE", help="JSONL file of preference pairs to write.")
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset", metavar="FOLDER", help="Folder to write: pairs, rows for fine-tuning, and a dataset card."
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            metavar="ID",
            help="Campaign whose last policy, or checkpoint (with --campaign) whose policy is to be written.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="New folder for the policy.")
    ] = None,
    campaign: OfCampaign = None,
    store: StoreOption = None,
) -> None:
    """Write a trained policy as ONNX, safetensors and JSON; or what validation preferred, for DPO and SFT trainers."""
    data = preferences is not None or dataset is not None
    match campaigns or [], policy, output:
        case [], str(), Path() if not data:
            _policy(policy, campaign, output, store)
        case [_, *_] as given, None, None if data and campaign is None:
            _data(given, preferences, dataset, store)
        case _:
            raise InputError(
                "one thing can be exported at a time: --policy ID -o DIR [--campaign ID], or ID... with "
                "--preferences FILE, --dataset FOLDER or both"
            )


def _policy(given: str, campaign: str | None, folder: Path, store: str | None) -> None:
    """Write a policy into a new folder."""
    try:
        from safetensors.numpy import load

        from also.exporting.network import network
        from also.exporting.policy import describe
    except ModuleNotFoundError as error:
        raise InputError(f"a policy's export needs {error.name}: pip install 'also-marl[export]'") from None
    check_free(folder)
    chosen = choose(given, campaign, store)
    request = ExtractPolicyRequest(
        campaign_id=chosen.campaign_id,
        campaign=chosen.campaign,
        checkpoint_id=chosen.checkpoint_id,
        card=chosen.state.card,
    )
    with chosen.services() as services, told("asking the trainer"):
        key = calls.extract_policy(services, request)
    opened = open_store(chosen.settings.store, create=False)
    content = opened.get(key)
    tensors = load(content)
    manifest = opened.get_message(keys.checkpoint(chosen.campaign_id, chosen.checkpoint_id), CheckpointManifest)
    described = describe(
        chosen.campaign_id,
        chosen.state.campaign,
        chosen.state.card,
        chosen.checkpoint_id,
        env_steps=manifest.env_steps,
        normalises="observation_mean" in tensors,
    )
    files = {
        "policy.json": f"{json.dumps(document.plain(described), indent=2)}\n".encode(),
        "policy.safetensors": content,
        "policy.onnx": network(described, tensors).SerializeToString(deterministic=True),
    }
    write_whole(folder, files)
    print(f"{folder}: {', '.join(files)}; {counted(len(described.agents), 'agent')} of {described.task}")


def _data(campaigns: list[str], preferences: Path | None, dataset: Path | None, store: str | None) -> None:
    """Write data for trainers of LLMs: preference pairs, one a line, or a folder with all of them."""
    opened = open_store(settings_with(store).store, create=False)
    found = Dataset()
    for each in campaigns:
        found.add(read_journal(each, store).records, each, opened)
    if preferences is not None:
        with writing(preferences):
            preferences.write_text(datasets.lines(found.pairs), encoding="utf-8")
        print(f"{preferences}: {counted(len(found.pairs), 'pair')}")
    if dataset is not None:
        with writing(dataset):
            datasets.write(found, dataset)
        print(f"{dataset}: {counted(len(found.pairs), 'pair')}, {counted(len(found.trl), 'demonstration')}")

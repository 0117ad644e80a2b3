"""`also export`: a trained policy, or a campaign's records, in forms that other tools read."""

import json
from pathlib import Path
from typing import Annotated

import typer

from also import document, keys
from also.campaign import calls
from also.campaign.preferences import pairs
from also.cli.chosen import OfCampaign, choose
from also.cli.options import StoreOption, read_journal, settings_with
from also.cli.waiting import told
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
    """Write a trained policy as ONNX, safetensors and JSON; or what validation preferred, for DPO trainers."""
    match campaigns or [], preferences, policy, output:
        case [], None, str(), Path():
            _policy(policy, campaign, output, store)
        case [_, *_] as given, Path(), None, None if campaign is None:
            _preferences(given, preferences, store)
        case _:
            raise InputError(
                "one thing can be exported at a time: --policy ID -o DIR [--campaign ID], or ID... --preferences FILE"
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


def _preferences(campaigns: list[str], file: Path, store: str | None) -> None:
    """Write preference pairs, one a line."""
    opened = open_store(settings_with(store).store, create=False)
    found = [pair for each in campaigns for pair in pairs(read_journal(each, store).records, each, opened)]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{json.dumps(pair)}\n" for pair in found), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    print(f"{file}: {counted(len(found), 'pair')}")

"""From what a person names to a tracker: "tensorboard:DIR", "wandb:PROJECT" or "mlflow:URI"."""

import re
import urllib.parse
from importlib.util import find_spec
from pathlib import Path

from also import settings
from also.errors import InputError
from also.tracking.tracker import Tracker

KINDS = ("tensorboard", "wandb", "mlflow")
"""Trackers by name."""

_PROJECT = re.compile(r"([A-Za-z0-9_.-]+/)?[A-Za-z0-9_.-]{1,128}")


def parse(text: str) -> tuple[str, str]:
    """The kind of tracker and the place that "kind:place" names, checked.

    Raises:
        InputError: it is neither, or needs what is not installed.
    """
    kind, _, where = text.partition(":")
    if kind not in KINDS or not where:
        raise InputError(f"--track {text[:200]!r} is not allowed; tensorboard:DIR, wandb:PROJECT and mlflow:URI are")
    check(kind, where)
    return kind, where


def check(kind: str, where: str) -> None:
    """Accept a place that a kind of tracker can be told at.

    Raises:
        InputError: it cannot, or needs what is not installed.
    """
    match kind:
        case "tensorboard":
            if "://" in where or not where or Path(where).is_file():
                raise InputError(f"--tensorboard {where!r} is not allowed; a folder of this machine is")
        case "wandb":
            if not _PROJECT.fullmatch(where):
                raise InputError(f"--wandb {where[:200]!r} is not allowed; PROJECT or ENTITY/PROJECT is")
        case _:
            address = urllib.parse.urlsplit(where)
            if address.scheme not in ("http", "https") or not address.hostname:
                raise InputError(
                    f"--mlflow {where[:200]!r} is not allowed; the http:// or https:// address of an MLflow server is, "
                    "as `mlflow server` gives one to a folder or a database"
                )
            if address.username is not None:
                raise InputError(
                    "--mlflow takes no password in its address; MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD and "
                    "MLFLOW_TRACKING_TOKEN are read"
                )
            return
    if find_spec(kind) is None:
        raise _missing(kind, kind)


def open_tracker(kind: str, where: str) -> Tracker:
    """A tracker; nothing is sent yet.

    Args:
        kind: one of `KINDS`.
        where: the place, checked.

    Raises:
        InputError: it needs what is not installed.
    """
    try:
        return _opened(kind, where)
    except ModuleNotFoundError as error:
        raise _missing(kind, error.name) from None


def _opened(kind: str, where: str) -> Tracker:
    match kind:
        case "tensorboard":
            from also.tracking.tensorboard import TensorBoard

            return TensorBoard(Path(where))
        case "wandb":
            from also.tracking.wandb import WandB

            return WandB(where)
        case _:
            from also.tracking.mlflow import MLflow

            return MLflow(where, settings.mlflow_credentials())


def _missing(kind: str, module: str | None) -> InputError:
    return InputError(
        f"--{kind} needs {module}: pip install 'also-marl[{kind}]', or build the campaign's image with EXTRAS={kind}"
    )

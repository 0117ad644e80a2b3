"""`also log`: a campaign in TensorBoard, Weights & Biases or MLflow, from its journal."""

import sys
from typing import Annotated

import typer

from also.cli.lines import event_line
from also.cli.options import StoreOption, read_journal
from also.errors import InputError
from also.tracking.opening import KINDS, check, open_tracker
from also.tracking.tracker import follow
from also.words import counted


def log(
    campaign: Annotated[str, typer.Argument(metavar="ID", help="Campaign id.")],
    tensorboard: Annotated[
        str | None, typer.Option("--tensorboard", metavar="DIR", help="Folder that TensorBoard is shown.")
    ] = None,
    wandb: Annotated[
        str | None,
        typer.Option("--wandb", metavar="PROJECT", help="Project of W&B; with WANDB_MODE=offline into a folder."),
    ] = None,
    mlflow: Annotated[
        str | None, typer.Option("--mlflow", metavar="URI", help="MLflow's server, http://…; #NAME is the experiment.")
    ] = None,
    to_the_end: Annotated[bool, typer.Option("--follow", help="Go on until the campaign is over.")] = False,
    store: StoreOption = None,
) -> None:
    """Write a campaign into TensorBoard, W&B or MLflow; what is there already is not written twice."""
    given = [
        (kind, where) for kind, where in zip(KINDS, (tensorboard, wandb, mlflow), strict=True) if where is not None
    ]
    if len(given) != 1:
        raise InputError("one place at a time: --tensorboard DIR, --wandb PROJECT or --mlflow URI")
    ((kind, where),) = given
    check(kind, where)
    tracker = open_tracker(kind, where)
    journal = read_journal(campaign, store)
    try:
        new = follow(
            journal,
            tracker,
            event_line,
            lambda text: print(text, file=sys.stderr, flush=True),
            to_the_end=to_the_end,
        )
    finally:
        tracker.close()
    print(f"{kind}: {counted(new, 'new entry', 'new entries')} of {campaign} in {where}")

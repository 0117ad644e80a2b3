"""`also play`: a policy's best, median and worst report episode, as a GIF, a video, a page, or text."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from also import enums
from also.campaign import calls
from also.cli.chosen import WHICH, Chosen, OfCampaign, choose
from also.cli.console import console
from also.cli.extras import require
from also.cli.options import StoreOption
from also.cli.waiting import told
from also.cli.writing import writing
from also.errors import InputError
from also.showing import telling, text
from also.v1.episode_pb2 import Episode, EpisodeChoice, Frame
from also.v1.trainer_pb2 import ShowEpisodesRequest

GIF, MP4, PAGES = ".gif", ".mp4", (".html", ".htm")
"""How names of files end that can be written."""

ALL = (
    EpisodeChoice.EPISODE_CHOICE_BEST,
    EpisodeChoice.EPISODE_CHOICE_MEDIAN,
    EpisodeChoice.EPISODE_CHOICE_WORST,
)
"""The episodes that can be chosen, in the order in which they are shown."""

Shown = tuple[Episode, list[Frame]]
"""An episode and its frames."""


def play(
    policy: Annotated[str, typer.Argument(metavar="ID", help=WHICH)],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to write: .gif, .mp4 or .html; left out: text here.",
        ),
    ] = None,
    episode: Annotated[
        str | None,
        typer.Option(
            "--episode", metavar="WHICH", help="best, median or worst; left out: best, and all three in .html."
        ),
    ] = None,
    campaign: OfCampaign = None,
    store: StoreOption = None,
) -> None:
    """Show how the team plays: one of the episodes that the final report counts."""
    choices = _choices(episode, output)
    if output is not None:
        _check_output(output)
    chosen = choose(policy, campaign, store)
    legend = text.legend(chosen.state.card.task)
    if output is None and not legend:
        raise InputError(
            f"task {chosen.state.card.task!r} has no form as text, which grids have; name a file, e.g. -o episode.gif"
        )
    shown = played(chosen, choices)
    if output is None:
        _in_terminal(legend, *shown[0])
    else:
        _write(output, shown)


def played(chosen: Chosen, choices: Sequence[EpisodeChoice] = ALL) -> list[Shown]:
    """What report episodes of a policy look like; the trainer plays them, and nothing is stored.

    Raises:
        InputError: the trainer refused.
        ServiceError: it failed for good.
    """
    request = ShowEpisodesRequest(
        campaign_id=chosen.campaign_id,
        campaign=chosen.campaign,
        checkpoint_id=chosen.checkpoint_id,
        choices=choices,
        card=chosen.state.card,
    )
    with chosen.services() as services, told("playing the report episodes"):
        return calls.show_episodes(services, request)


def require_pictures() -> None:
    """Make sure that pictures can be drawn here.

    Raises:
        InputError: what draws them is not installed.
    """
    require("PIL.Image", "pictures")


def _choices(named: str | None, output: Path | None) -> list[EpisodeChoice]:
    if named is None:
        return list(ALL if output is not None and output.suffix in PAGES else ALL[:1])
    number = enums.number(EpisodeChoice.DESCRIPTOR, named, "--episode")
    return [each for each in ALL if each == number]


def _check_output(output: Path) -> None:
    """Accept a file that can be written, and is written by what is installed here.

    Raises:
        InputError: it is of another kind, or a folder, or needs what is not there.
    """
    if output.suffix not in (GIF, MP4, *PAGES):
        raise InputError(f"{output} is not allowed; the name ends in .gif, .mp4 or .html")
    if output.is_dir():
        raise InputError(f"{output} is a folder; name a file, e.g. {output / 'episode.gif'}")
    require_pictures()
    if output.suffix == MP4:
        require("av", "videos", "video")


def _write(output: Path, shown: list[Shown]) -> None:
    content = _content(output.suffix, shown)
    with writing(output):
        output.write_bytes(content)
    for episode, _ in shown:
        print(f"{telling.title(episode)}: {telling.outcome(episode)}")
    print(f"{output}: {len(content) / 1000:,.0f} kB")


def _content(suffix: str, shown: list[Shown]) -> bytes:
    """The file of a kind; what writes it is loaded where it is asked for."""
    if suffix in PAGES:
        from also.showing.page import page

        return page(shown)
    if suffix == MP4:
        from also.showing.mp4 import mp4

        return mp4(*shown[0])
    from also.showing.gif import gif

    return gif(*shown[0])


def _in_terminal(legend: str, episode: Episode, frames: list[Frame]) -> None:
    """Play as text: over itself in a terminal, state after state in a pipe."""
    output = console()
    output.print(f"{telling.title(episode)}: {telling.outcome(episode)}")
    output.print(f"{legend}\n", soft_wrap=True)
    states = []
    for number, (frame, total) in enumerate(zip(frames, telling.returns(frames), strict=True)):
        told = f"env_step {number} of {episode.env_steps}, return {total:.3g}"
        states.append(Text("\n".join([*text.lines(episode.ground, frame.scene), told, ""])))
    if not sys.stdout.isatty():
        output.print(*states, sep="\n")
        return
    with Live(console=output, auto_refresh=False) as live:
        for state in states:
            live.update(state, refresh=True)
            time.sleep(telling.frame_seconds(len(states)))

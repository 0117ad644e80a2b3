"""Progress on a terminal: stages, the step under way, arms, the main run's return, time left."""

import time
from collections.abc import Callable
from typing import Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from also import reasons
from also.cli import describe, table
from also.cli.progress import CampaignProgress
from also.v1.validator_pb2 import ValidationProgress

BARS = "▁▂▃▄▅▆▇█"
"""Levels of a sparkline."""

WIDTH = 40
"""Most characters of a sparkline or a bar."""


class Screen(CampaignProgress):
    """Shows progress on a terminal, as long as it is entered."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic, *, heading: str = "") -> None:
        """Nothing is shown yet.

        Args:
            console: the terminal.
            clock: seconds that never go back.
            heading: what the first line begins with, e.g. "seed 3 · ".
        """
        super().__init__(clock)
        self._heading = heading
        self.conductor = ""
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console, get_renderable=self._render, refresh_per_second=4, transient=True, redirect_stderr=False
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def _render(self) -> RenderableType:
        state = self.state
        if state is None:
            self._spinner.update(text=f"{self._heading}starting the services")
            return self._spinner
        parts: list[RenderableType] = [Text(f"{self._heading}{state.card.task} · {self._spent()}", style="bold")]
        if state.stages:
            parts.append(table.stages(state))
        self._spinner.update(text=describe.step(state))
        parts.append(self._spinner)
        if self.main is not None:
            parts.append(_bar(self.main.env_steps, self.main.env_steps_planned, "training"))
        if self.validation_progress is not None:
            now = self.validation_progress
            parts.append(_bar(now.env_steps, now.env_steps_planned, describe.validation_phase(now)))
            parts.append(_arms(now))
        if self.returns:
            parts.append(Text(f"return     {sparkline(self.returns)} {self.returns[-1]:.3f} (training, shaping off)"))
        for run, (env_steps, progress) in self.beside.items():
            parts.append(Text(f"{run:<10} {env_steps:,} env_steps, return {progress.mean_return:.3f}"))
        if self.waiting is not None:
            what, seconds = self.waiting
            parts.append(Text(f"waits for {what} ({describe.duration(seconds)})", style="yellow"))
        if self.conductor:
            parts.append(Text(f"conductor  {self.conductor}"))
        if self.last_note:
            parts.append(Text(self.last_note, style="yellow"))
        return Group(*parts)

    def _spent(self) -> str:
        left = self.seconds_left
        ending = f" · {describe.time_left(left, self.asked)}" if left is not None else ""
        return f"{self.env_steps:,} env_steps · {describe.duration(self.elapsed_seconds)}{ending}"


def sparkline(values: list[float]) -> str:
    """The last values as bars between the smallest and the largest of them."""
    shown = values[-WIDTH:]
    low, high = min(shown), max(shown)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((value - low) * scale)] for value in shown)


def _bar(done: int, planned: int, label: str) -> RenderableType:
    line = Table.grid(padding=(0, 1))
    line.add_row(ProgressBar(total=max(planned, 1), completed=done, width=WIDTH), label)
    return line


def _arms(progress: ValidationProgress) -> Table:
    shown = Table(box=box.SIMPLE_HEAD)
    for column in ("arm", "branches", "return", "milestones", "out because"):
        shown.add_column(column)
    for arm in progress.arms:
        measured = arm.branches > 0
        shown.add_row(
            arm.arm,
            str(arm.branches),
            f"{arm.mean_return:.3f}" if measured else describe.NOTHING,
            f"{arm.milestone_score:.3f}" if measured else describe.NOTHING,
            reasons.verdict(arm.reason) if arm.reason else "",
        )
    return shown

"""Cells, run so many at once: what is stored is left alone, what fails is told and leaves the others running."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from also import document
from also.campaign.state import State
from also.comparing.costs import costs
from also.comparing.curve import area, curve
from also.errors import AlsoError
from also.v1.shaping_pb2 import ShapingConfig
from benchmarks.commits import described, last_change
from benchmarks.machine import machine
from benchmarks.study import cell as cells
from benchmarks.study import first_candidate
from benchmarks.study.cell import Cell
from benchmarks.study.critical_path import critical_path
from benchmarks.study.result import FIRST_CANDIDATES, Result, Results
from benchmarks.study.running import RunFailed, Runs, used

SOURCES = ("also", "examples")
"""What a campaign runs: a cell is of the last commit that changed one of these."""


class Study:
    """The study as far as it has come, and what it takes to go on."""

    def __init__(self, results: Results, folder: Path, *, parallel: int, reuse: Sequence[str] = ()) -> None:
        """Nothing runs yet.

        Args:
            results: where results are kept.
            folder: where campaigns keep their stores and logs.
            parallel: campaigns at once.
            reuse: methods whose results of another commit will do where the campaign file is the same.
        """
        self._results = results
        self._folder = folder
        self._parallel = parallel
        self._reuse = reuse
        self._runs = Runs(parallel=parallel)

    def carry_out(self, wanted: Iterable[Cell], tell: Callable[[str], None]) -> list[str]:
        """Run all cells that are not stored.

        Args:
            wanted: the cells, in the order in which they begin.
            tell: told of every cell that is over, one line.

        Returns:
            What failed, one line a cell.

        Raises:
            KeyboardInterrupt: the study was asked to end; what ran has ended then.
        """
        failed: list[str] = []
        with ThreadPoolExecutor(self._parallel) as pool:
            futures: dict[Future[str], Cell] = {pool.submit(self._one, cell): cell for cell in wanted}
            try:
                for future in as_completed(futures):
                    try:
                        tell(f"{futures[future].name}: {future.result()}")
                    except AlsoError as error:
                        failed.append(f"{futures[future].name}: {error}")
                        tell(failed[-1])
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._runs.stop()
                raise
        return failed

    def _one(self, cell: Cell) -> str:
        """Run a cell unless it is stored; what came of it, in words.

        Raises:
            RunFailed: its campaign did not come to its end, or what it runs was changed meanwhile.
            Stopped: the study was asked to end.
        """
        commit = last_change(*SOURCES)
        first = self._first_candidate(cell, commit) if cell.needs_first_candidate else None
        data = cell.file(first)
        name = cells.key(data, commit)
        for stored in self._results.find(cell.task.name, cell.method.name, cell.seed):
            same_file = stored.written == cells.digest(data)
            if stored.key == name or (same_file and cell.method.name in self._reuse):
                return f"stored, of {stored.commit}"
        folder = self._folder / cell.task.name / cell.method.name / f"seed-{cell.seed}-{name}"
        state = self._runs.carry_out(data, folder)
        if last_change(*SOURCES) != commit:
            raise RunFailed(f"the sources changed while it ran; it began under {commit} ({folder})")
        result = self._result(cell, data, state, commit, folder)
        self._results.add(result)
        return f"{result.final_return:.3f} after {result.env_steps:,} env_steps"

    def _first_candidate(self, cell: Cell, commit: str) -> ShapingConfig | None:
        data = cell.file_of_first_stage()
        name = cells.key(data, commit)
        kept = self._results.first_candidate(cell.task.name, cell.seed, name)
        if kept is None:
            folder = self._folder / cell.task.name / FIRST_CANDIDATES / f"seed-{cell.seed}-{name}"
            found = first_candidate.of(self._runs.carry_out(data, folder))
            self._results.add_first_candidate(cell.task.name, cell.seed, name, commit, found)
            return found
        return kept[0]

    def _result(self, cell: Cell, data: dict[str, object], state: State, commit: str, folder: Path) -> Result:
        assert state.reported is not None
        evaluation, budget = state.reported.evaluation, cells.whole_updates(cell.budget, data)
        segments = curve(state, budget)
        took = used(folder)
        return Result(
            environment=cell.task.environment,
            task=cell.task.name,
            method=cell.method.name,
            seed=cell.seed,
            budget=budget,
            commit=commit,
            checkout=described(),
            key=cells.key(data, commit),
            written=cells.digest(data),
            campaign=document.plain(state.campaign),
            machine=machine(),
            torch=metadata.version("torch"),
            parallel=self._parallel,
            smallest_return=state.card.smallest_return,
            largest_return=state.card.largest_return,
            final_return=evaluation.returns.mean,
            final_low=evaluation.return_low,
            final_high=evaluation.return_high,
            success_rate=evaluation.success_rate,
            episodes=evaluation.returns.count,
            area=area(segments, budget),
            **asdict(costs(state)),
            critical_path=critical_path(state),
            **asdict(took),
            curve=tuple(segments),
        )

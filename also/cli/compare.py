"""`also compare`: results of groups of campaigns, side by side."""

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from also.cli.console import console
from also.cli.extras import require
from also.cli.options import JsonOption, StoreOption, settings_with
from also.cli.writing import writing
from also.errors import InputError
from also.store import open_store

if TYPE_CHECKING:
    from also.comparing.comparison import Comparison

FORMS = (".md", ".json", ".png")
"""How names of files end that can be written."""


def compare(
    groups: Annotated[
        list[str],
        typer.Argument(
            metavar="GROUP...",
            help="A campaign; ID of `also run --seeds`, for all ID-sN; or a list with a name, e.g. mine=a,b,c.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="File to write: .md, .json, or .png for the curves."),
    ] = None,
    marl_eval: Annotated[
        Path | None, typer.Option("--marl-eval", metavar="FILE", help="Write every run as marl-eval's JSON, too.")
    ] = None,
    json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Compare campaigns of one task: returns with intervals over seeds, who is better, and what it cost."""
    for file in (output, marl_eval):
        if file is not None:
            _check_output(file, FORMS if file is output else (".json",))
    require("numpy", "comparisons")
    from also.comparing.comparison import compare as compared
    from also.comparing.figures import figures
    from also.comparing.groups import read_groups
    from also.comparing.marl_eval import check_seeds

    found = compared(read_groups(open_store(settings_with(store).store, create=False), groups))
    if marl_eval is not None:
        check_seeds(found)
    if json:
        print(json_text.dumps(figures(found), allow_nan=False))
    else:
        _show(console(), found)
    written = [file for file in (output, marl_eval) if file is not None]
    for file in written:
        with writing(file):
            _write(file, found, is_marl_eval=file is marl_eval)
    if written and not json:
        print(f"written: {', '.join(map(str, written))}")


def _check_output(file: Path, forms: tuple[str, ...]) -> None:
    """Accept a file that can be written, by what is installed here.

    Raises:
        InputError: it is of another kind, or a folder, or needs what is not there.
    """
    if file.suffix not in forms:
        raise InputError(f"{file} is not allowed; the name ends in {' or '.join(forms)}")
    if file.is_dir():
        raise InputError(f"{file} is a folder; name a file, e.g. {file / f'comparison{forms[0]}'}")
    if file.suffix == ".png":
        require("matplotlib", "curves")


def _write(file: Path, comparison: "Comparison", *, is_marl_eval: bool) -> None:
    from also.comparing import tables
    from also.comparing.curve import curve
    from also.comparing.figures import figures
    from also.comparing.marl_eval import marl_eval

    if is_marl_eval or file.suffix == ".json":
        data = marl_eval(comparison) if is_marl_eval else figures(comparison)
        file.write_text(json_text.dumps(data, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    elif file.suffix == ".md":
        file.write_text(tables.markdown(comparison), encoding="utf-8")
    else:
        from also.comparing import plots  # matplotlib takes a second to import

        lines = []
        for row in comparison.rows:
            runs, end = row.group.runs, max(each.env_steps for each in row.costs)
            curves, finals = [curve(run.state, end) for run in runs], [run.final_return for run in runs]
            lines.append(plots.Line(name=row.group.name, curves=curves, finals=finals, env_steps=end))
        plots.curves(lines, comparison.env_steps, comparison.task, file)


def _show(output: Console, comparison: "Comparison") -> None:
    from also.comparing import tables

    columns, *rows = (_stacked(cells) for cells in (tables.COLUMNS, *tables.rows(comparison)))
    output.print(_table(tables.title(comparison), columns, rows))
    if comparison.pairs:
        output.print(_table("how probable it is that a run is better", tables.PAIR_COLUMNS, tables.pairs(comparison)))
    if comparison.settings:
        names = [row.group.name for row in comparison.rows]
        output.print(_table("in what the campaign files differ", ("setting", *names), tables.settings(comparison)))
    output.print(f"areas end at {comparison.env_steps:,} env_steps, branches included", soft_wrap=True)
    for note in comparison.notes:
        output.print(f"note: {note}", soft_wrap=True)


def _stacked(cells: tuple[str, ...]) -> tuple[str, ...]:
    """The cells of `tables.COLUMNS`, two of them in one but for success, so that a row fits a narrow terminal."""
    group, seeds, final, area, success, *rest = cells
    env_steps, branches, promotions, llm = rest
    return f"{group}\n{seeds}", f"{final}\n{area}", success, f"{env_steps}\n{branches}", f"{promotions}\n{llm}"


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap="return" in column)  # an interval stays in one line
    for cells in rows:
        shown.add_row(*cells)
    return shown

"""The `also` command: one module a subcommand.

Exit codes: 0 done, 1 something failed (a service, a check, a replay that differs), 2 the input is
wrong and nothing was written, 130 interrupted. Errors are one line on standard error.
"""

import io
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from also import __version__
from also.cli import (
    compare,
    delete,
    doctor,
    evaluate,
    export,
    init,
    judge_llm,
    log,
    play,
    replay,
    report,
    review,
    run,
    status,
    stop,
    tasks,
    watch,
)
from also.errors import AlsoError, InputError, MissingObjectError

app = typer.Typer(
    name="also",
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def also(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show ALSO's version.")] = False,
) -> None:
    """Train cooperative multi-agent policies; change the learning signal only where it measurably helps."""
    if version:
        print(f"ALSO {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


PANELS = {
    "Run": (init.init, tasks.tasks, run.run, stop.stop, review.approve, review.reject, delete.delete),
    "Look": (status.status, watch.watch, report.report, compare.compare, log.log),
    "Take away": (play.play, evaluate.evaluate, export.export),
    "Check": (doctor.doctor, replay.replay, judge_llm.judge_llm),
}
"""Subcommands, as `also --help` groups them."""

for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit.

    Args:
        arguments: what follows `also`; None takes the process's own.
    """
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(errors="replace")  # a dash that a locale has not is no reason to stop a campaign
    try:
        code = app(arguments, prog_name="also", standalone_mode=False)
    except typer.TyperException as error:
        code = _say(error, 2)
    except (InputError, MissingObjectError) as error:
        code = _say(error, 2)
    except AlsoError as error:
        code = _say(error, 1)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    sys.exit(code)


def _say(error: Exception, code: int) -> int:
    text = error.format_message() if isinstance(error, typer.BadParameter) else str(error)
    print(f"error: {' '.join(text.split())}", file=sys.stderr)
    return code

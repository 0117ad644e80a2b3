"""Which line of a user's code an exception came from, or a worker stands in.

The innermost frame says little where it lies in Python's own library or in an installed package. So the user's
line is the innermost one outside both; then one of an installed package; then any that is not ALSO's.
"""

import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

_HERE = Path(__file__).absolute().parent.parent

_INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]")
_LIBRARY = re.compile(r"[/\\]lib(64)?[/\\]python\d\.\d+[/\\]")

_DUMPED = re.compile(r'^ +File "(?P<file>.+)", line (?P<line>\d+) in (?P<function>.+)$')


class StackFrame(NamedTuple):
    """A line of code in execution."""

    file: str
    """Path of its file."""
    line: int
    """Number of the line, from 1."""
    function: str
    """Name of the function."""

    def __str__(self) -> str:
        path, here = Path(self.file), Path.cwd()
        shown = path.relative_to(here) if here in path.parents else path
        return f"{shown}:{self.line} in {self.function}"


def users_frame(frames: Sequence[StackFrame]) -> StackFrame | None:
    """The user's line among frames, innermost first; None where all are ALSO's."""
    foreign = [each for each in frames if not _is_ours(each.file) and not each.file.startswith("<")]
    own = [each for each in foreign if not _INSTALLED.search(each.file) and not _LIBRARY.search(each.file)]
    installed = [each for each in foreign if _INSTALLED.search(each.file)]
    return next(iter([*own, *installed, *foreign]), None)


def raised_at(error: BaseException) -> StackFrame | None:
    """The user's line that an exception came from, in whichever interpreter."""
    if isinstance(getattr(error, "place", None), StackFrame):
        return error.place  # type: ignore[attr-defined,no-any-return]
    if isinstance(error, SyntaxError) and error.filename:
        return StackFrame(error.filename, error.lineno or 0, "its source")
    frames = [
        StackFrame(each.filename, each.lineno or 0, each.name) for each in traceback.extract_tb(error.__traceback__)
    ]
    return users_frame(frames[::-1])


def innermost(error: BaseException) -> StackFrame:
    """The line that raised an exception, whoever's it is."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return StackFrame(last.filename, last.lineno or 0, last.name)


def dumped_at(lines: Sequence[str]) -> StackFrame | None:
    """The user's line in what `faulthandler` wrote: of the thread that ALSO's worker runs in, which calls user code."""
    threads: list[list[StackFrame]] = []
    for line in lines:
        found = _DUMPED.match(line)
        if found and threads:
            threads[-1].append(StackFrame(found["file"], int(found["line"]), found["function"]))
        elif not found:
            threads.append([])
    main = [frames for frames in threads if frames and _is_ours(frames[-1].file) and frames[-1].function == "<module>"]
    return users_frame(next(iter(main), [frame for frames in threads for frame in frames]))


def print_traceback(error: BaseException) -> None:
    """Write an exception with the user's frames to standard error.

    One of another interpreter has been written there.
    """
    if not hasattr(error, "place"):
        print(traceback_of(error), end="", file=sys.stderr)


def traceback_of(error: BaseException) -> str:
    """An exception with the user's frames: those of ALSO's that led there are left out.

    Of another interpreter it has what came over: the type, the text, and the user's line.
    """
    if hasattr(error, "place"):
        at = f'  File "{error.place.file}", line {error.place.line}, in {error.place.function}\n' if error.place else ""
        return f"Traceback in the task's own interpreter:\n{at}{type(error).__name__}: {error}\n"
    frames: TracebackType | None = error.__traceback__
    while frames is not None and frames.tb_next is not None and _is_ours(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def _is_ours(file: str) -> bool:
    return _HERE in Path(file).parents

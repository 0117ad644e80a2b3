"""An environment that lives in another Python interpreter (`task.python`), as an object like any other.

A worker starts the interpreter when it first needs it and asks it over a socket (`foreign.process`): attributes are
read and methods called there, so whoever has the object need not know. An exception comes back under its own name;
when the interpreter dies the worker dies in the same way, and the trainer tells how.
"""

import atexit
import contextlib
import faulthandler
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from gymnasium import spaces

from also.errors import TaskError
from also.services.trainer.tasks.foreign import wire
from also.services.trainer.tasks.import_path import describe_error, folders_searched, missing_module, missing_name
from also.services.trainer.tasks.parallel.frames import StackFrame, users_frame
from also.services.trainer.tasks.parallel.place import PLACE
from also.services.trainer.tasks.parallel.sources import is_watching
from also.v1.task_pb2 import Task

END_SECONDS = 5.0
"""How long an interpreter whose connection is closed gets until it has ended by itself."""


class ForeignError(Exception):
    """An exception in the other interpreter; a subclass has its name there."""

    place: StackFrame | None = None
    """The user's line that it came from."""


def interpreter_of(task: Task, folder: str) -> str:
    """Absolute path of a task's interpreter.

    Args:
        task: the task; its `python` is not empty.
        folder: folder of the campaign file; empty where none is known.

    Raises:
        TaskError: there is none, or it cannot be executed.
    """
    given = Path(task.python).expanduser()
    tried = [given.absolute()] + ([Path(folder) / given] if folder and not given.is_absolute() else [])
    for path in tried:
        if path.is_file():
            if not os.access(path, os.X_OK):
                raise TaskError(f"task {task.name!r}: task.python {task.python!r}: {path} cannot be executed")
            return str(path)
    looked = " or ".join(map(str, tried))
    raise TaskError(
        f"task {task.name!r}: task.python {task.python!r} is not there: {looked}; a Python interpreter is expected, "
        "such as venv/bin/python"
    )


def resolve_foreign(task: Task) -> Callable[..., Any]:
    """The function that a task's import path names, in the task's own interpreter.

    Raises:
        TaskError: the interpreter cannot be used; or the module is missing or raises, or has no such function.
    """
    module, function = task.name.split(":")
    interpreter = _interpreter(task.name, task.python)
    try:
        found, held = interpreter.ask("import", task.name, folders_searched())
    except ForeignError as error:
        raise TaskError(f"task {task.name!r}: importing {module!r} raised {describe_error(error)}") from error
    if found == "module":
        raise missing_module(task.name, held, task.python)
    if found != "found":
        raise missing_name(task.name, module, function, found)
    return interpreter.function(held)


def foreign_sources(task: Task) -> tuple[list[str], list[str]]:
    """What a trial rests on in the task's own interpreter: paths that were opened for reading, and of loaded modules.

    Both are absolute, and empty if the task has no interpreter of its own.
    """
    if not task.python:
        return [], []
    opened, modules = _interpreter(task.name, task.python).ask("sources")
    return opened, modules


class _Interpreter:
    """The other interpreter, and the connection to it."""

    def __init__(self, name: str, python: str) -> None:
        """Start it; errors begin with the task's name.

        Raises:
            TaskError: it does not start, or cannot run an environment.
        """
        PLACE.enter(f"starting {python}")
        ours, theirs = socket.socketpair()
        script = str(Path(__file__).absolute().with_name("process.py"))
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [python, "-u", script, "--socket", str(theirs.fileno()), *(["--watch"] if is_watching() else [])],
                    stdin=subprocess.PIPE,
                    pass_fds=(theirs.fileno(),),
                )
            except OSError as error:
                raise TaskError(f"task {name!r}: task.python {python!r} does not start: {error.strerror}") from None
        PLACE.lent_to(self._process.pid)
        self._connection = ours
        self._stream = ours.makefile("rwb")
        atexit.register(self._end)
        line = self._stream.readline()
        if not line:
            code = self._process.wait()
            raise TaskError(
                f"task {name!r}: task.python {python!r} ended with exit code {code} at once; "
                "Python 3.8 or later with NumPy is needed; the log says more"
            )
        hello = json.loads(line)
        if hello["missing"]:
            raise TaskError(
                f"task {name!r}: task.python {python!r} (Python {hello['python']}) cannot run an environment: "
                f"{hello['missing']}; it needs NumPy, beside what the environment needs"
            )

    def ask(self, *request: Any) -> Any:
        """Have something done there; its value.

        Raises:
            ForeignError: it raised there.
        """
        try:
            wire.send(self._stream, request)
            outcome, *found = wire.receive(self._stream, self._rebuild)
        except (EOFError, OSError):
            self._die()
        if outcome == "raised":
            raise _raised(*found)
        return found[0]

    def function(self, held: "ForeignObject") -> Callable[..., Any]:
        """A function that is held there."""
        number = held.number_there

        def call(**arguments: Any) -> Any:
            return self.ask("call", number, None, [], arguments)

        return call

    def _end(self) -> None:
        """Let it close what it has, and end; when it does not, end it."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _rebuild(self, kind: str, parts: list[Any]) -> Any:
        if kind == "space":
            return _space(*parts)
        number, module, name = parts
        return type(name.split(".")[-1], (ForeignObject,), {"__module__": module})(self, number)

    def _die(self) -> NoReturn:
        """The interpreter is gone: end as it did."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        code = self._process.returncode
        sys.stderr.flush()
        if code is not None and code < 0:
            faulthandler.disable()
            if -code not in (signal.SIGKILL, signal.SIGSTOP):
                signal.signal(-code, signal.SIG_DFL)
            os.kill(os.getpid(), -code)
        os._exit(1 if code is None else code)


class ForeignObject:
    """What a function returned there."""

    def __init__(self, interpreter: _Interpreter, number: int) -> None:
        self.number_there = number
        self._interpreter = interpreter
        self._methods: dict[str, Callable[..., Any]] = {}

    def __getattr__(self, name: str) -> Any:
        """An attribute of the object there.

        Raises:
            AttributeError: it has no such attribute.
            ForeignError: reading it raises there.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._methods:
            return self._methods[name]
        found, *value = self._interpreter.ask("get", self.number_there, name)
        if found == "missing":
            raise AttributeError(name)
        if found == "method":
            return self._methods.setdefault(name, self._method(name))
        return value[0]

    def _method(self, name: str) -> Callable[..., Any]:
        interpreter, number = self._interpreter, self.number_there

        def call(*args: Any, **kwargs: Any) -> Any:
            value = interpreter.ask("call", number, name, list(args), kwargs)
            if name in ("reset", "step"):
                value, self.__dict__["agents"] = value
            return value

        return call


@cache
def _interpreter(name: str, python: str) -> _Interpreter:
    """The one interpreter of this process."""
    return _Interpreter(name, python)


def _raised(kind: str, text: str, frames: list[list[Any]]) -> ForeignError:
    error: ForeignError = type(kind, (ForeignError,), {})(text)
    error.place = users_frame([StackFrame(*each) for each in frames])
    return error


def _space(kind: str, *parts: Any) -> Any:
    """One of Gymnasium's spaces."""
    match kind:
        case "Box":
            low, high, dtype = parts
            return spaces.Box(low, high, dtype=np.dtype(dtype).type)
        case "Discrete":
            return spaces.Discrete(parts[0], start=parts[1])
        case "MultiDiscrete":
            return spaces.MultiDiscrete(parts[0])
        case "MultiBinary":
            return spaces.MultiBinary(parts[0])
        case "Dict":
            return spaces.Dict(parts[0])
        case _:
            return spaces.Tuple(parts[0])

"""The end of `task.python` that runs in another Python interpreter: started by its path.

It imports the user's module there and lends what is in it to the worker that has started it: functions are
called, and objects are held and named by number (`wire`). It needs NumPy and Python 3.8 or later, and nothing
else: neither ALSO nor Gymnasium nor PyTorch is imported, so the files of ALSO that it needs are loaded by path.

A process has random generators only once, so each object gets states of its own (`parallel.dice`): they are put in
place whenever its code runs, and seeded with its episode.
"""

from __future__ import annotations

import argparse
import collections.abc
import ctypes
import faulthandler
import importlib
import importlib.util
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__" and sys.path and Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    del sys.path[0]  # the user's modules are not in this folder


def _load(path: str) -> Any:
    """A module by its path from the folder of tasks, under a name that no module of the user's has."""
    file = Path(__file__).parent.parent / path
    spec = importlib.util.spec_from_file_location(f"_also_{file.stem}", file)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_MISSING = ""
if TYPE_CHECKING:
    from also.services.trainer.tasks.foreign import wire
    from also.services.trainer.tasks.parallel import dice
else:
    try:
        wire, dice = _load("foreign/wire.py"), _load("parallel/dice.py")
    except ImportError as _error:
        _MISSING = str(_error)

FRAMES = signal.SIGUSR2
"""Signal at which the frames of all threads are written to standard error."""

ORPHAN_SECONDS = 3.0
"""How long objects get to close when the worker is gone."""

SPACES = ("observation_space", "action_space", "observation_spaces", "action_spaces")
"""Attributes and methods whose values are spaces."""

_opened: set[str] | None = None
"""Paths that were opened for reading since the start; None where nobody asks for them."""

_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class Lender:
    """The objects of this process that are lent."""

    def __init__(self) -> None:
        """Nothing is lent yet."""
        self._held: dict[int, Any] = {}
        self._lent = 0
        self._dice: dict[int, dice.Dice] = {}
        self._open: dict[int, Any] = {}

    def answer(self, request: Any) -> tuple[bool, Any]:
        """What becomes of a request: (whether its value may hold spaces, the value)."""
        do, *given = request
        if do == "import":
            return False, self._import(*given)
        if do == "sources":
            return False, _sources()
        if do == "get":
            number, name = given
            return name in SPACES, self._get(number, name)
        number, name, args, kwargs = given
        owner = self._held[number]
        called = owner if name is None else getattr(owner, name)
        seed = 0 if name is None else kwargs.get("seed") if name == "reset" else None
        if seed is not None:
            self._dice[number] = dice.Dice(seed)
        own = self._dice.get(number)
        if own is not None:
            own.put_in_place()
        try:
            result = called(*args, **kwargs)
        finally:
            if own is not None:
                own.take_back()
            if name == "close":
                self._forget(owner)
        if name is None:
            held = self._hold(result)
            self._open[held.number] = result
            return False, held
        if name in ("reset", "step"):
            return False, [_without_objects(result), self._agents(number)]
        return name in SPACES, result

    def held(self, request: Any, value: Any) -> Any:
        """What is sent of an attribute, or of a space, that cannot be carried: of what class it is."""
        return ["value", self._hold(value[1])] if request[0] == "get" else self._hold(value)

    def close(self) -> None:
        """Close what was not closed."""
        for each in list(self._open.values()):
            try:
                if hasattr(each, "close"):
                    each.close()
            except Exception:
                traceback.print_exc()

    def _import(self, name: str, folders: list[str]) -> list[Any]:
        """The function that an import path names, held; or what is missing, and what of it."""
        sys.path[:] = dict.fromkeys([*folders, *(folder for folder in sys.path if folder)])
        module_name, function_name = name.split(":")
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is not None and (module_name + ".").startswith(error.name + "."):
                return ["module", error.name]
            raise
        function = getattr(module, function_name, None)
        if not callable(function):
            return ["attribute" if function is None else "function", function_name]
        return ["found", self._hold(function)]

    def _get(self, number: int, name: str) -> list[Any]:
        """An attribute: whether it is there, whether it is a method, and its value where it can be carried."""
        try:
            value = getattr(self._held.get(number), name)
        except AttributeError:
            return ["missing"]
        if callable(value):
            return ["method"]
        if name == "unwrapped":
            return ["value", self._hold(value)]
        return ["value", value]

    def _agents(self, number: int) -> list[Any] | None:
        """Its agents now, or what reading them raises."""
        agents = getattr(self._held[number], "agents", None)
        return agents if agents is None else list(agents)

    def _hold(self, value: Any) -> wire.Held:
        number = next((number for number, each in self._held.items() if each is value), self._lent)
        self._lent = max(self._lent, number + 1)
        self._held[number] = value
        return wire.Held(number, value)

    def _forget(self, owner: Any) -> None:
        """Hold an object that was closed no longer, nor what it wraps."""
        inner = getattr(owner, "unwrapped", None)
        for number in [number for number, each in self._held.items() if each is owner or each is inner]:
            for kept in (self._held, self._dice, self._open):
                kept.pop(number, None)


def _without_objects(result: Any) -> Any:
    """What `reset` or `step` returned, its infos without all that nobody reads: action masks stay."""
    if not isinstance(result, (tuple, list)) or len(result) not in (2, 5):
        return result
    *parts, infos = result
    if not isinstance(infos, collections.abc.Mapping):
        return result
    masks = {agent: _mask(info) for agent, info in infos.items()}
    return (*parts, masks)


def _mask(info: Any) -> Any:
    if isinstance(info, collections.abc.Mapping):
        return {"action_mask": info["action_mask"]} if info.get("action_mask") is not None else {}
    return None


def _sources() -> list[list[str]]:
    """Paths that were opened for reading so far, and those of the loaded modules; from now on nobody looks."""
    global _opened
    opened, _opened = sorted(_opened or ()), None
    modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return [opened, [str(Path(path).absolute()) for path in modules if isinstance(path, str)]]


def _hear(event: str, details: tuple[Any, ...]) -> None:
    if _opened is None or event != "open":
        return
    path, mode, flags = details
    if not isinstance(path, (str, bytes, os.PathLike)):
        return
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & os.O_ACCMODE)
    if not writes:
        _opened.add(str(Path(os.fsdecode(path)).absolute()))


def told(error: BaseException) -> list[Any]:
    """An exception: class, text, and its frames from the innermost, each (file, line, function); it is printed too."""
    frames, ours = error.__traceback__, (__file__, wire.__file__)
    while frames is not None and frames.tb_next is not None and frames.tb_frame.f_code.co_filename in ours:
        frames = frames.tb_next
    traceback.print_exception(type(error), error, frames)
    found = [[each.filename, each.lineno or 0, each.name] for each in traceback.extract_tb(frames)][::-1]
    if isinstance(error, SyntaxError) and error.filename:
        found = [[error.filename, error.lineno or 0, "its source"]]
    return [type(error).__name__, str(error), found]


def main() -> None:
    """Answer the worker until it is gone."""
    parser = argparse.ArgumentParser(prog="foreign_process")
    parser.add_argument("--socket", type=int, required=True, help="descriptor of the socket to the worker")
    parser.add_argument("--watch", action="store_true", help="remember which files are opened for reading")
    parsed = parser.parse_args()
    if parsed.watch:
        global _opened
        _opened = set()
        sys.addaudithook(_hear)
    faulthandler.enable()
    faulthandler.register(FRAMES, all_threads=True)
    threading.Thread(target=_hold_lifeline, name="lifeline", daemon=True).start()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)  # should C code hold the interpreter's lock
    with socket.socket(fileno=parsed.socket) as connection, connection.makefile("rwb") as stream:
        stream.write(json.dumps({"python": sys.version.split()[0], "missing": _MISSING}).encode() + b"\n")
        stream.flush()
        if _MISSING:
            return
        lender = Lender()
        while True:
            try:
                request = wire.receive(stream, lambda kind, parts: None)
            except (EOFError, OSError):
                break
            try:
                spaces, value = lender.answer(request)
                try:
                    wire.send(stream, ["done", value], spaces)
                except TypeError:
                    if not spaces and request[0] != "get":
                        raise
                    wire.send(stream, ["done", lender.held(request, value)])
            except (BrokenPipeError, ConnectionError):
                break
            except (Exception, SystemExit) as error:
                wire.send(stream, ["raised", *told(error)])
        lender.close()


def _hold_lifeline() -> None:
    """End this process when its standard input closes, should it not end by itself."""
    while os.read(0, 4096):
        pass
    time.sleep(ORPHAN_SECONDS)
    os._exit(75)


if __name__ == "__main__":
    main()
    sys.exit(0)

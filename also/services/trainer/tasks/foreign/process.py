"""The end of `task.python` that runs in another Python interpreter: this file alone, by its path.

It imports the user's module there and lends what is in it to the worker that has started it: functions are
called, objects are held and named by number, spaces and arrays are carried over a socket as JSON and bytes. It
needs NumPy and Python 3.8 or later, and nothing else: neither ALSO nor Gymnasium nor PyTorch is imported.

What a process has only once, the states of its random generators, each object gets of its own: they are put in
place whenever its code runs, and seeded with its episode.
"""

from __future__ import annotations

import argparse
import collections.abc
import ctypes
import faulthandler
import importlib
import json
import os
import random
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

if __name__ == "__main__" and sys.path and Path(sys.path[0]).resolve() == Path(__file__).resolve().parent:
    del sys.path[0]  # where this file lies nothing of the user's is

try:
    import numpy as np
except ImportError as _error:
    _MISSING = str(_error)
else:
    _MISSING = ""

FRAMES = signal.SIGUSR2
"""Signal at which the frames of all threads are written to standard error."""

ORPHAN_SECONDS = 3.0
"""How long objects get to close when the worker is gone."""

SPACES = ("observation_space", "action_space", "observation_spaces", "action_spaces")
"""Attributes and methods whose values are spaces."""

_opened: set[str] | None = None
"""Paths that were opened for reading since the start; None where nobody asks for them."""

_LENGTHS = struct.Struct("!II")
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


def send(stream: Any, value: Any, spaces: bool = False) -> None:
    """Write a value: plain data, dicts with any keys, tuples, arrays; where `spaces`, spaces of any package too.

    Raises:
        TypeError: it holds something else.
    """
    buffers: list[bytes] = []
    plain = json.dumps(_plain(value, buffers, spaces)).encode()
    body = b"".join(buffers)
    stream.write(_LENGTHS.pack(len(plain), len(body)) + plain + body)
    stream.flush()


def receive(stream: Any, rebuild: Callable[[str, list[Any]], Any]) -> Any:
    """Read a value.

    Args:
        stream: where from.
        rebuild: makes what is wanted of a held object's (number, module, class), or of a space's parts.

    Raises:
        EOFError: nothing more will come.
    """
    head = stream.read(_LENGTHS.size)
    if len(head) < _LENGTHS.size:
        raise EOFError
    plain, body = _LENGTHS.unpack(head)
    content = stream.read(plain + body)
    if len(content) < plain + body:
        raise EOFError
    return _value(json.loads(content[:plain]), memoryview(content)[plain:], rebuild)


class Held:
    """An object that stays where it is; its number is sent."""

    def __init__(self, number: int, value: Any) -> None:
        """Name an object by a number."""
        self.number, self.kind = number, (type(value).__module__, type(value).__qualname__)


def _plain(value: Any, buffers: list[bytes], spaces: bool) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Held):
        return {"held": [value.number, *value.kind]}
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.hasobject:
            raise TypeError(f"an array of Python objects cannot be carried over: {value!r:.80}")
        buffers.append(array.tobytes())
        return {"array": [array.dtype.str, array.shape]}
    if isinstance(value, (bool, int, float, str)):
        return _plain(next(kind for kind in (bool, int, float, str) if isinstance(value, kind))(value), buffers, spaces)
    if spaces and not isinstance(value, (dict, list, tuple)):
        found = _space(value)
        if found is not None:
            return {"space": [found[0], *(_plain(part, buffers, True) for part in found[1:])]}
    if isinstance(value, collections.abc.Mapping):
        return {"dict": [[_plain(key, buffers, False), _plain(part, buffers, spaces)] for key, part in value.items()]}
    if isinstance(value, collections.abc.Collection) and not isinstance(value, (bytes, bytearray)):
        kind = "tuple" if isinstance(value, tuple) else "set" if isinstance(value, (set, frozenset)) else "list"
        return {kind: [_plain(part, buffers, spaces) for part in value]}
    raise TypeError(f"a {type(value).__module__}.{type(value).__qualname__} cannot be carried over: {value!r:.80}")


def _value(plain: Any, body: memoryview, rebuild: Callable[[str, list[Any]], Any]) -> Any:
    """The value of plain data; arrays are taken from the body in order, so it is followed depth first."""
    offset = 0

    def build(each: Any) -> Any:
        nonlocal offset
        if not isinstance(each, dict):
            return each
        ((kind, given),) = each.items()
        if kind == "array":
            dtype, shape = np.dtype(given[0]), tuple(given[1])
            count = int(np.prod(shape, dtype=np.int64))
            array = np.frombuffer(body, dtype, count, offset).reshape(shape).copy()
            offset += count * dtype.itemsize
            return array[()] if array.ndim == 0 else array
        if kind == "dict":
            return {build(key): build(part) for key, part in given}
        if kind in ("list", "tuple", "set"):
            return {"list": list, "tuple": tuple, "set": set}[kind]([build(part) for part in given])
        return rebuild(kind, [build(part) for part in given])

    return build(plain)


def _space(space: Any) -> tuple[Any, ...] | None:
    """Name and parts of a space, told by what it has, whatever package it is of; None for what is no space."""
    parts = getattr(space, "spaces", None)
    if isinstance(parts, collections.abc.Mapping):
        return "Dict", dict(parts)
    if isinstance(parts, (list, tuple)):
        return "Tuple", list(parts)
    if hasattr(space, "low") and hasattr(space, "high"):
        dtype = np.dtype(getattr(space, "dtype", None) or np.float32)
        shape = getattr(space, "shape", None)
        low, high = np.asarray(space.low, dtype), np.asarray(space.high, dtype)
        if shape is not None:
            low, high = np.broadcast_to(low, shape), np.broadcast_to(high, shape)
        return "Box", low, high, dtype.str
    if hasattr(space, "nvec"):
        return "MultiDiscrete", np.asarray(space.nvec)
    if hasattr(space, "n"):
        shape = getattr(space, "shape", None)
        if shape:
            return "MultiBinary", list(shape)
        return "Discrete", int(space.n), int(getattr(space, "start", 0))
    return None


class Lender:
    """The objects of this process that are lent."""

    def __init__(self) -> None:
        """Nothing is lent yet."""
        self._held: dict[int, Any] = {}
        self._lent = 0
        self._dice: dict[int, Any] = {}
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
        try:
            with _Dice(self._dice, number, seed):
                result = called(*args, **kwargs)
        finally:
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

    def _hold(self, value: Any) -> Held:
        number = next((number for number, each in self._held.items() if each is value), self._lent)
        self._lent = max(self._lent, number + 1)
        self._held[number] = value
        return Held(number, value)

    def _forget(self, owner: Any) -> None:
        """Hold an object that was closed no longer, nor what it wraps."""
        inner = getattr(owner, "unwrapped", None)
        for number in [number for number, each in self._held.items() if each is owner or each is inner]:
            for kept in (self._held, self._dice, self._open):
                kept.pop(number, None)


class _Dice:
    """Inside, the generators that this process has only once are those of one object."""

    def __init__(self, kept: dict[int, Any], number: int, seed: int | None) -> None:
        self._kept, self._number = kept, number
        if seed is not None:
            kept[number] = random.Random(seed).getstate(), np.random.RandomState(seed % 2**32).get_state(), seed

    def __enter__(self) -> None:
        if self._number not in self._kept:
            return
        python, numpy, torch = self._kept[self._number]
        random.setstate(python)
        np.random.set_state(numpy)
        if _torch() is not None:
            (_torch().manual_seed if isinstance(torch, int) else _torch().set_state)(torch)

    def __exit__(self, *_: object) -> None:
        if self._number in self._kept:
            torch = self._kept[self._number][2] if _torch() is None else _torch().get_state()
            self._kept[self._number] = random.getstate(), np.random.get_state(), torch


def _torch() -> Any:
    """PyTorch's generator, if somebody has loaded PyTorch."""
    return getattr(sys.modules.get("torch"), "default_generator", None)


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
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None and frames.tb_frame.f_code.co_filename == __file__:
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
        lender = Lender()
        while True:
            try:
                request = receive(stream, lambda kind, parts: None)
            except (EOFError, OSError):
                break
            try:
                spaces, value = lender.answer(request)
                try:
                    send(stream, ["done", value], spaces)
                except TypeError:
                    if not spaces and request[0] != "get":
                        raise
                    send(stream, ["done", lender.held(request, value)])
            except (BrokenPipeError, ConnectionError):
                break
            except (Exception, SystemExit) as error:
                send(stream, ["raised", *told(error)])
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

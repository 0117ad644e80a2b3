"""`also doctor`: whether this machine can run campaigns."""

import importlib.metadata
import importlib.util
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

import also
from also import lifeline, settings
from also.campaign import calls
from also.campaign.processes import Services
from also.cli.options import settings_with
from also.errors import AlsoError, InputError
from also.judging import backends, moments, recorded
from also.settings import child_environment, seen_in_shell
from also.store import open_store, probe_listing, probe_race
from also.v1.llm_pb2 import LlmEndpoint
from also.words import counted

NEEDED = ("grpcio", "protobuf", "obstore", "torch", "numpy", "safetensors", "pettingzoo", "matplotlib", "rich", "typer")
"""Distributions that `also run` needs on this machine."""

_ROUNDS = 20
"""Races of a store."""

_TELL_SECONDS = 2.0
"""How often it is said that a store is at work."""

_DEVICE_SECONDS = 120
"""How long it may take to load PyTorch and look for a GPU."""


def doctor(
    store: Annotated[
        str | None, typer.Option("--store", metavar="URI", help="Also probe this store; left out: a temporary folder.")
    ] = None,
    llm: Annotated[
        str | None,
        typer.Option(
            "--llm", metavar="URL", help="Also ask this LLM both minds' largest questions; it may take minutes."
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Model of that LLM; left out: the only one it serves.")
    ] = None,
) -> None:
    """Check versions, ports and the store's create-if-absent; exit with 1 when something fails."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("python", platform.python_version),
        *((name, partial(importlib.metadata.version, name)) for name in NEEDED),
        ("settings", _settings),
        ("services", _services),
        ("threads", _threads),
        ("device", _device),
        ("port", _port),
        ("store", partial(_store, store)),
    ]
    if llm is not None:
        checks.append(("llm", partial(_llm, llm, model or "")))
    elif model is not None:
        raise InputError("--model names the model of an LLM; it goes with --llm only")
    failed = 0
    print(f"ALSO {also.__version__}")
    for name, check in checks:
        if name == "llm":
            print(f"        llm: {llm} is asked ...", file=sys.stderr, flush=True)
        if name == "store" and store is not None:
            print(f"        store: {store} is tried ...", file=sys.stderr, flush=True)
        try:
            print(f"ok      {name}: {check()}")
        except (AlsoError, OSError, ImportError, ValueError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"failed  {name}: {error or type(error).__name__}")
    for name, fate in seen_in_shell():
        print(f"ok      {name} is set: {fate}")
    raise typer.Exit(1 if failed else 0)


def _settings() -> str:
    given = settings.from_environment()
    return f"those of ALSO_… can be used; branches are {given.launcher}"


def _services() -> str:
    names = ("trainer", "critic", "generator", "validator")
    for name in names:
        if importlib.util.find_spec(f"also.services.{name}.service") is None:
            raise ImportError(f"also.services.{name} is not installed")
    return ", ".join(names)


def _threads() -> str:
    return f"{counted(os.cpu_count() or 1, 'core')}; services take one thread each for tensors"


def _device() -> str:
    """What the trainer says: torch is not for this process."""
    command = lifeline.command_of("also.services.trainer.device")
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, timeout=_DEVICE_SECONDS)
    if done.returncode != 0:
        raise OSError(
            f"the trainer cannot look for one: {(done.stderr.strip().splitlines() or ['it says nothing'])[-1]}"
        )
    return f"the trainer takes {done.stdout.strip()}"


def _port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1 has free ones, e.g. {server.getsockname()[1]}"


def _llm(url: str, model: str) -> str:
    """Ask an LLM the largest questions of a recorded campaign, by the minds' own services."""
    asked = backends.llm(LlmEndpoint(url=url, model=model))
    moment, *_ = recorded.situations()
    state = moments.before_anything(moment, asked)
    with tempfile.TemporaryDirectory(prefix="also-doctor-") as folder:
        given = replace(settings.from_environment(), store=folder, critic="", generator="")
        with Services(given, Path(folder) / "logs", lambda _: None) as services:
            services.start(["critic", "generator"])
            notes = calls.check_backends(services, state.campaign, state.card)
    return "; ".join([f"{url} answers what critic and generator may ask", *notes])


def _store(uri: str | None) -> str:
    if uri is not None:
        return f"{uri}: {_proven(settings_with(uri).store)}"
    with tempfile.TemporaryDirectory(prefix="also-doctor-") as folder:
        return f"a local folder: {_proven(folder)}"


def _proven(uri: str) -> str:
    """Try all that a campaign needs of a store, and say on standard error how far that is: it may take minutes."""
    began = told = time.monotonic()
    store = open_store(uri)
    probe_listing(store)

    def say(done: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            print(f"        store: race {done} of {_ROUNDS}, {told - began:.0f} s so far", file=sys.stderr, flush=True)

    probe_race(store, rounds=_ROUNDS, told=say)
    return "it refuses what is there, lists rightly, and has one winner in every race of 16 writers"

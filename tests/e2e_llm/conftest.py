"""Real LLM servers on this machine's CPU, each with a tiny model of random weights: vLLM, and llama.cpp's.

What the models say is noise. The protocol, the grammar that a reply is held to, the counts of tokens and the errors
are the servers' own, and they are what our code rests on. `make e2e-llm` builds the servers' environments and names
their interpreters in ALSO_E2E_VLLM and ALSO_E2E_LLAMA_CPP. The first test that wants `llm_server` waits for its start,
half a minute on two idle cores, so a module that uses it gives itself more time.
ALSO_E2E_MODEL names a GGUF that llama.cpp's server serves in place of the tiny model; vLLM's tests are skipped then.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from tools.loopback import MORTAL, free_port

START_SECONDS = 480
"""How long the server may take to come up, on a machine that is busy with other things."""

END_SECONDS = 30
"""How long it may take to end when it is asked to."""

NO_NETWORK = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
"""Environment in which neither the tiny model nor the server asks anything of the network."""

CONTEXT = 32_768
"""Longest prompt and reply together, in tokens."""

FLAGS = (
    "--dtype=bfloat16",
    f"--max-model-len={CONTEXT}",
    "--enforce-eager",  # compiling takes longer than it saves
    "--enable-prefix-caching",
    # A prompt that is read in several parts, with a seed, ends vLLM 0.32 on a CPU: "CPU Generator does not use offset".
    "--no-enable-chunked-prefill",
    f"--max-num-batched-tokens={CONTEXT}",
    '--structured-outputs-config={"backend":"xgrammar","disable_any_whitespace":true}',
)


LLAMA_CPP_CONTEXT = 16_384
"""Longest prompt and reply together at llama.cpp's server, in tokens; a tiny tokenizer makes a third more of a text."""

SLOTS = 2
"""Choices that llama.cpp's server gives in one call at most: fewer than candidates are asked for."""

OMP = {"GOMP_SPINCOUNT": "0", "OMP_WAIT_POLICY": "passive"}
"""Environment in which llama.cpp's threads wait without taking the cores from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmServer:
    """A server that answers."""

    root: str
    """Where the server's own paths are, e.g. `/metrics`: http://127.0.0.1:PORT."""
    model: str
    """Name of the model that it serves."""
    context_tokens: int
    """Longest prompt and reply together, in tokens."""
    choices: int
    """Choices that it gives in one call at most."""
    log: Path
    """What it has printed."""
    python: Path
    """Interpreter that it runs under."""
    process: subprocess.Popen[bytes]
    """The server; it leads the process group of everything that it has started."""

    @property
    def url(self) -> str:
        """Root of the OpenAI protocol: http://127.0.0.1:PORT/v1."""
        return f"{self.root}/v1"


@pytest.fixture(scope="session")
def vllm_python() -> Path:
    """The interpreter of an environment with vLLM."""
    named = os.environ.get("ALSO_E2E_VLLM", "")
    if os.environ.get("ALSO_E2E_MODEL"):
        pytest.skip("MODEL names a GGUF, which llama.cpp's server serves; vLLM's tests are of the tiny model")
    if not named:
        pytest.skip("ALSO_E2E_VLLM names no interpreter with vLLM: `make e2e-llm` builds one and runs these tests")
    return Path(named)


@pytest.fixture(scope="session")
def tiny_model(vllm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that is the same each time, as long as the repository's documents are."""
    folder = tmp_path_factory.mktemp("tiny_model")
    made = subprocess.run(
        [vllm_python, Path(__file__).with_name("tiny_model.py"), folder],
        env=os.environ | NO_NETWORK,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def llm_server(vllm_python: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlmServer]:
    """The server, for all tests of a session; nothing of it outlives them but its log."""
    port = free_port()
    command = [vllm_python, "-m", "vllm.entrypoints.cli.main", "serve", tiny_model, "--served-model-name=tiny"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # a short path: sockets are made in it
        environment = (
            NO_NETWORK
            | dict.fromkeys(("TMPDIR", "VLLM_CACHE_ROOT", "VLLM_CONFIG_ROOT", "TORCHINDUCTOR_CACHE_DIR"), folder)
            | {"VLLM_CPU_KVCACHE_SPACE": "1"}  # GiB: a million tokens of this model
        )
        log = tmp_path_factory.mktemp("llm_server") / "log"
        with served([*command, "--host=127.0.0.1", f"--port={port}", *FLAGS], environment, log) as process:
            give_way(process)
            yield answering(process, port, log, context_tokens=CONTEXT, choices=64, python=vllm_python)


@pytest.fixture(scope="session")
def llama_cpp_python() -> Path:
    """The interpreter of an environment with llama.cpp's server."""
    named = os.environ.get("ALSO_E2E_LLAMA_CPP", "")
    if not named:
        pytest.skip("ALSO_E2E_LLAMA_CPP names no interpreter with xllamacpp: `make e2e-llm` builds one")
    return Path(named)


@pytest.fixture(scope="session")
def gguf(llama_cpp_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that llama.cpp's server serves: the one that is named, or a tiny one."""
    if named := os.environ.get("ALSO_E2E_MODEL", ""):
        assert Path(named).is_file(), f"MODEL={named} is no file"
        return Path(named)
    file = tmp_path_factory.mktemp("tiny_gguf") / "tiny.gguf"
    made = subprocess.run(
        [llama_cpp_python, Path(__file__).with_name("tiny_gguf.py"), file], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    return file


@pytest.fixture(scope="session")
def llama_cpp_server(
    llama_cpp_python: Path, gguf: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LlmServer]:
    """llama.cpp's server, for all tests of a session; nothing of it outlives them but its log."""
    port = free_port()
    script = Path(__file__).with_name("llama_cpp_server.py")
    command = [llama_cpp_python, script, gguf, "tiny", str(port), str(LLAMA_CPP_CONTEXT), str(SLOTS)]
    log = tmp_path_factory.mktemp("llama_cpp_server") / "log"
    with served(command, OMP, log) as process:
        yield answering(process, port, log, context_tokens=LLAMA_CPP_CONTEXT, choices=SLOTS, python=llama_cpp_python)


@contextmanager
def served(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A server's process, in a group of its own, which ends with the block; it prints into the log."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*MORTAL, *command],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            end_group(process)


def answering(
    process: subprocess.Popen[bytes], port: int, log: Path, *, context_tokens: int, choices: int, python: Path
) -> LlmServer:
    """The server of a process, once it answers; fails where it does not."""
    root = f"http://127.0.0.1:{port}"
    wait_until_healthy(root, process, log)
    return LlmServer(
        root=root,
        model="tiny",
        context_tokens=context_tokens,
        choices=choices,
        log=log,
        python=python,
        process=process,
    )


def give_way(process: subprocess.Popen[bytes]) -> None:
    """Give everything else on the machine the larger share; without autogroups in the kernel there is nothing to do.

    A busy vLLM polls with `sched_yield` on two cores, and Linux 6.18 then leaves programs of other sessions 2 to 10 %.
    """
    with suppress(OSError):
        Path(f"/proc/{process.pid}/autogroup").write_text("5", encoding="utf-8")  # a nice value


def wait_until_healthy(root: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with the end of its log when it has ended, or is too slow."""
    deadline = time.monotonic() + START_SECONDS
    with httpx2.Client(trust_env=False) as client:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if client.get(f"{root}/health").is_success:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.5)
    state = f"did not answer within {START_SECONDS} s" if process.poll() is None else f"ended with {process.returncode}"
    tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])
    pytest.fail(f"the LLM server {state}; the end of {log}:\n{tail}", pytrace=False)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the server and everything that it has started: asked first, then killed."""
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"the LLM server did not end within {END_SECONDS} s and is killed", file=sys.stderr)
    with suppress(ProcessLookupError):  # nobody is left
        os.killpg(process.pid, signal.SIGKILL)

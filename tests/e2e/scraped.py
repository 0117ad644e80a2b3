"""A real Prometheus on loopback, and processes of ALSO that it scrapes; all of them end with the block."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from also import lifeline, rpc
from tools import loopback
from tools.loopback import free_ports

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}/*.yaml"]
scrape_configs:
  - job_name: also
    static_configs: [{{targets: [{targets}]}}]
"""


class Scraped:
    """A Prometheus that scrapes a fixed number of ports, whoever comes to serve on them."""

    def __init__(self, stack: ExitStack, binary: str, folder: Path, *, rules: Path, ports: int) -> None:
        """Start it, and wait until it is ready.

        Args:
            stack: what ends all processes.
            binary: the Prometheus.
            folder: for its samples and logs, and those of the processes.
            rules: folder of its rules.
            ports: how many ports it scrapes.
        """
        self._stack, self._folder = stack, folder
        self._free = free_ports(ports)
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in self._free)
        config = CONFIG.format(rules=rules, targets=targets)
        self.url = stack.enter_context(loopback.prometheus(binary, config, folder))

    def port(self) -> str:
        """A port that is scraped, and that nobody has been given before."""
        return str(self._free.pop())

    def service(self, name: str, **environment: str) -> str:
        """Start a service of ALSO that is scraped, and give its address."""
        process = self.start_service(name, **environment)
        word, address = process.stdout.readline().decode().split()
        assert word == rpc.READY
        return address

    def start_service(self, name: str, **environment: str) -> lifeline.Process:
        """Start a service of ALSO that is scraped."""
        process = lifeline.spawn(
            f"also.services.{name}",
            ["--address", "127.0.0.1:0", "--metrics-port", self.port()],
            log=self._folder / f"{name}.log",
            stdout=subprocess.PIPE,
            environment=environment,
        )
        self._stack.callback(lifeline.end, [process])
        self._stack.enter_context(process.stdout)
        return process

    def command(self, name: str, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a module of ours that is scraped; its output is in NAME.log."""
        log = self._stack.enter_context((self._folder / f"{name}.log").open("wb"))
        command = [sys.executable, "-m", name, *arguments, "--metrics-port", self.port()]
        return self._start(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ | environment)

    def _start(self, command, **how) -> "subprocess.Popen[bytes]":
        process = self._stack.enter_context(subprocess.Popen(command, stdin=subprocess.DEVNULL, **how))
        self._stack.callback(_end, process)
        return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, and kill it when it does not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()

"""A service as a process: its arguments, its readiness, its exit codes."""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from also import errors, exposition, process, rpc
from also.v1 import critic_pb2, critic_pb2_grpc, diagnosis_pb2, evidence_pb2, task_pb2

MINUTE = 60.0

SERVICE = """
import threading
from also import process
from also.v1 import critic_pb2, critic_pb2_grpc, diagnosis_pb2

parsed = process.arguments("slow")

class Critic(critic_pb2_grpc.CriticServiceServicer):
    def Diagnose(self, request, context):
        print("called", flush=True)
        threading.Event().wait(1.0)
        return critic_pb2.DiagnoseResponse(diagnosis=diagnosis_pb2.Diagnosis(backend="slow"))

process.serve(lambda server: critic_pb2_grpc.add_CriticServiceServicer_to_server(Critic(), server), parsed)
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Starts the service above with arguments."""
    (tmp_path / "slow_service.py").write_text(SERVICE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    started = []

    def start(*arguments):
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "slow_service", *arguments]
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for service in started:
        service.kill()
        service.communicate()


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def address_of(service):
    """The address that a service says it can be called at."""
    word, address = service.stdout.readline().split()
    assert word == rpc.READY
    return address


@pytest.mark.slow
def test_a_service_tells_its_address_and_its_health(start):
    """With port 0 a free port is taken and printed; health checks answer SERVING."""
    address = address_of(start("--address", "127.0.0.1:0"))
    assert int(address.rpartition(":")[2]) > 0
    with rpc.connect(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=MINUTE)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_service_tells_when_it_is_ready_and_when_it_ends(start, monkeypatch, log_format):
    """Once each, a line in the format that is asked for, with its name and its address."""
    monkeypatch.setenv("ALSO_LOG_FORMAT", log_format)
    service = start()
    address = address_of(service)
    service.terminate()
    _, said = service.communicate()
    if log_format == "json":
        lines = [json.loads(line) for line in said.splitlines()]
    else:
        lines = [dict(part.split("=") for part in line.split()) for line in said.splitlines()]
    assert [(line["process"], line["event"]) for line in lines] == [("slow", "ServiceReady"), ("slow", "ServiceEnded")]
    assert lines[0]["address"] == address


def test_a_format_that_is_not_allowed_is_bad_input(start, monkeypatch):
    """One line, and exit code 2."""
    monkeypatch.setenv("ALSO_LOG_FORMAT", "xml")
    service = start()
    assert service.communicate() == ("", "error: ALSO_LOG_FORMAT is 'xml'; allowed: text, json\n")
    assert service.returncode == process.BAD_INPUT


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_service_drains_when_it_is_asked_to_end(start, number):
    """A call that is under way is answered, then the process exits with code 0."""
    service = start()
    request = critic_pb2.DiagnoseRequest(
        campaign_id="a",
        card=task_pb2.TaskCard(task="foraging/x", agents=["a"], action_space=task_pb2.ActionSpace(size=2)),
        evidence=[evidence_pb2.Evidence()],
    )
    with rpc.connect(address_of(service)) as channel:
        answer = critic_pb2_grpc.CriticServiceStub(channel).Diagnose.future(request, timeout=MINUTE)
        assert service.stdout.readline() == "called\n"
        service.send_signal(number)
        assert answer.result().diagnosis == diagnosis_pb2.Diagnosis(backend="slow")
    assert service.wait() == 0


def test_a_service_ends_with_its_lifeline(start):
    """A service that was started with a lifeline ends when its standard input closes."""
    service = start("--lifeline")
    address_of(service)
    service.stdin.close()
    service.stdin = None
    assert service.wait() == 75


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--address", "--metrics-port"])
def test_a_port_in_use_is_bad_input(start, taken, flag):
    """One line says which port; the exit code is 2."""
    service = start(flag, f"127.0.0.1:{taken}" if flag == "--address" else str(taken))
    output, complaint = service.communicate()
    assert service.returncode == process.BAD_INPUT
    assert output == ""
    assert [line for line in complaint.splitlines() if line.startswith("error: ") and str(taken) in line]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--adress", "x"], ["--metrics-port", "many"], ["--address", "nowhere"]])
def test_wrong_arguments_are_bad_input(start, arguments):
    """What cannot be understood is named, and the exit code is 2."""
    service = start(*arguments)
    _, complaint = service.communicate()
    assert service.returncode == process.BAD_INPUT
    assert arguments[-1] in complaint


def test_metrics_are_served():
    """Every declared metric is on /metrics, with its meaning."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    exposition.expose(port, "127.0.0.1")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    assert "# HELP also_env_steps_total env_steps trained by this process." in text
    assert "# TYPE grpc_server_handling_seconds histogram" in text


def test_metrics_are_served_to_both_families():
    """`::` is every address of this machine: a pod of IPv6, of IPv4 or of both is scraped by the one that it has."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with socket.create_server(("::", 0), family=socket.AF_INET6) as listener:
        port = listener.getsockname()[1]
    exposition.expose(port, "::")
    for host in ("[::1]", "127.0.0.1"):
        with urllib.request.urlopen(f"http://{host}:{port}/metrics") as answer:
            assert b"also_build_info" in answer.read()


WITHOUT_IPV6 = """
import ctypes, struct, sys, urllib.request
from also import errors, exposition

# Linux's seccomp: socket(AF_INET6, ...) fails with EAFNOSUPPORT, as where the kernel was started without IPv6.
load, equal, give = 0x20, 0x15, 0x06
filters = [
    (load, 0, 0, 0), (equal, 0, 3, 41),  # the number of socket() on x86-64
    (load, 0, 0, 16), (equal, 0, 1, 10), (give, 0, 0, 0x00050000 | 97),
    (give, 0, 0, 0x7FFF0000),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in filters))
program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(filters), ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()

exposition.expose(int(sys.argv[1]), "::")
with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/metrics") as answer:
    assert b"also_build_info" in answer.read()
try:
    exposition.expose(int(sys.argv[1]), "::1")
except errors.AddressError as error:
    print(error)
"""


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the filter is Linux's on x86-64")
def test_metrics_are_served_where_the_kernel_knows_no_ipv6():
    """A node that was started with `ipv6.disable=1` has no such sockets; its pods are scraped by IPv4."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = subprocess.run([sys.executable, "-c", WITHOUT_IPV6, str(port)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert f"metrics port {port} on ::1 cannot be used" in done.stdout


@pytest.mark.parametrize("port", [-1, 65536])
def test_an_impossible_metrics_port_is_refused(port):
    """A port is in [0, 65535]."""
    with pytest.raises(errors.AddressError, match=f"metrics port {port} on 127.0.0.1 cannot be used"):
        exposition.expose(port, "127.0.0.1")

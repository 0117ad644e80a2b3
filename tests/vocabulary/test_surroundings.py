"""What a user's shell sets for other programs keeps ALSO's processes neither from each other nor from their work."""

import json
import subprocess
import sys

import pytest

from also import surroundings
from also.settings import child_environment
from tools.loopback import free_port, served
from tools.lossy_proxy import lossy

NOWHERE = "http://127.0.0.1:9"
"""A proxy that is not there."""

OUT = [
    "GRPC_ADDRESS_HTTP_PROXY",
    "GRPC_EXPERIMENTS",
    "GRPC_POLL_STRATEGY",
    "GOMP_CPU_AFFINITY",
    "KMP_AFFINITY",
    "MKL_NUM_THREADS",
    "MPLBACKEND",
    "OMP_PROC_BIND",
    "OMP_THREAD_LIMIT",
    "OPENAI_BASE_URL",
    "PROMETHEUS_MULTIPROC_DIR",
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
    "PYTHONINSPECT",
    "PYTHONOPTIMIZE",
    "PYTHONWARNINGS",
    "grpc_proxy",
    "no_grpc_proxy",
]

CALL = """
import also.__main__
from also import rpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
import sys
stub = health_pb2_grpc.HealthStub(rpc.connect(sys.argv[1]))
print(rpc.call(stub.Check, health_pb2.HealthCheckRequest(), seconds=60).status)
"""


def started(program, *arguments, **environment):
    """A program run by an interpreter of its own, with variables set as a shell does."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**child_environment(), **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", OUT)
def test_what_is_for_others_is_taken_out(name):
    """No such variable reaches a process of ours; one that only looks like it does."""
    assert surroundings.without({name: "1", f"MY_{name}": "1", "PATH": "/bin"}) == {f"MY_{name}": "1", "PATH": "/bin"}
    assert [found for found, _ in surroundings.seen({name: "1", "PATH": "/bin"})] == [name]


@pytest.mark.parametrize(
    "name", ["ATEN_CPU_CAPABILITY", "CUDA_VISIBLE_DEVICES", "PYTHONPATH", "GRPC_TRACE", "TZ", "LC_ALL"]
)
def test_what_is_for_us_stays(name):
    """What a user says to ALSO's processes by a library's own variable is heeded."""
    assert surroundings.without({name: "1"}) == {name: "1"}


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_no_proxy_is_asked_for_this_machine(name):
    """With any proxy, both spellings of NO_PROXY name loopback besides what they named; without, nothing changes."""
    ours = surroundings.without({name: NOWHERE, "NO_PROXY": "a.example, 10.0.0.0/8", "no_proxy": "b.example"})
    hosts = "b.example,a.example,10.0.0.0/8,localhost,127.0.0.1,::1"
    assert ours == {name: NOWHERE, "NO_PROXY": hosts, "no_proxy": hosts}
    assert surroundings.without({"NO_PROXY": "a.example"}) == {"NO_PROXY": "a.example"}
    assert surroundings.without({name: NOWHERE, "no_proxy": "*"})["NO_PROXY"] == "*"


def test_certificates_that_are_gone_are_none(tmp_path):
    """A stale SSL_CERT_FILE, with which no client of httpx2 could be made, is left out; one that is there stays."""
    there = tmp_path / "ca.pem"
    there.write_text("")
    assert surroundings.without({"SSL_CERT_FILE": str(tmp_path / "gone"), "SSL_CERT_DIR": ""}) == {}
    assert surroundings.without({"SSL_CERT_FILE": str(there)}) == {"SSL_CERT_FILE": str(there)}


@pytest.mark.slow
def test_a_socks_proxy_is_not_asked():
    """A proxy for which httpx2 would need another package is left out, and that is told; an LLM here is reached."""
    given = {"ALL_PROXY": "socks5://127.0.0.1:9", "https_proxy": "SOCKS5h://host:1", "HTTP_PROXY": NOWHERE}
    assert surroundings.without(given).keys() == {"HTTP_PROXY", "no_proxy", "NO_PROXY"}
    told = dict(surroundings.seen(given))
    assert told["ALL_PROXY"] == told["https_proxy"] == "not heeded: HTTP proxies alone are asked"
    done = started("import also.__main__, httpx2; httpx2.AsyncClient()", **given)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["http_proxy", "https_proxy", "grpc_proxy", "HTTPS_PROXY", "ALL_PROXY", "GRPC_ADDRESS_HTTP_PROXY"]
)
def test_services_are_called_directly_whatever_proxy_is_set(name):
    """gRPC reaches a service on this machine, whatever variable names a proxy, and even where none are excepted."""
    from grpc_health.v1 import health, health_pb2, health_pb2_grpc

    checks = health.HealthServicer()
    checks.set("", health_pb2.HealthCheckResponse.SERVING)
    extra = {"GRPC_ADDRESS_HTTP_PROXY_ENABLED_ADDRESSES": "127.0.0.0/8"} if name.startswith("GRPC") else {}
    value = NOWHERE.removeprefix("http://") if name.startswith("GRPC") else NOWHERE
    with served(lambda server: health_pb2_grpc.add_HealthServicer_to_server(checks, server)) as address:
        done = started(CALL, address, **{name: value}, **extra)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


@pytest.mark.slow
def test_a_service_starts_in_the_worst_of_shells(tmp_path):
    """A process on a lifeline says that it is ready, and answers, with everything set that could stop it."""
    program = """
import also.__main__, sys
from pathlib import Path
from also import lifeline
import subprocess
log = Path(sys.argv[1])
process = lifeline.spawn("also.services.critic", ["--address", "127.0.0.1:0"], log=log, stdout=subprocess.PIPE)
print(process.stdout.readline().decode().split()[0])
lifeline.end([process])
"""
    worst = {
        "PYTHONINSPECT": "1",
        "PYTHONOPTIMIZE": "2",
        "PYTHONIOENCODING": "ascii",
        "LC_ALL": "POSIX",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "none"),
        "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python",
        "SSL_CERT_FILE": str(tmp_path / "none"),
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "OMP_DISPLAY_ENV": "true",
        "MKL_VERBOSE": "1",
    }
    done = started(program, str(tmp_path / "log"), **worst, OMP_PROC_BIND="true")
    assert (done.returncode, done.stdout) == (0, "also-ready\n"), done.stderr + (tmp_path / "log").read_text()


@pytest.mark.slow
def test_doctor_tells_what_is_set_for_others(tmp_path):
    """Each variable that was found is named with what becomes of it."""
    program = "from also.__main__ import main; main(['doctor'])"
    done = started(program, HTTPS_PROXY=NOWHERE, OMP_NUM_THREADS="64", XDG_CACHE_HOME=str(tmp_path))
    told = {line.split()[1]: line for line in done.stdout.splitlines() if " is set: " in line}
    assert told["HTTPS_PROXY"].endswith("not between ALSO's processes, nor to this machine")
    assert "each process has the threads that it is given" in told["OMP_NUM_THREADS"]


@pytest.mark.slow
def test_a_locale_without_our_dashes_stops_nothing(tmp_path):
    """What a locale cannot write is replaced, on standard output and in errors."""
    program = "from also.__main__ import main; main(['status', 'na\\u00efve\\u2013id', '--store', '/dev/null'])"
    done = started(program, PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")


@pytest.mark.slow
def test_a_store_on_this_machine_is_reached_without_the_proxy(tmp_path):
    """obstore asks no proxy for a server on loopback."""
    program = """
import also.__main__, json
from also.store import open_store
from also.errors import StoreError
try:
    open_store("s3://bucket/prefix")
except StoreError as error:
    print(json.dumps(str(error)))
"""
    with lossy(f"http://127.0.0.1:{free_port()}", lambda method, path, before: "denied") as server:
        keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ALLOW_HTTP": "true"}
        done = started(program, AWS_ENDPOINT=server.url, HTTP_PROXY=NOWHERE, http_proxy=NOWHERE, **keys)
    assert "403 Forbidden" in json.loads(done.stdout), done.stderr
    assert server.lost

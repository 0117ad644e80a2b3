"""What a user's shell sets for other programs, and what becomes of it in ours.

A proxy, a thread count or an interpreter's debugging switch that is set for something else must not keep ALSO's
processes from each other, nor change what they compute. Each such variable that gRPC, httpx2, obstore, PyTorch,
Prometheus's client, protobuf or the interpreter reads is decided here: it is taken out of our processes' environment,
or heeded.
"""

import fnmatch
import os.path
from collections.abc import Mapping
from dataclasses import dataclass

LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts that no proxy is asked for: our own processes, and servers beside them."""

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_NO_PROXY = ("no_proxy", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """Variables with one fate."""

    names: tuple[str, ...]
    """Patterns of their names."""
    fate: str
    """What becomes of them, for people."""
    out: bool = True
    """Whether they are taken out."""
    except_for: tuple[str, ...] = ()
    """Names among them that are heeded."""

    def holds(self, name: str) -> bool:
        """Whether a variable is one of them."""
        return name not in self.except_for and any(fnmatch.fnmatchcase(name, pattern) for pattern in self.names)


FOREIGN = (
    Foreign(
        names=("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", *_PROXIES),
        fate="heeded for servers elsewhere (store, LLM, Prometheus); not between ALSO's processes, nor to this machine",
        out=False,
    ),
    Foreign(names=("grpc_proxy", "no_grpc_proxy"), fate="not heeded: ALSO's processes call each other directly"),
    Foreign(
        names=("GRPC_*",),
        fate="not heeded: ALSO's processes speak plain gRPC with each other",
        except_for=("GRPC_VERBOSITY", "GRPC_TRACE"),
    ),
    Foreign(names=_CERTIFICATES, fate="heeded where it is there, for https", out=False),
    Foreign(
        names=("OMP_*", "GOMP_*", "KMP_*", "MKL_NUM_THREADS", "MKL_DYNAMIC", "MKL_DOMAIN_NUM_THREADS", "MKL_VERBOSE*"),
        fate="not heeded: each process has the threads that it is given (ALSO_TRAINER_THREADS)",
    ),
    Foreign(names=("OPENBLAS_NUM_THREADS", "NUMEXPR_*"), fate="not heeded: threads, as above"),
    Foreign(
        names=("ATEN_CPU_CAPABILITY", "MKL_CBWR", "NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"),
        fate="heeded: it changes the last bits of what is computed, so keep it set, or unset, for a whole campaign",
        out=False,
    ),
    Foreign(names=("CUDA_VISIBLE_DEVICES",), fate="heeded: GPUs that the trainer may use", out=False),
    Foreign(
        names=(
            "PYTHONASYNCIODEBUG",
            "PYTHONDEBUG",
            "PYTHONDEVMODE",
            "PYTHONEXECUTABLE",
            "PYTHONHOME",
            "PYTHONINSPECT",
            "PYTHONIOENCODING",
            "PYTHONMALLOC",
            "PYTHONOPTIMIZE",
            "PYTHONPROFILEIMPORTTIME",
            "PYTHONSTARTUP",
            "PYTHONTRACEMALLOC",
            "PYTHONUTF8",
            "PYTHONVERBOSE",
            "PYTHONWARNINGS",
        ),
        fate="not passed on to ALSO's processes",
    ),
    Foreign(names=("PYTHONPATH",), fate="heeded: a task's modules are looked for there", out=False),
    Foreign(
        names=("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"),
        fate="not heeded: each process has its own /metrics",
    ),
    Foreign(names=("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",), fate="not heeded: protobuf takes the one that it has"),
    Foreign(names=("OPENAI_*",), fate="not heeded: an LLM is named by the campaign file and ALSO_LLM_API_KEY"),
    Foreign(names=("MPLBACKEND",), fate="not heeded: plots are drawn to files"),
)
"""Every kind of variable that was found to matter."""


def without(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what is not for us, in which no proxy is asked for this machine.

    Args:
        environment: a process's environment.
    """
    ours = {
        name: value
        for name, value in environment.items()
        if not any(kind.out and kind.holds(name) for kind in FOREIGN) and not _unusable(name, value)
    }
    if any(ours.get(name) for proxy in _PROXIES for name in (proxy, proxy.upper())):
        named = [host.strip() for name in _NO_PROXY for host in ours.get(name, "").split(",") if host.strip()]
        both = ",".join(dict.fromkeys([*named, *LOOPBACK]))  # some read the one, some the other
        ours |= dict.fromkeys(_NO_PROXY, "*" if "*" in named else both)
    return ours


def seen(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Names of the variables that are set for other programs, sorted, each with what becomes of it."""
    return sorted(
        (name, _unusable(name, value) or kind.fate)
        for name, value in environment.items()
        for kind in FOREIGN
        if value and kind.holds(name)
    )


def _unusable(name: str, value: str) -> str:
    """Why a value is of no use, whatever its variable is for; empty where it is of use."""
    if name in _CERTIFICATES and not os.path.exists(value):  # noqa: PTH110  (no client of httpx2 could be made)
        return f"not heeded: there is no {value!r}"
    if name.lower() in _PROXIES and value.lower().startswith("socks"):  # httpx2 would need a package that is not there
        return "not heeded: HTTP proxies alone are asked"
    return ""

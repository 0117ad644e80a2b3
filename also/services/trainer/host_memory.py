"""Memory that this process and its children may still take: what the machine has left, and what its cgroups allow.

A limit of a cgroup is one of a container, a pod or a systemd unit; those of the cgroups above the process's own hold
too. Pages of files that the kernel can drop at any time count as free.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_DROPPABLE = ("inactive_file", "total_inactive_file")
"""Entries of a cgroup's `memory.stat`, of version 2 and 1."""


def available_bytes(root: Path = Path("/")) -> int | None:
    """Bytes that can still be taken; None where the system does not say (it is no Linux).

    Args:
        root: where the system's files lie.
    """
    left = [_machine(root), *_cgroups(root)]
    return min((each for each in left if each is not None), default=None)


def _machine(root: Path) -> int | None:
    for line in _text(root / "proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return None


def _cgroups(root: Path) -> Iterator[int]:
    """What each cgroup of this process has left, the process's own first."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, name = line.split(":", 2)
        if controllers == "":
            folder, limit, usage = root / "sys/fs/cgroup", "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            folder, limit, usage = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        own = PurePosixPath(name.lstrip("/"))
        for each in (own, *own.parents):  # in a container the outer names are not there, and the root is its own
            allowed, used = _text(folder / each / limit).strip(), _text(folder / each / usage).strip()
            if allowed.isdecimal() and used.isdecimal():
                yield max(0, int(allowed) - int(used) + _droppable(folder / each / "memory.stat"))


def _droppable(file: Path) -> int:
    entries = dict(line.split(" ", 1) for line in _text(file).splitlines() if " " in line)
    return max((int(entries[name]) for name in _DROPPABLE if name in entries), default=0)


def _text(file: Path) -> str:
    """A system's file; empty where there is none, or none that we may read."""
    try:
        return file.read_text()
    except OSError:
        return ""

"""The machine that a number was measured on, in words."""

import os
import platform
from pathlib import Path


def machine() -> str:
    """The processor's model, and how many of them this process may use."""
    model = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {len(os.sched_getaffinity(0))} cores"

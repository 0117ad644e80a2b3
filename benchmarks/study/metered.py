"""A command and the CPU time of everything that it starts, orphans included.

    python -m benchmarks.study.metered RECORD.json COMMAND …

Processes of a campaign outlive those that forked them, and are then nobody's children: `getrusage` would miss them.
This process makes itself the one that orphans are given to (`PR_SET_CHILD_SUBREAPER`, Linux), and waits for all of
them. It ends the command when its own standard input closes, so that nothing outlives the study.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

SUBREAPER = 36
"""`PR_SET_CHILD_SUBREAPER` of `prctl(2)`."""

LAST_SECONDS = 60.0
"""How long processes that outlive the command may take to end."""


def main() -> int:
    """Run the command, write `{"cpu_seconds", "wall_seconds"}`, and give the command's exit code.

    The record is `{}` while the command runs, and stays so when this process is killed, or when some process
    does not end: the CPU time is then unknown.
    """
    record, command = Path(sys.argv[1]), sys.argv[2:]
    record.write_text("{}", encoding="utf-8")
    if ctypes.CDLL(None, use_errno=True).prctl(SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process cannot adopt orphans")
    begin = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.terminate())
    threading.Thread(target=_end_with_standard_input, args=(process,), daemon=True).start()
    code = process.wait()
    if _all_ended():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = {"cpu_seconds": used.ru_utime + used.ru_stime, "wall_seconds": time.monotonic() - begin}
        record.write_text(json.dumps(found), encoding="utf-8")
    return code if code >= 0 else 128 - code


def _end_with_standard_input(process: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 4096):
        pass
    process.terminate()


def _all_ended() -> bool:
    """Wait for every process that was left to this one; whether all of them have ended."""
    limit = time.monotonic() + LAST_SECONDS
    while time.monotonic() < limit:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if not ended:
            time.sleep(0.05)
    return False


if __name__ == "__main__":
    sys.exit(main())

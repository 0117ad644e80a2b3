"""A process that steps some environments of a PettingZoo task; started by this file's path.

The trainer sends one line for each command over a socket, a word and what else belongs to it as JSON,
and gets one back: JSON, or nothing where there is nothing to say. Numbers pass through shared memory. User
code runs here and nowhere else, so its crash is not the trainer's, and what it prints goes to the log. The
process ends when its socket or its lifeline closes, that is, with the trainer, however that ends.
"""

import argparse
import faulthandler
import json
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

FRAMES = signal.SIGUSR2
"""Signal at which a worker writes the frames of all its threads to standard error, whatever it is doing."""

ORPHANED = 75
"""Exit code of a worker whose trainer is gone, and whose user code did not come back."""

ORPHAN_SECONDS = 3.0
"""How long environments get to close when the trainer is gone."""


def main() -> None:
    """Answer commands until the trainer says that it is over, or is gone."""
    parser = argparse.ArgumentParser(prog="parallel_worker")
    parser.add_argument("--socket", type=int, required=True, help="descriptor of the socket to the trainer")
    parser.add_argument("--memory", type=int, required=True, help="descriptor of the shared memory's file")
    parser.add_argument("--places", type=int, required=True, help="descriptor of the file that says where workers are")
    parser.add_argument("--number", type=int, required=True, help="this worker's number, from 0")
    parsed = parser.parse_args()
    threading.Thread(target=_hold_lifeline, name="lifeline", daemon=True).start()
    faulthandler.enable()
    faulthandler.register(FRAMES, all_threads=True)
    sys.path[0] = str(Path(__file__).absolute().parents[5])  # in place of this file's folder
    from also.services.trainer.tasks.parallel.lanes import Worker
    from also.services.trainer.tasks.parallel.place import PLACE

    PLACE.share(parsed.places, parsed.number)
    worker = Worker(parsed.memory)
    try:
        with socket.socket(fileno=parsed.socket) as connection, connection.makefile("rwb") as stream:
            for line in stream:
                command, _, data = line.partition(b" ")
                reply = worker.answer(command.decode().strip(), json.loads(data or b"{}"))
                stream.write(json.dumps(reply).encode() + b"\n" if reply else b"\n")
                stream.flush()
    finally:
        worker.close()


def _hold_lifeline() -> None:
    """End this process when its standard input closes, should it not end by itself."""
    while os.read(0, 4096):
        pass
    time.sleep(ORPHAN_SECONDS)
    os._exit(ORPHANED)


if __name__ == "__main__":
    main()
    sys.exit(0)

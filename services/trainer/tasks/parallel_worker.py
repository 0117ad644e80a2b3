"""A process that steps some environments of a PettingZoo task: `python -m services.trainer.tasks.parallel_worker`.

The trainer sends one line for each command over a socket, a word and what else belongs to it as JSON,
and gets one back: JSON, or nothing where there is nothing to say. Numbers pass through shared memory. User
code runs here and nowhere else, so its crash is not the trainer's, and what it prints goes to the log. No
torch is imported. The process ends when its socket or its lifeline closes, that is, with the trainer,
however that ends.
"""

import argparse
import json
import socket
import sys
from typing import Any

from also import lifeline


def main() -> None:
    """Answer commands until the trainer is gone."""
    parser = argparse.ArgumentParser(prog="services.trainer.tasks.parallel_worker")
    parser.add_argument("--socket", type=int, required=True, help="descriptor of the socket to the trainer")
    parser.add_argument("--memory", type=int, required=True, help="descriptor of the shared memory's file")
    parser.add_argument(lifeline.FLAG, action="store_true", help="end when standard input closes")
    parsed = parser.parse_args()
    if parsed.lifeline:
        lifeline.hold()
    from also.errors import InputError
    from services.trainer.tasks.parallel_lanes import Worker

    worker = Worker(parsed.memory)
    with socket.socket(fileno=parsed.socket) as connection, connection.makefile("rwb") as stream:
        for line in stream:
            reply: dict[str, Any]
            try:
                command, _, data = line.partition(b" ")
                reply = worker.answer(command.decode().strip(), **json.loads(data or b"{}"))
            except InputError as error:
                reply = {"error": str(error)}
            stream.write(json.dumps(reply).encode() + b"\n" if reply else b"\n")
            stream.flush()


if __name__ == "__main__":
    main()
    sys.exit(0)

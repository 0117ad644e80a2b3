"""The server by hand: `python -m tools.faulty_llm [--fault KIND] [--port N]`."""

import argparse
import sys
import threading

from tools.faulty_llm.faults import FAULTS
from tools.faulty_llm.server import serving


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="tools.faulty_llm", description=__doc__)
    parser.add_argument("--fault", choices=["", *FAULTS], default="", help="damage every reply in this way")
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one")
    given = parser.parse_args()
    with serving(given.port) as server:
        server.fault_of = lambda call: given.fault
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

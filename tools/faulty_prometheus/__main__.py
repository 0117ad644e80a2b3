"""The server by hand, before a real Prometheus: `python -m tools.faulty_prometheus --upstream URL --fault KIND`."""

import argparse
import sys
import threading

from tools.faulty_prometheus.faults import FAULTS
from tools.faulty_prometheus.server import serving


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="tools.faulty_prometheus", description=__doc__)
    parser.add_argument("--upstream", required=True, help="URL of a real Prometheus")
    parser.add_argument("--fault", choices=["", *FAULTS], default="", help="damage every answer in this way")
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one")
    given = parser.parse_args()
    with serving(given.port, upstream=given.upstream.rstrip("/")) as server:
        server.fault_of = lambda call, query: given.fault
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

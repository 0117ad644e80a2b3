"""The server by hand, before a real Prometheus: `python -m tools.faulty_prometheus --upstream URL --fault KIND`."""

import sys

from tools import faulty_http
from tools.faulty_prometheus.faults import FAULTS
from tools.faulty_prometheus.server import FaultyPrometheus, serving


def main() -> int:
    """Serve until interrupted."""
    parser = faulty_http.parser("tools.faulty_prometheus", __doc__, FAULTS)
    parser.add_argument("--upstream", required=True, help="URL of a real Prometheus")
    given = parser.parse_args()

    def prepare(server: FaultyPrometheus) -> None:
        server.fault_of = lambda call, query: given.fault

    return faulty_http.serve_by_hand(serving(given.port, upstream=given.upstream.rstrip("/")), prepare)


if __name__ == "__main__":
    sys.exit(main())

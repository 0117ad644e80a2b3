"""The server by hand: `python -m tools.faulty_llm [--fault KIND] [--port N]`."""

import sys

from tools import faulty_http
from tools.faulty_llm.faults import FAULTS
from tools.faulty_llm.server import FaultyLlm, serving


def main() -> int:
    """Serve until interrupted."""
    given = faulty_http.parser("tools.faulty_llm", __doc__, FAULTS).parse_args()

    def prepare(server: FaultyLlm) -> None:
        server.fault_of = lambda call: given.fault

    return faulty_http.serve_by_hand(serving(given.port), prepare)


if __name__ == "__main__":
    sys.exit(main())

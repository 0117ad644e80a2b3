"""llama.cpp's server on loopback: `python llama_cpp_server.py MODEL NAME PORT CONTEXT SLOTS`.

`xllamacpp` is llama.cpp, its server included, as a Python module; replies are those of `llama-server`. CONTEXT is of
each slot. It runs under the interpreter of llama.cpp's environment.
"""

import signal
import sys

import xllamacpp


def main() -> None:
    """Serve until it is asked to end."""
    model, name, port, context, slots = sys.argv[1:]
    given = xllamacpp.CommonParams()
    given.model.path, given.model_alias = model, {name}
    given.hostnames, given.port = ["127.0.0.1"], int(port)
    given.n_parallel, given.n_ctx = int(slots), int(slots) * int(context)
    given.fit_params = False  # else a small machine is given another context than it was asked for
    server = xllamacpp.Server(given)
    print(f"listening on {server.listening_address}", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()

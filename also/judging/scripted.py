"""The server behind scripted models: a real one on loopback, so that they are asked and read as any other.

A model's name says which script it plays and of which situation: "perfect/exploration-19x19".
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from also.judging.backends import Script
from also.judging.scripts import Known, reply


@contextmanager
def scripted_models(known: Mapping[str, Known]) -> Iterator[str]:
    """Serves scripted models as long as one is inside.

    Args:
        known: what scripts know of each situation, by its id; it may be filled while they are served.

    Yields:
        Root of the protocol: "http://127.0.0.1:PORT/v1".
    """
    server = _Server(known)
    thread = threading.Thread(target=server.serve_forever, name="scripted-models", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, known: Mapping[str, Known]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.known = known


class _Handler(BaseHTTPRequestHandler):
    """Answers chat completions; anything else is not there."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._send(404, {"error": {"message": "a scripted model is named in each request"}})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            self._send(404, {"error": {"message": "only chat completions are served"}})
            return
        script, _, situation = asked["model"].partition("/")
        known = cast(_Server, self.server).known[situation]
        text = json.dumps(reply(cast(Script, script), known, asked["response_format"]["json_schema"]["schema"]))
        prompt = sum(len(message["content"]) for message in asked["messages"]) // 4
        choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        choices = [{"index": index, **choice} for index in range(asked.get("n") or 1)]
        usage = {"prompt_tokens": prompt, "completion_tokens": len(choices) * (len(text) // 4)}
        self._send(200, {"model": script, "choices": choices, "usage": usage})

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""

    def _send(self, status: int, data: Any) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

"""Metrics of many branch pods from one process: `python -m benchmarks.scaling.exporter --groups N FILE`.

FILE is what one pod answered, the name of whose group is replaced: path `/0017` answers what the pod of group
`g17` would. The first line of output is the port. A real pod's process renders its metrics anew for each
scrape; this one has rendered all of them before, and so leaves the machine to Prometheus.
"""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path

_HEAD = "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {size}\r\n\r\n"


def main() -> None:
    """Serve until the process is asked to end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, required=True, help="how many groups")
    parser.add_argument("--group", required=True, help="name of the group in the file")
    parser.add_argument("file", type=Path, help="what its pod answered")
    arguments = parser.parse_args()
    told = arguments.file.read_text(encoding="utf-8")
    pages = {
        path_of(number): told.replace(f'group="{arguments.group}"', f'group="g{number}"').encode()
        for number in range(arguments.groups)
    }
    asyncio.run(_serve(pages))


def path_of(number: int) -> str:
    """Path of a group's metrics."""
    return f"/{number:04d}"


async def _serve(pages: Mapping[str, bytes]) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                page = pages.get(request.split(b" ", 2)[1].decode())
                status = "200 OK" if page is not None else "404 Not Found"
                writer.write(_HEAD.format(status=status, size=len(page or b"")).encode() + (page or b""))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the scraper has gone
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=len(pages) + 128)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    main()

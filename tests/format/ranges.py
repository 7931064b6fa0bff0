"""A server of one file on this machine that gives ranges, and counts requests and bytes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Served:
    """The address of a file, and what was asked of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[tuple[int, int]] = []

    @property
    def nbytes(self) -> int:
        """The bytes of all answers."""
        return sum(stop - start for start, stop in self.requests)


@contextmanager
def served(data: bytes, *, gives_ranges: bool = True) -> Iterator[Served]:
    """Serve bytes as a file."""
    found = Served("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", "")) if gives_ranges else None
            start, stop = (int(asked[1]), min(int(asked[2]) + 1, len(data))) if asked else (0, len(data))
            found.requests.append((start, stop))
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(stop - start))
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
            self.end_headers()
            self.wfile.write(data[start:stop])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/x.h5"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A static server on loopback, in a thread of the test: it gives ranges, counts requests, and misbehaves on demand."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Server:
    """Files by path, and how they are given.

    Attributes
    ----------
    files : dict of str to bytes
        The content of each path, ``"/a.h5"``.
    requests : list of (str, str)
        Path and range of every request.
    nbytes : int
        The bytes of all bodies.
    faults : dict of str to object
        What is wrong: see `_Handler`.
    """

    files: dict[str, bytes]
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    nbytes: int = 0
    faults: dict[str, Any] = field(default_factory=dict)

    def forget(self) -> None:
        """Count from the beginning."""
        self.requests.clear()
        self.headers.clear()
        self.nbytes = 0


@contextmanager
def serving(files: Mapping[str, bytes], **faults: Any) -> Iterator[Server]:
    """A server of files on a free port."""
    found = Server(dict(files), faults=faults)

    class Handler(_Handler):
        server_state = found

    server = _Quiet(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(ThreadingHTTPServer):
    """A server that prints nothing where a client ends a connection."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing."""


class _Handler(BaseHTTPRequestHandler):
    """Gives files, with the faults of the server.

    ``status``: every answer has it. ``ranges=False``: the whole file is given. ``edit``: a function that changes
    status, headers and body. ``redirect``: a dict of paths to locations. ``tag``: a pattern for tags, empty for none.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # status, headers and body in one packet
    server_state: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Print nothing."""

    def do_GET(self) -> None:
        state = self.server_state
        path = self.path.partition("?")[0]
        state.requests.append((self.path, self.headers.get("Range", "")))
        state.headers.append(dict(self.headers))
        if path in state.faults.get("redirect", {}):
            self._give(302, {"Location": state.faults["redirect"][path]}, b"")
            return
        content = state.files.get(path)
        if content is None or "status" in state.faults:
            self._give(state.faults.get("status", 404), {}, b"no")
            return
        tag = state.faults.get("tag", '"{}"').format(hashlib.sha1(content, usedforsecurity=False).hexdigest())
        headers = {"ETag": tag} if tag else {}
        if tag and self.headers.get("If-Match", tag) != tag and not state.faults.get("ignores_match"):
            self._give(412, {}, b"")
            return
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if match is None or not state.faults.get("ranges", True):
            self._give(200, headers, content)
            return
        start, stop = int(match[1]), min(int(match[2]) + 1, len(content))
        if start >= len(content):
            self._give(416, headers | {"Content-Range": f"bytes */{len(content)}"}, b"")
            return
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        self._give(206, headers, content[start:stop])

    def _give(self, status: int, headers: dict[str, str], body: bytes) -> None:
        edit = self.server_state.faults.get("edit")
        if edit is not None:
            status, headers, body = edit(status, headers, body)
        self.server_state.nbytes += len(body)
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

"""The server of a page, for this machine alone."""

from __future__ import annotations

import re
import secrets
import zlib
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hdfsaver.errors import OpError
from hdfsaver.page.served_model import ServedModel

_HOST = "127.0.0.1"

_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{1,19})")

_FIXED = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Fields of every answer."""

_BYTES, _TEXT, _PAGE = "application/octet-stream", "text/plain; charset=utf-8", "text/html; charset=utf-8"


class PageServer(ThreadingHTTPServer):
    """A server for one page at a random port of this machine, at a path that cannot be guessed; a context manager.

    Parameters
    ----------
    model : ServedModel

    Attributes
    ----------
    url : str
        Where the page is.
    """

    daemon_threads = True

    def __init__(self, model: ServedModel) -> None:
        super().__init__((_HOST, 0), _Handler)
        self.model = model
        self.token = secrets.token_urlsafe(24)
        self.url = f"http://{_HOST}:{self.server_port}/{self.token}/"


class _Refusal(Exception):  # noqa: N818 - an answer, not an error of this program
    """An answer that is not what was asked for."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    """Answers GET for the page, its graph, and ranges of values."""

    server: PageServer
    server_version = "hdfsaver"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Answer one request."""
        try:
            self._answer(self._asked())
        except _Refusal as refusal:
            self._send(refusal.status, str(refusal).encode())
        except OpError as error:
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, error.message.encode(errors="replace"))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _asked(self) -> str:
        """The part of the path behind the token."""
        # A page of another server whose name leads here as well is refused by that name.
        if self.headers.get("Host") not in [f"{host}:{self.server.server_port}" for host in (_HOST, "localhost")]:
            raise _Refusal(HTTPStatus.FORBIDDEN, "This server answers for this machine alone.")
        token, _, name = self.path.removeprefix("/").partition("/")
        if not secrets.compare_digest(token.encode(), self.server.token.encode()):
            raise _Refusal(HTTPStatus.NOT_FOUND, "There is nothing here.")
        return name

    def _answer(self, name: str) -> None:
        model = self.server.model
        if not name:
            self._send(HTTPStatus.OK, model.page(), _PAGE)
        elif name == "graph":
            self._send(HTTPStatus.OK, zlib.compress(model.graph(), 1), _BYTES)
        elif name == "attributes":
            self._send(HTTPStatus.OK, zlib.compress(model.attributes(), 1), _BYTES)
        elif re.fullmatch(r"values/\d{1,9}", name):
            self._send_value(int(name.removeprefix("values/")))
        else:
            raise _Refusal(HTTPStatus.NOT_FOUND, "There is nothing here.")

    def _send_value(self, number: int) -> None:
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None:
            raise _Refusal(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "A range of bytes is needed.")
        start, stop = int(asked[1]), int(asked[2]) + 1
        try:
            data = self.server.model.value(number, start, stop)
        except ValueError as error:
            raise _Refusal(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, str(error)) from error
        self._send(HTTPStatus.PARTIAL_CONTENT, data, _BYTES, f"bytes {start}-{stop - 1}/*")

    def _send(self, status: HTTPStatus, body: bytes, kind: str = _TEXT, span: str = "") -> None:
        self.send_response(status)
        fields = {**_FIXED, "Content-Type": kind, "Content-Length": str(len(body))}
        for key, value in (fields | ({"Content-Range": span} if span else {})).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Say nothing: the terminal is the user's."""

"""Requests of HTTP: connections that are used again, redirects, proxies, and a time by which each answer is there."""

from __future__ import annotations

import base64
import http.client
import io
import os
import socket
import ssl
import threading
import time
import urllib.request
from typing import Any, NamedTuple
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from hdfsaver.errors import (
    DeadlineExceededError,
    InvalidArgumentError,
    PermissionDeniedError,
    UnavailableError,
)

SCHEMES = ("http", "https")

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
_IDLE = 8
"""Connections of one server that are kept for later requests."""

_PIECE = 1 << 18
_SAFE = "%/:=&?~#+!$,;'@()*[]"


class BrokenError(Exception):
    """A connection ended before the answer did; another attempt may succeed."""


class _Place(NamedTuple):
    """A URL in parts: the server, what is asked of it, and who asks."""

    scheme: str
    host: str
    port: int
    target: str
    authorization: str


class _Timed(io.RawIOBase):
    """The incoming bytes of a socket, until a deadline: a server that sends a byte a minute does not stop a program."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._connection.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.plain.settimeout(left)
        return self._connection.plain.recv_into(buffer)


class _Socket:
    """As much of a socket as `http.client` uses, with the deadline of its connection."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Timed(self._connection), _PIECE)

    def sendall(self, data: Any) -> None:
        self._connection.plain.settimeout(max(0.001, self._connection.deadline - time.monotonic()))
        self._connection.plain.sendall(data)

    def close(self) -> None:
        """Do nothing: an answer may still be read, so the connection is closed behind it."""


class _Connection:
    """A connection to a server, perhaps through a proxy."""

    def __init__(self, place: _Place, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.prefix, self.headers = "", {}
        proxy = _proxy(place)
        host, port = (place.host, place.port) if proxy is None else (proxy.host, proxy.port)
        if place.scheme == "https":
            context = ssl.create_default_context()
            self.http: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=seconds, context=context
            )
            if proxy is not None:
                self.http.set_tunnel(place.host, place.port, headers=_authorization("Proxy-Authorization", proxy))
        else:
            self.http = http.client.HTTPConnection(host, port, timeout=seconds)
            if proxy is not None:
                self.prefix = f"http://{_server(place)}"
                self.headers = _authorization("Proxy-Authorization", proxy)
        try:
            self.http.connect()
        except BaseException:
            self.http.close()
            raise
        self.plain: socket.socket = self.http.sock
        self.http.sock = _Socket(self)
        self.is_new = True

    def close(self) -> None:
        self.http.close()
        self.plain.close()


class Answer:
    """The answer to a request; its body is read once.

    Attributes
    ----------
    status : int
    reason : str
    url : str
        Where it came from, behind all redirects.
    """

    def __init__(self, pool: Pool, place: _Place, connection: _Connection, response: Any, url: str) -> None:
        self._pool, self._place, self._connection, self._response = pool, place, connection, response
        self.status: int = response.status
        self.reason: str = response.reason
        self.url = url

    def header(self, name: str) -> str:
        """A header, or an empty string."""
        return str(self._response.headers.get(name, ""))

    @property
    def length(self) -> int | None:
        """The length of the body, if the server says it."""
        text = self.header("Content-Length")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None

    def read_into(self, view: memoryview) -> int:
        """Fill a view with the beginning of the body; returns how many bytes there were."""
        done = 0
        try:
            while done < len(view):
                data = self._response.read1(min(_PIECE, len(view) - done))
                if not data:
                    break
                view[done : done + len(data)] = data
                done += len(data)
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            raise BrokenError(str(error)) from None
        return done

    def has_more(self) -> bool:
        """Whether the body goes on."""
        try:
            return bool(self._response.read1(1))
        except (OSError, http.client.HTTPException):
            return False

    def close(self) -> None:
        """End the answer; the connection is used again if the body was read to its end."""
        is_whole = self._response.isclosed() or self._response.length == 0
        if is_whole and not self._response.will_close:
            self._response.close()
            self._pool.keep(self._place, self._connection)
        else:
            self._response.close()
            self._connection.close()


class Pool:
    """Connections for one file, or for several that are opened together."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, str, int], list[_Connection]] = {}
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._users = 1

    def get(self, url: str, headers: dict[str, str], seconds: float) -> Answer:
        """Ask for a URL, and follow redirects.

        Parameters
        ----------
        url : str
        headers : dict of str to str
        seconds : float
            In this time the answer, with its body, must be there; reading it later raises `TimeoutError`.

        Returns
        -------
        Answer

        Raises
        ------
        BrokenError
            The connection ended.
        TimeoutError
            There was no answer in time.
        UnavailableError
            There is no such server, or it redirects without end.
        InvalidArgumentError
            The URL is not one of HTTP.
        """
        authorization = ""
        for _ in range(_MOST_REDIRECTS):
            place = _placed(url)
            authorization = place.authorization or authorization
            answer = self._ask(
                place, headers | ({"Authorization": authorization} if authorization else {}), seconds, url
            )
            following = answer.header("Location") if answer.status in _REDIRECTS else ""
            if not following:
                return answer
            answer._response.read(_PIECE)
            answer.close()
            url, before = urljoin(url, following), place
            place = _redirected(url, before)
            if place[:3] != before[:3]:
                authorization = ""
        raise UnavailableError(None, None, f"{url}: the server redirects more than {_MOST_REDIRECTS} times.")

    def _ask(self, place: _Place, headers: dict[str, str], seconds: float, url: str) -> Answer:
        connection = self._taken(place, seconds)
        try:
            connection.http.request(
                "GET",
                connection.prefix + place.target,
                headers={"Host": _server(place), **connection.headers, **headers},
            )
            return Answer(self, place, connection, connection.http.getresponse(), url)
        except TimeoutError:
            connection.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            if isinstance(error, http.client.InvalidURL):
                raise InvalidArgumentError(None, None, f"{url} is not a URL that can be asked for.") from None
            if not connection.is_new:  # the server has closed it since the last request
                return self._ask(place, headers, seconds, url)
            raise BrokenError(str(error) or type(error).__name__) from None

    def _taken(self, place: _Place, seconds: float) -> _Connection:
        with self._lock:
            if self._process != os.getpid():  # the connections are those of the process that forked this one
                self._idle, self._process = {}, os.getpid()
            idle = self._idle.get(place[:3])
            if idle:
                connection = idle.pop()
                connection.deadline = time.monotonic() + seconds
                return connection
        try:
            return _Connection(place, seconds)
        except TimeoutError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise UnavailableError(
                None,
                None,
                f"{place.scheme}://{_server(place)}: its certificate is not trusted: {error.verify_message}.",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise UnavailableError(
                None,
                None,
                f"{place.scheme}://{_server(place)} cannot be reached: {error.strerror or error}."
                if isinstance(error, OSError)
                else f"{place.scheme}://{_server(place)} cannot be reached: {error}.",
            ) from None

    def keep(self, place: _Place, connection: _Connection) -> None:
        """Keep a connection for a later request."""
        connection.is_new = False
        with self._lock:
            idle = self._idle.setdefault(place[:3], [])
            if len(idle) < _IDLE:
                idle.append(connection)
                return
        connection.close()

    def share(self) -> Pool:
        """The same connections for one more user."""
        with self._lock:
            self._users += 1
        return self

    def close(self) -> None:
        """End the connections with their last user."""
        with self._lock:
            self._users -= 1
            if self._users > 0:
                return
        self._end()

    def __del__(self) -> None:
        self._end()

    def _end(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, {}
        if self._process == os.getpid():
            for connections in idle.values():
                for connection in connections:
                    connection.close()


def _placed(url: str) -> _Place:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise InvalidArgumentError(None, None, f"{url} is not a URL that can be asked for.") from None
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise InvalidArgumentError(None, None, f"{url} is not a URL of http or https with a server.")
    target = quote(urlunsplit(("", "", parts.path or "/", parts.query, "")), safe=_SAFE)
    return _Place(parts.scheme, parts.hostname, port, target, _basic(parts))


def _basic(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _authorization(header: str, place: _Place) -> dict[str, str]:
    return {header: place.authorization} if place.authorization else {}


def _server(place: _Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    return host if place.port == {"http": 80, "https": 443}[place.scheme] else f"{host}:{place.port}"


def _redirected(url: str, before: _Place) -> _Place:
    """The place that a server redirects to: over HTTP, and not from a protected connection to a plain one."""
    if urlsplit(url).scheme not in SCHEMES or (before.scheme == "https" and not url.startswith("https:")):
        raise PermissionDeniedError(
            None, None, f"{before.scheme}://{_server(before)} redirects to {url}, which is not followed."
        )
    return _placed(url)


def _proxy(place: _Place) -> _Place | None:
    """The proxy that the environment names for a server."""
    url = urllib.request.getproxies().get(place.scheme)
    if not url or urllib.request.proxy_bypass(f"{place.host}:{place.port}"):
        return None
    return _placed(url if "://" in url else f"http://{url}")


def late(name: str, seconds: float) -> DeadlineExceededError:
    """The error for a server that does not answer in time."""
    return DeadlineExceededError(
        None,
        None,
        f"{name}: the server did not answer within {seconds:g} s. Try again, or allow more time: "
        "`with hdfsaver.limits.use(remote_seconds=...):`.",
    )

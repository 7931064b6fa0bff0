"""Files behind HTTP, read by ranges with the standard library; every answer is compared with what was asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from http import HTTPStatus

from hdfsaver import limits
from hdfsaver.errors import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    PermissionDeniedError,
    UnavailableError,
    UnimplementedError,
)
from hdfsaver.files.remote.http_exchange import Answer, BrokenError, Pool, late
from hdfsaver.files.remote.range_file import BLOCK, RangeFile

WHOLE = 1 << 20
"""The most bytes of a file that a server without ranges gives as a whole."""

PAUSES = (0.1, 0.4)
"""Seconds before another attempt, where a server is busy or a connection ends."""

SLOWEST = 65536
"""Bytes in a second that a server gives at least: a long range may take more time than a short one."""

_BUSY = (429, 502, 503)
_RANGE = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19})")


class HttpFile(RangeFile):
    """A file behind a URL of http or https.

    Parameters
    ----------
    url : str
    pool : Pool
        Its connections, which it may share with other files.

    Raises
    ------
    NotFoundError, PermissionDeniedError, UnavailableError, DeadlineExceededError, InvalidArgumentError
        The server says so, or cannot be reached.
    UnimplementedError
        It does not give ranges.
    DataLossError
        Its answer contradicts itself.
    """

    def __init__(self, url: str, pool: Pool) -> None:
        super().__init__(url, 0)
        self._url = self._final = url
        self._pool = pool
        self._tag = self._changed = ""
        self._attempt(self._begin)
        pool.share()

    def end(self) -> None:
        """End the connections."""
        self._pool.close()

    def fetch(self, offset: int, view: memoryview) -> None:
        """Fill a view by one request."""
        self._attempt(lambda: self._get(offset, view))

    def check_current(self) -> None:
        """Ask for a byte, to see whether another file has taken the place of this one."""
        if self.size:
            self.fetch(0, memoryview(bytearray(1)))

    # -- requests ------------------------------------------------------------------------------------------------

    def _attempt(self, request: Callable[[], None]) -> None:
        for pause in (*PAUSES, None):
            try:
                request()
                return
            except BrokenError as error:
                if pause is None:
                    raise UnavailableError(None, None, f"{self.name}: {error}.") from None
            time.sleep(pause)

    def _ask(self, start: int, stop: int, headers: dict[str, str]) -> Answer:
        seconds = limits.get().remote_seconds + (stop - start) / SLOWEST
        headers = {
            "Range": f"bytes={start}-{stop - 1}",
            "Accept-Encoding": "identity",
            "User-Agent": "hdfsaver",
        } | headers
        try:
            answer = self._pool.get(self._final, headers, seconds)
            if answer.status in (401, 403, 404, 410) and self._final != self._url:
                answer.close()  # what a server redirected to may be valid for a short time
                self._final = self._url
                answer = self._pool.get(self._url, headers, seconds)
        except TimeoutError:
            raise late(self.name, seconds) from None
        if answer.status in _BUSY:
            answer.close()
            raise BrokenError(_said(answer))
        return answer

    def _begin(self) -> None:
        answer = self._ask(0, BLOCK, {})
        try:
            self._final = answer.url
            self._tag, self._changed = answer.header("ETag"), answer.header("Last-Modified")
            if answer.header("Content-Encoding") not in ("", "identity"):
                raise self._refused(f"the server gives it as {answer.header('Content-Encoding')!r}")
            if answer.status == HTTPStatus.PARTIAL_CONTENT:
                start, stop, self.size = self._range(answer)
                if start or stop != min(BLOCK, self.size):
                    raise self._lie(f"bytes 0 to {BLOCK - 1} were asked for, but bytes {start} to {stop - 1} came")
                data = self._body(answer, stop)
            elif answer.status == HTTPStatus.OK:
                data = self._whole(answer)
                self.size = len(data)
            elif answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                found = _RANGE.fullmatch(answer.header("Content-Range"))
                if found is None or int(found[3]):
                    raise self._lie("the server says that it does not have the first byte")
                return
            else:
                raise _error(self.name, answer)
        except TimeoutError:
            raise late(self.name, limits.get().remote_seconds) from None
        finally:
            answer.close()
        self.keep(0, data)

    def _get(self, offset: int, view: memoryview) -> None:
        stop = offset + len(view)
        is_strong = self._tag and not self._tag.startswith("W/")
        answer = self._ask(offset, stop, {"If-Match": self._tag} if is_strong else {})
        try:
            if answer.status == HTTPStatus.PRECONDITION_FAILED:
                raise self._replaced()
            if answer.status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
                self._compare(answer)
            if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise self._replaced()
            if answer.status == HTTPStatus.OK:
                raise self._refused("the server gave a range first, and then the whole file")
            if answer.status != HTTPStatus.PARTIAL_CONTENT:
                raise _error(self.name, answer)
            start, end, total = self._range(answer)
            if total != self.size:
                raise self._replaced()
            if (start, end) != (offset, stop):
                raise self._lie(f"bytes {offset} to {stop - 1} were asked for, but bytes {start} to {end - 1} came")
            self._take(answer, view)
        except TimeoutError:
            raise late(self.name, limits.get().remote_seconds + len(view) / SLOWEST) from None
        finally:
            answer.close()

    # -- answers -------------------------------------------------------------------------------------------------

    def _range(self, answer: Answer) -> tuple[int, int, int]:
        """Start, stop and total of the range that an answer has."""
        text = answer.header("Content-Range")
        found = _RANGE.fullmatch(text)
        if found is None or found[1] is None:
            raise self._lie(f"the server says {text[:80]!r} for the range and the length of the file")
        start, stop, total = int(found[1]), int(found[2]) + 1, int(found[3])
        if not start < stop <= total:
            raise self._lie(f"the server says {text!r}, which is not a range of the file")
        return start, stop, total

    def _body(self, answer: Answer, nbytes: int) -> bytes:
        data = bytearray(nbytes)
        self._take(answer, memoryview(data))
        return bytes(data)

    def _take(self, answer: Answer, view: memoryview) -> None:
        length = answer.length
        if length is not None and length != len(view):
            raise self._lie(f"the server announces {length} bytes for a range of {len(view)}")
        done = answer.read_into(view)
        if done < len(view):
            raise BrokenError(f"the connection ended after {done} of {len(view)} bytes")
        if answer.has_more():
            raise self._lie(f"the server gave more than the {len(view)} bytes of a range")

    def _whole(self, answer: Answer) -> bytes:
        """The body of a server that does not know ranges, if it is short."""
        length = answer.length
        if length is not None and length <= WHOLE:
            return self._body(answer, length)
        data = bytearray(WHOLE + 1)
        nbytes = answer.read_into(memoryview(data)) if length is None else len(data)
        if nbytes > WHOLE:
            raise self._refused("the server does not give ranges of it")
        return bytes(data[:nbytes])

    def _compare(self, answer: Answer) -> None:
        """Compare what tells a version of the file with that of the first answer, where the server says both."""
        pairs = ((self._tag, answer.header("ETag")), (self._changed, answer.header("Last-Modified")))
        if any(before and now and before != now for before, now in pairs):
            raise self._replaced()

    def _replaced(self) -> FailedPreconditionError:
        return FailedPreconditionError(
            None, None, f"{self.name} was replaced by another file while it was read; open it again."
        )

    def _lie(self, what: str) -> DataLossError:
        return DataLossError(None, None, f"{self.name}: {what}; the answer is not used.")

    def _refused(self, why: str) -> UnimplementedError:
        return UnimplementedError(
            None,
            None,
            f"{self.name} cannot be read in parts: {why}. Download it first (`curl -L -O URL`), and give the file.",
        )


def _said(answer: Answer) -> str:
    return f"the server answered {answer.status} {answer.reason[:80]}".rstrip()


def _error(name: str, answer: Answer) -> OpError:
    status, text = answer.status, f"{name}: {_said(answer)}."
    if status in (401, 403, 407):
        return PermissionDeniedError(None, None, text)
    if status in (404, 410):
        return NotFoundError(None, None, text)
    if status in (408, 504):
        return late(name, limits.get().remote_seconds)
    return (UnavailableError if status >= 500 else InvalidArgumentError)(None, None, text)

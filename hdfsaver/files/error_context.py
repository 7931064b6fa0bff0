"""Errors that name their file."""

from __future__ import annotations

import os
from types import TracebackType

from hdfsaver.errors import OpError, without_secrets
from hdfsaver.files.os_errors import unreadable


class about:  # noqa: N801, a context manager
    """Add the file's path to the message of every error that the block raises.

    It has no state: one may be used many times. A class, because a generator takes a good part of a small read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, EOFError | OSError):
            raise unreadable(self._path, error) from error
        if isinstance(error, OpError) and not error.message.startswith(without_secrets(os.fspath(self._path))):
            raise type(error)(None, None, f"{self._path}: {error.message}", error.error_code) from error.__cause__

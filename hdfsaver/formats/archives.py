"""Errors of damaged archives."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from hdfsaver.errors import DataLossError

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""The exceptions of the libraries on damaged bytes."""


@contextmanager
def unpacking(what: str) -> Iterator[None]:
    """Turn the exceptions of the libraries on damaged bytes into a `DataLossError` that names ``what``."""
    try:
        yield
    except _UNREADABLE as error:
        raise DataLossError(None, None, f"{what} cannot be unpacked: {error}") from error

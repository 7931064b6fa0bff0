"""Archives, which say in many ways that they are damaged."""

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
"""What the libraries raise on damaged bytes."""


@contextmanager
def unpacking(what: str) -> Iterator[None]:
    """Turn what the libraries raise on damaged bytes into a `DataLossError` that says of what."""
    try:
        yield
    except _UNREADABLE as error:
        raise DataLossError(None, None, f"{what} cannot be unpacked: {error}") from error

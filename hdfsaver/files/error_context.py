"""Errors that name their file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from hdfsaver.errors import OpError, without_secrets
from hdfsaver.files.os_errors import unreadable


@contextmanager
def about(path: str | os.PathLike[str]) -> Iterator[None]:
    """Add the file's path to the message of every error that the block raises."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise unreadable(path, error) from error
    except OpError as error:
        if error.message.startswith(without_secrets(os.fspath(path))):
            raise
        raise type(error)(None, None, f"{path}: {error.message}", error.error_code) from error.__cause__

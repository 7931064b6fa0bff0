"""The errors of fsspec, its file systems and their libraries, as those of TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hdfsaver.errors import (
    DeadlineExceededError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    PermissionDeniedError,
    UnavailableError,
    UnimplementedError,
)


@contextmanager
def refusals(name: str, *, doing: str = "", note: str = "") -> Iterator[None]:
    """Turn the errors of a file system and its libraries into those of `hdfsaver.errors`.

    Parameters
    ----------
    name : str
        The file.
    doing : str, optional
        The verb for messages, of a block that does not read the file: ``"write"``.
    note : str, optional
        A sentence for errors that say nothing about what the server has done.

    Yields
    ------
    None

    Raises
    ------
    OpError
        The one that fits an error of the block.
    """
    try:
        yield
    except (OpError, MemoryError, EOFError):
        raise
    except Exception as error:  # noqa: BLE001 - each library has exceptions of its own
        raise _translated(name, error, doing, note) from None


def replaced(name: str) -> FailedPreconditionError:
    """The error for a file that has become another one."""
    return FailedPreconditionError(None, None, f"{name} was replaced by another file while it was read; open it again.")


def _translated(name: str, error: Exception, doing: str, note: str) -> OpError:
    kind = type(error).__name__
    reason = str(error).splitlines()[0][:300].rstrip(".") if str(error) else "no reason is given"
    text = f"Cannot {doing} {name}: {kind}: {reason}." if doing else f"{name}: {kind}: {reason}."
    unsure = f"{text} {note}" if note else text
    if kind == "FileExpired":
        return replaced(name)
    if isinstance(error, IsADirectoryError):
        return NotFoundError(None, None, f"{name} is a directory, but the path of a file was expected.")
    if isinstance(error, FileNotFoundError):
        return NotFoundError(None, None, _nowhere(name, doing, reason) if doing else f"{name} does not exist.")
    if isinstance(error, PermissionError) or "Credentials" in kind or "Auth" in kind:
        return PermissionDeniedError(None, None, text)
    if isinstance(error, TimeoutError) or "Timeout" in kind:
        return DeadlineExceededError(None, None, unsure)
    if doing == "write" and isinstance(error, ValueError):  # not the name of a file there, such as that of a bucket
        return InvalidArgumentError(None, None, text)
    if isinstance(error, ImportError):
        return UnimplementedError(None, None, text)
    return UnavailableError(None, None, unsure)


def _nowhere(name: str, doing: str, reason: str) -> str:
    return f"Cannot {doing} {name}: there is no such bucket or folder ({reason}). Make it first, or correct the name."

"""The exit status of each kind of error, and the sentence that is printed about it."""

from __future__ import annotations

import errno
import os
import sys
from enum import IntEnum
from typing import NoReturn

import typer

from hdfsaver import errors
from hdfsaver.errors import OpError, without_secrets


class ExitCode(IntEnum):
    """The status that a command ends with.

    Attributes
    ----------
    meaning : str
    """

    meaning: str

    def __new__(cls, value: int, meaning: str) -> ExitCode:
        """A status with its meaning."""
        found = int.__new__(cls, value)
        found._value_ = value
        found.meaning = meaning
        return found

    FINE = 0, "Done; nothing is wrong."
    DIFFERS = 1, "A file is damaged; or what was compared or looked for differs, or is incomplete."
    USAGE = 2, "The command line or the value of an option is wrong."
    NOT_FOUND = 3, "A file, a name or a group does not exist."
    NOT_READ = 4, "A file is of another kind than was expected, or has what cannot be read or done here."
    NOT_ALLOWED = 5, "A file exists already, or the system does not allow to read or write it."
    NO_ROOM = 6, "The disk is full, or memory or another resource ran out."
    NO_PACKAGE = 7, "An optional package is not installed; the message names it."
    NOT_REACHED = 8, "A server does not answer, or refuses."
    DEFECT = 70, "hdfsaver has a defect; --debug shows where."
    INTERRUPTED = 130, "Interrupted (Ctrl-C); no unfinished file is left."
    BROKEN_PIPE = 141, "The program that reads the output has ended; nothing is printed."


_BY_CLASS: tuple[tuple[type[BaseException], ExitCode], ...] = (
    (errors.DataLossError, ExitCode.DIFFERS),
    (errors.NotFoundError, ExitCode.NOT_FOUND),
    (errors.AlreadyExistsError, ExitCode.NOT_ALLOWED),
    (errors.PermissionDeniedError, ExitCode.NOT_ALLOWED),
    (errors.ResourceExhaustedError, ExitCode.NO_ROOM),
    (errors.UnavailableError, ExitCode.NOT_REACHED),
    (errors.DeadlineExceededError, ExitCode.NOT_REACHED),
    (errors.UnauthenticatedError, ExitCode.DIFFERS),  # a signature by another key
    (errors.InternalError, ExitCode.DEFECT),
    (OpError, ExitCode.NOT_READ),
    (ImportError, ExitCode.NO_PACKAGE),
    (MemoryError, ExitCode.NO_ROOM),
    (TypeError, ExitCode.USAGE),
    (ValueError, ExitCode.USAGE),
)
"""The first class that an error is of has its status."""


def status_of(error: BaseException) -> ExitCode:
    """The exit status of an error."""
    translated = _translated(error)
    return next((status for kind, status in _BY_CLASS if isinstance(translated, kind)), ExitCode.DEFECT)


def sentence(error: BaseException) -> str:
    """The sentence that is printed about an error; secrets of URLs are left out."""
    translated = _translated(error)
    if isinstance(translated, OpError):
        return without_secrets(translated.message)
    if isinstance(translated, MemoryError):
        return f"There is not enough memory. {translated}".strip()
    if status_of(translated) is ExitCode.DEFECT:
        return without_secrets(
            f"hdfsaver has a defect here: {type(translated).__name__}: {translated} (--debug shows the traceback)."
        )
    return without_secrets(str(translated))


def _translated(error: BaseException) -> BaseException:
    """The error of TensorFlow's class for one of the operating system."""
    if isinstance(error, OSError) and error.errno is not None:
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "a file"
        return errors.from_os_error(error, f"Cannot use {name}")
    return error


def is_of_typer(error: BaseException) -> bool:
    """Whether typer itself reports an error: one about the command line, or the end of the program."""
    return isinstance(error, typer.Exit | typer.Abort) or hasattr(error, "format_message")


def leave_broken_pipe() -> NoReturn:
    """End quietly: the output is not read any more.

    Raises
    ------
    typer.Exit
        Always.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise
            os.dup2(nowhere, stream.fileno())  # what Python writes at its end goes there
    raise typer.Exit(ExitCode.BROKEN_PIPE)

"""The exception tree.

::

    Exception
    └── OpError                      any failure while a graph runs or a checkpoint is used
        ├── CancelledError           1
        ├── UnknownError             2
        ├── InvalidArgumentError     3   a shape, dtype or value that does not fit
        │   └── InvalidNodeError     3   a node of a graph contradicts the definition of its type; also a ValueError
        ├── DeadlineExceededError    4
        ├── NotFoundError            5   a name that the checkpoint lacks
        │   └── NoCheckpointError    5   a folder without a checkpoint; also a ValueError
        ├── AlreadyExistsError       6
        ├── PermissionDeniedError    7   a folder that cannot be written
        ├── ResourceExhaustedError   8   a full disk
        ├── FailedPreconditionError  9   a variable without a value
        ├── AbortedError            10
        ├── OutOfRangeError         11
        ├── UnimplementedError      12   an operation that the engine does not support
        ├── InternalError           13
        ├── UnavailableError        14
        ├── DataLossError           15   a damaged or altered file
        └── UnauthenticatedError    16

Names, codes and constructor arguments are those of ``tf.errors``. Where TensorFlow raises a built-in exception
(``ValueError``, ``TypeError``, ``KeyError``, ``RuntimeError``, ``OSError``), the same exception is raised here.
"""

from __future__ import annotations

import errno
import os
import re
import reprlib
import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from hdfsaver.absent_names import absent as _absent

__all__ = [
    "ABORTED",
    "ALREADY_EXISTS",
    "AbortedError",
    "AlreadyExistsError",
    "CANCELLED",
    "CancelledError",
    "DATA_LOSS",
    "DEADLINE_EXCEEDED",
    "DataLossError",
    "DeadlineExceededError",
    "FAILED_PRECONDITION",
    "FailedPreconditionError",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "InternalError",
    "InvalidArgumentError",
    "NOT_FOUND",
    "NotFoundError",
    "OK",
    "OUT_OF_RANGE",
    "OpError",
    "OutOfRangeError",
    "PERMISSION_DENIED",
    "PermissionDeniedError",
    "RESOURCE_EXHAUSTED",
    "ResourceExhaustedError",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
    "UNIMPLEMENTED",
    "UNKNOWN",
    "UnauthenticatedError",
    "UnavailableError",
    "UnimplementedError",
    "UnknownError",
    "error_code_from_exception_type",
    "exception_type_from_error_code",
]

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OpError(Exception):
    """Base class of the errors that a run or a checkpoint raises.

    Parameters
    ----------
    node_def : object or None
        The definition of the operation that failed, if there is one.
    op : Operation or None
        The operation that failed, if there is one.
    message : str
        One sentence: what was found, what was expected, what to do.
    error_code : int
        One of the codes of this module.
    """

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int) -> None:
        if "://" in message:
            message = without_secrets(message)
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code

    def __reduce__(self) -> tuple[Any, ...]:
        # The operation belongs to a graph of this process; another process gets the message.
        return type(self), (None, None, self._message, self._error_code)

    @property
    def message(self) -> str:
        """The message."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, or None."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The definition of the operation that failed, or None."""
        return self._node_def

    @property
    def error_code(self) -> int:
        """The number of the error's class, as in ``tf.errors``."""
        return self._error_code

    @property
    def experimental_payloads(self) -> dict[bytes, bytes]:
        """The data that TensorFlow's servers attach to an error: always empty here."""
        return {}

    def __str__(self) -> str:
        frames = getattr(self._op, "traceback", None)
        if not frames:
            return self._message
        return f"{self._message}\n\nOriginal stack trace for {self._op.name!r}:\n{''.join(frames.format()).rstrip()}"


class _CodedError(OpError):
    """An `OpError` whose class fixes the code."""

    code: ClassVar[int]

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int | None = None) -> None:
        super().__init__(node_def, op, message, self.code if error_code is None else error_code)


class CancelledError(_CodedError):
    """The operation was cancelled."""

    code = CANCELLED


class UnknownError(_CodedError):
    """The cause is not known."""

    code = UNKNOWN


class InvalidArgumentError(_CodedError):
    """A shape, a dtype or a value does not fit."""

    code = INVALID_ARGUMENT


class InvalidNodeError(InvalidArgumentError, ValueError):
    """A node of a graph contradicts the definition of its type.

    TensorFlow finds this with an `InvalidArgumentError`, which its import turns into a `ValueError`: this is both.
    """


class DeadlineExceededError(_CodedError):
    """The time allowed ran out."""

    code = DEADLINE_EXCEEDED


class NotFoundError(_CodedError):
    """A requested name or file does not exist."""

    code = NOT_FOUND


class NoCheckpointError(NotFoundError, ValueError):
    """A folder has no checkpoint.

    TensorFlow raises a `ValueError` there.
    """


class AlreadyExistsError(_CodedError):
    """The thing to create exists already."""

    code = ALREADY_EXISTS


class PermissionDeniedError(_CodedError):
    """The operating system does not allow it."""

    code = PERMISSION_DENIED


class ResourceExhaustedError(_CodedError):
    """Disk, memory or another resource ran out."""

    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(_CodedError):
    """The state does not allow it: most often a variable without a value."""

    code = FAILED_PRECONDITION


class AbortedError(_CodedError):
    """The operation was given up."""

    code = ABORTED


class OutOfRangeError(_CodedError):
    """A position is beyond the end."""

    code = OUT_OF_RANGE


class UnimplementedError(_CodedError):
    """An operation is not supported by the engine."""

    code = UNIMPLEMENTED


class InternalError(_CodedError):
    """An internal invariant of the library is broken."""

    code = INTERNAL


class UnavailableError(_CodedError):
    """A needed resource cannot be reached now."""

    code = UNAVAILABLE


class DataLossError(_CodedError):
    """A file is damaged, cut short or was changed by another program."""

    code = DATA_LOSS


class UnauthenticatedError(_CodedError):
    """The caller is not known."""

    code = UNAUTHENTICATED


_CLASS_BY_CODE = {kind.code: kind for kind in _CodedError.__subclasses__()}


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of the errors with a code; `KeyError` where there is not one."""
    return _CLASS_BY_CODE[error_code]


def error_code_from_exception_type(cls: type[OpError]) -> int | OpError:
    """The code of a class of errors.

    Parameters
    ----------
    cls : type

    Returns
    -------
    int or UnknownError
        The error, after a warning, for a class that has no code.
    """
    if isinstance(cls, type) and issubclass(cls, _CodedError):
        return cls.code
    warnings.warn(f"Unknown class exception: {cls!r} has no error code.", stacklevel=2)
    return UnknownError(None, None, f"Unknown class exception {cls!r}.")


_CLASS_BY_ERRNO: dict[int, type[_CodedError]] = {
    errno.ENOENT: NotFoundError,
    errno.ENOTDIR: FailedPreconditionError,
    errno.EISDIR: FailedPreconditionError,
    errno.ENOTEMPTY: FailedPreconditionError,
    errno.EEXIST: AlreadyExistsError,
    errno.EACCES: PermissionDeniedError,
    errno.EPERM: PermissionDeniedError,
    errno.EROFS: PermissionDeniedError,
    errno.ENOSPC: ResourceExhaustedError,
    errno.EFBIG: ResourceExhaustedError,
    errno.EMFILE: ResourceExhaustedError,
    errno.ENFILE: ResourceExhaustedError,
    errno.ENOMEM: ResourceExhaustedError,
    errno.ENAMETOOLONG: InvalidArgumentError,
    errno.EINVAL: InvalidArgumentError,
}
if hasattr(errno, "EDQUOT"):  # absent on Windows
    _CLASS_BY_ERRNO[errno.EDQUOT] = ResourceExhaustedError


def from_os_error(error: OSError, doing: str, detail: str = "") -> OpError:
    """Translate an `OSError` into the matching `OpError`.

    Parameters
    ----------
    error : OSError
        The error of the operating system.
    doing : str
        The action and the file, as the beginning of a sentence: ``"Cannot write model.h5"``.
    detail : str
        Sentences to append: what was needed, what is available, what to do.

    Returns
    -------
    OpError
        `NotFoundError`, `PermissionDeniedError`, `ResourceExhaustedError` or another subclass.
    """
    cause = os.strerror(error.errno) if error.errno else str(error)
    message = f"{doing}: {cause}. {detail}".rstrip()
    return _CLASS_BY_ERRNO.get(error.errno or 0, UnknownError)(None, None, message)


def without_secrets(text: str) -> str:
    """Text in which no URL has a password, or a query, which may be signed."""
    return _URL.sub(_bare, text)


_URL = re.compile(r"([A-Za-z][A-Za-z0-9.+-]*://)([^/?#\s'\"<>]*@)?([^?\s'\"<>]*)(\?[^\s'\"<>]*)?")


def _bare(url: re.Match[str]) -> str:
    query = url[4] or ""
    end = query[len(query.rstrip(".,:;)")) :]  # punctuation of the sentence
    return f"{url[1]}{url[3]}{'?...' if query else ''}{end}"


def shown(value: object) -> str:
    """A value of a program for a message; of one that is nested so deeply that Python cannot show it, the beginning."""
    try:
        return repr(value)
    except RecursionError:
        return reprlib.repr(value)


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

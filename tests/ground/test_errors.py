"""The exception tree."""

from __future__ import annotations

import errno
import pickle

import pytest

from hdfsaver import errors

CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.OpError)]
CODED = [kind for kind in CLASSES if hasattr(kind, "code")]


def test_codes_are_tensorflows():
    """Each of the sixteen codes has its class."""
    assert set(range(1, 17)) == {kind.code for kind in CODED}
    assert 5 == errors.NotFoundError(None, None, "x").error_code == errors.NOT_FOUND


@pytest.mark.parametrize("kind", CODED)
def test_arguments_are_tensorflows(kind):
    """An error is made of a node, an operation and a sentence, and survives a trip to another process."""
    error = kind("node", "op", "What happened.")
    assert ("node", "op", "What happened.", "What happened.") == (error.node_def, error.op, error.message, str(error))
    again = pickle.loads(pickle.dumps(error))
    assert (kind, "What happened.", kind.code) == (type(again), again.message, again.error_code)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOENT, errors.NotFoundError),
        (errno.EACCES, errors.PermissionDeniedError),
        (errno.EROFS, errors.PermissionDeniedError),
        (errno.ENOSPC, errors.ResourceExhaustedError),
        (errno.EISDIR, errors.FailedPreconditionError),
        (errno.ENOTDIR, errors.FailedPreconditionError),
        (errno.ENOTEMPTY, errors.FailedPreconditionError),
        (errno.EEXIST, errors.AlreadyExistsError),
        (errno.EPERM, errors.PermissionDeniedError),
        (errno.EFBIG, errors.ResourceExhaustedError),
        (errno.EMFILE, errors.ResourceExhaustedError),
        (errno.ENFILE, errors.ResourceExhaustedError),
        (errno.ENOMEM, errors.ResourceExhaustedError),
        (errno.ENAMETOOLONG, errors.InvalidArgumentError),
        (errno.EINVAL, errors.InvalidArgumentError),
        (errno.EIO, errors.UnknownError),
    ],
)
def test_what_the_system_reports(number, kind):
    """An OSError becomes the class that TensorFlow has for its number, and says what was being done."""
    error = errors.from_os_error(OSError(number, "text"), "Cannot write m.h5")
    assert type(error) is kind
    assert error.message.startswith("Cannot write m.h5: ")

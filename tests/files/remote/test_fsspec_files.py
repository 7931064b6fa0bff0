"""Files of fsspec: what is asked for, and errors of other libraries."""

from __future__ import annotations

import os
import sys

import pytest

import hdfsaver as tf
from hdfsaver.files.remote.range_file import BLOCK

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed; it is an extra")

from hdfsaver.files.remote.fsspec_files import FsspecFile  # noqa: E402 - behind the check

CONTENT = os.urandom(3 * BLOCK)


@pytest.fixture
def files():
    """A file system in memory, empty."""
    found = fsspec.filesystem("memory")
    found.store.clear()
    found.pipe("/d/f", CONTENT)
    yield found
    found.store.clear()


def read(file, offset, nbytes):
    data = bytearray(nbytes)
    file.read_into(memoryview(data), offset)
    return bytes(data)


def test_ranges(files):
    """The length and any range of a file."""
    file = FsspecFile("memory://d/f")
    assert file.size == len(CONTENT)
    assert read(file, 5, 2 * BLOCK) == CONTENT[5 : 5 + 2 * BLOCK]
    file.check_current()
    file.close()


def test_a_file_that_changes(files):
    """It is noticed at the next read, also if its length stays the same."""
    file = FsspecFile("memory://d/f")
    files.pipe("/d/f", CONTENT[::-1])
    with pytest.raises(tf.errors.FailedPreconditionError, match="memory://d/f was replaced .*; open it again"):
        read(file, BLOCK, BLOCK)


class Strange:
    """A file of a library that has exceptions of its own."""

    def __init__(self, error):
        self.error = error

    def seek(self, offset):
        raise self.error

    def close(self):
        """Nothing is open."""


class FileExpired(Exception):  # noqa: N818 - the name in s3fs
    """The exception of s3fs for a file that was replaced."""


class NoCredentialsError(Exception):
    """The exception of botocore."""


class ReadTimeoutError(Exception):
    """The exception of botocore."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError("f"), tf.errors.NotFoundError),
        (IsADirectoryError("f"), tf.errors.NotFoundError),
        (PermissionError("Access Denied"), tf.errors.PermissionDeniedError),
        (NoCredentialsError("Unable to locate credentials"), tf.errors.PermissionDeniedError),
        (TimeoutError(), tf.errors.DeadlineExceededError),
        (ReadTimeoutError("https://u:hush@h/f?sig=hush"), tf.errors.DeadlineExceededError),
        (FileExpired("f"), tf.errors.FailedPreconditionError),
        (OSError("[Errno 5] An error occurred (SlowDown)"), tf.errors.UnavailableError),
        (RuntimeError("a\nb"), tf.errors.UnavailableError),
        (ImportError("Install x"), tf.errors.UnimplementedError),
    ],
)
def test_errors_of_libraries(files, error, kind):
    """Each is an error of TensorFlow's class, which names the file, and no password."""
    file = FsspecFile("memory://d/f")
    file._file = Strange(error)
    with pytest.raises(kind, match="memory://d/f") as caught:
        read(file, BLOCK, BLOCK)
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("content", [b"", CONTENT[: BLOCK - 1], CONTENT])
def test_a_library_that_gives_other_lengths(files, content):
    """Bytes that are fewer or more than were asked for are not used."""
    file = FsspecFile("memory://d/f")
    file._direct = lambda start, stop: content
    with pytest.raises(
        tf.errors.DataLossError, match=f"{BLOCK} bytes were asked for at byte {BLOCK}, but {len(content)}"
    ):
        read(file, BLOCK, BLOCK)


def test_what_cannot_be_opened(files, monkeypatch):
    """A missing file, a folder, an unknown scheme, and no fsspec: each is said."""
    with pytest.raises(tf.errors.NotFoundError, match="memory://d/none does not exist"):
        FsspecFile("memory://d/none")
    with pytest.raises(tf.errors.NotFoundError, match="memory://d does not exist"):
        FsspecFile("memory://d")
    with pytest.raises(tf.errors.UnimplementedError, match="scheme 'none' not implemented"):
        tf.load_file("none://d/f")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(tf.errors.UnimplementedError, match=r"pip install 'hdfsaver\[remote\]'"):
        tf.load_file("s3://bucket/f.h5")

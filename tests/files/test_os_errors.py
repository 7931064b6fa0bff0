"""Error messages for files that cannot be written."""

from __future__ import annotations

import errno
import os
import shutil

import pytest

from hdfsaver import errors
from hdfsaver.files import os_errors


def said(number, path, needed=1000):
    return os_errors.refused(OSError(number, "raw"), path, needed).message


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, errors.ResourceExhaustedError),
        (errno.EFBIG, errors.ResourceExhaustedError),
        (errno.EMFILE, errors.ResourceExhaustedError),
        (errno.ENFILE, errors.ResourceExhaustedError),
        (errno.ENOENT, errors.NotFoundError),
        (errno.EACCES, errors.PermissionDeniedError),
        (errno.EIO, errors.UnknownError),
    ],
)
def test_the_class_and_the_beginning(tmp_path, number, kind):
    """Each error has the class that TensorFlow raises, and begins with the file and the message of the system."""
    error = os_errors.refused(OSError(number, "raw"), tmp_path / "x", 1)
    assert kind is type(error)
    assert error.message.startswith(f"Cannot write {tmp_path / 'x'}: {os.strerror(number)}.")


def test_the_folder_of_a_link_is_the_one_that_is_full(tmp_path):
    """For a symbolic link, the free space is that of the folder of its target."""
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "x")
    assert f"bytes are free in {tmp_path / 'far'}. " in said(errno.ENOSPC, tmp_path / "link", 1 << 62)


def test_a_folder_that_cannot_be_asked(tmp_path, monkeypatch):
    """If the free space is unknown, the error still says how much was needed."""

    def fail(folder):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(shutil, "disk_usage", fail)
    assert said(errno.ENOSPC, tmp_path / "x").endswith(" 1,000 bytes were needed. The earlier files are unchanged.")


def test_without_limits_to_ask_for(tmp_path, monkeypatch):
    """Systems without `resource` get sentences without the numbers."""
    monkeypatch.setattr(os_errors, "resource", None)
    assert f"1,000 bytes were needed, more than the file system of {tmp_path} allows for one file." in said(
        errno.EFBIG, tmp_path / "x"
    )
    assert "This process has reached its limit of open files: close some" in said(errno.EMFILE, tmp_path / "x")


def test_an_existing_folder_is_not_called_missing(tmp_path):
    """Something else was missing then, and nothing is claimed."""
    assert said(errno.ENOENT, tmp_path / "x").endswith(f": {os.strerror(errno.ENOENT)}.")


def test_a_size_that_is_not_known(tmp_path):
    """The size of a compressed file is not known in advance; the error says how much is free."""
    for number in (errno.ENOSPC, errno.EFBIG):
        assert "More space was needed than is free, " in said(number, tmp_path / "x", 0)
    assert f"bytes are free in {tmp_path}" in said(errno.ENOSPC, tmp_path / "x", 0)

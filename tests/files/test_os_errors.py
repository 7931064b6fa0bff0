"""Why a file cannot be written, in words."""

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
    """Each error is of TensorFlow's class, and begins with the file and with what the system says."""
    error = os_errors.refused(OSError(number, "raw"), tmp_path / "x", 1)
    assert kind is type(error)
    assert error.message.startswith(f"Cannot write {tmp_path / 'x'}: {os.strerror(number)}.")


def test_the_folder_of_a_link_is_the_one_that_is_full(tmp_path):
    """Where the file is a link, the room is asked for where it leads to."""
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "x")
    assert f"bytes are free in {tmp_path / 'far'}. " in said(errno.ENOSPC, tmp_path / "link", 1 << 62)


def test_a_folder_that_cannot_be_asked(tmp_path, monkeypatch):
    """Where nobody knows what is free, the error says what was needed all the same."""

    def fail(folder):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(shutil, "disk_usage", fail)
    assert said(errno.ENOSPC, tmp_path / "x").endswith(" 1,000 bytes were needed. What was there is unchanged.")


def test_without_limits_to_ask_for(tmp_path, monkeypatch):
    """Systems without `resource` get sentences without the numbers."""
    monkeypatch.setattr(os_errors, "resource", None)
    assert f"1,000 bytes were needed, more than a file in {tmp_path} may have." in said(errno.EFBIG, tmp_path / "x")
    assert "This process may have so many files open, and has" in said(errno.EMFILE, tmp_path / "x")


def test_a_folder_that_is_there_is_not_called_gone(tmp_path):
    """Something else was missing then, and nothing is claimed."""
    assert said(errno.ENOENT, tmp_path / "x").endswith(f": {os.strerror(errno.ENOENT)}.")


def test_a_size_that_is_not_known(tmp_path):
    """Of what is compressed on its way nobody knows how much it will be; the error says what is free."""
    for number in (errno.ENOSPC, errno.EFBIG):
        assert "More room was needed than there is, " in said(number, tmp_path / "x", 0)
    assert f"bytes are free in {tmp_path}" in said(errno.ENOSPC, tmp_path / "x", 0)

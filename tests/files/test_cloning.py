"""Clones, on the file system that there is: a clone, or an error that says that there can be none."""

from __future__ import annotations

import errno
import os
import platform

import pytest

from hdfsaver.files import cloning

IMPOSSIBLE = {errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.EPERM}


@pytest.fixture
def pair(tmp_path):
    """The descriptors of a file with content, and of an empty one."""
    (tmp_path / "source").write_bytes(bytes(range(256)) * 100)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
    fds = [os.open(tmp_path / name, flags) for name in ("source", "target")]
    yield fds
    for fd in fds:
        os.close(fd)


def test_a_clone_or_an_error(pair):
    """A clone has the content of the source; where there is none the target is as it was."""
    refusal = None
    try:
        cloning.clone(*pair)
    except OSError as error:
        refusal = error.errno
    assert refusal is None or refusal in IMPOSSIBLE
    assert (bytes(range(256)) * 100 if refusal is None else b"") == os.pread(pair[1], 30_000, 0)


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_another_system(pair, monkeypatch, system):
    """Without the call of Linux there is an error that says so."""
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(cloning, "_FICLONE", cloning._number())
    with pytest.raises(OSError, match=os.strerror(errno.EOPNOTSUPP)):
        cloning.clone(*pair)


@pytest.mark.parametrize(("machine", "number"), [("x86_64", 0x40049409), ("ppc64le", 0x80049409)])
def test_the_number_of_the_call(monkeypatch, machine, number):
    """The number is that of the processor, also where Python does not name it."""
    monkeypatch.delattr(pytest.importorskip("fcntl"), "FICLONE", raising=False)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert number == cloning._number()

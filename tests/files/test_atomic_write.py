"""Atomic commit."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hdfsaver import errors
from hdfsaver.files import atomic_write as atomic_write_module
from hdfsaver.files.atomic_write import atomic_write, open_draft, write_text_atomically
from tests import forks


def names(folder):
    """The names in a folder."""
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_appears_when_it_is_complete(tmp_path, durable):
    """Inside the block the old file stands; behind it, the new one does, and nothing else."""
    (tmp_path / "x").write_text("old")
    with atomic_write(tmp_path / "x", durable=durable) as draft:
        os.write(draft.fd, b"new")
        assert "old" == (tmp_path / "x").read_text()
        assert draft.path.name.startswith(f".x.{os.getpid()}.")
    assert "new" == (tmp_path / "x").read_text()
    assert ["x"] == names(tmp_path)


@pytest.mark.parametrize("has_hard_links", [True, False])
def test_a_new_file_replaces_nothing(tmp_path, monkeypatch, has_hard_links):
    """A file that is there, or appears during the block, is an error and stays; so does a link that leads nowhere."""
    if not has_hard_links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no links")))
    with atomic_write(tmp_path / "new", new_only=True) as draft:
        os.write(draft.fd, b"new")
    assert ("new", ["new"]) == ((tmp_path / "new").read_text(), names(tmp_path))

    def write(path, *, appears=False):
        with atomic_write(path, new_only=True) as draft:
            os.write(draft.fd, b"newer")
            if appears:
                path.write_text("theirs")

    os.symlink("nowhere", tmp_path / "link")
    for path in (tmp_path / "new", tmp_path / "link"):
        with pytest.raises(errors.AlreadyExistsError, match=f"{path}.*nothing is overwritten"):
            write(path)
    with pytest.raises(errors.AlreadyExistsError, match="nothing is overwritten"):
        write(tmp_path / "race", appears=True)
    assert ("new", "theirs") == ((tmp_path / "new").read_text(), (tmp_path / "race").read_text())
    assert ["link", "new", "race"] == names(tmp_path)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_any_exception_all_is_as_before(tmp_path, error):
    """The old file is intact, and no draft is left."""
    (tmp_path / "x").write_text("old")

    def fail():
        with atomic_write(tmp_path / "x") as draft:
            os.write(draft.fd, b"half")
            raise error

    with pytest.raises(error):
        fail()
    assert "old" == (tmp_path / "x").read_text()
    assert ["x"] == names(tmp_path)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, errors.ResourceExhaustedError), (errno.EACCES, errors.PermissionDeniedError)]
)
@pytest.mark.parametrize("call", ["fsync", "replace", "posix_fallocate"])
def test_errors_of_the_system_name_the_file(tmp_path, monkeypatch, number, kind, call):
    """Wherever the system refuses, the error names the file, and the old file is intact."""
    (tmp_path / "x").write_text("old")

    def refuse(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(kind, match=f"^Cannot write {tmp_path / 'x'}: "), atomic_write(tmp_path / "x") as draft:
        draft.reserve(100)
    assert "old" == (tmp_path / "x").read_text()
    assert ["x"] == names(tmp_path)


def test_a_file_system_without_reservation_is_fine(tmp_path, monkeypatch):
    """If space cannot be reserved, the file is still written."""

    def refuse(*args):
        raise OSError(errno.EOPNOTSUPP, "no")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with atomic_write(tmp_path / "x") as draft:
        draft.reserve(100)
    assert 100 == (tmp_path / "x").stat().st_size


def test_a_full_disk_is_noticed_before_anything_is_written(tmp_path):
    """A limit on the file's size stands for a full disk: reserving space fails, and the old file is kept."""
    code = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
from hdfsaver.errors import ResourceExhaustedError
from hdfsaver.files.atomic_write import atomic_write
try:
    with atomic_write({str(tmp_path / "x")!r}) as draft:
        draft.reserve(2000)
        print("written")
except ResourceExhaustedError as error:
    print("refused")
"""
    (tmp_path / "x").write_text("old")
    assert "refused\n" == forks.run("-c", code).stdout
    assert "old" == (tmp_path / "x").read_text()
    assert ["x"] == names(tmp_path)


def test_a_missing_folder_is_not_found(tmp_path):
    """A folder is never made silently."""
    with pytest.raises(errors.NotFoundError, match="Cannot write"), atomic_write(tmp_path / "no" / "x"):
        pass


def test_a_new_file_has_the_mode_that_open_gives(tmp_path):
    """The umask decides, as for any new file."""
    old = os.umask(0o027)
    try:
        write_text_atomically(tmp_path / "x", "text")
    finally:
        os.umask(old)
    assert 0o640 == stat.S_IMODE((tmp_path / "x").stat().st_mode)


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444])
def test_a_replaced_file_keeps_its_mode(tmp_path, mode):
    """The new file has the permissions of the old one, for every umask."""
    (tmp_path / "x").write_text("old")
    (tmp_path / "x").chmod(mode)
    with atomic_write(tmp_path / "x") as draft:
        assert 0 == stat.S_IMODE(draft.path.stat().st_mode) & ~mode
    assert mode == stat.S_IMODE((tmp_path / "x").stat().st_mode)


def test_a_symbolic_link_stays_one(tmp_path):
    """The file that a link leads to is replaced, in its own folder, also where it does not exist yet."""
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "file")
    for text in ("first", "second"):
        write_text_atomically(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert text == (tmp_path / "far" / "file").read_text()
    assert ["file"] == names(tmp_path / "far")


def test_a_ring_of_links_is_refused(tmp_path):
    """Links that lead to each other lead to no file."""
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(errors.OpError, match="Cannot write"), atomic_write(tmp_path / "a"):
        pass


def test_only_files_are_replaced(tmp_path):
    """A directory or a pipe of that name is not replaced."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, kind in (("folder", "a directory"), ("pipe", "not a regular file")):
        with pytest.raises(errors.FailedPreconditionError, match=kind), atomic_write(tmp_path / name):
            pass
    assert ["folder", "pipe"] == names(tmp_path)


def test_names_of_any_length(tmp_path):
    """A name of 255 bytes, which leaves no space for a longer draft name, can be written and its draft removed."""
    name = "é" * 127
    (tmp_path / f".{atomic_write_module.stem_of(name)}.1.00000000.tmp").touch()
    write_text_atomically(tmp_path / name, "text")
    assert [name] == names(tmp_path)


WRITER = """
import os, sys, time
from hdfsaver.files.atomic_write import atomic_write
with atomic_write(sys.argv[1]) as draft:
    os.write(draft.fd, b"half")
    print("ready", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_save_left_is_cleared_by_the_next(tmp_path):
    """The draft of a living save is left alone; when its owner is killed, the next save of that name removes it."""
    (tmp_path / "x").write_text("old")
    with subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "x"], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert b"ready\n" == owner.stdout.readline()
        write_text_atomically(tmp_path / "x", "new")
        assert 2 == len(names(tmp_path))
        owner.send_signal(signal.SIGKILL)
    write_text_atomically(tmp_path / "x", "newer")
    assert ["x"] == names(tmp_path)
    assert "newer" == (tmp_path / "x").read_text()


def test_drafts_of_other_names_are_left_alone(tmp_path):
    """Only drafts of the very same name are looked at."""
    others = [".y.1.00000000.tmp", ".x.1.00000000.tmp.h5", ".x.y.1.00000000.tmp", "x.1.00000000.tmp"]
    for name in others:
        (tmp_path / name).touch()
    write_text_atomically(tmp_path / "x", "text")
    assert sorted([*others, "x"]) == names(tmp_path)


def test_a_draft_that_was_swept_before_its_lock_is_made_again(tmp_path, monkeypatch):
    """Between making a draft and locking it another save may take it for stale; then a new one is made."""
    opened = []
    really_open = os.open

    def open_and_sweep(path, *args, **options):
        fd = really_open(path, *args, **options)
        if not opened and str(path).endswith(".tmp"):
            os.unlink(path)
        opened.append(path)
        return fd

    monkeypatch.setattr(os, "open", open_and_sweep)
    write_text_atomically(tmp_path / "x", "text")
    assert "text" == (tmp_path / "x").read_text()


def test_without_locks_a_file_is_written_all_the_same(tmp_path, monkeypatch):
    """Systems without flock close the draft before it gets its name."""
    monkeypatch.setattr(atomic_write_module, "fcntl", None)
    write_text_atomically(tmp_path / "x", "text")
    assert "text" == (tmp_path / "x").read_text()
    assert ["x"] == names(tmp_path)


def test_the_file_is_written_even_if_its_folder_cannot_be_synchronized(tmp_path, monkeypatch):
    """The error says that the file is there."""
    calls = []

    def fsync(fd):
        calls.append(fd)
        if len(calls) == 2:
            raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(errors.OpError, match="is written, but its folder"):
        write_text_atomically(tmp_path / "x", "text")
    assert "text" == (tmp_path / "x").read_text()


def test_drafts_get_their_names_in_the_order_of_the_program(tmp_path: Path) -> None:
    """Of several drafts each is a file when the program says so, under the name it says; the others are removed."""
    for name in ("first", "second"):
        (tmp_path / name).write_text("old")
    with open_draft(tmp_path / "first") as one, open_draft(tmp_path / "third") as other:
        os.write(one.fd, b"new")
        one.becomes("second")
        assert {"first": "old", "second": "new", other.path.name: ""} == {
            path.name: path.read_text() for path in tmp_path.iterdir()
        }
    assert {"first": "old", "second": "new"} == {path.name: path.read_text() for path in tmp_path.iterdir()}


def test_a_draft_cannot_become_a_directory(tmp_path: Path) -> None:
    """A path that is not a regular file is not replaced, and no draft is left."""
    (tmp_path / "second").mkdir()
    with (
        pytest.raises(errors.OpError, match="Is a directory"),
        open_draft(tmp_path / "first") as draft,
    ):
        draft.becomes("second")
    assert ["second"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EIO, errors.UnknownError),
        (errno.ENOSPC, errors.ResourceExhaustedError),
        (errno.EDQUOT, errors.ResourceExhaustedError),
    ],
)
def test_a_failing_close_is_an_error_before_the_file_has_its_name(tmp_path, monkeypatch, number, kind, durable):
    """A network or a quota refuses bytes when the file is closed: the earlier file stays, and the error says why."""
    (tmp_path / "x").write_text("old")
    really = os.close

    def close(fd):
        is_draft = stat.S_ISREG(os.fstat(fd).st_mode)
        really(fd)
        if is_draft:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "close", close)
    with pytest.raises(kind, match=f"^Cannot write {tmp_path / 'x'}: {os.strerror(number)}\\."):
        write_text_atomically(tmp_path / "x", "new", durable=durable)
    assert ("old", ["x"]) == ((tmp_path / "x").read_text(), names(tmp_path))


def test_the_lock_is_held_until_the_file_has_its_name(tmp_path, monkeypatch):
    """The draft is closed before that, and no other save takes it for one of a killed program meanwhile."""
    really = os.replace

    def replace(old, new):
        atomic_write_module.clear_stale(tmp_path, "x")
        really(old, new)

    monkeypatch.setattr(os, "replace", replace)
    write_text_atomically(tmp_path / "x", "text")
    assert "text" == (tmp_path / "x").read_text()


def test_what_was_not_synchronized_is_not_synchronized_again(tmp_path, monkeypatch):
    """A system reports an error of the disk once, and success the next time: the draft is given up."""
    calls = []

    def fsync(fd):
        calls.append(fd)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(errors.UnknownError, match="Cannot write"):
        write_text_atomically(tmp_path / "x", "text")
    assert (1, []) == (len(calls), names(tmp_path))


def test_a_new_name_whose_answer_was_lost(tmp_path, monkeypatch):
    """A network reports an error although the server has made the name: the file is there, and that is no error."""
    really = os.link

    def link(old, new):
        really(old, new)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    monkeypatch.setattr(os, "link", link)
    with atomic_write(tmp_path / "x", new_only=True) as draft:
        os.write(draft.fd, b"new")
    assert ("new", ["x"]) == ((tmp_path / "x").read_text(), names(tmp_path))


def test_a_draft_beside_a_link_has_the_permissions_of_another_file(tmp_path: Path) -> None:
    """A draft that is made like another file replaces a link, does not follow it, and is as private as that file."""
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "blob").write_text("old")
    (tmp_path / "first").symlink_to(tmp_path / "blobs" / "blob")
    (tmp_path / "private").touch(0o600)
    with open_draft(tmp_path / "first", like=tmp_path / "private") as draft:
        os.write(draft.fd, b"new")
        draft.becomes("first")
    assert "old" == (tmp_path / "blobs" / "blob").read_text()
    assert "new" == (tmp_path / "first").read_text()
    assert not (tmp_path / "first").is_symlink()
    assert 0o600 == (tmp_path / "first").stat().st_mode & 0o777

"""Files behind URLs: they appear when they are whole, and what was there before stays until then."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

import hdfsaver as tf

pytest.importorskip("fsspec", reason="fsspec is not installed; it is an extra")

import fsspec

from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.remote.uploads import PART, upload
from tests.files.remote.object_store import ObjectStore, store

URL = RemoteName("store://bucket/d/f.h5")
LONG = os.urandom(2 * PART + 5)


@pytest.fixture
def objects() -> ObjectStore:
    """An object store, empty."""
    return store()


@pytest.fixture
def memory():
    """A file system in memory, empty."""
    found = fsspec.filesystem("memory")
    found.store.clear()
    found.pseudo_dirs[:] = [""]
    yield found
    found.store.clear()


def write(name, data):
    with upload(RemoteName(name), len(data)) as file:
        assert file.write(memoryview(data)) == len(data)
        assert file.tell() == len(data)


def test_a_short_file_is_one_request(objects):
    """And one for its length."""
    write(URL, b"abc")
    assert objects.objects == {"bucket/d/f.h5": b"abc"}
    assert objects.asked == ["put", "info"]


def test_a_long_file_is_sent_in_parts(objects):
    """Each of them is released when it was sent; a transaction of the file system keeps none."""
    write(URL, LONG)
    assert objects.objects == {"bucket/d/f.h5": LONG}
    assert objects.asked == ["begin", "part", "part", "part", "commit", "info"]
    assert objects.largest <= 2 * PART
    assert not objects.transaction.files


def test_parts_of_a_very_long_file_are_larger(objects):
    """Servers allow 10,000 of them."""
    with upload(URL, 9000 * PART * 3) as file:
        assert file._file.blocksize == 3 * PART


@pytest.mark.parametrize("url", [URL, RemoteName("memory://d/f.h5")])
@pytest.mark.parametrize("nbytes", [5, len(LONG)])
@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_an_error_while_it_is_written(objects, memory, url, nbytes, error):
    """What was there is still there; nobody sees the new bytes, and the server keeps none of them."""
    write(url, b"before")

    def interrupted():
        with upload(url) as file:
            file.write(LONG[:nbytes])
            assert tf.gfile.GFile(url, "rb").read() == b"before"
            raise error

    with pytest.raises(error):
        interrupted()
    assert tf.gfile.GFile(url, "rb").read() == b"before"
    assert not objects.uploads


@pytest.mark.parametrize("url", [URL, RemoteName("memory://d/f.h5")])
def test_a_new_file_is_not_seen_before(objects, memory, url):
    """Neither as an empty file."""
    with upload(url) as file:
        file.write(LONG)
        assert not tf.gfile.Exists(url) if "memory" in url else not objects.objects
    assert tf.gfile.GFile(url, "rb").read() == LONG


@pytest.mark.parametrize("kind", ["begin", "part", "commit"])
def test_a_server_that_dies(objects, kind):
    """The error names the file; the earlier object stays, and the parts are removed."""
    write(URL, b"before")
    objects.asked.clear()
    objects.faults[kind] = ConnectionResetError("Connection reset by peer")
    objects.after = kind == "part"
    with pytest.raises(
        tf.errors.UnavailableError, match=r"Cannot write store://bucket/d/f\.h5: ConnectionReset"
    ) as caught:
        write(URL, LONG)
    is_unsure = "may still have completed it" in str(caught.value)
    assert is_unsure == (kind == "commit")
    assert objects.objects == {"bucket/d/f.h5": b"before"}
    assert not objects.uploads
    assert objects.asked[-1] == "discard"


def test_a_server_that_dies_for_good(objects):
    """Where the parts cannot be removed either, the first error is raised."""
    objects.faults = dict.fromkeys(("part", "discard"), ConnectionResetError("Connection reset by peer"))
    with pytest.raises(tf.errors.UnavailableError, match="ConnectionReset"):
        write(URL, LONG)
    assert not objects.objects


@pytest.mark.parametrize("data", [b"abc", LONG])
def test_a_server_that_loses_bytes(objects, data):
    """The length that it says is compared with what it has acknowledged."""
    objects.lost = 1
    with pytest.raises(tf.errors.DataLossError, match=rf"has {len(data) - 1} bytes on the server, but {len(data)}"):
        write(URL, data)


def test_a_place_that_may_only_be_written(objects):
    """A file is written where its length may not be seen; where the server does not answer, that is an error."""
    objects.faults["info"] = PermissionError("Forbidden")
    write(URL, b"abc")
    objects.faults["info"] = TimeoutError()
    with pytest.raises(tf.errors.DeadlineExceededError, match="Cannot check store"):
        write(URL, b"abc")


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("store://none/f", tf.errors.NotFoundError, "there is no such bucket or folder"),
        ("readonly://a/f", tf.errors.UnimplementedError, r"ReadOnly is read-only.*tf\.gfile\.Copy"),
        ("visible://a/f", tf.errors.UnimplementedError, r"Visible does not promise.*tf\.gfile\.Copy"),
        ("http://127.0.0.1:9/f", tf.errors.UnimplementedError, "only read over http"),
        ("HTTPS://u:hush@127.0.0.1:9/f", tf.errors.UnimplementedError, "only read over https"),
        ("none://a/f", tf.errors.UnimplementedError, "scheme 'none' not implemented"),
        ("store://bucket/f?a=1", tf.errors.InvalidArgumentError, "Choose another name"),
        ("store://bucket/f/", tf.errors.InvalidArgumentError, "not the name of a file"),
        ("memory://d/g/f", tf.errors.FailedPreconditionError, "memory://d/g is a file"),
        ("memory://d", tf.errors.FailedPreconditionError, "is a directory"),
    ],
)
def test_what_cannot_be_written(objects, memory, url, kind, message):
    """Each is said before anything is sent."""
    memory.pipe("/d/g", b"g")
    for data in (b"abc", LONG):
        with pytest.raises(kind, match=message) as caught:
            write(url, data)
        assert "hush" not in str(caught.value)
    assert memory.store.keys() == {"/d/g"}
    assert not objects.objects


@pytest.mark.parametrize("data", [b"abc", LONG])
def test_no_permission(objects, data):
    """The error has TensorFlow's class."""
    objects.faults = dict.fromkeys(("put", "begin"), PermissionError("Access Denied"))
    with pytest.raises(tf.errors.PermissionDeniedError, match=r"Cannot write store://bucket/d/f\.h5: .*Access Denied"):
        write(URL, data)
    assert not objects.objects


def test_without_fsspec(monkeypatch):
    """The error says how it is installed."""
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(tf.errors.UnimplementedError, match=r"pip install 'hdfsaver\[remote\]'"):
        tf.save_file({"w": np.ones(3)}, "s3://bucket/f.h5")


@pytest.mark.parametrize("ending", ["npz", "npy", "safetensors", "h5"])
def test_files_of_every_format(objects, tmp_path, ending):
    """They are read again; those without an archive's directory have the same bytes as on this machine."""
    values = {"w": np.arange(3_000_000, dtype=np.float32)}
    tf.save_file(values, tmp_path / "w.h5")
    done = tf.convert(tmp_path / "w.h5", f"store://bucket/w.{ending}")
    assert done.files == [f"store://bucket/w.{ending}"]
    assert (next(iter(tf.load_file(f"store://bucket/w.{ending}").values())) == values["w"]).all()
    tf.convert(tmp_path / "w.h5", tmp_path / f"x.{ending}")
    if ending != "npz":
        assert objects.objects[f"bucket/w.{ending}"] == (tmp_path / f"x.{ending}").read_bytes()


def test_a_checkpoint_of_tensorflow(objects, tmp_path):
    """Its files replace others together, which no object store does."""
    tf.save_file({"w": np.ones(3)}, tmp_path / "w.h5")
    with pytest.raises(tf.errors.UnimplementedError, match="copy its files with `tf.gfile.Copy`, the index last"):
        tf.convert(tmp_path / "w.h5", "store://bucket/w.ckpt")
    assert not objects.objects


def test_the_source_itself(objects):
    """A conversion does not replace what it reads."""
    tf.save_file({"w": np.ones(3)}, "store://bucket/w.h5")
    with pytest.raises(ValueError, match="is the source itself"):
        tf.convert("store://bucket/w.h5", "store://bucket/w.h5")


def test_a_file_of_this_machine_that_has_no_space(tmp_path):
    """``file://`` is this machine: the space is reserved before, and an earlier file stays."""
    resource = pytest.importorskip("resource", reason="this system has no limits of the size of files")
    path = tmp_path / "w.h5"
    tf.save_file({"w": np.ones(3)}, f"file://{path}")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(tf.errors.OpError, match=r"w\.h5"):
            tf.save_file({"w": np.ones(1 << 20)}, f"file://{path}")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert tf.load_file(path)["w"].tolist() == [1, 1, 1]
    assert os.listdir(tmp_path) == ["w.h5"]

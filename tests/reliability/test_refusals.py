"""Refusals of the system are not taken for answers: neither for "there is nothing" nor for "it is damaged"."""

from __future__ import annotations

import errno
import os
import zipfile

import h5py
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.files import opening, streams
from hdfsaver.files.atomic_write import atomic_write
from hdfsaver.formats import archives, pytorch
from hdfsaver.interop import open_tensorflow, read_saved_model, write_bundle
from hdfsaver.interop.bundle.tensorflow_prefix import find
from hdfsaver.storage.reading import open_rest
from tests.reliability.programs import Model, saved_step


@pytest.fixture
def refused(monkeypatch):
    """Let a function of `os` fail for one file."""

    def refuse(name, path, number=errno.EIO):
        really = getattr(os, name)

        def operation(first, *args, **options):
            if not isinstance(first, int) and os.fspath(first) == os.fspath(path):
                raise OSError(number, os.strerror(number))
            return really(first, *args, **options)

        monkeypatch.setattr(os, name, operation)

    return refuse


def closing_fails(monkeypatch, number=errno.EIO):
    """Let every file be closed with an error, as on a network that is gone."""
    really = os.close

    def close(fd):
        really(fd)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "close", close)


@pytest.mark.parametrize("kind", ["h5", "npy", "npz", "safetensors", "ckpt"])
def test_a_failing_close_loses_no_read(tmp_path, monkeypatch, kind):
    """What was read is right, whatever happens when its file is closed."""
    tf.save_file({"w": np.arange(30_000.0)}, tmp_path / "a.h5")
    if kind != "h5":
        tf.convert(tmp_path / "a.h5", tmp_path / f"a.{kind}")
    closing_fails(monkeypatch)
    (found,) = tf.load_file(tmp_path / f"a.{kind}").values()
    assert np.array_equal(found, np.arange(30_000.0))


def test_a_failing_close_of_the_locked_folder(tmp_path, monkeypatch):
    """The folder was only locked: the save is complete, and says so."""
    really = os.close
    model = Model()

    def close(fd):
        is_folder = os.path.isdir(f"/proc/self/fd/{fd}")
        really(fd)
        if is_folder:
            raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(os, "close", close)
    model.save(tmp_path / "m", 1, 1)
    assert 1 == saved_step(tmp_path)


@pytest.mark.parametrize("name", ["open", "lstat"])
def test_a_file_that_cannot_be_looked_at_is_not_replaced(tmp_path, refused, name):
    """It may be a file of another program: the error says so, and the file stays."""
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["mine"] = [1.0]
    before = (tmp_path / "m.h5").read_bytes()
    model = Model()
    refused(name, tmp_path / "m.h5")
    with pytest.raises(errors.UnknownError, match=f"{tmp_path}/m.h5.*Input/output error"):
        model.save(tmp_path / "m", 3)
    assert before == (tmp_path / "m.h5").read_bytes()


def test_a_graph_alone_replaces_no_file_that_cannot_be_read(tmp_path, refused):
    """The file may have values."""
    tf.save_file({"w": np.ones(3)}, tmp_path / "g.h5")
    refused("open", tmp_path / "g.h5", errno.EACCES)
    with (
        tf.Graph().as_default(),
        pytest.raises(errors.PermissionDeniedError, match="cannot be read, so it may be a file to keep. Remove it, or"),
    ):
        tf.train.export_meta_graph(tmp_path / "g.h5")
    refused("open", tmp_path / "other")
    assert 0 < (tmp_path / "g.h5").stat().st_size


def test_the_other_models_of_a_file_are_kept_or_nothing_is_written(tmp_path, refused):
    """A file that the system does not find for a moment is not written without its other models."""
    model = Model()
    model.save(tmp_path / "m", 2)
    before = (tmp_path / "m.h5").read_bytes()
    refused("lstat", tmp_path / "m.h5", errno.ESTALE)
    with pytest.raises(errors.OpError, match=f"{tmp_path}/m.h5"):
        model.save(tmp_path / "m", 3, group="teacher")
    with pytest.raises(errors.OpError, match=f"{tmp_path}/m.h5"), open_rest(tmp_path / "m.h5", "teacher"):
        pass
    assert before == (tmp_path / "m.h5").read_bytes()


def test_a_checkpoint_that_cannot_be_looked_at_stays_listed(tmp_path, refused):
    """Otherwise nothing would ever delete it."""
    saver = tf.train.Saver({"w": np.ones(3)}, max_to_keep=2)
    for step in (1, 2):
        saver.save(None, tmp_path / "m", step)
    refused("stat", tmp_path / "m-2.h5")
    with pytest.warns(UserWarning, match="could not be deleted"):
        saver.save(None, tmp_path / "m", 3)
    assert ["m-2", "m-3"] == [
        os.path.basename(path) for path in tf.train.get_checkpoint_state(tmp_path).all_model_checkpoint_paths
    ]


def test_a_checkpoint_that_cannot_be_looked_at_is_not_removed_silently(tmp_path, refused):
    """`remove_checkpoint` does not take it for one that is gone."""
    tf.save_file({"w": np.ones(3)}, tmp_path / "m.h5")
    refused("stat", tmp_path / "m.h5", errno.EACCES)
    with pytest.raises(errors.PermissionDeniedError, match=f"{tmp_path}/m.h5"):
        tf.train.remove_checkpoint(tmp_path / "m")


def test_a_folder_that_cannot_be_looked_at_is_not_missing(tmp_path, refused):
    """The error of `save` has the reason."""
    model = Model()
    refused("stat", str(tmp_path))
    with pytest.raises(errors.UnknownError, match=f"Cannot tell whether {tmp_path} exists: Input/output error"):
        model.save(tmp_path / "m", 3)


def test_an_error_of_reading_is_not_damage(tmp_path, monkeypatch):
    """Where a disk does not answer while the HDF5 library reads, the error has that reason, and its class."""
    with tf.Graph().as_default():
        tf.get_variable("v", initializer=np.ones(50_000))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            tf.train.Saver().save(session, tmp_path / "m")
    really = os.preadv

    def preadv(fd, buffers, offset):
        if offset > opening.HEAD:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return really(fd, buffers, offset)

    with tf.open_file(tmp_path / "m.h5") as file:
        monkeypatch.setattr(os, "preadv", preadv)
        with pytest.raises(errors.UnknownError, match=rf"{tmp_path}/m.h5: .* cannot be read: Input/output error"):
            file.structure()


def test_a_member_of_an_archive_that_cannot_be_read(tmp_path, monkeypatch):
    """The error of the disk has the file's name, also where only the header of an array is read."""
    np.savez(tmp_path / "a.npz", w=np.ones(3))

    def head(self, info, size):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(archives.Archive, "head", head)
    with pytest.raises(errors.UnknownError, match=f"Cannot read {tmp_path}/a.npz: Input/output error"):
        tf.open_file(tmp_path / "a.npz")


def test_an_archive_that_cannot_be_read_is_not_damaged(tmp_path, monkeypatch):
    """The library for archives takes an error of the disk for damage."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("w.npy", b"")

    def fail(fd, view, offset):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(streams, "read_at", fail)
    with pytest.raises(errors.UnknownError, match=f"Cannot read {tmp_path}/a.npz: Input/output error"):
        tf.open_file(tmp_path / "a.npz")


def test_a_failing_close_of_an_archive(tmp_path, monkeypatch):
    """What was read is right, also where the members are only listed, to find out what the archive is."""
    np.savez(tmp_path / "a.npz", w=np.ones(3))
    closing_fails(monkeypatch)
    assert [1.0] * 3 == tf.load_file(tmp_path / "a.npz")["w"].tolist()


def test_a_shard_that_the_system_refuses(tmp_path, refused):
    """A model is not read without a part of it because there are too many open files."""
    for number in (1, 2):
        tf.save_file({f"w{number}": np.ones(3)}, tmp_path / "one.h5")
        tf.convert(tmp_path / "one.h5", tmp_path / f"model-{number:05d}-of-00002.safetensors")
    (tmp_path / "one.h5").unlink()
    refused("open", tmp_path / "model-00002-of-00002.safetensors", errno.EMFILE)
    with pytest.raises(errors.ResourceExhaustedError, match="00002-of-00002.safetensors: Too many open files"):
        tf.open_file(tmp_path)


def test_a_checkpoint_of_tensorflow_that_cannot_be_looked_at_is_not_missing(tmp_path, refused):
    """Neither for a reader, nor for a conversion beside its graph, which would be told to remove the graph."""
    with tf.Graph().as_default():
        tf.constant(1.0, name="c")
        tf.train.export_meta_graph(tmp_path / "graph.h5")
    tf.convert(tmp_path / "graph.h5", tmp_path / "x.meta")
    tf.save_file({"w": np.ones(3)}, tmp_path / "a.h5")
    write_bundle(tmp_path / "x", {"w": np.ones(3)})
    for name in ("open", "stat", "lstat"):
        refused(name, tmp_path / "x.index")
    for ask in (
        lambda: open_tensorflow(tmp_path / "x"),
        lambda: find(tmp_path / "x"),
        lambda: tf.convert(tmp_path / "a.h5", tmp_path / "x", to="tensorflow"),
    ):
        with pytest.raises(errors.UnknownError, match=rf"{tmp_path}/x\.index"):
            ask()


@pytest.mark.parametrize(("name", "path"), [("stat", "saved_model.pb"), ("listdir", "variables")])
def test_a_saved_model_that_cannot_be_looked_at(tmp_path, refused, name, path):
    """It is not one without a graph, or without variables, and the error names what was refused."""
    (tmp_path / "variables").mkdir()
    (tmp_path / "saved_model.pb").write_bytes(b"\x08\1")
    refused(name, tmp_path / path)
    for ask in (tf.open_file, read_saved_model):
        with pytest.raises(errors.UnknownError, match=f"{tmp_path}/{path}"):
            ask(tmp_path)


def test_a_new_file_replaces_nothing_that_cannot_be_looked_at(tmp_path, refused):
    """A refusal to tell whether there is a file does not mean that there is none."""
    (tmp_path / "a").write_text("mine")
    refused("lstat", tmp_path / "a")
    with pytest.raises(errors.UnknownError, match=f"{tmp_path}/a"), atomic_write(tmp_path / "a", new_only=True):
        pass

    def write():
        with atomic_write(tmp_path / "b", new_only=True):
            (tmp_path / "b").write_text("of another program")
            refused("lstat", tmp_path / "b")

    with pytest.raises(errors.AlreadyExistsError, match="nothing is overwritten"):
        write()
    assert ["mine", "of another program"] == [(tmp_path / name).read_text() for name in "ab"]


def test_a_training_does_not_begin_again_where_its_state_cannot_be_read(tmp_path, refused):
    """The initial values are not taken for those of the latest checkpoint."""
    with tf.Graph().as_default():
        tf.train.get_or_create_global_step()
        with tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), log_step_count_steps=None):
            pass
        refused("open", tmp_path / "checkpoint")
        with (
            pytest.raises(errors.UnknownError, match=f"{tmp_path}/checkpoint: Input/output error"),
            tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path), log_step_count_steps=None),
        ):
            pass


@pytest.mark.parametrize(
    ("first", "expected"),
    [(OSError(errno.ENOSPC, "full"), errors.ResourceExhaustedError), (KeyboardInterrupt(), KeyboardInterrupt)],
)
def test_an_error_that_pytorch_replaces(tmp_path, monkeypatch, first, expected):
    """PyTorch ends its archive after an error too, and raises one about a wrong position; the first one counts."""

    class Torch:
        @staticmethod
        def save(tensors, file):
            try:
                raise first
            finally:
                raise RuntimeError("unexpected pos 64 vs 0")

    monkeypatch.setattr(pytorch, "_torch", lambda: Torch)
    monkeypatch.setattr(pytorch, "as_torch", lambda value, name: value)
    tf.save_file({"w": np.ones(3)}, tmp_path / "a.h5")
    with pytest.raises(expected, match=f"Cannot write {tmp_path}/t.pt" if isinstance(first, OSError) else None):
        tf.convert(tmp_path / "a.h5", tmp_path / "t.pt")
    assert ["a.h5"] == os.listdir(tmp_path)

"""HDF5 objects: nothing that leads out of the file, or claims what it does not hold, is read."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hdfsaver import errors, limits
from hdfsaver.storage.hdf5 import objects
from hdfsaver.storage.hdf5.array_datasets import read_array


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "file.h5", "w", libver=("v110", "v110")) as file:
        yield file


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(3)
    return path


def test_links_that_lead_elsewhere_are_never_followed(file, secret):
    """Soft and external links are refused, in the middle of a path too."""
    file["x"] = np.arange(3)
    file["soft"] = h5py.SoftLink("/x")
    file["external"] = h5py.ExternalLink(str(secret), "/x")
    file["folder"] = h5py.ExternalLink(str(secret), "/")
    for path in ("soft", "external", "folder/x"):
        with pytest.raises(errors.DataLossError, match=f"^/{path.split('/')[0]}: it is a soft or external link"):
            objects.open_dataset(file.id, path)


def test_bytes_outside_the_file_are_refused(file, secret, tmp_path):
    """Neither external storage nor a virtual dataset is read."""
    file.create_dataset("external", (8,), "u1", external=[(str(secret), 0, 8)])
    layout = h5py.VirtualLayout((3,), "i8")
    layout[:] = h5py.VirtualSource(str(secret), "x", (3,))
    file.create_virtual_dataset("virtual", layout)
    for name in ("external", "virtual"):
        with pytest.raises(errors.InvalidArgumentError, match=f"^/{name}: it must be stored contiguously in this file"):
            objects.open_dataset(file.id, name)


def test_chunks_and_filters_are_refused(file):
    """A compressed dataset is refused; the message says how to convert it."""
    file.create_dataset("x", data=np.arange(100), compression="gzip")
    with pytest.raises(errors.InvalidArgumentError, match="h5repack -l CONTI IN OUT"):
        objects.open_dataset(file.id, "x")


def test_a_shape_that_nothing_backs_is_refused(file):
    """A dataset that declares terabytes and holds none is refused before anything is allocated."""
    file.create_dataset("x", (2**40,), "f8")
    with pytest.raises(errors.DataLossError, match="declares 8796093022208 bytes, but the file holds 0"):
        read_array(file.id, "x")


@pytest.mark.parametrize("path", ["", "/", "a//b", ".", "x\0y", "x/y", "nothing"])
def test_a_path_to_nothing_is_an_error(path, file):
    """Any path from a damaged cell is a DataLossError."""
    file["x"] = np.arange(3)
    with pytest.raises(errors.DataLossError):
        objects.open_dataset(file.id, path)


def test_a_walk_in_a_circle_ends(file):
    """A group that hangs from two links is refused; a walk might never end."""
    file.create_group("a/b")
    file["a/b/again"] = file["a"]
    with pytest.raises(errors.DataLossError, match="more than one link leads to it"):
        list(objects.walk(file["a"].id))


def test_the_links_of_all_groups_count_together(file):
    """Groups of two links each are too many where three links are allowed."""
    for path in ("a/x", "a/y", "b/x", "b/y"):
        file[path] = 1.0
    with limits.use(links=5), pytest.raises(errors.ResourceExhaustedError, match="there are more links.*`links`"):
        list(objects.walk(file.id))
    with limits.use(links=6):
        assert len(list(objects.walk(file.id))) == 4


def test_links_without_end_are_not_all_listed(monkeypatch):
    """A damaged index of links may lead back into itself; listing ends one link above the limit."""
    listed = []

    class Endless:
        @property
        def links(self):
            return self

        def iterate(self, note):
            while len(listed) < 100:
                listed.append(b"x")
                if note(b"x") is not None:
                    return

    monkeypatch.setattr(objects, "file_size", lambda _: 10**6)
    monkeypatch.setattr(objects, "location", lambda _: "/")
    with limits.use(links=3), pytest.raises(errors.ResourceExhaustedError, match="there are more links"):
        objects.links_of(Endless())
    assert len(listed) == 4


def test_attributes_are_text_of_fixed_length(file):
    """Any text but NUL survives, and variable-length attributes are refused unread."""
    for text in ("", "plain", "é ∀", "x" * 60000):
        objects.set_text(file.id, f"a{len(text)}", text)
        assert text == objects.get_text(file.id, f"a{len(text)}")
    assert objects.get_text(file.id, "none") is None
    file.attrs["vlen"] = "text"
    file.attrs["number"] = 3
    file.attrs["two"] = np.array([b"a", b"b"])
    for name in ("vlen", "number", "two"):
        with pytest.raises(errors.DataLossError, match=f"attribute '{name}': a single string of fixed length"):
            objects.get_text(file.id, name)

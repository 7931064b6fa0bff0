"""Files that are not HDF5 checkpoints are refused with a helpful message."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys

import h5py
import networkx as nx
import numpy as np
import pytest
from h5py import h5f, h5p

from hdfsaver import convert, errors, load_file, save_file
from hdfsaver.schema import Structure
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.resealing import reseal
from hdfsaver.storage.salvage import salvage
from hdfsaver.storage.writing import write_file

# The last block of a LevelDB table: TensorFlow's .index files end so.
TABLE_END = bytes(40) + bytes.fromhex("57fb808b247547db")


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("m.index", b"\0\0\2\x08\1" + TABLE_END, "is the index of a TensorFlow checkpoint"),
        ("m.data-00000-of-00001", b"\x3f\x80\0\0", "is a data file of a TensorFlow checkpoint"),
        ("x.h5", b"\x89PNG\r\n\x1a\n" + bytes(100), "is a PNG image, but an HDF5 file was expected"),
        ("x.h5", b"some text\n", "is a text file.*begins with 'some text"),
    ],
)
def test_files_of_other_formats(tmp_path, name, content, match):
    """Each kind of wrong file has its own sentence, which names the file; see also `tests.files.test_file_kinds`."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(errors.InvalidArgumentError, match=f"^{tmp_path / name} .*{match}"):
        open_file(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("x.h5", b"", "is empty"),
        ("x.h5", b"\x88HDF\r\n\x1a\n" + bytes(100), "not of a known kind, or its beginning is damaged"),
        ("x.h5", bytes(512) + b"\x89HDF\r\n\x1a\n\x03" + bytes(20), "is cut short: it has 29 bytes, .* takes 48"),
        ("x.h5", bytes(500) + b"\x89HDF\r\n\x1a\n" + bytes(100), "not of a known kind, or its beginning is damaged"),
        ("x.h5", b"\x89HDF\r\n\x1a\n", "is cut short"),
        ("x.h5", b"\x89HDF\r\n\x1a\n\x03" + bytes(20), "is cut short: it has 29 bytes, but its header alone takes 48"),
        ("x.h5", b"\x89HDF\r\n\x1a\n\x09" + bytes(100), "superblock has version 9"),
    ],
)
def test_damaged_beginnings(tmp_path, name, content, match):
    """Each kind of damage has its own sentence, which names the file."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(errors.DataLossError, match=f"^{tmp_path / name} .*{match}"):
        open_file(tmp_path / name)


def test_directories_and_missing_files_are_not_found(tmp_path):
    """There is no checkpoint there."""
    with pytest.raises(errors.NotFoundError, match=f"{tmp_path} is a directory"):
        open_file(tmp_path)
    with pytest.raises(errors.NotFoundError, match=f"Cannot read {tmp_path / 'no.h5'}: No such file"):
        open_file(tmp_path / "no.h5")
    with pytest.raises(errors.NotFoundError, match="null"):
        open_file("a\0b")


def test_pipes_and_sockets_do_not_hang(tmp_path, monkeypatch):
    """A path that is not a regular file is refused immediately, without a call that would wait."""
    really_open = os.open

    def open_at_once(path, flags, *mode, **options):
        assert flags & os.O_NONBLOCK
        return really_open(path, flags, *mode, **options)

    monkeypatch.setattr(os, "open", open_at_once)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(errors.InvalidArgumentError, match="not a regular file"):
        open_file(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        with pytest.raises(errors.OpError, match="Cannot read"):
            open_file(tmp_path / "socket")


@pytest.fixture
def data(tmp_path):
    """The bytes of a good file."""
    write_file(tmp_path / "good.h5", variables={"a": np.arange(30000.0), "b": np.ones(2)}, structure=None)
    return (tmp_path / "good.h5").read_bytes()


def test_a_file_cut_short_anywhere_is_noticed(tmp_path, data):
    """At whatever byte a copy was interrupted, and whatever was appended, the file does not open."""
    path = tmp_path / "x.h5"
    cuts = [*range(128), *range(128, len(data), 997), len(data) - 1]
    for cut in cuts:
        path.write_bytes(data[:cut])
        with pytest.raises(errors.DataLossError, match="empty|cut short|damaged|not an HDF5 file"):
            open_file(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(errors.DataLossError, match="has bytes after its end"):
        open_file(path)


@pytest.mark.parametrize(
    ("offset", "value", "kind", "match"),
    [
        (9, b"\4", errors.InvalidArgumentError, "of an unsupported kind"),
        (11, b"\1", errors.DataLossError, "open for writing in another program"),
        (12, b"\1", errors.DataLossError, "has bytes after its end"),
        (20, b"\0", errors.InvalidArgumentError, "superblock has an extension"),
    ],
)
def test_unusual_superblocks_are_refused(tmp_path, data, offset, value, kind, match):
    """Other widths, ends and extensions never reach the HDF5 library."""
    (tmp_path / "x.h5").write_bytes(data[:offset] + value + data[offset + 1 :])
    with pytest.raises(kind, match=match):
        open_file(tmp_path / "x.h5")


def test_the_superblocks_of_plain_files_pass(tmp_path):
    """Versions 0 and 3, as h5py writes them, are whole files."""
    for libver in ("earliest", "latest", "v108"):
        with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
            file["a"] = np.arange(3)
        with open_file(tmp_path / "x.h5") as opened:
            assert [0, 1, 2] == opened.read("a").tolist()


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path, data):
    """Cut short under an open reader: an error, and no zeros."""
    path = tmp_path / "x.h5"
    path.write_bytes(data)
    with open_file(path) as file:
        os.truncate(path, 5000)
        with pytest.raises(errors.DataLossError, match=f"{path} was cut short while it was read"):
            file.read("a")


def test_errors_of_the_system_name_the_file(tmp_path, data, monkeypatch):
    """A disk that cannot be read is reported as that."""
    (tmp_path / "x.h5").write_bytes(data)

    def fail(fd, view, offset):
        raise OSError(5, "broken")

    monkeypatch.setattr("hdfsaver.files.positional_io._read_some", fail)
    with pytest.raises(errors.OpError, match=f"Cannot read {tmp_path / 'x.h5'}: Input/output error"):
        open_file(tmp_path / "x.h5")


# --- user blocks ----------------------------------------------------------------------------------------------------

VALUES = {
    "whole": np.arange(3000.0).reshape(50, 60),
    "chunked": np.arange(100, dtype=np.int32),
    "packed": np.arange(200, dtype=np.int16).reshape(20, 10),
    "text": np.array([b"ab", b"", b"c" * 3000], dtype=object),
}


def _fill(file):
    file["whole"] = VALUES["whole"]
    file.create_dataset("chunked", data=VALUES["chunked"], chunks=(40,))
    file.create_dataset("packed", data=VALUES["packed"], chunks=(7, 7), compression="gzip", shuffle=True)
    file.create_dataset("text", data=VALUES["text"], dtype=h5py.string_dtype())


def _check(path):
    """The whole file and parts of it are read, however it is opened."""
    with open_file(path) as file:
        assert VALUES.keys() == file.variables.keys()
        for name, value in VALUES.items():
            np.testing.assert_array_equal(value, file.read(name))
            part = tuple(slice(1, size - 1) for size in value.shape)
            np.testing.assert_array_equal(value[part], file.read_slice(name, part))
        file.verify()
    for mode in (None, "r"):
        found = load_file(path, mmap_mode=mode)
        assert all(np.array_equal(value, found[name]) for name, value in VALUES.items())
    assert VALUES.keys() == salvage(path).values.keys()


@pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
@pytest.mark.parametrize("size", [512, 2048, 2**17])
def test_user_blocks_are_passed_over(tmp_path, libver, size):
    """HDF5 data begin at a power of two; every place in them counts from there."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver=libver, userblock_size=size) as file:
        _fill(file)
    _check(path)
    data = path.read_bytes()
    path.write_bytes(b"\x89HDF\r\n\x1a" * 50 + data[350:])
    _check(path)
    path.write_bytes(data[:-1])
    with pytest.raises(
        errors.DataLossError, match=f"is cut short: it has {len(data) - size - 1} bytes, .*{len(data) - size}"
    ):
        open_file(path)


def test_files_of_matlab_are_read(tmp_path):
    """A .mat file of version 7.3 has a header of text in its user block; conversion reads it, too."""
    path = tmp_path / "x.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        _fill(file)
    header = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Thu Jan  1 00:00:00 2026 HDF5 schema 1.00 ."
    path.write_bytes(header.ljust(124) + b"\0\2IM" + path.read_bytes()[128:])
    _check(path)
    convert(path, tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(VALUES["whole"], found["whole"])


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_user_blocks_may_be_added_and_removed(tmp_path, libver):
    """HDF5's tools for that leave the addresses in the file as they are."""
    with h5py.File(tmp_path / "x.h5", "w", libver=libver) as file:
        _fill(file)
    (tmp_path / "text").write_bytes(b"user block " * 100)
    _run("h5jam", "-i", tmp_path / "x.h5", "-u", tmp_path / "text", "-o", tmp_path / "more.h5")
    assert tmp_path.joinpath("more.h5").read_bytes()[2048:2052] == b"\x89HDF"
    _check(tmp_path / "more.h5")
    with h5py.File(tmp_path / "x.h5", "w", libver=libver, userblock_size=1024) as file:
        _fill(file)
    _run("h5unjam", "--delete", "-i", tmp_path / "x.h5", "-o", tmp_path / "less.h5")
    _check(tmp_path / "less.h5")


def test_a_seal_in_a_user_block_is_none(tmp_path, data):
    """A sealed file behind another sealed file is not taken for it."""
    block = data[:4096].ljust(2**19, b"\0")
    (tmp_path / "x.h5").write_bytes(b"user" + block[4:] + data)
    with pytest.raises(errors.DataLossError, match="has an index, but no valid seal"):
        open_file(tmp_path / "x.h5")


def test_an_old_library_does_not_read_user_blocks(tmp_path, monkeypatch):
    """Where offsets may count from elsewhere, the error says so; the tool that it names makes a file that is read."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", userblock_size=512) as file:
        _fill(file)
    monkeypatch.setattr("h5py.h5.get_libversion", lambda: (1, 12, 2))
    with pytest.raises(errors.InvalidArgumentError, match="user block of 512 bytes.*h5py has 1.12.2") as caught:
        open_file(path)
    _follow(caught.value, FILE=path, OUT=tmp_path / "y.h5")
    _check(tmp_path / "y.h5")


# --- remedies -------------------------------------------------------------------------------------------------------


def _run(tool, *arguments):
    subprocess.run([tool, *arguments], check=True, capture_output=True)


def _follow(error, **paths):
    """Run the command in a message, with paths for its words."""
    (command,) = re.findall("`(h5[^`]*)`", error.message)
    _run(*(paths.get(word, word) for word in command.split()))


@pytest.mark.parametrize("libver", ["earliest", "v110"])
@pytest.mark.parametrize(
    "options",
    [
        {"fs_strategy": "page"},
        {"fs_strategy": "fsm", "fs_persist": True},
        {"fs_strategy": "none"},
    ],
)
def test_an_extension_of_the_superblock_can_be_removed(tmp_path, libver, options):
    """Files for paged storage have one; the command in the message writes the file without it."""
    with h5py.File(tmp_path / "x.h5", "w", libver=libver, **options) as file:
        _fill(file)
    with pytest.raises(errors.InvalidArgumentError, match="superblock has an extension") as caught:
        open_file(tmp_path / "x.h5")
    _follow(caught.value, IN=tmp_path / "x.h5", OUT=tmp_path / "y.h5")
    _check(tmp_path / "y.h5")


@pytest.mark.parametrize("libver", ["earliest", "v110"])
@pytest.mark.parametrize(("driver", "name", "first"), [("family", "x%d.h5", "x0.h5"), ("split", "x", "x-m.h5")])
def test_files_of_a_driver_can_be_joined(tmp_path, libver, driver, name, first):
    """A file in several parts is not one file; the command in the message makes one of them."""
    options = {"memb_size": 8192} if driver == "family" else {}
    with h5py.File(tmp_path / name, "w", libver=libver, driver=driver, **options) as file:
        _fill(file)
    with pytest.raises(errors.InvalidArgumentError, match=f"{first} .*one of several files") as caught:
        open_file(tmp_path / first)
    _follow(caught.value, NAME=tmp_path / name, OUT=tmp_path / "whole.h5")
    _check(tmp_path / "whole.h5")


def test_files_with_short_offsets_can_be_saved_anew(tmp_path):
    """Offsets of four bytes; h5py reads them, and what it has read can be saved."""
    properties = h5p.create(h5p.FILE_CREATE)
    properties.set_sizes(4, 4)
    with h5py.File(h5f.create(os.fsencode(tmp_path / "x.h5"), h5f.ACC_TRUNC, properties)) as file:
        _fill(file)
    with pytest.raises(
        errors.InvalidArgumentError, match=r"have 4 and 4 bytes instead of 8.*h5py.*hdfsaver\.save_file"
    ):
        open_file(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        save_file({name: file[name][()] for name in file}, tmp_path / "y.h5")
    _check(tmp_path / "y.h5")


_KILLED = """
import os, sys, h5py
file = h5py.File(sys.argv[1], "w", libver="latest")
file["a"] = [1.0, 2.0]
file.flush()
file.create_dataset("b", data=[1] * 100_000) if sys.argv[2] == "grown" else None
os._exit(0)
"""


@pytest.mark.parametrize("state", ["flushed", "grown"])
def test_a_file_that_its_writer_left_open(tmp_path, state):
    """Whatever its length is, it is called open for writing; the command in the message makes it readable."""
    path = tmp_path / "x.h5"
    subprocess.run([sys.executable, "-c", _KILLED, path, state], check=True)
    with pytest.raises(errors.DataLossError, match="open for writing in another program, or") as caught:
        open_file(path)
    _follow(caught.value, FILE=path)
    assert [1, 2] == load_file(path)["a"].tolist()


def test_bytes_after_the_end_can_be_removed(tmp_path):
    """The command in the message copies what belongs to the file."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        _fill(file)
    with open(tmp_path / "x.h5", "ab") as file:
        file.write(bytes(1000))
    with pytest.raises(errors.DataLossError, match="has bytes after its end") as caught:
        open_file(tmp_path / "x.h5")
    _follow(caught.value, IN=tmp_path / "x.h5", OUT=tmp_path / "y.h5")
    _check(tmp_path / "y.h5")


def test_a_compressed_graph_can_be_made_contiguous(tmp_path):
    """What h5repack compressed, it stores contiguously again, so that the file can be resealed."""
    structure = Structure(nx.DiGraph([(f"node {number}", "last") for number in range(100)]), is_plain=True)
    write_file(tmp_path / "x.h5", variables={"v": np.arange(3000.0)}, structure=structure)
    _run("h5repack", "-f", "GZIP=4", tmp_path / "x.h5", tmp_path / "y.h5")
    with pytest.raises(errors.InvalidArgumentError, match="must be stored contiguously") as caught:
        reseal(tmp_path / "y.h5")
    _follow(caught.value, IN=tmp_path / "y.h5", OUT=tmp_path / "z.h5")
    reseal(tmp_path / "z.h5")
    assert (tmp_path / "x.h5").read_bytes() == (tmp_path / "z.h5").read_bytes()

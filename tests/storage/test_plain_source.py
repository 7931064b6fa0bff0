"""Plain HDF5 files: what other programs make is read, what could lead elsewhere is refused."""

from __future__ import annotations

import subprocess
import zlib

import h5py
import numpy as np
import pytest
from h5py import h5d, h5f, h5g, h5p, h5s, h5t, h5z

from hdfsaver import errors, load_file
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.resealing import reseal
from hdfsaver.storage.writing import write_file


def _read_x(path):
    with open_file(path) as file:
        return file.read("x")


@pytest.fixture
def make(tmp_path):
    """Make a plain file with h5py and give its path."""

    def made(fill, **options):
        with h5py.File(tmp_path / "x.h5", "w", **options) as file:
            fill(file)
        return tmp_path / "x.h5"

    return made


def test_a_plain_file_is_read(make):
    """Datasets of any group are variables under their paths; attributes of other programs do not matter."""

    def fill(file):
        file["dense/kernel"] = np.arange(6.0).reshape(2, 3)
        file["step"] = np.int64(7)
        file["b"] = np.array([True, False])
        file["c"] = np.array([1 + 2j], np.complex64)
        file["big"] = np.array([1.5, -2], ">f8")
        file["s"] = np.array([b"ab", b"c"])
        file["empty"] = np.zeros((0, 3), np.float32)
        file["100%"] = np.ones(1, np.int16)
        file.attrs["text"] = "of variable length"
        file["dense/kernel"].attrs["units"] = "m"

    with open_file(make(fill)) as file:
        assert not file.sealed
        assert {"dense/kernel", "step", "b", "c", "big", "s", "empty", "100%"} == set(file.variables)
        np.testing.assert_array_equal(np.arange(6.0).reshape(2, 3), file.read("dense/kernel"))
        assert 7 == file.read("step")[()]
        assert () == file.variables["step"].shape
        assert [True, False] == file.read("b").tolist()
        assert [1 + 2j] == file.read("c").tolist()
        assert [1.5, -2] == file.read("big").tolist()
        assert np.dtype("<f8") == file.read("big").dtype
        assert [b"ab", b"c"] == file.read("s").tolist()
        assert "string" == file.variables["s"].dtype
        assert (0, 3) == file.read("empty").shape
        assert file.read("dense/kernel").flags.writeable
        assert file.structure() is None
        file.verify()


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (3, 4)},
        {"chunks": (3, 4), "compression": "gzip"},
        {"chunks": (4, 8), "compression": "gzip", "shuffle": True, "maxshape": (None, 9)},
        {"chunks": (2, 2), "shuffle": True},
    ],
)
def test_chunks_are_read(make, libver, options):
    """Chunks of any shape, deflated, shuffled or neither, give the values that h5py wrote."""
    values = np.random.default_rng(2).integers(0, 50, (10, 9))
    path = make(lambda file: file.create_dataset("x", data=values, **options), libver=libver)
    with open_file(path) as file:
        np.testing.assert_array_equal(values, file.read("x"))


def test_compact_values_and_labels(make):
    """Values inside the object's header, and dtypes that an attribute names."""

    def fill(file):
        properties = h5p.create(h5p.DATASET_CREATE)
        properties.set_layout(h5d.COMPACT)
        dataset = h5d.create(file.id, b"x", h5t.STD_U8LE, h5s.create_simple((3,)), properties)
        dataset.write(h5s.ALL, h5s.ALL, np.array([1, 2, 3], np.uint8))
        h5py.Dataset(dataset).attrs["dtype"] = np.bytes_("quint8")

    with open_file(make(fill)) as file:
        assert "quint8" == file.variables["x"].dtype
        assert [1, 2, 3] == file.read("x").tolist()


def test_padding_of_text(make):
    """Text ends where its padding begins, whatever the padding is."""

    def fill(file):
        for name, padding, data in (("n", h5t.STR_NULLTERM, b"a\0b\0"), ("s", h5t.STR_SPACEPAD, b"a b ")):
            datatype = h5t.C_S1.copy()
            datatype.set_size(4)
            datatype.set_strpad(padding)
            dataset = h5d.create(file.id, name.encode(), datatype, h5s.create(h5s.SCALAR))
            dataset.write(h5s.ALL, h5s.ALL, np.array(data, "V4"), datatype)

    with open_file(make(fill)) as file:
        assert b"a" == file.read("n").item()
        assert b"a b" == file.read("s").item()


def test_only_the_group_of_variables_counts(make):
    """If there is a group `/variables`, other groups belong to other programs; they are named."""

    def fill(file):
        file["variables/a"] = np.ones(2)
        file["other"] = h5py.SoftLink("/nowhere")

    with open_file(make(fill)) as file:
        assert ["a"] == list(file.variables)
        assert {"/other": "beside the group /variables, which has the arrays"} == file.left_out


def test_a_group_called_index_may_be_anybodys(make):
    """A dataset or a group of that name without our tables in it is data like any other."""
    with open_file(make(lambda file: file.create_dataset("index", data=np.arange(2)))) as file:
        assert [0, 1] == file.read("index").tolist()
    with open_file(make(lambda file: file.create_dataset("index/a", data=np.arange(2)))) as file:
        assert ["index/a"] == list(file.variables)


def test_variables_of_any_layout_can_be_sealed(make):
    """Resealing a file that declares the format gives it index and seal, however its values are stored."""

    def fill(file):
        file.attrs["format"] = np.bytes_("hdfsaver")
        file.create_dataset("variables/a", data=np.arange(5), chunks=(2,), compression="gzip")

    path = make(fill)
    reseal(path)
    with open_file(path) as file:
        assert file.sealed
        assert [0, 1, 2, 3, 4] == file.read("a").tolist()


def test_a_newer_version_is_refused_here_too(make):
    """A file that declares a newer version of the format."""

    def fill(file):
        file.attrs["format"] = np.bytes_("hdfsaver")
        file.attrs["format_version"] = np.bytes_("2.0")

    with pytest.raises(errors.InvalidArgumentError, match=r"version 2\.0"):
        open_file(make(fill))


# --- refused --------------------------------------------------------------------------------------------------------


def _external_link(file):
    file["x"] = h5py.ExternalLink("/etc/passwd", "/x")


def _external_storage(file):
    file.create_dataset("x", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def _virtual(file):
    source = h5py.VirtualLayout((2,), "f4")
    source[:] = h5py.VirtualSource("other.h5", "x", (2,))
    file.create_virtual_dataset("x", source)


def _soft_link(file):
    file["a"] = np.ones(1)
    file["x"] = h5py.SoftLink("/a")


def _scale_offset(file):
    file.create_dataset("x", data=np.arange(4), chunks=(4,), scaleoffset=0)


def _deflated_twice(file):
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_chunk((4,))
    properties.set_deflate(1)
    properties.set_deflate(1)
    h5d.create(file.id, b"x", h5t.STD_U8LE, h5s.create_simple((4,)), properties).write(
        h5s.ALL, h5s.ALL, np.zeros(4, np.uint8)
    )


def _unknown_filter(file):
    properties = h5p.create(h5p.DATASET_CREATE)
    properties.set_chunk((4,))
    properties.set_filter(31999, h5z.FLAG_OPTIONAL, (1, 2))
    dataset = h5d.create(file.id, b"x", h5t.STD_U8LE, h5s.create_simple((4,)), properties)
    dataset.write_direct_chunk((0,), bytes(4))


def _variable_length_sequences(file):
    file.create_dataset("x", (2,), h5py.vlen_dtype(np.int32))[0] = [1, 2]


def _references(file):
    file.create_dataset("x", data=np.array([file.ref], dtype=h5py.ref_dtype))


def _sequences(file):
    file.create_dataset("x", (2,), h5py.vlen_dtype(np.int32))


def _opaque(file):
    file["x"] = np.zeros(2, "V4")


@pytest.mark.parametrize(
    "fill",
    [
        _external_link,
        _external_storage,
        _virtual,
        _soft_link,
        _scale_offset,
        _deflated_twice,
        _unknown_filter,
        _variable_length_sequences,
        _references,
        _sequences,
        _opaque,
    ],
)
def test_what_leads_elsewhere_or_means_nothing_is_refused(make, fill):
    """Before anything is read, with an error that names file and object; the other datasets are read all the same."""
    path = make(lambda file: [fill(file), file.create_dataset("w", data=np.ones(2))])
    before = path.read_bytes()
    for use in (_read_x, load_file):
        with pytest.raises((errors.InvalidArgumentError, errors.DataLossError), match=f"{path}: /x"):
            use(path)
    with open_file(path) as file:
        assert [1, 1] == file.read("w").tolist()
        assert {"x"} == set(file.unreadable)
        assert "x" not in file.variables
    assert before == path.read_bytes()


@pytest.mark.parametrize("fill", [_external_storage, _virtual])
def test_other_files_are_not_even_looked_for(make, fill):
    """That values lie elsewhere is seen before the shape is asked for, which would open the other files."""
    with pytest.raises(errors.InvalidArgumentError, match="/x: its values are in other files"):
        _read_x(make(fill))


def test_rings_of_groups_are_not_walked(make):
    """A cycle of groups does not cause an endless walk, and is named."""

    def fill(file):
        file.create_group("a/b")
        file["a/b/c"] = file["a"]
        file["a/x"] = np.ones(1)

    with open_file(make(fill)) as file:
        assert ["a/x"] == list(file.variables)
        assert "further link to a group" in file.unreadable["a/b/c"].message


def test_two_links_for_one_name_are_refused(make):
    """Escaped and unescaped, a name is the same in a file of this format."""

    def fill(file):
        file.attrs["format"] = np.bytes_("hdfsaver")
        file["variables/a/b"] = np.ones(1)
        file["variables/a%2Fb"] = np.zeros(1)

    with open_file(make(fill)) as file, pytest.raises(errors.DataLossError, match="two links have the name 'a/b'"):
        file.read("a/b")


def test_names_of_other_programs_are_not_decoded(make):
    """A percent sign in a name that another program gave is a percent sign."""

    def fill(file):
        file["a%20b"] = np.ones(1)
        file["a b"] = np.zeros(1)

    with open_file(make(fill)) as file:
        assert {"a%20b": [1], "a b": [0]} == {name: file.read(name).tolist() for name in file.variables}


@pytest.mark.parametrize("content", [b"\0", b"nonsense", zlib.compress(bytes(33)), zlib.compress(bytes(10**6))])
def test_chunks_of_the_wrong_length_are_noticed(make, content):
    """Too long or no deflate at all: an error, never other values."""

    def fill(file):
        dataset = file.create_dataset("x", (8,), "i4", chunks=(8,), compression="gzip")
        dataset.id.write_direct_chunk((0,), content)

    path = make(fill)
    with pytest.raises(errors.DataLossError, match=f"{path}: /x"), open_file(path) as file:
        file.read("x")


def test_truth_values_are_0_or_1(make):
    """An enumeration of other numbers under the names of truth values is noticed when it is read."""

    def fill(file):
        file["x"] = np.array([True, False])
        offset.append(file["x"].id.get_offset())

    offset: list[int] = []
    path = make(fill)
    data = bytearray(path.read_bytes())
    data[offset[0]] = 2
    path.write_bytes(data)
    with open_file(path) as file, pytest.raises(errors.DataLossError, match="boolean"):
        file.read("x")


def test_files_of_another_driver_are_refused(tmp_path):
    """A file in several parts is not one file."""
    h5py.File(tmp_path / "x%d.h5", "w", driver="family", memb_size=1000).close()
    with pytest.raises(errors.OpError, match=r"x0\.h5"):
        open_file(tmp_path / "x0.h5")


def test_repacked_files_can_be_resealed(tmp_path):
    """A file that h5repack has compressed is accepted and gives the same values."""
    path = tmp_path / "x.h5"
    write_file(path, variables={"a": np.arange(1000.0)}, structure=None)
    subprocess.run(["h5repack", "-f", "SHUF", "-f", "GZIP=4", "-l", "CHUNK=100", path, tmp_path / "y.h5"], check=True)
    with pytest.raises(errors.DataLossError, match="reseal"):
        open_file(tmp_path / "y.h5")
    reseal(tmp_path / "y.h5")
    assert path.read_bytes() == (tmp_path / "y.h5").read_bytes()


def test_deep_and_hostile_groups(tmp_path):
    """A thousand groups inside each other are walked without recursion."""
    file = h5f.create(str(tmp_path / "x.h5").encode())
    group = h5g.open(file, b"/")
    for _level in range(1500):
        group = h5g.create(group, b"g")
    h5d.create(group, b"x", h5t.IEEE_F32LE, h5s.create(h5s.SCALAR)).write(h5s.ALL, h5s.ALL, np.array(3, "f4"))
    del group
    file.close()
    with open_file(tmp_path / "x.h5") as opened:
        assert 3 == opened.read("g/" * 1500 + "x")

"""Files of NumPy: ``.npy`` and ``.npz``, array by array and field by field."""

from __future__ import annotations

import io
import json
import struct
import sys
import zipfile

import numpy as np
import pytest

import hdfsaver
from hdfsaver import errors, limits
from hdfsaver.formats.npy import Whole
from hdfsaver.formats.open_source import open_source

ARRAYS = {
    "big": np.arange(6, dtype=">i4").reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big_columns": np.asfortranarray(np.arange(6, dtype=">f4").reshape(2, 3)),
    "complex": np.array([1 + 2j], ">c16"),
    "bool": np.array([True, False]),
    "scalar": np.array(7, ">u2"),
    "empty": np.empty((0, 3), ">f8"),
    "half": np.array([1.5], np.float16),
}
STRINGS = {"text": np.array(["é", "bc"], ">U3"), "bytes": np.array([b"a", b"bcd"]), "none": np.array([], "U1")}
UNREAD = {
    "dates": np.array(["2020-01-02"], "M8[D]"),
    "long": np.ones(2, np.longdouble),
    "void": np.array([b"abc"], "V3"),
}


def _save(folder, name, array, form):
    if form == "npy":
        np.save(folder / f"{name}.npy", array)
        return folder / f"{name}.npy"
    (np.savez if form == "npz" else np.savez_compressed)(folder / "x.npz", **{name: array})
    return folder / "x.npz"


FORMS = pytest.mark.parametrize("form", ["npy", "npz", "compressed"])


@FORMS
@pytest.mark.parametrize("name", list(ARRAYS))
def test_numbers(tmp_path, form, name):
    """Whole arrays and parts of any byte order and layout are native and in row-major order, under their names."""
    with open_source(_save(tmp_path, name, ARRAYS[name], form)) as file:
        expected = ARRAYS[name].astype(ARRAYS[name].dtype.newbyteorder("="))
        assert [name] == list(file)
        assert (expected.dtype.name, expected.shape) == (file.variables[name].dtype, file.variables[name].shape)
        np.testing.assert_array_equal(expected, file[name], strict=True)
        assert file[name].flags.c_contiguous
        assert file[name].flags.writeable
        if expected.ndim == 2:
            np.testing.assert_array_equal(expected[:1, 1:], file.get_slice(name)[:1, 1:], strict=True)
        file.verify()


@FORMS
@pytest.mark.parametrize("name", list(STRINGS))
def test_strings(tmp_path, form, name):
    """Strings of fixed width, of either byte order, are bytes in UTF-8."""
    with open_source(_save(tmp_path, name, STRINGS[name], form)) as file:
        assert "string" == file.variables[name].dtype
        assert [item.encode() if isinstance(item, str) else item for item in STRINGS[name].tolist()] == file[
            name
        ].tolist()


@FORMS
def test_strings_that_are_objects(tmp_path, form):
    """An array of Python's strings, which NumPy pickles, is read without unpickling it."""
    array = np.array([["hé", b"\xff"], ["", "c" * 100]], object)
    with open_source(_save(tmp_path, "x", array, form)) as file:
        assert [["hé".encode(), b"\xff"], [b"", b"c" * 100]] == file["x"].tolist()
    np.save(tmp_path / "y.npy", np.array(["a", None], object))
    with (
        open_source(tmp_path / "y.npy") as file,
        pytest.raises(errors.InvalidArgumentError, match=r"y\.npy: 'y' holds Python objects"),
    ):
        file["y"]


@FORMS
@pytest.mark.parametrize("name", list(UNREAD))
def test_types_that_are_not_read(tmp_path, form, name):
    """The error names the array and its dtype; it is listed."""
    with open_source(_save(tmp_path, name, UNREAD[name], form)) as file:
        assert [name] == list(file.unreadable)
        with pytest.raises(errors.InvalidArgumentError, match=rf"'{name}' has dtype .*, which is not read; save"):
            file[name]


@FORMS
def test_fields_are_arrays(tmp_path, form):
    """Each field of a structured array is an array, inner ones and arrays within fields too; odd types only miss."""
    point = [("x", "f4"), ("y", "f4")]
    dtype = [("id", ">i8"), ("at", point), ("name", "U3"), ("grid", "i2", (2, 2)), ("day", "M8[D]")]
    array = np.zeros((2, 3), dtype)
    array["id"] = np.arange(6).reshape(2, 3)
    array["at"]["y"] = 0.5
    array["name"] = "hé"
    array["grid"][1, 2] = [[1, 2], [3, 4]]
    with open_source(_save(tmp_path, "t", array, form)) as file:
        assert ["t/id", "t/at/x", "t/at/y", "t/name", "t/grid"] == list(file)
        assert ["t/day"] == list(file.unreadable)
        assert (2, 3, 2, 2) == file.variables["t/grid"].shape
        np.testing.assert_array_equal(np.arange(6).reshape(2, 3), file["t/id"], strict=True)
        np.testing.assert_array_equal(np.full((2, 3), 0.5, np.float32), file["t/at/y"], strict=True)
        assert ["hé".encode()] * 3 == file["t/name"][0].tolist()
        np.testing.assert_array_equal(array["grid"], file["t/grid"], strict=True)
    done = hdfsaver.convert(_save(tmp_path, "t", array, form), tmp_path / "x.h5", include=["t/id", "t/at/*"])
    assert ["t/id", "t/at/x", "t/at/y"] == list(done.names)


def test_a_read_between_the_steps_of_another(tmp_path):
    """Two threads that read fields of different arrays get their own values, whichever comes between."""
    np.savez(tmp_path / "x.npz", a=np.zeros(2, [("x", "i4")]), b=np.ones(2, [("x", "i4")]))
    others = []

    def other(frame, event, argument):
        if frame.f_code is not Whole.value.__code__:
            return None
        if event == "line":  # Python does not trace what this function calls
            others.append(file["b/x"].tolist())
        return other

    with open_source(tmp_path / "x.npz") as file:
        before = sys.gettrace()
        sys.settrace(other)
        try:
            found = file["a/x"].tolist()
        finally:
            sys.settrace(before)
    assert [0, 0] == found
    assert len(others) > 3
    assert all(each == [1, 1] for each in others)


def test_fields_whose_names_meet(tmp_path):
    """Members and fields of one name are both said; the others are read."""
    np.savez(tmp_path / "x.npz", **{"a/x": np.ones(1), "a": np.zeros(2, [("x", "i4"), ("y", "i4")])})
    with open_source(tmp_path / "x.npz") as file:
        assert ["a/y"] == list(file)
        with pytest.raises(errors.InvalidArgumentError, match=r"x\.npz: two members .* have the name 'a/x'"):
            file["a/x"]


def test_a_damaged_member(tmp_path):
    """Its checksum is compared, and the other members are read; `verify` names all that are damaged."""
    values = {name: np.full(1000, number, np.int64) for number, name in enumerate(["one", "two", "three"], 1)}
    np.savez(tmp_path / "x.npz", **values)
    data = bytearray((tmp_path / "x.npz").read_bytes())
    for number in (1, 3):
        data[data.index(struct.pack("<2q", number, number)) + 400] ^= 1
    (tmp_path / "x.npz").write_bytes(data)
    with open_source(tmp_path / "x.npz") as file:
        assert list(values) == list(file)
        np.testing.assert_array_equal(values["two"], file["two"])
        with pytest.raises(errors.DataLossError, match=r"x\.npz: one\.npy cannot be unpacked: Bad CRC-32"):
            file["one"]
        with pytest.raises(errors.DataLossError, match=r"one\.npy .*three\.npy"):
            file.verify()


def test_a_damaged_directory(tmp_path):
    """A member of another length or compression is found by `verify`; a directory that hides members is refused."""
    np.savez(tmp_path / "x.npz", a=np.ones(1), b=np.ones(2), c=np.ones(3))
    data = (tmp_path / "x.npz").read_bytes()
    entry = data.index(b"PK\1\2")
    longer = bytearray(data)
    longer[entry + 24] += 1  # the length of the values
    (tmp_path / "x.npz").write_bytes(longer)
    with open_source(tmp_path / "x.npz") as file, pytest.raises(errors.DataLossError, match=r"x\.npz: a\.npy .* bytes"):
        file.verify()
    np.savez_compressed(tmp_path / "y.npz", a=np.ones(100))
    other = bytearray((tmp_path / "y.npz").read_bytes())
    other[other.index(b"PK\1\2") + 10] = zipfile.ZIP_BZIP2
    (tmp_path / "y.npz").write_bytes(other)
    with open_source(tmp_path / "y.npz") as file, pytest.raises(errors.DataLossError, match=r"y\.npz: .*a\.npy"):
        file.verify()
    fewer = bytearray(data)
    fewer[entry + 32] = data.index(b"PK\1\2", entry + 1) - entry  # a comment that takes the next entry
    (tmp_path / "x.npz").write_bytes(fewer)
    with pytest.raises(errors.DataLossError, match=r"x\.npz: the archive has 3 members by its end, but 2"):
        open_source(tmp_path / "x.npz")


def test_a_damaged_header(tmp_path):
    """A member whose description is damaged is named, and the other members are read."""
    np.savez(tmp_path / "x.npz", a=np.ones(1), b=np.zeros(1))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[data.index(b"descr")] ^= 1
    (tmp_path / "x.npz").write_bytes(data)
    with open_source(tmp_path / "x.npz") as file:
        assert ["b"] == list(file)
        with pytest.raises(errors.DataLossError, match=r"x\.npz: a.npy .*Bad CRC-32"):
            file["a"]


def test_a_header_that_was_written_so(tmp_path):
    """A member with a wrong description and the right checksum is named, and the other members are read."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", _npy("{'descr': '<f8'}") + bytes(8))
        archive.writestr("b.npy", _npy(header + " " * 2000) + bytes(8))
    with open_source(tmp_path / "x.npz") as file:
        assert [0.0] == file["b"].tolist()
        with pytest.raises(errors.DataLossError, match=r"x\.npz: 'a' .*three keys"):
            file["a"]


def test_other_files_in_an_archive(tmp_path):
    """They are left out and named."""
    np.savez(tmp_path / "x.npz", a=np.ones(1))
    with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive:
        archive.writestr("readme.txt", "hello")
    with open_source(tmp_path / "x.npz") as file:
        assert ["a"] == list(file)
        assert ["readme.txt"] == list(file.left_out)


def _npy(text, version=1):
    size = {1: "<H", 2: "<I", 3: "<I"}.get(version, "<I")
    header = text.encode("utf-8" if version == 3 else "latin-1")
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(size, len(header)) + header


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", "declares 16 bytes of values, but has 8"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", "its shape is impossible"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (2**62, 2**62), }", "cannot be unpacked"),
        ("{'descr': '<f8', 'fortran_order': 7, 'shape': (1,), }", "its shape is impossible"),
        ("{'descr': '<U99', 'fortran_order': False, 'shape': (0, 140737488355327, 1024), }", "its shape is impossible"),
        ("{'descr': 'no', 'fortran_order': False, 'shape': (1,), }", "cannot be unpacked"),
        ("{'descr': '<f8'}", "three keys"),
        ("-" * 30000 + "1", "cannot be unpacked"),
        ("(" * 30000, "cannot be unpacked"),
    ],
)
def test_inconsistent_headers(tmp_path, text, match):
    """They are an error that names the file."""
    (tmp_path / "x.npy").write_bytes(_npy(text) + bytes(8))
    with pytest.raises(errors.DataLossError, match=rf"x\.npy: .*{match}"):
        open_source(tmp_path / "x.npy")


def test_strings_without_bytes(tmp_path):
    """A trillion empty strings are refused by the limit of elements; the other fields are read."""
    header = "{'descr': [('s', 'S0'), ('n', 'i1', (0,))], 'fortran_order': False, 'shape': (2**40,), }"
    (tmp_path / "x.npy").write_bytes(_npy(header.replace("2**40", str(2**40))))
    with open_source(tmp_path / "x.npy") as file:
        assert (2**40, 0) == file["x/n"].shape
        with pytest.raises(errors.ResourceExhaustedError, match=r"x\.npy: 'x/s': .*`elements`"):
            file["x/s"]


def test_many_arrays_of_strings_without_bytes(tmp_path):
    """Empty strings count for the whole archive, not for each array; with a higher limit, they are read."""
    header = "{'descr': '<U0', 'fortran_order': False, 'shape': (600,), }"
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        for name in ("a", "b", "c"):
            archive.writestr(f"{name}.npy", _npy(header if name != "c" else header.replace("600", "10")))
    size = (tmp_path / "x.npz").stat().st_size
    with hdfsaver.limits.use(elements=1000), open_source(tmp_path / "x.npz") as file:
        assert size * limits.ELEMENTS_PER_BYTE > 1210, "so many would be allowed anyway"
        assert ["a", "b", "c"] == list(file)
    for name in ("a", "b"):
        with zipfile.ZipFile(tmp_path / "x.npz", "a") as archive:
            archive.writestr(f"{name}{name}.npy", _npy(header.replace("600", "30000")))
    with open_source(tmp_path / "x.npz") as file:
        assert ["a", "b", "c", "aa", "bb"] == list(file)
        assert [b""] * 30000 == file["bb"].tolist()
    with hdfsaver.limits.use(elements=40000), open_source(tmp_path / "x.npz") as file:
        assert ["a", "b", "c", "aa"] == list(file)
        with pytest.raises(errors.ResourceExhaustedError, match=r"x\.npz: 'bb': .*declares 61210 elements.*`elements`"):
            file["bb"]


@pytest.mark.parametrize("form", ["npy", "npz"])
def test_objects_that_repeat_a_string(tmp_path, form):
    """A pickle may have a string once and refer to it often: each reference counts, and the limit can be raised."""
    text = "s" * 10**6
    np.save(tmp_path / "x.npy", np.array([text] * 2000, object), allow_pickle=True)
    path = tmp_path / "x.npy"
    if form == "npz":
        path = tmp_path / "x.npz"
        np.savez(path, x=np.array([text] * 2000, object), a=np.ones(2))
    with open_source(path) as file:
        with pytest.raises(errors.ResourceExhaustedError, match=r"'x': .*declare 200....... bytes.*`declared_bytes`"):
            file["x"]
        assert {"npy": [], "npz": ["a"]}[form] == list(file)
    with hdfsaver.limits.use(declared_bytes=2**31), open_source(path) as file:
        assert "x" in file


@pytest.mark.parametrize("form", ["npy", "npz"])
def test_more_dimensions_than_numpy_has(tmp_path, form):
    """Those of an array and of its elements together count; arrays of as many as NumPy has are read."""
    texts = {
        "a": "{'descr': '|i1', 'fortran_order': False, 'shape': (1,) * 65, }".replace("(1,) * 65", str((1,) * 65)),
        "b": f"{{'descr': [('v', '|i1', {(1,) * 60}), ('w', '|i1')], 'fortran_order': False, 'shape': {(1,) * 10}, }}",
        "c": f"{{'descr': '|i1', 'fortran_order': False, 'shape': {(1,) * 64}, }}",
    }
    if form == "npz":
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            for name, text in texts.items():
                archive.writestr(f"{name}.npy", _npy(text) + bytes(2))
        file = open_source(tmp_path / "x.npz")
        assert ["b/w", "c"] == list(file)
        assert (1,) * 64 == file["c"].shape
        assert {"a", "b/v"} == set(file.unreadable)
    else:
        (tmp_path / "a.npy").write_bytes(_npy(texts["a"]) + bytes(2))
        with pytest.raises(errors.InvalidArgumentError, match=r"a\.npy: has 65 dimensions, but NumPy's arrays"):
            open_source(tmp_path / "a.npy")
        (tmp_path / "b.npy").write_bytes(_npy(texts["b"]) + bytes(2))
        file = open_source(tmp_path / "b.npy")
    with file, pytest.raises(errors.InvalidArgumentError, match=r"'b/v' has 70 dimensions, but NumPy's arrays"):
        file["b/v"]


def test_names_with_nul(tmp_path):
    """Such an archive cannot be written, and in one that another program wrote, the other members are read."""
    hdfsaver.save_file({"x\0y": np.ones(1), "a": np.ones(1)}, tmp_path / "x.h5")
    with pytest.raises(errors.InvalidArgumentError, match=r"'x\\x00y' has a NUL in its name.*Rename it"):
        hdfsaver.convert(tmp_path / "x.h5", tmp_path / "x.npz")
    assert not (tmp_path / "x.npz").exists()
    hdfsaver.convert(tmp_path / "x.h5", tmp_path / "x.npz", rename={"\0": "_"})
    assert ["a", "x_y"] == sorted(hdfsaver.load_file(tmp_path / "x.npz"))
    data = (tmp_path / "x.npz").read_bytes()
    (tmp_path / "x.npz").write_bytes(data.replace(b"x_y.npy", b"x\0y.npy"))
    with open_source(tmp_path / "x.npz") as file:
        assert ["a"] == list(file)
        with pytest.raises(errors.InvalidArgumentError, match=r"'x\\x00y' has a NUL in its name"):
            file["x\0y"]


def test_a_name_too_long_for_an_archive(tmp_path):
    """It is refused before anything is written."""
    hdfsaver.save_file({"x" * 70000: np.ones(1)}, tmp_path / "x.h5")
    with pytest.raises(errors.InvalidArgumentError, match=r"has a name of more than 65,531 bytes"):
        hdfsaver.convert(tmp_path / "x.h5", tmp_path / "x.npz")


def test_a_name_that_is_not_unicode(tmp_path):
    """A lone surrogate, which JSON has, is an error that names the array in each format of UTF-8; others have it."""
    entry = {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}
    text = json.dumps({"x\ud800": entry}).encode()
    (tmp_path / "x.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    for target in ("x.npz", "x.ckpt"):
        with pytest.raises(errors.InvalidArgumentError, match=r"'x\\ud800'"):
            hdfsaver.convert(tmp_path / "x.safetensors", tmp_path / target)
        assert ["x.safetensors"] == [path.name for path in tmp_path.iterdir()]
    hdfsaver.convert(tmp_path / "x.safetensors", tmp_path / "x.npz", rename={"\ud800": "_"})
    assert ["x_"] == list(hdfsaver.load_file(tmp_path / "x.npz"))


def test_headers_of_every_version(tmp_path):
    """Also those of Python 2, and names of fields in UTF-8; a later version is refused."""
    (tmp_path / "x.npy").write_bytes(_npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1L,), }") + bytes(8))
    assert {"x": [0]} == {name: value.tolist() for name, value in hdfsaver.load_file(tmp_path / "x.npy").items()}
    text = "{'descr': [('größe', '<i8')], 'fortran_order': False, 'shape': (), }"
    for version in (2, 3):
        (tmp_path / "x.npy").write_bytes(_npy(text, version) + bytes(8))
        assert ["x/größe"] == list(hdfsaver.load_file(tmp_path / "x.npy"))
    (tmp_path / "x.npy").write_bytes(_npy(text, 4) + bytes(8))
    with pytest.raises(errors.InvalidArgumentError, match=r"x\.npy: has version 4"):
        open_source(tmp_path / "x.npy")


def test_a_string_that_is_not_one(tmp_path):
    """A code beyond the last character, on which NumPy fails with an error of the interpreter."""
    file = io.BytesIO()
    np.save(file, np.array(["a"]))
    (tmp_path / "x.npy").write_bytes(file.getvalue()[:-4] + b"\xff\xff\xff\x7f")
    with (
        open_source(tmp_path / "x.npy") as opened,
        pytest.raises(errors.DataLossError, match=r"x\.npy: .*does not stand for a character"),
    ):
        opened["x"]

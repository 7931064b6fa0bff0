"""Files of other programs are detected by their content, and damaged or malicious files are refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file as load_safetensors
from safetensors.numpy import save_file as save_safetensors

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.formats.checkpoint_sources import keras_names
from hdfsaver.formats.open_source import open_source
from tests.growing import TOO_MUCH, growth

GOLDEN = Path(__file__).with_name("golden")
WEIGHTS = json.loads((GOLDEN / "expected.json").read_text(encoding="utf-8"))


def test_keras_2_has_the_names_of_its_weights():
    """The layer above each name and ``:0`` behind it are Keras's own affair."""
    with open_source(GOLDEN / "keras2.h5") as source:
        assert "Keras weights" == source.kind
        found = {name: source.read(name) for name in source.variables if not name.startswith("optimizer")}
    assert WEIGHTS == {name: [list(value.shape), float(value.ravel()[0])] for name, value in found.items()}


def test_two_weights_of_keras_that_would_have_one_name(tmp_path):
    """Both keep the paths that they have in the file; the others have their short names."""
    paths = [f"model_weights/{layer}/kernel:0" for layer in ("one/dense", "two/dense", "two/last")]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for number, path in enumerate(paths):
            file[path] = np.full(2, number)
    with open_source(tmp_path / "x.h5") as source:
        found = {name: source.read(name).tolist() for name in source.variables}
    assert {paths[0]: [0, 0], paths[1]: [1, 1], "last/kernel": [2, 2]} == found


def test_the_optimizer_of_keras_2(tmp_path):
    """The slots in a compiled model's file stay below their group, so that they are left out with ``drop_slots``."""
    weights = ["model_weights/dense/dense/kernel:0", "model_weights/optimizer/optimizer/kernel:0"]
    slots = ["Adam/iterations:0", "Adam/dense/kernel/m:0", "training/Adam/dense/kernel/v:0"]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for number, path in enumerate([*weights, *(f"optimizer_weights/{slot}" for slot in slots)]):
            file[path] = np.full(2, number)
    with open_source(tmp_path / "x.h5") as source:
        of_optimizer = {f"optimizer_weights/{slot.removesuffix(':0')}" for slot in slots}
        assert of_optimizer == set(source.optimizer_names() or ())
        assert {"dense/kernel", "optimizer/kernel", *of_optimizer} == set(source)
        assert [3, 3] == source["optimizer_weights/Adam/dense/kernel/m"].tolist()
    done = tf.convert(tmp_path / "x.h5", tmp_path / "y.npz", drop_slots=True)
    assert not of_optimizer & set(done.names)


@pytest.mark.parametrize("name", ["keras3.weights.h5", "archive.keras", "keras2.h5"])
def test_the_optimizer_of_keras_3(name):
    """Its arrays are known by their group."""
    with open_source(GOLDEN / name) as source:
        assert {each for each in source if each.startswith("optimizer")} == set(source.optimizer_names() or ())
        assert len(WEIGHTS) == len(set(source) - set(source.optimizer_names() or ()))


def test_a_damaged_archive_of_keras(tmp_path):
    """A flipped byte in any member is found by `verify`; in the weights, when the file is opened."""
    data = bytearray((GOLDEN / "archive.keras").read_bytes())
    with zipfile.ZipFile(GOLDEN / "archive.keras") as archive:
        assert 3 <= len(archive.infolist())
        places = {info.filename: info.header_offset + 30 + len(info.filename) + 4 for info in archive.infolist()}
    for name, place in places.items():
        changed = bytearray(data)
        changed[place] ^= 1
        (tmp_path / "x.keras").write_bytes(changed)
        with pytest.raises(errors.DataLossError, match=rf"x\.keras: {name} cannot be unpacked"):
            _verify(tmp_path / "x.keras", opens=name != "model.weights.h5")


def _verify(path, opens):
    with open_source(path) as file:
        assert opens, "the weights are unpacked and compared when the file is opened"
        file.verify()


def test_one_bad_element_of_a_keras_file(tmp_path):
    """It is an error under its name in Keras; the others are read."""
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["model_weights/dense/dense/kernel:0"] = np.ones(2)
        file["model_weights/dense/dense/odd:0"] = h5py.SoftLink("/nowhere")
    with open_source(tmp_path / "x.h5") as source:
        assert ["dense/kernel"] == list(source)
        assert ["dense/odd"] == list(source.unreadable)
        with pytest.raises(errors.OpError, match=r"x\.h5"):
            source["dense/odd"]


@pytest.mark.parametrize(("name", "kind"), [("keras3.weights.h5", "Keras weights"), ("archive.keras", "Keras archive")])
def test_keras_3_has_its_paths(name, kind):
    """Weights in the order of their layers, under the paths that Keras 3 has."""
    with open_source(GOLDEN / name) as source:
        assert kind == source.kind
        found = {name: source.read(name) for name in source.variables if name.startswith("layers")}
    assert list(WEIGHTS.values()) == [[list(value.shape), float(value.ravel()[0])] for value in found.values()]
    assert "layers/dense/vars/0" in found


def test_names_of_many_weights():
    """Keras's names are found in proportion to the number of weights."""

    def paths(count):
        return [f"dense_{number}/dense_{number}/kernel:0" for number in range(count)]

    assert growth(paths, keras_names, 1000) < TOO_MUCH


def test_optimizers_of_keras_are_left_out(tmp_path):
    """With ``drop_slots`` the weights alone remain."""
    for name in ("keras2.h5", "keras3.weights.h5", "archive.keras"):
        done = tf.convert(GOLDEN / name, tmp_path / "x.npz", drop_slots=True)
        assert len(WEIGHTS) == len(done.names)


def test_what_is_unpacked_is_removed(tmp_path, monkeypatch):
    """The extracted HDF5 file of an archive exists only while the source is open."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with open_source(GOLDEN / "archive.keras"):
        assert 1 == len(list(tmp_path.iterdir()))
    assert [] == list(tmp_path.iterdir())


def test_safetensors_of_the_library(tmp_path):
    """Files are compatible with the safetensors library in both directions."""
    arrays = {"a": np.arange(6, dtype=np.int16).reshape(2, 3), "b": np.ones(3), "c": np.array(True)}
    save_safetensors(arrays, tmp_path / "a.safetensors", {"format": "np"})
    with open_source(tmp_path / "a.safetensors") as source:
        assert {"a": (2, 3), "b": (3,), "c": ()} == {name: it.shape for name, it in source.variables.items()}
        for name, value in arrays.items():
            np.testing.assert_array_equal(value, source.read(name), strict=True)
    tf.convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    for name, value in load_safetensors(tmp_path / "b.safetensors").items():
        np.testing.assert_array_equal(arrays[name], value, strict=True)


def _safetensors(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


@pytest.mark.parametrize(
    ("header", "match"),
    [
        ({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, "invalid offsets, 0 to 4"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, "invalid offsets, 4 to 8"),
        ({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 12]}}, "invalid offsets, 0 to 12"),
        ({"a": {"dtype": "F99", "shape": [2], "data_offsets": [0, -2]}}, "invalid entry for 'a'"),
        ({"a": {"dtype": "F99", "shape": [2], "data_offsets": [4, 8]}}, "invalid offsets, 4 to 8"),
        ({"a": {"dtype": "F32", "shape": [0, 2**63], "data_offsets": [0, 0]}}, "invalid entry for 'a'"),
        ({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, "invalid entry for 'a'"),
        ({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, "invalid entry for 'a'"),
        ({"a": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}, "invalid entry for 'a'"),
        ({"a": 7}, "invalid entry for 'a'"),
        ({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, "invalid offsets"),  # noqa: E501
        ({}, "0 bytes, but the file has 8"),
        (b"{" + b"[" * 100_000, "is not JSON"),
        (b'{"a": 1, "a": 2}', "two members have the same name"),
    ],
)  # fmt: skip
def test_inconsistent_headers_of_safetensors(tmp_path, header, match):
    """The whole header is checked against the file before anything is read."""
    _safetensors(tmp_path / "x.safetensors", header, bytes(8))
    with pytest.raises((errors.DataLossError, errors.InvalidArgumentError), match=rf"x\.safetensors: .*{match}"):
        open_source(tmp_path / "x.safetensors")


def test_arrays_of_safetensors_that_are_not_read(tmp_path):
    """A dtype that is unknown, and an array behind the end of the file, leave the other arrays readable."""
    header = {
        "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        "b": {"dtype": "F6_E2M3", "shape": [4], "data_offsets": [4, 7]},
        "c": {"dtype": "U8", "shape": [1], "data_offsets": [7, 8]},
        "d": {"dtype": "F32", "shape": [2**40], "data_offsets": [8, 8 + 2**42]},
    }
    _safetensors(tmp_path / "x.safetensors", header, b"\x00\x00\x80\x3f...\x07")
    with open_source(tmp_path / "x.safetensors") as file:
        assert {"a": [1.0], "c": [7]} == {name: file[name].tolist() for name in file}
        with pytest.raises(errors.InvalidArgumentError, match=r"x\.safetensors: 'b' has the dtype 'F6_E2M3'"):
            file["b"]
        with pytest.raises(errors.DataLossError, match=r"x\.safetensors: 'd' .* it was cut off"):
            file["d"]
        with pytest.raises(errors.DataLossError, match=r"x\.safetensors: 'd' .* it was cut off"):
            file.verify()
    with pytest.raises(errors.InvalidArgumentError, match="'b' has the dtype"):
        tf.load_file(tmp_path / "x.safetensors")


def test_what_safetensors_does_not_have(tmp_path):
    """The error names all arrays to leave out, so that the second try succeeds."""
    np.savez(tmp_path / "x.npz", a=np.ones(2), s=np.array(["x"]), z=np.array([1j]))
    with pytest.raises(errors.InvalidArgumentError, match="string of 's', the dtype complex128 of 'z'; leave them out"):
        tf.convert(tmp_path / "x.npz", tmp_path / "x.safetensors")
    tf.convert(tmp_path / "x.npz", tmp_path / "x.safetensors", exclude=["s", "z"])
    assert ["a"] == list(load_safetensors(tmp_path / "x.safetensors"))


@given(st.binary(min_size=1, max_size=60), st.integers(0, 200))
def test_damage_to_safetensors(tmp_path_factory, noise, place):
    """Damaged bytes are an error that names the file, or other values; nothing else."""
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    _safetensors(path, {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}, bytes(16))
    data = bytearray(path.read_bytes())
    data[place : place + len(noise)] = noise
    path.write_bytes(data)
    _read_or_refuse(path)


@given(st.binary(min_size=1, max_size=30), st.integers(0, 700))
def test_damage_to_npz(tmp_path_factory, noise, place):
    """Damaged bytes of an archive are an error that names the file, or nothing that matters."""
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    np.savez_compressed(path, a=np.arange(20), b=np.array(["x", "yz"]))
    data = bytearray(path.read_bytes())
    data[place : place + len(noise)] = noise
    path.write_bytes(data)
    _read_or_refuse(path)


def _read_or_refuse(path):
    try:
        with open_source(path) as source:
            for name in source.variables:
                source.read(name)
    except errors.OpError as error:
        assert path.name in str(error)  # noqa: PT017 - either way is right


def test_npz_of_numpy(tmp_path):
    """Numbers of any byte order and layout, strings of fixed width as bytes, compressed or not."""
    arrays = {"a": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "b": np.arange(3, dtype=">i4"), "c": np.array(5)}
    np.savez_compressed(tmp_path / "a.npz", **arrays, u=np.array(["hé", ""]), s=np.array([b"ab", b"c"]))
    with open_source(tmp_path / "a.npz") as source:
        assert "NumPy archive" == source.kind
        assert ["float64", "int32", "int64", "string", "string"] == [it.dtype for it in source.variables.values()]
        for name, value in arrays.items():
            np.testing.assert_array_equal(value, source.read(name))
        assert ["hé".encode(), b""] == source.read("u").tolist()
        assert [b"ab", b"c"] == source.read("s").tolist()
    tf.convert(tmp_path / "a.npz", tmp_path / "a.h5")
    np.testing.assert_array_equal(arrays["b"], tf.load_file(tmp_path / "a.h5")["b"])


class _Trap:
    def __reduce__(self):
        return print, ("executed",)


def test_members_of_npz_are_not_searched_for(tmp_path, monkeypatch):
    """Each array is read without a walk through the list of all members."""
    np.savez(tmp_path / "x.npz", a=np.arange(2), b=np.arange(3))
    with open_source(tmp_path / "x.npz") as source:
        monkeypatch.delattr(zipfile.ZipFile, "infolist")
        assert [2, 3] == [len(source.read(name)) for name in "ab"]


def test_nothing_is_unpickled(tmp_path, capsys):
    """Python objects in an archive are refused, and nothing in them is executed; the other arrays are read."""
    np.savez(tmp_path / "x.npz", a=np.array([_Trap()], object), b=np.arange(3))
    with open_source(tmp_path / "x.npz") as file:
        with pytest.raises(errors.InvalidArgumentError, match=r"x\.npz: 'a' holds Python objects, which only code"):
            file["a"]
        assert [0, 1, 2] == file["b"].tolist()
    with pytest.raises(errors.InvalidArgumentError, match=r"x\.npz: 'a' holds Python objects"):
        tf.load_file(tmp_path / "x.npz")
    assert "executed" not in capsys.readouterr().out


def _npy(shape, descr="<f8"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue()


def test_inconsistent_archives(tmp_path):
    """Shapes beyond the member, two members with the same name, bombs, and archives of other programs."""
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", _npy((2**40,)))
        archive.writestr("b.npy", bytes(1 << 20))
        archive.writestr("c.npy", _npy((1,)) + bytes(8))
    with open_source(path) as file:
        with pytest.raises(
            errors.DataLossError, match=r"x\.npz: 'a' declares 8796093022208 bytes of values, but has 0"
        ):
            file["a"]
        with pytest.raises(errors.DataLossError, match=r"x\.npz: 'b' .*not an array of NumPy"):
            file["b"]
        assert [0.0] == file["c"].tolist()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(errors.InvalidArgumentError, match="is a zip archive, but an archive of NumPy"):
        open_source(path)


def test_a_bomb_in_an_archive(tmp_path):
    """A member that inflates to more than the limit is refused by what it declares; the others are read."""
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.npy", _npy((2,)) + bytes(16))
        archive.writestr("a.npy", _npy((1 << 20,)) + bytes(8 << 20))
        archive.writestr("c.npy", _npy((2,)) + bytes(16))
    with tf.limits.use(declared_bytes=1 << 20), open_source(tmp_path / "x.npz") as source:
        assert ["b", "c"] == [name for name in source if source.read(name).size == 2]
        for refused in (lambda: source.read("a"), source.verify):
            with pytest.raises(errors.ResourceExhaustedError, match=r"x\.npz: a\.npy: .*`declared_bytes`"):
                refused()
    with tf.limits.use(declared_bytes=9 << 20), open_source(tmp_path / "x.npz") as source:
        assert not source.read("a").any()
        source.verify()


def test_a_member_that_takes_all_memory(tmp_path, monkeypatch):
    """LZMA asks for the memory that a member declares; without it, the member is refused, and the others are read."""

    def opened(archive, info, *args, **kwargs):
        if info.filename == "x.npy":
            raise MemoryError
        return opens(archive, info, *args, **kwargs)

    opens = zipfile.ZipFile.open
    np.savez(tmp_path / "a.npz", a=np.ones(2), x=np.ones(2))
    monkeypatch.setattr(zipfile.ZipFile, "open", opened)
    with open_source(tmp_path / "a.npz") as file:
        assert [1, 1] == file["a"].tolist()
        with pytest.raises(errors.ResourceExhaustedError, match=r"a\.npz: x\.npy .*not enough memory"):
            file["x"]


def test_an_inconsistent_keras_archive(tmp_path):
    """An archive whose weights are no HDF5 file, or would fill the disk."""
    with zipfile.ZipFile(tmp_path / "x.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(1 << 20))
    with pytest.raises(errors.DataLossError, match=r"model\.weights\.h5 is a file of zero bytes"):
        open_source(tmp_path / "x.keras")
    with tf.limits.use(declared_bytes=1000), pytest.raises(errors.ResourceExhaustedError, match="declared_bytes"):
        open_source(tmp_path / "x.keras")


def test_what_nobody_knows(tmp_path):
    """A file of an unknown format gives a clear error; a missing file is a NotFoundError."""
    (tmp_path / "x.bin").write_bytes(b"nothing that is known")
    with pytest.raises(errors.OpError, match=r"x\.bin"):
        open_source(tmp_path / "x.bin")
    with pytest.raises(errors.NotFoundError):
        open_source(tmp_path / "y.bin")
    with pytest.raises(errors.NotFoundError, match="no tensor 'z' in"), open_source(GOLDEN / "keras2.h5") as source:
        source.read("z")


def test_pytorch_is_named_where_it_is_missing(tmp_path, monkeypatch):
    """Without PyTorch, the message of a target that needs it says how to get it."""
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    tf.save_file({"a": np.zeros(1)}, tmp_path / "a.h5")
    with pytest.raises(ImportError, match="pip install torch"):
        tf.convert(tmp_path / "a.h5", tmp_path / "y.pt")


def test_safetensors_of_too_many_dimensions(tmp_path):
    """The array that has them is refused, without the product of its dimensions; the others are read."""
    entries = {
        "a": {"dtype": "U8", "shape": [2], "data_offsets": [0, 2]},
        "x": {"dtype": "F32", "shape": [2**47] * 10**5, "data_offsets": [2, 2]},
        "y": {"dtype": "U8", "shape": [1] * 64, "data_offsets": [2, 3]},
    }
    header = json.dumps(entries).encode()
    (tmp_path / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\1\2\3")
    with open_source(tmp_path / "x.safetensors") as source:
        assert [1, 2] == source.read("a").tolist()
        assert (1,) * 64 == source.read("y").shape
        with pytest.raises(errors.InvalidArgumentError, match="'x' has 100000 dimensions, but NumPy's arrays"):
            source.read("x")

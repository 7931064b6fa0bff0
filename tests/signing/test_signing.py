"""Signatures: what was signed is given, everything else is refused, whatever was changed and sealed again."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from pathlib import Path

import h5py
import ml_dtypes
import numpy as np
import pytest
import xxhash
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.schema import Structure
from hdfsaver.signing import signature_table
from hdfsaver.signing.signed_source import SignedSource
from hdfsaver.signing.signing import open_signed
from hdfsaver.storage import layout, seal
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import Model, write_models
from tests.format.resealing import resealed

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
VALUES = {
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dense/bias": np.ones((2, 3), np.float32),
    "words": np.array([b"yes", b"no"], dtype=object),
    "narrow": np.array([1, -2, 3]).astype(ml_dtypes.int4),
    "none": np.zeros((0, 4)),
}
REFUSED = (errors.DataLossError, errors.UnauthenticatedError, errors.InvalidArgumentError)


@pytest.fixture
def path(tmp_path):
    """A signed checkpoint."""
    tf.save_file(VALUES, tmp_path / "m.h5", metadata={"author": "me"})
    tf.sign_file(tmp_path / "m.h5", KEY, comment="release 1")
    return tmp_path / "m.h5"


def same(found, expected=VALUES):
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert (found[name].dtype, found[name].tolist()) == (value.dtype, value.tolist())


def test_what_was_signed_is_given(path):
    """Values, parts of values, metadata and groups of a signed file are those that were saved."""
    before = path.read_bytes()
    found = tf.verify_signature(path, PUBLIC)
    assert (found.path, found.signature) == (str(path), f"{path}.sig")
    assert (found.comment, found.variables) == ("release 1", len(VALUES))
    same(tf.load_file(path, key=PUBLIC))
    same(tf.load_file(path, key=PUBLIC, mmap_mode="r"))
    with tf.open_file(path, key=PUBLIC) as file:
        assert (file.metadata(), file.groups(), file.structure()) == ({"author": "me"}, [""], None)
        assert file.get_slice("dense/kernel")[1, ::2].tolist() == [3, 5]
    assert path.read_bytes() == before


def test_the_same_file_has_one_signature(path, tmp_path):
    """Two signatures of the same bytes by the same key are the same bytes, wherever they are written."""
    tf.sign_file(path, KEY, comment="release 1", signature=tmp_path / "other")
    assert (tmp_path / "other").read_bytes() == Path(f"{path}.sig").read_bytes()


def test_the_table_has_the_digests_that_other_programs_compute(path):
    """A digest of a value is that of the bytes that h5py reads."""
    with h5py.File(path) as file:
        digest = hashlib.sha256(file["variables/dense/kernel"][()].tobytes()).hexdigest()
    assert f"variable {digest} " in Path(f"{path}.sig").read_text()


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_compressed_values(tmp_path, codec):
    """Of a compressed value the stored bytes are signed, which are compared before they are decoded."""
    path = tmp_path / "m.h5"
    values = {"a": np.arange(300_000.0).reshape(1000, 300), "b": np.ones(20_000), "c": np.ones(3)}
    tf.save_file(values, path, compression=codec)
    tf.sign_file(path, KEY)
    tf.verify_signature(path, PUBLIC)
    same(tf.load_file(path, key=PUBLIC), values)
    with tf.open_file(path, key=PUBLIC) as file:
        assert file.get_slice("a")[999, 299] == 299_999


def test_models_in_groups_and_graphs(tmp_path):
    """One signature covers all models of a file, and each of them is proved."""
    path = tmp_path / "m.h5"
    graph = Structure(tf.Graph().digraph)
    write_models(path, {group: Model({"w": np.full(2, n)}, graph, {}) for n, group in enumerate(("", "teacher"))})
    assert tf.sign_file(path, KEY).variables == 2
    with tf.open_file(path, key=PUBLIC, group="teacher") as file, file.model("") as root:
        assert file["w"].tolist() == [1, 1]
        assert root["w"].tolist() == [0, 0]
        assert root.structure() is not None
    write_models(path, {group: Model({"w": np.full(2, n)}, graph, {}) for n, group in enumerate(("teacher", ""))})
    with pytest.raises(errors.DataLossError, match="was signed"):
        tf.load_file(path, key=PUBLIC)


# -- changes -----------------------------------------------------------------------------------------------------------


def everything(source, signature, key=PUBLIC):
    """Use everything in a file that has a signature."""
    with tf.open_file(source, key=key, signature=signature) as file:
        file.verify()
        return file.metadata(), {name: file[name] for name in file}


def test_every_byte_of_the_checkpoint(tmp_path):
    """No byte can be changed without an error, whether by a flip of one bit or of all."""
    path = tmp_path / "m.h5"
    tf.save_file({"w": np.ones(3, np.float32), "s": np.array([b"a"], object)}, path)
    tf.sign_file(path, KEY)
    data, signature = path.read_bytes(), Path(f"{path}.sig").read_bytes()
    for place in range(len(data)):
        bad = bytearray(data)
        bad[place] ^= 1 << place % 8
        with pytest.raises(REFUSED):
            everything(io.BytesIO(bad), io.BytesIO(signature))


def test_every_byte_of_the_signature(path):
    """No bit of the signature file can be changed, no byte cut off or added."""
    signature = Path(f"{path}.sig").read_bytes()
    for place in range(len(signature)):
        bad = bytearray(signature)
        bad[place] ^= 1 << place % 8
        with pytest.raises(REFUSED):
            open_signed(path, PUBLIC, io.BytesIO(bad))
    for other in (signature[:-1], signature + b"\n", signature[1:], b"\n" + signature, signature * 2, b""):
        with pytest.raises(REFUSED):
            open_signed(path, PUBLIC, io.BytesIO(other))


def forged(path, name, new):
    """A file with another value, whose digests in index and seal are right: only a signature tells."""
    data = path.read_bytes()
    with open_file(path) as file:
        rows = list(file.variables)
        offset, nbytes = file.extent(name) or (0, 0)
    found = seal.find(data)
    assert found is not None
    bad = bytearray(data)
    bad[offset : offset + nbytes] = new
    row = found.extents_offset + layout.EXTENTS_ROW.itemsize * rows.index(name)
    bad[row + 16 : row + 24] = xxhash.xxh3_64_intdigest(new).to_bytes(8, "little")
    return resealed(bytes(bad))


def test_a_changed_value_is_named(path):
    """A value that was changed, with right digests everywhere, is named; without a key nothing is noticed."""
    path.write_bytes(forged(path, "dense/bias", np.zeros((2, 3), np.float32).tobytes()))
    assert not tf.load_file(path)["dense/bias"].any()
    for use in (tf.load_file, tf.verify_signature):
        with pytest.raises(errors.DataLossError, match=r"m\.h5: '/variables/dense/bias' differs from what was signed"):
            use(path, key=PUBLIC)


@pytest.mark.parametrize("name", ["dense/kernel", "packed"])
def test_a_value_that_changes_while_the_file_is_open(tmp_path, name):
    """What is given was compared: a value that is changed after opening is refused, and named; others are given."""
    path = tmp_path / "m.h5"
    tf.save_file({**VALUES, "packed": np.zeros(50_000)}, path, compression={"packed": "gzip"})
    tf.sign_file(path, KEY)
    with tf.open_file(path, key=PUBLIC) as file:
        (place, _), *_ = next(part.ranges for part in file._source.parts() if part.path.endswith(name))
        with path.open("r+b") as other:
            other.seek(place)
            byte = other.read(1)
            other.seek(place)
            other.write(bytes([byte[0] ^ 1]))
        with pytest.raises(errors.DataLossError, match=name):
            file[name]
        with pytest.raises(errors.DataLossError, match=name):
            file.get_slice(name)[1:2]
        assert file["dense/bias"].all()


def test_values_are_compared_with_the_signature_itself(path, monkeypatch):
    """A value whose digest of the seal is right is refused where it is not what was signed."""
    monkeypatch.setattr(SignedSource, "_check_parts", lambda self: None)
    path.write_bytes(forged(path, "dense/bias", bytes(24)))
    with tf.open_file(path, key=PUBLIC) as file:
        assert file["dense/kernel"].any()
        with pytest.raises(errors.DataLossError, match="'dense/bias' differs from what was signed"):
            file["dense/bias"]
        with pytest.raises(errors.DataLossError, match="a part of its structure.* differs from what was signed"):
            file.verify()


WAYS = {
    "read": lambda file: file.read("dense/bias"),
    "read_many": lambda file: file.read_many(["dense/bias"]),
    "read_slice": lambda file: file.read_slice("dense/bias", tuple(map(slice, file.variables["dense/bias"].shape))),
    "pieces": lambda file: list(file.pieces("dense/bias")),
    "get_slice": lambda file: file.get_slice("dense/bias")[0],
    "[]": lambda file: file["dense/bias"],
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_reading_is_compared(path, monkeypatch, way):
    """Whatever gives a value: one whose digest of the seal is right is refused where it is not what was signed."""
    monkeypatch.setattr(SignedSource, "_check_parts", lambda self: None)
    path.write_bytes(forged(path, "dense/bias", bytes(24)))
    with tf.open_file(path, key=PUBLIC) as file:
        assert file.stored("dense/bias") is None
        with pytest.raises(errors.DataLossError, match="'dense/bias' differs from what was signed"):
            WAYS[way](file)


def test_a_structure_that_changes_while_the_file_is_open(path):
    """The graph, the metadata and all else are read once, and compared before they are used."""
    with tf.open_file(path, key=PUBLIC) as file:
        data = path.read_bytes()
        with path.open("r+b") as other:
            other.write(resealed(data.replace(b"me\0", b"us\0")))
        with pytest.raises(errors.DataLossError, match="structure"):
            file.metadata()
        assert file["dense/bias"].all()


SWAPPED = {**VALUES, "dense/kernel": VALUES["dense/bias"], "dense/bias": VALUES["dense/kernel"]}
RENAMED = {name.replace("bias", "bios"): value for name, value in VALUES.items()}
FEWER = {name: value for name, value in VALUES.items() if name != "narrow"}
RETYPED = {**VALUES, "dense/bias": np.ones((3, 2), np.float32)}


@pytest.mark.parametrize(
    ("values", "metadata", "match"),
    [
        (SWAPPED, "me", "'/variables/dense/kernel', '/variables/dense/bias' differ from what was signed"),
        (RENAMED, "me", "does not have '/variables/dense/bias', it also has '/variables/dense/bios', unlike"),
        (FEWER, "me", "does not have '/variables/narrow', unlike what was signed"),
        ({**VALUES, "new": np.ones(2)}, "me", "it also has '/variables/new', unlike what was signed"),
        (RETYPED, "me", "dtype or shape of '/variables/dense/bias' differs, unlike what was signed"),
        (dict(reversed(VALUES.items())), "me", "the order of its variables differs, unlike what was signed"),
        (VALUES, "us", "a part of its structure, such as its graph or its metadata, differs from what was signed"),
    ],
)
def test_other_files(path, values, metadata, match):
    """A checkpoint that was saved again with other content has a valid seal, and not this signature."""
    tf.save_file(values, path, metadata={"author": metadata})
    tf.load_file(path)
    with pytest.raises(errors.DataLossError, match=match):
        everything(path, None)


def test_a_file_that_another_program_has_changed(path):
    """A change by h5py is refused, also when it was accepted by a reseal."""
    with h5py.File(path, "a") as file:
        file["variables/dense/kernel"].attrs["units"] = "m"
    with pytest.raises(errors.DataLossError):
        everything(path, None)
    tf.reseal(path)
    with pytest.raises(errors.DataLossError, match="was signed"):
        everything(path, None)
    tf.sign_file(path, KEY)
    everything(path, None)


def test_a_graph_that_differs(tmp_path):
    """The graph is signed with the values."""
    path = tmp_path / "m.h5"
    for number in (1.0, 2.0):
        with tf.Graph().as_default() as graph:
            tf.constant(number, name="c")
        write_models(path, {"": Model({"w": np.ones(2)}, Structure(graph.digraph), {})})
        if number == 1.0:
            tf.sign_file(path, KEY)
    with pytest.raises(errors.DataLossError, match=r"its graph or its metadata, differs from what was signed .*\.sig"):
        everything(path, None)


def test_the_structure_is_compared_with_the_signature_itself(path, monkeypatch):
    """A structure that has the digest of the seal, which can be arranged, is refused if it is not what was signed."""
    monkeypatch.setattr(seal, "check_structure", lambda opened, found: None)
    path.write_bytes(path.read_bytes().replace(b"me\0", b"us\0"))
    with tf.open_file(path, key=PUBLIC) as file:
        assert file["dense/bias"].all()
        with pytest.raises(errors.DataLossError, match=r"its graph or its metadata, differs from what was signed"):
            file.metadata()


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), st.binary(max_size=20), max_size=4),
    st.data(),
)
def test_any_file(tmp_path_factory, values, data):
    """Any variables can be signed and are given back; any change of their names or values is refused."""
    path = tmp_path_factory.mktemp("any") / "m.h5"
    arrays = {
        name: np.frombuffer(value, np.uint8) for name, value in values.items() if "\ud800" > max(name, default="")
    }
    tf.save_file(arrays, path)
    tf.sign_file(path, KEY)
    same(tf.load_file(path, key=PUBLIC), arrays)
    other = dict(arrays)
    other[data.draw(st.sampled_from([*arrays, "new"]))] = np.frombuffer(data.draw(st.binary(max_size=20)), np.uint8)
    tf.save_file(other, path)
    if {name: value.tobytes() for name, value in other.items()} == {n: v.tobytes() for n, v in arrays.items()}:
        tf.verify_signature(path, PUBLIC)
    else:
        with pytest.raises(errors.DataLossError, match="was signed"):
            tf.verify_signature(path, PUBLIC)


# -- keys and files that are not there ---------------------------------------------------------------------------------


def test_another_key(path):
    """A signature by another key is refused, with both fingerprints; so is one that claims to be of this key."""
    with pytest.raises(errors.UnauthenticatedError, match=r"not made with the key SHA256:\S+; it says .* SHA256:"):
        tf.load_file(path, key=OTHER.public_key())
    signed, _ = signature_table.split(Path(f"{path}.sig").read_bytes(), "x")
    Path(f"{path}.sig").write_bytes(signature_table.with_signature(signed, OTHER.sign(signed)))
    with pytest.raises(errors.UnauthenticatedError, match="does not belong to its table, or was not made with the key"):
        tf.load_file(path, key=PUBLIC)
    with pytest.raises(errors.DataLossError, match="names another key"):
        tf.load_file(path, key=OTHER.public_key())


def test_no_signature(path, tmp_path):
    """The error says what is missing and what to do; another name can be given."""
    os.rename(f"{path}.sig", tmp_path / "other.sig")
    with pytest.raises(errors.NotFoundError, match=r"no signature .*m\.h5\.sig, so .*m\.h5 is not proved\. Get"):
        tf.verify_signature(path, PUBLIC)
    tf.verify_signature(path, PUBLIC, signature=tmp_path / "other.sig")
    with pytest.raises(ValueError, match="`key` is missing"):
        tf.load_file(path, signature=tmp_path / "other.sig")
    with pytest.raises(errors.InvalidArgumentError, match="give `signature`"):
        tf.load_file(io.BytesIO(path.read_bytes()), key=PUBLIC)


def test_what_is_not_signed(tmp_path):
    """Files without a seal are refused, a damaged checkpoint is not signed, and no other file is replaced."""
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["a"] = 1
    np.savez(tmp_path / "a.npz", a=np.ones(3))
    for name in ("plain.h5", "a.npz"):
        with pytest.raises(errors.InvalidArgumentError, match="hdfsaver convert"):
            tf.sign_file(tmp_path / name, KEY)
    tf.save_file({"w": np.full(3, 7, np.int8)}, tmp_path / "m.h5")
    with pytest.raises(errors.AlreadyExistsError, match=r"a\.npz is there and is not a signature"):
        tf.sign_file(tmp_path / "m.h5", KEY, signature=tmp_path / "a.npz")
    (tmp_path / "m.h5").write_bytes((tmp_path / "m.h5").read_bytes().replace(b"\7\7\7", b"\7\7\6"))
    with pytest.raises(errors.DataLossError, match="'w'"):
        tf.sign_file(tmp_path / "m.h5", KEY)
    assert not (tmp_path / "m.h5.sig").exists()
    with pytest.raises(errors.NotFoundError):
        tf.sign_file(tmp_path / "nothing.h5", KEY)


def test_a_signature_is_replaced_when_the_new_one_is_complete(path, monkeypatch):
    """A failure of writing leaves the old signature."""
    before = Path(f"{path}.sig").read_bytes()

    def fail(fd):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(errors.ResourceExhaustedError):
        tf.sign_file(path, OTHER)
    assert (Path(f"{path}.sig").read_bytes(), sorted(os.listdir(path.parent))) == (before, ["m.h5", "m.h5.sig"])
    monkeypatch.undo()
    tf.sign_file(path, OTHER)
    tf.verify_signature(path, OTHER.public_key())


def test_one_value_of_a_large_file(tmp_path):
    """To prove one value, the signature, the index and that value are read, and nothing else."""
    path = tmp_path / "m.h5"
    tf.save_file({f"w{number}": np.full(50_000, number) for number in range(10)}, path)
    tf.sign_file(path, KEY)
    data = path.read_bytes()
    found, reads = Counting(data), 0
    with tf.open_file(found, key=PUBLIC, signature=f"{path}.sig") as file:
        assert (file["w3"] == 3).all()
        reads = found.nbytes
    assert len(data) > 4_000_000
    assert reads <= 400_000 + 3 * 65_536


class Counting(io.BytesIO):
    """A file that counts the bytes that are read."""

    nbytes = 0

    def read(self, size=-1):
        found = super().read(size)
        self.nbytes += len(found)
        return found

    def readinto(self, buffer):
        count = super().readinto(buffer)
        self.nbytes += count
        return count


def test_without_the_library(path, monkeypatch):
    """Without `cryptography`, the error names the package and the extra."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(ImportError, match=r"Signatures need the library 'cryptography'.*hdfsaver\[sign\]"):
        tf.load_file(path, key="public.pem")

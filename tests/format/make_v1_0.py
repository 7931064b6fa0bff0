"""Make the golden files of format 1.0: ``python -m tests.format.make_v1_0``.

They were made once, and are read by every later version. They may be made again only as long as no version that writes
the format has been released.
"""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import h5py
import networkx as nx
import numpy as np
import xxhash

import hdfsaver as tf
from hdfsaver import dtypes, schema
from hdfsaver.schema import CollectionDef, SaverDef, Structure, VariableDef
from hdfsaver.storage import groups, layout, seal
from hdfsaver.storage.chunks import chunk_codecs
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.storage.writing import Model, write_models
from tests.format.resealing import resealed

FOLDER = Path(__file__).with_name("v1_0")


def numbers() -> dict[str, np.ndarray]:
    """Three elements of every dtype of numbers: 0, 1 and 3, or as near as the dtype has them."""
    rows = [row for row in dtypes.TABLE if row.hdf5 is not None and row.name != "string"]
    # float8_e8m0fnu has powers of two alone, and no 0.
    return {row.name: np.array([1 if row.name == "float8_e8m0fnu" else 0, 1, 3]).astype(row.numpy) for row in rows}


def texts() -> dict[str, np.ndarray]:
    """Strings in both forms, under names that need escapes, and values of no elements and no dimensions."""
    return {
        "counted": np.array([[b"a\0", b""], [b"\xff\xfe", b"hello"]], object),
        "joined": np.array([b"x" * 5000, *[b"y"] * 20], object),
        "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
        "dense/kernel/Adam": np.zeros((0, 4)),
        "100%\n\N{SNOWMAN}": np.array(7),
        "": np.array(b"no name", object),
        "long" * 100: np.array(2.5),
        **{f"v{number}": np.array(number) for number in range(20)},
    }


def compressed() -> Model:
    """A variable for each codec, with and without shuffling, in one chunk and several; and a plain one."""
    repeated = np.tile(np.arange(1000, dtype=np.int32), 300).reshape(3, 100_000)
    values = {**dict.fromkeys(chunk_codecs.BY_NAME, repeated), "unshuffled": repeated[0], "plain": np.arange(3.0)}
    choices = {
        **{name: Compression(name) for name in chunk_codecs.BY_NAME},
        "unshuffled": Compression("gzip", shuffle=False),
    }
    return Model(values, None, {}, choices)


def structure() -> Structure:
    """A graph with an attribute of every kind, wires of every kind, a large constant and all kinds of collections."""
    digraph: nx.DiGraph = nx.DiGraph()
    attrs = {
        "s": b"NHWC", "raw": b"\xff", "b": True, "i": 3, "f": 0.5, "inf": float("-inf"), "type": "float32",
        "shape": (None, 3), "unknown": None, "tensor": np.arange(3), "list": [1, [2]],
        "func": {"name": "g", "attr": {"T": "int32"}},
    }  # fmt: skip
    large = np.arange(40, dtype=np.int16)
    schema.add_node(digraph, "x", op="Const", attrs={"value": large}, outputs=(("int16", (40,)),))
    schema.add_node(digraph, "y", op="Mul", inputs=(("x", 0), ("x", 0)), outputs=(("int16", (40,)),), device="/cpu:0")
    schema.add_node(digraph, "z", op="Odd", control_inputs=("x", "y"), attrs=attrs, outputs=(("string", None),))
    collections = {
        "nodes": CollectionDef("node_list", ["x:0", "y"]),
        "bytes": CollectionDef("bytes_list", [b"\0", b"b"]),
        "ints": CollectionDef("int64_list", [1, -2]),
        "floats": CollectionDef("float_list", [0.25]),
        "variables": CollectionDef("variable_list", [VariableDef("v:0", "i:0", "v/Assign", "v/read:0", False)]),
    }
    return Structure(digraph, collections, SaverDef(max_to_keep=3), {"dense/kernel": "x"})


def models() -> dict[str, dict[str, Model]]:
    """The content of each file, by its name: models by their groups."""
    return {
        "numbers": {groups.ROOT: Model(numbers(), None, {name: name for name in numbers()})},
        "texts": {groups.ROOT: Model(texts(), None, {})},
        "graph": {groups.ROOT: Model({"dense/kernel": np.ones(2)}, structure(), {})},
        "graph_only": {groups.ROOT: Model(None, structure(), {})},
        "groups": {"teacher": Model({"a": np.ones(2)}, None, {}), "student": Model({"a": np.zeros(1)}, None, {})},
        "compressed": {groups.ROOT: compressed()},
        "empty": {groups.ROOT: Model({}, None, {})},
    }


def checkpoint(path: Path) -> None:
    """A Saver's file: names of its own, a collection, a partitioned variable, a large constant."""
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.get_variable("w", initializer=np.arange(6, dtype=np.float32).reshape(2, 3))
        parts = tf.get_variable(
            "parts", [4, 2], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2)
        )
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        tf.add_to_collection("outputs", tf.matmul(x, w, name="y"))
        tf.constant(np.arange(100.0), name="table")
        sess.run(tf.global_variables_initializer())
        tf.train.Saver({"kernel": w, "parts": list(parts)}).save(sess, path, write_state=False)


def digraph() -> nx.DiGraph:
    """A DiGraph that computes nothing."""
    graph: nx.DiGraph = nx.DiGraph(title="roads")
    graph.add_edge("Rome", (41.9, 12.5), lanes=(2, 1), heights=np.arange(40, dtype=np.int16))
    return graph


def newer_minor(target: Path) -> None:
    """A file of a minor version to come: with elements, columns, fields of the seal and flags that are unknown."""
    known = layout.SEAL_RECORD.descr
    longer = np.dtype([*known[:-1], ("future", "<u8"), ("more", "<u8"), known[-1]])
    with mock.patch.object(layout, "SEAL_RECORD", longer):
        write_models(target, models()["graph"])
    with h5py.File(target, "r+", libver=("v110", "v110")) as file:
        file["future/table"] = np.arange(3)
        file["graph"].attrs["future"] = np.bytes_(b"something")
        file["index"].create_dataset("future", data=np.arange(2))
        file["variables/dense/kernel"].attrs["future"] = np.bytes_(b"unit")
        del file.attrs[layout.VERSION_ATTRIBUTE]
        file.attrs[layout.VERSION_ATTRIBUTE] = np.bytes_(f"{layout.MAJOR}.7".encode())
        for path in ("graph/edges", "index/variables"):
            _widen(file, path)
        place = file["index/variables"].id.get_offset()
        described = file["index/variables"].dtype
    fields = described.fields or {}
    places = [
        (fields[name][1], fields[name][0].itemsize) if name in fields else (0, 0) for name in layout.INDEX_COLUMNS
    ]
    index = {"index_offset": place, "index_row_nbytes": described.itemsize, "columns": tuple(places)}
    target.write_bytes(_with_fields(resealed(target.read_bytes(), minor=7, flags=0x80, **index)))


def _widen(file: h5py.File, path: str) -> None:
    """Put a column before those of a table."""
    rows = file[path][...]
    wider = np.zeros(rows.shape, [("future", "<i8"), *((name, rows.dtype[name]) for name in rows.dtype.names)])
    wider["future"] = -1
    for name in rows.dtype.names:
        wider[name] = rows[name]
    del file[path]
    file[path] = wider


def _with_fields(data: bytes) -> bytes:
    """Fill the fields of the seal that are unknown today."""
    found = seal.find(data[:65536])
    assert found is not None
    end = found.offset + found.nbytes
    record = data[found.offset : end - 24] + b"\xff" * 16
    return data[: found.offset] + record + xxhash.xxh3_64_intdigest(record).to_bytes(8, "little") + data[end:]


def newer_major(source: Path, target: Path) -> None:
    """A file of the next major version."""
    target.write_bytes(resealed(source.read_bytes(), major=layout.MAJOR + 1, minor=3))


def main() -> None:
    """Make all files."""
    FOLDER.mkdir(exist_ok=True)
    for name, models_of_file in models().items():
        write_models(FOLDER / f"{name}.h5", models_of_file)
    checkpoint(FOLDER / "checkpoint.h5")
    tf.write_digraph(digraph(), FOLDER / "digraph.h5")
    tf.save_file({"x": np.arange(3)}, FOLDER / "metadata.h5", {"author": "hdfsaver", "note": "\N{SNOWMAN}"})
    newer_minor(FOLDER / "newer_minor.h5")
    newer_major(FOLDER / "graph.h5", FOLDER / "newer_major.h5")


if __name__ == "__main__":
    main()

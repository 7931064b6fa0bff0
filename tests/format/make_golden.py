"""Make the files of format 1.0 that every later version must read: ``python tests/format/make_golden.py``.

They are made once for a version of the format, and never again: that they were made by an older program is the point.
"""

from __future__ import annotations

from pathlib import Path

import networkx as nx
import numpy as np
import numpy.typing as npt

import hdfsaver as tf
from hdfsaver import dtypes
from hdfsaver.storage.writing import write_file

FOLDER = Path(__file__).parent / "golden"


def every_dtype() -> dict[str, npt.NDArray[np.generic]]:
    """A few values of every dtype that can be stored."""
    found = {}
    for row in dtypes.TABLE:
        if row.name == "string":
            found[row.name] = np.array([b"", b"a\0b", b"\xff"], dtype=object)
        elif row.hdf5 is not None:
            found[row.name] = np.array([0, 1, 1], dtype=dtypes.numpy_dtype(row.name))
    return found


def every_name() -> dict[str, npt.NDArray[np.generic]]:
    """Names that need care in HDF5."""
    names = ["w", "w/Adam", "a//b", "/lead", ".", "..", "100%", "x:0", "é", "nul\0", "", "a" * 300]
    return {name: np.array(place) for place, name in enumerate(names)}


def checkpoint(path: Path) -> None:
    """A Saver's file: a graph with collections, a partitioned variable, a large constant."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(1)
        w = tf.get_variable("w", initializer=np.arange(6, dtype=np.float32).reshape(2, 3))
        tf.get_variable("parts", [4, 2], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        tf.add_to_collection("outputs", tf.matmul(x, w, name="y"))
        tf.constant(np.arange(100.0), name="table")
        sess.run(tf.global_variables_initializer())
        tf.train.Saver({"kernel": w, "parts": tf.global_variables()[1:]}).save(sess, path, write_state=False)


def groups(path: Path) -> None:
    """Two models in one file."""
    for name, value in (("teacher", 1.0), ("student", 2.0)):
        with tf.Graph().as_default(), tf.Session() as sess:
            variable = tf.get_variable("w", initializer=value)
            sess.run(variable.initializer)
            tf.train.Saver(group=name).save(sess, path, write_state=False)


def digraph() -> nx.DiGraph:
    """A DiGraph of plain values."""
    graph: nx.DiGraph = nx.DiGraph(title="roads")
    graph.add_edge("Rome", (41.9, 12.5), lanes=(2, 1), heights=np.arange(40, dtype=np.int16))
    return graph


def main() -> None:
    """Make all of them."""
    FOLDER.mkdir(exist_ok=True)
    values = every_dtype()
    write_file(FOLDER / "dtypes.h5", variables=values, structure=None, dtypes={name: name for name in values})
    tf.save_file(every_name(), FOLDER / "names.h5", {"author": "hdfsaver", "note": "é"})
    checkpoint(FOLDER / "checkpoint.h5")
    groups(FOLDER / "groups.h5")
    tf.write_digraph(digraph(), FOLDER / "digraph.h5")


if __name__ == "__main__":
    main()

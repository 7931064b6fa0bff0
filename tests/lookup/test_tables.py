"""Tables have a value for each key in a session, as TensorFlow's have."""

from __future__ import annotations

from pathlib import Path

import pytest

import hdfsaver as tf

lookup = tf.contrib.lookup


def test_a_table_of_keys_and_values() -> None:
    """A table is filled by its initializer, before which it cannot be used; a missing key has the default value."""
    table = lookup.HashTable(lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)
    found = table.lookup(tf.constant([["a"], ["z"]]))
    sparse = table.lookup(tf.SparseTensor([[0, 1]], ["b"], [1, 2]))
    assert (tf.int32, [2, 1]) == (found.dtype, found.shape.as_list())
    with tf.Session() as session:
        with pytest.raises(tf.errors.FailedPreconditionError, match="Table not initialized"):
            session.run(found)
        session.run(tf.tables_initializer())
        session.run(table.init)  # again, without effect
        assert [[1], [-1]] == session.run(found).tolist()
        assert [2] == session.run(sparse).values.tolist()
        assert session.run(table.size()) == 2
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError):
        session.run(found)  # each session has contents of its own


def test_vocabularies(tmp_path: Path) -> None:
    """Words have the numbers of their places in a list, or of their lines in a file; and the other way."""
    path = tmp_path / "words.txt"
    path.write_bytes(b"x\ny\r\nz\n")
    tables = [
        lookup.index_table_from_tensor(["x", "y", "z"]),
        lookup.index_table_from_file(str(path)),
        lookup.index_table_from_file(str(path), vocab_size=2, default_value=7),
    ]
    numbers = [table.lookup(tf.constant(["z", "y", "q"])) for table in tables]
    back = [
        lookup.index_to_string_table_from_tensor(["x", "y"]),
        lookup.index_to_string_table_from_file(str(path), default_value="?"),
    ]
    words = [table.lookup(tf.constant([1, 2], tf.int64)) for table in back]
    with tf.Session() as session:
        session.run(tf.tables_initializer())
        assert [[2, 1, -1], [2, 1, -1], [7, 1, 7]] == [found.tolist() for found in session.run(numbers)]
        assert [[b"y", b"UNK"], [b"y", b"z"]] == [found.tolist() for found in session.run(words)]
    assert len(tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS)) == 3


def test_columns_of_a_file(tmp_path: Path) -> None:
    """Keys and values may be columns; a line with fewer is an error that names file and line."""
    path = tmp_path / "pairs.csv"
    path.write_text("a,1.5\nb,2\n", encoding="utf-8")
    start = lookup.TextFileInitializer(str(path), tf.string, 0, tf.float32, 1, delimiter=",")
    short = lookup.TextFileInitializer(str(path), tf.string, 0, tf.int64, 2, delimiter=",")
    wrong = lookup.TextFileInitializer(str(path), tf.string, 0, tf.int64, 1, delimiter=",")
    gone = lookup.TextFileInitializer(str(tmp_path / "gone"), tf.string, -2, tf.int64, -1)
    long = lookup.TextFileInitializer(str(path), tf.string, -2, tf.int64, -1, vocab_size=9)
    table = tf.lookup.StaticHashTable(start, 0.0)
    others = [tf.lookup.StaticHashTable(initializer, -1) for initializer in (short, wrong, gone, long)]
    with tf.Session() as session:
        session.run(table.initializer)
        assert [1.5, 2.0, 0.0] == session.run(table.lookup(tf.constant(["a", "b", "c"]))).tolist()
        for other, text in zip(
            others, ("expected 2 got 2", "not a valid int64", "gone", "expected 9 but got 2"), strict=True
        ):
            with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.NotFoundError), match=text):
                session.run(other.initializer)


def test_a_table_that_changes() -> None:
    """Keys and values are put into it, and all are read out."""
    table = lookup.MutableHashTable(tf.string, tf.int64, -1)
    add = table.insert(["p", "q"], [4, 5])
    with tf.Session() as session:
        assert session.run(table.size()) == 0
        session.run(add)
        assert [5, -1] == session.run(table.lookup(tf.constant(["q", "r"]))).tolist()
        keys, values = session.run(table.export())
    assert [b"p", b"q"] == keys.tolist()
    assert [4, 5] == values.tolist()


def test_tables_in_an_imported_graph(tmp_path: Path) -> None:
    """A graph that is imported has its initializers, and its table gives the same values."""
    table = lookup.index_table_from_tensor(["u", "v"], name="words")
    tf.identity(table.lookup(tf.constant(["v", "w"])), name="found")
    tf.train.export_meta_graph(str(tmp_path / "graph.meta"))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.train.import_meta_graph(str(tmp_path / "graph.meta"))
        session.run(graph.get_collection(tf.GraphKeys.TABLE_INITIALIZERS))
        assert [1, -1] == session.run("found:0").tolist()


def test_what_is_refused() -> None:
    """Keys of another dtype, keys with two values, and buckets are errors."""
    table = lookup.HashTable(lookup.KeyValueTensorInitializer(["a", "a"], [1, 2]), -1)
    with pytest.raises(TypeError, match="Signature mismatch. Keys must be dtype string, got int32"):
        table.lookup(tf.constant([1]))
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.FailedPreconditionError, match="different value for same key"),
    ):
        session.run(table.init)
    with pytest.raises(tf.errors.UnimplementedError, match="num_oov_buckets"):
        lookup.index_table_from_tensor(["a"], num_oov_buckets=1)

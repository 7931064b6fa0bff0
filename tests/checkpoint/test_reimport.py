"""A graph that comes back from a file: its collections, its Saver, its variables, and files that are none."""

from __future__ import annotations

import os

import pytest

import hdfsaver as tf
from tests.growing import lines


@pytest.fixture
def prefix(tmp_path):
    """A checkpoint of a graph with a variable ``w``, a placeholder ``p`` and their sum ``c``, in many collections."""
    with tf.Graph().as_default(), tf.Session() as sess:
        w = tf.Variable(1.0, name="w")
        c = tf.add(w, tf.placeholder(tf.float32, [None], name="p"), name="c")
        for key, item in [
            ("nodes", c),
            ("ops", w.op),
            ("texts", "text"),
            ("names", "c:0"),
            ("floats", 1.5),
            ("ints", 1),
        ]:
            tf.add_to_collection(key, item)
        sess.run(w.initializer)
        return tf.train.Saver().save(sess, tmp_path / "m")


def collections(graph):
    found = {key: graph.get_collection(key) for key in graph.get_all_collection_keys()}
    return {key: [getattr(item, "name", item) for item in items] for key, items in found.items()}


@pytest.mark.parametrize("scope", ["", "s/"])
def test_collections(prefix, scope):
    """Tensors, operations and variables are those of the new graph; texts are bytes, but under a scope prefixed str."""
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(prefix, import_scope=scope.rstrip("/") or None)
    expected = {"nodes": ["c:0"], "ops": ["w"], "variables": ["w:0"], "trainable_variables": ["w:0"]}
    expected = {key: [scope + name for name in names] for key, names in expected.items()}
    texts = {"texts": ["s/text"], "names": ["s/c:0"]} if scope else {"texts": [b"text"], "names": [b"c:0"]}
    assert expected | texts | {"floats": [1.5], "ints": [1]} == collections(graph)


@pytest.mark.parametrize(
    "items",
    [
        *([1, "s"], [{"a": 1}], [None], [True], [2**63], [-(2**63) - 1], [1, 1.5]),
        pytest.param([object()], id="an object"),
    ],
    ids=repr,
)
def test_collections_that_no_file_holds(tmp_path, items):
    """Mixed things, objects, dicts and numbers of more than 64 bits are left out with a warning; all else is saved."""
    w = tf.Variable(1.0, name="w")
    for item in items:
        tf.add_to_collection("odd", item)
    tf.add_to_collection("largest", 2**63 - 1)
    tf.get_default_graph().add_to_collection(("no", "text"), 1)
    with tf.Session() as sess:
        sess.run(w.initializer)
        with pytest.warns(UserWarning, match="'odd' is left out of the file"):
            prefix = tf.train.Saver().save(sess, tmp_path / "m")
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(prefix)
    assert {"variables", "trainable_variables", "largest"} == set(collections(graph))
    assert [2**63 - 1] == graph.get_collection("largest")


def test_a_scoped_saver_reads_unscoped_names(prefix, tmp_path):
    """The Saver of a graph under a scope uses the names in the file, to restore and to save."""
    saver = tf.train.import_meta_graph(prefix, import_scope="s")
    with tf.Session() as sess:
        saver.restore(sess, prefix)
        assert 1.0 == sess.run("s/w:0")
        saver.save(sess, tmp_path / "again")
    assert [("w", [])] == tf.train.list_variables(tmp_path / "again")


def test_a_second_import_has_a_scope_of_its_own(prefix):
    """Under a scope that is taken a graph gets another one."""
    for _ in range(2):
        tf.train.import_meta_graph(prefix, import_scope="s")
    assert ["s/w:0", "s_1/w:0"] == [variable.name for variable in tf.global_variables()]


def test_imported_variables_are_not_shared(prefix):
    """`get_variable` does not find them; it makes a new one beside."""
    tf.train.import_meta_graph(prefix, import_scope="s")
    with tf.variable_scope("s"):
        assert "s/w_1:0" == tf.get_variable("w", []).name


def test_graphs_without_a_saver(tmp_path):
    """Without variables there is none; with variables, but without settings in the file, it is one with defaults."""
    with tf.Graph().as_default():
        tf.constant(1.0)
        tf.train.export_meta_graph(tmp_path / "without")
    with tf.Graph().as_default():
        tf.Variable(1.0, name="v")
        tf.train.export_meta_graph(tmp_path / "with")
    with tf.Graph().as_default():
        assert None is tf.train.import_meta_graph(tmp_path / "without")
    saver = tf.train.import_meta_graph(tmp_path / "with")
    assert 5 == saver.as_saver_def().max_to_keep


def test_exporting_makes_folders(tmp_path):
    """Missing folders are made for a graph alone, not for a checkpoint."""
    tf.Variable(1.0, name="v")
    tf.train.export_meta_graph(tmp_path / "x" / "y" / "graph.meta")
    assert 1 == len(os.listdir(tmp_path / "x" / "y"))
    with tf.Graph().as_default():
        assert isinstance(tf.train.import_meta_graph(tmp_path / "x" / "y" / "graph.meta"), tf.train.Saver)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xffgarbage", b"\x89HDF\r\n\x1a\n"])
def test_files_of_other_formats(tmp_path, content):
    """A missing file, an empty one and one with garbage are OSErrors, and nothing is added to the graph."""
    if content is not None:
        (tmp_path / "m.h5").write_bytes(content)
    for path in (tmp_path / "m", tmp_path / "m.meta"):
        with pytest.raises(OSError, match="m"):
            tf.train.import_meta_graph(path)
    with pytest.raises(OSError, match="does not exist"):
        tf.train.import_meta_graph("")
    assert [] == tf.get_default_graph().get_operations()


@pytest.mark.parametrize("path", [None, 3])
def test_not_a_path(path):
    """A path that is none is a TypeError."""
    with pytest.raises(TypeError, match="must be a str"):
        tf.train.import_meta_graph(path)


def test_many_variables_are_found_by_name(tmp_path, monkeypatch):
    """For the Saver of an imported graph the collections are gone through once, not once for each variable."""
    for number in range(30):
        tf.get_variable(f"v{number}", [], initializer=tf.zeros_initializer())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, tmp_path / "m")
    asked = []
    get_collection = tf.Graph.get_collection

    def counted(self, *given):
        asked.append(given)
        return get_collection(self, *given)

    monkeypatch.setattr(tf.Graph, "get_collection", counted)
    with tf.Graph().as_default():
        assert tf.train.import_meta_graph(path) is not None
    assert len(asked) < 10


def test_an_import_does_not_look_at_what_is_there():
    """One more import into a graph takes the same work however many variables and operations the graph has."""
    with tf.Graph().as_default():
        v = tf.Variable(1.0, name="v")
        described = tf.train.Saver([v]).export_meta_graph()

    def one_more(count):
        with tf.Graph().as_default():
            for number in range(count):
                tf.Variable(float(number), name="w")
            tf.train.import_meta_graph(described)
            return lines(lambda: tf.train.import_meta_graph(described))

    one_more(1)  # what is kept for later, of modules and definitions, is there
    assert one_more(5) == one_more(200)

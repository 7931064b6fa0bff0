"""The reader and the writer of digraphs: files, their names, and what is refused."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time

import networkx as nx
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors


@pytest.fixture
def digraph():
    """A graph with something of everything."""
    made = nx.DiGraph(name="g", shape=(1, None))
    made.add_node("a", weights=np.arange(20, dtype=np.float16))
    made.add_edge("a", (1, b"x"), tags={"p", "q"})
    return made


@pytest.mark.parametrize("name", ["g.h5", "g", "g.digraph"])
def test_a_graph_comes_back_from_the_file_of_that_name(name, digraph, tmp_path):
    """The path is the file's, as networkx has it; text, bytes and Path all name it."""
    for path in (tmp_path / name, str(tmp_path / name), bytes(tmp_path / name)):
        tf.write_digraph(digraph, path)
        assert [name] == [file.name for file in tmp_path.iterdir()]
        found = tf.read_digraph(path)
        assert ["a", (1, b"x")] == list(found)
        assert {"name": "g", "shape": (1, None)} == found.graph
        assert np.dtype(np.float16) == found.nodes["a"]["weights"].dtype
        assert {"p", "q"} == found.edges["a", (1, b"x")]["tags"]


def test_an_empty_graph_comes_back(tmp_path):
    """Without nodes, or without edges."""
    for made in (nx.DiGraph(), nx.empty_graph(3, nx.DiGraph)):
        tf.write_digraph(made, tmp_path / "g.h5")
        assert list(made) == list(tf.read_digraph(tmp_path / "g.h5"))


def test_the_same_graph_has_the_same_bytes_in_every_process(tmp_path):
    """Sets of strings have a different order in each process, but the same order in the file."""
    program = (
        "import sys, networkx as nx, hdfsaver\n"
        "graph = nx.DiGraph(x={'a', 'b', 'c', 'd', ('e', frozenset('fghi'))})\n"
        "hdfsaver.write_digraph(graph, sys.argv[1])\n"
    )
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", program, tmp_path / seed], check=True, env=environment)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_unsupported_values_leave_everything_unchanged(digraph, tmp_path):
    """The error names file, node, attribute and type; the earlier file is still there, and no other."""
    path = tmp_path / "g.h5"
    tf.write_digraph(digraph, path)
    before = path.read_bytes()
    digraph.nodes["a"]["day"] = dt.date(2000, 1, 1)
    with pytest.raises(TypeError) as caught:
        tf.write_digraph(digraph, path)
    said = "a value of type datetime.date cannot be stored; only plain Python values and NumPy arrays are supported."
    assert f"Nothing was written to {path}: node 'a', attribute 'day': {said}" == str(caught.value)
    digraph.nodes["a"]["day"] = endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match=r"g\.h5: node 'a', attribute 'day': it is nested .* or contains itself"):
        tf.write_digraph(digraph, path)
    assert before == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("graph", "error", "message"),
    [
        (nx.Graph(), nx.NetworkXNotImplemented, "not support undirected graphs: pass `G.to_directed"),
        (nx.MultiDiGraph(), nx.NetworkXNotImplemented, "not support multigraphs"),
        (nx.MultiGraph(), nx.NetworkXNotImplemented, "not support multigraphs"),
        ({"a": ["b"]}, TypeError, r"A networkx\.DiGraph was expected, not dict"),
    ],
)
def test_other_graphs_are_refused(graph, error, message, tmp_path):
    """Undirected graphs and multigraphs are refused."""
    with pytest.raises(error, match=message):
        tf.write_digraph(graph, tmp_path / "g.h5")
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_missing_is_not_found(digraph, tmp_path):
    """The error is that of every file."""
    with pytest.raises(errors.NotFoundError, match="nowhere"):
        tf.write_digraph(digraph, tmp_path / "nowhere" / "g.h5")


def test_a_file_that_is_missing_or_damaged_is_named(digraph, tmp_path):
    """So are a folder, text, and a file that lost its end."""
    with pytest.raises(errors.NotFoundError, match="g.h5"):
        tf.read_digraph(tmp_path / "g.h5")
    with pytest.raises(errors.DataLossError, match="directory"):
        tf.read_digraph(tmp_path)
    tf.write_digraph(digraph, tmp_path / "g.h5")
    data = (tmp_path / "g.h5").read_bytes()
    for damaged in (data[:-1], b"digraph {}", data[:3000] + b"\xff\xff" + data[3002:]):
        (tmp_path / "g.h5").write_bytes(damaged)
        with pytest.raises(errors.OpError, match=r"g\.h5"):
            tf.read_digraph(tmp_path / "g.h5")


def test_a_file_without_a_graph_is_named(tmp_path):
    """A checkpoint saved with write_meta_graph=False has none."""
    variable = tf.Variable(1.0, name="v")
    with tf.Session() as sess:
        sess.run(variable.initializer)
        tf.train.Saver().save(sess, str(tmp_path / "m"), write_meta_graph=False)
    with pytest.raises(errors.NotFoundError, match=r"m\.h5 has no graph"):
        tf.read_digraph(tmp_path / "m")


def test_the_digraph_of_a_checkpoint_is_its_computation_graph(tmp_path):
    """By file and by prefix; and it can be written as any other."""
    tf.add(tf.placeholder(tf.float32, [None, 2], name="x"), np.ones((3, 2), np.float32), name="y")
    digraph = tf.get_default_graph().digraph
    tf.train.export_meta_graph(tmp_path / "m")
    tf.write_digraph(digraph, tmp_path / "plain.h5")
    for path in (tmp_path / "m", tmp_path / "m.h5", tmp_path / "plain.h5"):
        found = tf.read_digraph(path)
        assert list(digraph) == list(found)
        assert (("float32", (None, 2)),) == found.nodes["x"]["outputs"]
        assert [(0, 0)] == found.edges["x", "y"]["wires"]
        assert ("x", 0) == found.nodes["y"]["inputs"][0]


def test_a_plain_digraph_is_not_a_computation_graph(digraph, tmp_path):
    """import_meta_graph says what the file is, and who reads it; it has no variables to restore."""
    tf.write_digraph(digraph, tmp_path / "g.h5")
    with pytest.raises(
        OSError, match=r"g\.h5 holds a plain digraph, not a computation graph; .*read_digraph. reads it"
    ):
        tf.train.import_meta_graph(tmp_path / "g.h5")
    assert [] == tf.train.list_variables(tmp_path / "g.h5")


@pytest.mark.slow
def test_a_large_graph_is_stored_in_a_moment(tmp_path):
    """50,000 nodes and 100,000 edges, of two attributes each, pass in seconds of the processor."""
    chance = np.random.default_rng(1)
    weights = chance.random(150_000).tolist()
    made = nx.DiGraph()
    made.add_nodes_from((f"node_{i}", {"weight": weights[i], "label": f"label {i}"}) for i in range(50_000))
    for i, (source, target) in enumerate(chance.integers(0, 50_000, (100_000, 2)).tolist()):
        made.add_edge(f"node_{source}", f"node_{target}", weight=weights[-i - 1], kind=("a", i))
    begin = time.process_time()
    tf.write_digraph(made, tmp_path / "g.h5")
    found = tf.read_digraph(tmp_path / "g.h5")
    assert 15 > time.process_time() - begin  # 2.5 s when nothing else runs: half to write, half to read
    assert 20_000_000 > (tmp_path / "g.h5").stat().st_size
    assert nx.to_dict_of_dicts(made) == nx.to_dict_of_dicts(found)
    assert made.nodes(data=True) == found.nodes(data=True)
    assert all(list(made.pred[node]) == list(found.pred[node]) for node in made)

"""The parameters of cuDNN's cells, which run on graphics processors alone: the graph says where they are."""

from __future__ import annotations

import importlib.util
import re

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from hdfsaver.interop.graphs.graph_files import write_meta_graph
from tests.conversion.layouts.torch_formulas import Formulas, numbers

HAS_TORCH = importlib.util.find_spec("torch") is not None


def _graph(length, mode="lstm", direction="unidirectional", state=(1, 2, 4)):
    """A graph with an operation of cuDNN on a vector."""
    graph = tf.GraphDef()
    with tf.Graph().as_default() as made:
        tf.placeholder(tf.float32, [5, 2, 3], name="x")
        tf.placeholder(tf.float32, state, name="h")
        tf.placeholder(tf.float32, state, name="c")
        tf.constant(numbers((length,)) / 2, name="cudnn/opaque_kernel")
        graph.MergeFrom(made.as_graph_def())
    node = graph.node.add(name="CudnnRNN", op="CudnnRNN", input=["x", "h", "c", "cudnn/opaque_kernel"])
    node.attr["rnn_mode"].s, node.attr["direction"].s = mode.encode(), direction.encode()
    node.attr["T"].type = 1
    return graph


def _converted(folder, graph, layout="torch"):
    tf.train.write_graph(graph, str(folder), "x.pb", as_text=False)
    done = tf.convert(folder / "x.pb", folder / "x.npz", layout=layout, include=["cudnn/opaque_kernel"])
    return done, dict(np.load(folder / "x.npz"))


@pytest.mark.parametrize(("mode", "gates"), [("lstm", "ifgo"), ("gru", "rzn"), ("rnn_tanh", "h")])
def test_a_vector(tmp_path, mode, gates):
    """The matrices of the gates come first, the biases behind them; gates have the order of PyTorch's module."""
    count, x = len(gates), numbers((2, 5, 3), 9)
    done, arrays = _converted(tmp_path, _graph(count * (4 * 3 + 4 * 4 + 8), mode))
    vector, place = numbers((count * (4 * 3 + 4 * 4 + 8),)) / 2, 0
    expected = {}
    for name, columns in (("weight_ih", 3), ("weight_hh", 4)):
        parts = [
            vector[place + i * 4 * columns : place + (i + 1) * 4 * columns].reshape(4, columns) for i in range(count)
        ]
        expected[name], place = np.concatenate(parts), place + count * 4 * columns
    expected["bias_ih"], expected["bias_hh"] = np.split(vector[place:], 2)
    state = {name.rpartition(".")[2].removesuffix("_l0"): value for name, value in arrays.items()}
    assert expected.keys() == state.keys()
    function = getattr(Formulas(), mode.partition("_")[0])
    np.testing.assert_allclose(function(x, expected), function(x, state), atol=1e-6)
    assert {} == done.unchanged


@pytest.mark.skipif(not HAS_TORCH, reason="no torch")
def test_layers_and_directions(tmp_path):
    """A module of two layers and two directions loads what is made of one vector."""
    torch = pytest.importorskip("torch")
    module = torch.nn.LSTM(3, 4, 2, bidirectional=True)
    length = sum(value.numel() for value in module.parameters())
    _, arrays = _converted(tmp_path, _graph(length, direction="bidirectional", state=(4, 2, 4)))
    module.load_state_dict({name.rpartition(".")[2]: torch.tensor(value) for name, value in arrays.items()})
    weights = [value for name, value in module.named_parameters() if "weight" in name]
    biases = [value for name, value in module.named_parameters() if "bias" in name]
    found = torch.cat([value.detach().reshape(-1) for value in (*weights, *biases)])
    np.testing.assert_array_equal(numbers((length,)) / 2, found)


@pytest.mark.parametrize(
    ("graph", "layout", "match"),
    [
        ({"length": 143}, "torch", r"has \(143,\) numbers, but 144 belong to its sizes"),
        ({"length": 144, "state": (1, 2, None)}, "torch", "shapes of input and state are missing"),
        ({"length": 144, "mode": "other"}, "torch", "unknown one"),
        ({"length": 144}, "keras", "only for PyTorch"),
    ],
)
def test_a_vector_that_is_not_known(tmp_path, graph, layout, match):
    """It is unchanged, and listed with the reason."""
    done, arrays = _converted(tmp_path, _graph(**graph), layout)
    assert ["cudnn/opaque_kernel"] == list(arrays)
    (reason,) = done.unchanged.values()
    assert re.search(match, reason)


def test_matrices_that_the_saver_makes(tmp_path):
    """A checkpoint has TensorFlow's matrix of gates i, g, f, o, without a constant, where the graph has a vector."""
    scope = "cudnn/rnn/multi_rnn_cell/cell_0/cudnn_compatible_lstm_cell"
    arrays = {f"{scope}/kernel": numbers((7, 16), 1), f"{scope}/bias": numbers((16,), 2)}
    write_bundle(tmp_path / "x.ckpt", arrays, durable=False)
    with tf.Graph().as_default():
        tf.import_graph_def(_graph(144), name="")
        write_meta_graph(tf.train.export_meta_graph(), tmp_path / "x.ckpt.meta")
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    found = dict(np.load(tmp_path / "x.npz"))
    order = np.concatenate([np.arange(4) + 4 * place for place in (0, 2, 1, 3)])
    name = scope.replace("/", ".")
    np.testing.assert_array_equal(arrays[f"{scope}/kernel"][:3, order].T, found[f"{name}.weight_ih"])
    np.testing.assert_array_equal(arrays[f"{scope}/kernel"][3:, order].T, found[f"{name}.weight_hh"])
    np.testing.assert_array_equal(arrays[f"{scope}/bias"][order], found[f"{name}.bias_ih"])
    assert {} == done.unchanged

"""Weights in PyTorch's layout: its layers compute with them what the graph of TensorFlow computes."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.interop.bundle.bundle_writing import write_bundle
from tests.conversion.layouts.torch_formulas import Formulas, Functions, numbers

HAS_TORCH = importlib.util.find_spec("torch") is not None


@pytest.fixture(params=["formulas", pytest.param("torch", marks=pytest.mark.skipif(not HAS_TORCH, reason="no torch"))])
def lib(request):
    """PyTorch, or the formulas of its pages."""
    return Formulas() if request.param == "formulas" else Functions(pytest.importorskip("torch"))


def _saved(folder, result, x=None, value=None):
    """Give the variables numbers that differ, save them, and return the values of a tensor."""
    with tf.Session() as sess:
        for seed, variable in enumerate(tf.global_variables()):
            first = numbers(variable.shape.as_list(), seed)
            variable.load(np.abs(first) + 0.5 if "variance" in variable.name else first, sess)
        found = sess.run(result, {} if x is None else {x: value})
        tf.train.Saver().save(sess, folder / "x.ckpt")
    return found


def _laid_out(folder, lib, target="x.npz", **options):
    done = tf.convert(folder / "x.ckpt", folder / target, layout="torch", **options)
    with tf.open_file(folder / target) as file:
        return {name: lib.tensor(file.read(name)) for name in done.names}, done


def _input(shape):
    value = numbers(shape, 9)
    return tf.placeholder(tf.float32, [None, *shape[1:]]), value


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_convolutions(tmp_path, lib, axes):
    """Kernels of one to three axes, with their bias."""
    x, value = _input((2, *(5, 6, 4)[:axes], 3))
    layer = {1: tf.layers.conv1d, 2: tf.layers.conv2d, 3: tf.layers.conv3d}[axes]
    expected = _saved(tmp_path, layer(x, 4, (3, 2, 2)[:axes], name="conv"), x, value)
    state, done = _laid_out(tmp_path, lib)
    found = lib.conv(lib.tensor(np.moveaxis(value, -1, 1)), state["conv.weight"], state["conv.bias"])
    np.testing.assert_allclose(np.moveaxis(expected, -1, 1), found, atol=1e-5)
    assert {} == done.unchanged


@pytest.mark.parametrize("axes", [2, 3])
def test_transposed_convolutions(tmp_path, lib, axes):
    """Their kernels have outputs before inputs in TensorFlow, and inputs before outputs in PyTorch."""
    x, value = _input((2, *(3, 2, 4)[:axes], 3))
    layer = {2: tf.layers.conv2d_transpose, 3: tf.layers.conv3d_transpose}[axes]
    y = layer(x, 5, (3, 2, 2)[:axes], strides=(2,) * axes, use_bias=False, name="up")
    expected = _saved(tmp_path, y, x, value)
    state, _ = _laid_out(tmp_path, lib)
    found = lib.conv_transpose(lib.tensor(np.moveaxis(value, -1, 1)), state["up.weight"], 2)
    np.testing.assert_allclose(np.moveaxis(expected, -1, 1), found, atol=1e-5)


def test_depthwise_convolutions(tmp_path, lib):
    """A depthwise kernel becomes one with as many groups as channels; the pointwise one is a usual kernel."""
    x, value = _input((2, 5, 6, 3))
    y = tf.layers.separable_conv2d(x, 4, (3, 2), depth_multiplier=2, use_bias=False, name="conv")
    expected = _saved(tmp_path, y, x, value)
    state, _ = _laid_out(tmp_path, lib)
    assert (6, 1, 3, 2) == tuple(state["conv.depthwise.weight"].shape)
    found = lib.conv(lib.tensor(np.moveaxis(value, -1, 1)), state["conv.depthwise.weight"], groups=3)
    found = lib.conv(found, state["conv.pointwise.weight"])
    np.testing.assert_allclose(np.moveaxis(expected, -1, 1), found, atol=1e-5)


def test_a_network_that_is_trained(tmp_path, lib):
    """Derivatives do not mislead the rules, slots follow, and rows are those of flattened images."""
    x, value = _input((2, 6, 5, 3))
    hidden = tf.layers.conv2d(x, 4, (3, 2), name="conv")
    hidden = tf.nn.relu(tf.layers.batch_normalization(hidden, name="bn"))
    hidden = tf.layers.dropout(tf.layers.flatten(hidden))
    y = tf.layers.dense(hidden, 5, name="fc")
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(y) + tf.nn.l2_loss(tf.trainable_variables()[0]))
    expected = _saved(tmp_path, y, x, value)
    state, done = _laid_out(tmp_path, lib)
    images = lib.conv(lib.tensor(np.moveaxis(value, -1, 1)), state["conv.weight"], state["conv.bias"])
    norm = {name.partition(".")[2]: state[name] for name in state if name.startswith("bn.") and "Mom" not in name}
    images = lib.batch_norm(images, norm, 1e-3)
    rows = (images * (images > 0)).reshape(2, -1)
    np.testing.assert_allclose(expected, lib.linear(rows, state["fc.weight"], state["fc.bias"]), atol=1e-4)
    with tf.open_file(tmp_path / "x.ckpt") as file:
        slot = file.read("conv/kernel/Momentum")
    np.testing.assert_array_equal(slot.transpose(3, 2, 0, 1), state["conv.weight.Momentum"])
    assert {} == done.unchanged
    assert "conv/Conv2D" in done.layout["conv.weight"]


def test_dense_layers(tmp_path, lib):
    """The matrix of a product is transposed unless the graph transposes it, as first or as second operand."""
    x, value = _input((2, 3))
    names = ("a/kernel", "b/weights", "c/kernel", "d/kernel")
    shapes = [(3, 4), (5, 4), (6, 5), (6, 2)]
    a, b, c, d = (tf.get_variable(name, shape) for name, shape in zip(names, shapes, strict=True))
    hidden = tf.matmul(tf.matmul(x, a), b, transpose_b=True)
    hidden = tf.matmul(d, tf.matmul(c, hidden, transpose_b=True), transpose_a=True)
    expected = _saved(tmp_path, tf.transpose(hidden), x, value)
    state, _ = _laid_out(tmp_path, lib)
    found = lib.tensor(value)
    for name in "abcd":
        found = lib.linear(found, state[f"{name}.weight"])
    np.testing.assert_allclose(expected, found, atol=1e-5)


def test_dense_layers_of_sequences(tmp_path, lib):
    """A product of more axes, and embeddings, which have the same layout."""
    table = tf.get_variable("words/embeddings", [7, 3])
    ids = np.array([[1, 6, 2, 0]])
    y = tf.layers.dense(tf.nn.embedding_lookup(table, tf.constant(ids)), 4, name="fc")
    expected = _saved(tmp_path, y)
    state, _ = _laid_out(tmp_path, lib)
    found = lib.linear(state["words.weight"][ids], state["fc.weight"], state["fc.bias"])
    np.testing.assert_allclose(expected, found, atol=1e-5)


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
@pytest.mark.parametrize("is_loop", [True, False])
@pytest.mark.parametrize("kind", ["basic", "projected"])
def test_lstm(tmp_path, lib, kind, is_loop):
    """Two matrices with the gates in PyTorch's order, and the constant of the gate that keeps values in the bias."""
    x, value = _input((2, 5, 3))
    cell = {
        "basic": lambda: tf.nn.rnn_cell.BasicLSTMCell(4, forget_bias=0.7, name="cell"),
        "projected": lambda: tf.nn.rnn_cell.LSTMCell(4, num_proj=3, name="cell"),
    }[kind]()
    if is_loop:
        y, _ = tf.nn.dynamic_rnn(cell, x, sequence_length=tf.fill([2], 5), dtype=tf.float32)
    else:
        y = tf.stack(tf.nn.static_rnn(cell, tf.unstack(x, 5, 1), dtype=tf.float32)[0], 1)
    tf.train.ExponentialMovingAverage(0.9).apply(tf.trainable_variables())
    expected = _saved(tmp_path, y, x, value)
    state, done = _laid_out(tmp_path, lib, rename=[("^rnn.cell.", ""), ("projection.weight", "weight_hr")])
    state = {name: value for name, value in state.items() if not name.endswith("Average")}
    np.testing.assert_allclose(expected, lib.lstm(lib.tensor(value), state), atol=1e-5)
    assert {} == done.unchanged
    added = {"basic": "0.7 added to f", "projected": "1 added to f"}[kind]
    assert added in done.layout["bias_ih"]
    assert added in done.layout["bias_ih.ExponentialMovingAverage"]


def test_an_lstm_with_more(tmp_path, lib):
    """Gates that see the memory are not PyTorch's: the matrix is that of a dense layer, and the report says why."""
    x, value = _input((2, 5, 3))
    y, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(4, use_peepholes=True, name="cell"), x, dtype=tf.float32)
    _saved(tmp_path, y, x, value)
    state, done = _laid_out(tmp_path, lib)
    assert (16, 7) == tuple(state["rnn.cell.weight"].shape)
    assert {"rnn/cell/w_f_diag", "rnn/cell/w_i_diag", "rnn/cell/w_o_diag"} == done.unchanged.keys()
    assert any("peepholes" in remark for remark in done.remarks)


def test_a_clipped_lstm(tmp_path, lib):
    """A memory that is clipped is not PyTorch's either."""
    x, value = _input((2, 5, 3))
    y, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(4, cell_clip=0.5, name="cell"), x, dtype=tf.float32)
    _saved(tmp_path, y, x, value)
    _, done = _laid_out(tmp_path, lib)
    assert "rnn.cell.weight" in done.names
    assert any("clipped" in remark for remark in done.remarks)


def test_gru(tmp_path, lib):
    """PyTorch's GRU resets behind its matrix: the matrices are those of two dense layers, which compute the cell."""
    x, value = _input((2, 1, 3))
    y, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4, name="cell"), x, initial_state=tf.ones([2, 4]))
    expected = _saved(tmp_path, y, x, value)
    state, done = _laid_out(tmp_path, lib)
    both = lib.tensor(np.concatenate([value[:, 0], np.ones((2, 4), np.float32)], 1))
    gates = lib.linear(both, state["rnn.cell.gates.weight"], state["rnn.cell.gates.bias"])
    reset, update = np.split(1 / (1 + np.exp(-np.asarray(gates))), 2, 1)
    both = lib.tensor(np.concatenate([value[:, 0], reset], 1).astype(np.float32))
    new = np.tanh(np.asarray(lib.linear(both, state["rnn.cell.candidate.weight"], state["rnn.cell.candidate.bias"])))
    np.testing.assert_allclose(expected[:, 0], update + (1 - update) * new, atol=1e-5)
    assert any("reset before its matrix" in remark for remark in done.remarks)


def test_a_file_of_torch(tmp_path):
    """The command's target for PyTorch loads into its modules."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not a dependency")
    x, value = _input((2, 3))
    expected = _saved(tmp_path, tf.layers.dense(x, 4, name="fc"), x, value)
    tf.convert(tmp_path / "x.ckpt", tmp_path / "x.pt", layout="torch")
    module = torch.nn.ModuleDict({"fc": torch.nn.Linear(3, 4)})
    module.load_state_dict(torch.load(tmp_path / "x.pt"))
    np.testing.assert_allclose(expected, module["fc"](torch.tensor(value)).detach(), atol=1e-5)


def test_conflicts_and_unknown_uses(tmp_path):
    """A variable of two layouts, or of none, keeps values and name, and is listed with the operations."""
    x = tf.placeholder(tf.float32, [None, 3])
    both, odd = tf.get_variable("both/kernel", [3, 3]), tf.get_variable("odd/kernel", [3, 3])
    tied = tf.get_variable("tied/kernel", [3, 3])
    alone = tf.get_variable("alone/kernel", [3, 3])
    y = tf.matmul(tf.matmul(x, both, name="one"), both, transpose_b=True, name="two") * odd
    y = tf.nn.embedding_lookup(tied, tf.constant([0])) + tf.matmul(y, tied, transpose_b=True)
    _saved(tmp_path, y, x, numbers((3, 3)))
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    assert {"both/kernel", "odd/kernel", "alone/kernel"} == done.unchanged.keys()
    assert "one" in done.unchanged["both/kernel"]
    assert "two" in done.unchanged["both/kernel"]
    assert "Mul" in done.unchanged["odd/kernel"]
    assert alone.op.name in done.names
    assert "unchanged" in done.layout["tied.weight"]
    with tf.open_file(tmp_path / "x.ckpt") as before, tf.open_file(tmp_path / "x.npz") as after:
        np.testing.assert_array_equal(before.read("both/kernel"), after.read("both/kernel"))


def test_a_graph_is_needed(tmp_path):
    """Without a graph nothing is written; with the .meta file beside it the checkpoint is laid out."""
    _saved(tmp_path, tf.layers.dense(tf.zeros([2, 3]), 4, name="fc"))
    tf.convert(tmp_path / "x.ckpt.h5", tmp_path / "y.ckpt")
    meta = tmp_path / "y.ckpt.meta"
    meta.rename(tmp_path / "elsewhere")
    with pytest.raises(errors.InvalidArgumentError, match=r"no graph.*\.meta file beside it"):
        tf.convert(tmp_path / "y.ckpt", tmp_path / "y.npz", layout="torch")
    assert not (tmp_path / "y.npz").exists()
    (tmp_path / "elsewhere").rename(meta)
    assert "fc.weight" in tf.convert(tmp_path / "y.ckpt", tmp_path / "y.npz", layout="torch").names


def test_targets_of_tensorflow(tmp_path):
    """A checkpoint of TensorFlow has TensorFlow's layout; an unknown layout is named with those that there are."""
    _saved(tmp_path, tf.layers.dense(tf.zeros([2, 3]), 4, name="fc"))
    for target in ("y.ckpt", "y.meta", "y.pb"):
        with pytest.raises(ValueError, match=r"\.safetensors|leave them out"):
            tf.convert(tmp_path / "x.ckpt", tmp_path / target, layout="torch")
    with pytest.raises(ValueError, match="'jax'; the layouts are torch, keras"):
        tf.convert(tmp_path / "x.ckpt", tmp_path / "y.npz", layout="jax")


@pytest.mark.parametrize("size", [6, None])
def test_a_frozen_graph(tmp_path, size):
    """Constants are weights too; shapes are inferred, and rows of a flattened image without one are not guessed."""
    x = tf.placeholder(tf.float32, [None, size, 5, 3])
    hidden = tf.layers.conv2d(x, 4, 3, use_bias=False, name="conv")
    kernel = tf.get_variable("fc/kernel", [48, 2])
    y = tf.matmul(tf.reshape(hidden, [-1, 48]), kernel)
    value = numbers((2, 6, 5, 3), 9)
    expected = _saved(tmp_path, y, x, value)
    with tf.Session() as sess:
        tf.train.Saver().restore(sess, tmp_path / "x.ckpt")
        frozen = tf.graph_util.convert_variables_to_constants(sess, tf.get_default_graph().as_graph_def(), [y.op.name])
    for node in frozen.node:
        if "_output_shapes" in node.attr:
            del node.attr["_output_shapes"]
    tf.train.write_graph(frozen, str(tmp_path), "x.pb", as_text=False)
    done = tf.convert(tmp_path / "x.pb", tmp_path / "x.npz", layout="torch", exclude=["*shape"])
    if size is None:
        assert ["fc/kernel"] == list(done.unchanged)
        assert "is not known" in done.unchanged["fc/kernel"]
        return
    arrays = np.load(tmp_path / "x.npz")
    images = Formulas().conv(np.moveaxis(value, -1, 1), arrays["conv.weight"])
    np.testing.assert_allclose(expected, images.reshape(2, -1) @ arrays["fc.weight"].T, atol=1e-4)


def test_parts_and_averages(tmp_path):
    """A partitioned matrix is laid out as a whole, and a moving average as its variable, also under that one's name."""
    with tf.variable_scope("fc", partitioner=tf.fixed_size_partitioner(2)):
        kernel = tf.get_variable("kernel", [4, 3])
    other = tf.get_variable("out/kernel", [3, 2])
    y = tf.matmul(tf.matmul(tf.zeros([1, 4]), kernel), other)
    average = tf.train.ExponentialMovingAverage(0.5)
    average.apply([other])
    saver = tf.train.Saver({"fc/kernel": kernel, "out/kernel": average.average(other), "own": other})
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(y)
        saver.save(sess, tmp_path / "x.ckpt")
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    assert {"fc.weight": "fc/kernel", "out.weight": "out/kernel", "own": "own"} == done.names
    shapes = {name: value.shape for name, value in np.load(tmp_path / "x.npz").items()}
    assert {"fc.weight": (3, 4), "out.weight": (2, 3), "own": (2, 3)} == shapes


def test_graphs_of_others(tmp_path, monkeypatch):
    """A graph that only passes values on ends in an error after some steps, a malformed one in another."""
    value = tf.identity(tf.get_variable("a", [3, 3]))
    for _ in range(20):
        value = tf.identity(value)
    _saved(tmp_path, tf.matmul(value, value))
    monkeypatch.setattr("hdfsaver.conversion.layouts.uses._MOST_STEPS", 10)
    with pytest.raises(errors.ResourceExhaustedError, match="Convert without layout"):
        tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    message = tf.get_default_graph().as_graph_def()
    next(node for node in message.node if node.op == "MatMul").input.pop()
    (tmp_path / "x.pb").write_bytes(message.SerializeToString())
    with pytest.raises(errors.InvalidArgumentError, match="no layout is known.*MatMul"):
        tf.convert(tmp_path / "x.pb", tmp_path / "x.npz", layout="torch")
    assert not (tmp_path / "x.npz").exists()


def test_values_of_another_graph(tmp_path):
    """An array whose shape is not that of the graph is unchanged and listed; the others are laid out."""
    y = tf.layers.dense(tf.layers.dense(tf.zeros([2, 3]), 4, use_bias=False, name="a"), 5, use_bias=False, name="b")
    _saved(tmp_path, y)
    tf.convert(tmp_path / "x.ckpt", tmp_path / "y.ckpt")
    meta = (tmp_path / "y.ckpt.meta").read_bytes()
    write_bundle(tmp_path / "y.ckpt", {"a/kernel": numbers((3, 4)), "b/kernel": numbers((1, 5))}, durable=False)
    (tmp_path / "y.ckpt.meta").write_bytes(meta)
    done = tf.convert(tmp_path / "y.ckpt", tmp_path / "y.npz", layout="torch")
    assert {"a.weight": "a/kernel", "b/kernel": "b/kernel"} == done.names
    assert "its shape is (1, 5), but (4, 5) in the graph" in done.unchanged["b/kernel"]


def test_names_of_tensorflow_2(tmp_path):
    """The end that TensorFlow 2 adds to a path is not part of the name in a layout, and slots are known by theirs."""
    kernel, slot = tf.get_variable("x/kernel", [3, 4]), tf.get_variable("Adam/x/kernel/m", [3, 4])
    names = {"layer/kernel": kernel, "layer/kernel/.OPTIMIZER_SLOT/optimizer/m": slot}
    with tf.Session() as sess:
        sess.run([kernel.initializer, slot.initializer])
        tf.matmul(tf.ones([1, 3]), kernel)
        saved = {f"{name}/.ATTRIBUTES/VARIABLE_VALUE": variable for name, variable in names.items()}
        tf.train.Saver(saved).save(sess, tmp_path / "x.ckpt")
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.npz", layout="torch")
    assert {"layer.weight", "layer.weight.optimizer.m"} == done.names.keys()
    assert (4, 3) == np.load(tmp_path / "x.npz")["layer.weight.optimizer.m"].shape
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.h5", to="keras2")
    assert ["layer/kernel"] == list(done.names)

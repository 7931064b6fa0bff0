"""Files of weights that Keras's own ``load_weights`` reads; `interop/test_keras.py` loads them."""

from __future__ import annotations

import os

import h5py
import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import errors
from hdfsaver.conversion import keras_files
from tests.conversion.layouts.keras_net import saved

LAYERS = ["conv", "bn", "sep", "block_up", "both", "rnn", "c1", "fc", "w"]


def _text(values):
    return [value.decode() for value in values]


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """The prefix of the network, and its variables."""
    folder = tmp_path_factory.mktemp("net")
    return folder / "net.ckpt", saved(folder, runs=False)[0]


def test_weights_of_keras_3(tmp_path, net):
    """Layers have the names of their classes with numbers, and weights their places; cells are below their layer."""
    source, arrays = net
    done = tf.convert(source, tmp_path / "net.weights.h5")
    with h5py.File(tmp_path / "net.weights.h5") as file:
        found: dict[str, h5py.Dataset] = {}
        file.visititems(lambda name, it: found.update({name: it}) if isinstance(it, h5py.Dataset) else None)
        assert found.keys() == done.names.keys()
        for path, name in (
            ("layers/conv2d/vars/0", "conv/kernel"),
            ("layers/conv2d/vars/1", "conv/bias"),
            ("layers/batch_normalization/vars/3", "bn/moving_variance"),
            ("layers/separable_conv2d/vars/0", "sep/depthwise_kernel"),
            ("layers/separable_conv2d/vars/1", "sep/pointwise_kernel"),
            ("layers/conv2d_transpose/vars/0", "block/up/kernel"),
            ("layers/dense/vars/0", "fc/kernel"),
            ("layers/dense_1/vars/1", "b"),
        ):
            np.testing.assert_array_equal(arrays[name], found[path][()])
            assert name == done.names[path]
        assert "bn" == file["layers/batch_normalization/vars"].attrs["name"]
        assert "both" == file["layers/bidirectional/vars"].attrs["name"]
        kernel = arrays["both/bw/basic_lstm_cell/kernel"]
        order = np.concatenate([np.arange(4) + 4 * gate for gate in (0, 2, 1, 3)])
        np.testing.assert_array_equal(kernel[18:, order], found["layers/bidirectional/backward_layer/cell/vars/1"])
        assert (3, 4) == (len(file["layers/gru/cell/vars"]), file["layers/gru/cell/vars/1"].shape[0])
    assert "not a weight of a known layer of Keras" in done.left_out["odd"]
    assert {"an optimizer's or a moving average, which layers of Keras do not have"} == {
        done.left_out[name] for name in ("w/Momentum", "b/Momentum")
    }
    with tf.open_file(tmp_path / "net.weights.h5") as file:
        assert file.variables.keys() == done.names.keys()


def test_weights_of_keras_2(tmp_path, net):
    """Layers are listed by their names in the order of the graph, and the weights of each in that of the layer."""
    source, arrays = net
    done = tf.convert(source, tmp_path / "net.h5", to="keras2")
    with h5py.File(tmp_path / "net.h5") as file:
        assert LAYERS == _text(file.attrs["layer_names"])
        expected = ["gamma", "beta", "moving_mean", "moving_variance"]
        assert [f"bn/{name}:0" for name in expected] == _text(file["bn"].attrs["weight_names"])
        np.testing.assert_array_equal(arrays["w"], file["w/w/kernel:0"])
        assert 6 == len(file["both"].attrs["weight_names"])
    assert {"odd", "w/Momentum", "b/Momentum"} == done.left_out.keys()
    with tf.open_file(tmp_path / "net.h5") as file:  # one of Keras, read back under its names
        assert file.variables.keys() == done.names.keys()
        np.testing.assert_array_equal(arrays["block/up/kernel"], file.read("block_up/kernel"))


def test_names_of_layers(tmp_path):
    """Names are those of --rename; where two layers would share one, both are left out, and so is half a layer."""
    x = tf.placeholder(tf.float32, [None, 3])
    h = tf.layers.dense(tf.layers.dense(x, 3, name="a/b"), 3, name="a_b")
    tf.layers.dense(h, 3, name="c")
    gamma, beta = (tf.get_variable(f"bn/{name}", [3]) for name in ("gamma", "moving_mean"))
    tf.nn.batch_normalization(h, beta, 1.0, None, gamma, 1e-3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "x.ckpt")
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.h5", to="keras2")
    assert {"c/kernel", "c/bias"} == done.names.keys()
    assert {"a/b/kernel", "a/b/bias", "a_b/kernel", "a_b/bias", "bn/gamma"} < done.left_out.keys()
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.weights.h5")  # Keras 3 does not look at names
    places = [done.names[f"layers/{layer}/vars/0"] for layer in ("dense", "dense_1", "dense_2")]
    assert ["a/b/kernel", "a_b/kernel", "c/kernel"] == places
    assert {"bn/gamma", "bn/moving_mean"} == done.left_out.keys()
    done = tf.convert(tmp_path / "x.ckpt", tmp_path / "x.h5", to="keras2", rename=[("^a/", "first/")])
    assert {"first_b/kernel", "a_b/kernel", "c/bias"} < done.names.keys()


def test_what_has_no_layer(tmp_path, monkeypatch):
    """Where no array is a layer's, where the graph is missing or the layout another, an earlier file stays."""
    monkeypatch.chdir(tmp_path)
    odd = tf.get_variable("odd", [3])
    with tf.Session() as sess:
        sess.run(odd.initializer)
        tf.train.Saver().save(sess, "x.ckpt")
    np.savez("x.npz", w=np.ones(3))
    before = sorted([*os.listdir(), "x.weights.h5"])
    with open("x.weights.h5", "wb") as file:
        file.write(b"earlier")
    with pytest.raises(errors.InvalidArgumentError, match="'odd': not a weight of a known layer.*Write an .npz"):
        tf.convert("x.ckpt", "x.weights.h5")
    with pytest.raises(errors.InvalidArgumentError, match=r"x.npz has no graph.*other files than those of Keras"):
        tf.convert("x.npz", "x.weights.h5")
    with pytest.raises(ValueError, match="whose weights have the layout keras, not torch"):
        tf.convert("x.ckpt", "x.weights.h5", layout="torch")
    assert before == sorted(os.listdir())
    with open("x.weights.h5", "rb") as file:
        assert b"earlier" == file.read()
    assert 1 == tf.convert("x.ckpt", "x.npz", layout="keras").names.keys().__len__()


def test_dtypes(tmp_path):
    """Keras 3 reads bfloat16 by an attribute; Keras 2 does not have it, and the error says what to do."""
    tf.layers.dense(tf.placeholder(tf.float32, [None, 3]), 2, name="fc")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, tmp_path / "x.ckpt")
    tf.convert(tmp_path / "x.ckpt", tmp_path / "x.weights.h5", dtype="bfloat16")
    with h5py.File(tmp_path / "x.weights.h5") as file:
        assert "bfloat16" == file["layers/dense/vars/0"].attrs["dtype"]
    with pytest.raises(errors.InvalidArgumentError, match=r"cannot have the dtype bfloat16 of .* dtype='float32'"):
        tf.convert(tmp_path / "x.ckpt", tmp_path / "x.h5", to="keras2", dtype="bfloat16")
    assert not (tmp_path / "x.h5").exists()


def test_many_names():
    """A list of names that is longer than an attribute can be is divided as Keras divides it."""
    names = [f"layer_{number:0>60}" for number in range(1500)]
    with h5py.File.in_memory() as file:
        keras_files._set_names(file, "layer_names", names)
        assert ["layer_names0", "layer_names1"] == sorted(file.attrs)
        assert names == _text([*file.attrs["layer_names0"], *file.attrs["layer_names1"]])

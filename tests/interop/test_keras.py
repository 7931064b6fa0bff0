"""Keras loads the weights that we write, with its own ``load_weights``: `tox -e tensorflow` runs these tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver
from tests.conversion.layouts.keras_net import saved
from tests.conversion.layouts.make_golden_cells import FOLDER

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _net(keras: Any) -> Any:
    """The network of `keras_net`, built in Keras with the same names of layers."""
    layers = keras.layers
    x = keras.Input((8, 8, 3))
    h = layers.BatchNormalization(name="bn")(layers.Conv2D(4, 3, name="conv")(x))
    h = layers.SeparableConv2D(5, 3, name="sep", depth_multiplier=2)(h)
    h = layers.Reshape((6, 18))(layers.Conv2DTranspose(3, 3, name="block_up")(h))
    h = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(h)
    h = layers.GRU(4, reset_after=False, return_sequences=True, name="rnn")(h)
    h = layers.Dense(5, name="fc")(layers.Flatten()(layers.Conv1D(4, 3, name="c1")(h)))
    return keras.Model(x, layers.Dense(2, name="w")(h))


@pytest.mark.parametrize(
    ("library", "target", "options"),
    [
        ("keras", "net.weights.h5", {}),
        ("keras", "net.h5", {"by_name": True}),
        ("tf_keras", "net.h5", {"by_name": True}),
    ],
)
def test_keras_loads_weights(tmp_path: Path, library: str, target: str, options: dict[str, Any]) -> None:
    """The network computes the same in Keras with the weights of either file."""
    keras = pytest.importorskip(library, reason=f"{library} is not installed; `tox -e tensorflow` installs it")
    _, value, expected = saved(tmp_path)
    hdfsaver.convert(tmp_path / "net.ckpt", tmp_path / target, to="keras2" if options else None)
    model = _net(keras)
    model.load_weights(str(tmp_path / target), **options)
    np.testing.assert_allclose(expected, model.predict(value, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("target", ["x.weights.h5", "x.h5"])
@pytest.mark.parametrize(
    ("name", "layer", "options"),
    [
        ("lstm", "LSTM", {}),
        ("lstm_in_functions", "LSTM", {}),
        ("gru", "GRU", {}),
        ("gru_reset_before", "GRU", {"reset_after": False}),
        ("rnn_in_functions", "SimpleRNN", {}),
    ],
)
def test_keras_loads_cells(tmp_path: Path, name: str, layer: str, options: dict[str, Any], target: str) -> None:
    """Cells of graphs that Keras 2 made compute the same in Keras 3."""
    keras = pytest.importorskip("keras", reason="Keras is not installed; `tox -e tensorflow` installs it")
    is_old = target == "x.h5"
    weights = ["*/kernel", "*/recurrent_kernel", "*/bias"]
    hdfsaver.convert(FOLDER / f"{name}.pb", tmp_path / target, to="keras2" if is_old else None, include=weights)
    x = keras.Input((5, 3))
    model = keras.Model(x, getattr(keras.layers, layer)(4, return_sequences=True, name="layer", **options)(x))
    model.load_weights(str(tmp_path / target), **({"by_name": True} if is_old else {}))
    with np.load(FOLDER / "values.npz") as values:
        np.testing.assert_allclose(values[name], model.predict(values["x"], verbose=0), rtol=1e-4, atol=1e-5)

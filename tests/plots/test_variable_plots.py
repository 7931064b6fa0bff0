"""Histograms, and variables over checkpoints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import plot


def test_a_histogram_counts_all_finite_numbers(tmp_path: Path) -> None:
    """Of a file as of an array; the others are named below it."""
    values = np.r_[np.random.default_rng(0).normal(size=1000), np.nan, np.inf].astype(np.float32)
    tf.save_file({"$w": values}, tmp_path / "m.h5")
    drawn = [plot.histogram(tmp_path / "m.h5", "$w", bins=10), plot.histogram(values, "$w", bins=10)]
    for axes in drawn:
        stairs: Any = axes.patches[0]
        np.testing.assert_array_equal(np.histogram(values[:1000], 10)[0], stairs.get_data().values)
        assert axes.get_title() == r"\$w"
        assert axes.get_xlabel().endswith("without 1 NaN and 1 infinite")
        axes.figure.canvas.draw()


def test_a_variable_over_checkpoints(tmp_path: Path) -> None:
    """By steps; checkpoints without the variable are left out."""
    for step in (1, 20, 3):
        tf.save_file({"w": np.arange(5.0) * step}, tmp_path / f"m-{step}.h5")
    tf.save_file({"other": np.zeros(1)}, tmp_path / "m-40.h5")
    expected = {"quantiles": [2, 6, 40], "mean": [2, 6, 40], "norm": [30**0.5 * step for step in (1, 3, 20)]}
    for show, numbers in expected.items():
        axes = plot.over_checkpoints(tmp_path, "w", show=show)
        (line,) = axes.lines
        assert list(line.get_xdata()) == [1, 3, 20]
        np.testing.assert_allclose(line.get_ydata(), numbers)
        axes.figure.canvas.draw()


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    """By the errors of TensorFlow, which name it."""
    tf.save_file({"w": np.zeros(2), "text": np.array([b"a"], object)}, tmp_path / "m-1.h5")
    with pytest.raises(tf.errors.NotFoundError, match="'absent'"):
        plot.histogram(tmp_path / "m-1.h5", "absent")
    with pytest.raises(tf.errors.NotFoundError, match="'absent'"):
        plot.over_checkpoints(tmp_path, "absent")
    with pytest.raises(tf.errors.InvalidArgumentError, match="'text'"):
        plot.histogram(tmp_path / "m-1.h5", "text")
    with pytest.raises(tf.errors.InvalidArgumentError, match="no finite numbers"):
        plot.histogram(np.array([np.nan]))
    with pytest.raises(ValueError, match="'quantiles', 'mean', 'norm'"):
        plot.over_checkpoints(tmp_path, "w", show="max")


def test_without_matplotlib_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """And how it is installed."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'hdfsaver\[plot\]'"):
        plot.histogram(np.zeros(2))

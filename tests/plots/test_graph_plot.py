"""Pictures of graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import hdfsaver as tf
from hdfsaver import plot


def boxes(axes: Any) -> dict[str, Any]:
    """The boxes of a picture, in pixels, by their first lines."""
    axes.figure.canvas.draw()
    return {text.get_text().partition("\n")[0]: text.get_window_extent().padded(4) for text in axes.texts}


@pytest.fixture
def network() -> Any:
    """Two layers, a loss and its training."""
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    hidden = tf.layers.dense(x, 8, name="hidden")
    loss = tf.reduce_sum(tf.layers.dense(hidden, 3, name="logits"), name="loss")
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return tf.get_default_graph()


@pytest.mark.parametrize("depth", [None, 1, 2])
def test_boxes_are_apart_and_within_the_figure(network: Any, depth: int | None) -> None:
    """Whatever is folded."""
    axes = plot.graph(network, depth=depth)
    found = boxes(axes)
    assert "x" in found
    width, height = axes.figure.canvas.get_width_height()
    for name, box in found.items():
        assert box.x0 >= 0, name
        assert box.y0 >= 0, name
        assert box.x1 <= width, name
        assert box.y1 <= height, name
    each = list(found.values())
    assert not any(box.overlaps(other) for at, box in enumerate(each) for other in each[:at])


def test_arrows_lead_to_the_right(network: Any) -> None:
    """From the input to the layers behind it; there is one for each edge."""
    axes = plot.graph(depth=1)
    found = boxes(axes)
    assert found["x"].x1 < found["hidden/"].x0 < found["logits/"].x0 < found["loss"].x0
    assert len(axes.patches) >= len(found) - 1


def test_a_file_and_given_axes(network: Any, tmp_path: Path) -> None:
    """The graph of a checkpoint is drawn on axes of the user."""
    from matplotlib.figure import Figure

    path = str(tmp_path / "m.ckpt")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, path)
    axes = Figure().add_subplot()
    assert plot.graph(path, depth=1, ax=axes) is axes
    assert "hidden/" in boxes(axes)


def test_loops_have_layers_too() -> None:
    """A cycle ends nothing."""
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)])
    assert len(boxes(plot.graph(depth=0))) == len(tf.get_default_graph().get_operations())


def test_what_cannot_be_read_is_refused() -> None:
    """With what to do instead."""
    with pytest.raises(tf.errors.InvalidArgumentError, match="empty"):
        plot.graph()
    for _ in range(301):
        tf.no_op()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"301 boxes .* `hdfsaver view MODEL`"):
        plot.graph()
    with pytest.raises(TypeError, match="not int"):
        plot.graph(3)

"""Static shapes are true: compatible with what a run gives, whatever is known, and exact where everything is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, composite

import hdfsaver as tf
from hdfsaver.graph.apply import apply
from hdfsaver.graph.graph import Graph

Shape = tuple[int, ...]


def forgotten(draw: Any, shape: Shape) -> Any:
    """What is known of a shape: all, some sizes, or nothing."""
    if draw(st.sampled_from([True, True, True, False])):
        return tuple(draw(st.sampled_from([size, size, None])) for size in shape)
    return None


def agree(function: Callable[..., Any], shapes: Sequence[Shape], known: Sequence[Any], exact: bool = True) -> None:
    """Run a function on zeros of the shapes, of which the graph knows only a part, and compare the shapes."""
    for statics in (known, shapes):
        with Graph().as_default() as graph:
            xs = [tf.placeholder("float32", static) for static in statics]
            results = function(*xs)
            tensors = list(results) if isinstance(results, list) else [results]
            feeds = {x: np.zeros(shape, np.float32) for x, shape in zip(xs, shapes, strict=True)}
            values = tf.Session(graph=graph).run(tensors, feeds)
        for tensor, value in zip(tensors, values, strict=True):
            tensor.shape.assert_is_compatible_with(np.shape(value))
            if statics is shapes and exact:
                assert np.shape(value) == tensor.shape.plain


dims = st.integers(0, 3)
shapes = st.lists(dims, max_size=4).map(tuple)
solid = st.lists(dims, min_size=1, max_size=4).map(tuple)


@composite
def broadcastable(draw: Any) -> tuple[Shape, Shape]:
    """Two shapes that fit each other."""
    whole = draw(st.lists(st.integers(0, 3), max_size=4))
    parts = []
    for _ in range(2):
        part = [draw(st.sampled_from([size, 1])) for size in whole]
        parts.append(tuple(part[draw(st.integers(0, len(part))) :]))
    return parts[0], parts[1]


@composite
def axes_of(draw: Any, shape: Shape) -> list[int]:
    """Some axes, each once, counted from either end."""
    chosen = draw(st.sets(st.integers(0, len(shape) - 1))) if shape else set()
    return [axis - draw(st.sampled_from([0, len(shape)])) for axis in chosen]


@given(st.data(), broadcastable())
def test_elementwise(data: DataObject, pair: tuple[Shape, Shape]) -> None:
    """Two shapes broadcast as NumPy does it."""
    known = [forgotten(data.draw, shape) for shape in pair]
    for op_type in ("AddV2", "Less"):
        agree(lambda x, y, op_type=op_type: apply(op_type, x, y), pair, known)
    agree(lambda x, y: apply("SelectV2", x > 0.0, x, y), pair, known)


@given(st.data(), shapes)
def test_reductions(data: DataObject, shape: Shape) -> None:
    """Axes go, or are kept with length 1."""
    axes, keep = data.draw(axes_of(shape)), data.draw(st.booleans())
    known = [forgotten(data.draw, shape)]
    agree(lambda x: tf.reduce_sum(x, axes, keepdims=keep), [shape], known)
    agree(lambda x: [tf.reduce_max(x), tf.reduce_mean(x, keepdims=True)], [shape], known)


@pytest.mark.parametrize(
    ("given_shape", "wanted", "expected"),
    [
        ((1, 0), (-1, 0), (1, 0)),
        ((0, 6), (0, -1, 3), (0, 2, 3)),
        ((0, 5), (3, -1, 0), (3, 1, 0)),
        ((0,), (0, -1), (0, 1)),
        ((5, 0, 0), (-1, 0), (5, 0)),
        ((0, 6), (3, -1), (3, 0)),
    ],
)
def test_reshape_of_nothing(given_shape: Shape, wanted: Shape, expected: Shape) -> None:
    """A size of -1 beside 0 is computed from the sizes that are not 0, as in TensorFlow, whatever is known before."""
    values = tf.placeholder("float32", [None] * len(given_shape))
    results = [tf.reshape(x, tf.constant(wanted)) for x in (values, tf.zeros(given_shape))]
    for value in tf.Session().run(results, {values: np.zeros(given_shape)}):
        assert expected == value.shape
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.Session().run(results[0], {values: np.zeros([2] * len(given_shape))})
    assert [0, 2] == tf.reshape(tf.placeholder("float32", [0, None]), [-1, 2]).shape.as_list()


@given(st.data(), shapes)
def test_reshape(data: DataObject, shape: Shape) -> None:
    """One size may be left to find out, and sizes may come from the shape itself."""
    wanted = list(data.draw(st.permutations(shape)))
    place = data.draw(st.integers(0, len(wanted)))
    rest = [*wanted[:place], -1, *wanted[place + 1 :]]
    known = [forgotten(data.draw, shape)]
    agree(lambda x: tf.reshape(x, wanted), [shape], known)
    if 0 not in shape:
        agree(lambda x: [tf.reshape(x, rest), tf.reshape(x, [-1])], [shape], known)
    if shape:
        agree(lambda x: tf.reshape(x, tf.concat([tf.shape(x)[:1], tf.shape(x)[1:]], 0)), [shape], known)
        agree(lambda x: tf.zeros([*tf.unstack(tf.shape(x), len(shape)), 1]), [shape], known, exact=False)
        agree(lambda x: tf.fill(tf.stack([tf.shape(x)[0], 2]), 1.0), [shape], known)
        agree(lambda x: tf.zeros(tf.split(tf.shape(x), [1, len(shape) - 1])[1]), [shape], known, exact=False)


@given(st.data(), shapes)
def test_dimensions_come_and_go(data: DataObject, shape: Shape) -> None:
    """Transposing, expanding and squeezing."""
    order = list(data.draw(st.permutations(range(len(shape)))))
    place = data.draw(st.integers(-len(shape) - 1, len(shape)))
    known = [forgotten(data.draw, shape)]
    agree(lambda x: [tf.transpose(x, order), tf.transpose(x), tf.expand_dims(x, place)], [shape], known)
    agree(lambda x: [tf.squeeze(x), tf.squeeze(tf.expand_dims(x, place), [place])], [shape], known)


@st.composite
def indices(draw: Any, shape: Shape) -> Any:
    """An index as Python writes it: integers, slices, new axes and perhaps an ellipsis."""
    items: list[Any] = []
    for size in shape[: draw(st.integers(0, len(shape)))]:
        bound = st.none() | st.integers(-4, 4)
        step = st.sampled_from([None, 1, 2, -1, -2])
        choices = [st.builds(slice, bound, bound, step)] + ([st.integers(-size, size - 1)] if size else [])
        items.append(draw(st.one_of(choices)))
    if draw(st.booleans()):
        items.insert(draw(st.integers(0, len(items))), None)
    if draw(st.booleans()):
        items.append(Ellipsis)
    return tuple(items) or Ellipsis


@given(st.data(), solid)
def test_strided_slices(data: DataObject, shape: Shape) -> None:
    """An index means what it means to NumPy, and the static shape knows it."""
    index = data.draw(indices(shape))
    known = [forgotten(data.draw, shape)]
    agree(lambda x: x[index], [shape], known)
    numbers = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    np.testing.assert_array_equal(numbers[index], tf.Session().run(tf.constant(numbers)[index]))


@given(st.data(), solid)
def test_parts(data: DataObject, shape: Shape) -> None:
    """Slices, paddings and reversals."""
    begin = [data.draw(st.integers(0, size)) for size in shape]
    size = [data.draw(st.sampled_from([-1, 0, length - first])) for first, length in zip(begin, shape, strict=True)]
    paddings = [[data.draw(st.integers(0, 2)), data.draw(st.integers(0, 2))] for _ in shape]
    known = [forgotten(data.draw, shape)]
    axes = data.draw(axes_of(shape))
    agree(lambda x: [tf.slice(x, begin, size), tf.pad(x, paddings), tf.reverse(x, axes)], [shape], known)
    agree(lambda x: tf.tile(x, [2] * len(shape)), [shape], known)


@given(st.data(), solid)
def test_joining(data: DataObject, shape: Shape) -> None:
    """Concatenating, stacking, splitting and unstacking."""
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    other = list(shape)
    other[axis] = data.draw(dims)
    pair = [shape, tuple(other)]
    known = [forgotten(data.draw, part) for part in pair]
    agree(lambda x, y: tf.concat([x, y, x], axis), pair, known)
    agree(lambda x: tf.stack([x, x], axis), [shape], known[:1])
    if shape[axis]:
        agree(lambda x: tf.split(x, shape[axis], axis), [shape], known[:1])
        agree(lambda x: tf.split(x, [1, -1], axis), [shape], known[:1])
        agree(lambda x: tf.unstack(x, shape[axis], axis), [shape], known[:1])


@given(st.data(), solid)
def test_gathering(data: DataObject, shape: Shape) -> None:
    """The indices' dimensions stand where the axis was."""
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    places = np.zeros(data.draw(st.lists(st.integers(0 if shape[axis] == 0 else 1, 2), max_size=2)), np.int32)
    if shape[axis] == 0:
        places = np.zeros((0, 2), np.int32)
    known = [forgotten(data.draw, shape)]
    agree(lambda x: tf.gather(x, places, axis=axis), [shape], known)
    agree(lambda x: [tf.argmax(x, axis), tf.cumsum(x, axis)] if shape[axis] else tf.cumsum(x, axis), [shape], known)
    agree(lambda x: tf.one_hot(tf.cast(x, "int32"), 3, axis=axis), [shape], known)


@given(st.data(), st.tuples(dims, dims, dims), broadcastable(), st.booleans(), st.booleans())
def test_products(data: DataObject, sizes: Shape, outer: tuple[Shape, Shape], turn_a: bool, turn_b: bool) -> None:
    """Products of matrices and of many matrices."""
    rows, inner, columns = sizes
    a = (inner, rows) if turn_a else (rows, inner)
    b = (columns, inner) if turn_b else (inner, columns)
    known = [forgotten(data.draw, shape) for shape in (a, b)]
    agree(lambda x, y: tf.matmul(x, y, transpose_a=turn_a, transpose_b=turn_b), [a, b], known)
    batches = [outer[0] + a, outer[1] + b]
    known = [forgotten(data.draw, shape) for shape in batches]
    agree(lambda x, y: apply("BatchMatMulV2", x, y, adj_x=turn_a, adj_y=turn_b), batches, known)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: tf.ones([2, 3]) + tf.ones([2, 4]), "cannot be broadcast"),
        (lambda: tf.matmul(tf.ones([2, 3]), tf.ones([2, 3])), "Inner dimensions must be equal, but are 3 and 2"),
        (lambda: tf.matmul(tf.ones([2]), tf.ones([2, 3])), "rank 2 is needed"),
        (lambda: tf.reshape(tf.ones([2, 3]), [4]), "Cannot reshape a tensor with 6 elements"),
        (lambda: tf.reshape(tf.ones([2, 3]), [-1, -1]), "but for one -1"),
        (lambda: tf.reshape(tf.ones([2, 3]), [-2, 3]), "must not be negative"),
        (lambda: tf.reshape(tf.ones([2, 3]), 6), "rank 1 is needed"),
        (lambda: tf.concat([tf.ones([2, 3]), tf.ones([3, 2])], 0), "not compatible"),
        (lambda: tf.concat([1.0, 2.0], 0), "use tf.stack"),
        (lambda: tf.stack([tf.ones([2]), tf.ones([3])]), "not compatible"),
        (lambda: tf.split(tf.ones([5]), 2), "cannot be split into 2 equal parts"),
        (lambda: tf.split(tf.ones([5]), [2, 2]), "do not add up to a dimension of length 5"),
        (lambda: tf.unstack(tf.placeholder("float32", [None])), "Cannot infer argument `num`"),
        (lambda: tf.squeeze(tf.ones([2, 1]), [0]), r"dim\[0\], expected a dimension of 1, got 2"),
        (lambda: tf.transpose(tf.ones([2, 3]), [0, 0]), "each of the 2 dimensions once"),
        (lambda: tf.expand_dims(1.0, 2), "Axis 2 is out of the range"),
        (lambda: tf.reduce_sum(tf.ones([2]), 1), "Invalid reduction dimension 1 for input with 1 dim"),
        (lambda: tf.reduce_sum(tf.placeholder("float32"), [[0]]), "must be at most rank 1 but is rank 2"),
        (lambda: tf.reverse(tf.ones([2]), [0, -1]), "axis 0 specified more than once"),
        (lambda: tf.matrix_transpose([1.0]), "a .batch. matrix with rank >= 2"),
        (lambda: tf.unravel_index(1, 5), "rank 1"),
        (lambda: tf.sequence_mask([1], [3]), "`maxlen` must be scalar"),
        (lambda: tf.scalar_mul([1.0], tf.ones([2])), "must be a 0-D value"),
        (lambda: tf.gather_nd(tf.ones([2, 2]), [[0], [1]], batch_dims=2), r"less than rank\(`indices`\) = 2"),
        (lambda: tf.scatter_nd([[0]], [1, 2], [4]), "not compatible"),
        (lambda: tf.scatter_nd([[0]], [[1, 2]], [4, 3]), "not compatible"),
        (lambda: tf.scatter_nd(tf.placeholder(tf.int32), 1, [4]), "at least rank 1"),
        (lambda: tf.scatter_nd([[0]], [1], [[4]]), "of rank 1 is needed"),
        (lambda: tf.scatter_nd([[0]], [1], [0]), "for an empty result"),
        (lambda: tf.gather_nd(tf.ones([2, 2]), [[0], [1]], batch_dims=-1), "negative batch_dims"),
        (lambda: tf.range(3, 1), "needs start <= limit"),
        (lambda: tf.range(1, 3, 0), "delta of a range must not be 0"),
        (lambda: tf.ones([3])[4], "out of bounds"),
        (lambda: tf.ones([3])[0, 0], "too long for a tensor of rank 1"),
        (lambda: tf.ones([3])[::0], "must not be 0"),
        (lambda: tf.slice(tf.ones([3]), [2], [2]), "A part of size 2 that begins at 2"),
        (lambda: tf.pad(tf.ones([3]), [[-1, 0]]), "must not be negative"),
        (lambda: tf.fill([-1], 0), "must not be negative"),
        (lambda: tf.add_n([tf.ones([2]), tf.ones([3])]), "not compatible"),
        (lambda: tf.nn.bias_add(tf.ones([2, 3]), [1.0, 2.0]), "not compatible"),
        (lambda: tf.nn.softmax(1.0), "at least rank 1"),
        (lambda: tf.gather(1.0, 0), "at least rank 1"),
        (lambda: tf.where([True, False], [1], [2]), "not compatible"),
        (lambda: tf.tile(tf.ones([2]), [1, 2]), "takes 1 multiples"),
    ],
)
def test_what_cannot_fit(function: Callable[[], Any], message: str) -> None:
    """Shapes that contradict each other are a ValueError when the graph is built; it names the operation."""
    with pytest.raises(ValueError, match=message):
        function()

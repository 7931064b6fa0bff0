"""Lists of tensors: what operations give and refuse, as recorded from TensorFlow; derivatives; old lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.ops.tensor_list_values import ListValue

ANY = -1
ROWS = [[1.0], [2.0]]


def shape_tensor(shape: Any) -> Any:
    """A shape that is known when the graph runs, as loops of TensorFlow have it."""
    return tf.placeholder_with_default(tf.constant(shape, tf.int32), None)


def reserve(size: int = 3, shape: Any = (2,)) -> Any:
    """A list of empty places."""
    return apply("TensorListReserve", shape_tensor(shape), size, element_dtype="float32")


def empty(shape: Any = ANY, limit: int = -1) -> Any:
    """A list without tensors."""
    return apply("EmptyTensorList", shape_tensor(shape), limit, element_dtype="float32")


def rows(value: Any = ROWS, shape: Any = ANY) -> Any:
    """The rows of a tensor as a list."""
    return apply("TensorListFromTensor", tf.convert_to_tensor(value, tf.float32), shape_tensor(shape))


def stack(value: Any, shape: Any = ANY, size: int = -1) -> Any:
    """All tensors as one."""
    return apply("TensorListStack", value, shape_tensor(shape), element_dtype="float32", num_elements=size)


def get(value: Any, index: int, shape: Any = ANY) -> Any:
    """One tensor."""
    return apply("TensorListGetItem", value, index, shape_tensor(shape), element_dtype="float32")


def put(value: Any, index: int, item: Any, **attrs: Any) -> Any:
    """The list with another tensor in a place."""
    return apply("TensorListSetItem", value, index, item, **attrs)


def push(value: Any, item: Any) -> Any:
    """The list with one more tensor."""
    return apply("TensorListPushBack", value, tf.convert_to_tensor(item))


def pop(value: Any, shape: Any = ANY) -> list[Any]:
    """The list without its last tensor, and that one."""
    return apply_list("TensorListPopBack", value, shape_tensor(shape), element_dtype="float32")


def gather(value: Any, places: list[int], shape: Any = ANY) -> Any:
    """Some tensors as one."""
    return apply("TensorListGather", value, shape_tensor(places), shape_tensor(shape), element_dtype="float32")


def scatter(value: Any, places: list[int], size: int | None = None) -> Any:
    """Rows in places of a new list."""
    if size is None:
        return apply("TensorListScatter", value, places, shape_tensor(ANY))
    return apply("TensorListScatterV2", value, places, shape_tensor(ANY), size)


def into(value: Any, tensor: Any, places: list[int]) -> Any:
    """Rows in places of a list."""
    return apply("TensorListScatterIntoExistingList", value, tf.convert_to_tensor(tensor), places)


def concat(value: Any, shape: Any = ANY, lengths: Any = ()) -> list[Any]:
    """The tensors joined, and their lengths."""
    return apply_list(
        "TensorListConcatV2", value, shape_tensor(shape), np.array(lengths, np.int64), element_dtype="float32"
    )


def split(value: Any, lengths: list[int], shape: Any = ANY) -> Any:
    """Parts of a tensor as a list."""
    return apply("TensorListSplit", tf.convert_to_tensor(value), shape_tensor(shape), np.array(lengths, np.int64))


def resized(value: Any, size: int) -> Any:
    """The first tensors."""
    return apply("TensorListResize", value, size)


def told(value: Any) -> Any:
    """The shape of the tensors."""
    return apply("TensorListElementShape", value, shape_type="int32")


GIVES: dict[str, tuple[Callable[[], Any], Any]] = {
    "empty places": (lambda: stack(reserve()), np.zeros((3, 2))),
    "a shape learned of another": (lambda: stack(put(reserve(2, [-1]), 0, [1.0, 2.0])), [[1, 2], [0, 0]]),
    "a shape that is told": (lambda: stack(reserve(2, ANY), [3]), np.zeros((2, 3))),
    "no tensors": (lambda: stack(reserve(0)), np.zeros((0, 2))),
    "an empty place": (lambda: get(reserve(), 1), [0, 0]),
    "an empty place beside another": (lambda: get(put(reserve(2, [-1]), 0, [1.0, 2.0]), 1), [0, 0]),
    "beyond the end": (
        lambda: stack(put(reserve(1, [1]), 2, [5.0], resize_if_index_out_of_bounds=True)),
        [[0], [0], [5]],
    ),
    "pushed": (lambda: stack(push(push(empty(), [1.0]), [2.0])), ROWS),
    "popped": (lambda: stack(pop(push(rows(), [3.0]))[0]), ROWS),
    "popped tensor": (lambda: pop(push(empty(), [1.0]))[1], [1]),
    "popped empty place": (lambda: pop(reserve())[1], [0, 0]),
    "length": (lambda: apply("TensorListLength", reserve()), 3),
    "shape": (lambda: told(reserve()), [2]),
    "any shape": (lambda: told(rows()), -1),
    "part of a shape": (lambda: told(empty([-1, 2])), [-1, 2]),
    "shorter": (lambda: stack(resized(rows(), 1)), [[1]]),
    "longer": (lambda: stack(resized(rows(), 3)), [[1], [2], [0]]),
    "gathered": (lambda: gather(rows(), [1, 1, 0]), [[2], [2], [1]]),
    "gathered empty place": (lambda: gather(reserve(), [2]), [[0, 0]]),
    "scattered": (lambda: stack(scatter(ROWS, [2, 0])), [[2], [0], [1]]),
    "scattered, of a length": (lambda: stack(scatter(ROWS, [2, 0], 4)), [[2], [0], [1], [0]]),
    "scattered, of any length": (lambda: stack(scatter(ROWS, [2, 0], -1)), [[2], [0], [1]]),
    "scattered into another": (lambda: stack(into(rows(), [[7.0]], [2])), [[1], [2], [7]]),
    "joined": (lambda: concat(rows([[1.0, 3.0], [2.0, 4.0]]))[0], [1, 3, 2, 4]),
    "lengths": (lambda: concat(split([[1.0], [2.0], [3.0]], [1, 2]))[1], [1, 2]),
    "joined empty places": (lambda: concat(reserve())[0], np.zeros(6)),
    "joined empty places of lengths": (lambda: concat(reserve(2, [-1, 2]), ANY, [1, 2])[0], np.zeros((3, 2))),
    "joined nothing": (lambda: concat(reserve(0, [-1, 2]))[0], np.zeros((0, 2))),
    "joined, first form": (
        lambda: apply_list("TensorListConcat", rows([[1.0, 3.0], [2.0, 4.0]]), element_dtype="float32")[0],
        [1, 3, 2, 4],
    ),
    "split": (lambda: get(split([[1.0], [2.0], [3.0]], [1, 2]), 1), [[2], [3]]),
    "shape of parts": (lambda: told(split([[1.0], [2.0]], [1, 1], [-1, 1])), [-1, 1]),
    "zeros": (lambda: stack(apply("ZerosLike", rows())), np.zeros((2, 1))),
    "sum": (lambda: stack(apply("AddN", [rows(), rows([[3.0], [4.0]])])), [[4], [6]]),
    "sum with empty places": (lambda: stack(apply("AddN", [rows(), reserve(2, [1])])), ROWS),
}

REFUSES: dict[str, tuple[Callable[[], Any], str]] = {
    "negative size": (lambda: stack(reserve(-1)), "must be a non negative number"),
    "unknown shape": (lambda: stack(reserve(2, [-1])), "only contains uninitialized tensors"),
    "no tensor of unknown shape": (lambda: stack(reserve(0, [-1])), "elements of an empty list with"),
    "empty place": (lambda: get(reserve(2, [-1]), 1), "Trying to read an uninitialized tensor"),
    "other shape": (lambda: get(reserve(), 0, [3]), "Incompatible shapes during merge"),
    "no such place": (lambda: get(reserve(), 3), "access element 3 in a list with 3 elements"),
    "place before the first": (lambda: get(reserve(), -1), "access element -1 in a list with 3"),
    "set beyond the end": (lambda: put(reserve(), 3, [1.0, 2.0]), "modify element 3 in a list with 3"),
    "set before the first": (
        lambda: put(reserve(), -1, [1.0, 2.0], resize_if_index_out_of_bounds=True),
        "modify element -1",
    ),
    "set another shape": (lambda: put(reserve(), 0, [1.0]), "set a tensor with incompatible shape"),
    "set another dtype": (
        lambda: put(reserve(), 0, tf.constant([1, 2])),
        "op elements int32 but list elements float32",
    ),
    "other length": (lambda: stack(reserve(), ANY, 4), "expected a list with 4 elements but got a list with 3"),
    "stack of shapes": (lambda: stack(put(put(reserve(2, ANY), 0, [1.0]), 1, [1.0, 2.0])), "Incompatible shapes"),
    "full": (lambda: push(push(empty(ANY, 1), [1.0]), [2.0]), "push item into a full list"),
    "pushed shape": (lambda: push(empty([2]), [1.0]), "append a tensor with incompatible shape"),
    "nothing to pop": (lambda: pop(empty())[1], "pop from an empty list"),
    "negative length": (lambda: resized(reserve(), -1), "expects size to be non-negative. Got: -1"),
    "number as rows": (lambda: rows(tf.placeholder_with_default(1.0, None)), "must be at least a vector"),
    "rows of another shape": (lambda: rows(ROWS, [2]), "Specified a list with shape"),
    "gather nothing": (lambda: gather(rows(), []), "gather 0-elements from a list with non-fully-defined"),
    "gather outside": (lambda: gather(rows(), [2]), "gather element 2 in a list with 2 elem"),
    "scatter before": (lambda: scatter(ROWS, [-1, 0]), "must all be non-negative"),
    "scatter too much": (lambda: scatter(ROWS, [0]), "Invalid number of rows in input tensor"),
    "scatter beyond": (lambda: scatter(ROWS, [2, 0], 2), "TensorListScatter: Trying to scatter at index 2"),
    "join numbers": (lambda: concat(rows([1.0, 2.0]))[0], "Concat saw a scalar shape"),
    "join empty places": (lambda: concat(reserve(2, [-1, 2]))[0], "List contains uninitialized tensor at index 0"),
    "join nothing": (lambda: concat(reserve(0, ANY))[0], "All except the first dimension must be"),
    "split the rest": (lambda: split([1.0, 2.0], [1]), "Unused values in tensor"),
    "split too much": (lambda: split([1.0, 2.0], [3]), "Attempting to slice"),
    "split by less than nothing": (lambda: split([1.0, 2.0], [-1, 3]), "Invalid value in lengths: -1"),
    "split of another shape": (lambda: split([[1.0]], [1], [-1, 2]), "is not compatible with element_shape"),
    "sum of lengths": (lambda: apply("AddN", [rows(), rows([[1.0]])]), "two lists of tensors with different lengths"),
    "shape": (lambda: stack(rows(), -2), "scalar shape tensor"),
}

DIFFERENTIATED: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "stack": (stack, [2, 4]),
    "get": (lambda value: get(value, 1), [0, 4]),
    "put": (lambda value: stack(put(value, 0, [[9.0]])), [0, 4]),
    "pop": (lambda value: pop(value)[1], [0, 4]),
    "what is left": (lambda value: stack(pop(value)[0]), [2, 0]),
    "push": (lambda value: stack(push(value, [[7.0]])), [2, 4]),
    # TensorFlow writes the derivatives of a tensor that is gathered twice over each other.
    "gather": (lambda value: gather(value, [0, 0]), [2, 0]),
    "concat": (lambda value: concat(value)[0], [2, 4]),
    "resized": (lambda value: stack(resized(value, 3)), [2, 4]),
    "scattered into": (lambda value: stack(into(value, [[[1.0]]], [1])), [2, 0]),
}


@pytest.mark.parametrize("case", GIVES)
def test_results(case: str) -> None:
    """Lists give the tensors that they give in TensorFlow."""
    make, expected = GIVES[case]
    with tf.Session() as session:
        found = session.run(make())
    np.testing.assert_array_equal(expected, found, strict=False)
    assert np.shape(expected) == np.shape(found)


@pytest.mark.parametrize("case", REFUSES)
def test_refusals(case: str) -> None:
    """A value that does not fit a list is TensorFlow's error, with the operation's name."""
    make, message = REFUSES[case]
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.run(make().op)


@pytest.mark.parametrize("case", DIFFERENTIATED)
def test_derivatives(case: str) -> None:
    """The derivative of the squares of what comes out of a list by the tensor that went in."""
    function, expected = DIFFERENTIATED[case]
    x = tf.constant([[[1.0]], [[2.0]]])
    y = function(apply("TensorListFromTensor", x, [1, 1]))
    with tf.Session() as session:
        found = session.run(tf.gradients(y * y, x)[0])
    assert expected == found.ravel().tolist()


def test_derivatives_of_tensors_put_in() -> None:
    """A tensor that is set, pushed, scattered or split has its own derivative."""
    x = tf.constant([3.0])
    column = tf.constant([[1.0], [2.0], [3.0]])
    ends = {
        x: [stack(put(reserve(2, [1]), 1, x)), stack(push(empty(), x))],
        column: [stack(scatter(column, [2, 0, 1])), stack(into(reserve(3, [1]), column, [0, 1, 2]))],
    }
    ends[column].append(concat(split(column, [1, 2]), [-1, 1])[0])
    with tf.Session() as session:
        for given, results in ends.items():
            for y in results:
                np.testing.assert_array_equal(session.run(2.0 * given), session.run(tf.gradients(y * y, given)[0]))


def test_an_old_list_stays_as_it_was() -> None:
    """Lists that were made of one list have their own tensors, in any order in which they are read."""
    first = ListValue("float32", None, 2)
    second = first.with_value(0, np.float32(1))
    third = second.with_value(0, np.float32(2)).appended(np.float32(3))
    other = second.with_value(1, np.float32(4))
    seen = [
        [{place: float(item) for place, item in each.values.items()} for each in order]
        for order in (
            (first, second, third, other),
            (other, third, second, first),
            (third, first, other, second),
        )
    ]
    a, b, c, d = {}, {0: 1.0}, {0: 2.0, 2: 3.0}, {0: 1.0, 1: 4.0}
    assert [[a, b, c, d], [d, c, b, a], [c, a, d, b]] == seen
    assert [2, 2, 3, 2] == [each.size for each in (first, second, third, other)]


def test_a_list_grows_without_copies() -> None:
    """The tensors move to the newest list, so that a loop does not copy them in each iteration."""
    value = ListValue("float32", (), 0)
    tensors = value.values
    for number in range(3):
        value = value.appended(np.float32(number))
        assert tensors is value.values
    assert [0.0, 1.0, 2.0] == list(tensors.values())


def test_a_long_list_of_empty_places_takes_no_memory() -> None:
    """Places are not made before something is in them."""
    with tf.Session() as session:
        length = apply("TensorListLength", put(reserve(2**31 - 1), 2**31 - 2, [1.0, 2.0]))
        assert session.run(length) == 2**31 - 1

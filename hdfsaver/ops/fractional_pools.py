"""Pools of windows of two lengths, in a random order, so that images shrink by any ratio (B. Graham, 2014)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops import named_results
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, invalid, shape_of, with_rank
from hdfsaver.random_numbers import shuffling, uniform
from hdfsaver.random_numbers.philox import WORDS, Stream, seeded
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_TYPES = frozenset({"float32", "float64", "int32", "int64"})


def _sequence(length: int, count: int, stream: Stream, pseudo_random: bool) -> tuple[Array, Stream]:
    """Where windows begin, with the end of the last one; and the stream after it."""
    if pseudo_random:
        return _even(length, count, stream), stream.after(1)
    lengths = np.full(count, length // count)
    lengths[: length % count] += 1
    lengths = lengths[shuffling.order(stream, count)]
    return np.concatenate([[0], np.cumsum(lengths)]), stream.after(-(-count // WORDS))


def _even(length: int, count: int, stream: Stream) -> Array:
    """Windows that are spread evenly from a random number on, as far as no window is too long or too short."""
    ratio, least = length / count, length // count
    most = min((least + 2) / ratio - 1, (length + 1 - least) / ratio - (count - 1))
    start = float(uniform.fractions(stream, 1, np.dtype(np.float64))[0]) * most
    inner = [math.ceil(ratio * (number + start)) - 1 for number in range(1, count)]
    return np.array([0, *inner, length])


def _spans(starts: Array, size: int, overlapping: bool) -> Iterator[slice]:
    """The part of an axis of each window."""
    for first, after in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        yield slice(first, min(after + 1 if overlapping else after, size))


def _check_starts(starts: Array, count: int, size: int) -> Array:
    """Starts that an operation was given: they are to be within the images, in order."""
    found = np.asarray(starts)
    if found.shape != (count + 1,) or np.any(np.diff(found) < 1) or found[0] < 0 or found[-1] > size:
        raise invalid(f"The windows {found.tolist()} do not divide {size} rows or columns into {count}.")
    return found


class _Fractional(OpDef):
    """The attributes and the random windows of both pools."""

    signature = "value: T -> output: T, row_pooling_sequence: int64, col_pooling_sequence: int64"
    types = {"T": _TYPES}
    needed = {"pooling_ratio": "list(float)"}
    minimums = {"pooling_ratio": 4}
    attrs = {"pseudo_random": False, "overlapping": False, "deterministic": False, "seed": 0, "seed2": 0}
    backward: ClassVar[str]

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The sizes divided by the ratios, rounded down; and the numbers of windows and 1 more."""
        ratios = _ratios(node)
        shape = with_rank(node.input_shapes[0], 4) or (None,) * 4
        counts = [None if size is None else int(size / ratio) for size, ratio in zip(shape, ratios, strict=True)]
        rows, columns = (None if count is None else count + 1 for count in counts[1:3])
        return [tuple(counts), (rows,), (columns,)]

    def kernel(self, node: Node) -> Kernel:
        ratios = _ratios(node)
        seeds = node.attrs["seed"], node.attrs["seed2"]
        if (ratios[0], ratios[3]) != (1, 1):
            message = f"Only rows and columns are pooled: pooling_ratio must begin and end with 1, not be {ratios}."
            raise UnimplementedError(None, None, message)
        if not node.attrs["deterministic"] and seeds != (0, 0):
            raise invalid(f"Both seeds should be 0 if deterministic is false, not {seeds}.")
        drawn = seeded(*seeds)

        def pool(values: Array) -> tuple[Array, Array, Array]:
            for axis, (size, ratio) in enumerate(zip(values.shape, ratios, strict=True)):
                if size < ratio:
                    raise invalid(f"The pooling ratio {ratio} of dimension {axis} is higher than its size, {size}.")
            stream = drawn if node.attrs["deterministic"] else seeded(0, 0)
            starts = []
            for axis in (1, 2):
                count = int(values.shape[axis] / ratios[axis])
                found, stream = _sequence(values.shape[axis], count, stream, node.attrs["pseudo_random"])
                starts.append(found)
            rows, columns = (
                list(_spans(found, size, node.attrs["overlapping"]))
                for found, size in zip(starts, values.shape[1:3], strict=True)
            )
            result = np.empty((values.shape[0], len(rows), len(columns), values.shape[3]), values.dtype)
            for row, vertical in enumerate(rows):
                for column, horizontal in enumerate(columns):
                    result[:, row, column] = self.pooled(values[:, vertical, horizontal])
            return result, starts[0].astype(np.int64), starts[1].astype(np.int64)

        return pool

    @staticmethod
    def pooled(part: Array) -> Array:
        """A number for each image and channel of a window."""
        raise NotImplementedError


def _ratios(node: Node) -> list[float]:
    ratios = [float(np.float32(ratio)) for ratio in node.attrs["pooling_ratio"]]
    if len(ratios) != 4 or min(ratios) < 1:
        raise ValueError(f"pooling_ratio must be four numbers, none below 1, not {ratios}.")
    return ratios


@register
class FractionalMaxPool(_Fractional):
    """The greatest of each window; windows have two lengths, in a random order."""

    type = "FractionalMaxPool"

    @staticmethod
    def pooled(part: Array) -> Array:
        return np.asarray(part.max((1, 2)))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        output, rows, columns = op.outputs
        overlapping = op.get_attr("overlapping")
        inputs = op.inputs[0], output, grads[0], rows, columns
        return [apply("FractionalMaxPoolGrad", *inputs, overlapping=overlapping)]


@register
class FractionalAvgPool(_Fractional):
    """The mean of each window; windows have two lengths, in a random order."""

    type = "FractionalAvgPool"

    @staticmethod
    def pooled(part: Array) -> Array:
        total, count = part.sum((1, 2)), part.shape[1] * part.shape[2]
        return np.asarray(total / count if part.dtype.kind == "f" else (total / count).astype(part.dtype))

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        _, rows, columns = op.outputs
        shape = op.inputs[0].shape
        known = shape.is_fully_defined()
        sizes = np.array(shape.as_list(), np.int64) if known else shape_of(op.inputs[0], "Shape", "int64")
        overlapping = op.get_attr("overlapping")
        return [apply("FractionalAvgPoolGrad", sizes, grads[0], rows, columns, overlapping=overlapping)]


@register
class FractionalMaxPoolGrad(OpDef):
    """The derivative of `FractionalMaxPool`: it goes to the first greatest of each window."""

    type = "FractionalMaxPoolGrad"
    signature = (
        "orig_input: T, orig_output: T, out_backprop: T, row_pooling_sequence: int64, col_pooling_sequence: int64"
        " -> output: T"
    )
    types = {"T": _TYPES}
    attrs = {"overlapping": False}
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of orig_input."""
        return [with_rank(node.input_shapes[0], 4)]

    def kernel(self, node: Node) -> Kernel:
        def spread(values: Array, _output: Array, grad: Array, rows: Array, columns: Array) -> Array:
            found = np.zeros_like(values)
            batch, channels = np.ogrid[: values.shape[0], : values.shape[3]]
            for row, column, window in _parts(values.shape, grad, (rows, columns), node.attrs["overlapping"]):
                part = values[:, window[0], window[1]]
                place = part.reshape(len(part), -1, values.shape[3]).argmax(1)
                down, right = np.divmod(place, part.shape[2])
                target = batch, window[0].start + down, window[1].start + right, channels
                np.add.at(found, target, grad[:, row, column])
            return found

        return spread


@register
class FractionalAvgPoolGrad(OpDef):
    """The derivative of `FractionalAvgPool`."""

    type = "FractionalAvgPoolGrad"
    signature = (
        "orig_input_tensor_shape: int64, out_backprop: T, row_pooling_sequence: int64, col_pooling_sequence: int64"
        " -> output: T"
    )
    types = {"T": _TYPES}
    attrs = {"overlapping": False}
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The value of orig_input_tensor_shape."""
        return [with_rank(node.sizes(0), 4)]

    def kernel(self, node: Node) -> Kernel:
        def spread(sizes: Array, grad: Array, rows: Array, columns: Array) -> Array:
            found = np.zeros(tuple(sizes.tolist()), np.float64)
            for row, column, window in _parts(found.shape, grad, (rows, columns), node.attrs["overlapping"]):
                part = found[:, window[0], window[1]]
                part += (grad[:, row, column] / (part.shape[1] * part.shape[2]))[:, None, None]
            return found.astype(grad.dtype)

        return spread


def _parts(
    sizes: Sequence[int], grad: Array, starts: tuple[Array, Array], overlapping: bool
) -> Iterator[tuple[int, int, tuple[slice, slice]]]:
    """Row and column of each window among the windows, and its parts of both axes."""
    if grad.ndim != 4 or (grad.shape[0], grad.shape[3]) != (sizes[0], sizes[3]):
        raise invalid(f"out_backprop of shape {grad.shape} does not fit images of shape {tuple(sizes)}.")
    rows, columns = (_check_starts(starts[axis], grad.shape[axis + 1], sizes[axis + 1]) for axis in (0, 1))
    for row, vertical in enumerate(_spans(rows, sizes[1], overlapping)):
        for column, horizontal in enumerate(_spans(columns, sizes[2], overlapping)):
            yield row, column, (vertical, horizontal)


def fractional_max_pool(
    value: TensorLike,
    pooling_ratio: Sequence[float],
    pseudo_random: bool = False,
    overlapping: bool = False,
    deterministic: bool = False,
    seed: int = 0,
    seed2: int = 0,
    name: str | None = None,
) -> named_results.FractionalMaxPool:
    """The greatest of windows of two lengths, in a random order.

    Parameters
    ----------
    value : TensorLike
        Images of rank 4, channels last; float32, float64, int32 or int64.
    pooling_ratio : list of float
        How much smaller images become: four numbers from 1 on, the first and the last 1.
    pseudo_random : bool
        Whether windows are spread evenly, from a random number on.
    overlapping : bool
        Whether a window has the first row and column of the next one too.
    deterministic : bool
        Whether each run has the same windows.
    seed, seed2 : int
        Seeds, for ``deterministic`` only.
    name : str, optional
        The name of the operation.

    Returns
    -------
    output, row_pooling_sequence, col_pooling_sequence
        The result, and where windows begin, with the end of the last one; a named tuple.

    Raises
    ------
    ValueError
        A ratio is below 1.
    UnimplementedError
        In the run: the first or the last ratio is not 1.
    InvalidArgumentError
        In the run: images are smaller than a ratio, or there are seeds without ``deterministic``.
    """
    attrs: dict[str, Any] = {
        "pooling_ratio": [float(ratio) for ratio in pooling_ratio],
        "pseudo_random": pseudo_random,
        "seed": seed,
    }
    attrs |= {"overlapping": overlapping, "deterministic": deterministic, "seed2": seed2}
    return named_results.FractionalMaxPool(*apply_list("FractionalMaxPool", value, name=name, **attrs))


def fractional_avg_pool(
    value: TensorLike,
    pooling_ratio: Sequence[float],
    pseudo_random: bool = False,
    overlapping: bool = False,
    deterministic: bool = False,
    seed: int = 0,
    seed2: int = 0,
    name: str | None = None,
) -> named_results.FractionalAvgPool:
    """The mean of windows of two lengths, in a random order.

    Parameters
    ----------
    value, pooling_ratio, pseudo_random, overlapping, deterministic, seed, seed2, name : object
        As for `fractional_max_pool`.

    Returns
    -------
    output, row_pooling_sequence, col_pooling_sequence
        As for `fractional_max_pool`.

    Raises
    ------
    ValueError
        As for `fractional_max_pool`.
    UnimplementedError
        As for `fractional_max_pool`.
    InvalidArgumentError
        As for `fractional_max_pool`.
    """
    attrs: dict[str, Any] = {
        "pooling_ratio": [float(ratio) for ratio in pooling_ratio],
        "pseudo_random": pseudo_random,
        "seed": seed,
    }
    attrs |= {"overlapping": overlapping, "deterministic": deterministic, "seed2": seed2}
    return named_results.FractionalAvgPool(*apply_list("FractionalAvgPool", value, name=name, **attrs))

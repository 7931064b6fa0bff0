"""The greatest of each window of images together with its place, and derivatives that go there or come from there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import INDICES, REALS, Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops import named_results
from hdfsaver.ops.base import NO_DERIVATIVE, Grads, invalid, scope, widened
from hdfsaver.ops.sliding_windows import FORMATS, NHWC, Windows, four, window_of, windows_of
from hdfsaver.ops.window_rules import Pool, nothing_of
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_NEEDED = {"ksize": "list(int)", "strides": "list(int)", "padding": "string"}
_MINIMUMS = {"ksize": 4, "strides": 4}
_PADDINGS = {"padding": frozenset({b"SAME", b"VALID"})}


def _candidates(windows: Windows, window: Sequence[int], values: Array) -> Iterator[tuple[Array, Array]]:
    """For each element of all windows, its value and its place in an image, or -1 where it is in the padding."""
    rows, columns, channels = values.shape[1:]
    places = np.arange(rows * columns * channels).reshape(1, rows, columns, channels)
    padded, numbered = windows.padded(values, window), windows.padded(places + 1, window) - 1
    counts = [count or 0 for count in windows.counts(values.shape[1:3], window)]
    for _, moved in windows.places(window, counts):
        yield padded[moved], numbered[moved]


def _greatest(windows: Windows, window: Sequence[int], values: Array) -> tuple[Array, Array]:
    """The greatest of each window, and its place in its image: the first one. Padding does not count."""
    best: Array | None = None
    place = np.empty(0)
    for value, number in _candidates(windows, window, values):
        if best is None:
            best, place = value.copy(), np.broadcast_to(number, value.shape).copy()
            continue
        better = (number >= 0) & ((value > best) | (place < 0))
        np.copyto(best, value, where=better)
        np.copyto(place, number, where=better)
    return (values, place) if best is None else (best, place)


def _starts(shape: Sequence[int]) -> Array:
    """Where each image of a batch begins in the flat array."""
    starts: Array = np.arange(shape[0]).reshape(-1, 1, 1, 1) * math.prod(shape[1:])
    return starts


@register
class MaxPoolWithArgmax(Pool):
    """The greatest of each window, and its place in the flat image or, with include_batch_in_index, in the batch."""

    type = "MaxPoolWithArgmax"
    signature = "input: T -> output: T, argmax: Targmax"
    types = {"T": REALS, "Targmax": INDICES}
    needed = _NEEDED
    allowed = _PADDINGS
    minimums = _MINIMUMS
    attrs = {"Targmax": "int64", "include_batch_in_index": False}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(batch, numbers of windows, channels), twice."""
        return [self.pooled(node)] * 2

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)
        window = window_of(node, windows)
        dtype = dtypes.numpy_dtype(node.attrs["Targmax"])
        in_batch = node.attrs["include_batch_in_index"]

        def pool(values: Array) -> tuple[Array, Array]:
            best, place = _greatest(windows, window, values)
            return best, (place + _starts(values.shape) if in_batch else place).astype(dtype)

        return pool

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        attrs = {key: op.get_attr(key) for key in (*_NEEDED, "include_batch_in_index")}
        return [apply("MaxPoolGradWithArgmax", op.inputs[0], grads[0], op.outputs[1], **attrs)]


def _flat_places(shape: Sequence[int], argmax: Array, in_batch: bool) -> Array:
    """Places in the flat batch; those beyond it are errors."""
    places = argmax if in_batch else argmax + _starts((argmax.shape[0], *shape[1:]))
    if np.any((places < 0) | (places >= math.prod(shape))):
        raise invalid(f"A place of the greatest is outside of the images of shape {tuple(shape)}.")
    return places


@register
class MaxPoolGradWithArgmax(OpDef):
    """The derivative of `MaxPoolWithArgmax`: it goes to the places of the greatest."""

    type = "MaxPoolGradWithArgmax"
    signature = "input: T, grad: T, argmax: Targmax -> output: T"
    types = {"T": REALS, "Targmax": INDICES}
    needed = _NEEDED
    allowed = _PADDINGS
    minimums = _MINIMUMS
    attrs = {"include_batch_in_index": False}
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input."""
        return [node.input_shapes[0]]

    def kernel(self, node: Node) -> Kernel:
        in_batch = node.attrs["include_batch_in_index"]

        def spread(values: Array, grad: Array, argmax: Array) -> Array:
            if argmax.shape != grad.shape:
                raise invalid(f"grad has shape {grad.shape}, but argmax has {argmax.shape}.")
            found = np.zeros(values.shape, grad.dtype)
            np.add.at(found.reshape(-1), _flat_places(values.shape, np.asarray(argmax, np.int64), in_batch), grad)
            return found

        return lambda values, grad, argmax: widened(node, lambda wide, part: spread(wide, part, argmax))(values, grad)


@register
class MaxPoolGradGrad(Pool):
    """The derivative of the derivative of `MaxPool`: what comes to the first greatest of each window."""

    type = "MaxPoolGradGrad"
    signature = "orig_input: T, orig_output: T, grad: T -> output: T"
    types = {"T": REALS}
    needed = _NEEDED
    allowed = {**_PADDINGS, "data_format": FORMATS}
    minimums = _MINIMUMS
    attrs = {"data_format": NHWC}

    def kernel(self, node: Node) -> Kernel:
        windows = windows_of(node)
        window = window_of(node, windows)

        def collect(values: Array, _pooled: Array, grad: Array) -> Array:
            images, grads = windows.images(values), windows.images(grad)
            if grads.shape != images.shape:
                raise invalid(f"grad has shape {grad.shape}, but orig_input has {values.shape}.")
            place = _greatest(windows, window, images)[1]
            return windows.given(grads.reshape(-1)[place + _starts(images.shape)])

        return collect

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        first, second, _ = op.inputs
        nothing = nothing_of(first), nothing_of(second)
        attrs = {key: op.get_attr(key) for key in (*_NEEDED, "data_format")}
        back = apply("MaxPoolGrad", first, second, grads[0], **attrs)
        return [*nothing, back]


def max_pool_with_argmax(
    input: TensorLike,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NHWC",
    Targmax: DTypeLike | None = None,  # noqa: N803  # as in TensorFlow
    name: str | None = None,
    output_dtype: DTypeLike | None = None,
    include_batch_in_index: bool = False,
) -> named_results.MaxPoolWithArgmax:
    """The greatest value of each window of images, and its place.

    Parameters
    ----------
    input : TensorLike
        Images of rank 4, channels last, of any dtype of real numbers.
    ksize, strides : int or list of int
        As for `max_pool`.
    padding : {"SAME", "VALID"}
    data_format : {"NHWC"}
        There is no other.
    Targmax, output_dtype : DTypeLike, optional
        The dtype of places, int64 by default, or int32. Either name may be used.
    name : str, optional
        The name of the operation.
    include_batch_in_index : bool
        Whether places are those in the whole flat batch; otherwise in the flat image.

    Returns
    -------
    output, argmax
        Two tensors, as a named tuple.

    Raises
    ------
    ValueError
        Another format, both names of the dtype are used, or as for `max_pool`.
    """
    if data_format != "NHWC":
        raise ValueError(f"`data_format` values other than 'NHWC' are not supported. Received: {data_format!r}.")
    if None not in (Targmax, output_dtype):
        raise ValueError("Cannot specify both 'Targmax' and 'output_dtype'; the latter is the newer name.")
    dtype = dtypes.as_dtype(output_dtype or Targmax or "int64").name
    attrs = {"ksize": four(ksize, data_format), "strides": four(strides, data_format), "padding": padding.encode()}
    with scope(name, "MaxPoolWithArgmax", input) as full:
        images = convert_to_tensor(input, name="input")
        options = {"Targmax": dtype, "include_batch_in_index": include_batch_in_index}
        found = apply_list("MaxPoolWithArgmax", images, name=full, **attrs, **options)
    return named_results.MaxPoolWithArgmax(*found)

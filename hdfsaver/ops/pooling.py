"""The greatest or the mean of each window of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INTEGERS, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import ROUNDED_ONCE, Grads, scope
from hdfsaver.ops.sliding_windows import FORMATS, NHWC, PADDINGS, four
from hdfsaver.ops.window_rules import GreatestByImages, GreatestOfWindows, MeanByImages, MeanOfWindows, nothing_of

_NEEDED = {"ksize": "list(int)", "strides": "list(int)", "padding": "string"}
_MINIMUMS = {"ksize": 4, "strides": 4}
_ALLOWED = {"padding": frozenset({b"SAME", b"VALID"}), "data_format": FORMATS}
_ATTRS: dict[str, Any] = {"data_format": NHWC}
_MAX_ALLOWED = {"padding": PADDINGS, "data_format": FORMATS}
_MAX_ATTRS = {**_ATTRS, "explicit_paddings": []}


@register
class MaxPool(GreatestOfWindows):
    """The greatest of each window."""

    type = "MaxPool"
    backward = "MaxPoolGrad"
    signature = "input: T -> output: T"
    default_types = {"T": "float32"}
    further_types = {"T": INTEGERS - {"uint32", "uint64"} | {"qint8"}}
    needed = _NEEDED
    allowed = {**_MAX_ALLOWED, "data_format": FORMATS | {b"NCHW_VECT_C"}}
    minimums = _MINIMUMS
    attrs = _MAX_ATTRS
    differs = "A window with NaN gives NaN; in TensorFlow that depends on the place of NaN."


@register
class MaxPoolGrad(GreatestByImages):
    """The derivative of `MaxPool`: it goes to the first greatest of each window."""

    type = "MaxPoolGrad"
    signature = "orig_input: T, orig_output: T, grad: T -> output: T"
    default_types = {"T": "float32"}
    further_types = {"T": INTEGERS}
    needed = _NEEDED
    allowed = _MAX_ALLOWED
    minimums = _MINIMUMS
    attrs = _MAX_ATTRS

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        first, second, _ = op.inputs
        nothing = nothing_of(first), nothing_of(second)
        attrs = {key: op.get_attr(key) for key in (*_NEEDED, "data_format")}
        onward = apply("MaxPoolGradGrad", first, second, grads[0], **attrs)
        return [*nothing, onward]


@register
class AvgPool(MeanOfWindows):
    """The mean of each window, without the padding."""

    type = "AvgPool"
    backward = "AvgPoolGrad"
    differs = ROUNDED_ONCE
    signature = "value: T -> output: T"
    needed = _NEEDED
    allowed = _ALLOWED
    minimums = _MINIMUMS
    attrs = _ATTRS


@register
class AvgPoolGrad(MeanByImages):
    """The derivative of `AvgPool`."""

    type = "AvgPoolGrad"
    forward = "AvgPool"
    signature = "orig_input_shape: int32, grad: T -> output: T"
    needed = _NEEDED
    allowed = _ALLOWED
    minimums = _MINIMUMS
    attrs = _ATTRS


def max_pool(
    value: TensorLike | None,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
    input: TensorLike | None = None,
) -> Tensor:
    """The greatest value of each window of images.

    Parameters
    ----------
    value : TensorLike
        Images, floating (float16, bfloat16, float32 or float64), of rank 4. TensorFlow takes integers too.
    ksize : int or list of int
        Height and width of a window: one number for both, two, or four as the images have dimensions (the others being
        1).
    strides : int or list of int
        How far windows are apart, in the same form.
    padding : {"SAME", "VALID"}
        Pad images so that ``ceil(size / stride)`` windows fit, or use only windows that are within the images. The
        padding is never the greatest. Lower case works too.
    data_format : {"NHWC", "NCHW"}
        The order of the dimensions: channels last or second.
    name : str, optional
        The name of the operation.
    input : TensorLike, optional
        A newer name of ``value``, which it replaces.

    Returns
    -------
    Tensor
        Images of the same dtype, with a row and column for each window.

    Raises
    ------
    ValueError
        The window is longer than the images, the rank is not 4, a window steps over images or channels, or the padding
        or data format is unknown.
    TypeError
        The dtype is not floating.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    attrs = {"ksize": four(ksize, data_format), "strides": four(strides, data_format)}
    with scope(name, "MaxPool", value if input is None else input) as full:
        images = convert_to_tensor(value if input is None else input, name="input")
        return apply(
            "MaxPool", images, name=full, **attrs, padding=padding.upper().encode(), data_format=data_format.encode()
        )


def avg_pool(
    value: TensorLike | None,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NHWC",
    name: str | None = None,
    input: TensorLike | None = None,
) -> Tensor:
    """The mean of each window of images; elements of the padding do not count.

    Parameters
    ----------
    value : TensorLike
        Images, floating (float16, bfloat16, float32 or float64), of rank 4.
    ksize : int or list of int
        Height and width of a window: one number for both, two, or four as the images have dimensions (the others being
        1).
    strides : int or list of int
        How far windows are apart, in the same form.
    padding : {"SAME", "VALID"}
        Pad images so that ``ceil(size / stride)`` windows fit, or use only windows that are within the images. Lower
        case works too.
    data_format : {"NHWC", "NCHW"}
        The order of the dimensions: channels last or second.
    name : str, optional
        The name of the operation.
    input : TensorLike, optional
        A newer name of ``value``, which it replaces.

    Returns
    -------
    Tensor
        Images of the same dtype, with a row and column for each window. float16 and bfloat16 are added up in float32
        and rounded once.

    Raises
    ------
    ValueError
        The window is longer than the images, the rank is not 4, a window steps over images or channels, or the padding
        or data format is unknown.
    TypeError
        The dtype is not floating.
    InvalidArgumentError
        In the run: shapes that were unknown before do not fit.
    """
    attrs = {"ksize": four(ksize, data_format), "strides": four(strides, data_format)}
    with scope(name, "AvgPool", value if input is None else input) as full:
        images = convert_to_tensor(value if input is None else input, name="value")
        return apply(
            "AvgPool", images, name=full, **attrs, padding=padding.upper().encode(), data_format=data_format.encode()
        )


def max_pool1d(
    input: TensorLike,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NWC",
    name: str | None = None,
) -> Tensor:
    """The greatest of each window of rows; see `max_pool`.

    Parameters
    ----------
    input : TensorLike
        Of rank 3: batch, width, channels, or as ``data_format`` says.
    ksize, strides : int, or sequence of 1 or 3 int
        The length of a window, and how far windows are apart.
    padding : {"SAME", "VALID"}
    data_format : {"NWC", "NCW"}
    name : str, optional
        ``MaxPool1d`` by default.

    Returns
    -------
    Tensor
        Of rank 3.

    Raises
    ------
    ValueError
        The format is unknown, or as for `max_pool`.
    """
    return _pooled_rows(max_pool, "MaxPool1d", input, (ksize, strides), padding, data_format, name)


def avg_pool1d(
    input: TensorLike,
    ksize: int | Sequence[int],
    strides: int | Sequence[int],
    padding: str,
    data_format: str = "NWC",
    name: str | None = None,
) -> Tensor:
    """The mean of each window of rows; see `avg_pool`.

    Parameters
    ----------
    input : TensorLike
        Of rank 3: batch, width, channels, or as ``data_format`` says.
    ksize, strides : int, or sequence of 1 or 3 int
        The length of a window, and how far windows are apart.
    padding : {"SAME", "VALID"}
    data_format : {"NWC", "NCW"}
    name : str, optional
        ``AvgPool1D`` by default.

    Returns
    -------
    Tensor
        Of rank 3.

    Raises
    ------
    ValueError
        The format is unknown, or as for `avg_pool`.
    """
    return _pooled_rows(avg_pool, "AvgPool1D", input, (ksize, strides), padding, data_format, name)


def _pooled_rows(
    pool: Callable[..., Tensor],
    default: str,
    rows: TensorLike,
    sizes: tuple[int | Sequence[int], int | Sequence[int]],
    padding: str,
    data_format: str,
    name: str | None,
) -> Tensor:
    if data_format not in ("NWC", "NCW"):
        raise ValueError(f"The data_format of a pool of rows is 'NWC' or 'NCW', not {data_format!r}.")
    is_second = data_format == "NCW"
    axis = 2 if is_second else 1
    with scope(name, default, rows) as full:
        lengths = (int(np.ravel(one)[axis if np.size(one) == 3 else 0]) for one in sizes)
        window, step = ((1, length) for length in lengths)
        images = apply("ExpandDims", convert_to_tensor(rows, name="input"), axis)
        found = pool(images, window, step, padding, "NCHW" if is_second else "NHWC", name=full)
        return apply("Squeeze", found, squeeze_dims=[axis])

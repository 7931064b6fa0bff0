"""Indices between brackets: ``tensor[1:, ..., index]`` and ``tensor[mask]``."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from types import EllipsisType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import constant_node, convert_to_tensor, graph_of, is_tensor
from hdfsaver.shapes import Dimension

Index: TypeAlias = "TensorLike | slice[Any, Any, Any] | EllipsisType | None"
"""An index between brackets; a tuple has several of them."""

INDEX_ERROR = (
    "Indices are integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and single int16, int32 or int64 "
    "tensors; or one mask of bool"
)
"""The beginning of the message for anything that is not an index."""

mask_functions: list[Callable[[Tensor, TensorLike], Tensor]] = []
"""The function that takes values by a mask; `hdfsaver.ops`, which imports this module, puts it here."""

_INDEX_DTYPES = frozenset({"int16", "int32", "int64"})


def getitem(value: TensorLike, key: Index | tuple[Index, ...]) -> Tensor:
    """``value[key]`` for integers, slices, ``...`` and ``tf.newaxis``, or for a mask of bool.

    Integers may be tensors.

    Raises
    ------
    TypeError
        An index is something else, such as a float or a list of indices: `tf.gather` takes those.
    """
    tensor = convert_to_tensor(value)
    if _is_mask(key):
        return mask_functions[0](tensor, key)  # type: ignore[arg-type]  # a mask is not a tuple
    items = key if isinstance(key, list | tuple) else [key]
    parts = [_part(item) for item in items]
    masks = {
        name: sum(1 << place for place, part in enumerate(parts) if name in part.masks)
        for name in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    }
    graph = graph_of([tensor, *(bound for part in parts for bound in part[:3])])
    with graph.as_default(), graph.name_scope("strided_slice") as scope:
        bounds = _bounds([part[:3] for part in parts])
        return apply("StridedSlice", tensor, *bounds, name=scope, **masks)


def _is_mask(key: Any) -> bool:
    if isinstance(key, bool):
        return True
    if is_tensor(key):
        return bool(key.dtype.base_dtype.is_bool)
    return isinstance(key, np.ndarray) and key.dtype == np.bool_


class _Part(NamedTuple):
    """The bounds and masks of one index."""

    begin: Any
    end: Any
    stride: Any
    masks: tuple[str, ...]


def _part(item: Any) -> _Part:
    if item is Ellipsis:
        return _Part(0, 0, 1, ("ellipsis_mask",))
    if item is None:
        return _Part(0, 0, 1, ("new_axis_mask",))
    if isinstance(item, slice):
        return _range(item)
    _check(item)
    # Nothing reads the end of a dimension that is dropped, but TensorFlow's graphs have it there.
    wide = item.dtype.base_dtype.name if is_tensor(item) else "int32"
    one = 1 if wide == "int32" else _constant(1, wide)
    return _Part(item, item + 1, one, ("shrink_axis_mask",))


def _range(item: slice[Any, Any, Any]) -> _Part:
    bounds = [None if _is_unknown(bound) else bound for bound in (item.start, item.stop, item.step)]
    for bound in bounds:
        if bound is not None:
            _check(bound)
    found = {bound.dtype.base_dtype.name for bound in bounds if is_tensor(bound)}
    dtype = next((name for name in ("int64", "int32", "int16") if name in found), None)
    masks = [name for name, bound in zip(("begin_mask", "end_mask"), bounds, strict=False) if bound is None]
    for place, default in enumerate((0, 0, 1)):
        if bounds[place] is None:
            bounds[place] = default if dtype is None else _constant(default, dtype)
    return _Part(bounds[0], bounds[1], bounds[2], tuple(masks))


def _is_unknown(bound: Any) -> bool:
    return isinstance(bound, Dimension) and bound.value is None


def _check(item: Any) -> None:
    """Raise `TypeError` unless it is a single integer."""
    if isinstance(item, numbers.Integral | Dimension):
        return
    dtype = getattr(item, "dtype", None)
    if dtype is not None and dtypes.as_dtype(dtype).base_dtype.name in _INDEX_DTYPES and not _is_vector(item):
        return
    raise TypeError(f"{INDEX_ERROR}, not {item!r}. tf.gather and tf.gather_nd take lists of indices.")


def _is_vector(item: Any) -> bool:
    shape = item.shape
    return bool(shape) and len(shape) == 1


def _constant(value: int, dtype: str) -> Tensor:
    return constant_node(np.array(value, dtypes.numpy_dtype(dtype)), dtype, "Const")


def _bounds(parts: list[Any]) -> list[Tensor]:
    """The vectors of begin, end and strides, of one dtype."""
    if not parts:
        empty = constant_node(np.empty(0, np.int32), "int32", "Const")
        return [empty] * 3
    columns = [convert_to_tensor(list(column), name="stack") for column in zip(*parts, strict=True)]
    if not any(column.dtype is dtypes.int64 for column in columns):
        return columns
    return [column if column.dtype is dtypes.int64 else apply("Cast", column, DstT="int64") for column in columns]

"""The shapes and values that `Dataset.padded_batch` fills elements up to, and with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.datasets import element_structures as structure
from hdfsaver.datasets.element_structures import Leaf
from hdfsaver.graph.composite_tensors import value_as_shape
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.shapes import Shape


class Padding(NamedTuple):
    """For each component of an element.

    Attributes
    ----------
    shapes : list of Tensor
        -1 for the size of the largest.
    values : list of Tensor
    known : list of tuple or None
        The shapes as far as they are known before a run.
    """

    shapes: list[Tensor]
    values: list[Tensor]
    known: list[Shape]


def padding_of(leaves: Any, padded_shapes: Any, padding_values: Any) -> Padding:
    """The shapes and values as tensors.

    Parameters
    ----------
    leaves : object
        The structure of elements.
    padded_shapes, padding_values : object or None
        As a program gives them.

    Returns
    -------
    Padding

    Raises
    ------
    TypeError
        A component is a sparse tensor, or a value is of another dtype.
    ValueError
        A shape is not known, or does not fit.
    """
    flat: list[Leaf] = structure.flat(leaves)
    if any(leaf.is_sparse or leaf.inner is not None for leaf in flat):
        raise TypeError("`padded_batch` is only supported for datasets that produce tensors.")
    if padded_shapes is None:
        if any(leaf.shape is None for leaf in flat):
            raise ValueError("A `padded_shapes` argument is needed where the rank of a component is unknown.")
        given: list[Any] = [leaf.shape for leaf in flat]
    else:
        given = _like(leaves, padded_shapes)
    values = [None] * len(flat) if padding_values is None else _values_like(leaves, padding_values)
    made, known = zip(*(_shape(leaf, shape) for leaf, shape in zip(flat, given, strict=True)), strict=True)
    return Padding(list(made), [_value(leaf, value) for leaf, value in zip(flat, values, strict=True)], list(known))


def _like(leaves: Any, given: Any) -> list[Any]:
    """Shapes in the order of the leaves: one shape is a list or a tuple where a leaf is."""
    if isinstance(leaves, Mapping):
        return [shape for key in sorted(leaves) for shape in _like(leaves[key], given[key])]
    if isinstance(leaves, tuple):
        if len(leaves) != len(given):
            raise ValueError(f"The structure of padded_shapes, {given!r}, is not that of the elements.")
        return [shape for leaf, item in zip(leaves, given, strict=True) for shape in _like(leaf, item)]
    return [given]


def _values_like(leaves: Any, given: Any) -> list[Any]:
    if structure.is_structure(leaves) and not structure.is_structure(given):
        return [given] * len(structure.flat(leaves))
    return _like(leaves, given)


def _shape(leaf: Leaf, given: Any) -> tuple[Tensor, Shape]:
    if is_tensor(given):
        tensor = convert_to_tensor(given, dtypes.int64)
        known = value_as_shape(tensor).plain
    else:
        plain = tuple(None if size is not None and size == -1 else size for size in _sizes(given))
        known = shapes.as_shape(plain)
        array = np.array([-1 if size is None else size for size in known or ()], np.int64)
        tensor = convert_to_tensor(array, name="padded_shape")
    if known is not None and leaf.shape is not None:
        _check_fits(leaf.shape, known)
    return tensor, known


def _sizes(given: Any) -> tuple[Any, ...]:
    found = shapes.as_shape(given) if not isinstance(given, list | tuple | np.ndarray) else tuple(given)
    if found is None:
        raise ValueError(f"The padded shape {given!r} has no known rank.")
    return tuple(found)


def _check_fits(found: tuple[int | None, ...], wanted: tuple[int | None, ...]) -> None:
    fits = len(found) == len(wanted) and all(
        size is None or limit is None or size <= limit for size, limit in zip(found, wanted, strict=True)
    )
    if not fits:
        raise ValueError(
            f"The padded shape {shapes.text(wanted)} is not compatible with the shape {shapes.text(found)} of the "
            "corresponding input component."
        )


def _value(leaf: Leaf, given: Any) -> Tensor:
    if given is None:
        given = "" if leaf.dtype == "string" else np.zeros((), dtypes.numpy_dtype(leaf.dtype))
    tensor = convert_to_tensor(given, name="padding_value")
    if tensor.dtype.name != leaf.dtype:
        raise TypeError(f"Padding value of dtype {tensor.dtype.name} for a component of dtype {leaf.dtype}.")
    if tensor.shape.plain not in ((), None):
        raise ValueError(f"Padding value should be a scalar, but its shape is {tensor.shape}.")
    return tensor

"""Change parts of a variable: rows by their numbers, or slices by vectors of indices.

A value is replaced only when all of an operation has worked: an index out of range changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import INDICES, NUMBERS, QUANTIZED, Kernel, Node, register
from hdfsaver.graph.tensor import SupportsTensor, Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import (
    Flat,
    KernelState,
    at_least,
    check_updates,
    invalid,
    shape_of,
    truncated_quotient,
    vector_places,
)
from hdfsaver.ops.memory import own
from hdfsaver.ops.variable_values import current, of_handle
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array

_ORDERED = frozenset({"float16", "bfloat16", "float32", "float64", "int32", "int64"})
"""The dtypes of which TensorFlow scatters minima and maxima of rows."""


def _replace(value: Array, places: Any, updates: Array) -> None:
    value[places] = updates


def _divide(value: Array, places: Any, updates: Array) -> None:
    """Divide in place; integers towards zero, one after the other where a place is given several times."""
    if value.dtype.kind not in "iu":
        np.divide.at(value, places, updates)
        return
    if not np.all(updates):
        raise invalid("Integer division by zero.")
    rows = np.reshape(np.arange(value.size), value.shape)[places]
    flat = value.reshape(-1)
    for row, update in zip(rows.reshape(-1), np.broadcast_to(updates, rows.shape).reshape(-1), strict=True):
        flat[row] = truncated_quotient(flat[row], update)


class _Scatter(Flat):
    """Change the rows of a variable at given indices."""

    signature = "ref: Ref(T), indices: Tindices, updates: T -> output_ref: Ref(T)"
    types = {"T": NUMBERS, "Tindices": INDICES}
    further_types = {"T": QUANTIZED}
    attrs = {"use_locking": False}
    stateful = True
    change: ClassVar[Any]
    """Writes on the first array, at the places of the second, with the values of the third."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of ref."""
        ref, indices, updates = node.input_shapes
        if ref is not None and indices is not None and updates != ():
            shapes.merge(updates, indices + ref[1:])
        return [ref]

    def kernel(self, node: Node) -> Kernel:
        change = type(self).change

        def scatter(state: KernelState, ref: str, indices: Array, updates: Array) -> str:
            value = current(state, ref, node)
            rows = _rows(np.asarray(indices), value, np.shape(updates))
            changed = value.copy()
            with np.errstate(all="ignore"):
                change(changed, rows, updates)
            state.variables[ref] = own(changed)
            return ref

        return scatter


def _rows(indices: Array, value: Array, updates: tuple[int, ...]) -> Array:
    """The numbers of rows, after a look at what they are used with."""
    if not value.ndim:
        raise invalid("A variable without dimensions has no rows.")
    if updates not in ((), indices.shape + value.shape[1:]):
        raise invalid(
            "Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape "
            f"{shape_text(updates)}, indices.shape {shape_text(indices.shape)}, params.shape {shape_text(value.shape)}."
        )
    wrong = (indices < 0) | (indices >= len(value))
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        where = ",".join(map(str, place))
        raise invalid(f"indices[{where}] = {indices[place]} is not in [0, {len(value)}).")
    return indices


@register
class ScatterUpdate(_Scatter):
    """Replace rows of a variable; of a row that is given twice the last one stays."""

    type = "ScatterUpdate"
    types = {"Tindices": INDICES}
    further_types = {}
    attrs = {"use_locking": True}
    change = staticmethod(_replace)


@register
class ScatterAdd(_Scatter):
    """Add to rows of a variable; a row that is given twice is added to twice."""

    type = "ScatterAdd"
    change = staticmethod(np.add.at)


@register
class ScatterSub(_Scatter):
    """Subtract from rows of a variable; a row that is given twice is subtracted from twice."""

    type = "ScatterSub"
    change = staticmethod(np.subtract.at)


@register
class ScatterMul(_Scatter):
    """Multiply rows of a variable; a row that is given twice is multiplied twice."""

    type = "ScatterMul"
    change = staticmethod(np.multiply.at)


@register
class ScatterDiv(_Scatter):
    """Divide rows of a variable, integers towards zero; a row that is given twice is divided twice."""

    type = "ScatterDiv"
    change = staticmethod(_divide)


@register
class ScatterMin(_Scatter):
    """Replace rows of a variable by the minimum of them and the updates."""

    type = "ScatterMin"
    types = {"T": _ORDERED, "Tindices": INDICES}
    further_types = {}
    change = staticmethod(np.minimum.at)


@register
class ScatterMax(_Scatter):
    """Replace rows of a variable by the maximum of them and the updates."""

    type = "ScatterMax"
    types = {"T": _ORDERED, "Tindices": INDICES}
    further_types = {}
    change = staticmethod(np.maximum.at)


class _ScatterNd(_Scatter):
    """Change the slices of a variable at given vectors of indices."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of ref."""
        ref, indices, updates = (at_least(shape, 1) for shape in node.input_shapes)
        check_updates(indices, updates, ref)
        return [ref]

    def kernel(self, node: Node) -> Kernel:
        change = type(self).change

        def scatter(state: KernelState, ref: str, indices: Array, updates: Array) -> str:
            value = current(state, ref, node)
            places = vector_places(np.asarray(indices), value.shape)
            if not places:
                raise invalid("Vectors of indices without a number name no slice of a variable.")
            wanted = (*np.shape(indices)[:-1], *value.shape[len(places) :])
            if np.shape(updates) != wanted:
                raise invalid(f"Updates must have shape {shape_text(wanted)}, not {shape_text(np.shape(updates))}.")
            changed = value.copy()
            with np.errstate(all="ignore"):
                change(changed, (*places, ...), updates)
            state.variables[ref] = own(changed)
            return ref

        return scatter


@register
class ScatterNdUpdate(_ScatterNd):
    """Replace slices of a variable; of one that is given twice the last one stays."""

    type = "ScatterNdUpdate"
    types = {"Tindices": INDICES}
    further_types = {}
    attrs = {"use_locking": True}
    change = staticmethod(_replace)


@register
class ScatterNdAdd(_ScatterNd):
    """Add to slices of a variable; one that is given twice is added to twice."""

    type = "ScatterNdAdd"
    change = staticmethod(np.add.at)


@register
class ScatterNdSub(_ScatterNd):
    """Subtract from slices of a variable; one that is given twice is subtracted from twice."""

    type = "ScatterNdSub"
    change = staticmethod(np.subtract.at)


@register
class ScatterNdMin(_ScatterNd):
    """Replace slices of a variable by the minimum of them and the updates."""

    type = "ScatterNdMin"
    change = staticmethod(np.minimum.at)


@register
class ScatterNdMax(_ScatterNd):
    """Replace slices of a variable by the maximum of them and the updates."""

    type = "ScatterNdMax"
    change = staticmethod(np.maximum.at)


def scatter_update(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = True, name: str | None = None
) -> Tensor:
    """Replace rows of a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of any dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. Of a row that is given twice the last update stays.
    updates : TensorLike
        Of the variable's dtype, and of shape ``indices.shape + ref.shape[1:]`` or a scalar.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterUpdate", indices, updates, name)
    return apply("ScatterUpdate", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_add(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Add to rows of a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. A row that is given twice is added to twice.
    updates : TensorLike
        Of the variable's dtype, and of shape ``indices.shape + ref.shape[1:]`` or a scalar.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterAdd", indices, updates, name)
    return apply("ScatterAdd", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_sub(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Subtract from rows of a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. A row that is given twice is subtracted from twice.
    updates : TensorLike
        Of the variable's dtype, and of shape ``indices.shape + ref.shape[1:]`` or a scalar.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterSub", indices, updates, name)
    return apply("ScatterSub", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_mul(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Multiply rows of a variable.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. A row that is given twice is multiplied twice.
    updates : TensorLike
        Of the variable's dtype, and of shape ``indices.shape + ref.shape[1:]`` or a scalar.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterMul", indices, updates, name)
    return apply("ScatterMul", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_div(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Divide rows of a variable, integers towards zero.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. A row that is given twice is divided twice.
    updates : TensorLike
        Of the variable's dtype, and of shape ``indices.shape + ref.shape[1:]`` or a scalar.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit, or an integer is
        divided by zero.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterDiv", indices, updates, name)
    return apply("ScatterDiv", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_min(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Replace rows of a variable by the minimum of them and the updates.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a float, int32 or int64 dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. A row may be given twice.
    updates : TensorLike
        Of the variable's dtype, and of shape ``indices.shape + ref.shape[1:]`` or a scalar.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterMin", indices, updates, name)
    return apply("ScatterMin", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_max(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Replace rows of a variable by the maximum of them and the updates.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a float, int32 or int64 dtype, shape (rows, ...), or a reference to one.
    indices : TensorLike
        The numbers of the rows, int32 or int64, of any shape. A row may be given twice.
    updates : TensorLike
        Of the variable's dtype, and of shape ``indices.shape + ref.shape[1:]`` or a scalar.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is not in [0, rows), or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterMax", indices, updates, name)
    return apply("ScatterMax", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_nd_update(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = True, name: str | None = None
) -> Tensor:
    """Replace slices of a variable, which vectors of indices name.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of any dtype and rank 1 or more, or a reference to one.
    indices : TensorLike
        int32 or int64, of rank 1 or more. The last dimension holds vectors of indices for the first dimensions of the
        variable. Of a slice that is given twice the last update stays.
    updates : TensorLike
        Of the variable's dtype and of shape ``indices.shape[:-1] + ref.shape[indices.shape[-1]:]``.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is out of range, or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterNdUpdate", indices, updates, name)
    return apply("ScatterNdUpdate", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_nd_add(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Add to slices of a variable, which vectors of indices name.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype and rank 1 or more, or a reference to one.
    indices : TensorLike
        int32 or int64, of rank 1 or more. The last dimension holds vectors of indices for the first dimensions of the
        variable. A slice that is given twice is added to twice.
    updates : TensorLike
        Of the variable's dtype and of shape ``indices.shape[:-1] + ref.shape[indices.shape[-1]:]``.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is out of range, or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterNdAdd", indices, updates, name)
    return apply("ScatterNdAdd", ref, indices, updates, name=name, use_locking=use_locking)


def scatter_nd_sub(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = False, name: str | None = None
) -> Tensor:
    """Subtract from slices of a variable, which vectors of indices name.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of a numeric dtype and rank 1 or more, or a reference to one.
    indices : TensorLike
        int32 or int64, of rank 1 or more. The last dimension holds vectors of indices for the first dimensions of the
        variable. A slice that is given twice is subtracted from
        twice.
    updates : TensorLike
        Of the variable's dtype and of shape ``indices.shape[:-1] + ref.shape[indices.shape[-1]:]``.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    TypeError
        ``ref`` is not a variable, the indices are not integers, or a dtype is another.
    ValueError
        The shapes do not fit.
    FailedPreconditionError
        In the run: the variable has no value yet.
    InvalidArgumentError
        In the run: an index is out of range, or shapes that were unknown before do not fit.
    """
    if (variable := of_handle(ref)) is not None:
        return variable.scattered("ResourceScatterNdSub", indices, updates, name)
    return apply("ScatterNdSub", ref, indices, updates, name=name, use_locking=use_locking)


def batch_scatter_update(
    ref: SupportsTensor, indices: TensorLike, updates: TensorLike, use_locking: bool = True, name: str | None = None
) -> Tensor:
    """Replace slices of a variable by indices into its last indexed dimension, the dimensions before being batches.

    Parameters
    ----------
    ref : Variable or Tensor
        A variable of any dtype, or a reference to one.
    indices : TensorLike
        int32 or int64, of known rank: element ``[i, j]`` is an index into ``ref[i]``.
    updates : TensorLike
        Of the variable's dtype and of shape ``indices.shape + ref.shape[indices.rank:]``.
    use_locking : bool
        Accepted for programs that give it: assignments of a session never overlap.
    name : str, optional
        The name scope of the new operations.

    Returns
    -------
    Tensor
        A reference to the variable, with the new value.

    Raises
    ------
    ValueError
        The rank of the indices is unknown, or the shapes do not fit.
    InvalidArgumentError
        In the run: an index is out of range, or shapes that were unknown before do not fit.
    """
    graph = ref.graph
    with graph.as_default(), graph.name_scope(name) if name else nullcontext():
        places = convert_to_tensor(indices, name="indices")
        rank = places.shape.rank
        if rank is None:
            raise ValueError("batch_scatter_update needs indices of a known rank; give it with set_shape.")
        sizes = shape_of(places, "Shape")
        vectors = apply("ExpandDims", places, -1)
        columns = [_numbers_along(axis, sizes, vectors) for axis in range(rank - 1)]
        full = apply("ConcatV2", [*columns, vectors], -1, name="concat")
        return scatter_nd_update(ref, full, updates, use_locking)


def _numbers_along(axis: int, sizes: Tensor, like: Tensor) -> Tensor:
    """The index along a dimension, for each element of a tensor."""
    rank, size, dtype = like.shape.rank or 0, sizes[axis], like.dtype.base_dtype.name
    spread = apply("Reshape", apply("Range", 0, size, 1), [size if dim == axis else 1 for dim in range(rank)])
    if dtype != "int32":
        spread = apply("Cast", spread, DstT=dtype)
    return apply("Mul", spread, apply("OnesLike", like), name="mul")

"""How an optimizer's step becomes operations: on whole variables or rows of them, by reference or behind a handle.

A rule is written once, for arrays. Its four operations differ in what they take: ``Apply...`` takes references,
``ResourceApply...`` handles, and with ``Sparse`` the gradient is that of the rows whose numbers are in ``indices``.
Values are replaced, all of them or none, and never written on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.definition import COMPLEX, FLOATS, INDICES, NUMBERS, QUANTIZED, Kernel, Node
from hdfsaver.ops.base import Flat, KernelState, invalid, with_rank
from hdfsaver.ops.memory import own
from hdfsaver.ops.variable_values import current, variable_behind
from hdfsaver.schema import AttrValue
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array

Step = Callable[..., Sequence[Array]]
"""The new values of the variables, given their values and then the other inputs but ``indices``."""

_GRADIENTS = ("grad", "delta")


class Rule(Flat):
    """A step of an optimizer. A subclass names the inputs; one with a ``type`` is an operation."""

    kept: ClassVar[str]
    """The names of the variables, the trained one first."""

    numbers: ClassVar[str]
    """The names of the other inputs; all but the gradient are scalars."""

    options: ClassVar[Mapping[str, AttrValue]] = {}
    """Attributes of the rule."""

    by_handle: ClassVar[bool] = False
    is_sparse: ClassVar[bool] = False
    stateful = True
    types = {"T": FLOATS | COMPLEX, "Tindices": INDICES}
    further_types = {"T": NUMBERS | QUANTIZED}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "type" not in vars(cls):
            return
        kind = "resource" if cls.by_handle else "Ref(T)"
        inputs = [f"{name}: {kind}" for name in cls.kept.split()]
        for name in cls._other_inputs():
            dtype = {"indices": "Tindices", "global_step": "int64"}.get(name, "T")
            inputs.append(f"{name}: {dtype}")
        cls.signature = f"{', '.join(inputs)} ->{'' if cls.by_handle else ' out: Ref(T)'}"
        cls.attrs = {"use_locking": False, **cls.options}
        names = ("T", "Tindices") if cls.is_sparse else ("T",)
        cls.types = {name: cls.types[name] for name in names}

    @classmethod
    def _other_inputs(cls) -> list[str]:
        names: list[str] = []
        for name in cls.numbers.split():
            if not cls.is_sparse:
                names.append(name)
            else:  # the one rule that calls it delta calls that of rows grad
                names += ["grad", "indices"] if name in _GRADIENTS else [name]
        return names

    def step(self, node: Node) -> Step:
        """The rule as a function of arrays."""
        raise NotImplementedError(f"{self.type} has no rule.")

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of var, which all variables share; grad has it too, or that of rows of it."""
        count, names = len(self.kept.split()), self._other_inputs()
        var: Shape = None
        for position in range(count):
            var = shapes.merge(var, self._variable_shape(node, position))
        given = dict(zip(names, node.input_shapes[count:], strict=True))
        for name, shape in given.items():
            if name not in (*_GRADIENTS, "indices"):
                with_rank(shape, 0)
        grad = given["delta" if "delta" in given else "grad"]
        if not self.is_sparse:
            var = shapes.merge(var, grad)
        elif with_rank(given["indices"], 1) is not None and var is not None:
            shapes.merge(grad, (*(given["indices"] or ()), *var[1:]))
        return [] if self.by_handle else [var]

    def _variable_shape(self, node: Node, position: int) -> Shape:
        if not self.by_handle:
            return node.input_shapes[position]
        found = variable_behind(node, position)
        return None if found is None else found.attrs["shape"]

    def kernel(self, node: Node) -> Kernel:
        count, names = len(self.kept.split()), self._other_inputs()
        step, gradient = self.step(node), names.index("delta" if "delta" in names else "grad")
        rows = names.index("indices") if self.is_sparse else None

        def update(state: KernelState, *inputs: Any) -> Any:
            keys, given = inputs[:count], list(inputs[count:])
            values = [current(state, key, node) for key in keys]
            indices = None if rows is None else given.pop(rows)
            if indices is not None or not _fit(values, given, gradient):
                _check(node, keys, values, given, gradient, indices)
            changed = step(*values, *given) if indices is None else _on_rows(step, values, given, gradient, indices)
            owned = [own(value) for value in changed]
            state.variables.update(zip(keys, owned, strict=True))
            return () if self.by_handle else keys[0]

        return update


_WHOLE = 1 << 17
"""Up to how many elements arrays are computed in one piece, which the processor's cache holds."""

_PIECE = 1 << 15


def pieces(*arrays: Array) -> Iterator[Sequence[Array]]:
    """Arrays of one shape in pieces that fit into the processor's cache, so that each is fetched from memory once.

    Parameters
    ----------
    *arrays : ndarray
        Those that are written on must be contiguous.

    Yields
    ------
    sequence of ndarray
        The same part of each array.
    """
    size = arrays[0].size
    if size <= _WHOLE:
        yield arrays
        return
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, size, _PIECE):
        yield [array[start : start + _PIECE] for array in flat]


def shrunk(var: Array, rate: Array, l1: Array, l2: Array) -> Array:
    """Values moved towards zero, those near it onto it, as two penalties ask for after a step.

    Parameters
    ----------
    var : ndarray
        The values after the step.
    rate : ndarray
        The rate of the step, one for all or for each element.
    l1, l2 : ndarray
        The penalties, scalars.

    Returns
    -------
    ndarray
    """
    if l1 > 0:
        var = np.sign(var) * np.maximum(np.abs(var) - rate * l1, 0)
    found: Array = var / (1 + l2 * rate)
    return found


def _fit(values: Sequence[Array], given: Sequence[Array], gradient: int) -> bool:
    """Whether whole variables, their gradient and scalars have shapes that fit each other."""
    shape = values[0].shape
    rank = len(shape)
    for value in values:
        if value.shape != shape:
            return False
    for value in given:
        rank -= value.ndim
    return rank == 0 and given[gradient].shape == shape


def _check(
    node: Node, keys: Sequence[str], values: Sequence[Array], given: Sequence[Array], gradient: int, indices: Any
) -> None:
    """Raise `InvalidArgumentError` where shapes that were not known before do not fit each other."""
    var = values[0]
    for key, value in zip(keys, values, strict=True):
        if value.shape != var.shape:
            raise invalid(
                f"{node.name!r} needs variables of one shape: {keys[0]!r} has {shape_text(var.shape)}, {key!r} "
                f"{shape_text(value.shape)}."
            )
    for position, value in enumerate(given):
        if position != gradient and np.ndim(value):
            raise invalid(f"{node.name!r} needs scalars beside the gradient, not shape {shape_text(np.shape(value))}.")
    wanted = var.shape
    if indices is not None:
        if not var.ndim or np.ndim(indices) != 1:
            raise invalid(f"{node.name!r} needs a variable with rows and a vector of their numbers.")
        wanted = (len(indices), *var.shape[1:])
        wrong = np.flatnonzero((indices < 0) | (indices >= len(var)))
        if wrong.size:
            raise invalid(f"indices[{wrong[0]}] = {indices[wrong[0]]} is not in [0, {len(var)}).")
    found = np.shape(given[gradient])
    if found != wanted:
        raise invalid(
            f"{node.name!r} needs a gradient of shape {shape_text(wanted)} for variable {keys[0]!r}, not "
            f"{shape_text(found)}."
        )


def _on_rows(
    step: Step, values: Sequence[Array], given: Sequence[Array], gradient: int, indices: Array
) -> Sequence[Array]:
    """The values with some rows changed; a row that is given twice is changed twice, one change after the other."""
    changed = [value.copy() for value in values]
    before, slopes, after = given[:gradient], given[gradient], given[gradient + 1 :]
    once = len(np.unique(indices)) == len(indices)
    groups = [slice(None)] if once else [slice(number, number + 1) for number in range(len(indices))]
    for group in groups:
        rows = indices[group]
        for value, new in zip(
            changed, step(*[value[rows] for value in changed], *before, slopes[group], *after), strict=True
        ):
            value[rows] = new
    return changed

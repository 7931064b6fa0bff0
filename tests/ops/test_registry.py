"""A walk through all operations: what is inferred agrees with what is computed, however much is known beforehand.

The calls are those of the programs, calls and cases of these tests, noted while they run; each operation is then built
alone, with inputs that the graph knows wholly, in part, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver import dtypes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import ALL, QUANTIZED, Kernel, Node, OpDef, lookup, registered
from hdfsaver.graph.graph import Graph
from hdfsaver.ops.base import Binary, Unary
from hdfsaver.ops.control_flow import Chooser
from hdfsaver.session import numpy_engine
from hdfsaver.testing import check_derivative
from tests.ops.kernels import run_everything
from tests.ops.test_derivatives import has_own_gradient
from tests.ops.test_memory import NOT_RUN

MOST_CALLS = 2
"""So many calls of each operation are looked at, which differ in dtypes, shapes or attributes."""


class Call(NamedTuple):
    """An operation with the values that it was given."""

    attrs: Mapping[str, Any]
    dtypes: tuple[str, ...]
    values: tuple[Any, ...]


Calls = dict[str, dict[Any, Call]]


class _Noting:
    """A definition whose kernels note what they are called with."""

    def __init__(self, definition: OpDef, calls: Calls) -> None:
        self.definition = definition
        self.stateful = definition.stateful
        self.calls = calls.setdefault(definition.type, {})

    def kernel(self, node: Node) -> Kernel:
        kernel = self.definition.kernel(node)
        if isinstance(kernel, Chooser) or len(self.calls) >= MOST_CALLS:
            return kernel
        known = self.definition.attr_defs.by_name
        attrs = {name: value for name, value in node.attrs.items() if name in known}  # without colocations
        return partial(self._call, kernel, attrs, tuple(node.input_dtypes))

    def _call(self, kernel: Kernel, attrs: dict[str, Any], names: tuple[str, ...], *inputs: Any) -> Any:
        values = inputs[1:] if self.stateful else inputs
        key = (names, *map(np.shape, values), str(sorted(attrs.items(), key=str)))
        self.calls[key] = Call(attrs, names, tuple(np.copy(value) if is_plain(value) else value for value in values))
        return kernel(*inputs)


def is_plain(value: Any) -> bool:
    """Whether a value is an array, which can be fed."""
    return isinstance(value, np.ndarray | np.generic)


@pytest.fixture(scope="module")
def calls() -> Calls:
    """Up to two calls of each operation."""
    found: Calls = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_engine, "find", lambda op_type: _Noting(lookup(op_type), found))
        run_everything()
    return found


# Functions of Python end with the program that made them (`test_python_functions.py`); a branch gives one side only.
NOT_ALONE = {"PyFunc", "PyFuncStateless", "Switch"}


def is_alone(op_type: str, call: Call) -> bool:
    """Whether an operation can be built and run without others: it is given arrays, and not variables or handles."""
    special = ("resource", "variant")
    return (
        op_type not in NOT_ALONE
        and all(is_plain(value) for value in call.values)
        and not any(name.endswith("_ref") or name in special for name in call.dtypes)
        and not any(argument.is_ref or argument.dtype in special for argument in lookup(op_type).parsed.outputs)
    )


def known_wholly(value: Any, dtype: str) -> Any:
    """A constant where it is a few integers, such as axes and sizes; otherwise a tensor of a known shape."""
    value = np.asarray(value)
    if dtype in ("int32", "int64") and value.size <= 8:
        return tf.constant(value, dtype)
    return tf.placeholder_with_default(value, value.shape)


def known_in_part(value: Any, dtype: str) -> Any:
    """A tensor of a known rank."""
    return tf.placeholder_with_default(np.asarray(value), [None] * np.ndim(value))


def unknown(value: Any, dtype: str) -> Any:
    """A tensor of which only the dtype is known."""
    return tf.placeholder_with_default(np.asarray(value), None)


LEVELS: dict[str, Callable[[Any, str], Any]] = {"known": known_wholly, "in part": known_in_part, "unknown": unknown}

# How many there are, or the shape, depends on values; or a graph may say less than it knows.
BY_VALUES = {"BroadcastGradientArgs", "FusedBatchNormV3", "ListDiff", "PlaceholderWithDefault", "Range", "Where"}
SPARSE = ("SparseAdd", "SparseConcat", "SparseFill", "SparseSlice", "SparseSparse", "SparseSplit", "SparseSegment")
OF_SETS = ("DenseToDenseSet", "DenseToSparseSet", "SparseToSparseSet", "SetSize")
STARTS = (
    *SPARSE,
    *OF_SETS,
    "CTCBeam",
    "CTCGreedy",
    "CombinedNonMaxSuppression",
    "DynamicPartition",
    "NonMaxSuppression",
    "Segment",
    "StringNGrams",
    "StringSplit",
    "Unique",
)
BY_VALUES |= {op_type for op_type in registered() if op_type.startswith(STARTS)}


def built(op_type: str, call: Call, make: Callable[[Any, str], Any]) -> list[Any]:
    """The outputs of the operation, given tensors that are made of the values."""
    made = [(make(value, name), name) for value, name in zip(call.values, call.dtypes, strict=True)]
    # Arrays of quantized dtypes are of plain integers.
    tensors = iter([tf.bitcast(tensor, name) if name in QUANTIZED else tensor for tensor, name in made])
    inputs = [
        [next(tensors) for _ in argument.resolve(call.attrs)] if argument.is_list else next(tensors)
        for argument in lookup(op_type).parsed.inputs
    ]
    return list(apply_list(op_type, *inputs, **call.attrs))


def walk(calls: Calls) -> Iterator[tuple[str, Call]]:
    """All calls that can be repeated alone."""
    for op_type in sorted(calls):
        for call in calls[op_type].values():
            if is_alone(op_type, call):
                yield op_type, call


@pytest.mark.parametrize("level", LEVELS)
def test_inferred_and_computed(level: str, calls: Calls) -> None:
    """Dtypes are equal, shapes agree, and are known beforehand where all inputs are."""
    faults = []
    with Graph().as_default(), tf.Session() as sess:
        made = [(op_type, built(op_type, call, LEVELS[level])) for op_type, call in walk(calls)]
        results = sess.run([outputs for _, outputs in made])
    for (op_type, outputs), values in zip(made, results, strict=True):
        for tensor, value in zip(outputs, values, strict=True):
            found = np.dtype(object) if isinstance(value, bytes) else np.asarray(value).dtype
            is_known = tensor.shape.is_fully_defined() or op_type in BY_VALUES
            fits = tensor.shape.is_compatible_with(np.shape(value))
            if found != dtypes.numpy_dtype(tensor.dtype.name) or not fits or (level == "known" and not is_known):
                faults.append(f"{op_type}: {tensor.dtype.name} {tensor.shape}, but {found} {np.shape(value)}")
    assert not faults, "\n".join(faults)


def test_every_operation_is_walked_by(calls: Calls) -> None:
    """All operations are among the calls, but for those of `NOT_RUN`, each of which has tests elsewhere."""
    assert set(registered()) - NOT_RUN <= set(calls)
    alone = {op_type for op_type, _ in walk(calls)}
    assert len(alone) > 250


CHOOSY = [
    (op_type, position)
    for op_type in registered()
    for position, argument in enumerate(lookup(op_type).parsed.inputs)
    if argument.dtype_attr in lookup(op_type).types and not argument.is_ref
]


def test_rejected_dtypes(calls: Calls) -> None:
    """An input of a dtype that an operation does not take is a TypeError when it is built."""
    faults = []
    for op_type, position in CHOOSY:
        definition = lookup(op_type)
        call = next((call for name, call in walk({op_type: calls.get(op_type, {})})), None)
        arguments = definition.parsed.inputs
        attr = arguments[position].dtype_attr or ""
        others = sorted(ALL - definition.types[attr] - definition.further_types.get(attr, frozenset()))
        if call is None or not others or any(argument.is_list for argument in arguments):
            continue
        with Graph().as_default() as graph:
            wrong = others[len(op_type) % len(others)]
            inputs = [
                tf.placeholder(wrong if argument.dtype_attr == attr else name)
                for argument, name in zip(arguments, call.dtypes, strict=True)
            ]
            count = len(graph.digraph)
            attrs = {name: value for name, value in call.attrs.items() if name != attr}
            try:
                apply_list(op_type, *inputs, **attrs)
            except TypeError:
                if len(graph.digraph) != count:
                    faults.append(f"{op_type} left something in the graph")
            else:
                faults.append(f"{op_type} takes {wrong} for {attr}")
    assert not faults, "\n".join(faults)


# Derivatives that have none of their own for empty arrays and lengths of 1: element by element, and broadcast.
SHAPES: dict[type[OpDef], list[list[tuple[int, ...]]]] = {
    Unary: [[()], [(0, 2)], [(1, 1)]],
    Binary: [[(0, 3), (3,)], [(2, 0), (1, 1)], [(1, 1), (3,)], [(), (0,)], [(1,), ()], [(2, 1, 0), (3, 1)]],
}
DIFFERENTIABLE = [
    (op_type, kind)
    for op_type in registered()
    for kind in SHAPES
    if isinstance(lookup(op_type), kind)
    and has_own_gradient(lookup(op_type))
    and "float64" in lookup(op_type).types.get("T", ALL)
    and op_type != "Acosh"  # there are no results for the numbers below, which are less than 1
    and op_type not in ("Polygamma", "Zeta")  # there are no derivatives by their orders
]


@pytest.mark.parametrize(("op_type", "kind"), DIFFERENTIABLE)
def test_derivatives_of_little(op_type: str, kind: type[OpDef]) -> None:
    """Derivatives have the shape of their input, empty, single or broadcast, and agree with differences."""
    numbers = np.random.default_rng(5)
    for shapes in SHAPES[kind]:
        values = [numbers.uniform(0.3, 0.9, shape) for shape in shapes]
        check_derivative(lambda *xs: apply(op_type, *xs), values, static=False)


def test_many_are_differentiable() -> None:
    """The classes that the test before this one looks for are those of many operations."""
    assert len(DIFFERENTIABLE) > 40

"""Each formula gives, compiled, what NumPy's kernel of its operation gives, bit by bit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.element_loops import formulas, update_formulas
from hdfsaver.element_loops.compiling import compiled
from hdfsaver.element_loops.formulas import Formula, formula_of
from hdfsaver.element_loops.loop_text import Input, Loop, Spread, Term, gives_bool, loop_text
from hdfsaver.element_loops.update_formulas import update_formula_of
from hdfsaver.graph.apply import apply
from hdfsaver.graph.definition import Node, lookup
from hdfsaver.session.subnormals import flushed

pytest.importorskip("numba")

FLOATS = ("float32", "float64")
SPECIAL = (0.0, -0.0, 1.0, -1.0, 6.0, 0.1, 3e38, np.inf, -np.inf, np.nan)
CONDITIONS = {"condition"}


def pairs(dtype: str) -> Any:
    """All pairs of special numbers, and some random ones: more than a processor computes at once."""
    random = np.random.default_rng(0)
    if dtype.startswith("int"):
        ends = np.iinfo(dtype)
        numbers: list[Any] = [0, 1, -1, 7, ends.min, ends.max]
        others: Any = random.integers(ends.min, ends.max, (2, 64), dtype)
    else:
        tiny = float(np.finfo(dtype).tiny)
        numbers = [*SPECIAL, tiny / 4, -tiny / 8]
        others = random.normal(0, 10, (2, 200)).astype(dtype)
    return np.concatenate([np.array(list(product(numbers, repeat=2))).astype(dtype).T, others], 1)


def same_bits(first: Any, second: Any) -> bool:
    """Whether arrays have the same numbers; the bits of a NaN are not the same in NumPy's own loops."""
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    if first.dtype.kind != "f":
        return bool((first == second).all())
    is_nan = np.isnan(first) & np.isnan(second)
    return bool((is_nan | ((first == second) & (np.signbit(first) == np.signbit(second)))).all())


def computed(terms: Sequence[tuple[Formula, Sequence[Any]]]) -> list[Any]:
    """The results of formulas of arrays and numbers, all in one loop."""
    places: dict[int, int] = {}
    arrays: list[Any] = []
    inputs: list[Input] = []
    made: list[Term] = []
    outputs: list[tuple[int, str]] = []
    for formula, values in terms:
        for value in values:
            if id(value) not in places:
                places[id(value)] = len(arrays)
                spread = Spread.EACH if value.ndim else Spread.SCALAR
                inputs.append(Input(len(arrays), value.dtype.name, spread))
                arrays.append(value)
        numbers = tuple(1000 + len(outputs) + number for number in range(len(formula.results)))
        made.append(Term(formula, tuple(places[id(value)] for value in values), numbers))
        outputs += [(number, "bool" if gives_bool(formula) else formula.dtype) for number in numbers]
    text, parameters = loop_text(Loop(tuple(inputs), tuple(made), tuple(outputs)))
    results = [np.empty(arrays[0].shape, dtype) for _, dtype in outputs]
    with flushed():
        compiled(text, parameters)(*(array if array.ndim else array.item() for array in arrays), *results)
    return results


def kernel_results(op_type: str, values: Sequence[Any], **attrs: Any) -> Any:
    """What the kernel of an operation gives in a run."""
    with tf.Graph().as_default() as graph:
        given = [tf.placeholder(value.dtype, value.shape) for value in values]
        made = apply(op_type, *([given] if op_type == "AddN" else given), **attrs)
        kernel = lookup(op_type).kernel(Node.of(graph.digraph, made.op.name))
    with flushed(), np.errstate(all="ignore"):
        return np.asarray(kernel(*values))


@pytest.mark.parametrize("dtype", [*FLOATS, "int32"])
def test_operations(dtype: str) -> None:
    """Signs of zeros, infinities, NaN and subnormal numbers too; integers wrap around."""
    x, y = pairs(dtype)
    condition = x > y
    terms: list[tuple[Formula, list[Any]]] = []
    expected: dict[str, Any] = {}
    for op_type in sorted(
        {*formulas._SIMPLE, *formulas._WHOLE, *formulas._SPECIAL} - {"AddN", "BiasAdd", "BiasAddV1", "Cast"}
    ):
        formula = formula_of(op_type, {"T": dtype, "alpha": 0.2})
        if formula is None:
            continue
        values = [
            condition if name in CONDITIONS else array
            for name, array in zip(formula.arguments, _order(formula, x, y), strict=True)
        ]
        terms.append((formula, values))
        expected[op_type] = kernel_results(op_type, values)
    of_three = formula_of("AddN", {"T": dtype, "N": 3})
    assert of_three is not None
    terms.append((of_three, [x, y, x]))
    expected["AddN"] = kernel_results("AddN", [x, y, x])
    for (op_type, right), result in zip(expected.items(), computed(terms), strict=True):
        if op_type == "Relu6":  # of subnormal numbers it depends on the place in NumPy
            result[np.abs(x) < np.finfo(dtype).tiny] = right[np.abs(x) < np.finfo(dtype).tiny] = 0
        assert same_bits(right, result), op_type


def _order(formula: Formula, x: Any, y: Any) -> Sequence[Any]:
    return (x, x, y) if len(formula.arguments) == 3 else (x, y)[: len(formula.arguments)]


def test_logic_and_casts() -> None:
    """Truth values and numbers of other dtypes become floats as in NumPy."""
    x, y = (array > 0 for array in pairs("float32"))
    numbers = [array.astype(dtype) for array in (pairs("int64")[0],) for dtype in ("int32", "int64", "uint8", "bool")]
    for op_type, values in (("LogicalAnd", [x, y]), ("LogicalOr", [x, y]), ("LogicalNot", [x])):
        formula = formula_of(op_type, {})
        assert formula is not None
        assert same_bits(kernel_results(op_type, values), computed([(formula, values)])[0])
    of_integers = [(array, target) for array in numbers for target in FLOATS]
    of_floats = [(pairs(source)[0], target) for source, target in (FLOATS, FLOATS[::-1])]
    for casts in (of_integers, of_floats):
        terms = []
        for array, target in casts:
            formula = formula_of("Cast", {"SrcT": array.dtype.name, "DstT": target})
            assert formula is not None
            terms.append((formula, [array]))
        for (array, target), result in zip(casts, computed(terms), strict=True):
            assert same_bits(kernel_results("Cast", [array], DstT=target), result)


def steps() -> list[tuple[str, dict[str, Any]]]:
    """All steps of optimizers, in each of their forms."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name in update_formulas._STEPS:
        op_type = "Resource" * (name in ("ApplyAdamWithAmsgrad", "ApplyKerasMomentum")) + name
        options = lookup(op_type).attrs
        found.append((op_type, {}))
        found += [(op_type, {key: not options[key]}) for key in ("use_nesterov", "update_slots") if key in options]
    return found


def test_steps_of_optimizers() -> None:
    """Every rule of the table, also where it looks ahead or keeps its slots, on numbers of all kinds."""
    dtype = "float32"
    random = np.random.default_rng(1)
    first, second = pairs(dtype)
    terms: list[tuple[Formula, list[Any]]] = []
    expected: list[tuple[str, Any]] = []
    arrays = {"grad": first, "delta": first}
    kept = [second, np.abs(second), np.abs(first), first]
    scalars = [np.array(number, dtype) for number in random.uniform(0.1, 0.9, 7)]
    for op_type, attrs in steps():
        formula = update_formula_of(op_type, {"T": dtype, "use_nesterov": False, "update_slots": True, **attrs})
        assert formula is not None
        names = formula.arguments[formula.kept :]
        given = [arrays.get(name, scalar) for name, scalar in zip(names, scalars, strict=False)]
        values = [*kept[: formula.kept], *given]
        definition: Any = lookup(op_type)
        node = Node(tf.Graph().digraph, "step", {**definition.attrs, "T": dtype, **attrs}, [])
        with flushed(), np.errstate(all="ignore"):
            changed = definition.step(node)(*values)
        terms.append((formula, values))
        expected += [(f"{op_type} {attrs} {name}", right) for name, right in zip(formula.results, changed, strict=True)]
    for (what, right), result in zip(expected, computed(terms), strict=True):
        assert same_bits(np.asarray(right), result), what

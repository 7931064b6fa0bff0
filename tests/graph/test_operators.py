"""Python's operators on tensors, and what type checkers are told of tensors and operations."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph import operation, tensor

STUBS = {
    (module.__name__.rpartition(".")[2], node.name): (module, node)
    for module in (tensor, operation)
    for node in ast.parse(Path(str(module.__file__)).with_suffix(".pyi").read_text(encoding="utf-8")).body
    if isinstance(node, ast.ClassDef)
}
NOT_DECLARED = {"__module__", "__slots__", "__doc__", "__str__", "__repr__", "__weakref__", "__qualname__"}


def members(node: ast.ClassDef) -> dict[str, ast.FunctionDef | None]:
    """What a class of a stub declares: functions by name, None for an attribute."""
    found: dict[str, ast.FunctionDef | None] = {}
    for item in node.body:
        if isinstance(item, ast.FunctionDef):
            found[item.name] = item
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            found[item.target.id] = None
    return found


def arguments(function: ast.FunctionDef) -> list[tuple[str, bool]]:
    """The arguments of a declared function, and whether each has a default."""
    names = [argument.arg for argument in function.args.args]
    return [(name, place >= len(names) - len(function.args.defaults)) for place, name in enumerate(names)]


@pytest.mark.parametrize("name", ["Tensor", "TensorOperators", "Operation"])
def test_type_checkers_are_told_what_there_is(name: str) -> None:
    """Each class has the members that its stub declares, with the same arguments, and no others."""
    module, node = next(stub for (_, found), stub in STUBS.items() if found == name)
    cls, declared = getattr(module, name), members(node)
    own = vars(cls).keys() - NOT_DECLARED - {"_name", "_outputs"}
    assert own == declared.keys() - NOT_DECLARED
    for key, function in declared.items():
        value = inspect.getattr_static(cls, key)
        if function is None or isinstance(value, property):
            assert not callable(value)
            continue
        parameters = inspect.signature(value).parameters.values()
        assert arguments(function) == [(item.name, item.default is not item.empty) for item in parameters], key


@pytest.mark.parametrize(
    ("expression", "op_type", "name"),
    [
        ("x + 1", "AddV2", "add"),
        ("1 + x", "AddV2", "add"),
        ("x - 1", "Sub", "sub"),
        ("1 - x", "Sub", "sub"),
        ("x * 2", "Mul", "mul"),
        ("2 * x", "Mul", "mul"),
        ("x / 2", "RealDiv", "truediv"),
        ("2 / x", "RealDiv", "truediv"),
        ("x // 2", "FloorDiv", "floordiv"),
        ("2 // x", "FloorDiv", "floordiv"),
        ("x % 2", "FloorMod", "mod"),
        ("2 % x", "FloorMod", "mod"),
        ("x ** 2", "Pow", "pow"),
        ("2 ** x", "Pow", "pow"),
        ("x @ x", "MatMul", "matmul"),
        ("[[1.0, 2.0]] @ x", "MatMul", "matmul"),
        ("-x", "Neg", "Neg"),
        ("abs(x)", "Abs", "Abs"),
        ("x < 1", "Less", "Less"),
        ("x <= 1", "LessEqual", "LessEqual"),
        ("x > 1", "Greater", "Greater"),
        ("x >= 1", "GreaterEqual", "GreaterEqual"),
        ("x[0]", "StridedSlice", "strided_slice"),
        ("x[:, ::2]", "StridedSlice", "strided_slice"),
        ("~b", "LogicalNot", "LogicalNot"),
        ("b & True", "LogicalAnd", "and"),
        ("True & b", "LogicalAnd", "and"),
        ("b | True", "LogicalOr", "or"),
        ("True | b", "LogicalOr", "or"),
        ("~n", "Invert", "Invert"),
        ("n & 3", "BitwiseAnd", "and/BitwiseAnd"),
        ("3 | n", "BitwiseOr", "or/BitwiseOr"),
        ("n ^ 3", "BitwiseXor", "xor/BitwiseXor"),
        ("b ^ True", "LogicalAnd", "xor"),
    ],
)
@pytest.mark.parametrize("kind", ["tensor", "variable"])
def test_operators_make_operations(kind: str, expression: str, op_type: str, name: str) -> None:
    """Each operator makes the operation that TensorFlow makes, of a tensor as of a variable."""
    values = {"x": [[1.0, 2.0], [3.0, 4.0]], "b": [True, False], "n": np.array([6, 1], np.uint8)}
    make = tf.constant if kind == "tensor" else tf.Variable
    made = eval(expression, {key: make(value, name=f"given_{key}") for key, value in values.items()})  # noqa: S307
    assert (op_type, name) == (made.op.type, made.op.name)
    x = tf.constant(1.0)
    assert x is +x


def test_bits_of_other_values_are_refused() -> None:
    """Floats have none, and bools are not integers; nothing of the failed call stays in the graph."""
    x, n, b = tf.constant([1.0]), tf.constant([1]), tf.constant([True])
    before = len(tf.get_default_graph().get_operations())
    for call in (lambda: x & x, lambda: ~x, lambda: n ^ b, lambda: n | 1.5, lambda: b ^ 1, lambda: 1 ^ b):
        with pytest.raises(TypeError, match=r"float32|bool|int32"):
            call()
    assert before == len(tf.get_default_graph().get_operations())

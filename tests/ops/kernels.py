"""Kernels as they are called in the programs, calls and cases of these tests, seen one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hdfsaver as tf
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.definition import Kernel, Node, OpDef, find, registered
from hdfsaver.graph.graph import Graph
from hdfsaver.ops.control_flow import Chooser
from hdfsaver.ops.update_rules import Rule
from hdfsaver.session import numpy_engine
from tests.ops.make_programs import feed_for, tensors_in
from tests.ops.programs import PROGRAMS, RESULTS
from tests.ops.test_derivatives import CASES
from tests.ops.test_dtypes import CALLS, allowed, sample

Caller = Callable[[OpDef, Kernel, tuple[Any, ...]], Any]
"""Is given a definition, its kernel, and the inputs of a call, and gives the outputs."""


class _Called:
    """A definition whose kernels are called by another function."""

    def __init__(self, definition: OpDef, caller: Caller) -> None:
        self.definition = definition
        self.stateful = definition.stateful
        self.caller = caller

    def kernel(self, node: Node) -> Kernel:
        kernel = self.definition.kernel(node)
        if isinstance(kernel, Chooser):
            return kernel  # it is called with what has no value, too
        return partial(self._call, kernel)

    def _call(self, kernel: Kernel, *inputs: Any) -> Any:
        return self.caller(self.definition, kernel, inputs)


@contextmanager
def called_by(caller: Caller) -> Iterator[None]:
    """Let sessions call the kernels through a function, inside a ``with`` block."""

    def found(op_type: str) -> Any:
        definition = find(op_type)
        assert definition is not None
        return _Called(definition, caller)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numpy_engine, "find", found)
        yield


def changes_of_variables(tf: Any) -> list[Any]:
    """Every operation that a variable has."""
    v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    row = apply("PreventGradient", tf.constant([[1.0, 2.0, 3.0]]))
    with tf.control_dependencies([v.initializer]):
        changed = tf.assign_add(v, row + tf.zeros([2, 3]))
    with tf.control_dependencies([changed]):
        changed = tf.assign_sub(v, row - tf.zeros([2, 3]))
    for rows in ("update", "add", "sub", "mul", "div", "min", "max"):
        with tf.control_dependencies([changed]):
            changed = getattr(tf, f"scatter_{rows}")(v, [1], row)
    for slices in ("update", "add", "sub", "min", "max"):
        with tf.control_dependencies([changed]):
            changed = getattr(v, f"scatter_nd_{slices}")([[1]], row)
    with tf.control_dependencies([changed]):
        changed = v[1:].assign(row)
    number = tf.Variable(0)
    with tf.control_dependencies([number.initializer]):
        counted = tf.count_up_to(number, 9)
    is_there = tf.is_variable_initialized(v)
    with tf.control_dependencies([apply_op("Assert", True, [row]), changed]):
        sides = apply_list("Switch", row, is_there)
    return [changed, counted, is_there, sides[1], apply_list("RefSwitch", v, True)[1]]


def changes_of_handles(tf: Any) -> list[Any]:
    """Every operation that a variable behind a handle has."""
    row, rows = tf.constant([[1.0, 2.0, 3.0]]), tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    v = apply("VarHandleOp", dtype="float32", shape=(2, 3))
    calls: list[tuple[Any, ...]] = [
        ("AssignVariableOp", rows),
        ("AssignAddVariableOp", rows),
        ("AssignSubVariableOp", rows),
    ]
    calls += [(name, [1], row) for name in ("ResourceScatterUpdate", "ResourceScatterAdd", "ResourceScatterSub")]
    calls += [(f"ResourceScatter{name}", [1], row) for name in ("Mul", "Div", "Min", "Max")]
    calls += [(f"ResourceScatterNd{name}", [[1]], row) for name in ("Update", "Add", "Sub", "Min", "Max")]
    calls.append(("ResourceStridedSliceAssign", [1], [2], [1], row))
    changed = None
    for name, *values in calls:
        with tf.control_dependencies([changed] if changed is not None else []):
            changed = apply_op(name, v, *values)
    with tf.control_dependencies([changed]):
        read = [apply("ReadVariableOp", v, dtype="float32"), apply("ResourceGather", v, [1], dtype="float32")]
        read.append(apply("ResourceGatherNd", v, [[1]], dtype="float32"))
        is_there = apply("VarIsInitializedOp", v)
    number = apply("VarHandleOp", dtype="int32", shape=())
    with tf.control_dependencies([apply_op("AssignVariableOp", number, tf.constant(1))]):
        counted = apply("ResourceCountUpTo", number, limit=9, T="int32")
    others = [apply("VariableShape", v), apply_op("DisableCopyOnRead", v), counted]
    with tf.control_dependencies([*read, is_there, *others]):
        return [*read, is_there, *others, apply_op("DestroyResourceOp", v)]


def calls_of_functions(tf: Any) -> list[Any]:
    """Every operation that calls a function of the program, or prints."""
    x = tf.constant([1.0, 2.0])
    functions = [tf.py_func(np.negative, [x], tf.float32, stateful=stateful) for stateful in (True, False)]
    return [*functions, tf.Print(x, [x]), tf.print(x)]


def tables(tf: Any) -> list[Any]:
    """Every operation that a table has."""
    fixed = apply("HashTableV2", key_dtype="string", value_dtype="int64")
    changed = apply("MutableHashTableV2", key_dtype="string", value_dtype="int64")
    keys, values = tf.constant(["a", "b"]), tf.constant([1, 2], tf.int64)
    name = str(Path(__file__))
    start = [
        apply_op("InitializeTableV2", fixed, keys, values),
        apply_op("InitializeTableFromTextFileV2", fixed, name, key_index=-2, value_index=-1),
        apply_op("LookupTableInsertV2", changed, keys, values),
        apply_op("LookupTableImportV2", changed, keys, values),
    ]
    with tf.control_dependencies(start):
        found = apply("LookupTableFindV2", fixed, keys, np.int64(-1))
        size = apply("LookupTableSizeV2", changed)
        return [found, size, *apply_list("LookupTableExportV2", changed, Tkeys="string", Tvalues="int64")]


def steps_of_optimizers(tf: Any) -> list[Any]:
    """Every operation that does a step of an optimizer."""
    steps = []
    for op_type in registered():
        definition = find(op_type)
        if isinstance(definition, Rule):
            steps.append(step_of(tf, definition))
    return steps


def step_of(tf: Any, rule: Rule) -> Any:
    """One operation of an optimizer, on variables of its own: all numbers are 0.5, and the gradient ones."""
    variables: list[Any] = [tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]) for _ in rule.kept.split()]
    initializers = [variable.initializer for variable in variables]
    if rule.by_handle:
        variables = [apply("VarHandleOp", dtype="float32", shape=(2, 3)) for _ in variables]
        initializers = [apply_op("AssignVariableOp", variable, np.ones((2, 3), "f")) for variable in variables]
    given: list[Any] = []
    for argument in rule.parsed.inputs[len(variables) :]:
        if argument.name in ("grad", "delta"):
            given.append(tf.ones([1, 3] if rule.is_sparse else [2, 3]))
        else:
            given.append({"indices": [1], "global_step": np.int64(2)}.get(argument.name, 0.5))
    with tf.control_dependencies(initializers):
        return apply_op(rule.type, *variables, *given)


def run_everything() -> None:
    """Run the programs, the calls for one dtype each, and the cases."""
    changes = (changes_of_variables, changes_of_handles, steps_of_optimizers, calls_of_functions, tables)
    for program in (*PROGRAMS.values(), *RESULTS.values(), *changes):
        with Graph().as_default() as graph:
            _run(graph, list(tensors_in(program(tf))), {})
    for name, call in CALLS.items():
        with Graph().as_default() as graph:
            dtype = allowed(name)[-1]
            x = tf.placeholder(dtype, (2, 3))
            _run(graph, list(tensors_in(call(x))), {x: sample(dtype)})
    for case in CASES:
        with Graph().as_default() as graph:
            xs = [tf.placeholder(np.asarray(value).dtype, np.shape(value)) for value in case.inputs]
            _run(graph, list(tensors_in(case.function(*xs))), dict(zip(xs, case.inputs, strict=True)))


def _run(graph: Graph, tensors: list[Any], feeds: dict[Any, Any]) -> None:
    placeholders = [operation.outputs[0] for operation in graph.get_operations() if operation.type == "Placeholder"]
    with tf.Session() as sess:
        sess.run(tensors, {**{tensor: feed_for(tensor) for tensor in placeholders if tensor not in feeds}, **feeds})

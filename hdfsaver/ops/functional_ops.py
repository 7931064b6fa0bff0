"""Operations that call functions of the graph's library: calls, branches and loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.definition import COMPLEX, FLOATS, Kernel, Node, lookup, register
from hdfsaver.graph.function_library import Called, Calling, FunctionValue, Request
from hdfsaver.graph.operation import Operation
from hdfsaver.ops.base import NO_DERIVATIVE, Gradient, Grads
from hdfsaver.ops.loop_derivatives import LoopDerivative, derivative_function, dtype_of_derivative
from hdfsaver.shapes import Shape


class _Call(Calling):
    """Calls one function."""

    signature = "args: [Tin] -> output: [Tout]"
    needed = {"f": "func"}
    minimums = {"Tin": 0, "Tout": 0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown, as in TensorFlow."""
        return [None] * len(node.attrs["Tout"])

    def functions(self, node: Node) -> Sequence[Called]:
        """The function."""
        return [Called(node.attrs["f"], node.attrs["Tin"], node.attrs["Tout"])]

    def kernel(self, node: Node) -> Kernel:
        function = node.attrs["f"]

        def call(*inputs: Any) -> Any:
            return (yield Request(function, inputs))

        return call


@register
class PartitionedCall(_Call):
    """Calls a function without side effects."""

    type = "PartitionedCall"
    attrs = {"config": b"", "config_proto": b"", "executor_type": b""}

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        function = {"name": op.data["attrs"]["f"]["name"], "attr": dict(op.data["attrs"])}
        return cast("SymbolicGradient", lookup("SymbolicGradient")).of_call(op, function, grads)


@register
class StatefulPartitionedCall(PartitionedCall):
    """Calls a function, which may change variables."""

    type = "StatefulPartitionedCall"
    stateful = True


@register
class RemoteCall(_Call):
    """Calls a function on this device, without a look at the target."""

    type = "RemoteCall"
    stateful = True
    signature = "target: string, args: [Tin] -> output: [Tout]"
    minimums = {"Tin": 1, "Tout": 1}
    differs = f"The target is not looked at. {NO_DERIVATIVE}"

    def kernel(self, node: Node) -> Kernel:
        function = node.attrs["f"]

        def call(_: Any, *inputs: Any) -> Any:
            return (yield Request(function, inputs))

        return call


@register
class SymbolicGradient(Calling):
    """The derivatives of a function by its inputs: inputs are those of the function, and the derivatives by results."""

    type = "SymbolicGradient"
    signature = "input: [Tin] -> output: [Tout]"
    needed = {"f": "func"}
    minimums = {"Tin": 1, "Tout": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of the first inputs; that of the variable for a handle."""
        outputs = len(node.attrs["Tout"])
        if outputs > len(node.inputs):
            raise ValueError("it needs an input for each output")
        pairs = zip(node.input_shapes[:outputs], node.input_dtypes, strict=False)
        return [None if dtype == "resource" else shape for shape, dtype in pairs]

    def functions(self, node: Node) -> Sequence[Called]:
        """The function of which the derivatives are."""
        return [Called(node.attrs["f"], None, None)]

    def kernel(self, node: Node) -> Kernel:
        function = node.attrs["f"]

        def call(*inputs: Any) -> Any:
            return (yield Request(function, inputs, derivative=True))

        return call

    def of_call(self, op: Operation, function: FunctionValue, grads: Sequence[Gradient]) -> Grads:
        """The derivatives by the inputs of an operation that calls a function.

        Parameters
        ----------
        op : Operation
        function : mapping
            The attribute that names the function.
        grads : sequence of Tensor, IndexedSlices or None
            The derivatives by the results.

        Returns
        -------
        list of Tensor
        """
        given = _with_zeros(op, grads)
        dtypes = [dtype_of_derivative(op, place) for place in range(len(op.inputs))]
        return apply_list("SymbolicGradient", [*op.inputs, *given], f=dict(function), Tout=dtypes)


class _Branching(Calling):
    """Calls one of several functions."""

    attrs = {"output_shapes": []}
    minimums = {"Tin": 0, "Tout": 0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of the attribute; unknown without it."""
        return _declared(node.attrs["output_shapes"], len(node.attrs["Tout"]))

    def functions(self, node: Node) -> Sequence[Called]:
        """The branches."""
        return [Called(branch, node.attrs["Tin"], node.attrs["Tout"]) for branch in self.branches(node)]

    def branches(self, node: Node) -> Sequence[FunctionValue]:
        """The functions of which one is called."""
        raise NotImplementedError


class _If(_Branching):
    """Calls one function where the condition is true, and another where it is false."""

    signature = "cond: Tcond, input: [Tin] -> output: [Tout]"
    needed = {"then_branch": "func", "else_branch": "func", "output_shapes": "list(shape)"}

    def branches(self, node: Node) -> Sequence[FunctionValue]:
        """That for false, and that for true."""
        return node.attrs["else_branch"], node.attrs["then_branch"]

    def kernel(self, node: Node) -> Kernel:
        branches = self.branches(node)

        def choose(condition: Any, *inputs: Any) -> Any:
            return (yield Request(branches[is_true(condition)], inputs))

        return choose

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        attrs = op.data["attrs"]
        given = [*op.inputs[1:], *_with_zeros(op, grads)]
        outputs = [dtype_of_derivative(op, place) for place in range(1, len(op.inputs))]
        wanted = [place for place, dtype in enumerate(outputs) if dtype in FLOATS | COMPLEX]
        if not wanted:
            return [None] * len(op.inputs)
        branches: dict[str, Any] = {
            name: derivative_function(op.graph, attrs[name], [tensor.dtype.name for tensor in given], outputs, wanted)
            for name in ("then_branch", "else_branch")
        }
        dtypes = [outputs[place] for place in wanted]
        shapes = [op.inputs[1 + place].shape.plain if op.inputs[1 + place].shape.plain else None for place in wanted]
        found = apply_list("StatelessIf", op.inputs[0], given, Tout=dtypes, output_shapes=shapes, **branches)
        passed = {place: apply("Identity", tensor) for place, tensor in zip(wanted, found, strict=True)}
        return [None, *(passed.get(place) for place in range(len(outputs)))]


@register
class If(_If):
    """Calls one function where the condition is true, and another where it is false; they may change variables."""

    type = "If"
    stateful = True


@register
class StatelessIf(_If):
    """As `If`, of functions without side effects."""

    type = "StatelessIf"


class _Case(_Branching):
    """Calls the function of that number; the last one for other numbers."""

    signature = "branch_index: int32, input: [Tin] -> output: [Tout]"
    needed = {"branches": "list(func)", "output_shapes": "list(shape)"}
    minimums = {"branches": 1, "Tin": 0, "Tout": 0}

    def branches(self, node: Node) -> Sequence[FunctionValue]:
        """The functions by their numbers."""
        found: Sequence[FunctionValue] = node.attrs["branches"]
        return found

    def kernel(self, node: Node) -> Kernel:
        branches = self.branches(node)

        def choose(index: Any, *inputs: Any) -> Any:
            place = int(index)
            return (yield Request(branches[place if 0 <= place < len(branches) else -1], inputs))

        return choose


@register
class Case(_Case):
    """Calls the function of that number, the last one for other numbers; they may change variables."""

    type = "Case"
    stateful = True


@register
class StatelessCase(_Case):
    """As `Case`, of functions without side effects."""

    type = "StatelessCase"


class _While(Calling):
    """Calls a function with its own results for as long as another one says so."""

    signature = "input: [T] -> output: [T]"
    needed = {"cond": "func", "body": "func", "output_shapes": "list(shape)"}
    attrs = {"output_shapes": [], "parallel_iterations": 10}
    minimums = {"T": 0}
    differs = "For a derivative the loop is run again, so that it has none with random numbers or other effects inside."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of the attribute; those of the inputs without it."""
        declared = node.attrs["output_shapes"]
        return _declared(declared, len(node.inputs)) if declared else node.input_shapes

    def functions(self, node: Node) -> Sequence[Called]:
        """The condition and the body."""
        dtypes = node.attrs["T"]
        return [Called(node.attrs["cond"], dtypes, None), Called(node.attrs["body"], dtypes, dtypes)]

    def kernel(self, node: Node) -> Kernel:
        condition, body = node.attrs["cond"], node.attrs["body"]

        def loop(*inputs: Any) -> Any:
            values: Sequence[Any] = inputs
            while is_true((yield Request(condition, values))[0]):
                values = yield Request(body, values)
            return values

        return loop

    def gradient(self, op: Operation, *grads: Gradient) -> Grads:
        return LoopDerivative(op, grads).by_inputs()


@register
class While(_While):
    """Calls a function with its own results while another one says so; they may change variables."""

    type = "While"
    stateful = True


@register
class StatelessWhile(_While):
    """As `While`, of functions without side effects."""

    type = "StatelessWhile"


@register
class For(Calling):
    """Calls a function with its own results, and a number that grows from start to limit by delta."""

    type = "For"
    signature = "start: int32, limit: int32, delta: int32, input: [T] -> output: [T]"
    needed = {"body": "func"}
    minimums = {"T": 0}
    differs = NO_DERIVATIVE

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown, as in TensorFlow."""
        return [None] * len(node.attrs["T"])

    def functions(self, node: Node) -> Sequence[Called]:
        """The body."""
        dtypes = node.attrs["T"]
        return [Called(node.attrs["body"], ["int32", *dtypes], dtypes)]

    def kernel(self, node: Node) -> Kernel:
        body = node.attrs["body"]

        def loop(start: Any, limit: Any, delta: Any, *inputs: Any) -> Any:
            values: Sequence[Any] = inputs
            for number in range(int(start), int(limit), int(delta)):
                values = yield Request(body, (np.int32(number), *values))
            return values

        return loop


def is_true(value: Any) -> bool:
    """Whether a condition holds: a number other than 0, a text or an array with something in it."""
    array = np.asarray(value)
    return bool(array[()]) if array.ndim == 0 else array.size > 0


def _with_zeros(op: Operation, grads: Sequence[Gradient]) -> list[Any]:
    pairs = zip(op.outputs, grads, strict=True)
    return [apply("ZerosLike", output) if grad is None else grad for output, grad in pairs]


def _declared(shapes: Sequence[Shape], count: int) -> list[Shape]:
    if not shapes:
        return [None] * count
    if len(shapes) != count:
        raise ValueError(f"output_shapes has {len(shapes)} shapes for {count} outputs")
    return list(shapes)

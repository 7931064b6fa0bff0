"""Fewer transposes: of constants they are done at once, and those that cancel each other are left out.

A transposed value is kept as the value and the order of its axes while only operators take it that work element by
element, or along axes that they name; these work on the value before its transposition. So the transposes around one
convolution meet those around the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hdfsaver.onnx_graphs.identities import without_identities
from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph, OnnxNode, inner_graphs, used_names

# fmt: off
_ELEMENTWISE = frozenset(
    (
        "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cast", "Ceil", "Cos", "Cosh", "Elu", "Erf", "Exp",
        "Floor", "Identity", "IsInf", "IsNaN", "LeakyRelu", "Log", "Neg", "Not", "Reciprocal", "Relu", "Round",
        "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "Add", "And", "Clip",
        "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Or", "Pow",
        "Sub", "Sum", "Where", "Xor",
    )
)
# fmt: on
_REDUCTIONS = frozenset({"ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"})


class _View(NamedTuple):
    """A value that is another one with its axes in another order."""

    source: str
    perm: tuple[int, ...]


def without_transposes(graph: OnnxGraph) -> None:
    """Remove the transposes of a graph that are not needed, and what nothing uses then."""
    _Pass(graph).run()
    without_identities(graph)
    remove_unused(graph)


class _Pass:
    def __init__(self, graph: OnnxGraph) -> None:
        self.graph = graph
        self.nodes: list[OnnxNode] = []
        self.views: dict[str, _View] = {}
        self.made: set[str] = set()
        self.count = 0

    def run(self) -> None:
        for node in self.graph.nodes:
            self._take(node)
        for output in self.graph.outputs:
            self._make(output.name)
        self.graph.nodes = self.nodes

    def _take(self, node: OnnxNode) -> None:
        if node.op in ("Transpose", "Reshape") and self._is_done(node):
            return
        if node.op == "Transpose":
            view = self.views.get(node.inputs[0], _View(node.inputs[0], tuple(range(len(node.attrs["perm"])))))
            self.views[node.outputs[0]] = _View(view.source, tuple(view.perm[axis] for axis in node.attrs["perm"]))
            return
        rule = self._rule(node)
        if rule is None or not rule(node):
            for name in (*node.inputs, *(name for inner in inner_graphs(node) for name in used_names(inner))):
                self._make(name)
            self.nodes.append(node)

    def _rule(self, node: OnnxNode) -> Callable[[OnnxNode], bool] | None:
        if not any(name in self.views and name not in self.made for name in node.inputs):
            return None
        if node.op in _ELEMENTWISE:
            return self._elements
        if node.op in _REDUCTIONS:
            return self._reduction
        return {"Concat": self._concat, "Pad": self._pad}.get(node.op)

    def _is_done(self, node: OnnxNode) -> bool:
        """Whether it was done to a constant."""
        constants = self.graph.constants
        value = constants.get(node.inputs[0])
        if value is None:
            return False
        if node.op == "Transpose":
            constants[node.outputs[0]] = np.ascontiguousarray(value.transpose(node.attrs["perm"]))
            return True
        sizes = constants.get(node.inputs[1])
        if sizes is None or (sizes < 1).any():
            return False
        constants[node.outputs[0]] = value.reshape(sizes)
        return True

    def _make(self, name: str) -> None:
        """Let a value be there itself."""
        view = self.views.get(name)
        if view is None or name in self.made:
            return
        self.made.add(name)
        is_same = view.perm == tuple(range(len(view.perm)))
        attrs = {} if is_same else {"perm": list(view.perm)}
        self.nodes.append(OnnxNode("Identity" if is_same else "Transpose", [view.source], [name], attrs, name))

    def _name(self, origin: str) -> str:
        self.count += 1
        return f"{origin}/channels_second_{self.count}"

    # -- nodes that work on the value before -----------------------------------------------------------------------

    def _perm(self, node: OnnxNode, names: Sequence[str]) -> tuple[int, ...] | None:
        """The order of axes that all transposed values among some have; None without a single one."""
        perms = {self.views[name].perm for name in names if name in self.views}
        return perms.pop() if len(perms) == 1 else None

    def _elements(self, node: OnnxNode) -> bool:
        perm = self._perm(node, node.inputs)
        if perm is None:
            return False
        taken = []
        for name in node.inputs:
            found = self._fitting(name, perm, node.origin)
            if found is None:
                return False
            taken.append(found)
        self._put(node, taken, perm)
        return True

    def _fitting(self, name: str, perm: tuple[int, ...], origin: str) -> str | None:
        """An input for the value before: a transposed one, or a constant in that order of axes."""
        if name in self.views:
            return self.views[name].source
        if not name:
            return name
        value = self.graph.constants.get(name)
        shape = value.shape if value is not None else None
        if name in self.graph.variables:
            shape = self.graph.variables[name].shape
        if shape is None or len(shape) > len(perm):
            return None
        if not shape or set(shape) == {1}:
            return name if not shape else None if len(shape) > len(perm) else name
        whole = (1,) * (len(perm) - len(shape)) + tuple(shape)
        order = [perm.index(axis) for axis in range(len(perm))]
        if value is not None:
            changed = self._name(origin)
            self.graph.constants[changed] = np.ascontiguousarray(value.reshape(whole).transpose(order))
            return changed
        if sum(size != 1 for size in whole) > 1:
            return None
        sizes, changed = self._name(origin), self._name(origin)
        self.graph.constants[sizes] = np.asarray([whole[axis] for axis in order], np.int64)
        self.nodes.append(OnnxNode("Reshape", [name, sizes], [changed], {}, origin))
        return changed

    def _put(self, node: OnnxNode, inputs: list[str], perm: tuple[int, ...]) -> None:
        changed = self._name(node.origin)
        self.nodes.append(OnnxNode(node.op, inputs, [changed], node.attrs, node.origin))
        self.views[node.outputs[0]] = _View(changed, perm)

    def _reduction(self, node: OnnxNode) -> bool:
        view, axes = self.views[node.inputs[0]], self.graph.constants.get(node.inputs[1])
        if axes is None:
            return False
        rank = len(view.perm)
        reduced = [int(axis) % rank for axis in axes]
        changed = self._name(node.origin)
        self.graph.constants[changed] = np.asarray([view.perm[axis] for axis in reduced], np.int64)
        if node.attrs.get("keepdims", 1):
            self._put(node, [view.source, changed], view.perm)
            return True
        left = [view.perm[axis] for axis in range(rank) if axis not in reduced]
        order = tuple(sorted(left).index(axis) for axis in left)
        self._put(node, [view.source, changed], order)
        return True

    def _concat(self, node: OnnxNode) -> bool:
        perm = self._perm(node, node.inputs)
        if perm is None or any(name not in self.views for name in node.inputs):
            return False
        attrs = {**node.attrs, "axis": perm[node.attrs["axis"] % len(perm)]}
        sources = [self.views[name].source for name in node.inputs]
        self._put(OnnxNode(node.op, [], node.outputs, attrs, node.origin), sources, perm)
        return True

    def _pad(self, node: OnnxNode) -> bool:
        pads = self.graph.constants.get(node.inputs[1])
        view = self.views.get(node.inputs[0])
        if pads is None or view is None:
            return False
        order = [view.perm.index(axis) for axis in range(len(view.perm))]
        changed = self._name(node.origin)
        self.graph.constants[changed] = np.ascontiguousarray(pads.reshape(2, -1)[:, order]).ravel()
        self._put(node, [view.source, changed, *node.inputs[2:]], view.perm)
        return True


def remove_unused(graph: OnnxGraph) -> None:
    """Remove the nodes, constants and variables that no output needs."""
    needed = {output.name for output in graph.outputs}
    kept = []
    for node in reversed(graph.nodes):
        if needed.isdisjoint(node.outputs):
            continue
        kept.append(node)
        needed.update(node.inputs)
        for inner in inner_graphs(node):
            needed.update(used_names(inner))
    graph.nodes = kept[::-1]
    graph.constants = {name: value for name, value in graph.constants.items() if name in needed}
    graph.variables = {name: value for name, value in graph.variables.items() if name in needed}

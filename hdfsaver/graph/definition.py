"""Operation types: classes with a signature, a shape rule, a kernel and a derivative; and their registry."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import OpError
from hdfsaver.graph.attr_defs import AttrDef, AttrDefs, implied_kinds, kind_of_default
from hdfsaver.graph.definition_places import PLACES
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.signature import Signature
from hdfsaver.graph.tensor import Tensor
from hdfsaver.schema import AttrValue, DiGraph
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

Kernel = Callable[..., Any]

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
COMPLEX = frozenset({"complex64", "complex128"})
INTEGERS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
INDICES = frozenset({"int32", "int64"})
REALS = FLOATS | INTEGERS
NUMBERS = REALS | COMPLEX
QUANTIZED = frozenset({"qint8", "qint16", "qint32", "quint8", "quint16"})
ALL = dtypes.IN_GRAPHS

UNFIT = (ArithmeticError, LookupError, TypeError, ValueError, OpError)
"""The errors of Python and NumPy where values do not fit an operation."""

FOLDED_DEPTH = 12
"""How many operations deep values are followed before anything runs."""


_MOST_SIZES = 254
"""Dimensions that a tensor of TensorFlow can have. A longer vector is not a shape."""


class Node:
    """One operation as its definition sees it: plain values from the DiGraph, and known input values."""

    __slots__ = ("attrs", "depth", "digraph", "inputs", "name")

    def __init__(
        self,
        digraph: DiGraph,
        name: str,
        attrs: Mapping[str, AttrValue],
        inputs: Sequence[tuple[str, int]],
        depth: int = 0,
    ) -> None:
        self.digraph = digraph
        self.name = name
        self.attrs = attrs
        self.inputs = inputs
        self.depth = depth

    @classmethod
    def of(cls, digraph: DiGraph, name: str, depth: int = 0) -> Node:
        """The operation of that name.

        Parameters
        ----------
        digraph : networkx.DiGraph
        name : str
        depth : int
            The number of operations between it and the one whose definition asks.

        Returns
        -------
        Node
        """
        data = digraph.nodes[name]
        return cls(digraph, name, data["attrs"], data["inputs"], depth)

    @property
    def input_shapes(self) -> list[Shape]:
        """The static shape of each input."""
        nodes = self.digraph.nodes
        return [nodes[source]["outputs"][output][1] for source, output in self.inputs]

    @property
    def input_dtypes(self) -> list[str]:
        """The dtype of each input."""
        nodes = self.digraph.nodes
        return [nodes[source]["outputs"][output][0] for source, output in self.inputs]

    def source_type(self, position: int) -> str:
        """The type of the operation that an input comes from."""
        op: str = self.digraph.nodes[self.inputs[position][0]]["op"]
        return op

    def source(self, position: int) -> Node:
        """The operation that an input comes from."""
        return Node.of(self.digraph, self.inputs[position][0], self.depth + 1)

    def constant(self, position: int) -> Array | None:
        """The value of an input where it is known before anything runs, otherwise None."""
        definition = self._source_definition(position)
        if definition is None:
            return None
        try:
            return definition.fold_output(self.source(position), self.inputs[position][1])
        except UNFIT:
            return None  # the run reports the error

    def sizes(self, position: int) -> Shape:
        """The value of an input that is a vector of sizes, as far as known; a negative size is None, too."""
        definition = self._source_definition(position)
        if definition is None:
            return None
        try:
            return definition.sizes_output(self.source(position), self.inputs[position][1])
        except UNFIT:
            return None

    def _source_definition(self, position: int) -> OpDef | None:
        # Shapes are computed by a few operations; a longer chain is not worth the time and Python's stack.
        return find(self.source_type(position)) if self.depth < FOLDED_DEPTH else None


class OpDef:
    """An operation type. A subclass describes it in class attributes and overrides the methods that it needs."""

    type: ClassVar[str]
    """The type's name, as TensorFlow registers it."""

    signature: ClassVar[str]
    """Inputs and outputs; see `hdfsaver.graph.signature`."""

    attrs: ClassVar[Mapping[str, AttrValue]] = {}
    """Attributes that inputs do not imply, with their defaults."""

    needed: ClassVar[Mapping[str, str]] = {}
    """Attributes beside those of the signature that have no default, with their kinds; see `AttrDef`."""

    allowed: ClassVar[Mapping[str, frozenset[bytes]]] = {}
    """The strings that an attribute may be; any where it is not named."""

    minimums: ClassVar[Mapping[str, int]] = {}
    """The least value of an attribute that is a number, the least length of one that is a list."""

    types: ClassVar[Mapping[str, frozenset[str]]] = {}
    """The dtypes that an attribute of the signature may have; any where it is not named."""

    further_types: ClassVar[Mapping[str, frozenset[str]]] = {}
    """The dtypes that TensorFlow registers as well: such an operation can be imported, but not run."""

    default_types: ClassVar[Mapping[str, str]] = {}
    """The dtype that plain Python numbers take for an attribute of the signature, where it is not the usual one."""

    stateful: ClassVar[bool] = False
    """Whether the kernel reads or writes the session's state, which it then takes as its first argument."""

    overwrites: ClassVar[tuple[int, ...]] = ()
    """The inputs, of the shape and dtype of the result, into which the kernel can write it, given one as ``out``.

    Kernels of narrow floats (see `hdfsaver.ops.base.widened`) cannot. NumPy's functions need no such word.
    """

    differs: ClassVar[str] = ""
    """How the results differ from TensorFlow's, in a sentence or two; ``docs/operations.md`` shows it."""

    parsed: ClassVar[Signature]

    chosen: ClassVar[Mapping[str, frozenset[str]]]
    """The dtypes that an attribute may have which no input implies, such as ``out_type``."""

    attr_defs: ClassVar[AttrDefs]
    """All attributes, for the check of nodes that come from outside."""

    defaults: ClassVar[Mapping[str, AttrValue]]
    """The values of all attributes that a node may leave out."""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The static shape of each output; `ValueError` where the inputs cannot fit."""
        raise NotImplementedError(f"{self.type} has no shape rule.")

    def kernel(self, node: Node) -> Kernel:
        """A function from the inputs' values to the output's value (a tuple of values where there are several)."""
        raise NotImplementedError(f"{self.type} has no kernel.")

    def kernel_knowing(self, node: Node, constants: Sequence[Array | None]) -> Kernel | None:
        """A kernel for a run that is repeated, which has worked out beforehand what some inputs mean.

        It takes the same inputs and gives the same as `kernel`, errors too.

        Parameters
        ----------
        node : Node
        constants : sequence of (ndarray or None)
            The inputs that are the same in every run, None for each other one.

        Returns
        -------
        callable or None
            None where it would not be faster.
        """
        return None

    def gradient(self, op: Operation, *grads: Tensor | None) -> Sequence[object]:
        """For each input the derivative of the result by it, given those by the outputs; None where it has none.

        It is a tensor, or `IndexedSlices`; those that are given may be slices too, of which an operation makes whole
        tensors.

        Raises
        ------
        LookupError
            The operation is not differentiable, and not known to be constant either.
        """
        raise LookupError(f"No gradient defined for operation {op.name!r} (op type: {self.type}).")

    def fold(self, node: Node) -> Array | None:
        """The value of the only output where it is known before anything runs."""
        return None

    def fold_output(self, node: Node, output: int) -> Array | None:
        """The value of one output where it is known before anything runs."""
        return self.fold(node) if output == 0 else None

    def sizes(self, node: Node) -> Shape:
        """The value of the only output, a vector of sizes, as far as known before a run."""
        return self._sizes_by_value(node, 0)

    def sizes_output(self, node: Node, output: int) -> Shape:
        """The value of one output, a vector of sizes, as far as known before a run."""
        return self.sizes(node) if output == 0 else self._sizes_by_value(node, output)

    def _sizes_by_value(self, node: Node, output: int) -> Shape:
        shape = node.digraph.nodes[node.name]["outputs"][output][1]
        if shape is not None and len(shape) == 1 and (shape[0] or 0) > _MOST_SIZES:
            return None
        value = self.fold_output(node, output)
        if value is not None and np.ndim(value) == 1:
            return tuple(None if size < 0 else int(size) for size in value)
        return None if shape is None or len(shape) != 1 or shape[0] is None else (None,) * shape[0]


_definitions: dict[str, OpDef] = {}

_AnyOpDef = TypeVar("_AnyOpDef", bound=type[OpDef])


def register(definition: _AnyOpDef) -> _AnyOpDef:
    """Class decorator: make an operation type known under its name."""
    if definition.type in _definitions:
        raise ValueError(f"Operation type {definition.type} is registered twice.")
    _definitions[definition.type] = prepare(definition, Signature.parse(definition.signature))
    return definition


def prepare(definition: type[OpDef], signature: Signature) -> OpDef:
    """Complete the description of an operation type, without making it known.

    Parameters
    ----------
    definition : type
        The class.
    signature : Signature
        Its inputs and outputs.

    Returns
    -------
    OpDef
    """
    definition.parsed = signature
    definition.attr_defs = AttrDefs(definition.type, _attr_defs(definition), definition.parsed)
    definition.defaults = {**definition.default_types, **definition.attrs}
    implied = {argument.dtype_attr for argument in definition.parsed.inputs}
    definition.chosen = {name: names for name, names in definition.types.items() if name not in implied}
    return definition()


def _attr_defs(definition: type[OpDef]) -> list[AttrDef]:
    kinds = {name: kind_of_default(value) for name, value in definition.attrs.items()}
    kinds |= {**definition.needed, **implied_kinds(definition.parsed)}
    return [
        AttrDef(name, kind, _allowed(definition, name), definition.minimums.get(name)) for name, kind in kinds.items()
    ]


def _allowed(definition: type[OpDef], name: str) -> frozenset[AttrValue] | None:
    if name in definition.types:
        return definition.types[name] | definition.further_types.get(name, frozenset())
    return definition.allowed.get(name)


def find(op_type: str) -> OpDef | None:
    """The definition of an operation type, or None where it is not known. The first use imports its module."""
    definition = _definitions.get(op_type)
    if definition is None and op_type in PLACES:
        _import(PLACES[op_type])
        definition = _definitions.get(op_type)
    return definition


def lookup(op_type: str) -> OpDef:
    """The definition of an operation type; `ValueError` naming the known ones where it is not known."""
    definition = find(op_type)
    if definition is None:
        raise ValueError(f"Operation type {op_type!r} is not known; known are {', '.join(registered())}.")
    return definition


def registered() -> list[str]:
    """The names of all known operation types, sorted. It imports all modules that define some."""
    for module in set(PLACES.values()):
        _import(module)
    return sorted(_definitions)


def _import(module: str) -> None:
    importlib.import_module(f"hdfsaver.{module}")


def as_value(array: Array) -> Array:
    """The array as a value of the graph: made read-only, since it is shared from now on."""
    array = np.asarray(array)
    array.flags.writeable = False
    return array

"""The functions that operations of a graph call: their signatures, and operations whose type is a function's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, cast

from hdfsaver.graph.definition import Kernel, Node, OpDef, lookup, prepare
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.signature import Argument, Signature
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.messages.function_libraries import library_of
from hdfsaver.messages.tensor_types import type_name
from hdfsaver.shapes import Shape

FunctionValue = Mapping[str, Any]
"""An attribute that names a function: its ``name``, and the attributes (``attr``) that it is called with."""


class Request(NamedTuple):
    """The function that a kernel asks for: the engine runs it, and sends the results.

    Attributes
    ----------
    function : mapping
        The attribute that names the function.
    inputs : sequence of array_like
        The values of its arguments, in order.
    derivative : bool
        Whether its derivative is meant: ``inputs`` are followed by the derivatives by its results.
    """

    function: FunctionValue
    inputs: Sequence[Any]
    derivative: bool = False


class Called(NamedTuple):
    """A function that an operation may call.

    Attributes
    ----------
    function : mapping
        The attribute that names it.
    inputs, outputs : sequence of str or None
        The dtypes that its arguments and results must have; None where they may be any.
    """

    function: FunctionValue
    inputs: Sequence[str] | None
    outputs: Sequence[str] | None


class Calling(OpDef):
    """An operation that calls functions. Its kernel is a generator function: it yields a `Request` for each call."""

    def functions(self, node: Node) -> Sequence[Called]:
        """The functions which it may call."""
        raise NotImplementedError(f"{self.type} does not tell which functions it calls.")


class DirectCall(Calling):
    """An operation whose type is the name of a function."""

    is_stateful: ClassVar[bool] = False

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown, as in TensorFlow."""
        return [None] * len(self.parsed.output_dtypes(node.attrs))

    def kernel(self, node: Node) -> Kernel:
        """A generator function that asks for the results of the function."""
        function = self._function(node.attrs)

        def call(*inputs: Any) -> Any:
            return (yield Request(function, inputs))

        return call

    def functions(self, node: Node) -> Sequence[Called]:
        """The function itself."""
        return [Called(self._function(node.attrs), None, None)]

    def _function(self, attrs: Mapping[str, Any]) -> FunctionValue:
        return {"name": self.type, "attr": dict(attrs)}

    def gradient(self, op: Operation, *grads: Tensor | None) -> Sequence[object]:
        """Those of the function, computed by an operation of type ``SymbolicGradient``."""
        make: Any = lookup("SymbolicGradient")
        return cast("Sequence[object]", make.of_call(op, self._function(op.data["attrs"]), grads))


class FunctionLibrary:
    """The functions of one graph.

    Parameters
    ----------
    data : bytes
        See `hdfsaver.messages.function_libraries`.

    Attributes
    ----------
    data : bytes
    by_name : dict of str to FunctionDef
    gradients : dict of str to str
        The functions that are derivatives of others, by the names of these.
    bodies : dict
        The graphs that `hdfsaver.graph.function_bodies` has made of functions.
    """

    def __init__(self, data: bytes = b"") -> None:
        self.data = data
        self.by_name: dict[str, message_classes.FunctionDef] = {}
        self.gradients: dict[str, str] = {}
        if data:  # most graphs have no functions, and then protobuf need not be loaded
            library = library_of(data)
            self.by_name = {function.signature.name: function for function in library.function}
            self.gradients = {pair.function_name: pair.gradient_func for pair in library.gradient}
        self.bodies: dict[Any, Any] = {}
        self._definitions: dict[str, OpDef] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def add(self, other: FunctionLibrary) -> None:
        """Have the functions of another library too, for as long as this one is used."""
        if other is not self:
            self.by_name = {**other.by_name, **self.by_name}

    def definition(self, name: str) -> OpDef | None:
        """The definition of operations whose type is the name of a function; None for other names."""
        found = self._definitions.get(name)
        if found is None and name in self.by_name:
            found = self._definitions[name] = _call_of(self.by_name[name].signature)
        return found


def _call_of(signature: message_classes.OpDef) -> OpDef:
    inputs, outputs = (tuple(map(_argument, args)) for args in (signature.input_arg, signature.output_arg))
    members = {"type": signature.name, "__doc__": "A call.", "is_stateful": signature.is_stateful}
    made = cast("type[OpDef]", type(signature.name, (DirectCall,), members))
    return prepare(made, Signature(inputs, outputs))


def _argument(message: message_classes.OpDef.ArgDef) -> Argument:
    plain = not (message.type_attr or message.type_list_attr)
    return Argument(
        message.name,
        dtype=type_name(message.type) if plain else None,
        dtype_attr=message.type_attr or None,
        number_attr=message.number_attr or None,
        dtypes_attr=message.type_list_attr or None,
        is_ref=message.is_ref,
    )

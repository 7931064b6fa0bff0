"""Make an operation by the name of its type: ``apply("Mul", x, y)``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from hdfsaver import dtypes
from hdfsaver.graph.attr_defs import of_kind
from hdfsaver.graph.definition import OpDef, lookup
from hdfsaver.graph.graph import Graph, default_graphs
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.signature import Argument
from hdfsaver.graph.tensor import Convertible, SupportsTensor, Tensor
from hdfsaver.graph.tensor_conversion import as_array, convert_to_tensor, graph_of, is_composite, is_tensor
from hdfsaver.schema import AttrValue

Input: TypeAlias = "Convertible | Sequence[object] | None"
"""An input of an operation: a value that a tensor can be made of, or a sequence of such values."""


def apply(op_type: str, *inputs: Input, name: str | None = None, **attrs: AttrValue) -> Tensor:
    """Add an operation that has exactly one output to the graph, and give that output.

    Parameters
    ----------
    op_type : str
        A registered type.
    *inputs : Tensor, Variable, array_like, or sequences of them
        The inputs of the signature, in order; a value that is not a tensor becomes a constant of the dtype that the
        tensors beside it require. None is refused.
    name : str, optional
        The operation's name; the type's by default.
    **attrs
        Attributes; those that inputs imply need not be given.

    Returns
    -------
    Tensor
        The only output.

    Raises
    ------
    TypeError
        A dtype is not one that the operation takes; or the operation has no output, or a list of them.
    ValueError
        The shapes do not fit each other.
    """
    definition = lookup(op_type)
    outputs = definition.parsed.outputs
    if len(outputs) != 1 or outputs[0].is_list:
        raise TypeError(
            f"Operation type {op_type} does not have exactly one output; "
            f"use {'apply_list' if outputs else 'apply_op'} instead."
        )
    return _add(definition, inputs, name, attrs).outputs[0]


def apply_list(op_type: str, *inputs: Input, name: str | None = None, **attrs: AttrValue) -> list[Tensor]:
    """Add an operation to the graph, and give the list of its outputs.

    Parameters
    ----------
    op_type : str
        A registered type.
    *inputs : Tensor, Variable, array_like, or sequences of them
        See `apply`.
    name : str, optional
        The operation's name; the type's by default.
    **attrs
        Attributes; those that inputs imply need not be given.

    Returns
    -------
    list of Tensor
        All outputs, in order.

    Raises
    ------
    TypeError
        A dtype is not one that the operation takes.
    ValueError
        The shapes do not fit each other.
    """
    return list(_add(lookup(op_type), inputs, name, attrs).outputs)


def apply_op(op_type: str, *inputs: Input, name: str | None = None, **attrs: AttrValue) -> Operation:
    """Add an operation to the graph, and give the operation itself.

    Parameters
    ----------
    op_type : str
        A registered type.
    *inputs : Tensor, Variable, array_like, or sequences of them
        See `apply`.
    name : str, optional
        The operation's name; the type's by default.
    **attrs
        Attributes; those that inputs imply need not be given.

    Returns
    -------
    Operation
        The new operation.

    Raises
    ------
    TypeError
        A dtype is not one that the operation takes.
    ValueError
        The shapes do not fit each other.
    """
    return _add(lookup(op_type), inputs, name, attrs)


def _add(definition: OpDef, inputs: Sequence[Any], name: str | None, attrs: dict[str, AttrValue]) -> Operation:
    graph = graph_of(inputs)
    with graph.lock:
        full_name = graph.new_name(name or definition.type)
        before = len(graph.data)
        try:
            reader = _InputReader(definition, graph, full_name, attrs)
            tensors = reader.read(inputs)
            complete = _complete_attrs(definition, attrs, full_name)
            return graph.create_named(definition, tensors, complete, full_name, reader.variables)
        except BaseException:
            graph.keep_first(before)  # no constant that was made for it stays behind
            raise


def _base_dtype(tensor: SupportsTensor) -> str:
    """The name of a tensor's dtype, of a reference that of the value."""
    if type(tensor) is Tensor:
        return dtypes.base_name(tensor.op.output_data[tensor.value_index][0])
    return dtypes.base_name(tensor.dtype.name)


class _InputReader:
    """Reads the inputs of one new operation; attributes that they determine are put into ``attrs``."""

    def __init__(self, definition: OpDef, graph: Graph, name: str, attrs: dict[str, AttrValue]) -> None:
        self.definition = definition
        self.graph = graph
        self.name = name
        self.attrs = attrs
        self.variables: list[Operation] = []

    def read(self, inputs: Sequence[Any]) -> list[Tensor]:
        """The input tensors, in order; `TypeError` where one is not what the signature says."""
        arguments = self.definition.parsed.inputs
        if len(inputs) != len(arguments):
            names = ", ".join(argument.name for argument in arguments)
            raise TypeError(f"{self.definition.type} takes {len(arguments)} inputs ({names}), not {len(inputs)}.")
        if any(type(value) is not Tensor for value in inputs):
            for argument, value in zip(arguments, inputs, strict=True):
                self._learn_from_tensors(argument, value)
        tensors: list[Tensor] = []
        for argument, value in zip(arguments, inputs, strict=True):
            if argument.is_list:
                tensors += self._read_list(argument, value)
            else:
                tensors.append(self._read_one(argument, value, argument.name))
        return tensors

    def _learn_from_tensors(self, argument: Argument, value: Any) -> None:
        """Let tensors decide dtypes before numbers, wherever they stand."""
        attr = argument.dtype_attr
        if attr is None or attr in self.attrs:
            return
        for item in value if argument.is_list and isinstance(value, list | tuple) else [value]:
            if is_tensor(item) or is_composite(item):
                self.attrs[attr] = _base_dtype(item)
                return

    def _read_list(self, argument: Argument, values: Any) -> list[Tensor]:
        if not isinstance(values, list | tuple):
            raise TypeError(f"Input {argument.name!r} of {self.name!r} ({self.definition.type}) is a list of tensors.")
        tensors = [self._read_one(argument, value, f"{argument.name}_{i}") for i, value in enumerate(values)]
        if argument.number_attr is not None:
            self.attrs[argument.number_attr] = len(tensors)
        if argument.dtypes_attr is not None:
            self.attrs[argument.dtypes_attr] = [_base_dtype(tensor) for tensor in tensors]
        return tensors

    def _read_one(self, argument: Argument, value: Any, label: str) -> Tensor:
        wanted = argument.dtype or self.attrs.get(argument.dtype_attr or "")
        tensor = self._reference(value, label) if argument.is_ref else self._tensor(argument, value, wanted, label)
        found = _base_dtype(tensor)
        if wanted is not None and found != wanted:
            raise TypeError(
                f"Input {label!r} of {self.name!r} ({self.definition.type}) has dtype {found}, "
                f"but {wanted} is needed there; convert it with tf.cast."
            )
        self._check_allowed(argument, found, label)
        if argument.dtype_attr is not None:
            self.attrs[argument.dtype_attr] = found
        return tensor

    def _reference(self, value: Any, label: str) -> Tensor:
        tensor = value._as_graph_element() if hasattr(type(value), "_as_graph_element") else None
        if not isinstance(tensor, Tensor) or not tensor.dtype.is_ref_dtype:
            raise TypeError(
                f"Input {label!r} of {self.name!r} ({self.definition.type}) must be a variable, not {value!r}."
            )
        # An operation on a variable itself must be on the device of the variable.
        self.variables.append(tensor.op)
        return tensor

    def _tensor(self, argument: Argument, value: Any, wanted: str | None, label: str) -> Tensor:
        is_there = is_tensor(value)
        if is_there and not hasattr(value, "handle"):
            tensor: Tensor = value._as_tensor()
            return tensor
        # A variable behind a handle is read by a new operation, in the scope of this one.
        usual = None if is_there else self._usual_dtype(argument, value)
        outer = self.graph.set_name_scope(self.name + "/")  # `with` takes as long as the conversion
        default_graphs.push(self.graph)
        try:
            return convert_to_tensor(value, wanted, name=label, preferred_dtype=usual)
        finally:
            default_graphs.pop(self.graph)
            self.graph.set_name_scope(outer)

    def _usual_dtype(self, argument: Argument, value: Any) -> str | None:
        """The dtype to prefer for plain values, where that which they have by themselves will not do."""
        usual = self.definition.default_types.get(argument.dtype_attr or "")
        if usual is None:
            return None
        try:
            natural = as_array(value)[1]
        except (TypeError, ValueError, OverflowError):
            return usual
        return None if natural in self.definition.types.get(argument.dtype_attr or "", ()) else usual

    def _check_allowed(self, argument: Argument, found: str, label: str) -> None:
        allowed = self.definition.types.get(argument.dtype_attr or "")
        if allowed is not None and found not in allowed:
            raise TypeError(
                f"Input {label!r} of {self.name!r} ({self.definition.type}) has dtype {found}, "
                f"which is not one of {', '.join(sorted(allowed))}."
            )


def _complete_attrs(definition: OpDef, attrs: dict[str, AttrValue], name: str) -> dict[str, AttrValue]:
    """Fill in the defaults, and refuse what the operation does not have."""
    complete = {**definition.attrs, **attrs}
    if len(complete) > len(definition.attrs):
        unknown = [key for key in complete if key not in definition.attr_defs.by_name]
        if unknown:
            raise TypeError(f"{name!r} ({definition.type}) has no attribute {', '.join(unknown)}.")
    for key, value in attrs.items():
        complete[key] = of_kind(definition.attr_defs.by_name[key], value, f"{name!r} ({definition.type})")
    if definition.chosen:
        _check_chosen(definition, complete, name)
    missing = definition.attr_defs.by_name.keys() - complete.keys() if definition.needed else ()
    if missing:
        raise TypeError(f"{name!r} ({definition.type}) needs the attribute {', '.join(sorted(missing))}.")
    return complete


def _check_chosen(definition: OpDef, attrs: dict[str, AttrValue], name: str) -> None:
    """Raise `TypeError` where a dtype that no input implies is not one that the operation has."""
    for key, allowed in definition.chosen.items():
        chosen = attrs.get(key)
        if isinstance(chosen, str) and chosen not in allowed:
            raise TypeError(
                f"Attribute {key!r} of {name!r} ({definition.type}) is the dtype {chosen}, "
                f"which is not one of {', '.join(sorted(allowed))}."
            )

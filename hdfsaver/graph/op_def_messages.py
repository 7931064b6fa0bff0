"""``OpDef`` messages of the operation types that are registered."""

from __future__ import annotations

from itertools import chain

from hdfsaver.graph.attr_defs import AttrDef
from hdfsaver.graph.definition import OpDef, find
from hdfsaver.graph.signature import Argument
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import attr_value
from hdfsaver.messages.tensor_types import type_number


def op_def_of(definition: OpDef) -> message_classes.OpDef:
    """The message that describes an operation type: its inputs, outputs and attributes."""
    parsed = definition.parsed
    return message_classes.OpDef(
        name=definition.type,
        input_arg=map(_argument, parsed.inputs),
        output_arg=map(_argument, parsed.outputs),
        attr=[_attr(definition, attr) for attr in definition.attr_defs.by_name.values()],
        is_stateful=definition.stateful,
    )


def set_default_attrs(graph_def: message_classes.GraphDef) -> None:
    """Set the attributes that nodes lack to the defaults of their types, as TensorFlow does in a message it imports."""
    for node in chain(graph_def.node, *(function.node_def for function in graph_def.library.function)):
        definition = find(node.op)
        for name in () if definition is None else definition.defaults.keys() - node.attr.keys():
            assert definition is not None
            node.attr[name].CopyFrom(attr_value(definition.defaults[name]))


def _argument(argument: Argument) -> message_classes.OpDef.ArgDef:
    message = message_classes.OpDef.ArgDef(
        name=argument.name,
        type_attr=argument.dtype_attr or "",
        number_attr=argument.number_attr or "",
        type_list_attr=argument.dtypes_attr or "",
        is_ref=argument.is_ref,
    )
    if argument.dtype is not None:
        message.type = type_number(argument.dtype)
    return message


def _attr(definition: OpDef, attr: AttrDef) -> message_classes.OpDef.AttrDef:
    message = message_classes.OpDef.AttrDef(name=attr.name, type=attr.kind)
    if attr.name in definition.defaults:
        message.default_value.CopyFrom(attr_value(definition.defaults[attr.name]))
    if attr.minimum is not None:
        message.has_minimum, message.minimum = True, attr.minimum
    if attr.allowed is not None:
        message.allowed_values.CopyFrom(attr_value(sorted(attr.allowed)))
    return message

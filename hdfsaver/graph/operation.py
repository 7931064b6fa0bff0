"""Operation: one node of a graph, as programs see it.

Type checkers read ``operation.pyi``, where the graph has its type, which is above this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from traceback import StackSummary
from typing import Any, Protocol

import numpy as np

from hdfsaver import dtypes, schema
from hdfsaver.errors import InvalidArgumentError, OutOfRangeError
from hdfsaver.graph.default_stack import SupportsRun, session_for
from hdfsaver.graph.device_spec import DeviceSpecV2, canonical_name
from hdfsaver.graph.graph_tables import operation_html
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.traces import Trace, summary
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import attr_value, kind_of, plain_of
from hdfsaver.messages.node_defs import constant_dtype
from hdfsaver.schema import DiGraph
from hdfsaver.shapes import Shape


class _Graph(Protocol):
    data: DiGraph

    def changed(self) -> None: ...

    def tensor(self, operation: str, output: int) -> Tensor: ...

    def get_operation_by_name(self, name: str) -> Operation: ...

    def _node_def(self, name: str) -> message_classes.NodeDef: ...

    def takers(self, operation: str, output: int) -> list[str]: ...

    def trace_of(self, name: str) -> Trace: ...

    def context_of(self, name: str) -> Any: ...

    def put_into(self, context: Any, name: str) -> None: ...

    def op_def_for_type(self, type: str) -> message_classes.OpDef: ...  # noqa: A002, TensorFlow's name


class Operation:
    """A node of the graph. It holds the graph and its name; everything else is read from the DiGraph."""

    __slots__ = ("__weakref__", "_name", "_original_op", "_outputs", "graph", "trace")

    def __init__(self, graph: _Graph, name: str) -> None:
        self.graph = graph
        self._name = name
        self.trace: Trace = ()
        self._original_op: Operation | None = None
        self._outputs = tuple([Tensor(self, index) for index in range(len(self.output_data))])

    name = property(attrgetter("_name"), doc="The name, which stays the same.")  # faster than a method

    @property
    def data(self) -> dict[str, Any]:
        """The node's data in the DiGraph, as `hdfsaver.schema` describes them."""
        # A view of the nodes takes longer than all else here, and this is asked for many times for each new operation.
        data: dict[str, Any] = self.graph.data._node[self.name]  # type: ignore[attr-defined]
        return data

    @property
    def output_data(self) -> tuple[tuple[str, Shape], ...]:
        """For each output its dtype's name and its static shape."""
        outputs: tuple[tuple[str, Shape], ...] = self.graph.data._node[self.name]["outputs"]  # type: ignore[attr-defined]
        return outputs

    def set_output_shape(self, index: int, shape: Shape) -> None:
        """Replace the static shape of an output."""
        if self.output_data[index][1] == shape:
            return
        outputs = list(self.output_data)
        outputs[index] = (outputs[index][0], shape)
        self.data["outputs"] = tuple(outputs)
        self.graph.changed()

    @property
    def type(self) -> str:
        """The operation's type, ``"AddV2"``."""
        op: str = self.data["op"]
        return op

    @property
    def device(self) -> str:
        """Where it was asked to run, ``""`` for anywhere."""
        device: str = self.data["device"]
        return device

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The input tensors, in order."""
        return tuple(self.graph.tensor(source, output) for source, output in self.data["inputs"])

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must run before this one."""
        return [self.graph.get_operation_by_name(name) for name in self.data["control_inputs"]]

    @property
    def outputs(self) -> Sequence[Tensor]:
        """The output tensors, in order."""
        return self._outputs

    def values(self) -> Sequence[Tensor]:
        """The output tensors, in order."""
        return self._outputs

    def get_attr(self, name: str) -> Any:
        """The value of an attribute, as TensorFlow gives it.

        A string is bytes, a dtype a `DType`, a shape a `TensorShapeProto`, an array a `TensorProto` (of which
        `make_ndarray` makes an array), a function a `NameAttrList`, a list a list of those.

        Parameters
        ----------
        name : str

        Returns
        -------
        The value of the attribute.

        Raises
        ------
        ValueError
            The operation does not have that attribute.
        """
        attrs = self.data["attrs"]
        if name not in attrs:
            raise ValueError(
                f"Operation {self.name!r} has no attr named {name!r}; it has {', '.join(sorted(attrs)) or 'none'}."
            )
        value = attrs[name]
        if isinstance(value, list):
            return [_public_value(item) for item in value]
        if name == "value" and isinstance(value, np.ndarray):
            return attr_value(value, constant_dtype(attrs)).tensor
        return _public_value(value)

    @property
    def node_def(self) -> message_classes.NodeDef:
        """The operation's definition, as `Graph.as_graph_def` has it."""
        return self.graph._node_def(self.name)

    @property
    def op_def(self) -> message_classes.OpDef:
        """The description of the operation's type; `RuntimeError` where that is not registered."""
        return self.graph.op_def_for_type(self.type)

    @property
    def traceback(self) -> StackSummary:
        """The lines of the program that made the operation, the innermost one last; empty where it came with a file."""
        return summary(self.trace or self.graph.trace_of(self.name))

    def colocation_groups(self) -> list[bytes]:
        """The groups of operations that should be on one device with this one."""
        groups = [item for item in self.data["attrs"].get("_class", []) if item.startswith(b"loc:@")]
        return groups or [b"loc:@" + self.name.encode()]

    def run(self, feed_dict: Mapping[Any, Any] | None = None, session: SupportsRun | None = None) -> None:
        """Run the operation in a session, the default one if none is given.

        Parameters
        ----------
        feed_dict : dict, optional
            Values for tensors; see `Session.run`.
        session : Session, optional

        Raises
        ------
        ValueError
            There is no session.
        """
        session_for(f"run {self.name!r}", "run", session).run(self, feed_dict)

    def _add_control_inputs(self, operations: Sequence[Operation]) -> None:
        schema.add_control_inputs(self.graph.data, self.name, [operation.name for operation in operations])
        self.graph.changed()

    def _add_control_input(self, operation: Operation) -> None:
        self._add_control_inputs([operation])

    @property
    def _control_outputs(self) -> list[Operation]:
        successors = self.graph.data.succ[self.name]
        return [self.graph.get_operation_by_name(name) for name, edge in successors.items() if edge["control"]]

    def _remove_all_control_inputs(self) -> None:
        schema.remove_control_inputs(self.graph.data, self.name)
        self.graph.changed()

    def _update_input(self, index: int, tensor: Tensor) -> None:
        inputs = self.inputs
        if not isinstance(tensor, Tensor):
            raise TypeError(f"The input is a tensor, not {tensor!r}.")
        if tensor.graph is not self.graph:
            raise ValueError(f"Tensor {tensor.name!r} must be from the same graph as operation {self.name!r}.")
        if not 0 <= index < len(inputs):
            raise OutOfRangeError(
                None,
                None,
                f"Cannot update edge. Input index [{index}] is greater than the number of total inputs "
                f"[{len(inputs)}].",
            )
        given, wanted = tensor.dtype.base_dtype, inputs[index].dtype.base_dtype
        if given is not wanted:
            raise InvalidArgumentError(
                None,
                None,
                f"Input {index} of node {self.name} was passed {given.name} from {tensor.name} incompatible with "
                f"expected {wanted.name}.",
            )
        if not tensor.shape.is_compatible_with(inputs[index].shape):
            raise InvalidArgumentError(
                None,
                None,
                f"Cannot update edge, incompatible shapes: {_in_brackets(tensor.shape.plain)} and "
                f"{_in_brackets(inputs[index].shape.plain)}.",
            )
        schema.replace_input(self.graph.data, self.name, index, tensor.op.name, tensor.value_index)
        self.graph.changed()

    def _get_control_flow_context(self) -> Any:
        """The branch or the loop that the operation belongs to."""
        return self.graph.context_of(self.name)

    def _set_control_flow_context(self, ctxt: Any) -> None:
        self.graph.put_into(ctxt, self.name)

    def _set_device(self, device: str | DeviceSpecV2) -> None:
        self.data["device"] = canonical_name(device)
        self.graph.changed()

    def _set_attr(self, name: str, value: message_classes.AttrValue) -> None:
        self.data["attrs"][name] = plain_of(value)
        self.graph.changed()

    def _as_graph_element(self) -> Operation:
        return self

    def __str__(self) -> str:
        return str(self.node_def)

    def __repr__(self) -> str:
        return f"<tf.Operation {self.name!r} type={self.type}>"

    def _repr_html_(self) -> str:
        return operation_html(self.graph.data, self.name)


def _in_brackets(shape: Shape) -> str:
    return "?" if shape is None else f"[{','.join('?' if size is None else str(size) for size in shape)}]"


def _public_value(value: Any) -> Any:
    if isinstance(value, str):
        return dtypes.as_dtype(value)
    return getattr(attr_value(value), kind_of(value))

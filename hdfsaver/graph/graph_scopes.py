"""The ``with`` blocks of a graph: names, devices, control inputs, colocation, containers, attributes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeAlias

from hdfsaver.graph.device_functions import DeviceBlock, DeviceLike, known_device
from hdfsaver.graph.op_names import NamesInUse, as_name, check_operation_name, check_scope_name
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.scopes import Context, ControlBlock, Scopes
from hdfsaver.graph.tensor import Tensor
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import plain_of


class SupportsGraphElement(Protocol):
    """Is an operation or a tensor of a graph, or stands for one, as a variable does."""

    def _as_graph_element(self) -> Tensor | Operation: ...


GraphElementLike: TypeAlias = str | bytes | SupportsGraphElement
"""An argument that stands for an operation or a tensor of a graph: itself, a variable, or its name."""


class GraphScopes:
    """The part of a graph that says where and how new operations are made."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._scopes = Scopes()
        self._names = NamesInUse()

    def _operation_of(self, item: GraphElementLike) -> Operation:
        raise NotImplementedError

    def check_not_finalized(self) -> None:
        """Raise `RuntimeError` where the graph takes no more operations."""
        raise NotImplementedError

    # -- names ---------------------------------------------------------------------------------------------------

    def new_name(self, name: str | bytes) -> str:
        """A unique name made of ``name``; a name that ends in a slash is taken unchanged, without the slash."""
        self.check_not_finalized()
        if type(name) is not str:
            name = as_name(name)
        with self.lock:
            if name[-1:] == "/":
                name = name[:-1]
                self._names.mark(name)
            else:
                name = self._names.unique(self._scopes.thread.name + name)
        check_operation_name(name)
        return name

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """The name within the current scope, with ``_1``, ``_2``, … where it is taken; case is ignored.

        Parameters
        ----------
        name : str
        mark_as_used : bool
            Whether the name is taken from now on.

        Returns
        -------
        str
        """
        with self.lock:
            return self._names.unique(self._scopes.thread.name + as_name(name), mark_as_used=mark_as_used)

    @contextmanager
    def name_scope(self, name: str | bytes | None) -> Iterator[str]:
        """Put operations made inside under ``name/``, in this thread.

        Parameters
        ----------
        name : str or None
            Made unique; one that ends in a slash is entered again unchanged; None or ``""`` leads to the root.

        Yields
        ------
        str
            The scope with its slash, or ``""`` at the root.
        """
        outer = self._scopes.thread.name
        self._scopes.thread.name = scope = self._entered(name)
        try:
            yield scope
        finally:
            self._scopes.thread.name = outer

    def set_name_scope(self, scope: str) -> str:
        """Go to another name scope in this thread, written with its slash, and give the one that was left."""
        thread = self._scopes.thread
        outer, thread.name = thread.name, scope
        return outer

    def _entered(self, name: str | bytes | None) -> str:
        if not name:
            return ""
        name = as_name(name)
        check_scope_name(name, at_root=not self._scopes.thread.name)
        return name if name.endswith("/") else self.unique_name(name) + "/"

    def get_name_scope(self) -> str:
        """The current scope without its slash."""
        return self._scopes.thread.name.removesuffix("/")

    # -- devices -------------------------------------------------------------------------------------------------

    @contextmanager
    def device(self, device_name_or_function: DeviceLike) -> Iterator[None]:
        """Request a device for operations made inside.

        Parameters
        ----------
        device_name_or_function : str, DeviceSpec, callable or None
            A name, whose parts are merged with those of outer blocks; or a function that takes each new operation and
            gives its whole name; None cancels the outer blocks.

        Raises
        ------
        TypeError
            It is something else.
        ValueError
            The name is not that of a device.
        RuntimeError
            A block that was entered later is still open when this one is left.
        """
        block = DeviceBlock(device_name_or_function)
        outer = self._scopes.blocks
        devices = (*outer.devices, block)
        inside = self._scopes.change(devices=devices, device=known_device(devices))
        try:
            yield
        finally:
            devices = self._scopes.blocks.devices
            if not devices or devices[-1] is not block:
                raise RuntimeError("Exiting device scope without proper scope nesting.")
            self._scopes.restore(inside, outer, devices=devices[:-1], device=known_device(devices[:-1]))

    @contextmanager
    def colocate_with(self, op: GraphElementLike | None, ignore_existing: bool = False) -> Iterator[None]:
        """Request the device of an operation for operations made inside; devices of outer blocks do not count.

        Parameters
        ----------
        op : Operation, Tensor, Variable or str
            None, with ``ignore_existing``, for no operation.
        ignore_existing : bool
            Whether outer blocks of this kind do not count inside.

        Raises
        ------
        ValueError
            There is no operation, and outer blocks count.
        """
        if op is None and not ignore_existing:
            raise ValueError("Trying to reset colocation (op is None) but ignore_existing is not True.")
        chosen = () if op is None else (self._operation_of(getattr(op, "handle", op)),)
        outer = self._scopes.blocks
        colocation = (*(() if ignore_existing else outer.colocation), *chosen)
        inside = self._scopes.change(devices=(), device="", colocation=colocation)
        try:
            yield
        finally:
            now = self._scopes.blocks.colocation
            self._scopes.restore(
                inside,
                outer,
                devices=outer.devices,
                device=outer.device,
                colocation=outer.colocation if ignore_existing else now[: len(now) - len(chosen)],
            )

    @contextmanager
    def colocation_group(self, group: bytes) -> Iterator[None]:
        """Put operations made inside into one group, that of an operation which may not exist yet."""
        with self._with_attrs({"_class": [group]}):
            yield

    # -- control inputs ------------------------------------------------------------------------------------------

    def control_dependencies(self, control_inputs: Iterable[GraphElementLike] | None) -> AbstractContextManager[None]:
        """Make operations made inside wait for others.

        Parameters
        ----------
        control_inputs : list of Operation, Tensor, Variable or str
            None cancels all outer blocks, and leaves the branch or the loop that is being built.

        Returns
        -------
        AbstractContextManager
            For a ``with`` block.

        Raises
        ------
        TypeError
            An item stands for neither an operation nor a tensor.
        ValueError
            An item is of another graph.
        AssertionError
            When it is left: a block that was entered later is still open.
        """
        if control_inputs is None:
            return ControlBlock(self._scopes, None)
        return ControlBlock(self._scopes, [self._operation_of(item).name for item in control_inputs])

    def _get_control_flow_context(self) -> Context | None:
        """The branch or the loop that is being built in this thread."""
        return self._scopes.blocks.context

    @contextmanager
    def inside(self, context: Context | None) -> Iterator[None]:
        """Make new operations part of a branch or a loop."""
        outer = self._scopes.blocks
        inside = self._scopes.change(context=context)
        try:
            yield
        finally:
            self._scopes.restore(inside, outer, context=outer.context)

    def control_inputs_for(self, source: str) -> tuple[str, ...]:
        """The operations that one with an input would wait for, if it were made now."""
        return self._current_control_inputs({source})

    def made_inside(self, name: str) -> None:
        """Take an operation for one that was made in the blocks of control dependencies that are open now."""
        for dependencies in self._scopes.blocks.control:
            dependencies.add_inside(name)

    def _current_control_inputs(self, sources: set[str]) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for dependencies in self._scopes.blocks.control:
            # An input that was made inside waits for the same operations already.
            if not dependencies.covers(sources):
                names.update(dict.fromkeys(name for name in dependencies.names if name not in sources))
        return tuple(names)

    # -- attributes ----------------------------------------------------------------------------------------------

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Give variables made inside a container, which a file keeps as an attribute.

        Parameters
        ----------
        container_name : str

        Yields
        ------
        str
            The name of the container.
        """
        outer = self._scopes.blocks
        inside = self._scopes.change(container=container_name)
        try:
            yield container_name
        finally:
            self._scopes.restore(inside, outer, container=outer.container)

    @contextmanager
    def gradient_override_map(self, op_type_map: Mapping[str, str]) -> Iterator[None]:
        """Give operations of some types made inside another derivative, by the attribute ``_gradient_op_type``.

        Parameters
        ----------
        op_type_map : dict of str to str
            For types of operations the names under which other derivatives are registered.

        Raises
        ------
        TypeError
            It is not a dict of strings.
        """
        _check_strings("op_type_map", op_type_map)
        outer = self._scopes.blocks
        inside = self._scopes.change(gradient_types={**outer.gradient_types, **op_type_map})
        try:
            yield
        finally:
            self._scopes.restore(inside, outer, gradient_types=outer.gradient_types)

    @contextmanager
    def _kernel_label_map(self, op_to_kernel_label_map: Mapping[str, str]) -> Iterator[None]:
        """Give operations of some types made inside the label of another kernel, by the attribute ``_kernel``."""
        _check_strings("op_to_kernel_label_map", op_to_kernel_label_map)
        outer = self._scopes.blocks
        inside = self._scopes.change(kernel_labels={**outer.kernel_labels, **op_to_kernel_label_map})
        try:
            yield
        finally:
            self._scopes.restore(inside, outer, kernel_labels=outer.kernel_labels)

    @contextmanager
    def _attr_scope(self, attr_map: Mapping[str, message_classes.AttrValue | None]) -> Iterator[None]:
        if not isinstance(attr_map, dict):
            raise TypeError("attr_map must be a dictionary mapping strings to AttrValue messages.")
        attrs = {name: None if value is None else plain_attr(name, value) for name, value in attr_map.items()}
        with self._with_attrs(attrs):
            yield

    @contextmanager
    def _with_attrs(self, attrs: Mapping[str, Any]) -> Iterator[None]:
        outer = self._scopes.blocks
        inside = self._scopes.change(attrs={**outer.attrs, **attrs})
        try:
            yield
        finally:
            self._scopes.restore(inside, outer, attrs=outer.attrs)

    # -- threads -------------------------------------------------------------------------------------------------

    def switch_to_thread_local(self) -> None:
        """Let threads that build later begin with the blocks of this moment, not with those that this thread opens."""
        self._scopes.separate()


def _check_strings(argument: str, value: object) -> None:
    if not isinstance(value, dict) or not all(isinstance(name, str) for pair in value.items() for name in pair):
        raise TypeError(f"{argument} must be a dictionary mapping strings to strings.")


def plain_attr(name: str, value: message_classes.AttrValue) -> Any:
    """The plain value of an attribute that is given as a message; `TypeError` where it is not one."""
    if not isinstance(name, str) or not isinstance(value, message_classes.AttrValue):
        raise TypeError(f"An attribute is an AttrValue message under a string, not {value!r} under {name!r}.")
    return plain_of(value)

"""Freeze variables whose handles are passed to functions: copies of the functions that take the values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from hdfsaver.messages import message_classes

_CALLS: Mapping[str, tuple[tuple[str, ...], str, int]] = {
    "PartitionedCall": (("f",), "Tin", 0),
    "StatefulPartitionedCall": (("f",), "Tin", 0),
    "If": (("then_branch", "else_branch"), "Tin", 1),
    "StatelessIf": (("then_branch", "else_branch"), "Tin", 1),
    "While": (("cond", "body"), "T", 0),
    "StatelessWhile": (("cond", "body"), "T", 0),
}
"""By type: the attributes that name functions, that of the dtypes of their arguments, and the inputs before them."""

Nodes = Mapping[str, message_classes.NodeDef]
Freeze = Callable[[message_classes.NodeDef, Nodes, Mapping[str, int]], list[message_classes.NodeDef]]
"""An operation of a graph, all of it by name, and the dtypes of the variables that become constants: in its place."""


class FrozenFunctions:
    """The copies of a library's functions that take values in place of handles.

    Parameters
    ----------
    library : FunctionDefLibrary
        It is not changed.
    freeze : Freeze
        Changes one operation that takes a handle.
    variable_behind : callable
        Gives the variable whose handle an input is, or None.
    """

    def __init__(self, library: Any, freeze: Freeze, variable_behind: Callable[[str, Nodes], str | None]) -> None:
        self._functions = {each.signature.name: each for each in library.function}
        self._freeze = freeze
        self._variable_behind = variable_behind
        self._copies: dict[tuple[str, tuple[tuple[int, int], ...]], str] = {}
        self.made: list[Any] = []

    def call(self, node: message_classes.NodeDef, nodes: Nodes, dtypes: Mapping[str, int]) -> message_classes.NodeDef:
        """The call with values in place of handles: the node itself where no handle is passed.

        Parameters
        ----------
        node : NodeDef
        nodes : mapping of str to NodeDef
            The graph or body of the call, by name.
        dtypes : mapping of str to int
            By the names of the variables that become constants.

        Returns
        -------
        NodeDef
        """
        if node.op not in _CALLS:
            return node
        functions, types, before = _CALLS[node.op]
        inputs = [text for text in node.input if not text.startswith("^")][before:]
        found = {place: self._variable_behind(text, nodes) for place, text in enumerate(inputs)}
        values = {place: dtypes[name] for place, name in found.items() if name is not None and name in dtypes}
        if not values:
            return node
        changed = message_classes.NodeDef()
        changed.CopyFrom(node)
        for place, dtype in values.items():
            changed.attr[types].list.type[place] = dtype
        for key in functions:
            changed.attr[key].func.name = self._copy(node.attr[key].func.name, values)
        return changed

    def _copy(self, name: str, values: Mapping[int, int]) -> str:
        """The name of the function in which some arguments are values of a dtype."""
        key = (name, tuple(sorted(values.items())))
        if key not in self._copies:
            taken = {*self._functions, *self._copies.values()}
            frozen = f"{name}_frozen"
            while frozen in taken:
                frozen += "_"
            self._copies[key] = frozen
            self.made.append(self._body(frozen, self._functions[name], values))
        return self._copies[key]

    def _body(self, name: str, function: Any, values: Mapping[int, int]) -> Any:
        changed = type(function)()
        changed.CopyFrom(function)
        changed.signature.name = name
        arguments: dict[str, message_classes.NodeDef] = {}
        for place, dtype in values.items():
            argument = changed.signature.input_arg[place]
            argument.type = dtype
            arguments[argument.name] = message_classes.NodeDef(name=argument.name, op="VarHandleOp")
            if place in changed.arg_attr:
                del changed.arg_attr[place]
        nodes = {node.name: node for node in function.node_def} | arguments
        dtypes = {
            argument: changed.signature.input_arg[place].type for place, argument in zip(values, arguments, strict=True)
        }
        del changed.node_def[:]
        read = set()
        for node in function.node_def:
            found = self._freeze(node, nodes, dtypes)
            if found != [node] and node.op == "ReadVariableOp":
                read.add(node.name)
            changed.node_def.extend(self.call(each, nodes, dtypes) for each in found)
        _rename(changed, read)
        for result in changed.signature.output_arg:
            variable = self._variable_behind(changed.ret[result.name], nodes)
            if variable in dtypes:
                result.type = dtypes[variable]
        return changed


def _rename(function: Any, read: set[str]) -> None:
    """The outputs of operations that read a variable have another name now."""

    def renamed(text: str) -> str:
        name, _, rest = text.partition(":")
        return f"{name}:output:{rest.partition(':')[2]}" if name in read and rest else text

    for node in function.node_def:
        node.input[:] = [renamed(text) for text in node.input]
    results: MutableMapping[str, str] = function.ret
    for key, text in list(results.items()):
        results[key] = renamed(text)

"""What a Saver is for: from the ``var_list`` of a user to variables under their names in the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.keys import GraphKeys
from hdfsaver.graph.tensor import Tensor
from hdfsaver.variables import Variable


def variables_by_name(var_list: Any) -> dict[str, Any]:
    """The variables that a Saver is for, under their names in the file; see `Saver` for what may be given."""
    if var_list is None:
        graph = get_default_graph()
        var_list = graph.get_collection(GraphKeys.GLOBAL_VARIABLES) + graph.get_collection(GraphKeys.SAVEABLE_OBJECTS)
    if isinstance(var_list, Mapping):
        return _from_mapping(var_list)
    if not isinstance(var_list, list | tuple | set | frozenset):
        raise TypeError(
            f"Variables to save should be passed in a dict or a list, tuple or set, not {type(var_list).__name__}."
        )
    return _from_list(var_list)


def _from_list(variables: Iterable[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for variable in variables:
        name = _checked(variable).op.name
        if name in named:
            raise ValueError(f"At least two variables have the same name: {name}")
        named[name] = variable
    # A set has no order of its own; the same state must give the same bytes.
    return dict(sorted(named.items())) if isinstance(variables, set | frozenset) else named


def _from_mapping(variables: Mapping[Any, Any]) -> dict[str, Any]:
    name_by_op: dict[str, str] = {}
    for name, variable in variables.items():
        if not isinstance(name, str):
            raise TypeError(f"The names in a dict of variables must be strings; {name!r} is not.")
        op_name = _checked(variable).op.name
        if op_name in name_by_op:
            raise ValueError(f"The same saveable will be restored with two names: {name_by_op[op_name]} and {name}.")
        name_by_op[op_name] = name
    return dict(variables)


def _checked(variable: Any) -> Any:
    is_reference = isinstance(variable, Tensor) and variable.op.type in ("VariableV2", "Variable")
    if not (isinstance(variable, Variable) or is_reference):
        raise TypeError(f"Variable to save is not a Variable: {variable!r}.")
    return variable

"""The ``var_list`` of a Saver: variables by their names in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hdfsaver.checkpoint.saveables.array_saveable import ArrayItem, is_item
from hdfsaver.checkpoint.saveables.iterator_saveable import ITERATORS, IteratorSaveable
from hdfsaver.checkpoint.saveables.partitioned_saveable import Part, as_part, checked_parts, ops_of
from hdfsaver.errors import shown
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor
from hdfsaver.variables.partitioned import PartitionedVariable
from hdfsaver.variables.variable import Variable

_REFERENCES = frozenset({"VariableV2", "Variable", "VarHandleOp"}) | ITERATORS


def all_of_graph() -> list[Any]:
    """The variables and other objects that a Saver without a ``var_list`` saves."""
    graph = get_default_graph()
    return [*graph.get_collection(GraphKeys.GLOBAL_VARIABLES), *graph.get_collection(GraphKeys.SAVEABLE_OBJECTS)]


def variables_by_name(var_list: Any) -> dict[str, Any]:
    """Convert a ``var_list`` (see `Saver`) to variables or arrays by their names in the file."""
    if isinstance(var_list, Mapping):
        return _from_mapping(var_list)
    if not isinstance(var_list, list | tuple | set | frozenset):
        raise TypeError(
            f"Variables to save should be passed in a dict or a list, tuple or set, not {type(var_list).__name__}."
        )
    return _from_list(var_list)


def _from_list(variables: Iterable[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    grouped: dict[str, list[Part]] = {}
    for variable in _flat(variables):
        part = as_part(variable)
        name = _name(variable) if part is None else part.info.full_name
        if part is not None and name in grouped:
            grouped[name].append(part)
        elif name not in named:
            named[name] = variable if part is None else grouped.setdefault(name, [part])
        elif part is not None:
            raise ValueError(f"Mixing slices and non-slices with the same name: {name}")
        else:
            raise ValueError(f"At least two variables have the same name: {name}")
    _check_kept_once(named)
    # Sorted, because a set has no order, and the same state must give the same bytes.
    return dict(sorted(named.items())) if isinstance(variables, set | frozenset) else named


def _flat(variables: Iterable[Any]) -> Iterator[Any]:
    for item in variables:
        if isinstance(item, list | tuple):
            yield from _flat(item)
        else:
            yield item


def _name(variable: Any) -> str:
    found: str = variable.name if isinstance(variable, PartitionedVariable) else _checked(variable).op.name
    return found


def _from_mapping(variables: Mapping[Any, Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, variable in variables.items():
        if not isinstance(name, str):
            raise TypeError(f"The names in a dict of variables must be strings; {shown(name)} is not.")
        if isinstance(variable, list | tuple):
            named[name] = checked_parts(name, variable)
        elif is_item(variable) and not isinstance(variable, Tensor | Variable | PartitionedVariable):
            named[name] = ArrayItem(variables, name)
        else:
            _name(variable)
            named[name] = variable
    _check_kept_once(named)
    return named


def _check_kept_once(named: Mapping[str, Any]) -> None:
    names: dict[tuple[str, bool], str] = {}
    for name, variable in named.items():
        # As in TensorFlow, a variable may be both a part of a variable and a variable by itself.
        is_partitioned = isinstance(variable, list | PartitionedVariable)
        for op in ops_of(variable):
            kept = (op.name, is_partitioned)
            if kept in names:
                raise ValueError(f"The same saveable will be restored with two names: {names[kept]} and {name}.")
            names[kept] = name


def _checked(variable: Any) -> Any:
    is_reference = isinstance(variable, Tensor) and variable.op.type in _REFERENCES
    if not (isinstance(variable, Variable | IteratorSaveable) or is_reference):
        raise TypeError(f"Variable to save is not a Variable: {shown(variable)}.")
    return variable

"""Nested lists, tuples and dicts of tensors: taken apart, and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from hdfsaver.graph.composite_tensors import IndexedSlices, SparseTensor

_COMPOSITES = (IndexedSlices, SparseTensor)


def leaves_of(structure: Any, *, whole: bool = False) -> Iterator[Any]:
    """The values in nested sequences and dicts, in order; those of dicts sorted by key.

    Slices and sparse tensors are taken into their parts, and a TensorArray is its flow, unless they are to stay whole.
    """
    if isinstance(structure, Mapping):
        for key in sorted(structure):
            yield from leaves_of(structure[key], whole=whole)
    elif isinstance(structure, list | tuple):
        for item in structure:
            yield from leaves_of(item, whole=whole)
    elif isinstance(structure, _COMPOSITES) and not whole:
        yield from parts_of(structure)
    elif is_array(structure) and not whole:
        yield structure.flow
    else:
        yield structure


def is_array(value: Any) -> bool:
    """Whether a value is a TensorArray, of which control flow passes on the flow."""
    return hasattr(type(value), "_with_flow")


def parts_of(value: IndexedSlices | SparseTensor) -> list[Any]:
    """The tensors that slices or a sparse tensor are made of."""
    if isinstance(value, SparseTensor):
        return [value.indices, value.values, value.dense_shape]
    return [part for part in (value.values, value.indices, value.dense_shape) if part is not None]


def mapped(function: Callable[[Any], Any], structure: Any, *, whole: bool = False) -> Any:
    """The same structure, with the result of a function for each value, in the order of `leaves_of`.

    Parameters
    ----------
    function : callable
    structure : object
    whole : bool
        Whether slices, sparse tensors and TensorArrays are values, and not their parts.

    Returns
    -------
    object
        Of the same classes.
    """
    if isinstance(structure, Mapping):
        made = {key: mapped(function, structure[key], whole=whole) for key in sorted(structure)}
        kind: Any = type(structure)
        return kind((key, made[key]) for key in structure)
    if isinstance(structure, list | tuple):
        items = [mapped(function, item, whole=whole) for item in structure]
        kind = type(structure)
        return kind(*items) if hasattr(kind, "_fields") else kind(items)
    if isinstance(structure, _COMPOSITES) and not whole:
        return type(structure)(*map(function, parts_of(structure)))
    if is_array(structure) and not whole:
        return structure._with_flow(function(structure.flow))
    return function(structure)


def filled_with(structure: Any, leaves: Iterable[Any], *, whole: bool = False) -> Any:
    """The same structure with other values, in the order of `leaves_of`.

    Parameters
    ----------
    structure : object
    leaves : iterable
    whole : bool
        See `mapped`.

    Returns
    -------
    object
        Of the same classes.
    """
    given = iter(leaves)
    return mapped(lambda leaf: next(given), structure, whole=whole)


def check_same(first: Any, second: Any, what: str) -> None:
    """Refuse two structures that are not nested in the same way.

    Parameters
    ----------
    first, second : object
    what : str
        The beginning of the message: what the structures are.

    Raises
    ------
    ValueError
        They have different numbers of items, or different keys.
    TypeError
        One has a list where the other has a tuple or a dict.
    """
    waiting = [(first, second)]
    while waiting:
        one, two = waiting.pop()
        kinds = [_kind(one), _kind(two)]
        if kinds[0] != kinds[1] and "value" in kinds:
            raise ValueError(f"{what}: The two structures don't have the same nested structure: {first}, {second}.")
        if kinds[0] != kinds[1]:
            raise TypeError(f"{what}: The two structures don't have the same sequence type: {one}, {two}.")
        if kinds[0] == "dict" and set(one) != set(two):
            raise ValueError(f"{what}: The two dictionaries don't have the same set of keys: {one}, {two}.")
        if kinds[0] != "value" and len(one) != len(two):
            raise ValueError(f"{what}: The two structures don't have the same number of elements: {one}, {two}.")
        if kinds[0] == "dict":
            waiting += [(one[key], two[key]) for key in sorted(one)]
        elif kinds[0] != "value":
            waiting += zip(one, two, strict=True)


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "dict"
    return "list" if isinstance(value, list) else "tuple" if isinstance(value, tuple) else "value"

"""``tf.nest``: nested lists, tuples, dicts and classes of fields, taken apart and put together again.

Lists, tuples and other sequences, dicts, named tuples and classes of the library attrs are structures; everything else
is a value: strings, arrays, tensors, and also slices and sparse tensors unless their parts are asked for.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView, Sequence
from typing import Any

from hdfsaver.graph.composite_tensors import IndexedSlices, SparseTensor
from hdfsaver.graph.structures import parts_of

__all__ = [
    "assert_same_structure",
    "assert_shallow_structure",
    "flatten",
    "flatten_dict_items",
    "flatten_up_to",
    "flatten_with_joined_string_paths",
    "flatten_with_tuple_paths",
    "get_traverse_shallow_structure",
    "is_nested",
    "is_nested_or_composite",
    "is_sequence",
    "list_to_tuple",
    "map_structure",
    "map_structure_up_to",
    "map_structure_with_paths",
    "map_structure_with_tuple_paths",
    "pack_sequence_as",
]

Path = tuple[Any, ...]

_SLICES = (IndexedSlices, SparseTensor)


def is_nested(seq: Any) -> bool:
    """Whether a value is a structure: a sequence, a dict or a class of fields."""
    if isinstance(seq, str | bytes | bytearray | memoryview):
        return False
    return isinstance(seq, Sequence | Mapping | MappingView) or hasattr(type(seq), "__attrs_attrs__")


is_sequence = is_nested


def is_nested_or_composite(seq: Any) -> bool:
    """Whether a value is a structure, slices or a sparse tensor."""
    return isinstance(seq, _SLICES) or is_nested(seq)


def _is_structure(value: Any, expand: bool) -> bool:
    return is_nested_or_composite(value) if expand else is_nested(value)


def _items(structure: Any) -> list[tuple[Any, Any]]:
    """The keys, names or places in a structure, each with its value; keys of dicts are sorted."""
    if isinstance(structure, _SLICES):
        return list(enumerate(parts_of(structure)))
    if isinstance(structure, Mapping):
        try:
            return [(key, structure[key]) for key in sorted(structure)]
        except TypeError as error:
            raise TypeError(f"nest only supports dicts with sortable keys: {error}") from None
    names = _fields(structure)
    if names is not None:
        return [(name, getattr(structure, name)) for name in names]
    return list(enumerate(structure))


def _fields(structure: Any) -> Sequence[str] | None:
    """The names of the fields of a named tuple or a class of attrs."""
    if isinstance(structure, tuple):
        return getattr(structure, "_fields", None)
    found = getattr(type(structure), "__attrs_attrs__", None)
    return None if found is None else [attribute.name for attribute in found]


def _like(structure: Any, values: Sequence[Any]) -> Any:
    """A structure of the same class with other values, which are in the order of `_items`."""
    kind: Any = type(structure)
    if isinstance(structure, Mapping):
        made = dict(zip(sorted(structure), values, strict=True))
        pairs = [(key, made[key]) for key in structure]
        if isinstance(structure, collections.defaultdict):
            return kind(structure.default_factory, pairs)
        return kind(pairs)
    if isinstance(structure, MappingView | range):
        return list(values)
    if isinstance(structure, _SLICES) or _fields(structure) is not None:
        return kind(*values)
    return kind(values)


def _walk(structure: Any, expand: bool, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value with its path."""
    if not _is_structure(structure, expand):
        yield path, structure
        return
    for key, item in _items(structure):
        yield from _walk(item, expand, (*path, key))


def _mapped(structure: Any, function: Callable[[Any], Any], expand: bool) -> Any:
    if not _is_structure(structure, expand):
        return function(structure)
    return _like(structure, [_mapped(item, function, expand) for _, item in _items(structure)])


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The values of a structure, those of dicts in the order of their keys.

    Parameters
    ----------
    structure : object
        A single value is a list of itself.
    expand_composites : bool
        Take slices and sparse tensors into their parts.

    Returns
    -------
    list

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.nest.flatten([3, {"b": 2, "a": (1,)}])
    [3, 1, 2]
    """
    return [value for _, value in _walk(structure, expand_composites)]


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """A structure like another one, of the values in a list.

    Parameters
    ----------
    structure : object
        The result is like it.
    flat_sequence : sequence
        Its values, in the order of `flatten`.
    expand_composites : bool
        See `flatten`.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        The values are not a sequence.
    ValueError
        There are more or fewer values than the structure has.
    """
    if not is_nested(flat_sequence):
        raise TypeError(
            f"Attempted to pack value:\n  {flat_sequence}\ninto a structure, but found incompatible type "
            f"`{type(flat_sequence)}` instead."
        )
    values = list(flat_sequence)
    if not _is_structure(structure, expand_composites):
        if len(values) != 1:
            raise ValueError(
                f"The target structure is of type `{type(structure)}`\n  {structure}\nHowever the input is a sequence "
                f"({type(flat_sequence)}) of length {len(values)}.\n  {flat_sequence}\n"
                "nest cannot guarantee that it is safe to map one to the other."
            )
        return values[0]
    count = len(flatten(structure, expand_composites))
    if count != len(values):
        raise ValueError(
            f"Could not pack sequence. Structure had {count} atoms, but flat_sequence had {len(values)} items.  "
            f"Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    given = iter(values)
    return _mapped(structure, lambda _: next(given), expand_composites)


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Refuse two structures that are not nested alike.

    Parameters
    ----------
    nest1, nest2 : object
    check_types : bool
        Compare classes and the keys of dicts too; any two dicts are of one class.
    expand_composites : bool
        See `flatten`.

    Raises
    ------
    ValueError
        They have different numbers of items or different keys, or one has a value where the other has a structure.
    TypeError
        Two classes differ.
    """
    try:
        _compare(nest1, nest2, check_types, expand_composites)
    except (TypeError, ValueError) as error:
        raise type(error)(
            "The two structures don't have the same nested structure.\n\n"
            f"First structure: type={type(nest1).__name__} str={nest1}\n\n"
            f"Second structure: type={type(nest2).__name__} str={nest2}\n\nMore specifically: {error}"
        ) from None


def _compare(one: Any, two: Any, check_types: bool, expand: bool) -> None:
    nested = [_is_structure(one, expand), _is_structure(two, expand)]
    if nested[0] != nested[1]:
        names = [f'Substructure "type={type(value).__name__} str={value}"' for value in (one, two)]
        said = "is a sequence, while substructure", "is not"
        first, second = names if nested[0] else reversed(names)
        raise ValueError(f"{first} {said[0]} {second} {said[1]}")
    if not nested[0]:
        return
    if check_types and not _same_class(one, two):
        raise TypeError(
            f"The two namedtuples don't have the same sequence type. First structure {one} has type "
            f"{type(one).__name__}, while second structure {two} has type {type(two).__name__}"
        )
    if check_types and isinstance(one, Mapping) and set(one) != set(two):
        raise ValueError(
            f"The two dictionaries don't have the same set of keys. First structure has keys {list(one)}, while second "
            f"structure has keys {list(two)}"
        )
    pairs = [_items(one), _items(two)]
    if len(pairs[0]) != len(pairs[1]):
        raise ValueError(
            f"The two structures don't have the same number of elements. First structure: {one}. "
            f"Second structure: {two}"
        )
    for (_, first_item), (_, second_item) in zip(*pairs, strict=True):
        _compare(first_item, second_item, check_types, expand)


def _same_class(one: Any, two: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        return True
    fields = [_fields(value) if isinstance(value, tuple) else None for value in (one, two)]
    if None not in fields:
        return fields[0] == fields[1] and type(one).__name__ == type(two).__name__
    return type(one) is type(two)


def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """The results of a function for the values of one structure, or of several that are nested alike.

    Parameters
    ----------
    func : callable
        It takes a value of each structure.
    *structure : object
        The structures; the result is like the first.
    **kwargs : bool
        ``check_types`` and ``expand_composites``, as for `assert_same_structure`.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        The function cannot be called, or classes differ.
    ValueError
        The structures are not nested alike, none is given, or another keyword is.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> tf.nest.map_structure(lambda x, y: x + y, {"a": 1, "b": [2]}, {"a": 10, "b": [20]})
    {'a': 11, 'b': [22]}
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types, expand = (kwargs.pop(name, default) for name, default in _OPTIONS.items())
    if kwargs:
        raise ValueError(
            f"Only valid keyword arguments are `check_types` and `expand_composites`, not: `{'`, `'.join(kwargs)}`"
        )
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand)
    columns = [flatten(each, expand) for each in structure]
    return pack_sequence_as(structure[0], [func(*row) for row in zip(*columns, strict=True)], expand)


_OPTIONS = {"check_types": True, "expand_composites": False}


def flatten_with_tuple_paths(structure: Any, expand_composites: bool = False) -> list[tuple[Path, Any]]:
    """Pairs of a path, such as ``(0, "key")``, and the value there."""
    return list(_walk(structure, expand_composites))


def flatten_with_joined_string_paths(
    structure: Any, separator: str = "/", expand_composites: bool = False
) -> list[tuple[str, Any]]:
    """Pairs of a path, such as ``"0/key"``, and the value there.

    Parameters
    ----------
    structure : object
    separator : str
        The text between the parts of a path.
    expand_composites : bool
        See `flatten`.

    Returns
    -------
    list of tuple
    """
    return [(separator.join(map(str, path)), value) for path, value in _walk(structure, expand_composites)]


def map_structure_with_tuple_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """As `map_structure`, with the path as the first argument of the function.

    Parameters
    ----------
    func : callable
    *structure : object
    **kwargs : bool
        As for `map_structure`.

    Returns
    -------
    object
    """
    if not structure:
        raise ValueError("Must provide at least one structure")
    paths = [path for path, _ in _walk(structure[0], kwargs.get("expand_composites", False))]
    given = iter(paths)
    return map_structure(lambda *values: func(next(given), *values), *structure, **kwargs)


def map_structure_with_paths(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """As `map_structure_with_tuple_paths`, with paths such as ``"0/key"``.

    Parameters
    ----------
    func : callable
    *structure : object
    **kwargs : bool
        As for `map_structure`.

    Returns
    -------
    object
    """
    return map_structure_with_tuple_paths(
        lambda path, *values: func("/".join(map(str, path)), *values), *structure, **kwargs
    )


def assert_shallow_structure(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Refuse a structure that is not nested like another one as far as that goes.

    Parameters
    ----------
    shallow_tree : object
        How it has to be nested; where this has a value, anything may stand.
    input_tree : object
    check_types, expand_composites : bool
        As for `assert_same_structure`.

    Raises
    ------
    TypeError
        There is a value instead of a structure, or a structure of another class.
    ValueError
        There are other numbers of items, or other keys.
    """
    if not _is_structure(shallow_tree, expand_composites):
        return
    if not _is_structure(input_tree, expand_composites):
        raise TypeError(
            f"If shallow structure is a sequence, input must also be a sequence. Input has type: {type(input_tree)}."
        )
    if check_types and not _same_class(shallow_tree, input_tree):
        raise TypeError(
            "The two structures don't have the same sequence type. Input structure has type "
            f"{type(input_tree)}, while shallow structure has type {type(shallow_tree)}."
        )
    if len(_items(input_tree)) != len(_items(shallow_tree)):
        raise ValueError(
            "The two structures don't have the same sequence length. Input structure has length "
            f"{len(_items(input_tree))}, while shallow structure has length {len(_items(shallow_tree))}."
        )
    if check_types and isinstance(shallow_tree, Mapping) and set(shallow_tree) - set(input_tree):
        raise ValueError(
            "The shallow_tree's keys are not a subset of the input_tree's keys. The shallow_tree has the following "
            f"keys that are not in the input_tree: {sorted(set(shallow_tree) - set(input_tree))}"
        )
    for (_, shallow), (_, item) in zip(_items(shallow_tree), _items(input_tree), strict=True):
        assert_shallow_structure(shallow, item, check_types, expand_composites)


def flatten_up_to(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> list[Any]:
    """The parts of a structure where another one has values.

    Parameters
    ----------
    shallow_tree : object
    input_tree : object
    check_types, expand_composites : bool
        As for `assert_same_structure`.

    Returns
    -------
    list

    Raises
    ------
    TypeError, ValueError
        See `assert_shallow_structure`.
    """
    assert_shallow_structure(shallow_tree, input_tree, check_types, expand_composites)
    return list(_up_to(shallow_tree, input_tree, expand_composites))


def _up_to(shallow: Any, tree: Any, expand: bool) -> Iterator[Any]:
    if not _is_structure(shallow, expand):
        yield tree
        return
    for (_, below), (_, item) in zip(_items(shallow), _items(tree), strict=True):
        yield from _up_to(below, item, expand)


def map_structure_up_to(shallow_tree: Any, func: Callable[..., Any], *inputs: Any, **kwargs: Any) -> Any:
    """The results of a function for the parts of structures where another one has values.

    Parameters
    ----------
    shallow_tree : object
        The result is like it.
    func : callable
    *inputs : object
    **kwargs : bool
        ``check_types`` and ``expand_composites``, as for `assert_same_structure`.

    Returns
    -------
    object

    Raises
    ------
    ValueError
        No structure is given; see also `assert_shallow_structure`.
    """
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    columns = [flatten_up_to(shallow_tree, each, **kwargs) for each in inputs]
    values = [func(*row) for row in zip(*columns, strict=True)]
    return pack_sequence_as(shallow_tree, values, kwargs.get("expand_composites", False))


def get_traverse_shallow_structure(
    traverse_fn: Callable[[Any], Any], structure: Any, expand_composites: bool = False
) -> Any:
    """A structure of True and False as deep as a function says.

    Parameters
    ----------
    traverse_fn : callable
        It takes a part of the structure and says whether to go into it.
    structure : object
    expand_composites : bool
        See `flatten`.

    Returns
    -------
    object
        For `flatten_up_to` and others.

    Raises
    ------
    TypeError
        The function gives something else.
    """
    to_go = traverse_fn(structure)
    if not isinstance(to_go, bool):
        raise TypeError(f"traverse_fn returned something other than a bool: {type(to_go)}")
    if not _is_structure(structure, expand_composites):
        return to_go
    if not to_go:
        return False
    below = [get_traverse_shallow_structure(traverse_fn, item, expand_composites) for _, item in _items(structure)]
    return _like(structure, below)


def flatten_dict_items(dictionary: Mapping[Any, Any]) -> dict[Any, Any]:
    """A dict whose keys and values were nested alike, with a key for each value.

    Raises
    ------
    TypeError
        It is not a dict.
    ValueError
        A key and its value are not nested alike, or a key comes twice.
    """
    if not isinstance(dictionary, Mapping):
        raise TypeError(f"input must be a dictionary, not {type(dictionary).__name__}.")
    found: dict[Any, Any] = {}
    for key, value in dictionary.items():
        for one, other in zip(*_flat_pair(key, value), strict=True):
            if one in found:
                raise ValueError(f"Cannot flatten dict because this key is not unique: {one}")
            found[one] = other
    return found


def _flat_pair(key: Any, value: Any) -> tuple[Iterable[Any], Iterable[Any]]:
    if not is_nested(key):
        return [key], [value]
    if not is_nested(value):
        raise ValueError(f"Could not flatten dictionary. Key {key} is nested, but value {value} is not.")
    keys, values = flatten(key), flatten(value)
    if len(keys) != len(values):
        raise ValueError(
            f"Could not flatten dictionary. Key had {len(keys)} elements, but value had {len(values)} elements. "
            f"Key: {keys}, value: {values}."
        )
    return keys, values


def list_to_tuple(structure: Any) -> Any:
    """The same structure with tuples instead of lists."""
    if not is_nested(structure):
        return structure
    items = [list_to_tuple(item) for _, item in _items(structure)]
    return tuple(items) if isinstance(structure, list) else _like(structure, items)

"""Nested dicts, lists and tuples of arrays, as a flat dict: the levels are joined with slashes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hdfsaver.errors import shown
from hdfsaver.library_arrays import is_plain, of_plain

_DEEPEST = 100
"""Levels of a nested structure; one that contains itself has no end."""


def flattened(tensors: Any) -> dict[str, Any]:
    """The arrays of a nested structure by name: a pytree of JAX, the parameters of Flax, the state of an optimizer.

    The members of dicts are named by their keys, those of lists and tuples by their positions, and those of named
    tuples by their fields. A list or tuple of numbers or strings of one type is one value.

    Parameters
    ----------
    tensors : mapping of str to object

    Returns
    -------
    dict of str to object
        Everything that is not a dict, list or tuple, in order; lists of numbers or strings as arrays.

    Raises
    ------
    TypeError
        It is not a dict, or a key is not a str (below the top: a str or int).
    ValueError
        Two arrays would get one name, or the structure is nested too deeply.
    """
    if not isinstance(tensors, Mapping):
        raise TypeError(f"A dict of arrays by name was expected, not {type(tensors).__name__}.")
    for name in tensors:
        if not isinstance(name, str):
            raise TypeError(f"The name of an array must be a str, not {shown(name)}.")
    found: dict[str, Any] = {}
    origins: dict[str, tuple[Any, ...]] = {}
    for path, value in _leaves(tensors, ()):
        name = "/".join(map(str, path))
        if name in found:
            raise ValueError(
                f"Two arrays would have the name {name!r}: those at {_shown(origins[name])} and {_shown(path)}. "
                "Rename a key."
            )
        found[name], origins[name] = value, path
    return found


def _leaves(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    value = list(value) if type(value) is list else value  # another thread may change it
    members = _members(value, path)
    if members is None:
        yield path, of_plain(value) if isinstance(value, list | tuple) else value
        return
    if len(path) >= _DEEPEST:
        raise ValueError(f"The arrays at {_shown(path[:4])} are nested more than {_DEEPEST} levels deep.")
    for key, member in members:
        yield from _leaves(member, (*path, key))


def _members(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, Any]] | None:
    """The keys and members of a container; None for a value."""
    if isinstance(value, Mapping):
        items = list(value.items())  # at once: another thread may add or remove some
        for key, _ in items:
            if isinstance(key, bool) or not isinstance(key, str | int):
                raise TypeError(f"A key in the dict at {_shown(path)} must be a str or int, not {shown(key)}.")
        return iter(items)
    if not isinstance(value, list | tuple):
        return None
    fields = getattr(value, "_fields", None)
    if fields is None and is_plain(value):
        return None
    return zip(fields, value, strict=True) if isinstance(fields, tuple) else enumerate(value)


def _shown(path: tuple[Any, ...]) -> str:
    return "tensors" + "".join(f"[{key!r}]" for key in path)

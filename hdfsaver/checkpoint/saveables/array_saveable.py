"""Arrays in a dict of the program's own, without a graph: a Saver keeps them as it keeps variables."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.arrays.library_arrays import as_numpy, as_torch, is_array, is_torch
from hdfsaver.checkpoint.saveables.saveable import Saveable
from hdfsaver.shapes import TensorShape
from hdfsaver.tensor_info import Array


class ArrayItem(Saveable):
    """One item of a mapping from names to arrays.

    An array that can be written on is restored in place, so that whoever else holds it sees the values; in place of
    another one (of JAX, or read-only) the mapping gets a new array of the same library.
    """

    keys = ()
    is_shared = True

    def __init__(self, mapping: Mapping[str, Any], key: str) -> None:
        self._mapping = mapping
        self._key = key
        self.label = f"array {key!r}"
        self._array()  # raises where it is no array

    def _array(self) -> Array:
        return as_numpy(self._mapping[self._key], self._key)

    @property
    def dtype(self) -> str:  # type: ignore[override]
        """The dtype that the array has now."""
        return dtypes.name_of_numpy(self._array().dtype)

    @property
    def shape(self) -> TensorShape:  # type: ignore[override]
        """The shape that the array has now."""
        return TensorShape(self._array().shape)

    def value(self, present: Mapping[str, Array | None]) -> Array:
        """The array as it is now, not copied."""
        return self._array()

    def take(self, value: Array) -> Mapping[str, Array]:
        """Write the value on the array, or put another one in its place."""
        held = self._mapping[self._key]
        if is_torch(held):
            held.detach().copy_(as_torch(value, self._key))
        elif isinstance(held, np.ndarray) and held.flags.writeable:
            held[...] = value
        else:
            assert isinstance(self._mapping, MutableMapping)
            self._mapping[self._key] = _like(held, value)
        return {}

    def check_takes(self) -> None:
        """Raise `TypeError` where neither the array nor the mapping can be written on."""
        held = self._mapping[self._key]
        in_place = is_torch(held) or (isinstance(held, np.ndarray) and held.flags.writeable)
        if not in_place and not isinstance(self._mapping, MutableMapping):
            raise TypeError(
                f"{self.label} cannot be restored: it cannot be written on, and neither can the "
                f"{type(self._mapping).__name__} that holds it. Use hdfsaver.load_file."
            )


def _like(held: Any, value: Array) -> Any:
    """The value as an array of the library that the one before it is of, as far as that says which it is."""
    if isinstance(held, np.generic):
        return value[()]
    namespace = getattr(held, "__array_namespace__", None)
    return value if namespace is None else namespace().asarray(value)


def is_item(value: Any) -> bool:
    """Whether a value in a mapping that a Saver is given is an array, and not of a graph."""
    return isinstance(value, np.generic) or is_array(value)

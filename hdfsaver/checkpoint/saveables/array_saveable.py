"""Arrays in a dict of the program, without a graph, which a Saver saves like variables."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.checkpoint.saveables.saveable import Saveable
from hdfsaver.errors import FailedPreconditionError
from hdfsaver.library_arrays import as_numpy, as_torch, is_array, is_torch
from hdfsaver.shapes import TensorShape
from hdfsaver.tensor_info import Array


class ArrayItem(Saveable):
    """One item of a mapping from names to arrays.

    A writable array is restored in place, so that other references to it see the values. Other arrays (of JAX, or
    read-only) are replaced in the mapping by a new array of the same library.
    """

    keys = ()
    is_shared = True

    def __init__(self, mapping: Mapping[str, Any], key: str) -> None:
        self._mapping = mapping
        self._key = key
        self.label = f"array {key!r}"
        self._array()  # raises if it is not an array

    def _array(self) -> Array:
        return as_numpy(self._held(), self._key)

    def _held(self) -> Any:
        """The present value in the mapping, which the program may have changed since the Saver was made."""
        remedy = "Put an array under this key, or make another Saver. Nothing was saved or restored."
        try:
            held = self._mapping[self._key]
        except KeyError:
            kind = type(self._mapping).__name__
            raise FailedPreconditionError(
                None, None, f"There is no {self.label} any more in the {kind} that was given to the Saver. {remedy}"
            ) from None
        if not is_item(held):
            raise TypeError(
                f"{self.label} was replaced in the {type(self._mapping).__name__} that was given to the Saver, by an "
                f"object of type {type(held).__module__}.{type(held).__qualname__}, which is not an array. {remedy}"
            )
        return held

    @property
    def dtype(self) -> str:  # type: ignore[override]
        """The present dtype of the array."""
        return dtypes.name_of_numpy(self._array().dtype)

    @property
    def shape(self) -> TensorShape:  # type: ignore[override]
        """The present shape of the array."""
        return TensorShape(self._array().shape)

    def value(self, present: Mapping[str, Array | None]) -> Array:
        """The present array, not copied."""
        return self._array()

    def take(self, value: Array) -> Mapping[str, Array]:
        """Write the value to the array, or replace the array in the mapping."""
        held = self._held()
        if is_torch(held):
            held.detach().copy_(as_torch(value, self._key))
        elif isinstance(held, np.ndarray) and held.flags.writeable:
            np.asarray(held)[...] = value  # a masked array itself may keep what is masked
        else:
            assert isinstance(self._mapping, MutableMapping)
            self._mapping[self._key] = _like(held, value)
        return {}

    def check_takes(self) -> None:
        """Raise `TypeError` if neither the array nor the mapping is writable."""
        held = self._held()
        in_place = is_torch(held) or (isinstance(held, np.ndarray) and held.flags.writeable)
        if not in_place and not isinstance(self._mapping, MutableMapping):
            raise TypeError(
                f"{self.label} cannot be restored: it is read-only, and so is the "
                f"{type(self._mapping).__name__} that holds it. Use hdfsaver.load_file."
            )


def _like(held: Any, value: Array) -> Any:
    """Convert the value to the library of the previous array, if the library is known."""
    if isinstance(held, np.generic):
        return value[()]
    namespace = getattr(held, "__array_namespace__", None)
    return value if namespace is None else namespace().asarray(value)


def is_item(value: Any) -> bool:
    """Whether a value in a mapping for a Saver is an array that does not belong to a graph."""
    return isinstance(value, np.generic) or is_array(value)

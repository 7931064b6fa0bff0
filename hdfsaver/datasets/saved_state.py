"""Places in datasets as plain values by name, and their bytes: one message of TensorFlow's, no code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver.errors import DataLossError, UnimplementedError
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import UNREADABLE, plain_of, write_attribute
from hdfsaver.messages.parsing import parse
from hdfsaver.tensor_info import Array

FORM = "hdfsaver.iterator.1"
"""The kind and version of the bytes."""


class SavedState:
    """Values by name: integers, bools, bytes, arrays, and elements of datasets; each part has names of its own.

    Parameters
    ----------
    values : dict
        All values, with their full names.
    prefix : str
        What the names of this part begin with.
    """

    dataset_of: ClassVar[Callable[[list[tuple[Array, ...]]], Any]]
    """Makes a dataset of elements: windows are among the elements of datasets."""

    def __init__(self, values: dict[str, Any] | None = None, prefix: str = "") -> None:
        self.values: dict[str, Any] = {} if values is None else values
        self._prefix = prefix

    def inside(self, name: object) -> SavedState:
        """A part of it."""
        return SavedState(self.values, f"{self._prefix}{name}/")

    def __setitem__(self, name: str, value: Any) -> None:
        self.values[self._prefix + name] = value

    def __getitem__(self, name: str) -> Any:
        try:
            return self.values[self._prefix + name]
        except KeyError:
            raise DataLossError(
                None,
                None,
                f"The saved state of an iterator has nothing for {self._prefix + name!r}: it is that of another "
                "dataset. Restore it into the iterator of the program that saved it.",
            ) from None

    def __contains__(self, name: str) -> bool:
        return self._prefix + name in self.values

    def number(self, name: str) -> int:
        """A value that is an integer from 0 on; `DataLossError` where it is not one."""
        value = self[name]
        if type(value) is not int or value < 0:
            raise DataLossError(None, None, f"The saved state of an iterator is damaged: {name!r} is {value!r}.")
        return value

    def put_element(self, name: str, element: Sequence[Array]) -> None:
        """Note an element of a dataset."""
        self[name] = len(element)
        for place, component in enumerate(element):
            self[f"{name}.{place}"] = _plain(component)

    def element(self, name: str) -> tuple[Array, ...]:
        """An element that was noted."""
        return tuple(_component(self[f"{name}.{place}"]) for place in range(self.number(name)))


def to_bytes(saved: SavedState) -> Array:
    """The state as a vector of uint8, the same for the same state."""
    message = message_classes.AttrValue()
    write_attribute(message, {"name": FORM, "attr": dict(sorted(saved.values.items()))})
    return np.frombuffer(message.SerializeToString(deterministic=True), np.uint8)


def from_bytes(data: Array) -> SavedState:
    """The state in a vector of uint8.

    Raises
    ------
    DataLossError
        It is not the state of an iterator.
    """
    message = parse(message_classes.AttrValue, data.tobytes(), "the saved state of an iterator")
    try:
        plain = plain_of(message)
    except UNREADABLE as error:
        raise DataLossError(None, None, f"The saved state of an iterator is damaged: {error}.") from None
    if not isinstance(plain, Mapping) or plain.get("name") != FORM:
        raise DataLossError(None, None, f"A value is not the state of an iterator: it does not begin with {FORM!r}.")
    return SavedState(dict(plain["attr"]))


def _plain(component: Any) -> Any:
    array = np.asarray(component)
    if array.dtype != np.object_ or all(isinstance(item, bytes) for item in array.ravel().tolist()):
        return array
    items = array.ravel().tolist() if array.ndim else [array[()]]
    if array.ndim == 0 and hasattr(items[0], "items"):
        rows = [{"name": "element", "attr": _numbered(map(_plain, row))} for row in items[0].items]
        return {"name": "dataset", "attr": _numbered(rows)}
    if not all(isinstance(item, np.ndarray) for item in items):
        raise UnimplementedError(
            None, None, f"An iterator has an element of {type(items[0]).__name__} in a buffer, which cannot be saved."
        )
    return {"name": "variant", "attr": {"shape": tuple(array.shape), **_numbered(map(_plain, items))}}


def _numbered(items: Iterable[Any]) -> dict[str, Any]:
    return {str(place): item for place, item in enumerate(items)}


def _in_order(attr: Mapping[str, Any]) -> list[Any]:
    return [attr[str(place)] for place in range(sum(key.isdigit() for key in attr))]


def _component(value: Any) -> Array:
    if isinstance(value, np.ndarray):
        return value
    attr = value.get("attr", {}) if isinstance(value, Mapping) else {}
    try:
        if isinstance(value, Mapping) and value.get("name") == "dataset":
            rows = [tuple(map(_component, _in_order(row["attr"]))) for row in _in_order(attr)]
            box = np.empty((), object)
            box[()] = SavedState.dataset_of(rows)
            return box
        items = _in_order(attr)
        array = np.empty(len(items), object)
        for place, item in enumerate(items):
            array[place] = _component(item)
        return array.reshape(attr["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataLossError(
            None, None, f"The saved state of an iterator is damaged: an element is not a tensor: {error}."
        ) from None

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
            raise damaged(f"{name!r} is {value!r}")
        return value

    def put_element(self, name: str, element: Sequence[Array]) -> None:
        """Note an element of a dataset."""
        self[name] = len(element)
        for place, component in enumerate(element):
            self[f"{name}.{place}"] = _plain(component)

    def element(self, name: str) -> tuple[Array, ...]:
        """An element that was noted."""
        return tuple(_component(self[f"{name}.{place}"]) for place in range(self.number(name)))

    def put_elements(self, name: str, elements: Sequence[Sequence[Array]]) -> None:
        """Note several elements of a dataset: one array for each component, where all have the same shape."""
        columns = list(zip(*elements, strict=True))
        self[name] = len(elements)
        self[f"{name}.width"] = len(columns)
        for place, parts in enumerate(columns):
            joined = _joined(parts)
            if joined is not None:
                self[f"{name}.{place}"] = joined
                continue
            for number, component in enumerate(parts):
                self[f"{name}.{place}.{number}"] = _plain(component)

    def elements(self, name: str) -> list[tuple[Array, ...]]:
        """The elements that were noted together."""
        count = self.number(name)
        columns = [self._column(f"{name}.{place}", count) for place in range(self.number(f"{name}.width"))]
        return list(zip(*columns, strict=True)) if columns else [() for _ in range(count)]

    def _column(self, name: str, count: int) -> list[Array]:
        if name not in self:
            return [_component(self[f"{name}.{number}"]) for number in range(count)]
        joined = self.array(name)
        if not joined.ndim or len(joined) != count:
            raise damaged(f"{name!r} has the shape {joined.shape}, not {count} rows")
        return [joined[number, ...] for number in range(count)]

    def array(self, name: str) -> Array:
        """A value that is an array; `DataLossError` where it is not one."""
        value = self[name]
        if not isinstance(value, np.ndarray):
            raise damaged(f"{name!r} is {value!r}")
        return value


def damaged(why: object) -> DataLossError:
    """The error for a state that does not fit itself."""
    return DataLossError(None, None, f"The saved state of an iterator is damaged: {why}.")


def _joined(parts: Sequence[Any]) -> Array | None:
    """Components as the rows of one array; None where that has not the same rows."""
    first = np.asarray(parts[0])
    if any(np.shape(part) != first.shape or np.asarray(part).dtype != first.dtype for part in parts):
        return None
    if first.dtype == np.object_ and not all(isinstance(item, bytes) for part in parts for item in np.ravel(part)):
        return None
    return np.stack(parts)


_LENGTH = 8
"""The bytes before the message, which say how long it is."""

_STEP = 1024
"""The whole is a multiple of this long, so that most saves of an iterator have the same layout in a file."""


def to_bytes(saved: SavedState) -> Array:
    """The state as a vector of uint8, the same for the same state: the length of a message, it, and zeros."""
    message = message_classes.AttrValue()
    write_attribute(message, {"name": FORM, "attr": dict(sorted(saved.values.items()))})
    data = message.SerializeToString(deterministic=True)
    found = np.zeros(-(-(_LENGTH + len(data)) // _STEP) * _STEP, np.uint8)
    found[:_LENGTH] = np.frombuffer(len(data).to_bytes(_LENGTH, "little"), np.uint8)
    found[_LENGTH : _LENGTH + len(data)] = np.frombuffer(data, np.uint8)
    return found


def from_bytes(data: Array) -> SavedState:
    """The state in a vector of uint8.

    Raises
    ------
    DataLossError
        It is not the state of an iterator.
    """
    length = int.from_bytes(data[:_LENGTH].tobytes(), "little")
    if length > len(data) - _LENGTH:
        raise damaged(f"it has {len(data)} bytes, and its length is {length}")
    content = data[_LENGTH : _LENGTH + length].tobytes()
    message = parse(message_classes.AttrValue, content, "the saved state of an iterator")
    try:
        plain = plain_of(message)
    except UNREADABLE as error:
        raise damaged(error) from None
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
        raise damaged(f"an element is not a tensor: {error}") from None

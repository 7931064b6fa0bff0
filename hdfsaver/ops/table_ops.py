"""Tables that a session keeps: keys, and a value for each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import FailedPreconditionError, NotFoundError
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat, invalid
from hdfsaver.ops.resources import Resource
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

WHOLE_LINE, LINE_NUMBER = -2, -1


class TableState(Protocol):
    """The part of a session's state that tables are kept in."""

    def resource(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The object of that key, made when it is first asked for."""


class Table(Resource):
    """Keys and values of a table.

    Parameters
    ----------
    name : str
        The name in messages.
    is_ready : bool
        Whether it needs no initializer.
    """

    def __init__(self, name: str, is_ready: bool) -> None:
        self.name = name
        self.is_ready = is_ready
        self.is_fixed = not is_ready
        self.values: dict[Any, Any] = {}

    def present(self) -> dict[Any, Any]:
        """The keys and values; `FailedPreconditionError` before the initializer has run."""
        if not self.is_ready:
            raise FailedPreconditionError(
                None, None, f"Table not initialized: run tf.tables_initializer() before {self.name!r} is used."
            )
        return self.values

    def fill(self, keys: Sequence[Any], values: Sequence[Any]) -> None:
        """Set the contents, once; `FailedPreconditionError` where a key has two values."""
        made: dict[Any, Any] = {}
        for key, value in zip(keys, values, strict=True):
            if key in made and made[key] != value:
                text = f"HashTable has different value for same key. Key {key!r} has {made[key]!r}, and not {value!r}."
                raise FailedPreconditionError(None, None, text)
            made[key] = value
        if self.is_fixed and self.is_ready:
            return  # an initializer runs once
        self.values, self.is_ready = made, True


def _items(values: Any) -> list[Any]:
    found: list[Any] = np.ravel(np.asarray(values, object) if isinstance(values, bytes) else values).tolist()
    return found


def _array(items: Sequence[Any], shape: Sequence[int], dtype: str) -> Array:
    found = np.empty(len(items), dtypes.numpy_dtype(dtype))
    found[:] = items
    return found.reshape(shape)


class _Handle(Flat):
    signature = "-> table_handle: resource"
    needed = {"key_dtype": "type", "value_dtype": "type"}
    attrs = {"container": b"", "shared_name": b"", "use_node_name_sharing": False}
    stateful = True
    is_ready: bool

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(), that of the handle."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        name = node.attrs["shared_name"].decode("utf-8", "surrogateescape") or node.name
        key = ("table", node.attrs["container"], name)

        def handle(state: TableState) -> Table:
            table: Table = state.resource(key, lambda: Table(name, self.is_ready))
            return table

        return handle


@register
class HashTableV2(_Handle):
    """The handle of a table that an initializer fills."""

    type = "HashTableV2"
    is_ready = False


@register
class MutableHashTableV2(_Handle):
    """The handle of a table that operations change."""

    type = "MutableHashTableV2"
    is_ready = True


@register
class LookupTableFindV2(Flat):
    """The values of keys, and another one for keys that are not there."""

    type = "LookupTableFindV2"
    signature = "table_handle: resource, keys: Tin, default_value: Tout -> values: Tout"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of the keys."""
        return [node.input_shapes[1]]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["Tout"]

        def find(state: TableState, table: Table, keys: Any, default: Any) -> Array:
            present, other = table.present(), _items(default)[0]
            return _array([present.get(key, other) for key in _items(keys)], np.shape(keys), dtype)

        return find


class _Filling(Flat):
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        def fill(state: TableState, table: Table, keys: Any, values: Any) -> tuple[()]:
            if np.shape(keys) != np.shape(values):
                raise invalid(f"Keys and values must have the same shape, not {np.shape(keys)} and {np.shape(values)}.")
            self.change(table, _items(keys), _items(values))
            return ()

        return fill

    def change(self, table: Table, keys: list[Any], values: list[Any]) -> None:
        """Put keys and values into the table.

        Parameters
        ----------
        table : Table
            It is changed.
        keys, values : list
            Of one length.
        """
        table.fill(keys, values)


@register
class InitializeTableV2(_Filling):
    """Fill a table, the first time that it is run."""

    type = "InitializeTableV2"
    signature = "table_handle: resource, keys: Tkey, values: Tval ->"


@register
class LookupTableImportV2(_Filling):
    """Replace the contents of a table."""

    type = "LookupTableImportV2"
    signature = "table_handle: resource, keys: Tin, values: Tout ->"


@register
class LookupTableInsertV2(_Filling):
    """Put keys and values into a table."""

    type = "LookupTableInsertV2"
    signature = "table_handle: resource, keys: Tin, values: Tout ->"

    def change(self, table: Table, keys: list[Any], values: list[Any]) -> None:
        """Put keys and values into the table.

        Parameters
        ----------
        table : Table
            It is changed.
        keys, values : list
            Of one length.
        """
        table.values.update(zip(keys, values, strict=True))


@register
class LookupTableSizeV2(Flat):
    """How many keys a table has."""

    type = "LookupTableSizeV2"
    signature = "table_handle: resource -> size: int64"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda state, table: np.asarray(len(table.present()), np.int64)


@register
class LookupTableExportV2(Flat):
    """All keys of a table, and their values."""

    type = "LookupTableExportV2"
    signature = "table_handle: resource -> keys: Tkeys, values: Tvalues"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown,) and (unknown,)."""
        return [(None,), (None,)]

    def kernel(self, node: Node) -> Kernel:
        names = node.attrs["Tkeys"], node.attrs["Tvalues"]

        def export(state: TableState, table: Table) -> tuple[Array, Array]:
            present = table.present()
            keys, values = list(present), list(present.values())
            return _array(keys, (len(keys),), names[0]), _array(values, (len(values),), names[1])

        return export


# -- files -------------------------------------------------------------------------------------------------------------


@register
class InitializeTableFromTextFileV2(Flat):
    """Fill a table with the lines of a file, the first time that it is run."""

    type = "InitializeTableFromTextFileV2"
    signature = "table_handle: resource, filename: string ->"
    needed = {"key_index": "int", "value_index": "int"}
    attrs = {"vocab_size": -1, "delimiter": b"\t", "offset": 0}
    minimums = {"key_index": WHOLE_LINE, "value_index": WHOLE_LINE, "vocab_size": -1}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        handle = node.source(0).attrs
        key_dtype, value_dtype = handle.get("key_dtype", "string"), handle.get("value_dtype", "int64")

        def fill(state: TableState, table: Table, filename: Any) -> tuple[()]:
            if table.is_ready:
                return ()
            name = _items(filename)[0]
            lines = _lines(name, attrs["vocab_size"], attrs["offset"])
            columns = [
                [_column(line, number, index, attrs["delimiter"], dtype, name) for number, line in enumerate(lines)]
                for index, dtype in ((attrs["key_index"], key_dtype), (attrs["value_index"], value_dtype))
            ]
            table.fill(columns[0], columns[1])
            return ()

        return fill


def _lines(name: bytes, size: int, offset: int) -> list[bytes]:
    path = name.decode("utf-8", "surrogateescape")
    try:
        with open(path, "rb") as file:
            lines = [line.rstrip(b"\n").removesuffix(b"\r") for line in file][offset:]
    except OSError as error:
        raise NotFoundError(None, None, f"{path}; {error.strerror}") from None
    if size >= 0 and len(lines) < size:
        raise invalid(f"Invalid vocab_size in {path}: expected {size} but got {len(lines)}.")
    return lines if size < 0 else lines[:size]


def _column(line: bytes, number: int, index: int, delimiter: bytes, dtype: str, name: bytes) -> Any:
    if index == LINE_NUMBER:
        return number
    text = line
    if index != WHOLE_LINE:
        parts = line.split(delimiter)
        if index >= len(parts):
            shown = name.decode("utf-8", "replace")
            raise invalid(f"Invalid number of columns in {shown} line {number}: expected {index} got {len(parts)}.")
        text = parts[index]
    if dtype == "string":
        return text
    try:
        return float(text) if dtypes.as_dtype(dtype).is_floating else int(text)
    except ValueError:
        raise invalid(f"Field {text!r} in line {number} is not a valid {dtype}.") from None

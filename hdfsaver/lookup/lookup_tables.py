"""Tables of keys and values, and what fills them."""

from __future__ import annotations

import os
from typing import Any

from hdfsaver import dtypes
from hdfsaver.dtypes import DType, DTypeLike
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import dtype_name, scope
from hdfsaver.ops.table_ops import LINE_NUMBER, WHOLE_LINE


class TextFileIndex:
    """Which part of a line is a key or a value; a number stands for a column."""

    WHOLE_LINE = WHOLE_LINE
    LINE_NUMBER = LINE_NUMBER


class TableInitializerBase:
    """Fills a table.

    Parameters
    ----------
    key_dtype, value_dtype : DTypeLike
        The dtypes of keys and values.
    """

    def __init__(self, key_dtype: DTypeLike, value_dtype: DTypeLike) -> None:
        self._key_dtype = dtypes.as_dtype(key_dtype)
        self._value_dtype = dtypes.as_dtype(value_dtype)

    @property
    def key_dtype(self) -> DType:
        """The dtype of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        """The dtype of the values."""
        return self._value_dtype

    def initialize(self, table: Any) -> Operation:
        """Add the operation that fills a table."""
        raise NotImplementedError


class KeyValueTensorInitializer(TableInitializerBase):
    """Fills a table with keys and values.

    Parameters
    ----------
    keys, values : TensorLike
        Of one shape.
    key_dtype, value_dtype : DTypeLike, optional
        Their dtypes, where they do not have any.
    name : str, optional
        The name scope.

    Raises
    ------
    ValueError
        The keys are of another dtype.
    """

    def __init__(
        self,
        keys: TensorLike,
        values: TensorLike,
        key_dtype: DTypeLike | None = None,
        value_dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> None:
        with scope(name, "key_value_init", keys, values):
            self._keys = convert_to_tensor(keys, key_dtype, "keys")
            self._values = convert_to_tensor(values, value_dtype, "values")
        self._name = name or "key_value_init"
        super().__init__(self._keys.dtype, self._values.dtype)

    def initialize(self, table: Any) -> Operation:
        """Add the operation that fills a table."""
        with scope(None, self._name, self._keys) as full:
            made = apply_op("InitializeTableV2", table.resource_handle, self._keys, self._values, name=full)
        get_default_graph().add_to_collection(GraphKeys.TABLE_INITIALIZERS, made)
        return made


class TextFileInitializer(TableInitializerBase):
    """Fills a table with the lines of a file.

    Parameters
    ----------
    filename : str or Tensor
        The file.
    key_dtype : DTypeLike
        The dtype of the keys.
    key_index : int
        A column, or one of `TextFileIndex`.
    value_dtype : DTypeLike
        The dtype of the values.
    value_index : int
        A column, or one of `TextFileIndex`.
    vocab_size : int, optional
        The number of lines that are read, all by default.
    delimiter : str
        The text between columns.
    name : str, optional
        The name scope.

    Raises
    ------
    ValueError
        The dtypes do not fit the parts of a line, or there is no file name.
    """

    def __init__(
        self,
        filename: TensorLike,
        key_dtype: DTypeLike,
        key_index: int,
        value_dtype: DTypeLike,
        value_index: int,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str | None = None,
    ) -> None:
        if isinstance(filename, str) and not filename:
            raise ValueError("Filename required for the table.")
        for index, dtype, what in ((key_index, key_dtype, "keys"), (value_index, value_dtype, "values")):
            _check_index(index, dtypes.as_dtype(dtype), what)
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(f"vocab_size must be greater than 0, got {vocab_size}.")
        self._filename = os.fspath(filename) if isinstance(filename, os.PathLike) else filename
        self._attrs = {
            "key_index": key_index,
            "value_index": value_index,
            "vocab_size": -1 if vocab_size is None else vocab_size,
            "delimiter": delimiter.encode(),
        }
        self._name = name or "text_file_init"
        super().__init__(key_dtype, value_dtype)

    def initialize(self, table: Any) -> Operation:
        """Add the operation that fills a table."""
        graph = get_default_graph()
        with scope(None, self._name, table.resource_handle) as full:
            filename = convert_to_tensor(self._filename, dtypes.string, "asset_filepath")
            made = apply_op("InitializeTableFromTextFileV2", table.resource_handle, filename, name=full, **self._attrs)
        graph.add_to_collection(GraphKeys.TABLE_INITIALIZERS, made)
        graph.add_to_collection(GraphKeys.ASSET_FILEPATHS, filename)
        return made


def _check_index(index: int, dtype: DType, what: str) -> None:
    if index < WHOLE_LINE:
        raise ValueError(f"Invalid index {index} for {what}.")
    if index == LINE_NUMBER and dtype != dtypes.int64:
        raise ValueError(f"Signature mismatch: the {what} are line numbers, which are int64, not {dtype.name}.")
    if index == WHOLE_LINE and not (dtype.is_integer or dtype == dtypes.string):
        raise ValueError(f"Signature mismatch: the {what} are whole lines, which are strings or integers.")


class TextFileStringTableInitializer(TextFileInitializer):
    """Fills a table with numbers of lines as keys, and lines as values.

    Parameters
    ----------
    filename : str or Tensor
        The file.
    key_column_index, value_column_index : int
        Columns, or of `TextFileIndex`.
    vocab_size : int, optional
        The number of lines that are read, all by default.
    delimiter : str
        The text between columns.
    name : str
        The name scope.

    Raises
    ------
    ValueError
        There is no file name.
    """

    def __init__(
        self,
        filename: TensorLike,
        key_column_index: int = LINE_NUMBER,
        value_column_index: int = WHOLE_LINE,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str = "text_file_string_table_init",
    ) -> None:
        super().__init__(filename, "int64", key_column_index, "string", value_column_index, vocab_size, delimiter, name)


class TextFileIdTableInitializer(TextFileInitializer):
    """Fills a table with lines as keys, and their numbers as values.

    Parameters
    ----------
    filename : str or Tensor
        The file.
    key_column_index, value_column_index : int
        Columns, or of `TextFileIndex`.
    vocab_size : int, optional
        The number of lines that are read, all by default.
    delimiter : str
        The text between columns.
    name : str
        The name scope.
    key_dtype : DTypeLike
        The dtype of the keys.

    Raises
    ------
    ValueError
        There is no file name.
    """

    def __init__(
        self,
        filename: TensorLike,
        key_column_index: int = WHOLE_LINE,
        value_column_index: int = LINE_NUMBER,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str = "text_file_id_table_init",
        key_dtype: DTypeLike = dtypes.string,
    ) -> None:
        super().__init__(
            filename, key_dtype, key_column_index, "int64", value_column_index, vocab_size, delimiter, name
        )


class LookupInterface:
    """A table of keys and values.

    Parameters
    ----------
    key_dtype, value_dtype : DTypeLike
        The dtypes.
    handle : Tensor
        The handle of the table.
    default_value : TensorLike
        The value of keys that are not there.
    """

    def __init__(self, key_dtype: DTypeLike, value_dtype: DTypeLike, handle: Tensor, default_value: TensorLike) -> None:
        self._key_dtype, self._value_dtype = dtypes.as_dtype(key_dtype), dtypes.as_dtype(value_dtype)
        self._handle = handle
        self._default = convert_to_tensor(default_value, self._value_dtype)

    @property
    def key_dtype(self) -> DType:
        """The dtype of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        """The dtype of the values."""
        return self._value_dtype

    @property
    def resource_handle(self) -> Tensor:
        """The handle of the table."""
        return self._handle

    @property
    def name(self) -> str:
        """The name of the table."""
        return self._handle.op.name

    @property
    def default_value(self) -> Tensor:
        """The value of keys that are not there."""
        return self._default

    def size(self, name: str | None = None) -> Tensor:
        """How many keys there are."""
        return apply("LookupTableSizeV2", self._handle, name=name or f"{self.name}_Size")

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys; `TypeError` where the keys are of another dtype.

        Parameters
        ----------
        keys : TensorLike or SparseTensor
            Of the dtype of the keys.
        name : str, optional
            The name of the operation.

        Returns
        -------
        Tensor or SparseTensor
            As the keys.
        """
        is_sparse = isinstance(keys, SparseTensor)
        given = convert_to_tensor(keys.values if is_sparse else keys, None if is_sparse else self._wanted(keys))
        if given.dtype.base_dtype != self._key_dtype:
            raise TypeError(
                f"Signature mismatch. Keys must be dtype {self._key_dtype.name}, got {given.dtype.base_dtype.name}."
            )
        found = apply("LookupTableFindV2", self._handle, given, self._default, name=name or f"{self.name}_Lookup")
        return SparseTensor(keys.indices, found, keys.dense_shape) if is_sparse else found

    def _wanted(self, keys: Any) -> DType | None:
        return None if hasattr(keys, "dtype") else self._key_dtype

    def export(self, name: str | None = None) -> list[Tensor]:
        """All keys, and their values."""
        attrs = {"Tkeys": self._key_dtype.name, "Tvalues": self._value_dtype.name}
        return apply_list("LookupTableExportV2", self._handle, name=name or f"{self.name}_lookup_table_export", **attrs)

    def __getitem__(self, keys: Any) -> Any:
        return self.lookup(keys)


class StaticHashTable(LookupInterface):
    """A table that an initializer fills.

    Parameters
    ----------
    initializer : TableInitializerBase
        Keys and values.
    default_value : TensorLike
        The value of keys that are not there.
    shared_name : str, optional
        Tables with one name share their contents in a session.
    name : str, optional
        The name of the handle.

    Raises
    ------
    ValueError
        The default value is of another dtype.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> start = tf.lookup.KeyValueTensorInitializer(["a", "b"], [10, 20])
    >>> table = tf.lookup.StaticHashTable(start, -1)
    >>> with tf.Session() as session:
    ...     session.run(tf.tables_initializer())
    ...     print(session.run(table.lookup(tf.constant(["b", "c"]))))
    [20 -1]
    """

    def __init__(
        self,
        initializer: TableInitializerBase,
        default_value: TensorLike,
        shared_name: str | None = None,
        name: str | None = None,
    ) -> None:
        handle = apply(
            "HashTableV2",
            name=name or "hash_table",
            key_dtype=dtype_name(initializer.key_dtype),
            value_dtype=dtype_name(initializer.value_dtype),
            shared_name=(shared_name or "").encode(),
        )
        super().__init__(initializer.key_dtype, initializer.value_dtype, handle, default_value)
        self._initializer = initializer.initialize(self)

    @property
    def initializer(self) -> Operation:
        """The operation that fills the table."""
        return self._initializer

    @property
    def init(self) -> Operation:
        """An older name of ``initializer``."""
        return self._initializer


class MutableHashTable(LookupInterface):
    """A table that operations change.

    Parameters
    ----------
    key_dtype, value_dtype : DTypeLike
        The dtypes.
    default_value : TensorLike
        The value of keys that are not there.
    shared_name : str, optional
        Tables with one name share their contents in a session.
    name : str
        The name of the handle.
    checkpoint : bool
        Accepted: checkpoints do not hold tables.

    Raises
    ------
    ValueError
        The default value is of another dtype.
    """

    def __init__(
        self,
        key_dtype: DTypeLike,
        value_dtype: DTypeLike,
        default_value: TensorLike,
        shared_name: str | None = None,
        name: str = "MutableHashTable",
        checkpoint: bool = True,
    ) -> None:
        if convert_to_tensor(default_value, value_dtype).shape.ndims:
            raise UnimplementedError(None, None, "A MutableHashTable has single values here, not arrays.")
        handle = apply(
            "MutableHashTableV2",
            name=name,
            key_dtype=dtype_name(key_dtype),
            value_dtype=dtype_name(value_dtype),
            shared_name=(shared_name or "").encode(),
        )
        super().__init__(key_dtype, value_dtype, handle, default_value)

    def insert(self, keys: TensorLike, values: TensorLike, name: str | None = None) -> Operation:
        """The operation that puts keys and values into the table.

        Parameters
        ----------
        keys, values : TensorLike
            Of one shape.
        name : str, optional
            The name of the operation.

        Returns
        -------
        Operation
        """
        given = convert_to_tensor(keys, self._key_dtype), convert_to_tensor(values, self._value_dtype)
        name = name or f"{self.name}_lookup_table_insert"
        return apply_op("LookupTableInsertV2", self._handle, *given, name=name)

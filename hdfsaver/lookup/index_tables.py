"""Tables between words and their numbers."""

from __future__ import annotations

import numpy as np

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.lookup.lookup_tables import (
    KeyValueTensorInitializer,
    StaticHashTable,
    TextFileIdTableInitializer,
    TextFileStringTableInitializer,
)
from hdfsaver.ops.base import scope
from hdfsaver.ops.table_ops import LINE_NUMBER, WHOLE_LINE


def _no_buckets(count: int) -> None:
    if count < 0:
        raise ValueError(f"num_oov_buckets must be greater or equal than 0, got {count}.")
    if count:
        raise UnimplementedError(
            None, None, "num_oov_buckets is 0 here: words that are not in the vocabulary get default_value."
        )


def index_table_from_tensor(
    vocabulary_list: TensorLike,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: object = None,
    dtype: DTypeLike = dtypes.string,
    name: str | None = None,
) -> StaticHashTable:
    """A table that has the place of each word in a list.

    Parameters
    ----------
    vocabulary_list : TensorLike
        Different words, or numbers.
    num_oov_buckets : {0}
        Buckets for other words are missing.
    default_value : int
        The number of other words.
    hasher_spec : object
        Accepted, since there are no buckets.
    dtype : DTypeLike
        The dtype of the words.
    name : str, optional
        The name scope.

    Returns
    -------
    StaticHashTable
        Its values are int64.

    Raises
    ------
    ValueError
        There is no list.
    UnimplementedError
        Buckets are asked for.
    """
    if vocabulary_list is None:
        raise ValueError("vocabulary_list must be specified.")
    _no_buckets(num_oov_buckets)
    with scope(name, "string_to_index"):
        keys = convert_to_tensor(vocabulary_list, None if hasattr(vocabulary_list, "dtype") else dtype)
        if keys.dtype.is_integer:
            keys = apply("Cast", keys, DstT="int64")
        count = apply("Size", keys, out_type="int64")
        numbers = apply("Range", np.int64(0), count, np.int64(1))
        start = KeyValueTensorInitializer(keys, numbers, name="table_init")
        return StaticHashTable(start, np.int64(default_value))


def index_table_from_file(
    vocabulary_file: TensorLike | None = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: object = None,
    key_dtype: DTypeLike = dtypes.string,
    name: str | None = None,
    key_column_index: int = WHOLE_LINE,
    value_column_index: int = LINE_NUMBER,
    delimiter: str = "\t",
) -> StaticHashTable:
    """A table that has the line of each word in a file.

    Parameters
    ----------
    vocabulary_file : str or Tensor
        A word in each line.
    num_oov_buckets : {0}
        Buckets for other words are missing.
    vocab_size : int, optional
        The number of lines that are read, all by default.
    default_value : int
        The number of other words.
    hasher_spec : object
        Accepted, since there are no buckets.
    key_dtype : DTypeLike
        The dtype of the words.
    name : str, optional
        The name scope.
    key_column_index, value_column_index : int
        Columns, or of `TextFileIndex`.
    delimiter : str
        The text between columns.

    Returns
    -------
    StaticHashTable
        Its values are int64.

    Raises
    ------
    ValueError
        There is no file name.
    UnimplementedError
        Buckets are asked for.
    """
    if vocabulary_file is None or (isinstance(vocabulary_file, str) and not vocabulary_file):
        raise ValueError("vocabulary_file must be specified and must not be empty.")
    _no_buckets(num_oov_buckets)
    words = dtypes.as_dtype(key_dtype)
    with scope(name, "string_to_index"):
        start = TextFileIdTableInitializer(
            vocabulary_file,
            key_column_index,
            value_column_index,
            vocab_size,
            delimiter,
            "table_init",
            dtypes.int64 if words.is_integer else words,
        )
        return StaticHashTable(start, np.int64(default_value))


def index_to_string_table_from_tensor(
    vocabulary_list: TensorLike, default_value: str = "UNK", name: str | None = None
) -> StaticHashTable:
    """A table that has the word of each place in a list.

    Parameters
    ----------
    vocabulary_list : TensorLike
        Words.
    default_value : str
        The word of other numbers.
    name : str, optional
        The name scope.

    Returns
    -------
    StaticHashTable
        Its keys are int64.

    Raises
    ------
    ValueError
        There is no list.
    """
    if vocabulary_list is None:
        raise ValueError("vocabulary_list argument must be specified.")
    with scope(name, "index_to_string"):
        words = convert_to_tensor(vocabulary_list, dtypes.string)
        count = apply("Size", words, out_type="int64")
        numbers = apply("Range", np.int64(0), count, np.int64(1))
        return StaticHashTable(KeyValueTensorInitializer(numbers, words, name="table_init"), default_value)


def index_to_string_table_from_file(
    vocabulary_file: TensorLike,
    vocab_size: int | None = None,
    default_value: str = "UNK",
    name: str | None = None,
    key_column_index: int = LINE_NUMBER,
    value_column_index: int = WHOLE_LINE,
    delimiter: str = "\t",
) -> StaticHashTable:
    """A table that has the word of each line in a file.

    Parameters
    ----------
    vocabulary_file : str or Tensor
        A word in each line.
    vocab_size : int, optional
        The number of lines that are read, all by default.
    default_value : str
        The word of other numbers.
    name : str, optional
        The name scope.
    key_column_index, value_column_index : int
        Columns, or of `TextFileIndex`.
    delimiter : str
        The text between columns.

    Returns
    -------
    StaticHashTable
        Its keys are int64.

    Raises
    ------
    ValueError
        There is no file name.
    """
    if vocabulary_file is None or (isinstance(vocabulary_file, str) and not vocabulary_file):
        raise ValueError("vocabulary_file must be specified and must not be empty.")
    with scope(name, "index_to_string"):
        start = TextFileStringTableInitializer(
            vocabulary_file, key_column_index, value_column_index, vocab_size, delimiter, "table_init"
        )
        return StaticHashTable(start, default_value)

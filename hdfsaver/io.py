"""``tf.io``: files, graphs and records in them."""

from __future__ import annotations

import typing

from hdfsaver import io_gfile as gfile
from hdfsaver.absent_names import absent as _absent
from hdfsaver.checkpoint.meta_graph_files import write_graph
from hdfsaver.interop.records.record_options import TFRecordCompressionType, TFRecordOptions
from hdfsaver.interop.records.record_reading import tf_record_iterator
from hdfsaver.interop.records.record_writing import TFRecordWriter
from hdfsaver.ops.decoding import (
    decode_csv,
    decode_raw,
    deserialize_many_sparse,
    parse_tensor,
    serialize_many_sparse,
    serialize_sparse,
    serialize_tensor,
)
from hdfsaver.ops.parsing_functions import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    VarLenFeature,
    parse_example,
    parse_single_example,
)

__all__ = [
    "FixedLenFeature",
    "FixedLenSequenceFeature",
    "TFRecordCompressionType",
    "TFRecordOptions",
    "TFRecordWriter",
    "VarLenFeature",
    "decode_csv",
    "decode_raw",
    "deserialize_many_sparse",
    "gfile",
    "parse_example",
    "parse_single_example",
    "parse_tensor",
    "serialize_many_sparse",
    "serialize_sparse",
    "serialize_tensor",
    "tf_record_iterator",
    "write_graph",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

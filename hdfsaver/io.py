"""``tf.io``: files, graphs and records in them."""

from __future__ import annotations

import typing

from hdfsaver import io_gfile as gfile
from hdfsaver.absent_names import absent as _absent
from hdfsaver.checkpoint.meta_graph_files import write_graph
from hdfsaver.image.image_contents import decode_bmp, decode_gif, decode_image, decode_jpeg, decode_png, encode_jpeg
from hdfsaver.interop.records.record_options import TFRecordCompressionType, TFRecordOptions
from hdfsaver.interop.records.record_reading import tf_record_iterator
from hdfsaver.interop.records.record_writing import TFRecordWriter
from hdfsaver.ops.byte_forms import decode_compressed, decode_json_example
from hdfsaver.ops.decoding import (
    decode_csv,
    decode_raw,
    deserialize_many_sparse,
    parse_tensor,
    serialize_many_sparse,
    serialize_sparse,
    serialize_tensor,
)
from hdfsaver.ops.example_features import FixedLenFeature, FixedLenSequenceFeature, SparseFeature, VarLenFeature
from hdfsaver.ops.parsing_functions import (
    parse_example,
    parse_single_example,
)
from hdfsaver.ops.sequence_functions import parse_sequence_example, parse_single_sequence_example
from hdfsaver.queues.file_ops import matching_files, read_file, write_file
from hdfsaver.queues.graph_queues import FIFOQueue, PaddingFIFOQueue, PriorityQueue, QueueBase, RandomShuffleQueue
from hdfsaver.queues.input_producers import match_filenames_once

__all__ = [
    "FIFOQueue",
    "FixedLenFeature",
    "FixedLenSequenceFeature",
    "PaddingFIFOQueue",
    "PriorityQueue",
    "QueueBase",
    "RandomShuffleQueue",
    "SparseFeature",
    "TFRecordCompressionType",
    "TFRecordOptions",
    "TFRecordWriter",
    "VarLenFeature",
    "decode_bmp",
    "decode_compressed",
    "decode_csv",
    "decode_gif",
    "decode_image",
    "decode_jpeg",
    "decode_json_example",
    "decode_png",
    "decode_raw",
    "deserialize_many_sparse",
    "encode_jpeg",
    "gfile",
    "match_filenames_once",
    "matching_files",
    "parse_example",
    "parse_sequence_example",
    "parse_single_example",
    "parse_single_sequence_example",
    "parse_tensor",
    "read_file",
    "serialize_many_sparse",
    "serialize_sparse",
    "serialize_tensor",
    "tf_record_iterator",
    "write_file",
    "write_graph",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

"""``tf.summary``: values for TensorBoard."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.messages import message_classes
from hdfsaver.ops.summary_ops import (
    audio,
    get_summary_description,
    histogram,
    image,
    merge,
    merge_all,
    scalar,
    tensor_summary,
    text,
)
from hdfsaver.summaries.file_writer import FileWriter, FileWriterCache

if typing.TYPE_CHECKING:
    from hdfsaver.messages.message_classes import Event, SessionLog, Summary, SummaryDescription, TaggedRunMetadata

__all__ = [
    "Event",
    "FileWriter",
    "FileWriterCache",
    "SessionLog",
    "Summary",
    "SummaryDescription",
    "TaggedRunMetadata",
    "audio",
    "get_summary_description",
    "histogram",
    "image",
    "merge",
    "merge_all",
    "scalar",
    "tensor_summary",
    "text",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        if name in __all__:  # messages, for which protobuf has to be loaded
            return getattr(message_classes, name)
        raise _absent(__name__, name, __all__)

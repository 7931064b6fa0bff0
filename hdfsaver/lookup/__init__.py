"""``tf.lookup``: tables of keys and values."""

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.lookup.lookup_tables import KeyValueTensorInitializer, StaticHashTable, TextFileIndex, TextFileInitializer

__all__ = [
    "KeyValueTensorInitializer",
    "StaticHashTable",
    "TextFileIndex",
    "TextFileInitializer",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

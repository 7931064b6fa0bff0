"""The library's version, which files record as their producer; and ``tf.version``, that of the names it has."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent

__version__ = "0.1.0"

VERSION = "1.15.5"
"""The release of TensorFlow whose names are here: the last one of TensorFlow 1. Programs compare it with others."""

GIT_VERSION = f"hdfsaver-{__version__}"
"""TensorFlow's name of its commit; programs print it."""

COMPILER_VERSION = "none"
"""TensorFlow's name of its compiler; there is nothing that is compiled here."""

GRAPH_DEF_VERSION = 2474
"""The version of the rules that the operations of a graph follow: that of TensorFlow 2.21."""

GRAPH_DEF_VERSION_MIN_CONSUMER = 0
GRAPH_DEF_VERSION_MIN_PRODUCER = 0
CXX11_ABI_FLAG = 0
MONOLITHIC_BUILD = 0

__all__ = [
    "COMPILER_VERSION",
    "CXX11_ABI_FLAG",
    "GIT_VERSION",
    "GRAPH_DEF_VERSION",
    "GRAPH_DEF_VERSION_MIN_CONSUMER",
    "GRAPH_DEF_VERSION_MIN_PRODUCER",
    "MONOLITHIC_BUILD",
    "VERSION",
    "__version__",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

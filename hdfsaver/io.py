"""``tf.io``: files, and writing graphs into them."""

from __future__ import annotations

import typing

from hdfsaver import io_gfile as gfile
from hdfsaver.absent_names import absent as _absent
from hdfsaver.checkpoint.meta_graph_files import write_graph

__all__ = ["gfile", "write_graph"]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

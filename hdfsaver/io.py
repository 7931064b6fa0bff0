"""``tf.io``: files, and writing graphs into them."""

from __future__ import annotations

from hdfsaver import io_gfile as gfile
from hdfsaver.checkpoint.meta_graph_files import write_graph

__all__ = ["gfile", "write_graph"]


def __dir__() -> list[str]:
    return __all__

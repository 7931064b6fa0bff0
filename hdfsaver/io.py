"""``tf.io``: writing graphs into files."""

from __future__ import annotations

from hdfsaver.checkpoint.meta_graph_files import write_graph

__all__ = ["write_graph"]


def __dir__() -> list[str]:
    return __all__

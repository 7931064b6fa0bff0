"""TensorFlow's files, without TensorFlow: checkpoints, graphs and SavedModels.

The names are loaded when they are first used, since protobuf takes time to load.
"""

from __future__ import annotations

import importlib
import typing

if typing.TYPE_CHECKING:
    from hdfsaver.interop.bundle.bundle_writing import write_bundle
    from hdfsaver.interop.bundle.open_tensorflow import open_bundle, open_tensorflow, open_v1
    from hdfsaver.interop.graphs.graph_files import (
        read_graph_def,
        read_meta_graph,
        read_saved_model,
        write_graph_def,
        write_meta_graph,
    )

_MODULES = {
    "open_bundle": "bundle.open_tensorflow",
    "open_tensorflow": "bundle.open_tensorflow",
    "open_v1": "bundle.open_tensorflow",
    "read_graph_def": "graphs.graph_files",
    "read_meta_graph": "graphs.graph_files",
    "read_saved_model": "graphs.graph_files",
    "write_bundle": "bundle.bundle_writing",
    "write_graph_def": "graphs.graph_files",
    "write_meta_graph": "graphs.graph_files",
}

__all__ = [
    "open_bundle",
    "open_tensorflow",
    "open_v1",
    "read_graph_def",
    "read_meta_graph",
    "read_saved_model",
    "write_bundle",
    "write_graph_def",
    "write_meta_graph",
]

if not typing.TYPE_CHECKING:  # or else a type checker would accept every name

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return __all__

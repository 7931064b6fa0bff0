"""``hdfsaver.plot``: pictures of graphs and variables by matplotlib (``pip install "hdfsaver[plot]"``)."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.plots.graph_plot import graph_picture as graph
from hdfsaver.plots.variable_plots import histogram, over_checkpoints

__all__ = ["graph", "histogram", "over_checkpoints"]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

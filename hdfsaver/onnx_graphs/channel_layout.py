"""Where the channels are: TensorFlow mostly has them last, ONNX has them second."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.onnx_graphs.emitter import Emitter
from hdfsaver.onnx_graphs.twins import Given

_SECOND = (b"NCHW", b"NCDHW")


class Layout:
    """The layout of an operation's images.

    Parameters
    ----------
    op : Given
        Its attribute ``data_format`` says where the channels are.
    rank : int
        The number of axes.
    """

    def __init__(self, op: Given, rank: int = 4) -> None:
        self.is_second = op.attrs.get("data_format") in _SECOND
        self.rank = rank
        self.spatial = list(range(2, rank)) if self.is_second else list(range(1, rank - 1))
        self.channel = 1 if self.is_second else rank - 1

    def inner(self, values: Sequence[int]) -> list[int]:
        """Of numbers for all axes those for the axes between."""
        return [int(values[axis]) for axis in self.spatial]

    def to_onnx(self, to: Emitter, value: str) -> str:
        """The channels second."""
        return value if self.is_second else to.transpose(value, [0, self.rank - 1, *range(1, self.rank - 1)])

    def from_onnx(self, to: Emitter, value: str) -> str:
        """The channels where the operation has them."""
        return value if self.is_second else to.transpose(value, [0, *range(2, self.rank), 1])

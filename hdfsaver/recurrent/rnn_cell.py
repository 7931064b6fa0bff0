"""``tf.nn.rnn_cell``: cells of recurrent networks."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.recurrent.cell import RNNCell
from hdfsaver.recurrent.cell_wrappers import DeviceWrapper, DropoutWrapper, ResidualWrapper
from hdfsaver.recurrent.lstm_cells import BasicLSTMCell, LSTMCell, LSTMStateTuple
from hdfsaver.recurrent.multi_cell import MultiRNNCell
from hdfsaver.recurrent.simple_cells import BasicRNNCell, GRUCell

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
    "ResidualWrapper",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent("hdfsaver.nn.rnn_cell", name, __all__)

"""``tf.contrib.rnn``: the cells of ``tf.nn.rnn_cell`` and the networks of ``tf.nn``."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.contrib.contrib_cells import (
    AttentionCellWrapper,
    EmbeddingWrapper,
    InputProjectionWrapper,
    LayerNormBasicLSTMCell,
    LSTMBlockCell,
    OutputProjectionWrapper,
)
from hdfsaver.contrib.stacked_networks import stack_bidirectional_dynamic_rnn, stack_bidirectional_rnn
from hdfsaver.recurrent.cell import LayerRNNCell, RNNCell
from hdfsaver.recurrent.cell_wrappers import DeviceWrapper, DropoutWrapper, ResidualWrapper
from hdfsaver.recurrent.lstm_cells import BasicLSTMCell, LSTMCell, LSTMStateTuple
from hdfsaver.recurrent.multi_cell import MultiRNNCell
from hdfsaver.recurrent.simple_cells import BasicRNNCell, GRUCell
from hdfsaver.recurrent.static_networks import static_bidirectional_rnn, static_rnn, static_state_saving_rnn

__all__ = [
    "AttentionCellWrapper",
    "BasicLSTMCell",
    "BasicRNNCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "GRUCell",
    "InputProjectionWrapper",
    "LSTMBlockCell",
    "LSTMCell",
    "LSTMStateTuple",
    "LayerNormBasicLSTMCell",
    "LayerRNNCell",
    "MultiRNNCell",
    "OutputProjectionWrapper",
    "RNNCell",
    "ResidualWrapper",
    "stack_bidirectional_dynamic_rnn",
    "stack_bidirectional_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
    "static_state_saving_rnn",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

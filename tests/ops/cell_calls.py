"""Calls of cells of recurrent networks as one operation; see `tests.ops.family_calls`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hdfsaver.graph.apply import apply, apply_list

Call = Callable[..., Any]
UNITS = 2


def weights(x: Any, *shape: int) -> Any:
    """Small numbers of the dtype of a tensor."""
    return np.linspace(-0.5, 0.7, int(np.prod(shape))).reshape(shape).astype(x.dtype.as_numpy_dtype)


def cell(x: Any) -> list[Any]:
    """States and weights of an LSTM."""
    both, gates = 3 + UNITS, 4 * UNITS
    peepholes = [weights(x, UNITS) for _ in range(3)]
    return [weights(x, 2, UNITS), weights(x, 2, UNITS), weights(x, both, gates), *peepholes, weights(x, gates)]


def gated(x: Any) -> list[Any]:
    """The state and the weights of gated recurrent units."""
    both = 3 + UNITS
    shapes = (2, UNITS), (both, 2 * UNITS), (both, UNITS), (2 * UNITS,), (UNITS,)
    return [weights(x, *shape) for shape in shapes]


def over_steps(op_type: str) -> Call:
    """An LSTM of one step."""
    return lambda x: apply_list(op_type, np.int64(1), apply("ExpandDims", x, 0), *cell(x))


def back_over_steps(op_type: str) -> Call:
    """The derivative of an LSTM of one step."""
    return lambda x: apply_list(
        op_type,
        np.int64(1),
        apply("ExpandDims", x, 0),
        *cell(x),
        *[weights(x, 1, 2, UNITS)] * 9,
        use_peephole=True,
    )


CALLS: dict[str, Call] = {
    "BlockLSTM": over_steps("BlockLSTM"),
    "BlockLSTMGrad": back_over_steps("BlockLSTMGrad"),
    "BlockLSTMGradV2": back_over_steps("BlockLSTMGradV2"),
    "BlockLSTMV2": over_steps("BlockLSTMV2"),
    "GRUBlockCell": lambda x: apply_list("GRUBlockCell", x, *gated(x)),
    "GRUBlockCellGrad": lambda x: apply_list("GRUBlockCellGrad", x, *gated(x), *[weights(x, 2, UNITS)] * 4),
    "LSTMBlockCell": lambda x: apply_list("LSTMBlockCell", x, *cell(x)),
    "LSTMBlockCellGrad": lambda x: apply_list(
        "LSTMBlockCellGrad", x, *cell(x), *[weights(x, 2, UNITS)] * 8, use_peephole=True
    ),
}
"""Of each operation a call; the tensor has shape (2, 3)."""

WITH_DERIVATIVE = {name for name in CALLS if "Grad" not in name}
"""Operations of float32, whose derivatives are recorded or compared with those over one step."""

"""``tf.contrib.slim.learning``: operations that do a step of training, and the loop that runs them."""

from __future__ import annotations

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.contrib.training_steps import (
    add_gradients_summaries,
    clip_gradient_norms,
    multiply_gradients,
    train,
    train_step,
)
from hdfsaver.contrib.training_steps import create_train_op_of_slim as create_train_op

__all__ = [
    "add_gradients_summaries",
    "clip_gradient_norms",
    "create_train_op",
    "multiply_gradients",
    "train",
    "train_step",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

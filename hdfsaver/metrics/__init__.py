"""``tf.metrics``: numbers about predictions that grow from batch to batch, in local variables."""

import typing

from hdfsaver.absent_names import absent as _absent
from hdfsaver.metrics.counts import (
    false_negatives,
    false_positives,
    precision,
    recall,
    true_negatives,
    true_positives,
)
from hdfsaver.metrics.means import (
    accuracy,
    mean,
    mean_absolute_error,
    mean_squared_error,
    percentage_below,
    root_mean_squared_error,
)

__all__ = [
    "accuracy",
    "false_negatives",
    "false_positives",
    "mean",
    "mean_absolute_error",
    "mean_squared_error",
    "percentage_below",
    "precision",
    "recall",
    "root_mean_squared_error",
    "true_negatives",
    "true_positives",
]


def __dir__() -> list[str]:
    return __all__


if not typing.TYPE_CHECKING:  # a type checker is to know the names above, and no others

    def __getattr__(name: str) -> object:
        raise _absent(__name__, name, __all__)

"""From graph to graph: derivatives."""

from hdfsaver.training.gradient_sums import AggregationMethod
from hdfsaver.training.gradients import UnconnectedGradients, gradients

__all__ = [
    "AggregationMethod",
    "UnconnectedGradients",
    "gradients",
]

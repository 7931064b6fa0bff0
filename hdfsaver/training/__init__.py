"""From graph to graph: derivatives."""

from hdfsaver.training.gradients import AggregationMethod, UnconnectedGradients, gradients

__all__ = ["AggregationMethod", "UnconnectedGradients", "gradients"]

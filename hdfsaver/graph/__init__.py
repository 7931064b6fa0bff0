"""Computation graphs: a networkx DiGraph, and light faces on its nodes."""

from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor

__all__ = ["Graph", "Operation", "Tensor"]

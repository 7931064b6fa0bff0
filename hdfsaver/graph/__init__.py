"""Computation graphs: a networkx DiGraph, and light objects for its nodes and their outputs."""

from hdfsaver.graph import operators
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor

__all__ = [
    "Graph",
    "Operation",
    "Tensor",
]

operators.install()

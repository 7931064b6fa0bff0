"""The tools that rules add nodes with: names that are not taken, constants, and a few nodes that many rules need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.onnx_graphs.onnx_nodes import OnnxGraph, OnnxNode
from hdfsaver.tensor_info import Array

LARGEST = np.iinfo(np.int64).max
SMALLEST = np.iinfo(np.int64).min

_SHARED = 1024
"""The most bytes that a constant may have of which there is only one in a model."""


class NoTwinError(Exception):
    """An operation has no ONNX twin; the text says why."""


class Names:
    """Names of values; those of all graphs of a model are different."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """A name that is not taken: the wanted one, or that with a number."""
        count = self._taken.get(wanted)
        if count is None:
            self._taken[wanted] = 0
            return wanted
        self._taken[wanted] = count + 1
        return self.take(f"{wanted}__{count + 1}")


class Emitter:
    """Adds the nodes for one operation after the other to a graph.

    Parameters
    ----------
    graph : OnnxGraph
        Where the nodes go.
    names : Names
        The names of the whole model.
    outermost : Emitter, optional
        The one of the graph around all others, which has the constants; this one by default.
    """

    def __init__(self, graph: OnnxGraph, names: Names, outermost: Emitter | None = None) -> None:
        self.graph = graph
        self.names = names
        self.outermost = outermost or self
        self.origin = ""
        self._shared: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def inner(self) -> Emitter:
        """One for a branch or the body of a loop."""
        return Emitter(OnnxGraph(), self.names, self.outermost)

    def add(self, op: str, *inputs: str, **attrs: Any) -> str:
        """Add a node with one output, and give that."""
        return self.add_many(op, 1, *inputs, **attrs)[0]

    def add_many(self, op: str, count: int, *inputs: str, **attrs: Any) -> list[str]:
        """Add a node with several outputs, and give those.

        Parameters
        ----------
        op : str
            The type of the ONNX operator.
        count : int
            How many outputs it has.
        *inputs : str
            Names of values.
        **attrs
            Its attributes.

        Returns
        -------
        list of str
        """
        outputs = [self.names.take(f"{self.origin}/{op}") for _ in range(count)]
        self.graph.nodes.append(OnnxNode(op, list(inputs), outputs, attrs, self.origin))
        return outputs

    def constant(self, value: Any, dtype: str | None = None, name: str | None = None) -> str:
        """The name of a constant; equal small ones are one.

        Parameters
        ----------
        value : array_like
        dtype : str, optional
            That of the value by default; ``"int64"`` for numbers and lists of Python.
        name : str, optional
            The name that it gets if it is new.

        Returns
        -------
        str
        """
        if dtype is None and not isinstance(value, np.ndarray | np.generic):
            dtype = "int64"
        array = np.asarray(value, None if dtype is None else dtypes.numpy_dtype(dtype))
        top = self.outermost
        if array.dtype == object or array.nbytes > _SHARED:
            return top._stored(array, name)
        key = (str(array.dtype), array.shape, array.tobytes())
        found = top._shared.get(key)
        if found is None:
            found = top._shared[key] = top._stored(array, name)
        return found

    def _stored(self, array: Array, name: str | None) -> str:
        found = self.names.take(name or "const")
        self.graph.constants[found] = array
        return found

    def cast(self, value: str, source: str, target: str) -> str:
        """A value in another dtype; itself where it has that already."""
        return value if source == target else self.add("Cast", value, to=onnx_type(target))

    def reshape(self, value: str, sizes: Sequence[int]) -> str:
        """A value in another shape, of sizes that are known; one may be -1."""
        if 0 in sizes:
            return self.add("Reshape", value, self.constant(sizes), allowzero=1)
        return self.add("Reshape", value, self.constant(sizes))

    def transpose(self, value: str, perm: Sequence[int]) -> str:
        """A value with its axes in another order."""
        return value if list(perm) == sorted(perm) else self.add("Transpose", value, perm=list(perm))

    def unsqueeze(self, value: str, axes: Sequence[int]) -> str:
        """A value with further axes of size 1."""
        return self.add("Unsqueeze", value, self.constant(list(axes))) if axes else value

    def squeeze(self, value: str, axes: Sequence[int]) -> str:
        """A value without some axes of size 1."""
        return self.add("Squeeze", value, self.constant(list(axes))) if axes else value


def onnx_type(dtype: str) -> int:
    """The number of a dtype in ONNX.

    Raises
    ------
    NoTwinError
        ONNX does not have it.
    """
    number = dtypes.ROW_BY_NAME[dtypes.base_name(dtype)].onnx
    if number is None:
        raise NoTwinError(f"ONNX has no dtype {dtypes.base_name(dtype)}")
    return number

"""The constants of a TensorFlow graph as arrays: a frozen graph has its weights in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hdfsaver import limits
from hdfsaver.errors import DataLossError, OpError
from hdfsaver.files.error_context import about
from hdfsaver.files.partial_reads import part_of
from hdfsaver.files.progress import Callback, Progress
from hdfsaver.files.tensor_file import TensorFile, TensorSource
from hdfsaver.messages.tensor_protos import array_of
from hdfsaver.messages.tensor_types import HANDLES, dtype_name, shape_of
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import STRING, Array, Key, TensorInfo, nbytes_of, numpy_dtype

if TYPE_CHECKING:
    from hdfsaver.messages.message_classes import MetaGraphDef, NodeDef, TensorProto

_CONSTANTS = ("Const", "HostConst")
"""The types of operations that hold a value."""

_POINTER = 8
"""Bytes that an element of an array of strings takes in memory beside the string."""


class GraphSource(TensorSource):
    """The constants of a graph by the names of their operations.

    Those in functions are ``FUNCTION/NAME``, or ``FUNCTION:NAME`` if an operation of the graph has that name. A value
    is decoded when it is read.

    Parameters
    ----------
    message : MetaGraphDef
        The graph.
    kind : str
        The kind of file, for messages.

    Raises
    ------
    DataLossError
        Two operations have the same name.
    """

    are_constants = True

    def __init__(self, message: MetaGraphDef, kind: str = "TensorFlow graph") -> None:
        self.kind = kind
        self._message = message
        self._size = message.ByteSize()
        self._tensors: dict[str, TensorProto] = {}
        self.entries = {}
        unreadable: dict[str, OpError] = {}
        for name, node in _constants(message):
            if name in self.entries or name in unreadable:
                raise DataLossError(None, None, f"two constants have the name {name!r}.")
            try:
                self._tensors[name] = _tensor_of(node, name)
                self.entries[name] = _entry(name, self._tensors[name])
            except OpError as error:
                unreadable[name] = error
        self.unreadable = unreadable

    def read(self, names: Sequence[str], callback: Callback | None = None) -> dict[str, Array]:
        """Read the values of constants, in the order of ``names``."""
        progress = Progress(callback, sum(self.entries[name].nbytes for name in names))
        self._check_memory(names)
        found = {}
        for name in names:
            value = self._value(name)
            found[name] = value if value.flags.writeable else value.copy()
            progress.advance(self.entries[name].nbytes)
        return found

    def read_slice(self, name: str, key: Key) -> Array:
        """Read a part of a constant; if one stored element stands for all, only the part takes memory."""
        entry = self.entries[name]
        part = entry._replace(shape=tuple(it.stop - it.start for it in key))
        self._take(limits.Budget(self._size), part)
        return part_of(self._value(name), key)

    def verify(self, callback: Callback | None = None) -> None:
        """Check that the graph is consistent and that every constant can be decoded; a graph has no checksums."""
        progress = Progress(callback, sum(entry.nbytes for entry in self.entries.values()))
        self.structure()
        for name, entry in self.entries.items():
            self._value(name)
            progress.advance(entry.nbytes)

    def has_graph(self) -> bool:
        """Return True."""
        return True

    def structure(self) -> Structure:
        """The graph."""
        from hdfsaver.interop.graphs.meta_graph_defs import structure_of

        message = type(self._message)()
        message.CopyFrom(self._message)  # it is taken apart
        return structure_of(message)

    def _value(self, name: str) -> Array:
        """The value; an array that cannot be written on if one element stands for all."""
        entry = self.entries[name]
        if not _is_view(self._tensors[name], entry.dtype):
            self._check_memory([name])
        return array_of(self._tensors[name], entry.dtype, entry.shape, name, may_repeat=True)

    def _check_memory(self, names: Sequence[str]) -> None:
        # The last element that is stored stands for all that follow it, so that a shape may declare any size.
        budget = limits.Budget(self._size)
        for name in names:
            self._take(budget, self.entries[name])

    @staticmethod
    def _take(budget: limits.Budget, entry: TensorInfo) -> None:
        elements = math.prod(entry.shape) if entry.dtype == STRING else 0
        budget.take(entry.name, nbytes=_memory(entry), elements=elements)


def open_graph(path: str) -> TensorFile:
    """Open a file with a graph, ``.meta``, ``.pb`` or ``.pbtxt``; its arrays are the constants.

    Raises
    ------
    NotFoundError, DataLossError, InvalidArgumentError, OpError
        See `hdfsaver.interop.graphs.graph_files.read_meta_graph`.
    """
    from hdfsaver.interop.graphs.graph_files import read_graph_message

    message = read_graph_message(path)
    with about(path):
        return TensorFile(path, GraphSource(message))


def _constants(message: MetaGraphDef) -> Iterator[tuple[str, NodeDef]]:
    taken = {node.name for node in message.graph_def.node}
    for node in message.graph_def.node:
        if node.op in _CONSTANTS:
            yield node.name, node
    for function in message.graph_def.library.function:
        for node in function.node_def:
            if node.op in _CONSTANTS:
                name = f"{function.signature.name}/{node.name}"
                yield (f"{function.signature.name}:{node.name}" if name in taken else name), node


def _tensor_of(node: NodeDef, name: str) -> TensorProto:
    if "value" not in node.attr or node.attr["value"].WhichOneof("value") != "tensor":
        raise DataLossError(None, None, f"the constant {name!r} has no value.")
    return node.attr["value"].tensor


def _entry(name: str, tensor: TensorProto) -> TensorInfo:
    dtype, shape = dtype_name(tensor.dtype, name), shape_of(tensor.tensor_shape, name)
    if dtype in HANDLES:
        array_of(tensor, dtype, shape, name)  # raises the error that says so
    return TensorInfo(name, dtype, shape, _text_bytes(tensor, shape) if dtype == STRING else nbytes_of(dtype, shape))


def _text_bytes(tensor: TensorProto, shape: tuple[int, ...]) -> int:
    lengths = [len(text) for text in tensor.string_val]
    repeated = max(0, math.prod(shape) - len(lengths))
    return sum(lengths) + (repeated * lengths[-1] if lengths else 0)


def _memory(entry: TensorInfo) -> int:
    """Bytes of memory that a value takes, strings themselves left out."""
    return math.prod(entry.shape) * (_POINTER if entry.dtype == STRING else numpy_dtype(entry.dtype).itemsize)


def _is_view(tensor: TensorProto, dtype: str) -> bool:
    """Whether one stored element stands for all, so that the decoded array takes the memory of one."""
    stored = sum(len(items) for field, items in tensor.ListFields() if field.name.endswith("_val"))
    return not tensor.tensor_content and stored <= (2 if dtype.startswith("complex") else 1)

"""The values of a graph's variables, by the names of their operations: in a session, or in a file."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.graph.definition import Node
from hdfsaver.onnx_graphs.onnx_nodes import Stored
from hdfsaver.ops.base import variable_key
from hdfsaver.schema import SavedPart, Structure
from hdfsaver.session.session import Session
from hdfsaver.shapes import compatible
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array


class Weights(Protocol):
    """Gives the values of variables."""

    def stored(self, node: Node) -> Stored | None:
        """Dtype and shape of a variable, given its operation; None where it has no value."""

    def array(self, name: str) -> Array:
        """The value of the variable of an operation."""


class SessionWeights:
    """The values in a session.

    Parameters
    ----------
    sess : Session
    """

    def __init__(self, sess: Session) -> None:
        self._state = sess.state
        self._keys: dict[str, str] = {}

    def stored(self, node: Node) -> Stored | None:
        """Dtype and shape of a variable, given its operation; None where it has no value."""
        key = variable_key(node)
        value = self._state.snapshot([key])[key]
        if value is None:
            return None
        self._keys[node.name] = key
        return Stored(node.name, dtypes.as_dtype(np.asarray(value).dtype).name, np.shape(value))

    def array(self, name: str) -> Array:
        """The value of the variable of an operation."""
        key = self._keys[name]
        return np.asarray(self._state.snapshot([key])[key])


class FileWeights:
    """The values in a file, read when they are asked for.

    Parameters
    ----------
    file : TensorFile
    structure : Structure
        Of the graph: it says under which names its Saver saved the variables; without that they have the names of
        their operations.
    """

    def __init__(self, file: TensorFile, structure: Structure) -> None:
        self.file = file
        self.names: dict[str, str] = {}
        self._parts: dict[str, SavedPart] = {}
        for name, saved in structure.saved_names.items():
            if isinstance(saved, str):
                self.names[saved] = name
            else:
                self.names.update({part.op_name: name for part in saved})
                self._parts.update({part.op_name: part for part in saved})

    def name_of(self, operation: str) -> str:
        """The name in the file of the variable of an operation."""
        return self.names.get(operation, operation)

    def is_part(self, operation: str) -> bool:
        """Whether a variable is a part of what the file has."""
        return operation in self._parts

    def stored(self, node: Node) -> Stored | None:
        """Dtype and shape of a variable, given its operation; None where it has no value."""
        entry = self.file.variables.get(self.name_of(node.name))
        if entry is None or self.file.are_constants:
            return None
        dtype = node.attrs.get("dtype", entry.dtype)
        if dtype != entry.dtype:
            raise InvalidArgumentError(
                None,
                None,
                f"{self.file.path} has the variable {entry.name!r} of dtype {entry.dtype}, but its operation "
                f"{node.name!r} is of dtype {dtype}: the file is of another graph.",
            )
        part = self._parts.get(node.name)
        shape = entry.shape if part is None else tuple(part.info.var_shape)
        _check_shape(self.file.path, node, entry.name, shape)
        return Stored(node.name, entry.dtype, shape)

    def array(self, name: str) -> Array:
        """The value of the variable of an operation."""
        part = self._parts.get(name)
        if part is None:
            return self.file.read(self.name_of(name))
        bounds = zip(part.info.var_offset, part.info.var_shape, strict=True)
        return self.file.read_slice(self.name_of(name), tuple(slice(first, first + size) for first, size in bounds))


class OtherWeights(FileWeights):
    """The values in another file than that of the graph, which must have all that are needed."""

    def stored(self, node: Node) -> Stored | None:
        """Dtype and shape of a variable, given its operation.

        Raises
        ------
        NotFoundError
            The file does not have it.
        """
        found = super().stored(node)
        if found is None:
            raise NotFoundError(
                None,
                None,
                f"{self.file.path} has no variable {self.name_of(node.name)!r}, which the graph needs: it is a "
                "checkpoint of another model. Give one of this graph, or leave out weights_in (--weights-in).",
            )
        return found


def _check_shape(path: str, node: Node, name: str, shape: tuple[int, ...]) -> None:
    """Refuse a value of another shape than the variable has in the graph."""
    data = node.digraph.nodes[node.name]
    declared = node.attrs.get("shape") if data["op"] == "VarHandleOp" else data["outputs"][0][1]
    if declared is None or compatible(declared, shape):
        return
    raise InvalidArgumentError(
        None,
        None,
        f"{path} has the variable {name!r} of shape {shape_text(shape)}, but its operation {node.name!r} is of shape "
        f"{shape_text(declared)}: the file is of another graph.",
    )

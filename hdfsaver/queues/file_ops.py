"""Operations on whole files: reading, writing, and finding them by patterns."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from hdfsaver import shapes
from hdfsaver.files.file_io import FileIO, file_exists, get_matching_files, recursive_create_dir
from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import Flat, invalid
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


def text_of(value: Array, what: str) -> str:
    """A string as a path; `InvalidArgumentError` where there is not exactly one."""
    if np.ndim(value):
        raise invalid(f"{what} must be a scalar, but had shape: {list(np.shape(value))}")
    found: bytes = np.asarray(value, object).item()
    return os.fsdecode(found)


def strings(items: Sequence[bytes]) -> Array:
    """A vector of strings."""
    found = np.empty(len(items), object)
    found[:] = items
    return found


def string(item: bytes) -> Array:
    """A single string."""
    found = np.empty((), object)
    found[()] = item
    return found


@register
class ReadFile(Flat):
    """The contents of a file."""

    type = "ReadFile"
    signature = "filename: string -> contents: string"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A scalar, as filename must be."""
        shapes.merge(node.input_shapes[0], ())
        return [()]

    def kernel(self, node: Node) -> Kernel:
        def read(filename: Array) -> Array:
            with FileIO(text_of(filename, "Input filename tensor"), "rb") as file:
                data = file.read()
            assert isinstance(data, bytes)
            return string(data)

        return read


@register
class WriteFile(Flat):
    """Writes a string into a file, and makes its folder."""

    type = "WriteFile"
    signature = "filename: string, contents: string ->"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        for shape in node.input_shapes:
            shapes.merge(shape, ())
        return []

    def kernel(self, node: Node) -> Kernel:
        def write(state: object, filename: Array, contents: Array) -> tuple[()]:
            path = text_of(filename, "Input filename tensor")
            folder = os.path.dirname(path)
            if folder and not file_exists(folder):
                recursive_create_dir(folder)
            with FileIO(path, "wb") as file:
                file.write(np.asarray(contents, object).item())
            return ()

        return write


@register
class MatchingFiles(Flat):
    """The names of the files that match a pattern, sorted."""

    type = "MatchingFiles"
    signature = "pattern: string -> filenames: string"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(None,)."""
        return [(None,)]

    def kernel(self, node: Node) -> Kernel:
        def find(pattern: Array) -> Array:
            patterns = [os.fsdecode(each) for each in np.ravel(np.asarray(pattern, object)).tolist()]
            found = {os.fsencode(path) for each in patterns for path in get_matching_files(each)}
            return strings(sorted(found))

        return find


def read_file(filename: TensorLike, name: str | None = None) -> Tensor:
    """The contents of a file, as a string."""
    return apply("ReadFile", filename, name=name)


def write_file(filename: TensorLike, contents: TensorLike, name: str | None = None) -> Operation:
    """Write a string into a file, whose folder is made if need be.

    Parameters
    ----------
    filename : Tensor or str
    contents : Tensor or bytes
    name : str, optional
        Name of the operation, ``WriteFile`` by default.

    Returns
    -------
    Operation

    Raises
    ------
    OpError
        When run: the file cannot be written.
    """
    return apply_op("WriteFile", filename, contents, name=name)


def matching_files(pattern: TensorLike, name: str | None = None) -> Tensor:
    """The names of the files that match a pattern, or one of several, sorted."""
    return apply("MatchingFiles", pattern, name=name)

"""The operations that read tensors from a checkpoint while a graph runs.

They are in this package, not with the other operations, because they read files. The Saver does not use them, because
it sets the values of all variables in the session at once. They are for initial values from a checkpoint, see
`initialization.py`, and for graphs that come from TensorFlow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.checkpoint import slice_specs
from hdfsaver.checkpoint.restore_casts import is_castable
from hdfsaver.dtypes import alias_of
from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.files.remote.names import given
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.reading.checkpoint_names import as_prefix
from hdfsaver.reading.reader import as_name, open_checkpoint
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_SHARDS = re.compile(r"-\?{5}-of-\d{5}$")
"""The end of the pattern of a checkpoint in several files."""


@register
class RestoreV2(OpDef):
    """Reads tensors of a checkpoint, or parts of them (see `hdfsaver.checkpoint.slice_specs`), when it runs."""

    type = "RestoreV2"
    signature = "prefix: string, tensor_names: string, shape_and_slices: string -> tensors: [dtypes]"
    minimums: ClassVar = {"dtypes": 1}
    stateful = True  # the outputs depend on files, not only on the inputs

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shapes of the slice specifications; `ValueError` if one is malformed, or the numbers of inputs differ."""
        prefix, names, specs = node.input_shapes
        count = len(node.attrs["dtypes"])
        shapes.merge(prefix, ())
        shapes.merge(shapes.merge(names, specs), (count,))
        known = node.constant(2)
        return [None] * count if known is None else [_static_shape(spec) for spec in known]

    def kernel(self, node: Node) -> Kernel:
        """Read the checkpoint; `NotFoundError` or `InvalidArgumentError` if a tensor is missing or does not match."""
        wanted: list[str] = node.attrs["dtypes"]

        def restore(state: Any, prefix: Array, tensor_names: Array, shape_and_slices: Array) -> Any:
            names = [as_name(name) for name in tensor_names]
            text = _SHARDS.sub("", os.fsdecode(np.asarray(prefix).item()))
            # The file is opened once per run, so that all values are of one save.
            file: TensorFile = state.hold(("checkpoint", text), lambda: open_checkpoint(given(text) or as_prefix(text)))
            for name, dtype in zip(names, wanted, strict=True):
                _check(file, name, dtype)
            wanted_parts = [slice_specs.parse(spec.decode()) for spec in shape_and_slices]
            whole = file.read_many([name for name, part in zip(names, wanted_parts, strict=True) if part is None])
            parts = [
                whole[name] if part is None else _part(file, name, part)
                for name, part in zip(names, wanted_parts, strict=True)
            ]
            return parts[0] if len(parts) == 1 else tuple(parts)

        return restore


class _RestoreV1(OpDef):
    attrs: ClassVar = {"preferred_shard": -1}
    needed: ClassVar = {"dt": "type"}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown, or the shape of the slice specification; all inputs are scalars."""
        for shape in node.input_shapes:
            shapes.merge(shape, ())
        known = node.constant(2) if len(node.inputs) > 2 else None
        return [None if known is None else _static_shape(np.asarray(known, object).item())]

    def kernel(self, node: Node) -> Kernel:
        """Read the tensor; errors as in `RestoreV2`."""
        wanted: str = node.attrs["dt"]

        def restore(state: Any, pattern: Array, tensor_name: Array, spec: Array | None = None) -> Array:
            text = _SHARDS.sub("", os.fsdecode(np.asarray(pattern).item()))
            name = as_name(np.asarray(tensor_name, object).item())
            file: TensorFile = state.hold(("checkpoint", text), lambda: open_checkpoint(text))
            _check(file, name, wanted)
            part = None if spec is None else slice_specs.parse(np.asarray(spec, object).item().decode())
            return file.read_many([name])[name] if part is None else _part(file, name, part)

        return restore


@register
class Restore(_RestoreV1):
    """Reads a tensor of a checkpoint when it runs; found in older graphs."""

    type = "Restore"
    signature = "file_pattern: string, tensor_name: string -> tensor: dt"


@register
class RestoreSlice(_RestoreV1):
    """Reads a part of a tensor of a checkpoint when it runs; found in older graphs."""

    type = "RestoreSlice"
    signature = "file_pattern: string, tensor_name: string, shape_and_slice: string -> tensor: dt"


def _static_shape(spec: bytes) -> Shape:
    part = slice_specs.parse(spec.decode())
    return None if part is None else part.shape


def _check(file: TensorFile, name: str, dtype: str) -> None:
    if name in file.unreadable:
        file.read(name)  # raises the error of this tensor
    entry = file.variables.get(name)
    if entry is None:
        raise NotFoundError(None, None, f"Key {name} not found in checkpoint {file.path}.")
    if entry.dtype != dtype:
        remedy = " `Saver.restore` converts the values with cast=True." if is_castable(entry.dtype, dtype) else ""
        raise InvalidArgumentError(
            None,
            None,
            f"tensor_name = {name}; expected dtype {alias_of(dtype)} does not equal original dtype "
            f"{alias_of(entry.dtype)} in {file.path}.{remedy}",
        )


def _part(file: TensorFile, name: str, part: slice_specs.Slice) -> Array:
    shape = file.variables[name].shape
    if part.full_shape != shape:
        raise InvalidArgumentError(
            None,
            None,
            f"tensor_name = {name}; shape in shape_and_slice spec {shapes.text(part.full_shape)} does not match the "
            f"shape stored in checkpoint: {shapes.text(shape)}.",
        )
    return file.read_slice(name, part.key).copy()  # a copy, so that the rest of the tensor is freed

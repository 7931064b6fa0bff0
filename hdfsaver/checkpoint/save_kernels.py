"""Operations that write checkpoints while a graph runs: those that TensorFlow's Savers put into graphs.

They are in this package, not with the other operations, because they write files. The Saver does not use them, because
it saves the values of a session at one time. They are for graphs that come from TensorFlow,
whose programs run ``save/control_dependency`` by its name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hdfsaver import shapes
from hdfsaver.checkpoint import slice_specs
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

if TYPE_CHECKING:
    from hdfsaver.interop.bundle.bundle_writing import Part


def _text(value: Any) -> str:
    return os.fsdecode(np.asarray(value, object).item())


def _made_folder(prefix: str) -> None:
    """Make the folder of a checkpoint; its parent must be there."""
    folder = os.path.dirname(prefix)
    if folder:
        with suppress(OSError):  # it is there, or the writing says why not
            os.mkdir(folder)


def _extents(spec: str, shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
    """The shape of the whole tensor, and start and length of the slice in each dimension; -1 for all of it."""
    part = slice_specs.parse(spec)
    if part is None:
        return shape, ((0, -1),) * len(shape)
    if part.shape != shape:
        raise _invalid(f"shape_and_slice says {spec!r}, but the tensor has shape {shapes.text(shape)}.")
    texts = spec.rpartition(" ")[2].split(":")
    numbers = zip(texts, part.key, strict=True)
    return part.full_shape, tuple((0, -1) if text == "-" else (it.start, it.stop - it.start) for text, it in numbers)


def _invalid(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)


class _Given:
    """Tensors and slices as they are given to an operation, compared before anything is written."""

    def __init__(self, names: Array, specs: Array | None, values: Sequence[Array], dtypes: Sequence[str]) -> None:
        # Imported here, because its libraries come with an extra, and take time to load.
        from hdfsaver.interop.bundle.bundle_writing import Part

        names = np.asarray(names, object)
        texts = np.full(names.shape, b"", object) if specs is None else np.asarray(specs, object)
        if names.shape != (len(values),) or texts.shape != (len(values),):
            raise _invalid(
                f"Each of {len(values)} tensors needs a name and a slice, but they are {names.shape} and {texts.shape}."
            )
        self.parts: dict[str, list[Part]] = {}
        self.dtypes: dict[str, str] = {}
        for name, text, value, dtype in zip(names.tolist(), texts.tolist(), values, dtypes, strict=True):
            key = os.fsdecode(name)
            part = Part(*_extents(text.decode(), np.shape(value)), value)
            known = self.parts.setdefault(key, [])
            if known and (part.full_shape != known[0].full_shape or self.dtypes[key] != dtype):
                raise _invalid(f"The slices of tensor {key!r} differ in the shape of the whole, or in dtype.")
            if any(part.extents == other.extents for other in known):
                raise _invalid(f"Tensor {key!r}, or a slice of it, is given twice.")
            self.dtypes[key] = dtype
            known.append(part)

    def slices(self) -> dict[str, list[Part]]:
        """The tensors that are not given as one piece."""
        return {
            name: parts
            for name, parts in self.parts.items()
            if len(parts) > 1 or parts[0].full_shape != np.shape(parts[0].value)
        }


@register
class SaveV2(OpDef):
    """Writes tensors, or slices of them, into a checkpoint of TensorFlow's second format when it runs."""

    type = "SaveV2"
    signature = "prefix: string, tensor_names: string, shape_and_slices: string, tensors: [dtypes] ->"
    minimums: ClassVar = {"dtypes": 1}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Nothing; prefix is a scalar, the others are vectors with an element for each tensor."""
        count = (len(node.attrs["dtypes"]),)
        shapes.merge(node.input_shapes[0], ())
        for shape in node.input_shapes[1:3]:
            shapes.merge(shape, count)
        return []

    def kernel(self, node: Node) -> Kernel:
        """Write the checkpoint; the old one or the new one is there at every moment."""
        names_of: list[str] = node.attrs["dtypes"]

        def save(_state: Any, prefix: Array, names: Array, specs: Array, *values: Array) -> tuple[()]:
            from hdfsaver.interop.bundle.bundle_writing import Options, write_checkpoint

            given, path = _Given(names, specs, values, names_of), _text(prefix)
            firsts = {name: parts[0].value for name, parts in given.parts.items()}
            _made_folder(path)
            write_checkpoint(path, firsts, given.dtypes, None, Options(whole=False, sort=False), given.slices())
            return ()

        return save


@register
class MergeV2Checkpoints(OpDef):
    """Makes one checkpoint of several that are parts of it, and removes these."""

    type = "MergeV2Checkpoints"
    signature = "checkpoint_prefixes: string, destination_prefix: string ->"
    attrs: ClassVar = {"delete_old_dirs": True, "allow_missing_files": False}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Nothing; a vector and a scalar."""
        shapes.merge(node.input_shapes[0], (None,))
        shapes.merge(node.input_shapes[1], ())
        return []

    def kernel(self, node: Node) -> Kernel:
        """Merge the checkpoints; errors as in `merge_bundles`."""

        def merge(_state: Any, prefixes: Array, target: Array) -> tuple[()]:
            from hdfsaver.interop.bundle.bundle_merging import merge_bundles

            paths = [os.fsdecode(each) for each in np.asarray(prefixes, object).reshape(-1).tolist()]
            if node.attrs["allow_missing_files"]:
                paths = [path for path in paths if os.path.exists(f"{path}.index")]
            path = _text(target)
            _made_folder(path)
            merge_bundles(paths, path, node.attrs["delete_old_dirs"])
            return ()

        return merge


class _SaveV1(OpDef):
    needed: ClassVar = {}
    minimums: ClassVar = {"T": 1}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Nothing; filename is a scalar, the others are vectors with an element for each tensor."""
        count = len(node.attrs["T"])
        shapes.merge(node.input_shapes[0], ())
        for shape in node.input_shapes[1:-count]:
            shapes.merge(shape, (count,))
        return []

    def kernel(self, node: Node) -> Kernel:
        """Write the checkpoint; the old one or the new one is there at every moment."""
        names_of: list[str] = node.attrs["T"]

        def save(_state: Any, filename: Array, names: Array, *others: Array) -> tuple[()]:
            from hdfsaver.interop.bundle.v1_writing import write_v1

            count = len(names_of)
            specs = others[0] if len(others) > count else None
            given = _Given(names, specs, others[len(others) - count :], names_of)
            _made_folder(_text(filename))
            write_v1(_text(filename), given.parts, given.dtypes)
            return ()

        return save


@register
class Save(_SaveV1):
    """Writes tensors into a checkpoint of TensorFlow's first format when it runs."""

    type = "Save"
    signature = "filename: string, tensor_names: string, data: [T] ->"


@register
class SaveSlices(_SaveV1):
    """As `Save`, with slices of tensors."""

    type = "SaveSlices"
    signature = "filename: string, tensor_names: string, shapes_and_slices: string, data: [T] ->"


@register
class ShardedFilename(OpDef):
    """The name of one of several files: ``NAME-00000-of-00002``."""

    type = "ShardedFilename"
    signature = "basename: string, shard: int32, num_shards: int32 -> filename: string"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A scalar, as all inputs are."""
        for shape in node.input_shapes:
            shapes.merge(shape, ())
        return [()]

    def kernel(self, node: Node) -> Kernel:
        """A function from a name and two numbers."""

        def named(name: Array, shard: Array, count: Array) -> Array:
            text = b"%b-%05d-of-%05d" % (np.asarray(name, object).item(), int(shard), int(count))
            return np.array(text, object)

        return named


@register
class ShardedFilespec(OpDef):
    """The pattern of the names of several files: ``NAME-?????-of-00002``."""

    type = "ShardedFilespec"
    signature = "basename: string, num_shards: int32 -> filename: string"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """A scalar, as all inputs are."""
        for shape in node.input_shapes:
            shapes.merge(shape, ())
        return [()]

    def kernel(self, node: Node) -> Kernel:
        """A function from a name and a number."""

        def pattern(name: Array, count: Array) -> Array:
            return np.array(b"%b-?????-of-%05d" % (np.asarray(name, object).item(), int(count)), object)

        return pattern

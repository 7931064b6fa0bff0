"""Several bundles as one, as `MergeV2Checkpoints` makes it of the parts that several devices wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.interop.bundle.bundle_reading import BundleSource
from hdfsaver.interop.bundle.bundle_writing import Options, Part, write_checkpoint
from hdfsaver.interop.bundle.open_tensorflow import open_source
from hdfsaver.interop.bundle.shards import data_files, index_path
from hdfsaver.tensor_info import Array, Key


def merge_bundles(prefixes: Sequence[str], target: str, removes_folders: bool = True) -> None:
    """Write the tensors of several bundles into one, and remove the several.

    Parameters
    ----------
    prefixes : sequence of str
        The bundles. Slices of one tensor may be in several.
    target : str
        The prefix of the new one; a checkpoint of that prefix is replaced.
    removes_folders : bool
        Also remove the folders of the bundles, where nothing else is in them.

    Raises
    ------
    InvalidArgumentError
        A tensor is in two of them, or its slices do not agree. Nothing is written or removed.
    NotFoundError, DataLossError, OpError
        See `open_bundle` and `write_bundle`.
    """
    sources = list(dict.fromkeys(prefixes))
    with ExitStack() as stack:
        opened = [open_source(prefix) for prefix in sources]
        for source in opened:
            stack.callback(source.close)
        merged = _Merged(opened)
        options = Options(whole=False, live=False)
        write_checkpoint(target, merged, merged.dtypes, None, options, merged.parts)
    for prefix in sources:
        if os.path.abspath(prefix) != os.path.abspath(target):
            _remove(prefix, removes_folders)


def _remove(prefix: str, with_folder: bool) -> None:
    """Remove the files of a bundle; the tensors are in the new one, so what cannot be removed is left."""
    for path in [index_path(prefix), *data_files(prefix)]:
        with suppress(OSError):
            os.unlink(path)
    if with_folder:
        with suppress(OSError):  # it has other files
            os.rmdir(os.path.dirname(prefix) or ".")


class _Merged(Mapping[str, Any]):
    """The whole tensors of several bundles, which are read one by one."""

    def __init__(self, sources: Sequence[BundleSource]) -> None:
        self._sources: dict[str, BundleSource] = {}
        self.parts: dict[str, list[Part]] = {}
        self.dtypes: dict[str, str] = {}
        self._boxes: dict[str, list[Key]] = {}
        for source in sources:
            for name, entry in source.entries.items():
                if self.dtypes.setdefault(name, entry.dtype) != entry.dtype:
                    raise InvalidArgumentError(
                        None, None, f"Tensor {name!r} has two dtypes in the parts of a checkpoint."
                    )
                self._add(source, name, entry.shape)

    def _add(self, source: BundleSource, name: str, shape: tuple[int, ...]) -> None:
        boxes = source.boxes(name)
        if name in self._sources or (boxes is None and name in self.parts):
            raise InvalidArgumentError(None, None, f"Tensor {name!r} is in two parts of a checkpoint.")
        if boxes is None:
            self._sources[name] = source
            return
        known = self.parts.setdefault(name, [])
        for box in boxes:
            if (known and known[0].full_shape != shape) or box in self._boxes.setdefault(name, []):
                raise InvalidArgumentError(
                    None, None, f"The slices of tensor {name!r} do not agree in the parts of a checkpoint."
                )
            self._boxes[name].append(box)
            extents = tuple((part.start, part.stop - part.start) for part in box)
            known.append(Part(shape, extents, partial(source.read_slice, name, box)))

    def __getitem__(self, name: str) -> Array:
        return self._sources[name].read([name])[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

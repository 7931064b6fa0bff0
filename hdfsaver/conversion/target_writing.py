"""Writing the target of a conversion: a function for each format."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import NamedTuple

from hdfsaver import dtypes
from hdfsaver.conversion.converted_arrays import ConvertedArrays
from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError
from hdfsaver.formats.npz import write_npy, write_npz
from hdfsaver.formats.pytorch import write_torch
from hdfsaver.formats.safetensors import write_safetensors
from hdfsaver.schema import Structure
from hdfsaver.storage.chunks.compression import Choices, by_name
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.writing import Model, WriteOptions, Writer
from hdfsaver.tensor_info import TensorInfo


class Job(NamedTuple):
    """The content of a target.

    Attributes
    ----------
    arrays : ConvertedArrays
        The arrays, read when they are written.
    structure : Structure or None
        The graph.
    metadata : mapping of str to str
        The metadata.
    compression : optional
        See `hdfsaver.Compression`.
    durable : bool
        Return only when the target is on the disk.
    """

    arrays: ConvertedArrays
    structure: Structure | None
    metadata: Mapping[str, str]
    compression: Choices
    durable: bool


def write_hdf5(path: str, job: Job) -> None:
    """Write an hdfsaver checkpoint."""
    arrays = job.arrays
    values = {name: arrays.deferred(name) for name in arrays} or None
    names = {name: entry.dtype for name, entry in arrays.entries.items()}
    model = Model(values, job.structure, names, by_name(job.compression, arrays))
    Writer().write(path, {ROOT: model}, metadata=job.metadata, options=WriteOptions(durable=job.durable))


def write_numpy(path: str, job: Job) -> None:
    """Write a NumPy archive."""
    write_npz(path, job.arrays, job.arrays, durable=job.durable)


def write_one(path: str, job: Job) -> None:
    """Write the only array as a NumPy file."""
    (name,) = job.arrays
    write_npy(path, name, job.arrays, durable=job.durable)


def write_tensors(path: str, job: Job) -> None:
    """Write a safetensors file."""
    write_safetensors(path, job.arrays.entries.values(), job.arrays, job.metadata, durable=job.durable)


def write_pytorch(path: str, job: Job) -> None:
    """Write a PyTorch file."""
    write_torch(path, job.arrays.entries, job.arrays, durable=job.durable)


def write_tensorflow(prefix: str, job: Job) -> None:
    """Write a TensorFlow checkpoint, and its graph beside it."""
    from hdfsaver.interop.bundle.bundle_writing import write_bundle
    from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH
    from hdfsaver.interop.graphs.message_files import message_draft
    from hdfsaver.interop.graphs.meta_graph_defs import message_of

    meta = f"{prefix}.meta"
    with ExitStack() as stack:
        if job.structure is not None:
            # The draft exists before the values are written, and becomes a file after them.
            stack.enter_context(message_draft(meta, message_of(job.structure), durable=job.durable))
        elif os.path.exists(meta):
            raise FailedPreconditionError(
                None,
                None,
                f"{meta} exists and has the graph of an earlier checkpoint, but this one is written without a graph. "
                "Remove that file, or choose another name.",
            )
        # TensorFlow 1's Saver sorts the names; TensorFlow 2 has an order of its own, which the source has kept.
        has_saver = job.structure is not None and job.structure.saver is not None
        sort = has_saver and OBJECT_GRAPH not in job.arrays
        write_bundle(prefix, job.arrays, _dtype_names(job.arrays.entries), sort=sort, durable=job.durable, live=False)


def tensorflow_files(prefix: str, has_graph: bool) -> list[str]:
    """The files of a TensorFlow checkpoint."""
    from hdfsaver.interop.bundle.shards import index_path, shard_path

    return [index_path(prefix), shard_path(prefix, 0, 1), *([f"{prefix}.meta"] if has_graph else [])]


def _dtype_names(entries: Mapping[str, TensorInfo]) -> dict[str, str]:
    """The dtypes that NumPy does not have."""
    return {name: entry.dtype for name, entry in entries.items() if dtypes.as_dtype(entry.dtype).is_quantized}


def write_meta(path: str, job: Job) -> None:
    """Write a graph with its collections and its Saver."""
    from hdfsaver.interop.graphs.message_files import write_message
    from hdfsaver.interop.graphs.meta_graph_defs import message_of

    write_message(path, message_of(_needed(path, job)))


def write_graph(path: str, job: Job) -> None:
    """Write a graph alone."""
    from hdfsaver.interop.graphs.message_files import write_message
    from hdfsaver.interop.graphs.meta_graph_defs import message_of

    write_message(path, message_of(_needed(path, job), with_saver=False).graph_def)


def _needed(path: str, job: Job) -> Structure:
    if job.structure is None:
        raise InvalidArgumentError(None, None, f"The source has no graph to write to {path}.")
    return job.structure

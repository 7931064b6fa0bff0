"""Writing the target of a conversion: a function for each format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hdfsaver import dtypes
from hdfsaver.conversion.converted_arrays import TargetArrays
from hdfsaver.conversion.layouts.keras_layers import Layer
from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError
from hdfsaver.files.opening import is_there
from hdfsaver.formats.npz import write_npy, write_npz
from hdfsaver.formats.pytorch import write_torch
from hdfsaver.formats.safetensors import write_safetensors
from hdfsaver.schema import Structure
from hdfsaver.storage.chunks.compression import Choices, by_name
from hdfsaver.storage.groups import ROOT
from hdfsaver.storage.random_places import RandomPlaces
from hdfsaver.storage.writing import Model, WriteOptions, Writer
from hdfsaver.tensor_info import TensorInfo


class Job(NamedTuple):
    """The content of a target.

    Attributes
    ----------
    arrays : TargetArrays
        The arrays, read when they are written.
    structure : Structure or None
        The graph.
    metadata : mapping of str to str
        The metadata.
    compression : optional
        See `hdfsaver.Compression`.
    durable : bool
        Return only when the target is on the disk.
    random : mapping of str to tuple of int
        The places of random operations of the graph; see `hdfsaver.storage.random_places`.
    layers : sequence of Layer
        For a file of Keras, the layers that the arrays belong to.
    """

    arrays: TargetArrays
    structure: Structure | None
    metadata: Mapping[str, str]
    compression: Choices
    durable: bool
    random: RandomPlaces
    layers: Sequence[Layer] = ()


def write_hdf5(path: str, job: Job) -> None:
    """Write an hdfsaver checkpoint."""
    arrays = job.arrays
    values = {name: arrays.deferred(name) for name in arrays} or None
    names = {name: entry.dtype for name, entry in arrays.entries.items()}
    model = Model(values, job.structure, names, by_name(job.compression, arrays), random=job.random)
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


def write_keras(path: str, job: Job) -> None:
    """Write weights of Keras 3."""
    from hdfsaver.conversion.keras_files import write_weights

    write_weights(path, job.arrays, job.layers, by_class=True, durable=job.durable)


def write_keras2(path: str, job: Job) -> None:
    """Write weights of Keras 2, which are found by names of layers."""
    from hdfsaver.conversion.keras_files import write_weights

    write_weights(path, job.arrays, job.layers, by_class=False, durable=job.durable)


def write_tensorflow(prefix: str, job: Job) -> None:
    """Write a TensorFlow checkpoint, with its graph beside it; the graph of an earlier checkpoint goes with that."""
    from hdfsaver.interop.bundle.bundle_writing import Options, write_checkpoint
    from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH
    from hdfsaver.interop.graphs.graph_of_checkpoint import meta_path
    from hdfsaver.interop.graphs.message_files import bytes_of_message
    from hdfsaver.interop.graphs.meta_graph_defs import message_of

    graph = None
    if job.structure is not None:
        graph = bytes_of_message(meta_path(prefix), message_of(job.structure))
    # TensorFlow 1's Saver sorts the names; TensorFlow 2 has an order of its own, which the source has kept.
    has_saver = job.structure is not None and job.structure.saver is not None
    options = Options(sort=has_saver and OBJECT_GRAPH not in job.arrays, durable=job.durable, live=False)
    write_checkpoint(prefix, job.arrays, _dtype_names(job.arrays.entries), graph, options)


def tensorflow_files(prefix: str, has_graph: bool) -> list[str]:
    """The files of a TensorFlow checkpoint, with the present number of data files."""
    from hdfsaver.interop.bundle.shards import data_files, index_path, shard_path
    from hdfsaver.interop.graphs.graph_of_checkpoint import meta_path

    data = data_files(prefix) or [shard_path(prefix, 0, 1)]
    return [index_path(prefix), *data, *([meta_path(prefix)] if has_graph else [])]


def replaced_v1(prefix: str) -> tuple[str, ...]:
    """The files of a checkpoint of TensorFlow's first format that a new one of the prefix replaces."""
    from hdfsaver.interop.bundle.tensorflow_prefix import v1_files

    return v1_files(prefix)


def replaced_graph(prefix: str) -> str:
    """The graph of an earlier checkpoint, which a new one without a graph removes; empty without one.

    Raises
    ------
    FailedPreconditionError
        There is a graph without a checkpoint, which would seem to be that of the new one.
    OpError
        The operating system does not tell.
    """
    from hdfsaver.interop.bundle.shards import index_path
    from hdfsaver.interop.graphs.graph_of_checkpoint import graph_path

    graph = graph_path(prefix)
    if graph is not None and not replaced_v1(prefix) and not is_there(index_path(prefix)):
        raise FailedPreconditionError(
            None,
            None,
            f"{graph} exists and has a graph, but the checkpoint is written without one, so that this graph would seem "
            "to be its own. Remove that file, or choose another name.",
        )
    return graph or ""


def _dtype_names(entries: Mapping[str, TensorInfo]) -> dict[str, str]:
    """The dtypes that NumPy does not have."""
    return {name: entry.dtype for name, entry in entries.items() if dtypes.as_dtype(entry.dtype).is_quantized}


def write_meta(path: str, job: Job) -> None:
    """Write a graph with its collections and its Saver."""
    from hdfsaver.interop.graphs.message_files import write_message
    from hdfsaver.interop.graphs.meta_graph_defs import message_of

    write_message(path, message_of(_needed(path, job)), durable=job.durable)


def write_graph(path: str, job: Job) -> None:
    """Write a graph alone."""
    from hdfsaver.interop.graphs.message_files import write_message
    from hdfsaver.interop.graphs.meta_graph_defs import message_of

    write_message(path, message_of(_needed(path, job), with_saver=False).graph_def, durable=job.durable)


def _needed(path: str, job: Job) -> Structure:
    if job.structure is None:
        raise InvalidArgumentError(None, None, f"The source has no graph to write to {path}.")
    return job.structure

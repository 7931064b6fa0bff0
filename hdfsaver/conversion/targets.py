"""The formats that a conversion writes, the endings of their names, and the endings that mean something else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Literal, NamedTuple

from hdfsaver.conversion import target_writing as writing
from hdfsaver.conversion.target_writing import Job
from hdfsaver.errors import FailedPreconditionError, InvalidArgumentError, UnimplementedError
from hdfsaver.files.remote.names import RemoteName


class Target(NamedTuple):
    """A format that is written.

    Attributes
    ----------
    name : str
        Its name for the argument ``to``.
    title : str
        Its name in sentences.
    endings : tuple of str
        The endings of its files, in lower case.
    write : callable or None
        Writes a file of it; None for ONNX, which is not arrays and a graph side by side: `onnx_files` writes it.
    files : callable
        The files that are written for a path.
    most_arrays : int or None
        The largest number of arrays; None without a limit.
    has_graph : bool
        Whether it can have a graph.
    has_metadata : bool
        Whether it can have metadata.
    has_objects : bool
        Whether the graph of objects of a TensorFlow 2 checkpoint is useful in it.
    layers : str
        For weights of Keras, how it finds the layer of an array: by ``"names"`` or by ``"classes"``; else empty.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    write: Callable[[str, Job], None] | None
    files: Callable[[str, bool], list[str]]
    most_arrays: int | None = None
    has_graph: bool = False
    has_metadata: bool = False
    has_objects: bool = False
    layers: Literal["", "names", "classes"] = ""


def _itself(path: str, _has_graph: bool) -> list[str]:
    return [path]


TARGETS = (
    Target(
        *("hdf5", "an hdfsaver checkpoint", (".h5", ".hdf5"), writing.write_hdf5, _itself),
        has_graph=True,
        has_metadata=True,
        has_objects=True,
    ),
    Target("npz", "a NumPy archive", (".npz",), writing.write_numpy, _itself),
    Target("npy", "a NumPy array", (".npy",), writing.write_one, _itself, most_arrays=1),
    Target(
        *("safetensors", "a safetensors file", (".safetensors",), writing.write_tensors, _itself), has_metadata=True
    ),
    Target("keras", "a file of weights of Keras 3", (".weights.h5",), writing.write_keras, _itself, layers="classes"),
    Target("keras2", "a file of weights of Keras 2", (), writing.write_keras2, _itself, layers="names"),
    Target("torch", "a PyTorch file", (".pt", ".pth", ".bin"), writing.write_pytorch, _itself),
    Target(
        *("tensorflow", "a TensorFlow checkpoint", (".ckpt", ".index")),
        *(writing.write_tensorflow, writing.tensorflow_files),
        has_graph=True,
        has_objects=True,
    ),
    Target(
        *("meta", "a TensorFlow graph with its collections", (".meta",), writing.write_meta, _itself),
        most_arrays=0,
        has_graph=True,
    ),
    Target(
        *("graph", "a TensorFlow graph", (".pb", ".pbtxt"), writing.write_graph, _itself), most_arrays=0, has_graph=True
    ),
    Target("onnx", "an ONNX model", (".onnx",), None, _itself, has_graph=True),
)
"""All formats that are written."""

TARGET_BY_NAME = {target.name: target for target in TARGETS}

OTHERS = {
    ".keras": "Keras models, of which a graph does not have the layers; write weights to a name in .weights.h5, which "
    "the same model loads that was built in Keras",
    **dict.fromkeys((".tflite", ".mlmodel", ".caffemodel"), "models of another program"),
    **dict.fromkeys((".gguf", ".ggml", ".pdparams", ".params", ".msgpack"), "weights of another program"),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), "pickles, which can run code when they are read"),
    ".mat": "MATLAB files",
    **dict.fromkeys((".nc", ".nc4", ".cdf"), "netCDF files"),
    **dict.fromkeys((".hdf", ".he5", ".h4"), "files of other programs"),
    **dict.fromkeys((".zarr", ".parquet", ".feather", ".arrow", ".orc"), "another format for arrays or tables"),
    **dict.fromkeys((".txt", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml"), "text files"),
    **dict.fromkeys((".md", ".html", ".htm", ".py", ".ipynb", ".log"), "text files"),
    **dict.fromkeys((".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".zst", ".lz4", ".7z", ".rar"), "archives"),
    **dict.fromkeys((".xls", ".xlsx", ".pdf", ".png", ".jpg", ".jpeg"), "documents and images"),
    **dict.fromkeys((".tfrecord", ".tfrecords", ".tfevents"), "records of TensorFlow"),
}
"""Endings of other kinds of files, and these kinds."""

_STEP = re.compile(r"\.ckpt-[0-9]+")
_DATA = re.compile(r"\.data-[0-9]{5}-of-[0-9]{5}")


def target_of(path: str, to: str | None = None) -> tuple[Target, str]:
    """The format to write, and the path without the ending ``.index`` of a TensorFlow checkpoint.

    Parameters
    ----------
    path : str
        The name of the target.
    to : str, optional
        The name of the format, for any ending.

    Raises
    ------
    InvalidArgumentError
        The ending means another kind of file, or is unknown.
    FailedPreconditionError
        The path is a folder.
    UnimplementedError
        A TensorFlow checkpoint is to be written behind a URL.
    ValueError
        ``to`` is not the name of a format.
    """
    is_remote = isinstance(path, RemoteName)
    base = os.path.basename(path).lower()
    if path == "-":
        raise _refused("A conversion cannot be written to the standard output: it needs the name of a file.")
    if not path.strip(os.sep):
        raise _refused(f"{path!r} is not the name of a file.")
    if base and not is_remote and os.path.isdir(path):
        raise FailedPreconditionError(None, None, f"Cannot write {path}: it is a directory. Choose another name.")
    if to is not None and to not in TARGET_BY_NAME:
        raise ValueError(f"Unknown format {to!r}; the formats are {', '.join(TARGET_BY_NAME)}.")
    found = TARGET_BY_NAME[to] if to is not None else _by_ending(path, base)
    if found.name == "tensorflow" and is_remote:
        raise UnimplementedError(
            None,
            None,
            f"{path} would be a TensorFlow checkpoint, whose files replace others together, which only a folder of "
            "this machine can promise. Convert to a prefix on this machine, and copy its files with `tf.gfile.Copy`, "
            "the index last.",
        )
    if found.name == "tensorflow" and base.endswith(".index"):
        return found, path[: -len(".index")]
    return found, path


def _by_ending(path: str, base: str) -> Target:
    other = max((ending for ending in OTHERS if base.endswith(ending)), key=len, default=None)
    if other is not None:
        raise _refused(f"{path}: {other} is the ending of {OTHERS[other]}. {_advice()}")
    known = max((ending for ending in known_endings() if base.endswith(ending)), key=len, default=None)
    if known is not None:
        return next(target for target in TARGETS if known in target.endings)
    ending = os.path.splitext(base)[1]
    if not ending or _STEP.fullmatch(ending):
        return TARGET_BY_NAME["tensorflow"]
    if _DATA.fullmatch(ending):
        raise _refused(f"{path} names a data file of a TensorFlow checkpoint; give its prefix, {path[: -len(ending)]}.")
    near = get_close_matches(ending, known_endings(), 1, 0.7)
    hint = f" Is {near[0]} meant?" if near else ""
    raise _refused(f"{path} has the unknown ending {ending}.{hint} {_advice()}")


def known_endings() -> list[str]:
    """The endings of all formats that are written."""
    return [ending for target in TARGETS for ending in target.endings]


def _advice() -> str:
    return (
        f"Files are written to names that end in {', '.join(known_endings())}, and TensorFlow checkpoints also to "
        f"names without an ending. For another ending give the format with to (--to): {', '.join(TARGET_BY_NAME)}."
    )


def _refused(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)

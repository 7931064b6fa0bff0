"""The facts about a file: its kind, parts, sizes, compression, digests, graph, and the program that has made it."""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hdfsaver.errors import OpError
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.reading.checkpoint_names import Source
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import STRING, TensorInfo

_STEP = re.compile(r"-([0-9]{1,18})(?:\.h5|\.hdf5)?$")
_STEP_VARIABLE = "global_step"
_ALGORITHMS = {"digests": "XXH3-64"}
_WALKED = 10_000
"""The largest number of files of a folder that are counted."""


class Amount(NamedTuple):
    """A number of arrays, and their bytes."""

    arrays: int
    nbytes: int


class GraphFacts(NamedTuple):
    """The facts about a graph.

    Attributes
    ----------
    operations : int
    inputs, outputs : tuple of str
        The operations that a program feeds, and those whose values are results.
    error : str
        Why the graph cannot be read; empty if it can.
    """

    operations: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    error: str


class ModelFacts(NamedTuple):
    """The facts about a model of a file.

    Attributes
    ----------
    group : str
        Its group; empty for the root.
    total : Amount
    parameters : int
        The number of numbers.
    dtypes, compression : dict of str to Amount
        By dtype, and by the filters of compressed arrays.
    unreadable : int
        The number of elements that cannot be read.
    graph : GraphFacts or None
    """

    group: str
    total: Amount
    parameters: int
    dtypes: dict[str, Amount]
    compression: dict[str, Amount]
    unreadable: int
    graph: GraphFacts | None


class FileFacts(NamedTuple):
    """The facts about a file.

    Attributes
    ----------
    path, kind : str
    format, writer : str
        The version of its format, and the program that has written it; empty if the file does not tell.
    files : dict of str to int
        The length of each of its files, by its path; empty for a remote one.
    step : int or None
        The number at the end of the name, or else the value of the variable ``global_step``.
    metadata : dict of str to str
    digests : str
        The algorithm of its digests or checksums; empty without them.
    models : list of ModelFacts
    others : list of str
        The content that nothing here reads.
    """

    path: str
    kind: str
    format: str
    writer: str
    files: dict[str, int]
    step: int | None
    metadata: dict[str, str]
    digests: str
    models: list[ModelFacts]
    others: list[str]


def file_facts(source: Source) -> FileFacts:
    """The facts about a file of any kind that `convert` reads; no values are read but the step.

    Raises
    ------
    NotFoundError
        The file does not exist.
    DataLossError, OpError
        It is damaged, or cannot be read.
    """
    with open_source(source) as file:
        origin = file.origin()
        groups = file.groups()
        models = []
        if groups in ([], [""]):
            models.append(_model(file))
        else:
            for group in groups:
                with file.model(group) as model:
                    models.append(_model(model))
        facts = [facts for facts, _ in models]
        writer = origin.get("writer", "") or next(filter(None, map(_writer, [it for _, it in models])), "")
        return FileFacts(
            file.path,
            file.kind,
            origin.get("format", ""),
            writer,
            dict(_lengths(file)),
            _step(file),
            file.metadata(),
            algorithm(file),
            facts,
            file.other_content(),
        )


def algorithm(file: TensorFile) -> str:
    """The algorithm of the digests or checksums of an open file; empty without them."""
    if not file.checksums:
        return ""
    return _ALGORITHMS.get(file.checksums, "CRC-32C" if file.kind.startswith("TensorFlow") else "CRC-32")


def _model(file: TensorFile) -> tuple[ModelFacts, Structure | None]:
    graph, structure = _graph(file)
    entries = list(file.variables.values())
    packed = [entry for entry in entries if entry.filters]
    facts = ModelFacts(
        file.group,
        _amount(entries),
        sum(math.prod(entry.shape) for entry in entries if entry.dtype != STRING),
        _by((entry.dtype, entry) for entry in entries),
        _by((" ".join(entry.filters), entry) for entry in packed),
        len(file.unreadable),
        graph,
    )
    return facts, structure


def _amount(entries: Iterable[TensorInfo]) -> Amount:
    sizes = [entry.nbytes for entry in entries]
    return Amount(len(sizes), sum(sizes))


def _by(pairs: Iterable[tuple[str, TensorInfo]]) -> dict[str, Amount]:
    found: dict[str, list[TensorInfo]] = {}
    for key, entry in pairs:
        found.setdefault(key, []).append(entry)
    return {key: _amount(entries) for key, entries in found.items()}


def _graph(file: TensorFile) -> tuple[GraphFacts | None, Structure | None]:
    try:
        structure = file.structure() if file.has_graph() else None
    except (OpError, ImportError) as error:
        return GraphFacts(0, (), (), error.message if isinstance(error, OpError) else str(error)), None
    if structure is None:
        return None, None
    # Imported here, because protobuf takes time to load.
    from hdfsaver.interop.graphs.graph_summary import graph_summary

    found = graph_summary(structure)
    return GraphFacts(found.operations, found.inputs, found.outputs, ""), structure


def _writer(structure: Structure | None) -> str:
    """The version of TensorFlow that a graph of its files names."""
    data = None if structure is None else structure.tensorflow.get("meta_info_def")
    if data is None:
        return ""
    from hdfsaver.messages import message_classes
    from hdfsaver.messages.parsing import parse

    version = parse(message_classes.MetaGraphDef, data, "the description of the graph").meta_info_def.tensorflow_version
    return f"TensorFlow {version}" if version else ""


def _step(file: TensorFile) -> int | None:
    named = _STEP.search(file.path)
    if named:
        return int(named[1])
    entry = file.variables.get(_STEP_VARIABLE)
    if entry is not None and entry.dtype in ("int64", "int32") and math.prod(entry.shape) == 1:
        return int(file.read(_STEP_VARIABLE).reshape(()))
    return None


def _lengths(file: TensorFile) -> Iterator[tuple[str, int]]:
    if isinstance(file.path, RemoteName):
        return
    for path in _paths(file):
        try:
            yield path, os.stat(path).st_size
        except OSError:  # another program may remove it at any time
            continue


def _paths(file: TensorFile) -> list[str]:
    if os.path.isfile(file.path):
        return list(dict.fromkeys([file.path, *file.files]))
    if file.files:
        return list(file.files)
    if os.path.isdir(file.path):
        found = (os.path.join(folder, name) for folder, _, names in os.walk(file.path) for name in sorted(names))
        return [path for path, _ in zip(found, range(_WALKED), strict=False)]
    prefix = glob.escape(file.path)
    endings = ("", ".index", ".meta", ".data-[0-9]*-of-[0-9]*", "-[0-9]*-of-[0-9]*")
    return [path for ending in endings for path in sorted(glob.glob(prefix + ending))]

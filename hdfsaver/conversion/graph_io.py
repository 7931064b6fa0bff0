"""The inputs and outputs of a file's graph, its operations by type, and those that cannot run here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

from hdfsaver import dtypes
from hdfsaver.conversion.loaded_graphs import graph_of, served_signatures, structure_of
from hdfsaver.formats.open_source import open_source
from hdfsaver.graph.graph import Graph
from hdfsaver.interop.graphs.graph_summary import graph_summary
from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.session.run_checks import Obstacle, check_runs
from hdfsaver.shapes import Shape


class TensorIO(NamedTuple):
    """An input or an output of a graph.

    Attributes
    ----------
    name : str
        Its name in the signature of a SavedModel, or that of the tensor.
    tensor : str
        The name of the tensor.
    dtype : str
    shape : tuple or None
        Sizes, None for one that is not known; None where the number of axes is not known.
    runs : bool
        Whether all operations that it needs can run here.
    """

    name: str
    tensor: str
    dtype: str
    shape: Shape
    runs: bool


class SignatureIO(NamedTuple):
    """A signature of a SavedModel.

    Attributes
    ----------
    method : str
        Its purpose, such as ``"tensorflow/serving/predict"``.
    inputs, outputs : list of TensorIO
    """

    method: str
    inputs: list[TensorIO]
    outputs: list[TensorIO]


class GraphIO(NamedTuple):
    """The description of a graph.

    Attributes
    ----------
    inputs, outputs : list of TensorIO
        Of the signature of a SavedModel; else placeholders, and the tensors that nothing uses.
    operations : dict of str to int
        The number of operations of each type, the most frequent first.
    obstacles : list of Obstacle
        The operations that cannot run here; see `check_runs`.
    signatures : dict of str to SignatureIO
        All signatures of a SavedModel, first the one of ``inputs`` and ``outputs``; empty without them.
    """

    inputs: list[TensorIO]
    outputs: list[TensorIO]
    operations: dict[str, int]
    obstacles: list[Obstacle]
    signatures: dict[str, SignatureIO]


def graph_io(source: PathLike, *, group: str = "", io: bool = False) -> GraphIO:
    """Describe the graph of a file: inputs, outputs, operations, and what cannot run here. No values are read.

    Parameters
    ----------
    source : path
        A file, a prefix or a folder with a graph, of any kind that `convert` reads.
    group : str
        The model, in a file that has several.
    io : bool
        Describe inputs, outputs and signatures alone: there are no operations and no obstacles in the result.

    Returns
    -------
    GraphIO

    Raises
    ------
    NotFoundError
        The source does not exist.
    InvalidArgumentError
        It has no graph.
    DataLossError, OpError
        It is damaged, or cannot be read.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> y = tf.multiply(tf.placeholder(tf.float32, [None, 2], name="x"), 2.0, name="y")
    >>> _ = tf.train.write_graph(tf.get_default_graph(), ".", "double.pb", as_text=False)
    >>> found = tf.graph_io("double.pb")
    >>> found.inputs
    [TensorIO(name='x:0', tensor='x:0', dtype='float32', shape=(None, 2), runs=True)]
    >>> found.operations, found.obstacles
    ({'Placeholder': 1, 'Const': 1, 'Mul': 1}, [])
    """
    with open_source(source, group) as file:
        structure = structure_of(file)
        graph = graph_of(file, structure)
        signatures = served_signatures(structure)
        summary = graph_summary(replace(structure, digraph=graph.data))
    described = {name: _signature(graph, signature) for name, signature in signatures.items()}
    if described:
        _, inputs, outputs = next(iter(described.values()))
    else:
        named = ([(f"{name}:0", f"{name}:0") for name in names] for names in (summary.inputs, summary.outputs))
        inputs, outputs = (_described(graph, each) for each in named)
    if io:
        return GraphIO(inputs, outputs, {}, [], described)
    counts = Counter(data["op"] for _, data in graph.data.nodes(data=True))
    return GraphIO(inputs, outputs, dict(counts.most_common()), check_runs(graph), described)


def _signature(graph: Graph, signature: Any) -> SignatureIO:
    sides = (signature.inputs, signature.outputs)
    pairs = ([(key, tensors[key].name) for key in sorted(tensors)] for tensors in sides)
    return SignatureIO(signature.method_name, *(_described(graph, each) for each in pairs))


def _described(graph: Graph, named: Iterable[tuple[str, str]]) -> list[TensorIO]:
    found = []
    for name, full in named:
        operation, _, place = full.partition(":")
        if operation not in graph.data or int(place or 0) >= len(graph.data.nodes[operation]["outputs"]):
            continue  # of sparse tensors, which have no name of their own
        dtype, shape = graph.data.nodes[operation]["outputs"][int(place or 0)]
        runs = not check_runs(graph, [operation])
        found.append(TensorIO(name, full, dtypes.base_name(dtype), shape, runs))
    return found

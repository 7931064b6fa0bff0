"""The inputs and outputs of a file's graph, its operations by type, and those that cannot run here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from hdfsaver import dtypes
from hdfsaver.conversion.loaded_graphs import graph_of, served_signature, structure_of
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
    """

    inputs: list[TensorIO]
    outputs: list[TensorIO]
    operations: dict[str, int]
    obstacles: list[Obstacle]


def graph_io(source: PathLike, *, group: str = "") -> GraphIO:
    """Describe the graph of a file: inputs, outputs, operations, and what cannot run here. No values are read.

    Parameters
    ----------
    source : path
        A file, a prefix or a folder with a graph, of any kind that `convert` reads.
    group : str
        The model, in a file that has several.

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
        signature = served_signature(structure)
        summary = graph_summary(replace(structure, digraph=graph.digraph))
    if signature is not None:
        pairs = [
            [(key, tensors[key].name) for key in sorted(tensors)] for tensors in (signature.inputs, signature.outputs)
        ]
    else:
        pairs = [[(f"{name}:0", f"{name}:0") for name in names] for names in (summary.inputs, summary.outputs)]
    counts = Counter(data["op"] for _, data in graph.digraph.nodes(data=True))
    inputs, outputs = (_described(graph, named) for named in pairs)
    return GraphIO(inputs, outputs, dict(counts.most_common()), check_runs(graph))


def _described(graph: Graph, named: Iterable[tuple[str, str]]) -> list[TensorIO]:
    found = []
    for name, full in named:
        operation, _, place = full.partition(":")
        if operation not in graph.digraph or int(place or 0) >= len(graph.digraph.nodes[operation]["outputs"]):
            continue  # of sparse tensors, which have no name of their own
        dtype, shape = graph.digraph.nodes[operation]["outputs"][int(place or 0)]
        runs = not check_runs(graph, [operation])
        found.append(TensorIO(name, full, dtypes.base_name(dtype), shape, runs))
    return found

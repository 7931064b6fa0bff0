"""Any DiGraph of plain values as a file, in the manner of networkx's readers and writers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import networkx as nx

from hdfsaver.errors import NotFoundError
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.reading.find_checkpoint import existing_file
from hdfsaver.schema import Structure
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file


def write_digraph(G: nx.DiGraph[Any], path: PathLike) -> None:  # noqa: N803 - networkx's name for a graph
    """Write a DiGraph into a file, so that `read_digraph` gives it back exactly.

    Parameters
    ----------
    G : networkx.DiGraph
        Node keys, and the attributes of the graph, of nodes and of edges, are plain Python values (None, bool, int,
        float, complex, str, bytes, and tuples, lists, sets, frozensets and dicts of these), NumPy arrays and NumPy
        scalars. A dtype is one of the table of dtypes, in either byte order, text of fixed width, or object.
    path : path
        The file, as it is to be called; an earlier one is replaced when the new one is complete.

    Raises
    ------
    TypeError
        This is no graph, or holds a value of a type that would not come back as it is: the message names the node or
        edge, the attribute and the type. Nothing is written.
    networkx.NetworkXNotImplemented
        The graph is undirected or a multigraph. Nothing is written.
    ValueError
        A value holds itself, or is nested more than 100 deep. Nothing is written.
    NotFoundError
        The folder does not exist.
    OpError
        What the operating system reports: `PermissionDeniedError`, `ResourceExhaustedError` and so on.

    Notes
    -----
    Kept are types and bits of all values, dtypes and shapes, and the order of nodes, of successors, of predecessors
    and of dicts. Not kept is which values were one object, and what a subclass of DiGraph adds.
    The format is on the page ``docs/format.md``. The same graph gives the same bytes.

    Examples
    --------
    >>> import networkx as nx
    >>> import hdfsaver
    >>> roads = nx.DiGraph(title="roads")
    >>> roads.add_edge("Rome", ("Ostia", 2), lanes=[1, 2])
    >>> hdfsaver.write_digraph(roads, "roads.h5")
    >>> hdfsaver.read_digraph("roads.h5").edges["Rome", ("Ostia", 2)]
    {'lanes': [1, 2]}
    """
    text = as_prefix(path)
    _check_kind(G)
    try:
        write_file(text, variables=None, structure=Structure(G, is_plain=True))
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"Nothing was written to {text}: {error}") from error


def _check_kind(graph: Any) -> None:
    if not isinstance(graph, nx.Graph):
        raise TypeError(f"A networkx.DiGraph was expected, not {type(graph).__name__}.")
    if graph.is_multigraph():
        raise nx.NetworkXNotImplemented("write_digraph takes no multigraph: keep parallel edges as a list in one edge.")
    if not graph.is_directed():
        raise nx.NetworkXNotImplemented("write_digraph takes no undirected graph: give it `G.to_directed()`.")


def read_digraph(path: PathLike) -> nx.DiGraph[Any]:
    """Read the DiGraph in a file.

    Parameters
    ----------
    path : path
        The file, or the prefix of a checkpoint.

    Returns
    -------
    networkx.DiGraph
        What `write_digraph` wrote. Of a checkpoint, its computation graph as plain values: the DiGraph that
        ``Graph.digraph`` is, a node per operation.

    Raises
    ------
    NotFoundError
        There is no such file, or it holds no graph.
    DataLossError
        It is damaged; the message names the file and the part of it.
    InvalidArgumentError
        It names a dtype that there is not, or has a newer format version.
    OpError
        What the operating system reports.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> saver = tf.train.Saver([tf.Variable(1.0, name="v")])
    >>> with tf.Session() as session:
    ...     session.run(tf.global_variables_initializer())
    ...     path = saver.save(session, "model.ckpt")
    >>> digraph = tf.read_digraph(path)
    >>> list(digraph.successors("v")), digraph.nodes["v/read"]["op"]
    (['v/Assign', 'v/read'], 'Identity')
    """
    text = as_prefix(path)
    found = Path(text) if os.path.isfile(text) else existing_file(text)
    with open_file(found) as file:
        structure = file.structure()
    if structure is None:
        raise NotFoundError(None, None, f"{found} holds no graph: it has variables alone.")
    return structure.digraph

"""Saving and loading a DiGraph of plain values, with functions like networkx's readers and writers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hdfsaver.errors import NotFoundError
from hdfsaver.files.opening import is_file
from hdfsaver.files.remote.names import sharing
from hdfsaver.reading.checkpoint_names import PathLike, Source, as_source, as_target
from hdfsaver.reading.find_checkpoint import existing_file
from hdfsaver.schema import Structure
from hdfsaver.storage.reading import open_file
from hdfsaver.storage.writing import write_file

if TYPE_CHECKING:
    import networkx as nx


def write_digraph(G: nx.DiGraph[Any], path: PathLike) -> None:  # noqa: N803 - networkx's name for a graph
    """Write a DiGraph to a file, so that `read_digraph` restores it exactly.

    Parameters
    ----------
    G : networkx.DiGraph
        Node keys, and the attributes of the graph, of nodes and of edges, are plain Python values (None, bool, int,
        float, complex, str, bytes, and tuples, lists, sets, frozensets and dicts of these), NumPy arrays and NumPy
        scalars. A dtype is one of the table of dtypes, in either byte order, a string of fixed width, or object.
    path : path
        The file; an earlier one is replaced when the new one is complete.

    Raises
    ------
    TypeError
        ``G`` is not a graph, or has a value of an unsupported type; the message names the node or edge, the attribute
        and the type. Nothing is written.
    networkx.NetworkXNotImplemented
        The graph is undirected or a multigraph. Nothing is written.
    ValueError
        A value contains itself, or is nested deeper than 100 levels. Nothing is written.
    NotFoundError
        The folder does not exist.
    OpError
        The operating system refuses: `PermissionDeniedError`, `ResourceExhaustedError` and so on.

    Notes
    -----
    The file keeps types and bits of all values, dtypes and shapes, and the order of nodes, of successors, of
    predecessors and of dicts. It does not keep the identity of objects, nor additions of a subclass of DiGraph. The
    format is described in ``docs/format.md``. The same graph gives the same bytes.

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
    text = as_target(path)
    _check_kind(G)
    digraph = G.copy() if getattr(G, "frozen", False) else G  # a view: what it shows is not of the plain types
    try:
        write_file(text, variables=None, structure=Structure(digraph, is_plain=True))
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"Nothing was written to {text}: {error}") from error


def _check_kind(graph: Any) -> None:
    import networkx as nx  # with whose graph this is called

    if not isinstance(graph, nx.Graph):
        raise TypeError(f"A networkx.DiGraph was expected, not {type(graph).__name__}.")
    if graph.is_multigraph():
        advice = "store parallel edges as a list in one edge"
        raise nx.NetworkXNotImplemented(f"write_digraph does not support multigraphs: {advice}.")
    if not graph.is_directed():
        raise nx.NetworkXNotImplemented("write_digraph does not support undirected graphs: pass `G.to_directed()`.")


def read_digraph(path: Source) -> nx.DiGraph[Any]:
    """Read the DiGraph in a file.

    Parameters
    ----------
    path : path
        The file, or the prefix of a checkpoint.

    Returns
    -------
    networkx.DiGraph
        The graph that `write_digraph` wrote. For a checkpoint, its computation graph as plain values, like
        ``Graph.digraph``, with a node per operation.

    Raises
    ------
    NotFoundError
        The file does not exist, or has no graph.
    DataLossError
        It is damaged; the message names the file and the part.
    InvalidArgumentError
        It has an unknown dtype, or a newer format version.
    OpError
        The operating system refuses.

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
    text = as_source(path)
    with sharing():
        found = text if is_file(text) else existing_file(text)
        with open_file(found) as file:
            structure = file.structure()
    if structure is None:
        raise NotFoundError(None, None, f"{found} has no graph, only variables.")
    return structure.digraph

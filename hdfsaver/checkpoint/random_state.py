"""The places of a session's random operations, in checkpoints."""

from __future__ import annotations

from collections.abc import Mapping

from hdfsaver.files.remote.names import is_remote
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.graph.graph import Graph
from hdfsaver.random_numbers.philox import Stream, seeded


def restored(
    graph: Graph,
    places: Mapping[str, tuple[int, int]],
    present: Mapping[str, Stream],
    new_names: Mapping[str, str],
) -> dict[str, Stream]:
    """The places of a session into which a checkpoint is restored.

    Parameters
    ----------
    graph : Graph
    places : mapping of str to tuple of int
        A key and the number of a block, by the names of operations, as a checkpoint has them.
    present : mapping of str to Stream
        Those that the session has.
    new_names : mapping of str to str
        The names here of the operations of an imported graph; operations that were not imported then keep their places.

    Returns
    -------
    dict of str to Stream
    """
    if not new_names:
        return fitting(graph, places)
    imported = set(new_names.values())
    kept = {name: place for name, place in present.items() if name not in imported}
    return kept | fitting(graph, {new_names[name]: place for name, place in places.items() if name in new_names})


def wants_places(graph: Graph, file: TensorFile) -> bool:
    """Whether a graph may take over places of a file: where none of its operations draws, they need no request."""
    return not is_remote(file.path) or any("seed2" in node["attrs"] for node in graph.data.nodes.values())


def fitting(graph: Graph, places: Mapping[str, tuple[int, int]]) -> dict[str, Stream]:
    """The places that are for operations of a graph: those with the same names and seeds.

    Parameters
    ----------
    graph : Graph
    places : mapping of str to tuple of int
        A key and the number of a block, by the names of operations.

    Returns
    -------
    dict of str to Stream
    """
    found = {}
    for name, (key, counter) in places.items():
        attrs = graph.data.nodes[name]["attrs"] if name in graph.data else {}
        if "seed" not in attrs or "seed2" not in attrs:
            continue
        seeds = attrs["seed"], attrs["seed2"]
        begin = seeded(*seeds)
        # Without seeds an operation takes over the stream that the saved session chose.
        if seeds == (0, 0) or (begin.key, begin.counter >> 64) == (key, counter >> 64):
            found[name] = Stream(key, counter)
    return found

"""The command `graph`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from hdfsaver.cli import graph_listing
from hdfsaver.cli.arguments import Anything, AsJson, Group
from hdfsaver.cli.command_form import command
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.cli.graph_listing import GraphResult
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.terminal_text import say
from hdfsaver.files.atomic_write import write_atomically
from hdfsaver.formats.open_source import open_source
from hdfsaver.inspection import graph_pictures, graph_views
from hdfsaver.inspection.graph_parts import forward as forward_part
from hdfsaver.inspection.text_digraph import to_plain_digraph

_DEPTH = 2
"""The depth of scopes that are listed."""


@command(
    ("Describe the graph of a checkpoint.", "hdfsaver graph model.ckpt"),
    ("List its inputs and outputs alone.", "hdfsaver graph model.ckpt --io"),
    ("Show an operation with its neighbours.", "hdfsaver graph model.ckpt --node dense/MatMul"),
    ("Show how a value gets from one operation to another.", "hdfsaver graph model.ckpt --path x loss"),
    ("Count the operations of each scope, without training.", "hdfsaver graph model.ckpt --scopes --forward"),
    ("Write it for Graphviz, or for Gephi and yEd.", "hdfsaver graph model.ckpt --dot net.dot --graphml net.graphml"),
    result=GraphResult,
)
def graph(
    checkpoint: Anything,
    io: Annotated[bool, typer.Option("--io", help="List inputs, outputs and signatures alone.")] = False,
    node: Annotated[str, typer.Option(metavar="NAME", help="Show an operation: attributes, inputs and readers.")] = "",
    path: Annotated[
        tuple[str, str], typer.Option(metavar="A B", help="Show the operations on a shortest path from A to B.")
    ] = ("", ""),
    scopes: Annotated[bool, typer.Option("--scopes", help="Count the operations of each scope of names.")] = False,
    depth: Annotated[
        int | None,
        typer.Option(min=0, help="Fold scopes below this depth; 0 folds none. A picture is folded to 100 nodes."),
    ] = None,
    forward: Annotated[
        bool, typer.Option("--forward", help="Leave out derivatives, training, initializers and saving.")
    ] = False,
    dot: Annotated[str, typer.Option(metavar="FILE", help="Write the input of Graphviz.")] = "",
    svg: Annotated[str, typer.Option(metavar="FILE", help="Draw an SVG picture; this needs Graphviz.")] = "",
    png: Annotated[str, typer.Option(metavar="FILE", help="Draw a PNG picture; this needs Graphviz.")] = "",
    graphml: Annotated[str, typer.Option(metavar="FILE", help="Write GraphML, unfolded without --depth.")] = "",
    group: Group = "",
    as_json: AsJson = False,
) -> None:
    """Describe a graph: inputs, outputs, and operations by type.

    The operations that hdfsaver cannot run are listed too. Of a SavedModel all signatures are listed, each with its
    inputs and outputs. The exit status is 1 if there is no path from A to B.
    """
    pictures = {kind: name for kind, name in (("dot", dot), ("svg", svg), ("png", png), ("graphml", graphml)) if name}
    result = graph_listing.nothing()
    said: list[str] = []
    if node or any(path) or scopes or pictures:
        with open_source(checkpoint, group) as source:
            structure = graph_views.operations_of(source)
        digraph = forward_part(structure) if forward else structure.digraph
        said += _asked(digraph, result, node, path, scopes, depth)
        said += _written(digraph, result, pictures, depth)
    else:
        said += _listed(checkpoint, group, io, forward, result)
    if as_json:
        say_json("graph", result)
    else:
        say(said)
    if any(path) and result["path"] is None:
        raise typer.Exit(ExitCode.DIFFERS)


def _listed(checkpoint: str, group: str, io: bool, forward: bool, result: GraphResult) -> Iterator[str]:
    # Imported here, because it loads all that runs graphs.
    from hdfsaver.conversion.graph_io import graph_io

    found = graph_io(checkpoint, group=group, io=io)
    if forward and not io:
        with open_source(checkpoint, group) as source:
            rest = forward_part(graph_views.operations_of(source))
        counts = Counter(op for _, op in rest.nodes(data="op"))
        obstacles = [it._replace(operations=[each for each in it.operations if each in rest]) for it in found.obstacles]
        found = found._replace(
            operations=dict(counts.most_common()), obstacles=[it for it in obstacles if it.operations]
        )
    result.update(graph_listing.form(found))
    return graph_listing.lines(found)


def _asked(
    digraph: Any, result: GraphResult, node: str, path: tuple[str, str], scopes: bool, depth: int | None
) -> Iterator[str]:
    if node:
        found = graph_views.neighbourhood(digraph, node)
        result["node"] = graph_listing.node_form(found)
        yield from graph_listing.node_lines(found)
    if any(path):
        result["path"] = graph_views.path_between(digraph, *path)
        yield from graph_listing.path_lines(digraph, path, result["path"])
    if scopes:
        result["scopes"] = graph_views.scopes(digraph, _DEPTH if depth is None else depth)
        yield from graph_listing.scope_lines(result["scopes"], len(digraph))


def _written(digraph: Any, result: GraphResult, pictures: dict[str, str], depth: int | None) -> Iterator[str]:
    for kind, name in pictures.items():
        is_whole = kind == "graphml" and not depth
        view = to_plain_digraph(digraph) if is_whole else graph_views.folded(digraph, depth)
        if kind == "dot":
            data = graph_pictures.dot_text(view).encode()
        else:
            data = graph_pictures.graphml(view) if kind == "graphml" else graph_pictures.drawn(view, kind)
        write_atomically(name, data)
        result["files"].append(name)
        yield f"{name}: {len(view):,} nodes of {len(digraph):,} operations, {view.number_of_edges():,} edges."

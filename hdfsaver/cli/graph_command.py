"""The command `graph`."""

from __future__ import annotations

from typing import Annotated

import typer

from hdfsaver.cli import graph_listing
from hdfsaver.cli.arguments import Anything, AsJson, Group
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.terminal_text import say
from hdfsaver.conversion.graph_io import graph_io


@command(
    ("Describe the graph of a checkpoint.", "hdfsaver graph model.ckpt"),
    ("List its inputs and outputs alone.", "hdfsaver graph model.ckpt --io"),
    result=graph_listing.GraphResult,
)
def graph(
    checkpoint: Anything,
    io: Annotated[bool, typer.Option("--io", help="List inputs, outputs and signatures alone.")] = False,
    group: Group = "",
    as_json: AsJson = False,
) -> None:
    """Describe a graph: inputs, outputs, and operations by type.

    The operations that hdfsaver cannot run are listed too. Of a SavedModel all signatures are listed, each with its
    inputs and outputs.
    """
    found = graph_io(checkpoint, group=group, io=io)
    if as_json:
        say_json("graph", graph_listing.form(found))
    else:
        say(graph_listing.lines(found))

"""Pictures of a folded graph: as text for Graphviz, as what Graphviz draws, and as GraphML."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import networkx as nx

from hdfsaver.errors import DeadlineExceededError, UnavailableError
from hdfsaver.escaping import printable
from hdfsaver.inspection.text_digraph import to_plain_digraph

_PROGRAM = "dot"
_SECONDS = 300
"""For a picture; a graph that takes longer is to be folded."""

_COLORS = {
    "": "#dbe9f6",
    "Placeholder": "#d5efcf",
    "PlaceholderV2": "#d5efcf",
    "PlaceholderWithDefault": "#d5efcf",
    "Variable": "#fde0b6",
    "VariableV2": "#fde0b6",
    "VarHandleOp": "#fde0b6",
    "Const": "#eeeeee",
}
"""By type; scopes have none."""

_OTHERS = "#ffffff"


def color_of(op_type: str) -> str:
    """The color of an operation of a type, and of a scope for ``""``."""
    return _COLORS.get(op_type, _OTHERS)


def dot_text(graph: Any) -> str:
    """A graph of `graph_views.folded` in Graphviz's language."""
    return "".join(f"{line}\n" for line in _dot_lines(graph))


def _dot_lines(graph: Any) -> Iterator[str]:
    yield "digraph {"
    yield '  node [shape=box, style="rounded,filled", fontname="Helvetica,sans-serif", fontsize=11];'
    yield '  edge [fontname="Helvetica,sans-serif", fontsize=9, color="#555555"];'
    numbers = {name: f"n{number}" for number, name in enumerate(graph)}
    for name, data in graph.nodes(data=True):
        below = data["type"] or f"{data['operations']} operation{'' if data['operations'] == 1 else 's'}"
        color = color_of(data["type"])
        label, tip = _quoted(f"{name}\n{below}"), _quoted(f"{name} {data['outputs']}".strip())
        yield f'  {numbers[name]} [label={label}, tooltip={tip}, fillcolor="{color}"];'
    for source, target, data in graph.edges(data=True):
        if data["tensors"]:
            text = data["label"] if data["tensors"] == 1 else f"{data['tensors']} tensors"
            style = f"label={_quoted(text)}"
        else:
            style = "style=dashed"
        yield f"  {numbers[source]} -> {numbers[target]} [{style}];"
    yield "}"


def _quoted(text: str) -> str:
    r"""A string of Graphviz, in which ``\`` and ``"`` of names have no meaning, and lines stay lines."""
    lines = (printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split("\n"))
    return '"' + "\\n".join(lines) + '"'


def drawn(graph: Any, kind: str) -> bytes:
    """A graph as a picture.

    Parameters
    ----------
    graph : networkx.DiGraph
        From `graph_views.folded`.
    kind : str
        A format of Graphviz: ``"svg"``, ``"png"``.

    Returns
    -------
    bytes

    Raises
    ------
    ImportError
        Graphviz is not installed.
    DeadlineExceededError
        It takes too long.
    UnavailableError
        It fails.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        raise ImportError(
            f"A picture in {kind} needs Graphviz, whose program `{_PROGRAM}` is not installed; --dot writes its input."
        )
    try:
        done = subprocess.run(  # noqa: S603, the program that the user has installed
            [program, f"-T{kind}"], input=dot_text(graph).encode(), capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        message = f"Graphviz takes more than {_SECONDS} seconds for {len(graph):,} nodes; fold more scopes (--depth)."
        raise DeadlineExceededError(None, None, message) from None
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())[:300]
        raise UnavailableError(None, None, f"Graphviz fails with status {done.returncode}: {said}")
    return done.stdout


def graphml(graph: Any) -> bytes:
    """A graph of `graph_views.folded`, or of `to_plain_digraph`, as GraphML."""
    buffer = io.BytesIO()
    nx.write_graphml_xml(to_plain_digraph(graph), buffer)
    return buffer.getvalue()

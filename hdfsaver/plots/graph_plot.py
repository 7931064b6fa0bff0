"""A picture of a small graph: layers from left to right, a box for each operation or scope."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import networkx as nx

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.escaping import on_one_line, printable
from hdfsaver.files.extras import library
from hdfsaver.formats.open_source import open_source
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.inspection.graph_pictures import color_of
from hdfsaver.inspection.graph_views import folded, operations_of
from hdfsaver.plots.figures import axes_on, literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FOLDED_TO = 24
"""Nodes to which a graph is folded that is not told how far."""

_MOST = 300
"""Nodes of a picture; in one of more nothing can be read."""

_SWEEPS = 8
"""How often nodes are moved to where their neighbors are."""

_LABEL = 28
"""Characters of a name in a box."""

_CHARACTER, _GAP, _LINE = 0.07, 0.6, 0.62
"""Inches: the width of a character, between two layers, and from a box to the next one below it."""

_ARROW = 0.22
"""Inches that an arrow between boxes takes."""

_NEEDED = ("A plot needs", "plot")


def graph_picture(graph: Any = None, *, depth: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw a graph, folded by the scopes of names.

    Parameters
    ----------
    graph : Graph, networkx.DiGraph or path, optional
        The default graph where none is given; the graph of a file.
    depth : int, optional
        Names of more parts are folded to their first ones: at 1, ``a/b/c`` is in the box ``a/``. 0 folds nothing. By
        default as far as gives at most 24 boxes, if names have that many parts.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default on a new figure, ``ax.figure``, as large as the graph needs.

    Returns
    -------
    matplotlib.axes.Axes
        An arrow is dashed where one operation only waits for the other.

    Raises
    ------
    InvalidArgumentError
        There would be more than 300 boxes, or none, or the file has no graph.
    ImportError
        matplotlib is not installed.
    TypeError
        It is not a graph.
    """
    view = folded(_digraph(graph), depth, _FOLDED_TO)
    _check_size(view)
    placed = _Placed(view)
    axes = axes_on(ax, placed.width, placed.height)
    for source, target, data in view.edges(data=True):
        _draw_edge(axes, placed, source, target, bool(data["tensors"]))
    for name, data in view.nodes(data=True):
        x, y = placed.places[name]
        box = {"boxstyle": "round,pad=0.35", "facecolor": color_of(data["type"]), "edgecolor": "#555555"}
        text = literal("\n".join(_lines(name, data)))
        axes.text(x, y, text, ha="center", va="center", fontsize=8, color="black", bbox=box, zorder=2)
    axes.set_xlim(0, placed.width)
    axes.set_ylim(0, placed.height)
    axes.set_axis_off()
    return axes


def _digraph(graph: Any) -> Any:
    if graph is None:
        graph = get_default_graph()
    if isinstance(graph, Graph):
        return graph.data
    if isinstance(graph, nx.DiGraph):
        return graph
    if not isinstance(graph, str | os.PathLike):
        raise TypeError(f"A picture needs a Graph, a networkx.DiGraph or a path, not {type(graph).__name__}.")
    with open_source(graph) as source:
        return operations_of(source).digraph


def _check_size(view: Any) -> None:
    if not len(view):
        raise InvalidArgumentError(None, None, "The graph is empty, so there is nothing to draw.")
    if len(view) > _MOST:
        raise InvalidArgumentError(
            None,
            None,
            f"A picture of {len(view):,} boxes cannot be read; at most {_MOST} are drawn. Fold more scopes (depth=1), "
            "or save the model and look at it with `hdfsaver view MODEL`.",
        )


def _lines(name: str, data: Mapping[str, Any]) -> tuple[str, str]:
    count = data["operations"]
    below = data["type"] or f"{count:,} operation{'' if count == 1 else 's'}"
    text = printable(name)
    shown = text if len(text) <= _LABEL else f"...{text[3 - _LABEL :]}"  # the end of a name tells more
    return shown, on_one_line(printable(below), _LABEL)


def _draw_edge(axes: Any, placed: _Placed, source: Any, target: Any, is_data: bool) -> None:
    patches, paths = library("matplotlib.patches", *_NEEDED), library("matplotlib.path", *_NEEDED)
    corners = placed.way(source, target)
    points, codes = [corners[0]], [paths.Path.MOVETO]
    for (x, y), (to_x, to_y) in pairwise(corners):
        middle = (x + to_x) / 2
        points += [(middle, y), (middle, to_y), (to_x, to_y)]
        codes += [paths.Path.CURVE4] * 3
    arrow = patches.FancyArrowPatch(
        path=paths.Path(points, codes),
        arrowstyle="-|>",
        mutation_scale=9,
        color="#777777",
        linewidth=0.9,
        linestyle="solid" if is_data else "dashed",
        zorder=1,
    )
    axes.add_patch(arrow)


class _Placed:
    """Where the boxes of a graph are, in inches.

    Parameters
    ----------
    view : networkx.DiGraph
        From `folded`.
    """

    def __init__(self, view: Any) -> None:
        self.layers = _layers(view)
        self.halves = {name: _half_width(name, data) for name, data in view.nodes(data=True)}
        self.places: dict[Any, tuple[float, float]] = {}
        self.columns: dict[int, tuple[float, float]] = {}  # the left and the right end of each layer
        columns = _ordered(*_with_bends(view, self.layers))
        self.height = max(sum(map(_line, column)) for column in columns.values()) + 0.3
        right = _GAP / 2
        for layer, column in columns.items():
            width = 2 * max(self.halves.get(name, 0.0) for name in column)
            top = (self.height + sum(map(_line, column))) / 2
            for name in column:
                self.places[name] = (right + width / 2, top - _line(name) / 2)
                top -= _line(name)
            self.columns[layer] = (right, right + width)
            right += width + _GAP
        self.width = right - _GAP / 2

    def way(self, source: Any, target: Any) -> list[tuple[float, float]]:
        """The corners of an arrow from the right of a box to the left of another."""
        (x, y), (to_x, to_y) = self.places[source], self.places[target]
        found = [(x + self.halves[source], y)]
        for layer in range(self.layers[source] + 1, self.layers[target]):
            _, bend_y = self.places[_Bend(source, layer)]
            found += [(end, bend_y) for end in self.columns[layer]]
        return [*found, (to_x - self.halves[target], to_y)]


class _Bend(NamedTuple):
    """Where the arrows from a node to later layers go through one between."""

    source: Any
    layer: int


def _line(name: Any) -> float:
    """The height that a box, or an arrow between boxes, takes."""
    return _ARROW if isinstance(name, _Bend) else _LINE


def _with_bends(view: Any, layers: Mapping[Any, int]) -> tuple[Any, dict[Any, int]]:
    """The graph in which each edge leads to the next layer, by way of bends, and the layer of each of its nodes."""
    made: Any = nx.DiGraph()
    made.add_nodes_from(view)
    found = dict(layers)
    for source, target in view.edges:
        before = source
        for layer in range(layers[source] + 1, layers[target]):
            bend = _Bend(source, layer)
            found[bend] = layer
            made.add_edge(before, bend)
            before = bend
        made.add_edge(before, target)
    return made, found


def _half_width(name: str, data: Mapping[str, Any]) -> float:
    return max(map(len, _lines(name, data))) * _CHARACTER / 2 + 0.06


def _layers(view: Any) -> dict[Any, int]:
    """The layer of each node, behind all that it needs; nodes of a cycle are in one. What needs nothing is near it."""
    whole = nx.condensation(view)
    found: dict[int, int] = {}
    order = list(nx.topological_sort(whole))
    for part in order:
        found[part] = max((found[each] + 1 for each in whole.pred[part]), default=0)
    for part in reversed(order):
        if not whole.pred[part] and whole.succ[part]:
            found[part] = min(found[each] for each in whole.succ[part]) - 1
    return {name: found[whole.graph["mapping"][name]] for name in view}


def _ordered(view: Any, layers: Mapping[Any, int]) -> dict[int, list[Any]]:
    """The nodes of each layer from top to bottom, near those that they are connected with."""
    by_layer: dict[int, list[Any]] = defaultdict(list)
    for name in view:
        by_layer[layers[name]].append(name)
    places = sorted(by_layer)
    columns = [by_layer[layer] for layer in places]
    height = {name: float(place) for column in columns for name, place in _spread(column)}
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            neighbors = view.pred if sweep % 2 == 0 else view.succ
            wanted = {name: _mean([height[each] for each in neighbors[name]], height[name]) for name in column}
            column.sort(key=wanted.__getitem__)
            height.update(_spread(column))
    return dict(zip(places, columns, strict=True))


def _spread(column: list[Any]) -> Iterator[tuple[Any, float]]:
    for place, name in enumerate(column):
        yield name, place - (len(column) - 1) / 2


def _mean(numbers: list[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise

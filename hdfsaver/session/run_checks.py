"""The operations that a run cannot compute here, found before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from hdfsaver.errors import OpError
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import OpDef
from hdfsaver.graph.function_bodies import Body, called_by, checked_body
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.walks import ancestors

UNKNOWN = "operations of this type are not known here"


class Obstacle(NamedTuple):
    """Operations of one type that cannot run here, for one reason.

    Attributes
    ----------
    type : str
        Their type.
    operations : list of str
        Their names, in the order of the graph; those in functions as ``FUNCTION/NAME``.
    why : str
        The reason.
    """

    type: str
    operations: list[str]
    why: str


def check_runs(
    graph: Graph | None = None,
    fetches: Iterable[str | Tensor | Operation] | None = None,
    *,
    feeds: Iterable[str | Tensor] = (),
) -> list[Obstacle]:
    """List the operations that stand in the way of a run, all of them, before anything runs.

    Parameters
    ----------
    graph : Graph, optional
        The default graph where none is given.
    fetches : iterable of str, Tensor or Operation, optional
        The tensors and operations to compute; every operation of the graph by default.
    feeds : iterable of str or Tensor
        The tensors that will be fed: what only they need does not run.

    Returns
    -------
    list of Obstacle
        Sorted by type. It is empty where all types are known and compute the dtypes that the graph has; values may
        still not fit, as the run will say.

    Raises
    ------
    KeyError, TypeError, ValueError
        The graph has no such tensor or operation.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> x = tf.placeholder(tf.float32, [2], name="x")
    >>> tf.check_runs(fetches=[x + 1])
    []
    """
    graph = get_default_graph() if graph is None else graph
    targets = list(graph.data) if fetches is None else [_operation(graph, each) for each in fetches]
    known = frozenset(_output(graph, each) for each in feeds)
    wanted = graph.data if fetches is None and not known else ancestors(graph.data, targets, known)
    found: dict[tuple[str, str], list[str]] = {}
    place = graph.positions()
    for op_type, name, why in _obstacles(graph, sorted(wanted, key=place.__getitem__)):
        found.setdefault((op_type, why), []).append(name)
    return [Obstacle(op_type, names, why) for (op_type, why), names in sorted(found.items())]


def _operation(graph: Graph, each: str | Tensor | Operation) -> str:
    found = graph.as_graph_element(each)
    return found.op.name if isinstance(found, Tensor) else found.name


def _output(graph: Graph, each: str | Tensor) -> tuple[str, int]:
    found = graph.as_graph_element(each, allow_operation=False)
    assert isinstance(found, Tensor), "no operations are allowed"
    return found.op.name, found.value_index


def _obstacles(graph: Graph, names: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Type, name and reason of each operation that cannot run, those in functions that are called included."""
    seen: set[Body] = set()
    waiting = [(graph, list(names), "")]
    while waiting:
        inside, wanted, prefix = waiting.pop()
        for name in wanted:
            data = inside.data.nodes[name]
            why = _why(inside.definition(data["op"]), data["attrs"])
            if why:
                yield data["op"], f"{prefix}{name}", why
            for called in called_by(inside, [name]):
                try:
                    body = checked_body(inside.functions, called)
                except OpError as error:
                    yield data["op"], f"{prefix}{name}", error.message
                    continue
                if body not in seen:
                    seen.add(body)
                    targets = [*(tensor.op.name for tensor in body.outputs), *(each.name for each in body.effects)]
                    given = frozenset((tensor.op.name, tensor.value_index) for tensor in body.inputs)
                    needed = ancestors(body.graph.data, targets, given)
                    waiting.append((body.graph, sorted(needed), f"{called.function['name']}/"))


def _why(definition: OpDef | None, attrs: Mapping[str, Any]) -> str:
    """The reason why an operation cannot run; empty where it can."""
    if definition is None:
        return UNKNOWN
    for key, further in definition.further_types.items():
        if attrs.get(key) in further - definition.types[key]:
            return f"it cannot be run here with {key}={attrs[key]}"
    return ""

"""The parts of a graph that TensorFlow's ``CallableOptions`` name, for a run that is prepared once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hdfsaver.errors import InvalidArgumentError, NotFoundError, UnimplementedError
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor


class NamedParts(NamedTuple):
    """The parts of a graph that a run feeds, fetches, and runs without fetching them."""

    feeds: list[Tensor]
    fetches: list[Tensor]
    targets: list[Operation]


def named_parts(options: Any, graph: Graph) -> NamedParts:
    """The parts that a ``CallableOptions`` names; the first output of an operation where only that is named.

    Raises
    ------
    InvalidArgumentError
        The graph has no such tensor, or one of them is fed twice, or both fed and fetched; or nothing is named.
    NotFoundError
        The graph has no such operation.
    UnimplementedError
        Tensors are to be connected.
    """
    if options.tensor_connection:
        raise UnimplementedError(
            None, None, "CallableOptions with a tensor_connection cannot be run here: feed the tensor instead."
        )
    feeds = [_tensor(name, graph) for name in options.feed]
    fetches = [_tensor(name, graph) for name in options.fetch]
    targets = [_operation(name, graph) for name in options.target]
    check_apart(feeds, [*fetches, *targets])
    return NamedParts(feeds, fetches, targets)


def check_apart(feeds: Sequence[Tensor], fetches: Sequence[Tensor | Operation]) -> None:
    """`InvalidArgumentError` where nothing is fetched, or a tensor is fed twice, or both fed and fetched."""
    if not fetches:
        raise _invalid("Must specify at least one target to fetch or execute.")
    for tensor in feeds:
        if tensor in fetches:
            raise _invalid(f"{tensor.name} is both fed and fetched.")
        if feeds.count(tensor) > 1:
            raise _invalid(f'Endpoint "{tensor.name}" fed more than once.')


def _tensor(name: str, graph: Graph) -> Tensor:
    try:
        return graph.get_tensor_by_name(name if ":" in name else f"{name}:0")
    except (KeyError, ValueError) as error:
        raise _invalid(f"Tensor {name} was not found in the graph. ({error.args[0]})") from None


def _operation(name: str, graph: Graph) -> Operation:
    try:
        return graph.get_operation_by_name(name)
    except (KeyError, ValueError) as error:
        raise NotFoundError(None, None, f"Some target nodes were not found: {name}. ({error.args[0]})") from None


def _invalid(message: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, message)

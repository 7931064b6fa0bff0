"""Checks of ranks and shapes: at once where they are known, otherwise in the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.assertions.comparisons import Data, assert_type, message_prefix
from hdfsaver.assertions.static_values import constant_value
from hdfsaver.control_flow.conds import Assert_
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.comparison import equal
from hdfsaver.ops.constants import group, no_op, with_dependencies
from hdfsaver.ops.shaping import rank as rank_of
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.ops.shaping import size as size_of


class _Rule(NamedTuple):
    """How ranks are compared, with the words of the message."""

    words: str
    known: Callable[[int, Sequence[int]], bool]
    compare: str
    shown: Callable[[Sequence[int]], str]


_EQUAL = _Rule("must have rank", lambda rank, given: rank == given[0], "Equal", lambda given: str(given[0]))
_AT_LEAST = _Rule(
    "must have rank at least", lambda rank, given: rank >= given[0], "GreaterEqual", lambda given: str(given[0])
)
_IN = _Rule("must have rank in", lambda rank, given: rank in given, "Equal", lambda given: str(tuple(given)))


def _check(
    rule: _Rule,
    x: TensorLike | SparseTensor,
    ranks: Sequence[TensorLike],
    data: Data,
    summarize: int | None,
    message: str | None,
    name: str | None,
    default: str,
) -> Operation:
    with scope(name, default, x, *ranks, *(data or ())):
        if not isinstance(x, SparseTensor):
            x = convert_to_tensor(x, name="x")
        wanted = [convert_to_tensor(rank, name="rank") for rank in ranks]
        shown = "" if isinstance(x, SparseTensor) else x.name
        if data is None:
            data = [message_prefix(message), f"Tensor {shown} {rule.words}", *wanted, "Received shape: ", _shape(x)]
        for rank in wanted:
            assert_type(rank, dtypes.int32)
        known = _known_ranks(wanted)
        found = x.get_shape().rank
        if None not in known and found is not None:
            given = [rank for rank in known if rank is not None]
            if not rule.known(found, given):
                raise ValueError(
                    f"{message_prefix(message)}Tensor {shown} {rule.words} {rule.shown(given)}.  "
                    f"Received rank {found}, shape {x.get_shape()}"
                )
            return no_op("static_checks_determined_all_ok")
        condition = _holds(rule, _rank(x), wanted)
        for rank, value in zip(wanted, known, strict=True):
            if value is None:
                single = assert_rank(rank, 0, data=["Rank must be a scalar. Received rank: ", rank])
                condition = with_dependencies([single], condition)
        return Assert_(condition, list(data), summarize=summarize)


def _known_ranks(ranks: Sequence[Tensor]) -> list[int | None]:
    values = [constant_value(rank) for rank in ranks]
    if any(value is not None and value.ndim for value in values):
        raise ValueError("Rank must be a scalar.")
    return [None if value is None else int(value) for value in values]


def _holds(rule: _Rule, found: Tensor, wanted: Sequence[Tensor]) -> Tensor:
    result = convert_to_tensor(False) if not wanted else apply(rule.compare, found, wanted[0])
    for rank in wanted[1:]:
        result = apply("LogicalOr", result, apply(rule.compare, found, rank))
    return result


def _rank(x: Tensor | SparseTensor) -> Tensor:
    return size_of(x.dense_shape) if isinstance(x, SparseTensor) else rank_of(x)


def _shape(x: Tensor | SparseTensor) -> Tensor:
    return apply("Cast", x.dense_shape, DstT="int32") if isinstance(x, SparseTensor) else shape_of(x)


def assert_rank(
    x: TensorLike | SparseTensor,
    rank: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Check that a tensor has a rank.

    Parameters
    ----------
    x : Tensor, SparseTensor or array_like
    rank : Tensor or int
        A single int32.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default the ranks and the shape.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_rank`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`; it does nothing where the ranks are known.

    Raises
    ------
    ValueError
        The rank is known and another, or the rank wanted is not a single number.
    TypeError
        The rank wanted is not int32.
    InvalidArgumentError
        When run: the rank is another.
    """
    return _check(_EQUAL, x, [rank], data, summarize, message, name, "assert_rank")


def assert_rank_at_least(
    x: TensorLike | SparseTensor,
    rank: TensorLike,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Check that a tensor has at least a rank.

    Parameters
    ----------
    x : Tensor, SparseTensor or array_like
    rank : Tensor or int
        A single int32.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default the ranks and the shape.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_rank_at_least`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`; it does nothing where the ranks are known.

    Raises
    ------
    ValueError
        The rank is known and another, or the rank wanted is not a single number.
    TypeError
        The rank wanted is not int32.
    InvalidArgumentError
        When run: the rank is another.
    """
    return _check(_AT_LEAST, x, [rank], data, summarize, message, name, "assert_rank_at_least")


def assert_rank_in(
    x: TensorLike | SparseTensor,
    ranks: Iterable[TensorLike],
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Check that the rank of a tensor is one of several.

    Parameters
    ----------
    x : Tensor, SparseTensor or array_like
    ranks : iterable of Tensor or int
        Single numbers of int32.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default the ranks and the shape.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_rank_in`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`; it does nothing where the ranks are known.

    Raises
    ------
    ValueError
        The rank is known and another, or a rank wanted is not a single number.
    TypeError
        A rank wanted is not int32.
    InvalidArgumentError
        When run: the rank is another.
    """
    return _check(_IN, x, list(ranks), data, summarize, message, name, "assert_rank_in")


def assert_scalar(tensor: TensorLike, name: str | None = None, message: str | None = None) -> Tensor:
    """The tensor; `ValueError` unless it is known to be a single value.

    Parameters
    ----------
    tensor : Tensor or array_like
    name : str, optional
        Name scope of the operations, ``assert_scalar`` by default.
    message : str, optional
        The beginning of the message.

    Returns
    -------
    Tensor
        The same one where it is a tensor.

    Raises
    ------
    ValueError
        Its rank is another, or is not known.
    """
    with scope(name, "assert_scalar", tensor) as full:
        tensor = convert_to_tensor(tensor, name=full)
        if tensor.shape.rank != 0:
            raise ValueError(
                f"{message_prefix(message)}Expected scalar shape for {tensor.name}, saw shape: {tensor.shape}."
            )
        return tensor


Sizes = Mapping[Any, Any] | Iterable[tuple[Any, Any]]
"""Tensors with the symbols of their sizes."""


class _Constraint(NamedTuple):
    """A tensor, its sizes, the symbols for them, and whether these are for its last dimensions only."""

    x: Tensor | SparseTensor
    shown: str
    symbols: tuple[Any, ...]
    only_last: bool


def assert_shapes(
    shapes: Sizes,
    data: Data = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """Check the shapes of several tensors, which may share sizes: ``[(x, ("N", 3)), (y, ("N",))]``.

    Parameters
    ----------
    shapes : dict, or list of pairs
        For each tensor a sequence with one symbol for each dimension: an integer for a known size; None or ``"."`` for
        any; anything else stands for the same size wherever it occurs. ``...`` or ``"*"`` in front stands for any
        number of dimensions. A tensor with None is not checked. A single value counts as a vector of one element.
    data : sequence of Tensor or array_like, optional
        Values for the message; by default sizes and shapes.
    summarize : int, optional
        How many values of each tensor the message shows: 3 by default, all for -1.
    message : str, optional
        The beginning of the message.
    name : str, optional
        Name scope of the operations, ``assert_shapes`` by default.

    Returns
    -------
    Operation
        To be run, or given to `control_dependencies`.

    Raises
    ------
    ValueError
        A known shape does not fit, or a sequence of symbols is malformed.
    InvalidArgumentError
        When run: a shape does not fit.
    """
    pairs = list(shapes.items() if isinstance(shapes, Mapping) else shapes)
    with scope(name, "assert_shapes", *(x for x, _ in pairs), *(data or ())):
        constraints = [_constraint(x, symbols, message) for x, symbols in pairs if symbols is not None]
        ranks = [
            check
            for check in (_rank_check(item, data, summarize, message) for item in constraints)
            if check is not None
        ]
        checks = _size_checks(constraints, ranks, data, summarize, message)
    with get_default_graph().control_dependencies(ranks):
        return group(*checks)


def _constraint(x: Any, symbols: Any, message: str | None) -> _Constraint:
    tensor = x if isinstance(x, SparseTensor) else convert_to_tensor(x)
    shown = tensor.name if isinstance(tensor, Tensor) else f"shape={tensor.get_shape()} dtype={tensor.dtype.name}"
    if not (hasattr(symbols, "__iter__") or hasattr(symbols, "__getitem__")):
        raise ValueError(
            f"{message_prefix(message)}Tensor {shown}.  Specified shape must be an iterable.  An iterable has the "
            f"attribute `__iter__` or `__getitem__`.  Received specified shape: {symbols}"
        )
    found = tuple(symbols)
    for place, symbol in enumerate(found):
        if place and _is_rest(symbol):
            raise ValueError(
                f"{message_prefix(message)}Tensor {shown} specified shape index {place}.  Symbol `...` or `*` for a "
                "variable number of unspecified dimensions is only allowed as the first entry"
            )
    only_last = bool(found) and _is_rest(found[0])
    return _Constraint(tensor, shown, (found[1:] if only_last else found) or (1,), only_last)


def _is_rest(symbol: Any) -> bool:
    return symbol is Ellipsis or (isinstance(symbol, str) and symbol == "*")


def _rank_check(item: _Constraint, data: Data, summarize: int | None, message: str | None) -> Operation | None:
    rank = len(item.symbols)
    if item.only_last:
        return None if rank == 1 else assert_rank_at_least(item.x, rank, data, summarize, message)
    if rank == 1:
        return assert_rank_in(item.x, [0, 1], data, summarize, message)
    return assert_rank(item.x, rank, data, summarize, message)


def _size_checks(
    constraints: Sequence[_Constraint],
    ranks: Sequence[Operation],
    data: Data,
    summarize: int | None,
    message: str | None,
) -> list[Operation]:
    """The checks that a run has to make; `ValueError` where sizes that are known differ."""
    checks: list[Operation] = []
    first: dict[Any, tuple[int | Tensor, str]] = {}
    for item in constraints:
        for place, symbol in enumerate(item.symbols):
            if symbol is None or (isinstance(symbol, str) and symbol == "."):
                continue
            dimension = place - len(item.symbols) if item.only_last else place
            with get_default_graph().control_dependencies(ranks):
                size = _size(item.x, dimension)
            fixed = _as_number(symbol)
            if fixed is None and symbol not in first:
                first[symbol] = size, f"Specified by tensor {item.shown} dimension {dimension}"
                continue
            wanted, why = (fixed, "Specified explicitly") if fixed is not None else first[symbol]
            if isinstance(size, int) and isinstance(wanted, int):
                if size != wanted:
                    raise ValueError(
                        f"{message_prefix(message)}{why}.  Tensor {item.shown} dimension {dimension} must have size "
                        f"{wanted}.  Received size {size}, shape {item.x.get_shape()}"
                    )
                continue
            shown: Sequence[Any] = [
                message_prefix(message),
                why,
                f"Tensor {item.shown} dimension",
                dimension,
                "must have size",
                wanted,
                "Received shape: ",
                _shape(item.x),
            ]
            checks.append(Assert_(equal(size, wanted), list(shown if data is None else data), summarize=summarize))
    return checks


def _as_number(symbol: Any) -> int | None:
    try:
        return int(symbol)
    except (TypeError, ValueError):
        return None


def _size(x: Tensor | SparseTensor, dimension: int) -> int | Tensor:
    """One size of a tensor, 1 for the first of a single value: a number where it is known."""
    shape = x.get_shape().plain
    if shape is not None:
        known = (shape or (1,))[dimension]
        return _shape(x)[dimension] if known is None else known
    sizes = _shape(x)
    # A vector of no sizes gets one more.
    extra = apply("Reshape", apply("Cast", equal(_rank(x), 0), DstT="int32"), [1])
    return apply("ConcatV2", [sizes, apply("Fill", extra, np.int32(1))], 0)[dimension]

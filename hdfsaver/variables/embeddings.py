"""Rows of tables that may be divided into several variables: ``embedding_lookup``."""

from __future__ import annotations

from typing import Any

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.base import scope
from hdfsaver.ops.joining import concat, stack
from hdfsaver.ops.norms import clip_by_norm
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.variables.partitioned import PartitionedVariable


def embedding_lookup(
    params: Any,
    ids: TensorLike,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Tensor:
    """Rows of a table by their numbers.

    Parameters
    ----------
    params : Tensor, Variable, PartitionedVariable, or a list of tensors or variables
        The table, or its parts.
    ids : TensorLike
        int32 or int64, of any shape.
    partition_strategy : {"mod", "div"}
        How a table was divided into parts: row i is in part ``i % count``, or the parts follow each other.
    name : str, optional
        The name of the operations, ``embedding_lookup`` by default.
    validate_indices : bool
        Accepted for programs that give it: numbers are always checked.
    max_norm : float, optional
        Rows with a greater norm are scaled down to it.

    Returns
    -------
    Tensor
        Of the shape of ``ids``, followed by that of a row.

    Raises
    ------
    ValueError
        There is no table, or the strategy is unknown.
    InvalidArgumentError
        When run: a number is out of range.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> rows = tf.nn.embedding_lookup(tf.constant([[1.0], [2.0], [3.0]]), [2, 0])
    >>> with tf.Session() as session:
    ...     print(session.run(rows).tolist())
    [[3.0], [1.0]]
    """
    if isinstance(params, PartitionedVariable):
        params = list(params)
    parts = list(params) if isinstance(params, list | tuple) else [params]
    if not parts or any(part is None for part in parts):
        raise ValueError("embedding_lookup needs a table: params is None, or a list without tables.")
    if partition_strategy not in ("mod", "div"):
        raise ValueError(f"The partition_strategy is 'mod' or 'div', not {partition_strategy!r}.")
    with scope(name, "embedding_lookup", *parts, ids) as full:
        ids = convert_to_tensor(ids, name="ids")
        tables = [convert_to_tensor(part) for part in parts]
        if len(tables) == 1:
            rows = apply("GatherV2", tables[0], ids, 0, name=full)
        else:
            places = _places(tables, ids) if partition_strategy == "mod" else ids
            rows = apply("GatherV2", concat(tables, 0), places, 0, name=full)
        if max_norm is not None:
            own, of_ids = rows.shape.ndims, ids.shape.ndims
            if own is None or of_ids is None:
                raise ValueError("max_norm needs tables and numbers of known rank.")
            rows = clip_by_norm(rows, max_norm, axes=list(range(of_ids, own)))
        return apply("Identity", rows)


def _places(tables: list[Tensor], ids: Tensor) -> Tensor:
    """The rows in all tables, one after the other, of numbers that went to each table in turn."""
    count = len(tables)
    lengths = stack([apply("Cast", shape_of(table)[0], DstT=ids.dtype.name) for table in tables])
    before = apply("Cumsum", lengths, 0, exclusive=True)
    return apply("AddV2", apply("GatherV2", before, ids % count, 0), ids // count)

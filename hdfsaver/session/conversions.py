"""Objects that stand for several tensors in a run, how they are fetched and fed; programs may add classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from hdfsaver.graph.composite_tensors import IndexedSlices, IndexedSlicesValue, SparseTensor, SparseTensorValue

FetchFunction = Callable[[Any], tuple[Sequence[Any], Callable[[Sequence[Any]], Any]]]
"""From an object to the tensors to fetch, and a function from their values to its value."""

FeedFunction = Callable[[Any, Any], Iterable[tuple[Any, Any]]]
"""From a key of a feed_dict and its value to the tensors to feed, with their values."""

FeedNames = Callable[[Any], Sequence[Any]]
"""From a feed of a partial run to the tensors that it stands for."""


class Conversion(NamedTuple):
    """How the objects of a class are fetched and fed; None where they cannot be fed."""

    kind: type
    fetch: FetchFunction
    feed: FeedFunction | None
    feed_names: FeedNames | None


def _slices(parts: Sequence[Any]) -> IndexedSlicesValue:
    return IndexedSlicesValue(parts[0], parts[1], parts[2] if len(parts) == 3 else None)


def _parts_of_slices(slices: IndexedSlices) -> list[Any]:
    return [part for part in (slices.values, slices.indices, slices.dense_shape) if part is not None]


def _parts_of_sparse(sparse: SparseTensor) -> list[Any]:
    return [sparse.indices, sparse.values, sparse.dense_shape]


# The values of a feed may be fewer or more than the tensors, as in TensorFlow: a tensor without a value is not fed.
_conversions = [
    Conversion(
        SparseTensor,
        lambda sparse: (_parts_of_sparse(sparse), lambda parts: SparseTensorValue(*parts)),
        lambda sparse, value: zip(_parts_of_sparse(sparse), value, strict=False),
        _parts_of_sparse,
    ),
    Conversion(
        IndexedSlices,
        lambda slices: (_parts_of_slices(slices), _slices),
        lambda slices, value: zip(_parts_of_slices(slices), value, strict=False),
        _parts_of_slices,
    ),
]


leaves: set[type] = set()
"""Classes whose objects are fetched themselves, so that a small run need not look for a conversion each time."""


def register_session_run_conversion_functions(
    tensor_type: type,
    fetch_function: FetchFunction,
    feed_function: FeedFunction | None = None,
    feed_function_for_partial_run: FeedNames | None = None,
) -> None:
    """Let `Session.run` fetch and feed the objects of a class.

    Parameters
    ----------
    tensor_type : type
    fetch_function : callable
        Takes an object; gives a list of tensors, and a function that makes the object's value of their values.
    feed_function : callable, optional
        Takes a key of the ``feed_dict`` and its value; gives pairs of a tensor and its value.
    feed_function_for_partial_run : callable, optional
        Takes a feed of `Session.partial_run_setup`; gives the tensors that it stands for.

    Raises
    ------
    ValueError
        The class, or one that is derived from it, is registered already.
    """
    if any(issubclass(known.kind, tensor_type) for known in _conversions):
        raise ValueError(f"{tensor_type} has already been registered so ignore it.")
    _conversions.insert(0, Conversion(tensor_type, fetch_function, feed_function, feed_function_for_partial_run))
    leaves.clear()


def conversion_of(value: object) -> Conversion | None:
    """The conversion of an object's class, None where it has none: the object stands for itself."""
    return next((known for known in _conversions if isinstance(value, known.kind)), None)

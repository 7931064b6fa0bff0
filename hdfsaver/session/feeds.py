"""The values that a run is given: which tensors a feed_dict names, and the arrays that they get."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import as_array, is_tensor
from hdfsaver.session.conversions import conversion_of
from hdfsaver.session.kept_tensors import TensorHandle
from hdfsaver.session.prepared_runs import Feed
from hdfsaver.tensor_info import STRING, Array

_RERAISED = (OverflowError, TypeError, ValueError)


def plain_feeds(feed_dict: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The feeds by single tensors: keys that are tuples or stand for several tensors are taken apart.

    Parameters
    ----------
    feed_dict : mapping
        Its keys are tensors, names, nested tuples of them, or objects that a conversion is known for.

    Returns
    -------
    mapping
        The given one where no key has to be taken apart.

    Raises
    ------
    TypeError
        It is not a mapping, or a key cannot be fed.
    ValueError
        A key and its value are of different lengths, or a tensor is in several keys.
    """
    if not isinstance(feed_dict, Mapping):
        raise TypeError(f"The feed_dict must be a dict or another mapping, not {type(feed_dict).__name__}.")
    single = _without_tuples(feed_dict) if any(isinstance(key, tuple) for key in feed_dict) else feed_dict
    if are_single(single):
        return single
    return dict(pair for key, value in single.items() for pair in _pairs(key, value))


def are_single(keys: Iterable[Any]) -> bool:
    """Whether each key stands for one tensor."""
    return not any(isinstance(key, tuple) or conversion_of(key) is not None for key in keys)


def _without_tuples(feed_dict: Mapping[Any, Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key, value in feed_dict.items():
        pairs = [(key, value)] if not isinstance(key, tuple) else _taken_apart(key, value)
        for inner, inner_value in pairs:
            if inner in found:
                raise ValueError(f"Cannot flatten dict because this key is not unique: {inner}")
            found[inner] = inner_value
    return found


def _taken_apart(key: tuple[Any, ...], value: Any) -> Iterable[tuple[Any, Any]]:
    keys, values = list(_items_within(key)), list(_items_within(value))
    if len(keys) != len(values):
        raise ValueError(
            f"Could not flatten dictionary. Key had {len(keys)} elements, but value had {len(values)} elements. "
            f"Key: {keys}, value: {values}."
        )
    return zip(keys, values, strict=True)


def _items_within(structure: Any) -> Iterator[Any]:
    """The items of nested tuples, lists and dicts; a dict in the order of its keys."""
    if isinstance(structure, Mapping):
        structure = [structure[key] for key in sorted(structure)]
    if not isinstance(structure, list | tuple):
        yield structure
        return
    for item in structure:
        yield from _items_within(item)


def _pairs(key: Any, value: Any) -> Iterable[tuple[Any, Any]]:
    known = conversion_of(key)
    if known is None:
        return [(key, value)]
    if known.feed is None:
        raise TypeError(f"{key!r} cannot be fed: no feed_function is registered for {known.kind.__name__}.")
    return known.feed(key, value)


def fed_parts(feed: Any) -> Sequence[Any]:
    """The tensors that a feed of a partial run stands for; `TypeError` where it cannot be fed."""
    known = conversion_of(feed)
    if known is None:
        return [feed]
    if known.feed_names is None:
        raise TypeError(
            f"{feed!r} cannot be fed: no feed_function_for_partial_run is registered for {known.kind.__name__}."
        )
    return known.feed_names(feed)


def feed_of(tensor: Tensor) -> Feed:
    """The requirements of a tensor on the values that are fed."""
    dtype = dtypes.base_name(tensor.dtype.name)
    return Feed(tensor, dtype, dtypes.numpy_dtype(dtype), tensor.op.output_data[tensor.value_index][1])


def feed_value(feed: Feed, value: Any) -> Array:
    """The fed value as a read-only view: code that keeps it must copy it, since the user may write on it later.

    It is a plain array, also of a subclass: with a matrix or a masked array kernels would give other results.
    """
    is_plain = type(value) is np.ndarray and value.dtype is feed.numpy_dtype
    if not is_plain or (feed.dtype == STRING and not _holds_bytes(value)):
        value = _feed_array(feed, value)
    array: Array = value
    static = feed.shape
    if static is not None and static != array.shape and not shapes.compatible(static, array.shape):
        raise ValueError(
            f"Cannot feed value of shape {shapes.text(array.shape)} for Tensor {feed.tensor.name}, "
            f"which has shape {shapes.text(static)}."
        )
    view = array.view()
    view.flags.writeable = False
    return view


def _feed_array(feed: Feed, value: Any) -> Array:
    if is_tensor(value):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python scalars, "
            f"strings, lists and numpy ndarrays. For reference, the tensor object was {value!r} "
            f"which was passed to the feed with key {feed.tensor!r}."
        )
    if isinstance(value, TensorHandle):
        return value.value(feed.dtype)
    if isinstance(value, int) and not _fits(feed, value):
        raise TypeError(
            f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type "
            f"{feed.numpy_dtype.type}: the tensor {feed.tensor.name!r} has dtype {feed.dtype}. "
            "Try explicitly setting the type of the feed tensor to a larger type (e.g. int64)."
        )
    try:
        if feed.dtype == STRING:
            # As objects: NumPy would make text of numbers that stand beside text.
            is_list = isinstance(value, list | tuple)
            return as_array(np.asarray(value, object) if is_list else value, feed.dtype)[0]
        # As in TensorFlow, numbers are converted the way NumPy converts arrays: a fraction fed to integers is cut off.
        return np.asarray(value).astype(feed.numpy_dtype)
    except _RERAISED as error:
        # TensorFlow notices objects that are not text when an operation uses them.
        kind = ValueError if feed.dtype == STRING else next(kind for kind in _RERAISED if isinstance(error, kind))
        raise kind(f"Cannot feed {feed.tensor.name!r}: {error}") from None


def _fits(feed: Feed, value: int) -> bool:
    """Whether the dtype holds a number of Python's."""
    if -128 <= value < 128 and feed.numpy_dtype.kind in "if":
        return True
    if feed.dtype == STRING:
        return False
    try:
        return bool(feed.numpy_dtype.type(np.array(value).astype(feed.numpy_dtype)) == value)
    except (OverflowError, TypeError):  # a number of more than 64 bits
        return False


def _holds_bytes(array: Array) -> bool:
    """Whether an array of objects has nothing but bytes; other strings are encoded first."""
    return {bytes}.issuperset(map(type, array.ravel().tolist()))

"""``bucket_by_sequence_length``: batches of elements of similar lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver.datasets import element_structures as structure
from hdfsaver.datasets.dataset import Dataset
from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.shapes import TensorShape

_ENDS = np.iinfo(np.int32)


def bucket_by_sequence_length(
    element_length_func: Callable[..., Any],
    bucket_boundaries: Sequence[int],
    bucket_batch_sizes: Sequence[int],
    padded_shapes: Any = None,
    padding_values: Any = None,
    pad_to_bucket_boundary: bool = False,
    no_padding: bool = False,
    drop_remainder: bool = False,
) -> Callable[[Dataset], Dataset]:
    """Batches of elements of similar lengths, made equally large.

    Parameters
    ----------
    element_length_func : callable
        The length of an element, an int32.
    bucket_boundaries : list of int
        The lengths from which on elements belong to the next bucket.
    bucket_batch_sizes : list of int
        How many elements a batch has, for each bucket: one more than boundaries.
    padded_shapes, padding_values : object, optional
        See `Dataset.padded_batch`.
    pad_to_bucket_boundary : bool
        Whether unknown sizes become those of the longest that a bucket may have; no element may be longer than all.
    no_padding : bool
        Whether all elements of a bucket have the same size already.
    drop_remainder : bool
        Whether batches with fewer elements are left out.

    Returns
    -------
    callable
        For `Dataset.apply`.

    Raises
    ------
    ValueError
        There is another number of sizes.
    """

    def transform(dataset: Dataset) -> Dataset:
        if len(bucket_batch_sizes) != len(bucket_boundaries) + 1:
            raise ValueError(
                "`len(bucket_batch_sizes)` must equal `len(bucket_boundaries) + 1` but "
                f"`len(bucket_batch_sizes)={len(bucket_batch_sizes)}` and "
                f"`len(bucket_boundaries)={len(bucket_boundaries)}`."
            )
        sizes = convert_to_tensor(np.array(bucket_batch_sizes, np.int64))

        def bucket_of(*element: Any) -> Tensor:
            length = convert_to_tensor(element_length_func(*element))
            least = apply("LessEqual", [_ENDS.min, *bucket_boundaries], length)
            most = apply("Less", length, [*bucket_boundaries, _ENDS.max])
            return apply("Min", apply("Where", apply("LogicalAnd", least, most)), [0, 1])

        def size_of(bucket: Tensor) -> Any:
            return sizes[bucket]

        def batch_of(bucket: Tensor, group: Dataset) -> Dataset:
            if no_padding:
                return group.batch(size_of(bucket), drop_remainder)
            filler = _longest(bucket, bucket_boundaries) if pad_to_bucket_boundary else None
            shapes = group.output_shapes if padded_shapes is None else padded_shapes
            return group.padded_batch(size_of(bucket), _filled(shapes, filler), padding_values, drop_remainder)

        return dataset.group_by_window(bucket_of, batch_of, window_size_func=size_of)

    return transform


def _longest(bucket: Tensor, boundaries: Sequence[int]) -> Tensor:
    known = apply("Less", bucket, np.int64(len(boundaries)))
    said = "When pad_to_bucket_boundary=True, elements must have length < max(bucket_boundaries)."
    check = apply_op("Assert", known, [said])
    with get_default_graph().control_dependencies([check]):
        return convert_to_tensor(np.array(boundaries, np.int64))[bucket] - np.int64(1)


def _filled(shapes: Any, filler: Tensor | None) -> Any:
    """The shapes with another size in place of unknown ones."""
    if structure.is_structure(shapes) and not _is_shape(shapes):
        if isinstance(shapes, dict):
            return {key: _filled(shape, filler) for key, shape in shapes.items()}
        items = [_filled(shape, filler) for shape in shapes]
        return type(shapes)(*items) if hasattr(shapes, "_fields") else tuple(items)
    sizes = TensorShape(shapes).as_list()
    if filler is None or None not in sizes:
        return TensorShape(sizes)
    return apply("Pack", [filler if size is None else np.int64(size) for size in sizes])


def _is_shape(shapes: Any) -> bool:
    return isinstance(shapes, tuple) and all(size is None or isinstance(size, int) for size in shapes)

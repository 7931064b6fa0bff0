"""Arrays in the state of a search, put into the order of the paths of its candidates."""

from __future__ import annotations

from typing import Any

from hdfsaver.assertions.static_values import get_static_value
from hdfsaver.control_flow.conds import Assert_
from hdfsaver.graph.default import get_default_graph
from hdfsaver.ops.beam_paths import gather_tree
from hdfsaver.ops.broadcasting import tile
from hdfsaver.ops.casting import cast
from hdfsaver.ops.comparison import equal, logical_and, logical_or
from hdfsaver.ops.filling import range_
from hdfsaver.ops.grids import gather_nd, sequence_mask
from hdfsaver.ops.joining import stack
from hdfsaver.ops.reduction import reduce_max
from hdfsaver.ops.selection import where
from hdfsaver.ops.shaping import expand_dims, reshape, transpose
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.training import tf_logging

_NOT_SORTED = (
    "Consider setting reorder_tensor_arrays to False to disable TensorArray reordering during the beam search."
)


def sorted_array(array: Any, parent_ids: Any, lengths: Any, batch_size: Any, beam_width: int) -> Any:
    """The tensors of an array as one, in the order of the paths; the array itself where that cannot be.

    Parameters
    ----------
    array : TensorArray
        Of tensors of shape (batch, beams, ...) or (batch * beams, ...).
    parent_ids : Tensor
        The candidate that each came from, of shape (steps, batch, beams).
    lengths : Tensor
    batch_size : Tensor
    beam_width : int

    Returns
    -------
    Tensor or TensorArray
    """
    shape = array.element_shape
    if not shape.ndims:
        tf_logging.warn(
            f"The TensorArray {array.handle.name} in the cell state is not amenable to sorting based on the beam "
            "search result. For a TensorArray to be sorted, its elements shape must be defined and have at least a "
            f"rank of 1, but saw shape: {shape}"
        )
        return array
    sizes, batch = shape.as_list(), get_static_value(batch_size)
    if batch is not None and sizes[0] is not None and not _fits(sizes, int(batch), beam_width):
        tf_logging.warn(
            f"TensorArray reordering expects elements to be reshapable to ({batch}, {beam_width}, ?), which is "
            f"incompatible with the current shape {shape}. {_NOT_SORTED}"
        )
        return array
    stacked = array.stack()
    with get_default_graph().control_dependencies([_check(stacked, batch_size, beam_width)]):
        return gather_tree_from_array(stacked, parent_ids, lengths)


def _fits(sizes: list[int | None], batch: int, width: int) -> bool:
    divided = len(sizes) >= 2 and sizes[1] is not None
    return sizes[0] == batch * width and (not divided or sizes[:2] == [batch, width])


def _check(stacked: Any, batch_size: Any, width: int) -> Any:
    shape = shape_of(stacked)
    fits = equal(shape[1], batch_size * width)
    if stacked.shape.ndims != 2:
        fits = logical_or(fits, logical_and(equal(shape[1], batch_size), equal(shape[2], width)))
    message = (
        "TensorArray reordering expects elements to be reshapable to [batch_size, beam_size, -1] which is "
        f"incompatible with the dynamic shape of {stacked.name} elements. {_NOT_SORTED}"
    )
    return Assert_(fits, [message])


def gather_tree_from_array(t: Any, parent_ids: Any, sequence_length: Any) -> Any:
    """The tensors of all steps in the order of the paths of a search.

    Parameters
    ----------
    t : Tensor
        Of shape (steps, batch, beams, ...) or (steps, batch * beams, ...).
    parent_ids : Tensor
        The candidate that each came from, of shape (steps, batch, beams).
    sequence_length : Tensor
        The lengths of the paths, of shape (batch, beams).

    Returns
    -------
    Tensor
    """
    sizes = [known or shape_of(parent_ids)[axis] for axis, known in enumerate(parent_ids.shape.as_list())]
    steps, batch, width = sizes
    own = tile(expand_dims(expand_dims(range_(width), 0), 0), [steps, batch, 1])
    longest = cast(reduce_max(sequence_length, axis=1), "int32")
    found = gather_tree(own, parent_ids, max_sequence_lengths=longest, end_token=width + 1)
    inside = transpose(sequence_mask(sequence_length, maxlen=steps), perm=[2, 0, 1])
    found = where(inside, found, own)
    times = tile(reshape(range_(steps), [-1, 1, 1]), [1, batch, width])
    rows = transpose(tile(reshape(range_(batch), [-1, 1, 1]), [1, steps, width]), perm=[1, 0, 2])
    places = stack([times, rows, found], -1)
    shape = shape_of(t)
    return reshape(gather_nd(reshape(t, [steps, batch, width, -1]), places), shape)

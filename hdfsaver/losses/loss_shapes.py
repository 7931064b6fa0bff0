"""Which shapes of weights and of labels go with those of losses."""

from __future__ import annotations

from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor


def check_broadcastable(weights: Tensor, values: Tensor) -> None:
    """Check that weights are a number, or have the rank of the values and, along each axis, length 1 or theirs.

    Raises
    ------
    ValueError
        The known part of the shapes tells otherwise.
    """
    if weights.shape.ndims is None or weights.shape.ndims == 0 or values.shape.ndims is None:
        return
    given, wanted = weights.shape.as_list(), values.shape.as_list()
    fits = len(given) == len(wanted) and all(
        one in (1, None) or other is None or one == other for one, other in zip(given, wanted, strict=True)
    )
    if not fits:
        raise ValueError(
            f"weights can not be broadcast to values: they have shape {weights.shape}, the values {values.shape}. "
            "They are a number, or have the rank of the values and each size 1 or theirs."
        )


def squeezed(tensor: Tensor, rank: int | None) -> Tensor:
    """A tensor without its last axis, if that has length 1 and makes the rank one more than the wanted one."""
    own = tensor.shape.ndims
    if own is None or rank is None or own != rank + 1 or tensor.shape.as_list()[-1] not in (1, None):
        return tensor
    return apply("Squeeze", tensor, squeeze_dims=[-1])

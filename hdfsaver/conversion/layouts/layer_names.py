"""The names of arrays in PyTorch: those of modules and their parameters, joined by dots."""

from __future__ import annotations

_LAST = {
    **dict.fromkeys(("kernel", "kernels", "weights", "weight", "filter", "filters"), "weight"),
    "recurrent_kernel": "recurrent.weight",
    **dict.fromkeys(("pointwise_kernel", "pointwise_weights"), "pointwise.weight"),
    **dict.fromkeys(("depthwise_kernel", "depthwise_weights"), "depthwise.weight"),
    **dict.fromkeys(("embeddings", "embedding", "gamma"), "weight"),
    **dict.fromkeys(("bias", "biases", "beta"), "bias"),
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "opaque_kernel": "opaque_kernel",
}
"""PyTorch's names of parameters and buffers, by those that the layers of TensorFlow give."""


def torch_name(name: str, role: str) -> str:
    """The name of an array in a ``state_dict``; a last part that no layer of TensorFlow gives stays.

    Parameters
    ----------
    name : str
        The name in TensorFlow.
    role : str
        The part that the array plays in its layer: ``"weight"``, ``"bias"``, ``"running_mean"`` or ``"running_var"``.
    """
    *scope, last = name.split("/")
    known = _LAST.get(last, last)
    return ".".join([*scope, known if known.rpartition(".")[2] == role else last])


def in_scope(name: str, part: str, layout: str) -> str:
    """The name of one of several arrays that are made of one.

    Parameters
    ----------
    name : str
        The name in TensorFlow.
    part : str
        The name of the array in the layer.
    layout : str
        ``"torch"`` or ``"keras"``.

    Returns
    -------
    str
    """
    *scope, last = name.split("/")
    parts = scope if last in _LAST else [*scope, last]
    return ("." if layout == "torch" else "/").join([*parts, part])

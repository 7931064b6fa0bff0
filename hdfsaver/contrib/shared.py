"""Rules that layers of ``tf.contrib.layers`` share: names of their variables, and collections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hdfsaver.contrib.named_outputs import Collections, collect_named_outputs
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor
from hdfsaver.layers.layer import Layer
from hdfsaver.variables.variable_scope import VariableScope

Function = Callable[..., Any] | None
"""A function of a tensor, such as an activation."""

Scope = str | VariableScope | None
VariableCollections = Sequence[str] | Mapping[str, Sequence[str]] | None
"""Collections for all variables, or those for each by its name."""

NAMES = {
    "kernel": "weights",
    "bias": "biases",
    "depthwise_kernel": "depthwise_weights",
    "pointwise_kernel": "pointwise_weights",
}
"""What variables of ``tf.layers`` are called here."""


def renamed(getter: Callable[..., Any], name: str, *args: Any, **options: Any) -> Any:
    """A custom getter that gives variables their names, and lists them as variables of the model.

    Parameters
    ----------
    getter : callable
    name : str
    *args, **options : object
        As for a custom getter of `get_variable`.

    Returns
    -------
    Variable
    """
    scope, _, last = name.rpartition("/")
    listed = options.pop("collections", None) or [GraphKeys.GLOBAL_VARIABLES]
    options["collections"] = [*listed, GraphKeys.MODEL_VARIABLES]
    return getter(f"{scope}/{NAMES.get(last, last)}", *args, **options)


def keys_for(collections: VariableCollections, name: str) -> list[str]:
    """The collections of the variable of a name."""
    return list(collections.get(name, ()) if isinstance(collections, Mapping) else collections or ())


def list_variables(layer: Any, collections: VariableCollections, names: Sequence[str]) -> None:
    """Add the variables of a layer to their collections.

    Parameters
    ----------
    layer : Layer
    collections : list of str, or dict of such lists, optional
    names : list of str
        The attributes of the layer that have them.
    """
    for own in names:
        variable = getattr(layer, own, None)
        for key in keys_for(collections, NAMES.get(own, own)) if variable is not None else ():
            get_default_graph().add_to_collection(key, variable)


def finished(
    layer: Layer,
    inputs: Tensor,
    normalizer_fn: Function,
    normalizer_params: Mapping[str, Any] | None,
    activation_fn: Function,
    variables_collections: VariableCollections,
) -> Any:
    """The outputs of a layer, normalized and activated.

    Parameters
    ----------
    layer : Layer
    inputs : Tensor
    normalizer_fn : callable, optional
    normalizer_params : dict, optional
    activation_fn : callable, optional
    variables_collections : list of str, or dict of such lists, optional

    Returns
    -------
    Tensor
    """
    outputs = layer(inputs)
    list_variables(layer, variables_collections, [*NAMES])
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    return outputs if activation_fn is None else activation_fn(outputs)


def named(outputs: Any, collections: Collections, scope: VariableScope | str) -> Any:
    """The outputs, which are added to collections under the name of their scope."""
    return collect_named_outputs(collections, scope.name if isinstance(scope, VariableScope) else scope, outputs)


def place_of_channels(data_format: str | None) -> str:
    """What ``tf.layers`` calls the place of the channels.

    Raises
    ------
    ValueError
        The format is unknown.
    """
    if data_format not in (None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW"):
        raise ValueError(f"data_format has to be either NCHW or NHWC, not {data_format!r}.")
    return "channels_first" if data_format is not None and data_format.startswith("NC") else "channels_last"

"""Outputs that a collection lists under the names of their scopes, as "end points" of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph

Collections = str | Sequence[str] | None
"""A collection, or several."""

# A key that is not a string keeps the names with their graph, and out of files.
_ALIASES_KEY = ("__aliases_of_tensors",)


def _aliases(graph: Graph) -> dict[Any, list[str]]:
    kept = graph.get_collection_ref(_ALIASES_KEY)
    if not kept:
        kept.append({})
    found: dict[Any, list[str]] = kept[0]
    return found


def append_tensor_alias(tensor: Any, alias: str) -> Any:
    """Give a tensor a further name, and give the tensor back."""
    _aliases(tensor.graph).setdefault(tensor, []).append(alias.removesuffix("/"))
    return tensor


def get_tensor_aliases(tensor: Any) -> list[str]:
    """The further names of a tensor; if there are none, its own name without ``:0``."""
    return _aliases(tensor.graph).get(tensor) or [tensor.name.removesuffix(":0")]


def gather_tensors_aliases(tensors: Sequence[Any]) -> list[str]:
    """The further names of tensors, one after the other; see `get_tensor_aliases`."""
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


def collect_named_outputs(collections: Collections, alias: str, outputs: Any) -> Any:
    """Add outputs to collections under a further name, and give them back.

    Parameters
    ----------
    collections : str or list of str, optional
    alias : str
    outputs : Tensor

    Returns
    -------
    Tensor
    """
    if collections:
        append_tensor_alias(outputs, alias)
        for key in [collections] if isinstance(collections, str) else collections:
            get_default_graph().add_to_collection(key, outputs)
    return outputs


def convert_collection_to_dict(collection: str, clear_collection: bool = False) -> dict[str, Any]:
    """The tensors of a collection by their further names, in order.

    Parameters
    ----------
    collection : str
    clear_collection : bool
        Whether the collection is empty afterwards.

    Returns
    -------
    dict
    """
    listed = get_default_graph().get_collection_ref(collection)
    found = {alias: tensor for tensor in listed for alias in get_tensor_aliases(tensor)}
    if clear_collection:
        listed.clear()
    return found

"""The losses of a graph, which its collections list."""

from __future__ import annotations

from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.arithmetic import add_n
from hdfsaver.ops.constants import constant


def add_loss(loss: Tensor, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """List a loss in a collection, so that `get_total_loss` counts it; None lists it nowhere."""
    if loss_collection:
        get_default_graph().add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Tensor]:
    """The losses of a collection whose names begin with a scope."""
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Tensor]:
    """The losses of variables and layers whose names begin with a scope."""
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: str | None = None, name: str = "total_regularization_loss") -> Tensor:
    """The sum of the losses of variables and layers; 0 if there are none."""
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Tensor:
    """The sum of all losses.

    Parameters
    ----------
    add_regularization_losses : bool
        Whether those of variables and layers are among them.
    name : str
        The name of the sum.
    scope : str, optional
        Only losses whose names begin with it.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        There are no losses.
    """
    losses = get_losses(scope)
    if add_regularization_losses:
        losses = losses + get_regularization_losses(scope)
    return add_n(losses, name=name)

"""A tensor that does a step of training, with summaries of what happens: ``tf.contrib.layers.optimize_loss``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from hdfsaver.contrib.training_steps import GradsAndVars, multiply_gradients, values_of
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.constants import with_dependencies
from hdfsaver.ops.init_ops import constant_initializer
from hdfsaver.ops.norms import clip_by_global_norm, global_norm
from hdfsaver.ops.summary_ops import histogram, scalar
from hdfsaver.optimizers.adagrad import AdagradOptimizer
from hdfsaver.optimizers.adam import AdamOptimizer
from hdfsaver.optimizers.ftrl import FtrlOptimizer
from hdfsaver.optimizers.gradient_descent import GradientDescentOptimizer
from hdfsaver.optimizers.momentum import MomentumOptimizer
from hdfsaver.optimizers.optimizer import Optimizer
from hdfsaver.optimizers.rmsprop import RMSPropOptimizer
from hdfsaver.training.global_step import assert_global_step, get_global_step
from hdfsaver.variables.get_variable import get_variable
from hdfsaver.variables.variable import Variable, trainable_variables
from hdfsaver.variables.variable_scope import variable_scope

OPTIMIZER_CLS_NAMES: dict[str, Callable[..., Optimizer]] = {
    "Adagrad": AdagradOptimizer,
    "Adam": AdamOptimizer,
    "Ftrl": FtrlOptimizer,
    "Momentum": lambda learning_rate: MomentumOptimizer(learning_rate, momentum=0.9),
    "RMSProp": RMSPropOptimizer,
    "SGD": GradientDescentOptimizer,
}
"""The optimizers that `optimize_loss` knows by name."""

OPTIMIZER_SUMMARIES = ("learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm")
"""The summaries that `optimize_loss` can write."""


def optimize_loss(
    loss: TensorLike,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Callable[..., Any] | None = None,
    update_ops: Iterable[Any] | None = None,
    variables: Sequence[Variable] | None = None,
    name: str | None = None,
    summaries: Sequence[str] | None = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> Tensor:
    """A tensor that does a step of training when it is computed, and gives the loss; see `create_train_op`.

    Parameters
    ----------
    loss : TensorLike
        A single number.
    global_step : Variable, optional
        The graph's by default.
    learning_rate : float or Tensor, optional
        A float becomes a variable ``learning_rate``.
    optimizer : str, class, Optimizer or callable
        ``"SGD"``, ``"Adam"`` and others; a class or a function of the rate; or an optimizer.
    gradient_noise_scale : float, optional
        Not supported.
    gradient_multipliers : dict, optional
        See `multiply_gradients`.
    clip_gradients : float or callable, optional
        The greatest norm of all derivatives together, or a function of the pairs of derivatives and variables.
    learning_rate_decay_fn : callable, optional
        A function of the rate and the global step.
    update_ops : iterable of Operation, optional
        What runs before; ``GraphKeys.UPDATE_OPS`` by default.
    variables : list of Variable, optional
    name : str, optional
        The name of the scope, ``OptimizeLoss`` by default.
    summaries : list of str, optional
        Some of ``OPTIMIZER_SUMMARIES``; three of them by default.
    colocate_gradients_with_ops : bool
    increment_global_step : bool

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        An argument is none of these.
    """
    loss = convert_to_tensor(loss)
    if loss.shape.ndims not in (0, None):
        raise ValueError(f"Expected scalar shape for {loss.name}, saw shape: {loss.shape}.")
    if gradient_noise_scale is not None:
        raise ValueError("optimize_loss with gradient_noise_scale is not in hdfsaver.")
    if global_step is None:
        global_step = get_global_step()
    else:
        assert_global_step(global_step)
    wanted = _summaries(summaries)
    with variable_scope(name, "OptimizeLoss"):
        updates = get_default_graph().get_collection(GraphKeys.UPDATE_OPS) if update_ops is None else list(update_ops)
        if updates:
            loss = with_dependencies(list(dict.fromkeys(updates)), loss)
        rate = _falling(_rate(learning_rate), learning_rate_decay_fn, global_step, wanted)
        chosen = _optimizer(optimizer, rate)
        trained = trainable_variables() if variables is None else list(variables)
        pairs: GradsAndVars = list(
            chosen.compute_gradients(loss, trained, colocate_gradients_with_ops=colocate_gradients_with_ops)
        )
        if gradient_multipliers is not None:
            pairs = multiply_gradients(pairs, gradient_multipliers)
        clipped = _clipped(pairs, clip_gradients, wanted)
        if "loss" in wanted:
            scalar("loss", loss)
        _summarize_each(clipped, wanted)
        step = global_step if increment_global_step else None
        return with_dependencies([chosen.apply_gradients(clipped, step, name="train")], loss)


def _summaries(given: Sequence[str] | None) -> Sequence[str]:
    for one in given or ():
        if one not in OPTIMIZER_SUMMARIES:
            raise ValueError(f"Summaries should be one of [{', '.join(OPTIMIZER_SUMMARIES)}], you provided {one}.")
    return ("loss", "learning_rate", "global_gradient_norm") if given is None else given


def _falling(rate: Any, decay: Callable[..., Any] | None, global_step: Any, wanted: Sequence[str]) -> Any:
    """The rate, as a function of the global step if there is one."""
    if rate is None or decay is None:
        return rate
    if global_step is None:
        raise ValueError("global_step is required for learning_rate_decay_fn.")
    falling = decay(rate, global_step)
    if "learning_rate" in wanted:
        scalar("learning_rate", falling)
    return falling


def _rate(learning_rate: Any) -> Any:
    if isinstance(learning_rate, float):
        if learning_rate < 0.0:
            raise ValueError(f"Invalid learning_rate {learning_rate}.")
        initial = constant_initializer(learning_rate)
        return get_variable("learning_rate", [], trainable=False, initializer=initial)
    if learning_rate is None or (isinstance(learning_rate, Tensor) and learning_rate.shape.ndims == 0):
        return learning_rate
    raise ValueError(f"Learning rate should be 0d Tensor or float. Got {learning_rate!r}.")


def _optimizer(optimizer: Any, rate: Any) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, str) and optimizer not in OPTIMIZER_CLS_NAMES:
        known = ", ".join(OPTIMIZER_CLS_NAMES)
        raise ValueError(f"Optimizer name should be one of [{known}], you provided {optimizer}.")
    if rate is None and isinstance(optimizer, str | type):
        raise ValueError(f"Learning rate is None, but should be specified if optimizer is {optimizer!r}.")
    make = OPTIMIZER_CLS_NAMES[optimizer] if isinstance(optimizer, str) else optimizer
    if not callable(make):
        raise ValueError(f"Unrecognized optimizer: should be string, class, instance or function. Got {optimizer!r}.")
    made = make() if rate is None else make(learning_rate=rate) if isinstance(make, type) else make(rate)
    if not isinstance(made, Optimizer):
        raise ValueError(f"Unrecognized optimizer: function should return subclass of Optimizer. Got {made!r}.")
    return made


def _clipped(pairs: GradsAndVars, clip: Any, wanted: Sequence[str]) -> GradsAndVars:
    """The pairs with smaller derivatives; summaries have the norm before and after."""
    of_all = "global_gradient_norm" in wanted or "gradient_norm" in wanted
    if of_all:
        scalar("global_norm/gradient_norm", global_norm([grad for grad, _ in pairs]))
    if clip is None:
        return pairs
    if isinstance(clip, float):
        smaller, _ = clip_by_global_norm([grad for grad, _ in pairs], clip)
        pairs = [(grad, var) for grad, (_, var) in zip(smaller, pairs, strict=True)]
    elif callable(clip):
        pairs = list(clip(pairs))
    else:
        raise ValueError(f"Unknown type {type(clip)} for clip_gradients")
    if of_all:
        scalar("global_norm/clipped_gradient_norm", global_norm([grad for grad, _ in pairs]))
    return pairs


def _summarize_each(pairs: GradsAndVars, wanted: Sequence[str]) -> None:
    for grad, var in pairs:
        name = var.name.replace(":", "_")
        if grad is not None and "gradients" in wanted:
            histogram(f"gradients/{name}", values_of(grad))
        if grad is not None and "gradient_norm" in wanted:
            scalar(f"gradient_norm/{name}", global_norm([values_of(grad)]))

"""Operations that do a step of training, and the loop that runs them: ``tf.contrib.training`` and ``slim.learning``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver.errors import OutOfRangeError
from hdfsaver.files.file_io import PathLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.monitoring.supervisor import Supervisor
from hdfsaver.ops.base import scope as name_scope
from hdfsaver.ops.checks import check_numerics as checked_numerics
from hdfsaver.ops.constants import no_op, with_dependencies
from hdfsaver.ops.norms import clip_by_norm, global_norm
from hdfsaver.ops.summary_ops import histogram, scalar
from hdfsaver.optimizers.optimizer import Optimizer
from hdfsaver.session.session import Session
from hdfsaver.training.global_step import get_or_create_global_step
from hdfsaver.training.tf_logging import info, warning
from hdfsaver.variables.variable import Variable, trainable_variables

GradsAndVars = list[tuple[Any, Any]]

USE_GLOBAL_STEP = 0
"""Stands for what is made where nothing is given, such as the global step of the graph; as in `Supervisor`."""


def _with_values(grad: Any, values: Any) -> Any:
    if isinstance(grad, IndexedSlices):
        return IndexedSlices(values, grad.indices, grad.dense_shape)
    return values


def values_of(grad: Any) -> Any:
    """The numbers of a derivative that may be slices."""
    return grad.values if isinstance(grad, IndexedSlices) else grad


def clip_gradient_norms(gradients_to_variables: Iterable[tuple[Any, Any]], max_norm: TensorLike) -> GradsAndVars:
    """Pairs of derivatives and variables, in which each derivative has at most a norm."""
    return [
        (None if grad is None else _with_values(grad, clip_by_norm(values_of(grad), max_norm)), var)
        for grad, var in gradients_to_variables
    ]


def clip_gradient_norms_fn(max_norm: TensorLike) -> Callable[[GradsAndVars], GradsAndVars]:
    """`clip_gradient_norms` as a function of the pairs."""
    return lambda pairs: clip_gradient_norms(pairs, max_norm)


def multiply_gradients(grads_and_vars: GradsAndVars, gradient_multipliers: Mapping[Any, Any]) -> GradsAndVars:
    """Pairs of derivatives and variables, in which some derivatives are multiplied.

    Parameters
    ----------
    grads_and_vars : list of pairs
    gradient_multipliers : dict
        Factors for variables, or for the names of their operations.

    Returns
    -------
    list of pairs

    Raises
    ------
    ValueError
        The arguments are not a list and a dict with elements, or a derivative that is to be multiplied is None.
    """
    if not isinstance(grads_and_vars, list):
        raise ValueError("`grads_and_vars` must be a list.")
    if not gradient_multipliers or not isinstance(gradient_multipliers, Mapping):
        raise ValueError("`gradient_multipliers` must be a dict with a factor for a variable.")
    made = []
    for grad, var in grads_and_vars:
        key = var if var in gradient_multipliers else var.op.name
        if key in gradient_multipliers:
            if grad is None:
                raise ValueError(f"Requested multiple of `None` gradient: that of {var.op.name}.")
            grad = _with_values(grad, values_of(grad) * convert_to_tensor(gradient_multipliers[key], grad.dtype))
        made.append((grad, var))
    return made


def add_gradients_summaries(grads_and_vars: GradsAndVars) -> list[Tensor]:
    """Summaries of each derivative: its values and its norm."""
    made = []
    for grad, var in grads_and_vars:
        if grad is None:
            info("Var %s has no gradient", var.op.name)
        else:
            made.append(histogram(f"{var.op.name}_gradient", values_of(grad)))
            made.append(scalar(f"{var.op.name}_gradient_norm", global_norm([values_of(grad)])))
    return made


def create_train_op(
    total_loss: Tensor,
    optimizer: Optimizer,
    global_step: Any = USE_GLOBAL_STEP,
    update_ops: Iterable[Any] | None = None,
    variables_to_train: Sequence[Variable] | None = None,
    transform_grads_fn: Callable[[GradsAndVars], GradsAndVars] | None = None,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: int | None = None,
    colocate_gradients_with_ops: bool = False,
    check_numerics: bool = True,
) -> Tensor:
    """A tensor that does a step of training when it is computed, and gives the loss.

    Parameters
    ----------
    total_loss : Tensor
    optimizer : Optimizer
    global_step : Variable, optional
        The graph's by default, which is made if it is missing; None for none.
    update_ops : iterable of Operation, optional
        What runs before; ``GraphKeys.UPDATE_OPS`` by default.
    variables_to_train : list of Variable, optional
        Those that can be trained by default.
    transform_grads_fn : callable, optional
        A function of the pairs of derivatives and variables that gives such pairs.
    summarize_gradients : bool
        Whether there are summaries of the derivatives.
    gate_gradients, aggregation_method, colocate_gradients_with_ops : object
        As for `Optimizer.compute_gradients`.
    check_numerics : bool
        Whether it is an error if the loss is not finite.

    Returns
    -------
    Tensor
        ``GraphKeys.TRAIN_OP`` lists it.

    Raises
    ------
    ValueError
        There is no variable to train.
    """
    graph = get_default_graph()
    step: Any = get_or_create_global_step() if global_step is USE_GLOBAL_STEP else global_step
    listed = dict.fromkeys(graph.get_collection(GraphKeys.UPDATE_OPS))
    updates = listed if update_ops is None else dict.fromkeys(update_ops)
    if not listed.keys() <= updates.keys():
        warning("update_ops in create_train_op does not contain all the update_ops in GraphKeys.UPDATE_OPS")
    if updates:
        with graph.control_dependencies(list(updates)):
            barrier = no_op(name="update_barrier")
        total_loss = with_dependencies([barrier], total_loss)
    trained = trainable_variables() if variables_to_train is None else list(variables_to_train)
    if not trained:
        raise ValueError("There is no variable to train.")
    pairs: GradsAndVars = list(
        optimizer.compute_gradients(
            total_loss,
            trained,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
    )
    if transform_grads_fn is not None:
        pairs = transform_grads_fn(pairs)
    if summarize_gradients:
        with name_scope(None, "summarize_grads"):
            add_gradients_summaries(pairs)
    stepped = optimizer.apply_gradients(pairs, global_step=step)
    with name_scope(None, "train_op"):
        if check_numerics:
            total_loss = checked_numerics(total_loss, "LossTensor is inf or nan")
        train_op = with_dependencies([stepped], total_loss)
    if train_op not in graph.get_collection_ref(GraphKeys.TRAIN_OP):
        graph.add_to_collection(GraphKeys.TRAIN_OP, train_op)
    return train_op


def create_train_op_of_slim(
    total_loss: Tensor,
    optimizer: Optimizer,
    global_step: Any = USE_GLOBAL_STEP,
    update_ops: Iterable[Any] | None = None,
    variables_to_train: Sequence[Variable] | None = None,
    clip_gradient_norm: float = 0,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: int | None = None,
    colocate_gradients_with_ops: bool = False,
    gradient_multipliers: Mapping[Any, Any] | None = None,
    check_numerics: bool = True,
) -> Tensor:
    """`create_train_op` with the arguments of ``slim.learning``.

    Parameters
    ----------
    total_loss, optimizer, global_step, update_ops, variables_to_train : object
        As for `create_train_op`.
    clip_gradient_norm : float
        If more than 0, the greatest norm of each derivative.
    summarize_gradients, gate_gradients, aggregation_method, colocate_gradients_with_ops : object
        As for `create_train_op`.
    gradient_multipliers : dict, optional
        See `multiply_gradients`.
    check_numerics : bool
        Whether it is an error if the loss is not finite.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        As for `create_train_op`.
    """

    def transformed(pairs: GradsAndVars) -> GradsAndVars:
        if gradient_multipliers:
            pairs = multiply_gradients(pairs, gradient_multipliers)
        return clip_gradient_norms(pairs, clip_gradient_norm) if clip_gradient_norm > 0 else pairs

    return create_train_op(
        total_loss,
        optimizer,
        global_step,
        update_ops,
        variables_to_train,
        transformed,
        summarize_gradients,
        gate_gradients,
        aggregation_method,
        colocate_gradients_with_ops,
        check_numerics,
    )


def train_step(
    sess: Session, train_op: Any, global_step: Any, train_step_kwargs: Mapping[str, Any]
) -> tuple[Any, bool]:
    """One step of training.

    Parameters
    ----------
    sess : Session
    train_op : Tensor
    global_step : Variable
    train_step_kwargs : dict
        ``should_stop`` and ``should_log`` are tensors of bool; either may be missing.

    Returns
    -------
    loss : float
    should_stop : bool
    """
    loss, step = sess.run([train_op, global_step])
    asked = {key: sess.run(train_step_kwargs[key]) for key in ("should_log", "should_stop") if key in train_step_kwargs}
    if asked.get("should_log"):
        info("global step %d: loss = %.4f", int(np.asarray(step)), float(np.asarray(loss)))
    return loss, bool(asked.get("should_stop", False))


def train(
    train_op: Tensor,
    logdir: PathLike | None,
    train_step_fn: Callable[..., tuple[Any, Any]] = train_step,
    train_step_kwargs: Mapping[str, Any] | int | None = USE_GLOBAL_STEP,
    log_every_n_steps: int | None = 1,
    graph: Graph | None = None,
    master: str = "",
    is_chief: bool = True,
    global_step: Any = None,
    number_of_steps: int | None = None,
    init_op: Any = USE_GLOBAL_STEP,
    init_feed_dict: Mapping[Any, Any] | None = None,
    local_init_op: Any = USE_GLOBAL_STEP,
    init_fn: Callable[[Session], object] | None = None,
    ready_op: Any = USE_GLOBAL_STEP,
    summary_op: Any = USE_GLOBAL_STEP,
    save_summaries_secs: float = 600,
    summary_writer: Any = USE_GLOBAL_STEP,
    startup_delay_steps: int = 0,
    saver: Any = None,
    save_interval_secs: float = 600,
    sync_optimizer: object = None,
    session_config: object = None,
) -> Any:
    """Train until a number of steps is done: begin with the latest checkpoint of a folder, and save there.

    Parameters
    ----------
    train_op : Tensor
        Gives the loss; see `create_train_op`.
    logdir : path, optional
        The folder of checkpoints and summaries; None for none.
    train_step_fn, train_step_kwargs : optional
        What does a step, as `train_step` does, and its last argument.
    log_every_n_steps : int, optional
        How often the loss is logged.
    graph : Graph, optional
        By default that of the ``train_op``.
    master, session_config : object
        Accepted: there is only this process.
    is_chief : bool
    global_step : Variable, optional
        The graph's by default.
    number_of_steps : int, optional
        The global step at which training ends.
    init_op, init_feed_dict, local_init_op, init_fn, ready_op, summary_op, save_summaries_secs : object
        As for `Supervisor`.
    summary_writer, saver : object
        As for `Supervisor`.
    startup_delay_steps : int
        Accepted: there are no other workers.
    save_interval_secs : float
        The seconds between two checkpoints.
    sync_optimizer : object, optional
        Not supported.

    Returns
    -------
    float
        The last loss.

    Raises
    ------
    ValueError
        There is no ``train_op``, or options do not go together.
    """
    if train_op is None:
        raise ValueError("train_op cannot be None.")
    if logdir is None and (summary_op is not USE_GLOBAL_STEP and summary_op is not None):
        raise ValueError("Cannot provide summary_op because logdir=None")
    if sync_optimizer is not None:
        raise ValueError("slim.learning.train with sync_optimizer is not in hdfsaver: there is only this process.")
    own = train_op.graph if graph is None else graph
    with own.as_default():
        step = get_or_create_global_step() if global_step is None else global_step
        arguments = _step_arguments(train_step_kwargs, step, number_of_steps, log_every_n_steps)
    supervisor = Supervisor(
        own,
        ready_op,
        is_chief=is_chief,
        init_op=init_op,
        init_feed_dict=init_feed_dict,
        local_init_op=local_init_op,
        logdir=logdir,
        summary_op=summary_op if logdir else None,
        saver=USE_GLOBAL_STEP if saver is None else saver,
        global_step=step,
        save_summaries_secs=save_summaries_secs,
        save_model_secs=save_interval_secs,
        summary_writer=summary_writer if logdir else None,
        init_fn=init_fn,
    )
    loss = None
    with supervisor.managed_session(master, start_standard_services=False, config=session_config) as sess:
        if is_chief and logdir:
            supervisor.start_standard_services(sess)
        try:
            while not supervisor.should_stop():
                loss, should_stop = train_step_fn(sess, train_op, step, arguments)
                if should_stop:
                    break
        except OutOfRangeError as error:
            info("Caught OutOfRangeError. Stopping Training. %s", error)
        if is_chief and logdir:
            info("Finished training! Saving model to disk.")
            if supervisor.saver is not None and supervisor.save_path is not None:
                supervisor.saver.save(sess, supervisor.save_path, global_step=supervisor.global_step)
    return loss


def _step_arguments(given: Any, step: Any, number_of_steps: int | None, log_every: int | None) -> Mapping[str, Any]:
    """The last argument of a step: what tells whether to stop and to log."""
    if given is not USE_GLOBAL_STEP:
        return given or {}
    made = {}
    with name_scope(None, "train_step"):
        if number_of_steps:
            made["should_stop"] = step >= number_of_steps
        if log_every:
            made["should_log"] = apply("Equal", step % log_every, 0)
    return made

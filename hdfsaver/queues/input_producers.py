"""Queues of what a program reads: names of files, numbers, slices, epoch after epoch."""

from __future__ import annotations

from collections.abc import Sequence

from hdfsaver.control_flow.conds import Assert_
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default_graph_functions import control_dependencies, name_scope
from hdfsaver.graph.graph_keys import GraphKeys
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops import summary_ops
from hdfsaver.ops.constants import constant
from hdfsaver.ops.filling import range_
from hdfsaver.ops.sampling import random_shuffle
from hdfsaver.ops.shaping import shape as shape_of
from hdfsaver.ops.shaping import size
from hdfsaver.ops.state_ops import count_up_to
from hdfsaver.queues.graph_queues import FIFOQueue
from hdfsaver.queues.queue_runner import QueueRunner, add_queue_runner
from hdfsaver.shapes import ShapeLike
from hdfsaver.variables.variable import Variable


def limit_epochs(tensor: TensorLike, num_epochs: int | None = None, name: str | None = None) -> Tensor:
    """Give a tensor a number of times, and then the end of the input.

    Parameters
    ----------
    tensor : Tensor or array_like
    num_epochs : int, optional
        How many times; always by default. They are counted in a local variable ``epochs``, which
        ``tf.local_variables_initializer`` initializes.
    name : str, optional
        Name of the operation, ``limit_epochs`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    ValueError
        The number is not positive.
    OutOfRangeError
        When run: it was given that many times.
    """
    if num_epochs is None:
        return convert_to_tensor(tensor)
    if num_epochs <= 0:
        raise ValueError(f"num_epochs must be > 0 not {num_epochs}.")
    with name_scope(name, "limit_epochs", [tensor]) as scope:
        zero = constant(0, "int64")
        epochs = Variable(zero, name="epochs", trainable=False, collections=[GraphKeys.LOCAL_VARIABLES])
        with control_dependencies([count_up_to(epochs, num_epochs).op]):
            return apply("Identity", tensor, name=scope)


def input_producer(
    input_tensor: TensorLike,
    element_shape: ShapeLike = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    summary_name: str | None = None,
    name: str | None = None,
    cancel_op: Operation | None = None,
) -> FIFOQueue:
    """A queue of the rows of a tensor, which a queue runner fills.

    Parameters
    ----------
    input_tensor : Tensor or array_like
    element_shape : shape, optional
        The shape of a row, where that of the tensor does not say it.
    num_epochs : int, optional
        How many times the rows are given; always by default. See `limit_epochs`.
    shuffle : bool
        Whether they are shuffled for each epoch.
    seed : int, optional
        See ``tf.set_random_seed``.
    capacity : int
        Of the queue.
    shared_name : str, optional
        The name under which a session keeps the queue.
    summary_name : str, optional
        The name of a summary that says how full the queue is.
    name : str, optional
        Name of the queue.
    cancel_op : Operation, optional
        An operation that closes the queue in another way.

    Returns
    -------
    FIFOQueue

    Raises
    ------
    ValueError
        The shape of a row is not known.
    """
    with name_scope(name, "input_producer", [input_tensor]):
        tensor = convert_to_tensor(input_tensor, name="input_tensor")
        shape = tensor.shape[1:].merge_with(element_shape)
        if not shape.is_fully_defined():
            raise ValueError(
                "Either `input_tensor` must have a fully defined shape or `element_shape` must be specified"
            )
        if shuffle:
            tensor = random_shuffle(tensor, seed=seed)
        tensor = limit_epochs(tensor, num_epochs)
        queue = FIFOQueue(
            capacity, [tensor.dtype.base_dtype], [shape], shared_name=shared_name, name=name or "FIFOQueueV2"
        )
        add_queue_runner(QueueRunner(queue, [queue.enqueue_many([tensor])], cancel_op=cancel_op))
        if summary_name is not None:
            summary_ops.scalar(summary_name, apply("Cast", queue.size(), DstT="float32") * (1.0 / capacity))
        return queue


def string_input_producer(
    string_tensor: TensorLike,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
    cancel_op: Operation | None = None,
) -> FIFOQueue:
    """A queue of strings, such as the names of files.

    Parameters
    ----------
    string_tensor : Tensor or array_like
        A vector of strings, not an empty one.
    num_epochs, shuffle, seed, capacity, shared_name : optional
        As for `input_producer`.
    name : str, optional
        Name of the queue.
    cancel_op : Operation, optional
        An operation that closes the queue in another way.

    Returns
    -------
    FIFOQueue

    Raises
    ------
    ValueError
        The vector is empty.
    """
    said = "string_input_producer requires a non-null input tensor"
    if not is_tensor(string_tensor) and not len(string_tensor):  # type: ignore[arg-type]
        raise ValueError(said)
    with name_scope(name, "input_producer", [string_tensor]) as scope:
        strings = convert_to_tensor(string_tensor, "string")
        with control_dependencies([Assert_(apply("Greater", size(strings), 0), [said])]):
            strings = apply("Identity", strings)
        return input_producer(
            strings, [], num_epochs, shuffle, seed, capacity, shared_name, _how_full(capacity), scope, cancel_op
        )


def _how_full(capacity: int) -> str:
    return f"fraction_of_{capacity}_full"


def range_input_producer(
    limit: TensorLike,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> FIFOQueue:
    """A queue of the integers from 0 on.

    Parameters
    ----------
    limit : Tensor or int
        The first integer that is not given.
    num_epochs, shuffle, seed, capacity, shared_name : optional
        As for `input_producer`.
    name : str, optional
        Name of the queue.

    Returns
    -------
    FIFOQueue

    Raises
    ------
    ValueError
        ``num_epochs`` is not positive.
    """
    with name_scope(name, "input_producer", [limit]) as scope:
        numbers = range_(limit)
        return input_producer(numbers, [], num_epochs, shuffle, seed, capacity, shared_name, _how_full(capacity), scope)


def slice_input_producer(
    tensor_list: Sequence[TensorLike],
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    capacity: int = 32,
    shared_name: str | None = None,
    name: str | None = None,
) -> list[Tensor]:
    """Rows of several tensors, the same row of each.

    Parameters
    ----------
    tensor_list : list of Tensor or array_like
        Of the same size in dimension 0.
    num_epochs, shuffle, seed, capacity, shared_name : optional
        As for `input_producer`.
    name : str, optional
        Name of the scope.

    Returns
    -------
    list of Tensor
        A row of each, taken from a queue.

    Raises
    ------
    ValueError
        The list is empty.
    """
    with name_scope(name, "input_producer", list(tensor_list)):
        tensors = [convert_to_tensor(each) for each in tensor_list]
        if not tensors:
            raise ValueError("Expected at least one tensor in slice_input_producer().")
        count = shape_of(tensors[0])[0]
        index = range_input_producer(count, num_epochs, shuffle, seed, capacity, shared_name).dequeue()
        return [apply("GatherV2", each, index, 0) for each in tensors]


def match_filenames_once(pattern: TensorLike, name: str | None = None) -> Variable:
    """A local variable with the names of the files of a pattern, which are looked for when it is initialized.

    Parameters
    ----------
    pattern : Tensor or str
        As for ``tf.matching_files``.
    name : str, optional
        Name of the variable's scope.

    Returns
    -------
    Variable
    """
    with name_scope(name, "matching_filenames", [pattern]) as scope:
        found = apply("MatchingFiles", pattern)
        collections = [GraphKeys.LOCAL_VARIABLES]
        return Variable(found, trainable=False, name=scope, validate_shape=False, collections=collections)

"""Batches of examples that come one by one: ``tf.train.batch`` and its relatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.default_graph_functions import name_scope
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops import summary_ops
from hdfsaver.ops.constants import no_op
from hdfsaver.ops.selection import boolean_mask
from hdfsaver.queues.graph_queues import FIFOQueue, PaddingFIFOQueue, QueueBase, RandomShuffleQueue
from hdfsaver.queues.queue_runner import QueueRunner, add_queue_runner
from hdfsaver.queues.sparse_batches import chosen, pack_all, unpack
from hdfsaver.shapes import TensorShape

Tensors = Sequence[TensorLike] | Sequence[SparseTensor] | Mapping[str, TensorLike] | Mapping[str, SparseTensor]
"""The components of an example."""


class _Settings(NamedTuple):
    """The arguments that all functions have."""

    keep_input: TensorLike
    num_threads: int
    capacity: int
    enqueue_many: bool
    shapes: Any
    allow_smaller_final_batch: bool
    shared_name: str | None


class _InOrder(NamedTuple):
    """Examples in the order in which they come."""

    dynamic_pad: bool

    def queue(self, settings: _Settings, dtypes: list[Any], shapes: list[Any]) -> QueueBase:
        """The queue that collects them."""
        kind = PaddingFIFOQueue if self.dynamic_pad else FIFOQueue
        return kind(settings.capacity, dtypes, shapes, shared_name=settings.shared_name)

    def summarize(self, queue: QueueBase, capacity: int) -> None:
        """Add the summary that says how full the queue is."""
        full = apply("Cast", queue.size(), DstT="float32") * (1.0 / capacity)
        summary_ops.scalar(f"fraction_of_{capacity}_full", full)


class _Shuffled(NamedTuple):
    """Examples in an order by chance."""

    min_after_dequeue: int
    seed: int | None

    def queue(self, settings: _Settings, dtypes: list[Any], shapes: list[Any]) -> QueueBase:
        """The queue that collects them."""
        return RandomShuffleQueue(
            settings.capacity,
            self.min_after_dequeue,
            dtypes,
            shapes,
            seed=self.seed,
            shared_name=settings.shared_name,
        )

    def summarize(self, queue: QueueBase, capacity: int) -> None:
        """Add the summary that says how full the queue is."""
        space = capacity - self.min_after_dequeue
        beyond = apply("Maximum", 0, queue.size() - self.min_after_dequeue)
        full = apply("Cast", beyond, DstT="float32") * (1.0 / space if space else 1.0)
        summary_ops.scalar(f"fraction_over_{self.min_after_dequeue}_of_{space}_full", full)


def _batches(
    given: list[Tensors],
    batch_size: TensorLike,
    order: _InOrder | _Shuffled,
    settings: _Settings,
    default_name: str,
    name: str | None,
) -> Any:
    """A queue, the queue runner that fills it, and what it gives.

    Parameters
    ----------
    given : list of lists or dicts of Tensor
    batch_size : Tensor or int
    order : _InOrder or _Shuffled
    settings : _Settings
    default_name : str
        Of the scope.
    name : str or None

    Returns
    -------
    Tensor, list of Tensor, or dict

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    """
    _check_keys(given)
    lists = [_listed(tensors) for tensors in given]
    values = [value for tensors in lists for value in tensors]
    with name_scope(name, default_name, [*values, settings.keep_input]) as scope:
        if not lists or not lists[0]:
            raise ValueError(f"Expected at least one tensor in {default_name}().")
        parts = [
            [value if isinstance(value, SparseTensor) else convert_to_tensor(value) for value in each] for each in lists
        ]
        keep = _checked_keep(settings.keep_input, settings.enqueue_many)
        tensors, packed = pack_all(parts, keep, settings.enqueue_many)
        queue = order.queue(settings, _dtypes(tensors), _shapes(tensors, settings))
        _fill(queue, tensors, keep, settings)
        order.summarize(queue, settings.capacity)
        take = queue.dequeue_up_to if settings.allow_smaller_final_batch else queue.dequeue_many
        return _as_given(given[0], unpack(take(batch_size, name=scope), packed))


def _check_keys(given: list[Tensors]) -> None:
    first = given[0] if given else None
    if isinstance(first, Mapping) and any(set(tensors) != set(first) for tensors in given):
        raise ValueError("All dictionaries in tensors_list must have the same keys")


def _listed(tensors: Tensors) -> list[Any]:
    return [tensors[key] for key in sorted(tensors, key=str)] if isinstance(tensors, Mapping) else list(tensors)


def _as_given(given: Tensors, taken: Any) -> Any:
    if not isinstance(given, Mapping):
        return taken
    return dict(zip(sorted(given, key=str), taken if isinstance(taken, list) else [taken], strict=True))


def _checked_keep(keep_input: TensorLike, enqueue_many: bool) -> Tensor:
    keep = convert_to_tensor(keep_input)
    if keep.shape.rank is None:
        raise ValueError("`keep_input` dimensions must be known at graph construction.")
    if not enqueue_many and keep.shape.rank == 1:
        raise ValueError("`keep_input` cannot be a vector when `enqueue_many=False`.")
    if keep.shape.rank > 1:
        raise ValueError("`keep_input` must be 0 or 1 dimensions.")
    return keep


def _dtypes(tensors: list[list[Tensor]]) -> list[Any]:
    first = [tensor.dtype.base_dtype for tensor in tensors[0]]
    for others in tensors[1:]:
        found = [tensor.dtype.base_dtype for tensor in others]
        if found != first:
            raise TypeError(f"Expected types to be consistent: {found} vs. {first}.")
    return first


def _shapes(tensors: list[list[Tensor]], settings: _Settings) -> list[Any]:
    if settings.shapes is not None:
        return list(settings.shapes)
    found = []
    for components in zip(*tensors, strict=True):
        shapes = [component.shape for component in components]
        for component, shape in zip(components, shapes, strict=True):
            if shape.rank is None:
                raise ValueError(f"Cannot infer Tensor's rank: {component}")
        if settings.enqueue_many:
            shapes = [shape.with_rank_at_least(1)[1:] for shape in shapes]
        merged = shapes[0]
        for shape in shapes[1:]:
            merged = TensorShape(shape).most_specific_compatible_shape(merged)
        found.append(merged)
    return found


def _fill(queue: QueueBase, tensors: list[list[Tensor]], keep: Tensor, settings: _Settings) -> None:
    """Add the queue runner."""
    add: Callable[[Any], Operation] = queue.enqueue_many if settings.enqueue_many else queue.enqueue
    made: list[Any] = []
    for each in tensors:
        if keep.shape.rank:
            made.append(add([boolean_mask(tensor, keep) for tensor in each]))
            continue
        made.append(chosen(keep, partial(add, each), no_op))
    add_queue_runner(QueueRunner(queue, made * settings.num_threads))


def batch(
    tensors: Tensors,
    batch_size: TensorLike,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of examples, which a queue collects.

    Parameters
    ----------
    tensors : list or dict of Tensor
        The components of an example.
    batch_size : Tensor or int
        How many examples a batch has.
    num_threads : int
        How many threads fill the queue. With several the order of the examples is not the same in each run.
    capacity : int
        Of the queue.
    enqueue_many : bool
        Whether the tensors are batches of examples.
    shapes : list of shape, optional
        Of the components of an example, where those of the tensors do not say them.
    dynamic_pad : bool
        Whether the examples of a batch may have different sizes, and are filled up with zeros.
    allow_smaller_final_batch : bool
        Whether the last batch may have fewer examples.
    shared_name : str, optional
        The name under which a session keeps the queue.
    name : str, optional
        Name of the operation that gives the batch.

    Returns
    -------
    Tensor, list of Tensor, or dict
        The components of a batch; one tensor where a list has one.

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    OutOfRangeError
        When run: the input has ended.
    """
    settings = _Settings(True, num_threads, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name)
    return _batches([tensors], batch_size, _InOrder(dynamic_pad), settings, "batch", name)


def batch_join(
    tensors_list: Sequence[Tensors],
    batch_size: TensorLike,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of examples that come from several places.

    Parameters
    ----------
    tensors_list : list of lists or dicts of Tensor
        The components of an example, for each thread that fills the queue.
    batch_size : Tensor or int
        How many examples a batch has.
    capacity : int
        Of the queue.
    enqueue_many : bool
        Whether the tensors are batches of examples.
    shapes : list of shape, optional
        Of the components of an example, where those of the tensors do not say them.
    dynamic_pad : bool
        Whether the examples of a batch may have different sizes, and are filled up with zeros.
    allow_smaller_final_batch : bool
        Whether the last batch may have fewer examples.
    shared_name : str, optional
        The name under which a session keeps the queue.
    name : str, optional
        Name of the operation that gives the batch.

    Returns
    -------
    Tensor, list of Tensor, or dict
        The components of a batch; one tensor where a list has one.

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    OutOfRangeError
        When run: the input has ended.
    """
    settings = _Settings(True, 1, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name)
    return _batches(list(tensors_list), batch_size, _InOrder(dynamic_pad), settings, "batch_join", name)


def maybe_batch(
    tensors: Tensors,
    keep_input: TensorLike,
    batch_size: TensorLike,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of the examples that a condition chooses.

    Parameters
    ----------
    tensors : list or dict of Tensor
        The components of an example.
    keep_input : Tensor or bool
        Whether the example is put into the queue; with ``enqueue_many`` a vector may say it for each.
    batch_size : Tensor or int
        How many examples a batch has.
    num_threads : int
        How many threads fill the queue. With several the order of the examples is not the same in each run.
    capacity : int
        Of the queue.
    enqueue_many : bool
        Whether the tensors are batches of examples.
    shapes : list of shape, optional
        Of the components of an example, where those of the tensors do not say them.
    dynamic_pad : bool
        Whether the examples of a batch may have different sizes, and are filled up with zeros.
    allow_smaller_final_batch : bool
        Whether the last batch may have fewer examples.
    shared_name : str, optional
        The name under which a session keeps the queue.
    name : str, optional
        Name of the operation that gives the batch.

    Returns
    -------
    Tensor, list of Tensor, or dict
        The components of a batch; one tensor where a list has one.

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    OutOfRangeError
        When run: the input has ended.
    """
    settings = _Settings(
        keep_input, num_threads, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name
    )
    return _batches([tensors], batch_size, _InOrder(dynamic_pad), settings, "batch", name)


def maybe_batch_join(
    tensors_list: Sequence[Tensors],
    keep_input: TensorLike,
    batch_size: TensorLike,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of the examples that a condition chooses, from several places.

    Parameters
    ----------
    tensors_list : list of lists or dicts of Tensor
        The components of an example, for each thread that fills the queue.
    keep_input : Tensor or bool
        Whether the example is put into the queue; with ``enqueue_many`` a vector may say it for each.
    batch_size : Tensor or int
        How many examples a batch has.
    capacity : int
        Of the queue.
    enqueue_many : bool
        Whether the tensors are batches of examples.
    shapes : list of shape, optional
        Of the components of an example, where those of the tensors do not say them.
    dynamic_pad : bool
        Whether the examples of a batch may have different sizes, and are filled up with zeros.
    allow_smaller_final_batch : bool
        Whether the last batch may have fewer examples.
    shared_name : str, optional
        The name under which a session keeps the queue.
    name : str, optional
        Name of the operation that gives the batch.

    Returns
    -------
    Tensor, list of Tensor, or dict
        The components of a batch; one tensor where a list has one.

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    OutOfRangeError
        When run: the input has ended.
    """
    settings = _Settings(keep_input, 1, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name)
    return _batches(list(tensors_list), batch_size, _InOrder(dynamic_pad), settings, "batch_join", name)


def shuffle_batch(
    tensors: Tensors,
    batch_size: TensorLike,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of examples in an order by chance.

    Parameters
    ----------
    tensors : list or dict of Tensor
        The components of an example.
    batch_size : Tensor or int
        How many examples a batch has.
    capacity : int
        Of the queue.
    min_after_dequeue : int
        How many examples stay in the queue for a choice.
    num_threads : int
        How many threads fill the queue. With several the order of the examples is not the same in each run.
    seed : int, optional
        See ``tf.set_random_seed``.
    enqueue_many : bool
        Whether the tensors are batches of examples.
    shapes : list of shape, optional
        Of the components of an example, where those of the tensors do not say them.
    allow_smaller_final_batch : bool
        Whether the last batch may have fewer examples.
    shared_name : str, optional
        The name under which a session keeps the queue.
    name : str, optional
        Name of the operation that gives the batch.

    Returns
    -------
    Tensor, list of Tensor, or dict
        The components of a batch; one tensor where a list has one.

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    OutOfRangeError
        When run: the input has ended.
    """
    settings = _Settings(True, num_threads, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name)
    return _batches([tensors], batch_size, _Shuffled(min_after_dequeue, seed), settings, "shuffle_batch", name)


def shuffle_batch_join(
    tensors_list: Sequence[Tensors],
    batch_size: TensorLike,
    capacity: int,
    min_after_dequeue: int,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of examples that come from several places, in an order by chance.

    Parameters
    ----------
    tensors_list : list of lists or dicts of Tensor
        The components of an example, for each thread that fills the queue.
    batch_size : Tensor or int
        How many examples a batch has.
    capacity : int
        Of the queue.
    min_after_dequeue : int
        How many examples stay in the queue for a choice.
    seed : int, optional
        See ``tf.set_random_seed``.
    enqueue_many : bool
        Whether the tensors are batches of examples.
    shapes : list of shape, optional
        Of the components of an example, where those of the tensors do not say them.
    allow_smaller_final_batch : bool
        Whether the last batch may have fewer examples.
    shared_name : str, optional
        The name under which a session keeps the queue.
    name : str, optional
        Name of the operation that gives the batch.

    Returns
    -------
    Tensor, list of Tensor, or dict
        The components of a batch; one tensor where a list has one.

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    OutOfRangeError
        When run: the input has ended.
    """
    settings = _Settings(True, 1, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name)
    return _batches(
        list(tensors_list), batch_size, _Shuffled(min_after_dequeue, seed), settings, "shuffle_batch_join", name
    )


def maybe_shuffle_batch(
    tensors: Tensors,
    batch_size: TensorLike,
    capacity: int,
    min_after_dequeue: int,
    keep_input: TensorLike,
    num_threads: int = 1,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of the examples that a condition chooses, in an order by chance.

    Parameters
    ----------
    tensors : list or dict of Tensor
        The components of an example.
    batch_size : Tensor or int
        How many examples a batch has.
    capacity : int
        Of the queue.
    min_after_dequeue : int
        How many examples stay in the queue for a choice.
    keep_input : Tensor or bool
        Whether the example is put into the queue; with ``enqueue_many`` a vector may say it for each.
    num_threads : int
        How many threads fill the queue. With several the order of the examples is not the same in each run.
    seed : int, optional
        See ``tf.set_random_seed``.
    enqueue_many : bool
        Whether the tensors are batches of examples.
    shapes : list of shape, optional
        Of the components of an example, where those of the tensors do not say them.
    allow_smaller_final_batch : bool
        Whether the last batch may have fewer examples.
    shared_name : str, optional
        The name under which a session keeps the queue.
    name : str, optional
        Name of the operation that gives the batch.

    Returns
    -------
    Tensor, list of Tensor, or dict
        The components of a batch; one tensor where a list has one.

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    OutOfRangeError
        When run: the input has ended.
    """
    settings = _Settings(
        keep_input, num_threads, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name
    )
    return _batches([tensors], batch_size, _Shuffled(min_after_dequeue, seed), settings, "shuffle_batch", name)


def maybe_shuffle_batch_join(
    tensors_list: Sequence[Tensors],
    batch_size: TensorLike,
    capacity: int,
    min_after_dequeue: int,
    keep_input: TensorLike,
    seed: int | None = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: str | None = None,
    name: str | None = None,
) -> Any:
    """Batches of the examples that a condition chooses, from several places, in an order by chance.

    Parameters
    ----------
    tensors_list : list of lists or dicts of Tensor
        The components of an example, for each thread that fills the queue.
    batch_size : Tensor or int
        How many examples a batch has.
    capacity : int
        Of the queue.
    min_after_dequeue : int
        How many examples stay in the queue for a choice.
    keep_input : Tensor or bool
        Whether the example is put into the queue; with ``enqueue_many`` a vector may say it for each.
    seed : int, optional
        See ``tf.set_random_seed``.
    enqueue_many : bool
        Whether the tensors are batches of examples.
    shapes : list of shape, optional
        Of the components of an example, where those of the tensors do not say them.
    allow_smaller_final_batch : bool
        Whether the last batch may have fewer examples.
    shared_name : str, optional
        The name under which a session keeps the queue.
    name : str, optional
        Name of the operation that gives the batch.

    Returns
    -------
    Tensor, list of Tensor, or dict
        The components of a batch; one tensor where a list has one.

    Raises
    ------
    ValueError
        There are no tensors, or shapes are not known.
    OutOfRangeError
        When run: the input has ended.
    """
    settings = _Settings(keep_input, 1, capacity, enqueue_many, shapes, allow_smaller_final_batch, shared_name)
    return _batches(
        list(tensors_list), batch_size, _Shuffled(min_after_dequeue, seed), settings, "shuffle_batch_join", name
    )

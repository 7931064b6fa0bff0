"""``tf.FIFOQueue`` and its relatives: queues of a graph, whose elements a session keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from hdfsaver import shapes as shape_rules
from hdfsaver.dtypes import DType, DTypeLike, as_dtype
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.default_graph_functions import device
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.seeds import get_seed
from hdfsaver.shapes import Dimension, ShapeLike, TensorShape


class QueueBase:
    """A queue of a graph.

    Parameters
    ----------
    dtypes : list of DType
        Of the components.
    shapes : list of shape, or None
        Of the components; None where they are not known.
    names : list of str or None
        Of the components, whose elements are dicts then.
    queue_ref : Tensor
        The handle.
    """

    def __init__(
        self,
        dtypes: Sequence[DTypeLike],
        shapes: Sequence[ShapeLike] | None,
        names: Sequence[str] | None,
        queue_ref: Tensor,
    ) -> None:
        self._dtypes = [as_dtype(each) for each in dtypes]
        if shapes is not None and len(shapes) != len(dtypes):
            raise ValueError(
                f"Queue shapes must have the same length as dtypes, received len(shapes)={len(shapes)}, "
                f"len(dtypes)={len(dtypes)}"
            )
        self._shapes = [TensorShape(None)] * len(dtypes) if shapes is None else [TensorShape(each) for each in shapes]
        if names is not None and len(names) != len(dtypes):
            raise ValueError(
                f"Queue names must have the same length as dtypes,received len(names)={len(names)},len {len(dtypes)}"
            )
        self._names = list(names) if names is not None else None
        self._queue_ref = queue_ref

    @staticmethod
    def from_list(index: TensorLike, queues: Sequence[QueueBase]) -> QueueBase:
        """The queue with a number that is known when the graph is run.

        Parameters
        ----------
        index : Tensor or int
        queues : list of QueueBase
            Queues of the same dtypes and names.

        Returns
        -------
        QueueBase

        Raises
        ------
        TypeError
            It is not a list of queues, or their dtypes differ.
        ValueError
            Their names differ.
        """
        if not queues or not isinstance(queues, list) or not all(isinstance(each, QueueBase) for each in queues):
            raise TypeError("A list of queues expected")
        first = queues[0]
        if any(each.dtypes != first.dtypes for each in queues):
            raise TypeError("Queues do not have matching component dtypes.")
        if any(each.names != first.names for each in queues):
            raise TypeError("Queues do not have matching component names.")
        common = [_common(each) for each in zip(*(queue.shapes for queue in queues), strict=True)]
        handles = apply("Pack", [each.queue_ref for each in queues], axis=0, name="stack")
        chosen = apply("GatherV2", handles, index, 0)
        return QueueBase(first.dtypes, common, first.names, chosen)

    @property
    def queue_ref(self) -> Tensor:
        """The handle."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self._queue_ref.op.name

    @property
    def dtypes(self) -> list[DType]:
        """Those of the components."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """Those of the components."""
        return self._shapes

    @property
    def names(self) -> list[str] | None:
        """Those of the components, where they have names."""
        return self._names

    def _op_name(self, name: str | None, what: str) -> str:
        return name or f"{self.name.rpartition('/')[2]}_{what}"

    def _components(self, vals: Any, scope: str) -> tuple[list[Tensor], str]:
        """The values of an element, or of a batch, as tensors; and the name for the operation."""
        if isinstance(vals, Mapping):
            if not self._names:
                raise ValueError("Queue must have names to enqueue a dictionary")
            if sorted(self._names) != sorted(vals):
                raise ValueError(
                    f"Keys in dictionary to enqueue do not match names of Queue.  Dictionary: {sorted(vals)},"
                    f"Queue: {sorted(self._names)}"
                )
            vals = [vals[name] for name in self._names]
        else:
            if self._names:
                raise ValueError("You must enqueue a dictionary in a Queue with names")
            vals = list(vals) if isinstance(vals, list | tuple) else [vals]
        if len(vals) != len(self._dtypes):
            raise ValueError(f"Expected {len(self._dtypes)} components, but {len(vals)} were given.")
        graph = self._queue_ref.graph
        with graph.as_default(), graph.name_scope(scope) as full:
            tensors = [
                convert_to_tensor(value, dtype=dtype, name=f"component_{number}")
                for number, (value, dtype) in enumerate(zip(vals, self._dtypes, strict=True))
            ]
        return tensors, full

    def enqueue(self, vals: Any, name: str | None = None) -> Operation:
        """Add an element, as soon as there is space.

        Parameters
        ----------
        vals : Tensor, list or tuple of them, or dict
            The components; a dict where they have names.
        name : str, optional
            Name of the operation.

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            A shape does not fit, or names.
        CancelledError
            When run: the queue is closed.
        """
        tensors, full = self._components(vals, self._op_name(name, "enqueue"))
        for tensor, shape in zip(tensors, self._shapes, strict=True):
            tensor.shape.assert_is_compatible_with(shape)
        return apply_op("QueueEnqueueV2", self._queue_ref, tensors, name=full)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Operation:
        """Add the elements of a batch, each as soon as there is space.

        Parameters
        ----------
        vals : Tensor, list or tuple of them, or dict
            The components, of the same size in dimension 0.
        name : str, optional
            Name of the operation.

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            A shape does not fit, or names.
        CancelledError
            When run: the queue is closed.
        """
        tensors, full = self._components(vals, self._op_name(name, "EnqueueMany"))
        batch = tensors[0].shape.with_rank_at_least(1)[0]
        for tensor, shape in zip(tensors, self._shapes, strict=True):
            batch = batch.merge_with(tensor.shape.with_rank_at_least(1)[0])
            tensor.shape[1:].assert_is_compatible_with(shape)
        return apply_op("QueueEnqueueManyV2", self._queue_ref, tensors, name=full)

    def _given(self, tensors: list[Tensor]) -> Any:
        if self._names:
            return dict(zip(self._names, tensors, strict=True))
        return tensors[0] if len(tensors) == 1 else tensors

    def dequeue(self, name: str | None = None) -> Any:
        """Take an element, as soon as one is there.

        Parameters
        ----------
        name : str, optional
            Name of the operation.

        Returns
        -------
        Tensor, list of Tensor, or dict
            A list of several components; a dict where they have names.

        Raises
        ------
        OutOfRangeError
            When run: the queue is closed and empty.
        """
        types = [each.name for each in self._dtypes]
        found = apply_list(
            "QueueDequeueV2", self._queue_ref, component_types=types, name=self._op_name(name, "Dequeue")
        )
        for tensor, shape in zip(found, self._shapes, strict=True):
            tensor.set_shape(shape)
        return self._given(found)

    def dequeue_many(self, n: TensorLike, name: str | None = None) -> Any:
        """Take a batch of elements, as soon as there are that many.

        Parameters
        ----------
        n : Tensor or int
            How many.
        name : str, optional
            Name of the operation.

        Returns
        -------
        Tensor, list of Tensor, or dict
            The components, each with a dimension 0 of size ``n``.

        Raises
        ------
        OutOfRangeError
            When run: the queue is closed and has too few.
        """
        found = self._many("QueueDequeueManyV2", n, self._op_name(name, "DequeueMany"))
        count = found[0].shape[0] if found[0].shape.rank else Dimension(None)
        for tensor, shape in zip(found, self._shapes, strict=True):
            tensor.set_shape(TensorShape([count]).concatenate(shape))
        return self._given(found)

    def dequeue_up_to(self, n: TensorLike, name: str | None = None) -> Any:
        """Take a batch of elements; fewer where the queue is closed and has no more.

        Parameters
        ----------
        n : Tensor or int
            How many.
        name : str, optional
            Name of the operation.

        Returns
        -------
        Tensor, list of Tensor, or dict
            The components, each with a dimension 0 of at most ``n``.

        Raises
        ------
        OutOfRangeError
            When run: the queue is closed and empty.
        """
        found = self._many("QueueDequeueUpToV2", n, self._op_name(name, "DequeueUpTo"))
        for tensor, shape in zip(found, self._shapes, strict=True):
            tensor.set_shape(TensorShape([None]).concatenate(shape))
        return self._given(found)

    def _many(self, op_type: str, n: TensorLike, name: str) -> list[Tensor]:
        types = [each.name for each in self._dtypes]
        return apply_list(op_type, self._queue_ref, n, component_types=types, name=name)

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """Close the queue: nothing more is added, and what is there can still be taken.

        Parameters
        ----------
        cancel_pending_enqueues : bool
            End operations that wait for space, with a `CancelledError`; otherwise they are waited for.
        name : str, optional
            Name of the operation.

        Returns
        -------
        Operation

        Raises
        ------
        CancelledError
            When run: it is closed already, and nothing is to be cancelled.
        """
        return apply_op(
            "QueueCloseV2",
            self._queue_ref,
            cancel_pending_enqueues=cancel_pending_enqueues,
            name=self._op_name(name, "Close"),
        )

    def is_closed(self, name: str | None = None) -> Tensor:
        """Whether the queue is closed."""
        return apply("QueueIsClosedV2", self._queue_ref, name=self._op_name(name, "Is_Closed"))

    def size(self, name: str | None = None) -> Tensor:
        """How many elements there are."""
        return apply("QueueSizeV2", self._queue_ref, name=self._op_name(name, "Size"))


def _common(given: Sequence[TensorShape]) -> TensorShape:
    found = given[0]
    for other in given[1:]:
        found = found.most_specific_compatible_shape(other)
    return found


def _made(
    dtypes: Any, shapes: Any, names: Any, partly: bool = False, **attrs: Any
) -> tuple[list[DType], list[Any] | None, list[str] | None, dict[str, Any]]:
    """The arguments of a queue as lists, and the attributes of its operation."""
    listed = [as_dtype(each) for each in (dtypes if isinstance(dtypes, list | tuple) else [dtypes])]
    if shapes is not None:
        shapes = [shapes] if _is_one_shape(shapes) else list(shapes)
        if len(shapes) != len(listed):
            raise ValueError(
                f"Queue shapes must have the same length as dtypes, received len(shapes)={len(shapes)}, "
                f"len(dtypes)={len(listed)}"
            )
        _check_known(shapes, partly)
    if names is not None:
        names = [names] if isinstance(names, str) else list(names)
        if len(names) != len(listed):
            raise ValueError(
                f"Queue names must have the same length as dtypes,received len(names)={len(names)},len {len(listed)}"
            )
    attrs["component_types"] = [each.name for each in listed]
    attrs["shapes"] = [] if shapes is None else [shape_rules.as_shape(each) for each in shapes]
    attrs["shared_name"] = (attrs["shared_name"] or "").encode()
    return listed, shapes, names, attrs


def _check_known(shapes: Sequence[Any], partly: bool) -> None:
    found = [TensorShape(each) for each in shapes]
    if not partly and not all(each.is_fully_defined() for each in found):
        raise ValueError(f"All shapes must be fully defined: {found}")
    if any(each.rank is None for each in found):
        raise ValueError(f"All dimensions must have a defined rank: {found}")


def _is_one_shape(shapes: Any) -> bool:
    """Whether it is a shape, and not a list of them."""
    return not isinstance(shapes, list | tuple) or all(size is None or isinstance(size, int) for size in shapes)


class FIFOQueue(QueueBase):
    """A queue from which elements are taken in the order in which they came.

    Parameters
    ----------
    capacity : int
        The greatest number of elements; a negative number for no limit.
    dtypes : list of dtype
        Of the components of an element.
    shapes : list of shape, optional
        Of the components; needed for batches.
    names : list of str, optional
        Of the components, whose elements are dicts then.
    shared_name : str, optional
        The name under which a session keeps the queue; that of the operation by default.
    name : str
        Name of the operation.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> queue = tf.FIFOQueue(3, tf.float32, shapes=[()])
    >>> add, batch = queue.enqueue_many([[1.0, 2.0]]), queue.dequeue_many(2)
    >>> sess = tf.Session()
    >>> sess.run(add)
    >>> sess.run(batch)
    array([1., 2.], dtype=float32)
    """

    def __init__(
        self,
        capacity: int,
        dtypes: DTypeLike | Sequence[DTypeLike],
        shapes: Any = None,
        names: Sequence[str] | None = None,
        shared_name: str | None = None,
        name: str = "fifo_queue",
    ) -> None:
        listed, known, names, attrs = _made(dtypes, shapes, names, capacity=capacity, shared_name=shared_name)
        with device("CPU"):
            handle = apply("FIFOQueueV2", name=name, **attrs)
        super().__init__(listed, known, names, handle)


class PaddingFIFOQueue(QueueBase):
    """As `FIFOQueue`, for elements of different sizes: those of a batch are filled up with zeros.

    Parameters
    ----------
    capacity : int
        The greatest number of elements; a negative number for no limit.
    dtypes : list of dtype
        Of the components of an element.
    shapes : list of shape
        Of the components; sizes that differ are None.
    names : list of str, optional
        Of the components, whose elements are dicts then.
    shared_name : str, optional
        The name under which a session keeps the queue; that of the operation by default.
    name : str
        Name of the operation.

    Raises
    ------
    ValueError
        The number of shapes is not that of dtypes.
    """

    def __init__(
        self,
        capacity: int,
        dtypes: DTypeLike | Sequence[DTypeLike],
        shapes: Any,
        names: Sequence[str] | None = None,
        shared_name: str | None = None,
        name: str = "padding_fifo_queue",
    ) -> None:
        listed, known, names, attrs = _made(
            dtypes, shapes, names, capacity=capacity, shared_name=shared_name, partly=True
        )
        if known is None or len(known) != len(listed):
            raise ValueError(
                "When providing partial shapes, a list of shapes must be provided: Shapes must be provided for all "
                f"components, but received {len(listed)} dtypes and {len(known or [])} shapes: {shapes}"
            )
        super().__init__(listed, known, names, apply("PaddingFIFOQueueV2", name=name, **attrs))


class RandomShuffleQueue(QueueBase):
    """A queue from which elements are taken by chance.

    Parameters
    ----------
    capacity : int
        The greatest number of elements; a negative number for no limit.
    min_after_dequeue : int
        How many elements stay for a choice, as long as the queue is open.
    dtypes : list of dtype
        Of the components of an element.
    shapes : list of shape, optional
        Of the components; needed for batches.
    names : list of str, optional
        Of the components, whose elements are dicts then.
    seed : int, optional
        See ``tf.set_random_seed``.
    shared_name : str, optional
        The name under which a session keeps the queue; that of the operation by default.
    name : str
        Name of the operation.
    """

    def __init__(
        self,
        capacity: int,
        min_after_dequeue: int,
        dtypes: DTypeLike | Sequence[DTypeLike],
        shapes: Any = None,
        names: Sequence[str] | None = None,
        seed: int | None = None,
        shared_name: str | None = None,
        name: str = "random_shuffle_queue",
    ) -> None:
        listed, known, names, attrs = _made(dtypes, shapes, names, capacity=capacity, shared_name=shared_name)
        first, second = get_seed(seed)
        if first is not None and seed is None and shared_name is not None:
            digest = hashlib.md5(f"{first}{shared_name}".encode(), usedforsecurity=False).hexdigest()
            second = int(digest[:8], 16) & 0x7FFFFFFF
        seeds = {"seed": first or 0, "seed2": second or 0}
        handle = apply("RandomShuffleQueueV2", min_after_dequeue=min_after_dequeue, name=name, **seeds, **attrs)
        super().__init__(listed, known, names, handle)


class PriorityQueue(QueueBase):
    """A queue from which elements are taken in the order of numbers, which are their first component.

    Parameters
    ----------
    capacity : int
        The greatest number of elements; a negative number for no limit.
    types : list of dtype
        Of the further components of an element.
    shapes : list of shape, optional
        Of the further components; needed for batches.
    names : list of str, optional
        Of all components, whose elements are dicts then.
    shared_name : str, optional
        The name under which a session keeps the queue; that of the operation by default.
    name : str
        Name of the operation.
    """

    def __init__(
        self,
        capacity: int,
        types: DTypeLike | Sequence[DTypeLike],
        shapes: Any = None,
        names: Sequence[str] | None = None,
        shared_name: str | None = None,
        name: str = "priority_queue",
    ) -> None:
        listed, known, _, attrs = _made(types, shapes, None, capacity=capacity, shared_name=shared_name)
        handle = apply("PriorityQueueV2", name=name, **attrs)
        known = [(), *known] if known else None
        super().__init__([as_dtype("int64"), *listed], known, names, handle)

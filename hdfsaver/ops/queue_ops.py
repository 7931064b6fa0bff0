"""Queues as operations: those that make one, and those that add to it, take from it and close it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from hdfsaver import shapes
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat, invalid, static_integer, variable_key
from hdfsaver.ops.memory import own
from hdfsaver.ops.queue_objects import PaddingQueue, PriorityQueue, Queue, ShuffledQueue, WaitingState
from hdfsaver.random_numbers.philox import seeded
from hdfsaver.random_numbers.shuffling import WordReader
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class QueueState(WaitingState, Protocol):
    """The part of a session's state that keeps queues."""

    def resource(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The object of that key, made when it is first asked for."""


class _Making(Flat):
    """Makes a queue, or finds that of its name, and gives its handle."""

    signature = "-> handle: resource"
    needed = {"component_types": "list(type)", "shapes": "list(shape)"}
    attrs = {"shapes": [], "capacity": -1, "container": b"", "shared_name": b""}
    minimums = {"component_types": 1, "shapes": 0}
    stateful = True
    kind: ClassVar[str]
    queue: ClassVar[type[Queue]] = Queue

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(), that of the handle."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        key = variable_key(node)

        def find(state: QueueState) -> Queue:
            found = state.resource(("queue", key), lambda: self.made(state, node, key))
            self.check_same(found, node)
            queue: Queue = found
            return queue

        return find

    def made(self, state: QueueState, node: Node, key: str) -> Queue:
        """A new queue."""
        return type(self).queue(self.kind, key, node.attrs["capacity"], self.dtypes_of(node), self.shapes_of(node))

    def dtypes_of(self, node: Node) -> list[str]:
        """The dtypes of all components."""
        return list(node.attrs["component_types"])

    def shapes_of(self, node: Node) -> list[Shape]:
        """The shapes of all components; empty where they are not known."""
        return list(node.attrs["shapes"])

    def check_same(self, found: Queue, node: Node) -> None:
        """Refuse to share a queue that is another one than the node says."""
        name = f"Shared queue '{found.name}'"
        if found.kind != self.kind:
            raise invalid(f"{name} has type {found.kind} that does not match type of Node {node.name!r}: {self.kind}")
        if found.capacity != node.attrs["capacity"]:
            raise invalid(f"{name} has capacity {found.capacity} but requested capacity was {node.attrs['capacity']}.")
        if found.dtypes != self.dtypes_of(node):
            raise invalid(
                f"{name} has component types {found.dtypes} but requested component types were {self.dtypes_of(node)}."
            )
        if found.shapes != self.shapes_of(node):
            listed = [" ".join(map(shapes.text, each)) for each in (found.shapes, self.shapes_of(node))]
            raise invalid(
                f"{name} has component shapes [{listed[0]}] but requested component shapes were [{listed[1]}]."
            )


@register
class FIFOQueueV2(_Making):
    """Makes a queue from which elements are taken in the order in which they came."""

    type = "FIFOQueueV2"
    kind = "FIFOQueue"


@register
class PaddingFIFOQueueV2(_Making):
    """As `FIFOQueueV2`, for elements of different sizes, which are filled up with zeros in a batch."""

    type = "PaddingFIFOQueueV2"
    kind = "PaddingFIFOQueue"
    queue = PaddingQueue


@register
class PriorityQueueV2(_Making):
    """Makes a queue from which elements are taken in the order of numbers that come with them."""

    type = "PriorityQueueV2"
    kind = "PriorityQueue"
    queue = PriorityQueue
    attrs = {"component_types": [], "capacity": -1, "container": b"", "shared_name": b""}
    minimums = {"component_types": 0, "shapes": 0}
    differs = "Elements of equal priority are taken in the order in which they came; TensorFlow has no rule for them."

    def dtypes_of(self, node: Node) -> list[str]:
        return ["int64", *node.attrs["component_types"]]

    def shapes_of(self, node: Node) -> list[Shape]:
        return [(), *node.attrs["shapes"]]


def _picker(seed: int, seed2: int) -> Callable[[int], int]:
    """A function that gives a number below the one that it is given; zeros seed it from the operating system."""
    reader = WordReader(seeded(seed, seed2))
    return lambda size: reader.next() % size


@register
class RandomShuffleQueueV2(_Making):
    """Makes a queue from which elements are taken by chance."""

    type = "RandomShuffleQueueV2"
    kind = "RandomShuffleQueue"
    attrs = _Making.attrs | {"min_after_dequeue": 0, "seed": 0, "seed2": 0}

    def made(self, state: QueueState, node: Node, key: str) -> Queue:
        attrs = node.attrs
        if 0 <= attrs["capacity"] <= attrs["min_after_dequeue"]:
            raise invalid(f"capacity {attrs['capacity']} must be > min_after_dequeue {attrs['min_after_dequeue']}")
        made = ShuffledQueue(
            _picker(attrs["seed"], attrs["seed2"]),
            attrs["min_after_dequeue"],
            self.kind,
            key,
            attrs["capacity"],
            self.dtypes_of(node),
            self.shapes_of(node),
        )
        made.seeds = (attrs["seed"], attrs["seed2"])
        return made

    def check_same(self, found: Queue, node: Node) -> None:
        super().check_same(found, node)
        assert isinstance(found, ShuffledQueue)
        name, least = f"Shared queue '{found.name}'", node.attrs["min_after_dequeue"]
        if found.least != least:
            raise invalid(f"{name} has min_after_dequeue {found.least} but requested min_after_dequeue was {least}.")
        seeds = (node.attrs["seed"], node.attrs["seed2"])
        if any(seeds) and found.seeds != seeds:
            raise invalid(f"{name} has random seeds {found.seeds} but requested seeds are {seeds}.")


def queue_of(handle: object) -> Queue:
    """The queue of a handle, which has been through an array where it was chosen among several."""
    found = handle.item() if isinstance(handle, np.ndarray) else handle
    if not isinstance(found, Queue):
        raise invalid(f"A queue is needed, and not a {type(found).__name__}.")
    return found


class _OnQueue(Flat):
    """An operation on a queue."""

    stateful = True
    attrs = {"timeout_ms": -1}
    differs = "timeout_ms is without effect, as in TensorFlow."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        return []


@register
class QueueEnqueueV2(_OnQueue):
    """Adds an element, as soon as there is space."""

    type = "QueueEnqueueV2"
    signature = "handle: resource, components: [Tcomponents] ->"
    minimums = {"Tcomponents": 1}

    def kernel(self, node: Node) -> Kernel:
        def add(state: QueueState, handle: object, *components: Array) -> tuple[()]:
            queue = queue_of(handle)
            _check_dtypes(queue, node)
            queue.check_shapes(components, many=False)
            queue.add(state, [tuple(own(np.asarray(value)) for value in components)])
            return ()

        return add


@register
class QueueEnqueueManyV2(_OnQueue):
    """Adds the elements of a batch, each as soon as there is space."""

    type = "QueueEnqueueManyV2"
    signature = "handle: resource, components: [Tcomponents] ->"
    minimums = {"Tcomponents": 1}

    def kernel(self, node: Node) -> Kernel:
        def add(state: QueueState, handle: object, *components: Array) -> tuple[()]:
            queue = queue_of(handle)
            _check_dtypes(queue, node)
            queue.check_shapes(components, many=True)
            owned = [own(value) for value in components]
            queue.add(state, [tuple(value[place, ...] for value in owned) for place in range(len(owned[0]))])
            return ()

        return add


def _check_dtypes(queue: Queue, node: Node) -> None:
    if queue.dtypes != list(node.attrs["Tcomponents"]):
        raise invalid(f"{queue} has components of {queue.dtypes}, but {node.attrs['Tcomponents']} were given.")


@register
class QueueDequeueV2(_OnQueue):
    """Takes an element, as soon as one is there."""

    type = "QueueDequeueV2"
    signature = "handle: resource -> components: [component_types]"
    minimums = {"component_types": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of the queue, as far as known."""
        return _component_shapes(node)

    def kernel(self, node: Node) -> Kernel:
        def take(state: QueueState, handle: object) -> Any:
            queue = queue_of(handle)
            _check_components(queue, node)
            return _given(queue.take(state, 1)[0])

        return take


@register
class QueueDequeueManyV2(_OnQueue):
    """Takes a batch of elements, as soon as there are that many."""

    type = "QueueDequeueManyV2"
    signature = "handle: resource, n: int32 -> components: [component_types]"
    minimums = {"component_types": 1}
    at_most = False

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(n,), and then those of the queue, as far as known."""
        shapes.merge(node.input_shapes[1], ())
        count = None if self.at_most else static_integer(node, 1)
        if count is not None and count < 0:
            raise ValueError(f"n must be >= 0, not {count}")
        return [None if shape is None else (count, *shape) for shape in _component_shapes(node)]

    def kernel(self, node: Node) -> Kernel:
        at_most = self.at_most

        def take(state: QueueState, handle: object, count: Array) -> Any:
            queue = queue_of(handle)
            _check_components(queue, node)
            if count < 0:
                raise invalid(f"DequeueManyOp requested {count} < 0 elements")
            if not queue.shapes:
                raise invalid(
                    f"{queue.kind}'s DequeueMany and DequeueUpTo require the components to have specified shapes."
                )
            return _given(queue.stacked(queue.take(state, int(count), at_most)))

        return take


@register
class QueueDequeueUpToV2(QueueDequeueManyV2):
    """As `QueueDequeueManyV2`, and fewer elements where the queue is closed and has no more."""

    type = "QueueDequeueUpToV2"
    at_most = True


def _given(components: tuple[Array, ...]) -> Any:
    return components[0] if len(components) == 1 else components


def _check_components(queue: Queue, node: Node) -> None:
    if queue.dtypes != list(node.attrs["component_types"]):
        raise invalid(f"{queue} has components of {queue.dtypes}, but {node.attrs['component_types']} are asked for.")


def _component_shapes(node: Node) -> list[Shape]:
    """The shapes of the components of the queue whose handle an operation takes."""
    count = len(node.attrs["component_types"])
    source = node.source(0)
    known = list(source.attrs.get("shapes", ()))
    if known and node.source_type(0).startswith("PriorityQueue"):
        known.insert(0, ())
    return known if len(known) == count else [None] * count


@register
class QueueCloseV2(_OnQueue):
    """Closes a queue: nothing more is added, and what is there can still be taken."""

    type = "QueueCloseV2"
    signature = "handle: resource ->"
    attrs = {"cancel_pending_enqueues": False}
    differs = ""

    def kernel(self, node: Node) -> Kernel:
        cancel = node.attrs["cancel_pending_enqueues"]

        def close(state: QueueState, handle: object) -> tuple[()]:
            queue_of(handle).close(state, cancel)
            return ()

        return close


class _Asking(_OnQueue):
    attrs: ClassVar[dict[str, Any]] = {}
    differs = ""

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]


@register
class QueueSizeV2(_Asking):
    """How many elements a queue has."""

    type = "QueueSizeV2"
    signature = "handle: resource -> size: int32"

    def kernel(self, node: Node) -> Kernel:
        return lambda state, handle: np.int32(queue_of(handle).size())


@register
class QueueIsClosedV2(_Asking):
    """Whether a queue is closed."""

    type = "QueueIsClosedV2"
    signature = "handle: resource -> is_closed: bool"

    def kernel(self, node: Node) -> Kernel:
        return lambda state, handle: np.bool_(queue_of(handle).is_closed)


def by_reference(definition: type[Any], op_type: str, without: str = "") -> None:
    """Register the type of older graphs, whose handles are references of strings.

    Parameters
    ----------
    definition : type
        The definition of the newer type.
    op_type : str
    without : str
        An attribute that the older type does not have.

    Returns
    -------
    None

    Raises
    ------
    ValueError
        The type is registered already.
    """
    signature = definition.signature.replace("handle: resource", "handle: Ref(string)")  # of readers too
    said = {
        "attrs": {key: value for key, value in definition.attrs.items() if key != without},
        "type": op_type,
        "signature": signature,
        "__doc__": f"As `{definition.type}`, in older graphs.",
        "__module__": definition.__module__,  # which is imported where the type is met
    }
    register(type(op_type, (definition,), said))


for _definition in (FIFOQueueV2, PaddingFIFOQueueV2, PriorityQueueV2, RandomShuffleQueueV2, QueueEnqueueV2,
                    QueueEnqueueManyV2, QueueDequeueV2, QueueDequeueManyV2, QueueDequeueUpToV2, QueueCloseV2,
                    QueueSizeV2):  # fmt: skip
    by_reference(_definition, _definition.type.removesuffix("V2"))

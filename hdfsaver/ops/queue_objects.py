"""Queues as a session keeps them: threads wait in them for elements, and for space.

An operation that waits is kept as an attempt, in a line. Each call that changes the queue runs the attempts that have
become possible, in their order, before it ends: an operation that waits for an element has it once it is there,
and not when its thread goes on. So a queue that draws by chance draws from as few elements as TensorFlow's does.

A thread that waits looks twenty times a second whether the session was closed or the time of the run is over, so
that no run waits without end.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from hdfsaver import shapes
from hdfsaver.errors import CancelledError, DeadlineExceededError, OutOfRangeError
from hdfsaver.ops.base import blank, invalid
from hdfsaver.ops.resources import Resource
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_PAUSE = 0.05
"""Seconds between two looks whether a run that waits is to stop."""

_STEP_BACK = 1e-6
"""Seconds that a thread sleeps so that another one goes on; the system makes some hundredths of a millisecond of it."""

_MOST_STEPS = 100
"""How often it does at most, while a thread whose attempt it has done has not gone on."""

Element = tuple[Array, ...]
"""One element of a queue: a value for each component."""


class WaitingState(Protocol):
    """The part of a session's state by which a run that waits knows when to stop."""

    is_closed: bool

    def deadline(self) -> float | None:
        """When a run that begins now is to be stopped, by the clock of `time.monotonic`; None for never."""


class _Manner(threading.local):
    """How the present thread uses queues."""

    steps_back = False


_manner = _Manner()


def step_back() -> None:
    """Let other threads go on whenever the present one has added elements for which nothing waits.

    A thread that only fills queues in advance would otherwise hold Python's lock for several milliseconds, in which
    it fills them whole, while the thread that takes elements could not get as far as to ask for one. In TensorFlow
    threads wait for Python's lock before each run.
    """
    _manner.steps_back = True


class _Attempt:
    """An operation that waits in a queue, in the order of its kind; any thread may bring it forward."""

    def __init__(self, step: Callable[[_Attempt], bool], undo: Callable[[], None] = lambda: None) -> None:
        self.step = step
        """Does what can be done now; whether anything was."""
        self.undo = undo
        """Gives back what was taken, of an attempt that is given up."""
        self.is_done = False
        self.has_gone_on = False
        """Whether its thread knows that."""
        self.error: Exception | None = None

    def end(self, error: Exception | None = None) -> None:
        """Let it be done, or fail."""
        self.is_done, self.error = True, error


class Queue(Resource):
    """Elements in the order in which they came.

    Parameters
    ----------
    kind : str
        The name of the class in TensorFlow, for messages.
    name : str
    capacity : int
        A negative number for no limit.
    dtypes : sequence of str
    component_shapes : sequence of Shape
        The shape of each component; empty where they are not known.
    """

    least = 0
    """How many elements stay for a choice, as long as the queue is open."""

    takes_whole = False
    """Whether a batch is only taken once all of it is there."""

    def __init__(
        self, kind: str, name: str, capacity: int, dtypes: Sequence[str], component_shapes: Sequence[Shape]
    ) -> None:
        self.kind = kind
        self.name = name
        self.capacity = capacity
        self.dtypes = list(dtypes)
        self.shapes = list(component_shapes)
        self.is_closed = False
        self._changed = threading.Condition()
        self._adding: deque[_Attempt] = deque()
        self._taking: deque[_Attempt] = deque()
        self._make_space()

    def __str__(self) -> str:
        return f"{self.kind} '{self.name}'"

    # -- the elements ----------------------------------------------------------------------------------------------

    def _make_space(self) -> None:
        self._elements: deque[Element] = deque()

    def _put(self, element: Element) -> None:
        self._elements.append(element)

    def _pop(self) -> Element:
        return self._elements.popleft()

    def _put_back(self, elements: Sequence[Element]) -> None:
        self._elements.extendleft(reversed(elements))

    def _size(self) -> int:
        return len(self._elements)

    # -- waiting ---------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Bring the operations forward that wait, the first of each kind first."""
        is_moving = True
        while is_moving:
            is_moving = False
            for line in (self._adding, self._taking):
                while line and line[0].step(line[0]):
                    is_moving = True
                    if line[0].is_done:
                        line.popleft()
                    else:
                        break
        self._changed.notify_all()

    def _wait_for(self, state: WaitingState, line: deque[_Attempt], attempt: _Attempt, what: str) -> None:
        deadline = state.deadline()
        with self._changed:
            line.append(attempt)
            try:
                self._go_on()
                while not attempt.is_done:
                    self._pause(state, deadline, what)
            finally:
                attempt.has_gone_on = True
                if attempt in line:
                    line.remove(attempt)
                    attempt.undo()
                    self._go_on()
        if attempt.error is not None:
            raise attempt.error

    @staticmethod
    def _step_back(waiting: Sequence[_Attempt]) -> None:
        """Let other threads go on, at least those whose attempts have just been done."""
        for _ in range(_MOST_STEPS):
            time.sleep(_STEP_BACK)
            if all(attempt.has_gone_on or not attempt.is_done for attempt in waiting):
                return

    def _pause(self, state: WaitingState, deadline: float | None, what: str) -> None:
        if state.is_closed:
            raise CancelledError(None, None, f"{what} operation was cancelled")
        left = _PAUSE if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise DeadlineExceededError(None, None, "Timed out waiting for notification")
        self._changed.wait(min(left, _PAUSE))

    # -- operations ------------------------------------------------------------------------------------------------

    def add(self, state: WaitingState, elements: Sequence[Element]) -> None:
        """Add elements, each as soon as there is space.

        Raises
        ------
        CancelledError
            The queue is closed, or the session while it waited.
        DeadlineExceededError
            The time of the run is over.
        """
        if not elements:
            return  # also where the queue is closed, or full
        left = deque(elements)

        def step(attempt: _Attempt) -> bool:
            if self.is_closed:
                attempt.end(CancelledError(None, None, f"{self} is closed."))
                return True
            before = len(left)
            while left and (self.capacity < 0 or self._size() < self.capacity):
                self._put(left.popleft())
            if not left:
                attempt.end()
            return attempt.is_done or len(left) < before

        with self._changed:
            waiting = list(self._taking)
        self._wait_for(state, self._adding, _Attempt(step), "Enqueue")
        if _manner.steps_back and not self._taking:
            self._step_back(waiting)

    def take(self, state: WaitingState, count: int, at_most: bool = False) -> list[Element]:
        """Take elements, each as soon as there is one.

        Parameters
        ----------
        state : WaitingState
        count : int
        at_most : bool
            Whether fewer, but one, will do where the queue is closed.

        Returns
        -------
        list of tuple

        Raises
        ------
        OutOfRangeError
            The queue is closed, and has too few elements.
        CancelledError
            The session was closed while it waited.
        DeadlineExceededError
            The time of the run is over.
        """
        taken: list[Element] = []
        wanted = count
        if not count:
            return taken

        def step(attempt: _Attempt) -> bool:
            nonlocal wanted
            before, size = len(taken), self._size()
            if self.is_closed and size < wanted - before:
                undo()
                if not (at_most and self._size()):
                    said = f"is closed and has insufficient elements (requested {wanted - before}, current size {size})"
                    attempt.end(OutOfRangeError(None, None, f"{self} {said}"))
                    return True
                before, wanted = 0, self._size()
            if self.takes_whole and self._size() < wanted:
                return False
            while len(taken) < wanted and self._size() > (0 if self.is_closed else self.least):
                taken.append(self._pop())
            if len(taken) == wanted:
                attempt.end()
            return len(taken) > before

        def undo() -> None:
            self._put_back(taken)
            taken.clear()

        self._wait_for(state, self._taking, _Attempt(step, undo), "Dequeue")
        return taken

    def close(self, state: WaitingState, cancel: bool) -> None:
        """Take no more elements: at once, which ends the operations that wait for space, or after these.

        Raises
        ------
        CancelledError
            The queue is closed already, and nothing is to be cancelled; or the session was closed while it waited.
        DeadlineExceededError
            The time of the run is over.
        """

        def step(attempt: _Attempt) -> bool:
            error = CancelledError(None, None, f"{self} is already closed.") if self.is_closed else None
            self.is_closed = True
            attempt.end(error)
            return True

        if not cancel:
            self._wait_for(state, self._adding, _Attempt(step), "Close")
            return
        with self._changed:
            self.is_closed = True
            while self._adding:
                self._adding.popleft().end(CancelledError(None, None, "Enqueue operation was cancelled"))
            self._go_on()

    def size(self) -> int:
        """How many elements there are now."""
        with self._changed:
            return self._size()

    # -- values ----------------------------------------------------------------------------------------------------

    def check_shapes(self, values: Sequence[Array], many: bool) -> None:
        """Refuse values whose shapes do not fit the components.

        Raises
        ------
        InvalidArgumentError
            They do not.
        """
        if many:
            for number, value in enumerate(values):
                if np.ndim(value) == 0:
                    raise invalid(
                        f"All components must have a leading dimension; the shape of tuple component {number} is []."
                    )
                if len(value) != len(values[0]):
                    raise invalid(
                        f"All input tensors must have the same size in the 0th dimension. Component {number} has "
                        f"{len(value)}, and should have {len(values[0])}"
                    )
        for number, (value, shape) in enumerate(zip(values, self.shapes, strict=False)):
            found = np.shape(value)[int(many) :]
            if not shapes.compatible(found, shape):
                before = (len(values[0]),) if many else ()
                raise invalid(
                    f"Shape mismatch in tuple component {number}. Expected {_listed((*before, *(shape or ())))}, got "
                    f"{_listed(np.shape(value))}"
                )

    def stacked(self, elements: Sequence[Element]) -> tuple[Array, ...]:
        """Elements as one batch: an array for each component."""
        return tuple(
            self._stack([element[number] for element in elements], number) for number in range(len(self.dtypes))
        )

    def _stack(self, values: Sequence[Array], number: int) -> Array:
        if not values:
            return blank((0, *(size or 0 for size in self.shapes[number] or ())), self.dtypes[number])
        found = blank((len(values), *np.shape(values[0])), self.dtypes[number])
        for place, value in enumerate(values):
            found[place, ...] = value  # or else an array of strings would hold arrays
        return found


class PaddingQueue(Queue):
    """Elements of different sizes: those of a batch are filled up with zeros, or with empty strings."""

    def _stack(self, values: Sequence[Array], number: int) -> Array:
        if not values:
            return super()._stack(values, number)
        sizes = np.max([np.shape(value) for value in values], axis=0).astype(int).tolist() if np.ndim(values[0]) else []
        found = blank((len(values), *sizes), self.dtypes[number])
        for place, value in enumerate(values):
            part: Any = (place, *map(slice, np.shape(value)))
            found[part] = value
        return found


class ShuffledQueue(Queue):
    """Elements that are taken by chance.

    Parameters
    ----------
    pick : callable
        Gives a number below the one that it is given.
    least : int
        How many elements stay for a choice, as long as the queue is open.
    kind, name, capacity, dtypes, component_shapes
        As for `Queue`.
    """

    def __init__(
        self,
        pick: Callable[[int], int],
        least: int,
        kind: str,
        name: str,
        capacity: int,
        dtypes: Sequence[str],
        component_shapes: Sequence[Shape],
    ) -> None:
        super().__init__(kind, name, capacity, dtypes, component_shapes)
        self._pick = pick
        self.least = least
        self.seeds = (0, 0)

    def _pop(self) -> Element:
        place = self._pick(len(self._elements))
        found = self._elements[place]
        self._elements[place] = self._elements[-1]
        self._elements.pop()
        return found

    def _put_back(self, elements: Sequence[Element]) -> None:
        self._elements.extend(reversed(elements))


class PriorityQueue(Queue):
    """Elements in the order of their first component, also within a batch."""

    takes_whole = True

    def _make_space(self) -> None:
        self._heap: list[tuple[int, int, Element]] = []
        self._numbers = itertools.count()

    def _put(self, element: Element) -> None:
        if np.ndim(element[0]):
            raise invalid(f"Expected the priority element to be a scalar, but received shape {np.shape(element[0])}")
        heapq.heappush(self._heap, (int(element[0]), next(self._numbers), element))

    def _pop(self) -> Element:
        return heapq.heappop(self._heap)[2]

    def _put_back(self, elements: Sequence[Element]) -> None:
        for element in elements:
            self._put(element)

    def _size(self) -> int:
        return len(self._heap)


def _listed(shape: Any) -> str:
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"

"""Iterators while a graph runs: the dataset that is read, how far, and that place as a value for a checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hdfsaver import shapes
from hdfsaver.datasets.dataset_elements import Context, Dataset, Element, Elements
from hdfsaver.datasets.saved_state import SavedState, from_bytes, to_bytes
from hdfsaver.errors import DataLossError, FailedPreconditionError, InvalidArgumentError
from hdfsaver.ops.resources import Resource
from hdfsaver.session.inner_state import InnerState, evaluated
from hdfsaver.shapes import Shape
from hdfsaver.shapes import text as shape_text
from hdfsaver.tensor_info import Array

KIND = "iterator"
"""The kind of resource in a session."""

_UNSTARTED = "unstarted"


class IteratorResource(Resource):
    """The iterator of one handle in one session.

    Parameters
    ----------
    key : str
        That of the handle.
    types : sequence of str
        The dtypes of the components.
    sizes : sequence of tuple or None
        Their shapes.
    """

    def __init__(self, key: str, types: Sequence[str], sizes: Sequence[Shape]) -> None:
        self.key = key
        self.types = list(types)
        self.shapes = list(sizes)
        self.maker = ""
        self.factory: Callable[[], Dataset] | None = None
        self._dataset: Dataset | None = None
        self._elements: Elements | None = None
        self._context: Context | None = None
        self._pending: SavedState | None = None
        self._lock = threading.RLock()

    def start(self, dataset: Dataset, state: Any, maker: str) -> None:
        """Read a dataset from its beginning.

        Parameters
        ----------
        dataset : Dataset
        state : SessionState
        maker : str
            The operation that made the dataset.
        """
        with self._lock:
            self.close()
            context = Context(InnerState(state))
            self._elements = dataset.elements(context)
            self._dataset, self._context, self.maker = dataset, context, maker
            self._pending = None

    def next(self, state: Any) -> Element | None:
        """The next element, None at the end.

        Raises
        ------
        FailedPreconditionError
            There is no dataset yet.
        """
        with self._lock:
            elements = self._elements
            if elements is None:
                elements = self._started(state)
            found = elements.next()
            if found is not None:
                self._check(found)
            return found

    def _started(self, state: Any) -> Elements:
        """The elements of a dataset that is only made now: of a one-shot iterator, or of one that was restored."""
        pending = self._pending
        if pending is not None and self.factory is None:
            dataset = self._made_again(state, pending)
            self.start(dataset, state, _text(pending["maker"]))
        elif self.factory is not None:
            self.start(self.factory(), state, self.key)
        else:
            raise FailedPreconditionError(
                None,
                None,
                "GetNext() failed because the iterator has not been initialized. Ensure that you have run the "
                f"initializer operation for this iterator ({self.key!r}) before getting the next element.",
            )
        if pending is not None:
            self._go_to(pending)
        assert self._elements is not None, "it was just started"
        return self._elements

    def _made_again(self, state: Any, saved: SavedState) -> Dataset:
        """The dataset that a saved state is of, made by the operations of the graph."""
        maker = _text(saved["maker"])
        try:
            found = evaluated(state, maker, _fed(saved))
        except (KeyError, ValueError) as error:
            raise DataLossError(
                None,
                None,
                f"The state of iterator {self.key!r} that was restored is that of the dataset {maker!r}, which the "
                f"graph does not have: {error}",
            ) from None
        assert isinstance(found, Dataset), "the state has the name of a dataset"
        return found

    def _check(self, element: Element) -> None:
        if len(element) != len(self.types):
            raise InvalidArgumentError(
                None,
                None,
                f"Number of components does not match: expected {len(self.types)} types but got {len(element)}.",
            )
        for place, (component, wanted) in enumerate(zip(element, self.shapes, strict=True)):
            if wanted is not None and not shapes.compatible(wanted, np.shape(component)):
                raise InvalidArgumentError(
                    None,
                    None,
                    f"Incompatible shapes at component {place}: expected {shape_text(wanted)} but got "
                    f"{shape_text(np.shape(component))}.",
                )

    def saved(self) -> Array | None:
        """The place as a vector of uint8; None where nothing is read."""
        with self._lock:
            if self._elements is None or self._context is None or self._dataset is None:
                return None if self._pending is None else to_bytes(self._pending)
            saved = SavedState()
            saved["maker"] = self.maker.encode("utf-8", "surrogateescape")
            for number, (name, value) in enumerate(self._dataset.fed_inputs()):
                saved[f"fed{number}"] = name.encode("utf-8", "surrogateescape")
                saved.put_element(f"fed{number}.value", [value])
            for name, value in random_places(self._context.state).items():
                saved.inside("random")[name] = value
            self._elements.save(saved.inside("place"))
            return to_bytes(saved)

    def restore(self, data: Array) -> None:
        """Go on at a place that was saved: now, or when the dataset is known."""
        saved = from_bytes(data)
        with self._lock:
            if _UNSTARTED in saved:
                self.close()
                self._pending = None
                return
            dataset, context = self._dataset, self._context
            self._pending = saved
            if dataset is not None and context is not None and self.maker == _text(saved["maker"]):
                state: Any = context.state
                self.start(dataset, state, self.maker)
                self._go_to(saved)
            else:
                self.close()

    def _go_to(self, saved: SavedState) -> None:
        assert self._elements is not None, "it was just started"
        assert self._context is not None, "it was just started"
        self._elements.restore(saved.inside("place"))
        set_random_places(self._context.state, _named(saved, "random/"))
        self._pending = None

    def release(self) -> None:
        """Let go of what is read, as the session is closed."""
        self.close()

    def close(self) -> None:
        """Let go of what is read."""
        elements, self._elements = self._elements, None
        self._dataset = self._context = None
        if elements is not None:
            elements.close()


def unstarted() -> Array:
    """The place of an iterator that starts by itself, before it has."""
    return to_bytes(SavedState({_UNSTARTED: 1}))


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _named(saved: SavedState, prefix: str) -> Mapping[str, Any]:
    return {name.removeprefix(prefix): value for name, value in saved.values.items() if name.startswith(prefix)}


def _fed(saved: SavedState) -> Mapping[str, Array]:
    found: dict[str, Array] = {}
    while f"fed{len(found)}" in saved:
        number = len(found)
        found[_text(saved[f"fed{number}"])] = saved.element(f"fed{number}.value")[0]
    return found


def random_places(state: Any) -> Mapping[str, Any]:
    """The places of the random operations of an iterator's functions, as plain values."""
    streams = getattr(state, "random", None)
    found = {} if streams is None else streams.snapshot()
    return {name: b"%d %d" % (place.key, place.counter) for name, place in found.items()}


def set_random_places(state: Any, places: Mapping[str, Any]) -> None:
    """Let the random operations of an iterator's functions go on from there."""
    streams = getattr(state, "random", None)
    if streams is not None:
        from hdfsaver.random_numbers.philox import Stream

        streams.replace({name: Stream(*map(int, place.split())) for name, place in places.items()})

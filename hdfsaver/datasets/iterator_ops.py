"""Iterators as operations: handles of iterators, what starts them, and what takes the next element."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from hdfsaver.datasets.dataset_op_base import dataset_of
from hdfsaver.datasets.iterator_resource import KIND, IteratorResource
from hdfsaver.errors import InvalidArgumentError, OutOfRangeError
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.ops.base import Flat, boxed, variable_key
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_OF_ELEMENTS = {"output_types": "list(type)", "output_shapes": "list(shape)"}
_AT_LEAST_ONE = {"output_types": 1, "output_shapes": 1}
_HANDLE = b"iterator:"


def resource_of(state: Any, key: str) -> IteratorResource:
    """The iterator of a handle in a session; `InvalidArgumentError` where there is none."""

    def missing() -> IteratorResource:
        raise InvalidArgumentError(None, None, f"There is no iterator {key!r} in this session.")

    found: IteratorResource = state.resource((KIND, key), missing)
    return found


class _Handle(Flat):
    signature = "-> handle: resource"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """(), that of the handle."""
        return [()]


@register
class IteratorV2(_Handle):
    """The handle of an iterator, which a MakeIterator starts."""

    type = "IteratorV2"
    needed = {"shared_name": "string", "container": "string", **_OF_ELEMENTS}
    minimums = _AT_LEAST_ONE

    def kernel(self, node: Node) -> Kernel:
        key, attrs = variable_key(node), node.attrs

        def handle(state: Any) -> str:
            state.resource((KIND, key), lambda: IteratorResource(key, attrs["output_types"], attrs["output_shapes"]))
            return key

        return handle


@register
class Iterator(IteratorV2):
    """As `IteratorV2`."""

    type = "Iterator"


@register
class OneShotIterator(_Handle):
    """The handle of an iterator of the dataset that a function makes."""

    type = "OneShotIterator"
    needed = {"dataset_factory": "func", **_OF_ELEMENTS}
    minimums = _AT_LEAST_ONE
    attrs = {"container": b"", "shared_name": b""}

    def kernel(self, node: Node) -> Kernel:
        key, attrs = variable_key(node), node.attrs

        def handle(state: Any) -> str:
            def make() -> IteratorResource:
                made = IteratorResource(key, attrs["output_types"], attrs["output_shapes"])
                made.factory = lambda: dataset_of(state.functions.call(attrs["dataset_factory"], ())[0])
                return made

            state.resource((KIND, key), make)
            return key

        return handle


@register
class MakeIterator(Flat):
    """Starts an iterator at the beginning of a dataset."""

    type = "MakeIterator"
    signature = "dataset: variant, iterator: resource ->"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """There is no output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        source, output = node.inputs[0]
        maker = f"{source}:{output}"

        def start(state: Any, dataset: Any, key: str) -> tuple[()]:
            resource_of(state, key).start(dataset_of(dataset), state, maker)
            return ()

        return start


class _FromHandle(Flat):
    needed: ClassVar[Mapping[str, str]] = {"output_shapes": "list(shape)"}
    minimums: ClassVar[Mapping[str, int]] = _AT_LEAST_ONE
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Those of the attribute output_shapes."""
        return list(node.attrs["output_shapes"])


@register
class IteratorGetNext(_FromHandle):
    """The next element of an iterator; `OutOfRangeError` at the end."""

    type = "IteratorGetNext"
    signature = "iterator: resource -> components: [output_types]"

    def kernel(self, node: Node) -> Kernel:
        is_single = len(node.attrs["output_types"]) == 1

        def following(state: Any, key: str) -> Any:
            element = resource_of(state, key).next(state)
            if element is None:
                raise OutOfRangeError(None, None, "End of sequence")
            return element[0] if is_single else element

        return following


@register
class IteratorGetNextSync(IteratorGetNext):
    """As `IteratorGetNext`."""

    type = "IteratorGetNextSync"


class Optional:
    """An element, or that there is none, as the value of a tensor."""

    def __init__(self, element: tuple[Array, ...] | None) -> None:
        self.element = element


@register
class IteratorGetNextAsOptional(Flat):
    """The next element of an iterator, or that there is none."""

    type = "IteratorGetNextAsOptional"
    signature = "iterator: resource -> optional: variant"
    needed = _OF_ELEMENTS
    minimums = _AT_LEAST_ONE
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda state, key: Optional(resource_of(state, key).next(state))


@register
class OptionalFromValue(Flat):
    """Tensors as an element."""

    type = "OptionalFromValue"
    signature = "components: [Toutput_types] -> optional: variant"
    minimums = {"Toutput_types": 1}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda *components: Optional(components)


@register
class OptionalNone(Flat):
    """That there is no element."""

    type = "OptionalNone"
    signature = "-> optional: variant"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda: Optional(None)


@register
class OptionalHasValue(Flat):
    """Whether there is an element."""

    type = "OptionalHasValue"
    signature = "optional: variant -> has_value: bool"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda optional: np.bool_(optional.element is not None)


@register
class OptionalGetValue(_FromHandle):
    """The element that there is."""

    type = "OptionalGetValue"
    signature = "optional: variant -> components: [output_types]"
    stateful = False

    def kernel(self, node: Node) -> Kernel:
        def value(optional: Optional) -> Any:
            if optional.element is None:
                raise InvalidArgumentError(None, None, "The given optional does not have a value.")
            return optional.element[0] if len(optional.element) == 1 else optional.element

        return value


@register
class IteratorToStringHandle(Flat):
    """The name of an iterator in the session, which may be fed to another run."""

    type = "IteratorToStringHandle"
    signature = "resource_handle: resource -> string_handle: string"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        return lambda state, key: boxed(_HANDLE + key.encode("utf-8", "surrogateescape"))


@register
class IteratorFromStringHandleV2(Flat):
    """The iterator of a name that `IteratorToStringHandle` gave."""

    type = "IteratorFromStringHandleV2"
    signature = "string_handle: string -> resource_handle: resource"
    needed = _OF_ELEMENTS
    attrs = {"output_types": [], "output_shapes": []}
    minimums = {"output_types": 0, "output_shapes": 0}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        types = node.attrs["output_types"]

        def handle(state: Any, name: Array) -> str:
            given: bytes = np.asarray(name).item()
            if not given.startswith(_HANDLE):
                raise InvalidArgumentError(None, None, f"{given!r} is not the handle of an iterator.")
            key: str = given[len(_HANDLE) :].decode("utf-8", "surrogateescape")
            found = resource_of(state, key)
            if types and found.types != types:
                raise InvalidArgumentError(
                    None, None, f"The iterator {key!r} has elements of {found.types}, where {types} are needed."
                )
            return key

        return handle


@register
class IteratorFromStringHandle(IteratorFromStringHandleV2):
    """As `IteratorFromStringHandleV2`."""

    type = "IteratorFromStringHandle"

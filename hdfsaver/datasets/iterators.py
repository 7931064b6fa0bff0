"""``tf.data.Iterator``: what gives the next element of a dataset in each run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from hdfsaver import dtypes, schema
from hdfsaver.datasets import element_structures as structure
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.definition import find
from hdfsaver.graph.function_graphs import add_function, function_def
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.graph.walks import ancestors
from hdfsaver.ops.seeds import get_seed

GET_NEXT_CALLS = 32
"""From so many calls of `get_next` on, a program is warned: each makes operations."""

_MANY_CALLS = (
    "An unusually high number of `Iterator.get_next()` calls was detected. This often indicates that "
    "`Iterator.get_next()` is being called inside a training loop, which will cause gradual slowdown and eventual "
    "resource exhaustion. If this is the case, restructure your code to call `next_element = iterator.get_next()` once "
    "outside the loop, and use `next_element` as the input to some computation that is invoked inside the loop."
)


class Iterator:
    """The handle of an iterator.

    Programs make it by ``dataset.make_one_shot_iterator()``, `from_structure` and others.

    Parameters
    ----------
    iterator_resource : Tensor
        The handle.
    initializer : Operation or None
        What starts it.
    element_structure : object
        What its elements are.
    """

    _dataset: ClassVar[Callable[[Tensor, Any], Any]]
    """Makes a dataset of a tensor and a structure."""

    def __init__(self, iterator_resource: Tensor, initializer: Operation | None, element_structure: Any) -> None:
        self._iterator_resource = iterator_resource
        self._initializer = initializer
        self._structure = element_structure
        with iterator_resource.graph.as_default():
            self._string_handle = apply("IteratorToStringHandle", iterator_resource)
        self._get_next_calls = 0

    @staticmethod
    def from_structure(
        output_types: Any, output_shapes: Any = None, shared_name: str | None = None, output_classes: Any = None
    ) -> Iterator:
        """An iterator without a dataset: `make_initializer` starts it with one of several.

        Parameters
        ----------
        output_types : structure of dtypes
        output_shapes : structure of shapes, optional
        shared_name : str, optional
        output_classes : structure of classes, optional

        Returns
        -------
        Iterator
        """
        leaves = structure.made_of(output_types, output_shapes, output_classes)
        return Iterator(_handle(leaves, shared_name), None, leaves)

    @staticmethod
    def from_string_handle(
        string_handle: TensorLike, output_types: Any, output_shapes: Any = None, output_classes: Any = None
    ) -> Iterator:
        """The iterator whose handle is fed.

        Parameters
        ----------
        string_handle : Tensor
            What `string_handle` of another iterator gave in the session.
        output_types : structure of dtypes
        output_shapes : structure of shapes, optional
        output_classes : structure of classes, optional

        Returns
        -------
        Iterator
        """
        leaves = structure.made_of(output_types, output_shapes, output_classes)
        handle = convert_to_tensor(string_handle, dtypes.string)
        resource = apply("IteratorFromStringHandleV2", handle, **_of_elements(leaves))
        return Iterator(resource, None, leaves)

    @property
    def initializer(self) -> Operation:
        """What starts it.

        Raises
        ------
        ValueError
            It has none.
        """
        if self._initializer is None:
            raise ValueError(
                "The iterator does not have an initializer. This means it was likely created using "
                "`tf.data.Dataset.make_one_shot_iterator()`. For an initializable iterator, use "
                "`tf.data.Dataset.make_initializable_iterator()` instead."
            )
        return self._initializer

    def make_initializer(self, dataset: Any, name: str | None = None) -> Operation:
        """What starts it with a dataset.

        Parameters
        ----------
        dataset : Dataset
        name : str, optional

        Returns
        -------
        Operation

        Raises
        ------
        TypeError
            The elements of the dataset have other types or shapes.
        """
        wanted, given = structure.types_of(self._structure), structure.types_of(dataset._structure)
        if wanted != given:
            raise TypeError(f"Expected output types {wanted!r} but got dataset with output types {given!r}.")
        for mine, other in zip(structure.flat(self._structure), structure.flat(dataset._structure), strict=True):
            if mine.is_sparse != other.is_sparse:
                raise TypeError("The dataset has sparse tensors where the iterator has none, or the other way round.")
            if not _is_within(other.shape, mine.shape):
                raise TypeError(
                    f"Expected output shapes compatible with {structure.shapes_of(self._structure)!r} but got dataset "
                    f"with output shapes {structure.shapes_of(dataset._structure)!r}."
                )
        graph = self._iterator_resource.graph
        with graph.colocate_with(self._iterator_resource.op):
            return apply_op(
                "MakeIterator", dataset._variant_tensor, self._iterator_resource, name=name or "make_initializer"
            )

    def get_next(self, name: str | None = None) -> Any:
        """The next element: each run that needs it takes one.

        Parameters
        ----------
        name : str, optional

        Returns
        -------
        structure of Tensor
            `OutOfRangeError` at the end, when run.
        """
        self._get_next_calls += 1
        if self._get_next_calls > GET_NEXT_CALLS:
            import warnings  # few programs come here

            warnings.warn(_MANY_CALLS, stacklevel=2)
        graph = self._iterator_resource.graph
        with graph.colocate_with(self._iterator_resource.op):
            found = apply_list("IteratorGetNext", self._iterator_resource, name=name, **_of_elements(self._structure))
        return structure.from_flat(self._structure, found, type(self)._dataset)

    def get_next_as_optional(self) -> Any:
        """Not here, as what it gives are no tensors."""
        raise NotImplementedError("Use `get_next`, and catch tf.errors.OutOfRangeError.")

    def string_handle(self, name: str | None = None) -> Tensor:
        """The name of the iterator in a session, for the placeholder that `from_string_handle` takes."""
        if name is None:
            return self._string_handle
        return apply("IteratorToStringHandle", self._iterator_resource, name=name)

    @property
    def output_types(self) -> Any:
        """The dtypes of the components of an element, in its structure."""
        return structure.types_of(self._structure)

    @property
    def output_shapes(self) -> Any:
        """The shapes of the components of an element, in its structure."""
        return structure.shapes_of(self._structure)

    @property
    def output_classes(self) -> Any:
        """The classes of the components of an element, in its structure."""
        return type(self)._dataset(self._iterator_resource, self._structure).output_classes

    @property
    def element_spec(self) -> Any:
        """What the elements are."""
        return self._structure


def _is_within(found: Any, wanted: Any) -> bool:
    """Whether all values of one shape are values of the other."""
    if wanted is None:
        return True
    return (
        found is not None
        and len(found) == len(wanted)
        and all(size is None or size == other for size, other in zip(wanted, found, strict=True))
    )


def _of_elements(leaves: Any) -> dict[str, Any]:
    return {"output_types": structure.flat_types(leaves), "output_shapes": structure.flat_shapes(leaves)}


def _handle(leaves: Any, shared_name: str | None) -> Tensor:
    return apply("IteratorV2", container=b"", shared_name=(shared_name or "").encode(), **_of_elements(leaves))


def initializable(dataset: Any, shared_name: str | None) -> Iterator:
    """The iterator of a dataset, which its initializer starts.

    Parameters
    ----------
    dataset : Dataset
    shared_name : str or None

    Returns
    -------
    Iterator
    """
    graph = dataset._variant_tensor.graph
    with graph.as_default(), graph.colocate_with(dataset._variant_tensor.op):
        resource = _handle(dataset._structure, shared_name)
        initializer = apply_op("MakeIterator", dataset._variant_tensor, resource)
        return Iterator(resource, initializer, dataset._structure)


def one_shot(dataset: Any) -> Iterator:
    """The iterator of a dataset that a function of the graph makes again.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Iterator

    Raises
    ------
    ValueError
        The dataset depends on a placeholder or on a variable.
    """
    variant: Tensor = dataset._variant_tensor
    graph = variant.graph
    try:
        factory = _factory(graph, variant)
    except ValueError as error:
        raise ValueError(
            f"{error}: A one-shot iterator cannot be made of a dataset that depends on something that a run changes, "
            "such as a placeholder or a variable. Use `make_initializable_iterator()`."
        ) from None
    with graph.as_default(), graph.colocate_with(variant.op):
        get_seed(None)  # as in TensorFlow, where the function has it
        resource = apply("OneShotIterator", dataset_factory=factory, **_of_elements(dataset._structure))
        return Iterator(resource, None, dataset._structure)


def _factory(graph: Graph, variant: Tensor) -> Mapping[str, Any]:
    needed = ancestors(graph.data, [variant.op.name], frozenset())
    copy = Graph()
    for name, data in graph.data.nodes(data=True):
        if name in needed:
            _check_constant(name, data["op"])
            attrs = {key: value for key, value in data["attrs"].items() if key != "_class"}
            schema.add_node(
                copy.data,
                name,
                op=data["op"],
                inputs=data["inputs"],
                control_inputs=data["control_inputs"],
                attrs=attrs,
                outputs=data["outputs"],
            )
    copy.changed()
    definition = function_def(copy, (), [copy.tensor(variant.op.name, variant.value_index)], {})
    definition.signature.name = _unique(graph, f"_make_dataset_{re.sub(r'[^A-Za-z0-9]', '_', variant.op.name)}")
    definition.signature.description = "Factory function for a dataset."
    add_function(graph, definition)
    return {"name": definition.signature.name, "attr": {}}


def _unique(graph: Graph, name: str) -> str:
    taken = {function.signature.name for function in graph.library.function}
    found, number = name, 0
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _check_constant(name: str, op_type: str) -> None:
    if op_type in ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault"):
        raise ValueError(f"Cannot capture a placeholder (name:{name}, type:{op_type}) by value.")
    definition = find(op_type)
    is_stateful = definition is None or definition.stateful
    if is_stateful and not op_type.endswith(("Dataset", "DatasetV2")):
        raise ValueError(f"Cannot capture a stateful node (name:{name}, type:{op_type}) by value.")

"""Datasets of Python's generators: three functions of the program take, read and forget a generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.datasets import element_structures as structure
from hdfsaver.datasets.element_structures import Leaf
from hdfsaver.datasets.traced import TracedFunction
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import as_array, convert_to_tensor
from hdfsaver.ops.python_functions import py_func
from hdfsaver.tensor_info import Array


class _Generators:
    """The generators that are read, by numbers."""

    def __init__(self, generator: Callable[..., Any], leaves: Any) -> None:
        self._generator = generator
        self._leaves = leaves
        self._flat: list[Leaf] = structure.flat(leaves)
        self._numbers = count()
        self._open: dict[int, Iterator[Any]] = {}

    def begin(self, *args: Any) -> np.int64:
        """Call the function of the program."""
        number = next(self._numbers)
        self._open[number] = iter(self._generator(*args))
        return np.int64(number)

    def next(self, number: Any) -> Any:
        """The next element as arrays; `StopIteration` at the end."""
        given = next(self._open[int(number)])
        if isinstance(given, list):
            given = tuple(given) if structure.is_structure(self._leaves) else given
        items = self._items(given)
        return tuple(_component(item, leaf) for item, leaf in zip(items, self._flat, strict=True))

    def _items(self, given: Any) -> list[Any]:
        try:
            wanted, found = (structure.mapped(lambda leaf: 0, item) for item in (self._leaves, given))
        except (TypeError, ValueError):
            wanted, found = 1, 0
        if not structure.is_structure(self._leaves):
            return [given]
        items = structure.flat(given)
        if len(items) != len(self._flat) or (isinstance(self._leaves, dict) and wanted != found):
            raise TypeError(
                "`generator` yielded an element that did not match the expected structure. The expected structure was "
                f"{structure.types_of(self._leaves)}, but the yielded element was {given}."
            )
        return items

    def end(self, number: Any) -> np.int64:
        """Forget a generator."""
        found: Any = self._open.pop(int(number), None)
        if hasattr(found, "close"):
            found.close()
        return np.int64(0)


def _component(item: Any, leaf: Leaf) -> Array:
    try:
        array = as_array(item, leaf.dtype)[0] if not isinstance(item, np.ndarray | np.generic) else np.asarray(item)
        if leaf.dtype != "string":
            array = array.astype(dtypes.numpy_dtype(leaf.dtype), copy=False)
        elif array.dtype.kind in "SU":
            array = as_array(array)[0]
    except (TypeError, ValueError) as error:
        raise TypeError(
            "`generator` yielded an element that could not be converted to the expected type. The expected type was "
            f"{leaf.dtype}, but the yielded element was {item}."
        ) from error
    if not shapes.compatible(leaf.shape, np.shape(array)):
        raise TypeError(
            f"`generator` yielded an element of shape {np.shape(array)} where an element of shape "
            f"{shapes.text(leaf.shape)} was expected."
        )
    return array


def generator_dataset(
    generator: Callable[..., Any], leaves: Any, args: Sequence[Any], dataset: Callable[[Tensor, Any], Any]
) -> Any:
    """The dataset of a generator.

    Parameters
    ----------
    generator : callable
    leaves : object
        The structure of its elements.
    args : sequence
        The tensors whose values it takes.
    dataset : callable
        Makes a dataset of a tensor and a structure.

    Returns
    -------
    Dataset
    """
    generators = _Generators(generator, leaves)
    number = Leaf("int64", ())
    tensors = [convert_to_tensor(arg, name=f"args_{place}") for place, arg in enumerate(args)]

    def get_iterator_id_fn(_: Tensor) -> Tensor:
        return _number(py_func(generators.begin, tensors, dtypes.int64))

    def generator_next_fn(iterator: Tensor) -> Any:
        flat = structure.flat(leaves)
        found = py_func(generators.next, [iterator], [leaf.dtype for leaf in flat])
        for tensor, leaf in zip(found, flat, strict=True):  # type: ignore[arg-type]
            tensor.set_shape(leaf.shape)
        return structure.filled(leaves, found)  # type: ignore[arg-type]

    def finalize_fn(iterator: Tensor) -> Tensor:
        return _number(py_func(generators.end, [iterator], dtypes.int64))

    def flat_map_fn(dummy: Tensor) -> Any:
        begun = TracedFunction(get_iterator_id_fn, Leaf("int32", ()), "from_generator", dataset)
        following = TracedFunction(generator_next_fn, number, "from_generator", dataset)
        ended = TracedFunction(finalize_fn, number, "from_generator", dataset)
        made = apply(
            "GeneratorDataset",
            [dummy, *begun.captured],
            following.captured,
            ended.captured,
            init_func=begun.value,
            next_func=following.value,
            finalize_func=ended.value,
            output_types=structure.flat_types(leaves),
            output_shapes=structure.flat_shapes(leaves),
        )
        return dataset(made, leaves)

    with get_default_graph().name_scope("normalize_element"):
        component = convert_to_tensor(np.int32(0), name="component_0")
    one = apply("TensorDataset", [component], output_shapes=[()], Toutput_types=["int32"])
    traced = TracedFunction(flat_map_fn, Leaf("int32", ()), "flat_map", dataset)
    made = apply(
        "FlatMapDataset",
        one,
        traced.captured,
        f=traced.value,
        output_types=structure.flat_types(leaves),
        output_shapes=structure.flat_shapes(leaves),
    )
    return dataset(made, leaves)


def _number(tensor: Any) -> Tensor:
    tensor.set_shape(())
    found: Tensor = tensor
    return found

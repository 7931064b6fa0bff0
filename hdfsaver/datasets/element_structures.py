"""What the elements of a dataset are: nested structures of tensors, sparse tensors and datasets, and their parts.

Tuples, named tuples and dicts are structures. A list is not one: it becomes a tensor, as in TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hdfsaver import dtypes, shapes
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import SparseTensor, SparseTensorValue
from hdfsaver.graph.tensor import Tensor
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.shapes import Shape, TensorShape


@dataclass(frozen=True)
class Leaf:
    """One component of an element.

    Attributes
    ----------
    dtype : str
        For a dataset ``variant``.
    shape : tuple or None
    is_sparse : bool
    inner : object
        The structure of a dataset's elements; None for a tensor.
    """

    dtype: str
    shape: Shape
    is_sparse: bool = False
    inner: Any = None

    @property
    def flat_dtype(self) -> str:
        """The dtype of the tensor that stands for it in a dataset."""
        return "variant" if self.is_sparse else self.dtype

    @property
    def flat_shape(self) -> Shape:
        """The shape of that tensor."""
        return None if self.is_sparse else self.shape

    def batched(self, size: int | None) -> Leaf:
        """Several of them together."""
        return replace(self, shape=None if self.shape is None else (size, *self.shape))

    def unbatched(self) -> Leaf:
        """One of several."""
        return replace(self, shape=None if self.shape is None else self.shape[1:])


def is_structure(value: Any) -> bool:
    """Whether a value is taken apart."""
    return isinstance(value, tuple | Mapping) and not isinstance(value, SparseTensorValue)


def flat(structure: Any) -> list[Any]:
    """The leaves of a structure, those of dicts in the order of their keys."""
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in flat(structure[key])]
    if is_structure(structure):
        return [leaf for item in structure for leaf in flat(item)]
    return [structure]


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The same structure with other leaves."""
    if isinstance(structure, Mapping):
        made = {key: mapped(function, structure[key]) for key in sorted(structure)}
        kind: Any = type(structure)
        return kind((key, made[key]) for key in structure)
    if is_structure(structure):
        items = [mapped(function, item) for item in structure]
        kind = type(structure)
        return kind(*items) if hasattr(kind, "_fields") else kind(items)
    return function(structure)


def filled(structure: Any, leaves: Iterable[Any]) -> Any:
    """The same structure with these leaves."""
    given = iter(leaves)
    return mapped(lambda leaf: next(given), structure)


def leaf_of(value: Any) -> Leaf:
    """What a tensor, a sparse tensor or a dataset is."""
    if isinstance(value, SparseTensor):
        return Leaf(value.dtype.name, value.shape.plain, is_sparse=True)
    if isinstance(value, Tensor):
        return Leaf(value.dtype.base_dtype.name, value.shape.plain)
    return Leaf("variant", (), inner=value._structure)


def as_tensors(value: Any, names: Iterator[str] | None = None) -> Any:
    """The structure with tensors in place of arrays and numbers.

    Parameters
    ----------
    value : object
    names : iterator of str, optional
        Names of constants.

    Returns
    -------
    object
    """

    def made(leaf: Any) -> Any:
        name = None if names is None else next(names)
        if isinstance(leaf, SparseTensorValue):
            return SparseTensor.from_value(leaf)
        if isinstance(leaf, SparseTensor) or hasattr(leaf, "_variant_tensor"):
            return leaf
        return convert_to_tensor(leaf, name=name)

    return mapped(made, value)


def to_flat(value: Any) -> list[Tensor]:
    """The tensors that stand for an element in a dataset; sparse tensors are packed."""
    return [_packed(leaf) for leaf in flat(value)]


def _packed(leaf: Any) -> Tensor:
    if isinstance(leaf, SparseTensor):
        return apply("SerializeSparse", leaf.indices, leaf.values, leaf.dense_shape, out_type="variant")
    packed: Tensor = leaf if isinstance(leaf, Tensor) else leaf._variant_tensor
    return packed


def from_flat(structure: Any, tensors: Sequence[Tensor], dataset: Callable[[Tensor, Any], Any]) -> Any:
    """The element that tensors of a dataset stand for.

    Parameters
    ----------
    structure : object
    tensors : sequence of Tensor
    dataset : callable
        Makes a dataset of a tensor and the structure of its elements.

    Returns
    -------
    object
    """
    given = iter(tensors)

    def made(leaf: Leaf) -> Any:
        tensor = next(given)
        if leaf.inner is not None:
            return dataset(tensor, leaf.inner)
        if not leaf.is_sparse:
            return tensor
        indices, values, dense_shape = apply_list("DeserializeSparse", tensor, dtype=leaf.dtype)
        rank = None if leaf.shape is None else len(leaf.shape)
        indices.set_shape([None, rank])
        dense_shape.set_shape([rank])
        sparse = SparseTensor(indices, values, dense_shape)
        sparse.set_shape(TensorShape(leaf.shape))
        return sparse

    return mapped(made, structure)


def types_of(structure: Any) -> Any:
    """The dtypes of the components, in the structure; of a dataset those of its elements."""
    return mapped(
        lambda leaf: types_of(leaf.inner) if leaf.inner is not None else dtypes.as_dtype(leaf.dtype), structure
    )


def shapes_of(structure: Any) -> Any:
    """The shapes of the components, in the structure."""
    return mapped(lambda leaf: shapes_of(leaf.inner) if leaf.inner is not None else TensorShape(leaf.shape), structure)


def flat_types(structure: Any) -> list[str]:
    """The dtypes of the tensors in a dataset."""
    return [leaf.flat_dtype for leaf in flat(structure)]


def flat_shapes(structure: Any) -> list[Shape]:
    """The shapes of the tensors in a dataset."""
    return [leaf.flat_shape for leaf in flat(structure)]


def made_of(types: Any, sizes: Any = None, classes: Any = None) -> Any:
    """The structure of dtypes, shapes and classes.

    Parameters
    ----------
    types : structure of dtypes
    sizes : structure of shapes, optional
        Unknown by default.
    classes : structure of classes, optional
        Tensors by default.

    Returns
    -------
    object

    Raises
    ------
    TypeError
        The structures are different.
    """
    types = mapped(dtypes.as_dtype, types)
    leaves = flat(types)
    sizes_flat: list[Any] = [None] * len(leaves) if sizes is None else _shapes_like(types, sizes)
    classes_flat = [Tensor] * len(leaves) if classes is None else flat(classes)
    if len(sizes_flat) != len(leaves) or len(classes_flat) != len(leaves):
        raise TypeError(f"The structures of types and shapes differ: {types!r} and {sizes!r}.")
    return filled(
        types,
        (
            Leaf(dtype.name, shapes.as_shape(size), issubclass(kind, SparseTensor))
            for dtype, size, kind in zip(leaves, sizes_flat, classes_flat, strict=True)
        ),
    )


def _shapes_like(types: Any, sizes: Any) -> list[Any]:
    """Shapes in the order of the leaves of types: a tuple of numbers is one shape where a dtype is."""
    if isinstance(types, Mapping):
        if not isinstance(sizes, Mapping) or sizes.keys() != types.keys():
            raise TypeError(f"The structures of types and shapes differ: {types!r} and {sizes!r}.")
        return [shape for key in sorted(types) for shape in _shapes_like(types[key], sizes[key])]
    if isinstance(types, tuple):
        if not isinstance(sizes, tuple | list) or len(sizes) != len(types):
            raise TypeError(f"The structures of types and shapes differ: {types!r} and {sizes!r}.")
        return [shape for one, size in zip(types, sizes, strict=True) for shape in _shapes_like(one, size)]
    return [sizes]


def most_general(first: Any, second: Any) -> Any:
    """The structure that the elements of both datasets have; `TypeError` where they are different."""
    one, two = flat(first), flat(second)
    if mapped(lambda leaf: 0, first) != mapped(lambda leaf: 0, second) or [leaf.dtype for leaf in one] != [
        leaf.dtype for leaf in two
    ]:
        raise TypeError(
            "Incompatible types of input datasets: two datasets to concatenate have different types "
            f"{types_of(first)!r} and {types_of(second)!r}."
        )
    return filled(first, (replace(a, shape=_common(a.shape, b.shape)) for a, b in zip(one, two, strict=True)))


def _common(first: Shape, second: Shape) -> Shape:
    if first is None or second is None or len(first) != len(second):
        return None
    return tuple(a if a == b else None for a, b in zip(first, second, strict=True))

"""Tensor: one output of an operation, as programs see it.

Type checkers read ``tensor.pyi``: there a tensor has the types of the modules above this file: graphs,
operations, and Python's operators, which `hdfsaver.graph.operators` installs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, NoReturn, Protocol, TypeAlias, TypeVar

import numpy.typing as npt

from hdfsaver import dtypes, shapes
from hdfsaver.graph.default_stack import SupportsRun, session_for
from hdfsaver.graph.graph_tables import tensor_html
from hdfsaver.schema import DiGraph
from hdfsaver.shapes import Dimension, Shape, ShapeLike, TensorShape


class SupportsTensor(Protocol):
    """Stands for a tensor, as a variable does."""

    @property
    def graph(self) -> Any:
        """The graph that it belongs to."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype."""

    @property
    def shape(self) -> TensorShape:
        """The static shape."""

    def _as_tensor(self) -> Tensor: ...


class SupportsSlices(Protocol):
    """Is slices of a tensor, of which a whole tensor is made where one is needed; see `IndexedSlices`."""

    @property
    def values(self) -> Tensor:
        """The slices."""

    @property
    def indices(self) -> Tensor:
        """Their places."""

    @property
    def dense_shape(self) -> Tensor | None:
        """The shape of the whole tensor."""


TensorLike: TypeAlias = "Tensor | SupportsTensor | Dimension | TensorShape | npt.ArrayLike | Sequence[TensorLike]"
"""An input of an operation: a tensor, an object that stands for one, or a value that a constant can be made of."""

Convertible: TypeAlias = "TensorLike | SupportsSlices"
"""A value that a tensor can be made of, slices included."""


class _Graph(Protocol):
    data: DiGraph

    def get_operation_by_name(self, name: str) -> Any: ...

    def takers(self, operation: str, output: int) -> list[str]: ...


class _Operation(Protocol):
    name: str

    @property
    def graph(self) -> _Graph: ...

    @property
    def device(self) -> str: ...

    @property
    def output_data(self) -> tuple[tuple[str, Shape], ...]: ...

    def set_output_shape(self, index: int, shape: Shape) -> None: ...


_Wrapped = TypeVar("_Wrapped")


class Reference(Generic[_Wrapped]):
    """Stands for a tensor or a variable as a key: see `Tensor.ref`."""

    __slots__ = ("_wrapped",)

    def __init__(self, wrapped: _Wrapped) -> None:
        self._wrapped = wrapped

    def deref(self) -> _Wrapped:
        """The tensor or the variable."""
        return self._wrapped

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._wrapped is other._wrapped

    def __hash__(self) -> int:
        return id(self._wrapped)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._wrapped!r}>"


class _OfArrays:
    """An attribute of NumPy's arrays that a tensor does not have: the error says what there is instead.

    It is asked for by its name alone. A method ``__getattr__`` of the class would make each attribute slower.
    """

    def __init__(self, instead: str) -> None:
        self._instead = instead
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise AttributeError(
            f"{owner.__name__!r} object has no attribute {self._name!r}. If you are looking for numpy-related methods: "
            f"a tensor is not an array; {self._instead}.",
            name=self._name,
            obj=None,
        )


class _NotAnArray:
    """Has the attributes that programs look for as if a tensor were an array."""

    __slots__ = ()

    T = _OfArrays("use tf.transpose(t)")
    astype = _OfArrays("use tf.cast(t, dtype)")
    clip = _OfArrays("use tf.clip_by_value(t, least, greatest)")
    data = _OfArrays("a session gives its value")
    ravel = _OfArrays("use tf.reshape(t, [-1])")
    reshape = _OfArrays("use tf.reshape(t, shape)")
    size = _OfArrays("use tf.size(t)")
    tolist = _OfArrays("a session gives its value")
    transpose = _OfArrays("use tf.transpose(t)")


class TensorOperators:
    """Has Python's operators, which `hdfsaver.graph.operators.install` adds: ``+``, ``*``, ``<``, ``@``, ``[]`` …."""

    __slots__ = ()

    # `array * tensor` is for us to answer, not for NumPy to take apart element by element.
    __array_ufunc__ = None


class Tensor(TensorOperators, _NotAnArray):
    """One output of an operation. It holds no value: ``session.run(tensor)`` computes one.

    Tensors compare by identity, as in TensorFlow 1; a graph gives the same object each time.
    """

    __slots__ = ("op", "value_index")

    def __init__(self, op: _Operation, value_index: int) -> None:
        self.op = op
        self.value_index = value_index

    @property
    def graph(self) -> _Graph:
        """The graph that it belongs to."""
        return self.op.graph

    @property
    def name(self) -> str:
        """The operation's name, a colon and which output it is: ``"add:0"``."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype; a reference (``float32_ref``) for a variable itself."""
        return dtypes.as_dtype(self.op.output_data[self.value_index][0])

    @property
    def shape(self) -> TensorShape:
        """The static shape: the part of the shape that is known before a run."""
        return TensorShape(self.op.output_data[self.value_index][1])

    def _shape_tuple(self) -> Shape:
        return self.op.output_data[self.value_index][1]

    def get_shape(self) -> TensorShape:
        """The static shape: the part of the shape that is known before a run."""
        return self.shape

    def set_shape(self, shape: ShapeLike) -> None:
        """Add dimensions to the static shape.

        Raises
        ------
        ValueError
            It contradicts the dimensions that are known already.
        """
        self.op.set_output_shape(self.value_index, shapes.merge(self.shape.plain, shapes.as_shape(shape)))

    @property
    def device(self) -> str:
        """Where the operation was asked to run."""
        return self.op.device

    def consumers(self) -> list[Any]:
        """The operations that take this tensor as an input."""
        takers = self.graph.takers(self.op.name, self.value_index)
        return [self.graph.get_operation_by_name(target) for target in takers]

    def eval(self, feed_dict: Mapping[Any, Any] | None = None, session: SupportsRun | None = None) -> Any:
        """Compute the value in a session, the default one if none is given.

        Parameters
        ----------
        feed_dict : dict, optional
            Values for tensors; see `Session.run`.
        session : Session, optional

        Returns
        -------
        ndarray, NumPy scalar or bytes

        Raises
        ------
        ValueError
            There is no session.
        """
        return session_for(f"evaluate {self.name!r}", "eval", session).run(self, feed_dict)

    def ref(self) -> Reference[Tensor]:
        """An object that can be a key of a dict, and compares as the tensor does; ``deref()`` gives the tensor."""
        return Reference(self)

    def experimental_ref(self) -> Reference[Tensor]:
        """The older name of `ref`."""
        return self.ref()

    def __array__(self, dtype: object = None, copy: object = None) -> None:
        raise NotImplementedError(
            f"Cannot convert a symbolic tensor ({self.name}) to a NumPy array: it has no value before a session runs "
            "it, so that NumPy's functions cannot take it; use tf's."
        )

    def _as_tensor(self) -> Tensor:
        return self

    def _as_graph_element(self) -> Tensor:
        return self

    def __bool__(self) -> bool:
        raise TypeError(
            f"Tensor {self.name!r} has no value before a session runs it, so Python cannot branch on it; "
            "write `if t is not None` to ask whether there is a tensor."
        )

    def __len__(self) -> int:
        raise TypeError(
            f"len() is not well defined for tensor {self.name!r} before it runs; use `t.shape` or tf.shape(t)."
        )

    def __iter__(self) -> Iterator[Tensor]:
        raise TypeError(f"Tensor {self.name!r} cannot be iterated over before it runs; use tf.unstack(t).")

    def __contains__(self, item: object) -> bool:
        raise TypeError(
            f"Tensor {self.name!r} has no value before a session runs it, so nothing can be looked up in it."
        )

    def __str__(self) -> str:
        shape = self.shape
        known = "" if shape.rank is None else f", shape={shape}"
        return f'Tensor("{self.name}"{known}, dtype={self.dtype.name})'

    def __repr__(self) -> str:
        return f"<tf.Tensor {self.name!r} shape={self.shape} dtype={self.dtype.name}>"

    def _repr_html_(self) -> str:
        readers = [each.name for each in self.consumers()]
        return tensor_html(self.graph.data, self.op.name, self.value_index, readers)

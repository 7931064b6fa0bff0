"""Tensor: the face of one output of an operation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from hdfsaver import dtypes, shapes
from hdfsaver.graph.default import get_default_session
from hdfsaver.graph.operators import Operators
from hdfsaver.shapes import TensorShape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hdfsaver.graph.graph import Graph
    from hdfsaver.graph.operation import Operation


class SupportsTensor(Protocol):
    """Stands for a tensor, as a variable does."""

    def _as_tensor(self) -> Tensor: ...


TensorLike: TypeAlias = "Tensor | SupportsTensor | TensorShape | npt.ArrayLike | Sequence[TensorLike]"
"""What an operation takes as an input: a tensor, what stands for one, or what a constant can be made of."""


class Tensor(Operators):
    """One output of an operation. It holds no value: ``session.run(tensor)`` computes one.

    Tensors compare by identity, as in TensorFlow 1; a graph gives the same object each time.
    """

    __slots__ = ("op", "value_index")

    def __init__(self, op: Operation, value_index: int) -> None:
        self.op = op
        self.value_index = value_index

    @property
    def graph(self) -> Graph:
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
        """What is known of the shape before anything runs."""
        return TensorShape(self.op.output_data[self.value_index][1])

    def get_shape(self) -> TensorShape:
        """What is known of the shape before anything runs."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Add to what is known of the shape.

        Raises
        ------
        ValueError
            It contradicts what is known already.
        """
        self.op.set_output_shape(self.value_index, shapes.merge(self.shape.plain, shapes.as_shape(shape)))

    @property
    def device(self) -> str:
        """Where the operation was asked to run."""
        return self.op.device

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor as an input."""
        digraph = self.graph.digraph
        takers = (
            target
            for _, target, edge in digraph.out_edges(self.op.name, data=True)
            if any(output == self.value_index for output, _ in edge["wires"])
        )
        return [self.graph.get_operation_by_name(target) for target in takers]

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Compute the value in a session, the default one if none is given.

        Raises
        ------
        ValueError
            There is no session.
        """
        session = session or get_default_session()
        if session is None:
            raise ValueError(
                f"Cannot evaluate {self.name!r}: no default session is there. "
                "Use `with sess.as_default()` or pass one as `eval(session=sess)`."
            )
        return session.run(self, feed_dict)

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
        raise TypeError(f"len() of tensor {self.name!r} is not known before it runs; use `t.shape` or tf.shape(t).")

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"Tensor {self.name!r} cannot be iterated over before it runs; use tf.unstack(t).")

    def __contains__(self, item: Any) -> bool:
        raise TypeError(
            f"Tensor {self.name!r} has no value before a session runs it, so nothing can be looked up in it."
        )

    def __str__(self) -> str:
        shape = self.shape
        known = "" if shape.rank is None else f", shape={shape}"
        return f'Tensor("{self.name}"{known}, dtype={self.dtype.name})'

    def __repr__(self) -> str:
        return f"<tf.Tensor {self.name!r} shape={self.shape} dtype={self.dtype.name}>"

"""Tensors that stay in a session from one run to the next, under handles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from hdfsaver.dtypes import DTypeLike, as_dtype
from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.definition import Kernel, Node, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor
from hdfsaver.ops.base import Flat
from hdfsaver.ops.memory import own
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array


class _Kept(Protocol):
    def put(self, name: str, dtype: str, value: Array) -> str: ...

    def get(self, handle: str, dtype: str | None = None) -> Array: ...

    def delete(self, handle: str) -> None: ...


class KeepingState(Protocol):
    """The part of a session's state that keeps tensors under handles."""

    kept: _Kept


@register
class GetSessionHandle(Flat):
    """Keep a value in the session, and give the handle under which later runs find it."""

    type = "GetSessionHandle"
    signature = "value: T -> handle: string"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        name, dtype = node.name, node.attrs["T"]

        def keep(state: KeepingState, value: Array) -> Any:
            return _text(state.kept.put(name, dtype, own(value)))

        return keep


@register
class GetSessionTensor(Flat):
    """The value that the session keeps under a handle."""

    type = "GetSessionTensor"
    signature = "handle: string -> value: dtype"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """Unknown."""
        return [None]

    def kernel(self, node: Node) -> Kernel:
        dtype = node.attrs["dtype"]
        return lambda state, handle: state.kept.get(_handle(handle), dtype)


@register
class DeleteSessionTensor(Flat):
    """Forget the value that the session keeps under a handle."""

    type = "DeleteSessionTensor"
    signature = "handle: string ->"
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        def delete(state: KeepingState, handle: Array) -> tuple[()]:
            state.kept.delete(_handle(handle))
            return ()

        return delete


def _text(handle: str) -> Array:
    found = np.empty((), object)
    found[()] = handle.encode()
    return found


def _handle(value: Array) -> str:
    handle: bytes = np.asarray(value, object).item()
    return handle.decode("utf-8", "replace")


def get_session_handle(data: Tensor, name: str | None = None) -> Tensor:
    """Keep a tensor's value in the session, for later runs.

    A run that fetches the result gives a `TensorHandle`: its ``handle`` is what `get_session_tensor` takes, ``eval()``
    gives the value, and ``delete()`` forgets it. A value whose `TensorHandle` is gone is forgotten after some time.

    Parameters
    ----------
    data : Tensor
    name : str, optional
        Name of the operation, ``GetSessionHandle`` by default.

    Returns
    -------
    Tensor

    Raises
    ------
    TypeError
        It is not a tensor.
    """
    if not isinstance(data, Tensor):
        raise TypeError(f"`data` must be of type Tensor, not {type(data).__name__}.")
    with data.graph.as_default(), data.graph.colocate_with(data.op):
        return apply("GetSessionHandle", data, name=name)


def get_session_tensor(handle: str | bytes, dtype: DTypeLike, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Make the tensor of a value that a session keeps.

    Parameters
    ----------
    handle : str
        The ``handle`` of a `TensorHandle`; other ones may be fed.
    dtype : DType, str or NumPy dtype
        The dtype of the value.
    name : str, optional
        Name of the operation, ``GetSessionTensor`` by default.

    Returns
    -------
    holder : Tensor
        The placeholder that the handle is fed to.
    tensor : Tensor
        The value.

    Raises
    ------
    InvalidArgumentError
        When run: the session keeps nothing under the handle, or a value of another dtype.
    """
    with get_default_graph().device(_device(handle)):
        holder = _holder()
        return holder, apply("GetSessionTensor", holder, name=name, dtype=as_dtype(dtype).base_dtype.name)


def delete_session_tensor(handle: str | bytes, name: str | None = None) -> tuple[Tensor, Operation]:
    """Make the operation that forgets a value which a session keeps.

    Parameters
    ----------
    handle : str
        The ``handle`` of a `TensorHandle`; other ones may be fed.
    name : str, optional
        Name of the operation, ``DeleteSessionTensor`` by default.

    Returns
    -------
    holder : Tensor
        The placeholder that the handle is fed to.
    operation : Operation

    Raises
    ------
    InvalidArgumentError
        When run: the session keeps nothing under the handle.
    """
    with get_default_graph().device(_device(handle)):
        holder = _holder()
        return holder, apply_op("DeleteSessionTensor", holder, name=name)


def _holder() -> Tensor:
    return apply("Placeholder", dtype="string", shape=None)


def _device(handle: str | bytes) -> str:
    text = handle.decode("utf-8", "replace") if isinstance(handle, bytes) else handle
    return text.rpartition(";")[2]

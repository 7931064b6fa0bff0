"""Arrays of tensors that loops write and read one by one: ``tf.TensorArray``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.definition import Node
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, graph_of, is_tensor
from hdfsaver.ops.casting import cast
from hdfsaver.ops.filling import range_
from hdfsaver.ops.shaping import shape
from hdfsaver.ops.tensor_array_ops import array_of_derivatives
from hdfsaver.shapes import Shape, ShapeLike, TensorShape


class TensorArray:
    """Tensors that are written and read one by one during a run, mostly in the iterations of a loop.

    Each method that writes gives a new object for the same array: use that one from then on, so that what reads waits
    for what was written before. In a loop it is a loop variable.

    Parameters
    ----------
    dtype : DTypeLike
        That of the tensors.
    size : int or Tensor, optional
        Their number.
    dynamic_size : bool, optional
        Let writing beyond the end make the array longer.
    clear_after_read : bool, optional
        Forget a tensor once it was read; reading it again is an error then. True by default.
    tensor_array_name : str, optional
        A name in messages; that of the operation by default.
    handle, flow : Tensor, optional
        Those of another array, for an object that stands for the same array.
    infer_shape : bool
        Require all tensors to have one shape.
    element_shape : ShapeLike, optional
        What is known of it. Where it is known completely, what was not written is zeros.
    colocate_with_first_write_call : bool
        Request the device of the first tensor that is written for all that are.
    name : str, optional
        The name of the operation, ``TensorArray`` by default.

    Raises
    ------
    ValueError
        There is neither a size nor a handle, or a handle and what belongs to a new array.
    TypeError
        The handle is not a tensor.

    Examples
    --------
    >>> import hdfsaver as tf
    >>> squares = tf.TensorArray(tf.int32, size=4)
    >>> _, squares = tf.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, a.write(i, i * i)), (0, squares))
    >>> tf.Session().run(squares.stack())
    array([0, 1, 4, 9], dtype=int32)
    """

    def __init__(
        self,
        dtype: DTypeLike,
        size: TensorLike | None = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Tensor | None = None,
        flow: Tensor | None = None,
        infer_shape: bool = True,
        element_shape: ShapeLike = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        if handle is None and size is None:
            raise ValueError("Argument `size` must be provided if handle is not provided.")
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        self._infer_shape = infer_shape
        self._dynamic_size = bool(dynamic_size)
        self._size = size
        # Objects for one array share what they learn of its tensors.
        self._known: list[Shape] = [shapes.as_shape(element_shape)]
        self._place: list[Operation] | None = [] if colocate_with_first_write_call else None
        graph = graph_of([size, handle, flow])
        if handle is not None:
            given = [tensor_array_name or None, size, element_shape, dynamic_size, clear_after_read]
            names = ["tensor_array_name", "size", "element_shape", "dynamic_size", "clear_after_read"]
            _check_handle(handle, flow, dict(zip(names, given, strict=True)))
            graph.unique_name(name or "TensorArray")  # TensorFlow takes a name
            assert flow is not None
            self._handle, self._flow = handle, flow
            return
        with graph.as_default(), graph.name_scope(name or "TensorArray") as scope, self._without_place(graph):
            self._handle, self._flow = apply_list(
                "TensorArrayV3",
                size,
                name=scope,
                dtype=self._dtype.name,
                element_shape=self._known[0],
                dynamic_size=self._dynamic_size,
                clear_after_read=clear_after_read is not False,
                identical_element_shapes=infer_shape,
                tensor_array_name=(tensor_array_name or "").encode(),
            )

    @contextmanager
    def _without_place(self, graph: Graph) -> Iterator[None]:
        """Request no device, where that of the first tensor will count."""
        if self._place is None:
            yield
        else:
            with graph.device(None), graph.colocate_with(None, ignore_existing=True):
                yield

    def _with_flow(self, flow: Tensor) -> TensorArray:
        """The same array with another flow; it shares what is learned of the shapes."""
        made = TensorArray(self._dtype, handle=self._handle, flow=flow, infer_shape=self._infer_shape)
        made._dynamic_size, made._size = self._dynamic_size, self._size
        made._known, made._place = self._known, self._place
        return made

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the tensors."""
        return self._dtype

    @property
    def handle(self) -> Tensor:
        """The array itself, as operations take it."""
        return self._handle

    @property
    def flow(self) -> Tensor:
        """A tensor that is there when what led to this object has been done."""
        return self._flow

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the shape of the tensors."""
        return TensorShape(self._known[0])

    @property
    def dynamic_size(self) -> bool:
        """Whether writing beyond the end makes the array longer."""
        return self._dynamic_size

    @property
    def _graph(self) -> Graph:
        graph = self._flow.graph
        assert isinstance(graph, Graph)
        return graph

    def identity(self) -> TensorArray:
        """The same array, for operations that wait for the control dependencies of this place."""
        return self._with_flow(apply("Identity", self._flow))

    def grad(self, source: str, flow: Tensor | None = None, name: str | None = None) -> TensorArray:
        """The array of the derivatives by the tensors of this one.

        Parameters
        ----------
        source : str
            A name: each has an array of its own.
        flow : Tensor, optional
            What to wait for, by default the flow of this object.
        name : str, optional
            The name of the operation.

        Returns
        -------
        TensorArray
        """
        handle, after = array_of_derivatives(self._handle, self._flow if flow is None else flow, source, name)
        made = TensorArray(
            self._dtype,
            handle=handle,
            flow=after,
            infer_shape=self._infer_shape,
            colocate_with_first_write_call=False,
        )
        made._known = self._known
        return made

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, index: TensorLike, name: str | None = None) -> Tensor:
        """One of the tensors.

        Parameters
        ----------
        index : int or Tensor
        name : str, optional
            The name of the operation.

        Returns
        -------
        Tensor

        Raises
        ------
        InvalidArgumentError
            When run: there is no such tensor, or it was read before.
        """
        value = apply("TensorArrayReadV3", self._handle, index, self._flow, name=name, dtype=self._dtype.name)
        value.set_shape(self.element_shape)
        return value

    def stack(self, name: str | None = None) -> Tensor:
        """All tensors, which must have one shape, as one tensor with another first axis.

        Parameters
        ----------
        name : str, optional
            The name of the operation.

        Returns
        -------
        Tensor
        """
        graph = self._graph
        with graph.as_default(), graph.colocate_with(self._handle.op), graph.name_scope(name or "TensorArrayStack"):
            value = self.gather(range_(0, self.size()), name=name)
        if self._known[0] is not None and not self._dynamic_size and self._size is not None:
            value.set_shape([_known_number(self._size), *self._known[0]])
        return value

    def gather(self, indices: TensorLike, name: str | None = None) -> Tensor:
        """Some tensors, which must have one shape, as one tensor with another first axis.

        Parameters
        ----------
        indices : list of int, or Tensor
        name : str, optional
            The name of the operation.

        Returns
        -------
        Tensor
        """
        known = self._known[0]
        value = apply(
            "TensorArrayGatherV3",
            self._handle,
            indices,
            self._flow,
            name=name,
            dtype=self._dtype.name,
            element_shape=known,
        )
        if known is not None:
            value.set_shape([None, *known])
        return value

    def concat(self, name: str | None = None) -> Tensor:
        """All tensors, joined along their first axis.

        Parameters
        ----------
        name : str, optional
            The name of the operation.

        Returns
        -------
        Tensor
        """
        known = self._known[0]
        value = apply_list(
            "TensorArrayConcatV3",
            self._handle,
            self._flow,
            name=name,
            dtype=self._dtype.name,
            element_shape_except0=None if known is None else known[1:],
        )[0]
        if known is not None:
            number = _known_number(self.size()) if self._infer_shape else None
            first = known[0] if known else None
            value.set_shape([None if number is None or first is None else number * first, *known[1:]])
        return value

    def size(self, name: str | None = None) -> Tensor:
        """The number of tensors.

        Parameters
        ----------
        name : str, optional
            The name of the operation, where there is one.

        Returns
        -------
        Tensor
            An int32.
        """
        if not self._dynamic_size and self._size is not None:
            return convert_to_tensor(self._size, "int32")
        return apply("TensorArraySizeV3", self._handle, self._flow, name=name)

    # -- writing -------------------------------------------------------------------------------------------------------

    def write(self, index: TensorLike, value: TensorLike, name: str | None = None) -> TensorArray:
        """Write one tensor.

        Parameters
        ----------
        index : int or Tensor
        value : Tensor or array_like
        name : str, optional
            The name of the operation.

        Returns
        -------
        TensorArray
            The object to use from now on.

        Raises
        ------
        ValueError
            The tensor has another shape than those before.
        InvalidArgumentError
            When run: there is no such place, or a tensor was written there before.
        """
        with self._scope(name, "TensorArrayWrite"):
            tensor = self._converted(value)
            self._learn(tensor.shape)
            with self._placed(tensor):
                flow = apply("TensorArrayWriteV3", self._handle, index, tensor, self._flow, name=name)
            return self._with_flow(flow)

    def unstack(self, value: TensorLike, name: str | None = None) -> TensorArray:
        """Write the slices of a tensor along its first axis.

        Parameters
        ----------
        value : Tensor or array_like
        name : str, optional
            The name of the operation.

        Returns
        -------
        TensorArray
            The object to use from now on.

        Raises
        ------
        ValueError
            The slices have another shape than the tensors before.
        """
        with self._scope(name, "TensorArrayUnstack"):
            return self.scatter(range_(0, shape(value)[0]), value, name=name)

    def scatter(self, indices: TensorLike, value: TensorLike, name: str | None = None) -> TensorArray:
        """Write the slices of a tensor along its first axis in some places.

        Parameters
        ----------
        indices : list of int, or Tensor
        value : Tensor or array_like
        name : str, optional
            The name of the operation.

        Returns
        -------
        TensorArray
            The object to use from now on.

        Raises
        ------
        ValueError
            The slices have another shape than the tensors before.
        """
        with self._scope(name, "TensorArrayScatter"):
            tensor = self._converted(value)
            self._learn(tensor.shape[1:])
            with self._placed(tensor):
                flow = apply("TensorArrayScatterV3", self._handle, indices, tensor, self._flow, name=name)
            return self._with_flow(flow)

    def split(self, value: TensorLike, lengths: TensorLike, name: str | None = None) -> TensorArray:
        """Write the parts of a tensor along its first axis.

        Parameters
        ----------
        value : Tensor or array_like
        lengths : list of int, or Tensor
            The lengths of the parts.
        name : str, optional
            The name of the operation.

        Returns
        -------
        TensorArray
            The object to use from now on.

        Raises
        ------
        ValueError
            The parts have another shape than the tensors before.
        """
        with self._scope(name, "TensorArraySplit"):
            tensor = convert_to_tensor(value, self._dtype, name="value")
            with self._placed(tensor):
                numbers = cast(lengths, "int64")
                known = _known(numbers)
                if tensor.shape.rank is not None and known is not None and known.size and known.min() == known.max():
                    self._learn(TensorShape([int(known[0]), *tensor.shape[1:]]))
                flow = apply("TensorArraySplitV3", self._handle, tensor, numbers, self._flow, name=name)
            return self._with_flow(flow)

    def close(self, name: str | None = None) -> Operation:
        """Make the operation that forgets all tensors.

        Parameters
        ----------
        name : str, optional
            The name of the operation.

        Returns
        -------
        Operation
        """
        return apply_op("TensorArrayCloseV3", self._handle, name=name)

    @contextmanager
    def _scope(self, name: str | None, default: str) -> Iterator[None]:
        graph = self._graph
        with graph.as_default(), graph.name_scope(name or default):
            yield

    def _converted(self, value: TensorLike) -> Tensor:
        return convert_to_tensor(value, name="value", preferred_dtype=self._dtype)

    @contextmanager
    def _placed(self, value: Tensor) -> Iterator[None]:
        """Request the device of the first tensor that was written."""
        if self._place is None:
            yield
            return
        if not self._place:
            self._place.append(self._graph.get_operation_by_name(value.op.name))
        with self._graph.colocate_with(self._place[0]):
            yield

    def _learn(self, found: TensorShape) -> None:
        if not found.is_compatible_with(self.element_shape):
            raise ValueError(f"Inconsistent shapes: saw {found} but expected {self.element_shape}")
        if self._infer_shape:
            self._known[0] = shapes.merge(self._known[0], found.plain)


def _check_handle(handle: Any, flow: Any, others: dict[str, Any]) -> None:
    if others["tensor_array_name"]:
        raise ValueError("Cannot provide both `handle` and `tensor_array_name` arguments at the same time.")
    if not isinstance(handle, Tensor):
        raise TypeError(f"Expected `handle` to be a Tensor, but got `{handle}` of type `{type(handle)}` instead.")
    for label, value in others.items():
        if value is not None:
            raise ValueError(f"Cannot provide both a `handle` and `{label}` arguments at the same time.")
    if flow is None:
        raise ValueError("flow must not be None if handle is not None.")


def _known(tensor: Tensor) -> Any:
    """The value of a tensor where it is known before a run."""
    return Node(tensor.graph.data, "", {}, [(tensor.op.name, tensor.value_index)]).constant(0)


def _known_number(value: Any) -> int | None:
    found = _known(value._as_tensor()) if is_tensor(value) else value
    return None if found is None else int(found)

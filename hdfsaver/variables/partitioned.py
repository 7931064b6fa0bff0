"""PartitionedVariable: one variable, held as several along one of its dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, TypeAlias, overload

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.joining import concat, split
from hdfsaver.ops.slicing import slice_
from hdfsaver.shapes import ShapeLike, TensorShape
from hdfsaver.variables.partitioning import PartitionInfo, SaveSliceInfo, parts_of
from hdfsaver.variables.variable import Variable

WholeLike: TypeAlias = "TensorLike | PartitionedVariable"
"""An argument that stands for the value of a whole variable, or for those of its parts."""


class PartitionedVariable:
    """Variables that are the parts of a larger one. `hdfsaver.get_variable` with a partitioner makes it.

    It stands for the whole wherever an operation takes a tensor; iterating gives the parts. It has no operators of its
    own and cannot be fetched, as in TensorFlow: `as_tensor` gives a tensor that can.

    Parameters
    ----------
    name : str
        The name of the whole.
    shape : TensorShape or list of int
        The shape of the whole.
    dtype : DType
    variable_list : list of Variable
        The parts, each with its `Variable.SaveSliceInfo`, in any order.
    partitions : list of int
        The number of parts along each dimension.

    Raises
    ------
    TypeError
        ``variable_list`` or ``partitions`` is not a list.
    ValueError
        There are no parts, one of them is a part of something of another shape or of nothing, or a number of parts is
        not positive or there is not one for each dimension.
    """

    def __init__(
        self,
        name: str,
        shape: ShapeLike,
        dtype: DTypeLike,
        variable_list: Sequence[Variable],
        partitions: Sequence[int],
    ) -> None:
        _check_lists(variable_list, partitions)
        self._shape = TensorShape(shape)
        infos = [_info(variable) for variable in variable_list]
        if len(self._shape) != len(partitions):
            raise ValueError(f"len(shape) != len(partitions): {self._shape} vs. {partitions}")
        if any(self._shape != info.full_shape for info in infos):
            raise ValueError(
                f"All variables' full shapes must match shape: {self._shape}; "
                f"but full shapes were: {[info.full_shape for info in infos]}"
            )
        self._variable_list = sorted(variable_list, key=lambda variable: _info(variable).var_offset)
        self._name = name
        self._dtype = dtypes.as_dtype(dtype)
        self._partitions = partitions

    def __iter__(self) -> Iterator[Variable]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        self._check_one_axis("get a length for")
        return len(self._variable_list)

    @property
    def name(self) -> str:
        """The name of the whole."""
        return self._name

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The shape of the whole."""
        return self._shape

    def get_shape(self) -> TensorShape:
        """The shape of the whole."""
        return self._shape

    @property
    def graph(self) -> Graph:
        """The graph that it belongs to."""
        return self._variable_list[0].graph

    @property
    def partitions(self) -> Sequence[int]:
        """The number of parts along each dimension."""
        return self._partitions

    def _get_variable_list(self) -> list[Variable]:
        return self._variable_list

    def _get_partitions(self) -> Sequence[int]:
        return self._partitions

    def _partition_axes(self) -> list[int]:
        return [axis for axis, count in enumerate(self._partitions) if count > 1] or [0]

    def _check_one_axis(self, doing: str, kind: type[Exception] = ValueError) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise kind(f"Cannot {doing} {self._name!r}, which is divided along several dimensions: {axes}.")
        return axes[0]

    # -- standing for a tensor -----------------------------------------------------------------------------------

    def as_tensor(self) -> Tensor:
        """The parts joined, in operations that are new at each call and wait for nothing else."""
        with self.graph.control_dependencies(None):
            return self._concat()

    def _as_tensor(self) -> Tensor:
        return self.as_tensor()

    def _concat(self) -> Tensor:
        joined: TensorLike = self._variable_list[0]
        if len(self._variable_list) > 1:
            axis = self._check_one_axis("concatenate", NotImplementedError)
            with self.graph.name_scope(f"{self._name}/ConcatPartitions/"):
                joined = concat(self._variable_list, axis)
        with self.graph.name_scope(None):
            return apply("Identity", joined, name=self._name)

    # -- writing -------------------------------------------------------------------------------------------------

    @overload
    def assign(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: Literal[True] = True
    ) -> list[Tensor]: ...

    @overload
    def assign(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, *, read_value: Literal[False]
    ) -> list[Operation]: ...

    @overload
    def assign(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Tensor] | list[Operation]: ...

    def assign(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Tensor] | list[Operation]:
        """Replace the value.

        Parameters
        ----------
        value : Tensor, array_like, PartitionedVariable or list
            The whole, which is split; or a list of the values of the parts.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional
        read_value : bool
            With False give operations.

        Returns
        -------
        list of Tensor or Operation
            One for each part.

        Raises
        ------
        NotImplementedError
            The variable is divided along several dimensions.
        ValueError
            The list does not have a value for each part.
        """
        return self._each(lambda part, new: part.assign(new, use_locking, name, read_value), value)

    @overload
    def assign_add(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: Literal[True] = True
    ) -> list[Tensor]: ...

    @overload
    def assign_add(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, *, read_value: Literal[False]
    ) -> list[Operation]: ...

    @overload
    def assign_add(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Tensor] | list[Operation]: ...

    def assign_add(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Tensor] | list[Operation]:
        """Add to the value.

        Parameters
        ----------
        value : Tensor, array_like, PartitionedVariable or list
            The whole, which is split; or a list of the values of the parts.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional
        read_value : bool
            With False give operations.

        Returns
        -------
        list of Tensor or Operation
            One for each part.

        Raises
        ------
        NotImplementedError
            The variable is divided along several dimensions.
        ValueError
            The list does not have a value for each part.
        """
        return self._each(lambda part, new: part.assign_add(new, use_locking, name, read_value), value)

    @overload
    def assign_sub(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: Literal[True] = True
    ) -> list[Tensor]: ...

    @overload
    def assign_sub(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, *, read_value: Literal[False]
    ) -> list[Operation]: ...

    @overload
    def assign_sub(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Tensor] | list[Operation]: ...

    def assign_sub(
        self, value: WholeLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> list[Tensor] | list[Operation]:
        """Subtract from the value.

        Parameters
        ----------
        value : Tensor, array_like, PartitionedVariable or list
            The whole, which is split; or a list of the values of the parts.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional
        read_value : bool
            With False give operations.

        Returns
        -------
        list of Tensor or Operation
            One for each part.

        Raises
        ------
        NotImplementedError
            The variable is divided along several dimensions.
        ValueError
            The list does not have a value for each part.
        """
        return self._each(lambda part, new: part.assign_sub(new, use_locking, name, read_value), value)

    def _each(self, change: Callable[[Variable, Any], Any], value: Any) -> list[Any]:
        axis = self._check_one_axis("assign to", NotImplementedError)
        values = self._divided(value, axis)
        return [change(part, new) for part, new in zip(self._variable_list, values, strict=True)]

    def _divided(self, value: Any, axis: int) -> list[Any]:
        if isinstance(value, PartitionedVariable):
            value = value._get_variable_list()
        if not isinstance(value, list):
            sizes = [_info(part).var_shape[axis] for part in self._variable_list]
            parts: list[Any] = split(value, sizes, axis)
            return parts
        if len(value) != len(self._variable_list):
            raise ValueError(
                f"{self._name!r} has {len(self._variable_list)} parts, but the list has {len(value)} values."
            )
        return value

    def __repr__(self) -> str:
        return (
            f"<tf.PartitionedVariable {self._name!r} shape={self._shape} dtype={self._dtype.name} "
            f"partitions={list(self._partitions)}>"
        )


def _check_lists(variables: Any, partitions: Any) -> None:
    if not isinstance(variables, list | tuple):
        raise TypeError(f"variable_list is not a list or tuple: {variables}")
    if not isinstance(partitions, list | tuple):
        raise TypeError(f"partitions is not a list or tuple: {partitions}")
    if any(count < 1 for count in partitions):
        raise ValueError(f"partition values must be positive: {partitions}")
    if not variables:
        raise ValueError("variable_list may not be empty")


def _info(variable: Variable) -> SaveSliceInfo:
    info = variable._get_save_slice_info()
    if info is None:
        raise ValueError(f"All variables must have a save_slice_info available: {variable.name} has none")
    return info


def make_parts(
    name: str,
    shape: list[int],
    partitions: Sequence[int],
    initializer: TensorLike | Callable[..., Any] | None,
    dtype: DTypeLike,
    get_part: Callable[..., Variable],
) -> list[Variable]:
    """Get the parts of a variable, each from its part of an initial value, or from an initializer called for it alone.

    Parameters
    ----------
    name : str
        The name of the whole; the parts are ``name/part_0`` and so on.
    shape : list of int
    partitions : sequence of int
    initializer : Initializer, Tensor, array_like or None
        The initial value of the whole, unless it is callable.
    dtype : DType
    get_part : callable
        Called with the name, shape (None where the value says it), initializer and `PartitionInfo` of each part.

    Returns
    -------
    list of Variable
        The parts, in order.
    """
    parts = []
    for index, (offset, size) in enumerate(parts_of(shape, partitions)):
        part_name = f"{name}/part_{index}"
        is_value = initializer is not None and not callable(initializer)
        initial = _part_of_value(part_name, initializer, dtype, offset, size) if is_value else initializer
        part = get_part(part_name, None if is_value else size, initial, PartitionInfo(shape, offset))
        part._set_save_slice_info(SaveSliceInfo(name, shape, offset, size))
        parts.append(part)
    return parts


def _part_of_value(part_name: str, value: Any, dtype: Any, offset: list[int], size: list[int]) -> Tensor:
    graph = get_default_graph()
    with graph.name_scope(None), graph.name_scope(f"{part_name}/PartitionedInitializer"):
        whole = value if is_tensor(value) else convert_to_tensor(value, dtype)
        tensor: Tensor = slice_(whole, offset, size)
        return tensor

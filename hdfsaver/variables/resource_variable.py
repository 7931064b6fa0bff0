"""Variables of the other kind that TensorFlow has: behind a handle."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply, apply_list, apply_op
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.messages import message_classes
from hdfsaver.ops.variable_values import HANDLE
from hdfsaver.schema import VariableDef
from hdfsaver.shapes import ShapeLike, TensorShape
from hdfsaver.variables.initial_values import check_outside, guarded
from hdfsaver.variables.variable import InitialValue, Variable, added, initialized_value_of
from hdfsaver.variables.variable_slice import VariableSlice, as_variable_slice


class ResourceVariable(Variable):
    """A variable whose operations take a handle.

    It consists of operations: ``a`` (VarHandleOp) is the handle, ``a/Assign`` (AssignVariableOp) gives it the initial
    value, ``a/Read/ReadVariableOp`` reads it. Each use of the variable reads it by an operation of its own.

    Parameters are those of `Variable`.
    """

    def _find(self, variable_def: message_classes.VariableDef | VariableDef, import_scope: str | None) -> None:
        super()._find(variable_def, import_scope)
        attrs = self.graph.data.nodes[self.op.name]["attrs"]
        self._dtype = dtypes.as_dtype(attrs["dtype"])
        self._shape = TensorShape(attrs["shape"])

    def _make(
        self,
        initial_value: InitialValue,
        validate_shape: bool,
        name: str | None,
        dtype: DTypeLike | None,
        shape: TensorShape | None,
        caching_device: Any,
        collections: Iterable[str] | None,
    ) -> None:
        """Add the operations and list the variable, or do nothing; see `Variable`."""
        graph = get_default_graph()
        with graph.control_dependencies(None), graph.name_scope(name or "Variable") as scope, graph.or_nothing():
            own_name = scope.removesuffix("/")
            location = b"loc:@" + own_name.encode()
            with graph.colocation_group(location), graph.name_scope("Initializer"), graph.device(None):
                given = initial_value() if callable(initial_value) else initial_value
                value = convert_to_tensor(given, dtype, name="initial_value")
            check_outside(value, own_name)
            if shape is not None and not shapes.compatible(shape.plain, value.shape.plain):
                raise ValueError(
                    f"The initial value's shape ({value.shape}) is not compatible with the explicitly supplied `shape` "
                    f"argument ({shape}), for variable {own_name!r}."
                )
            if validate_shape and not value.shape.is_fully_defined():
                raise ValueError(f"initial_value must have a shape specified: {value!r} (variable {own_name!r}).")
            plain = shape.plain if shape is not None else value.shape.plain if validate_shape else None
            self._initial_value = value
            self._dtype, self._shape = value.dtype.base_dtype, TensorShape(plain)
            attrs: dict[str, Any] = {"dtype": self._dtype.name, "shape": plain, "shared_name": own_name.encode()}
            attrs |= {"debug_name": scope.encode(), "_class": [location]}
            self._variable = added(graph, HANDLE, [], attrs, scope)
            with graph.name_scope("IsInitialized"):
                self.is_initialized()
            guarded_value = guarded(value, own_name, initialized_value_of)
            with graph.colocate_with(None, ignore_existing=True):
                self._initializer = apply_op("AssignVariableOp", self.handle, guarded_value, name="Assign")
            with graph.name_scope("Read"), graph.device(caching_device) if caching_device else nullcontext():
                self._snapshot = self._read()
            self._is_cached = bool(caching_device)
            self._list_in(collections)

    _is_cached = False

    @property
    def handle(self) -> Tensor:
        """The tensor that stands for the variable itself."""
        return self._variable

    @property
    def dtype(self) -> dtypes.DType:
        """The dtype of the values."""
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        return self._shape

    def set_shape(self, shape: ShapeLike) -> None:
        """Add dimensions to the static shape; `ValueError` where they contradict it."""
        self._shape = self._shape.merge_with(shape)

    def value(self) -> Tensor:
        """A new tensor with the value at the time when it runs; with a caching device always the same one."""
        if self._is_cached:
            return self._snapshot
        with self.graph.colocate_with(None, ignore_existing=True):
            return self._read()

    def _read(self) -> Tensor:
        return apply("ReadVariableOp", self.handle, dtype=self._dtype.name)

    def read_value(self) -> Tensor:
        """A new tensor with the value at the time when it runs."""
        with self.graph.as_default(), self.graph.name_scope("Read"):
            value = self._read()
        return apply("Identity", value)

    def sparse_read(self, indices: TensorLike, name: str | None = None) -> Tensor:
        """Rows of the value, by their numbers: a new tensor of shape ``indices.shape + shape[1:]``."""
        return apply("ResourceGather", self.handle, indices, dtype=self._dtype.name, name=name or "Gather")

    def gather_nd(self, indices: TensorLike, name: str | None = None) -> Tensor:
        """Slices of the value that vectors of indices name; see `RowUpdates.gather_nd`."""
        value = apply("ResourceGatherNd", self.handle, indices, dtype=self._dtype.name, name=name or "GatherNd")
        return apply("Identity", value)

    def count_up_to(self, limit: int, name: str | None = None) -> Tensor:
        """Add 1 until a limit is reached; the result is the value before. See `tf.count_up_to`."""
        return apply("ResourceCountUpTo", self.handle, limit=limit, T=self._dtype.name, name=name)

    def initialized_value(self) -> Tensor:
        """The value if there is one, otherwise the initial value."""
        graph = self.graph
        has_value = self.is_initialized()
        with graph.as_default(), graph.name_scope("cond"):
            skipped, _ = apply_list("Switch", self._initial_value, has_value)
            _, present = apply_list("Switch", self.handle, has_value)
            return apply_list("Merge", [skipped, apply("ReadVariableOp", present, dtype=self._dtype.name)])[0]

    def is_initialized(self, name: str | None = None) -> Tensor:
        """Whether the variable has a value in the session, as a bool tensor."""
        return apply("VarIsInitializedOp", self.handle, name=name)

    def changed(self, op_type: str, value: TensorLike, name: str | None = None) -> Operation:
        """Add an operation that changes the variable.

        Parameters
        ----------
        op_type : str
            ``"AssignVariableOp"``, ``"AssignAddVariableOp"`` or ``"AssignSubVariableOp"``.
        value : TensorLike
            The value to assign, to add or to subtract.
        name : str, optional

        Returns
        -------
        Operation

        Raises
        ------
        ValueError
            The shapes do not fit each other, or a tensor is of another dtype.
        TypeError
            The value is of another dtype.
        """
        with self.graph.as_default():  # which need not be the default graph
            tensor = convert_to_tensor(value, self._dtype)
        if not shapes.compatible(self._shape.plain, tensor.shape.plain):
            raise ValueError(
                f"Cannot assign value to variable '{self.name}': Shape mismatch. Shapes must be equal: the variable "
                f"shape {self._shape}, and the assigned value shape {tensor.shape} are incompatible."
            )
        return apply_op(op_type, self.handle, tensor, name=name)

    def assign(
        self, value: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Replace the value.

        Parameters
        ----------
        value : TensorLike
            Of the variable's dtype and shape.
        use_locking : bool
            Accepted for programs that give it.
        name : str, optional
        read_value : bool
            With False give the operation.

        Returns
        -------
        Tensor or Operation
            A tensor that reads the variable after the change; or the operation.
        """
        return self._after(self.changed("AssignVariableOp", value, name), read_value)

    def assign_add(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Add to the value.

        Parameters
        ----------
        delta : TensorLike
            Of the variable's dtype and shape.
        use_locking : bool
            Accepted for programs that give it.
        name : str, optional
        read_value : bool
            With False give the operation.

        Returns
        -------
        Tensor or Operation
            A tensor that reads the variable after the change; or the operation.
        """
        return self._after(self.changed("AssignAddVariableOp", delta, name), read_value)

    def assign_sub(
        self, delta: TensorLike, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Any:
        """Subtract from the value.

        Parameters
        ----------
        delta : TensorLike
            Of the variable's dtype and shape.
        use_locking : bool
            Accepted for programs that give it.
        name : str, optional
        read_value : bool
            With False give the operation.

        Returns
        -------
        Tensor or Operation
            A tensor that reads the variable after the change; or the operation.
        """
        return self._after(self.changed("AssignSubVariableOp", delta, name), read_value)

    def scattered(self, op_type: str, indices: TensorLike, updates: TensorLike, name: str | None = None) -> Tensor:
        """Change rows of the value.

        Parameters
        ----------
        op_type : str
            ``"ResourceScatterUpdate"``, ``"ResourceScatterAdd"`` or ``"ResourceScatterSub"``.
        indices : TensorLike
            The numbers of the rows, int32 or int64, of any shape.
        updates : TensorLike
            Of the variable's dtype and of shape ``indices.shape + shape[1:]``.
        name : str, optional

        Returns
        -------
        Tensor
            It reads the variable after the change.
        """
        with self.graph.as_default():
            tensor = convert_to_tensor(updates, self._dtype)
        return self._read_after(apply_op(op_type, self.handle, indices, tensor, name=name))

    def _after(self, change: Operation, read_value: bool) -> Tensor | Operation:
        return self._read_after(change) if read_value else change

    def _read_after(self, change: Operation) -> Tensor:
        with self.graph.control_dependencies([change]):
            return self._read()

    def __getitem__(self, key: Any) -> VariableSlice:
        return as_variable_slice(self.value()[key])

    def _as_tensor(self) -> Tensor:
        return self.value()

    def _as_graph_element(self) -> Tensor:
        return self._snapshot

    def _definition(self, export_scope: str | None = None) -> VariableDef | None:
        """How the variable is made of operations; None if it is outside of ``export_scope``."""
        found = super()._definition(export_scope)
        if found is not None:
            found.is_resource = True
        return found

    @staticmethod
    def from_proto(
        variable_def: message_classes.VariableDef | VariableDef, import_scope: str | None = None
    ) -> Variable:
        """The variable whose operations are in the default graph already; `KeyError` if one of them is not."""
        return ResourceVariable(variable_def=variable_def, import_scope=import_scope)


def _on_value(name: str) -> Any:
    def operate(self: ResourceVariable, *others: Any) -> Any:
        return getattr(self.value(), name)(*others)

    operate.__name__ = name
    return operate


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    setattr(ResourceVariable, f"__{_name}__", _on_value(f"__{_name}__"))
    setattr(ResourceVariable, f"__r{_name}__", _on_value(f"__r{_name}__"))
for _name in ("lt", "le", "gt", "ge", "neg", "abs", "invert"):
    setattr(ResourceVariable, f"__{_name}__", _on_value(f"__{_name}__"))


def is_handle(graph: Graph, name: str) -> bool:
    """Whether an operation of that name is there and holds a variable of this kind."""
    return name in graph.data and graph.data.nodes[name]["op"] == HANDLE

"""A part of a variable, which can be assigned to: ``v[1:3].assign(value)``."""

from __future__ import annotations

from typing import cast

from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor
from hdfsaver.ops.slicing import MASKS


class VariableSlice(Tensor):
    """The tensor that slicing a variable gives."""

    __slots__ = ()

    def assign(self, value: TensorLike, name: str | None = None) -> Tensor:
        """Replace this part of the variable.

        Parameters
        ----------
        value : Tensor or array_like
            Of the variable's dtype, and of a shape that can be broadcast to that of the part.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            The value is of another dtype.
        InvalidArgumentError
            In the run: its shape does not fit.
        """
        read, *bounds = self.op.inputs
        masks = {mask: self.op.get_attr(mask) for mask in MASKS}
        reference = read.op.inputs[0]
        name = name or f"{self.op.name}/_assign"
        with self.graph.as_default():
            if read.op.type == "ReadVariableOp":
                dtype = read.dtype.name
                tensor = convert_to_tensor(value, dtype)
                change = apply_op("ResourceStridedSliceAssign", reference, *bounds, tensor, name=name, **masks)
                with self.graph.control_dependencies([change]):
                    return apply("ReadVariableOp", reference, dtype=dtype)
            return apply("StridedSliceAssign", reference, *bounds, value, name=name, **masks)


def as_variable_slice(tensor: Tensor) -> VariableSlice:
    """The tensor, as one that can be assigned to where it is a slice."""
    if tensor.op.type == "StridedSlice":
        # The graph gives this one object for the tensor, so the object itself has to become the other kind.
        tensor.__class__ = VariableSlice
    return cast("VariableSlice", tensor)

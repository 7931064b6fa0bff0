"""Python's operators on tensors and variables. Names of the operations made are those that TensorFlow gives.

Operators make operations, and those take tensors; so the operators are installed on the classes, which are below.
"""

from __future__ import annotations

from typing import Self

from hdfsaver import dtypes
from hdfsaver.graph.apply import apply
from hdfsaver.graph.brackets import Index, getitem
from hdfsaver.graph.tensor import Tensor, TensorLike, TensorOperators
from hdfsaver.graph.tensor_conversion import as_array, convert_to_tensor, graph_of, is_tensor


class _Operators(Tensor):
    """The operators by Python's names for them, as ``tensor.pyi`` declares them. `self` may be a variable, too."""

    __slots__ = ()

    def __add__(self, other: TensorLike) -> Tensor:
        return add(self, other)

    def __radd__(self, other: TensorLike) -> Tensor:
        return add(other, self)

    def __sub__(self, other: TensorLike) -> Tensor:
        return apply("Sub", self, other, name="sub")

    def __rsub__(self, other: TensorLike) -> Tensor:
        return apply("Sub", other, self, name="sub")

    def __mul__(self, other: TensorLike) -> Tensor:
        return apply("Mul", self, other, name="mul")

    def __rmul__(self, other: TensorLike) -> Tensor:
        return apply("Mul", other, self, name="mul")

    def __truediv__(self, other: TensorLike) -> Tensor:
        return true_divide(self, other)

    def __rtruediv__(self, other: TensorLike) -> Tensor:
        return true_divide(other, self)

    def __floordiv__(self, other: TensorLike) -> Tensor:
        return apply("FloorDiv", self, other, name="floordiv")

    def __rfloordiv__(self, other: TensorLike) -> Tensor:
        return apply("FloorDiv", other, self, name="floordiv")

    def __mod__(self, other: TensorLike) -> Tensor:
        return apply("FloorMod", self, other, name="mod")

    def __rmod__(self, other: TensorLike) -> Tensor:
        return apply("FloorMod", other, self, name="mod")

    def __pow__(self, other: TensorLike) -> Tensor:
        return apply("Pow", self, other, name="pow")

    def __rpow__(self, other: TensorLike) -> Tensor:
        return apply("Pow", other, self, name="pow")

    def __matmul__(self, other: TensorLike) -> Tensor:
        return matrix_multiply(self, other, name="matmul")

    def __rmatmul__(self, other: TensorLike) -> Tensor:
        return matrix_multiply(other, self, name="matmul")

    def __neg__(self) -> Tensor:
        return apply("Neg", self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Tensor:
        dtype = self._as_tensor().dtype
        return (
            apply("ComplexAbs", self, name="Abs", Tout=dtype.real_dtype.name)
            if dtype.is_complex
            else apply("Abs", self)
        )

    def __invert__(self) -> Tensor:
        return apply("LogicalNot" if self.dtype.is_bool else "Invert", self)

    def __and__(self, other: TensorLike) -> Tensor:
        return _on_bits("LogicalAnd", "BitwiseAnd", "and", self, other)

    def __rand__(self, other: TensorLike) -> Tensor:
        return _on_bits("LogicalAnd", "BitwiseAnd", "and", other, self)

    def __or__(self, other: TensorLike) -> Tensor:
        return _on_bits("LogicalOr", "BitwiseOr", "or", self, other)

    def __ror__(self, other: TensorLike) -> Tensor:
        return _on_bits("LogicalOr", "BitwiseOr", "or", other, self)

    def __xor__(self, other: TensorLike) -> Tensor:
        return exclusive_or(self, other)

    def __rxor__(self, other: TensorLike) -> Tensor:
        return exclusive_or(other, self)

    def __lt__(self, other: TensorLike) -> Tensor:
        return apply("Less", self, other)

    def __le__(self, other: TensorLike) -> Tensor:
        return apply("LessEqual", self, other)

    def __gt__(self, other: TensorLike) -> Tensor:
        return apply("Greater", self, other)

    def __ge__(self, other: TensorLike) -> Tensor:
        return apply("GreaterEqual", self, other)

    def __getitem__(self, key: Index | tuple[Index, ...]) -> Tensor:
        return getitem(self, key)


def install() -> None:
    """Give tensors and variables the operators; called once, when the package is imported."""
    for name, operator in vars(_Operators).items():
        if callable(operator):
            setattr(TensorOperators, name, operator)


def add(x: TensorLike, y: TensorLike, name: str = "add") -> Tensor:
    """``x + y``; strings are concatenated, by the older operation, the only one that takes them.

    Parameters
    ----------
    x, y : Tensor or array_like
        Numbers or strings of one dtype; their shapes are broadcast.
    name : str

    Returns
    -------
    Tensor
    """
    dtype = _dtype_of(y if is_tensor(y) else x)
    return apply("Add" if dtype == "string" else "AddV2", x, y, name=name)


def _dtype_of(value: TensorLike) -> str | None:
    """The name of the dtype that a tensor has, or that another value would have; None where it cannot be a tensor."""
    if is_tensor(value):
        return dtypes.base_name(value.dtype.name)
    if isinstance(value, int | float):
        return None  # most values are numbers: nothing to look at
    try:
        return as_array(value, copy=False)[1]
    except (TypeError, ValueError, OverflowError):
        return None  # the operation says what is wrong


def _on_bits(of_bools: str, of_integers: str, name: str, x: TensorLike, y: TensorLike) -> Tensor:
    """An operation of one type on bools, and of another on integers."""
    known = _tensor_dtype(x, y)
    if known == "bool":
        return apply(of_bools, x, y, name=name)
    graph = graph_of([x, y])
    with graph.or_nothing(), graph.as_default(), graph.name_scope(name):
        return apply(of_integers, x if is_tensor(x) else convert_to_tensor(x, known, name="x"), y)


def _tensor_dtype(x: TensorLike, y: TensorLike) -> str:
    """The name of the dtype of the first of two values that is a tensor."""
    return next(dtypes.base_name(value.dtype.name) for value in (x, y) if is_tensor(value))


def exclusive_or(x: TensorLike, y: TensorLike) -> Tensor:
    """``x ^ y``: whether exactly one of two bools is true; of integers the bits that are set in exactly one."""
    known, graph = _tensor_dtype(x, y), graph_of([x, y])
    with graph.or_nothing(), graph.as_default(), graph.name_scope("xor") as scope:
        x = x if is_tensor(x) else convert_to_tensor(x, known, name="x")
        if known != "bool":
            return apply("BitwiseXor", x, y)
        either, both = apply("LogicalOr", x, y), apply("LogicalAnd", x, y)
        return apply("LogicalAnd", either, apply("LogicalNot", both), name=scope)


def true_divide(x: TensorLike, y: TensorLike, name: str = "truediv") -> Tensor:
    """``x / y`` as Python 3 has it: integers are divided as floats.

    Parameters
    ----------
    x, y : Tensor or array_like
        Numbers of one dtype; their shapes are broadcast.
    name : str

    Returns
    -------
    Tensor
        For integers float64, or float32 where they have 8 or 16 bits; otherwise of the same dtype.
    """
    graph = graph_of([x, y])
    with graph.as_default(), graph.name_scope(name) as scope:
        known = next((tensor.dtype.base_dtype for tensor in (x, y) if is_tensor(tensor)), None)
        x = convert_to_tensor(x, known, name="x")
        y = convert_to_tensor(y, x.dtype.base_dtype, name="y")
        if x.dtype.is_integer:
            wide = "float32" if x.dtype.size <= 2 else "float64"
            x, y = (apply("Cast", tensor, DstT=wide) for tensor in (x, y))
        return apply("RealDiv", x, y, name=scope)


def matrix_multiply(
    a: TensorLike, b: TensorLike, transpose_a: bool = False, transpose_b: bool = False, name: str | None = None
) -> Tensor:
    """The product of two matrices, or of the matrices that the last two dimensions of two tensors hold.

    Parameters
    ----------
    a, b : Tensor or array_like
        Shapes (..., m, k) and (..., k, n), of one dtype; the dimensions before the last two are broadcast.
    transpose_a, transpose_b : bool
        Whether to take the transpose; in batches of complex matrices the adjoint.
    name : str, optional

    Returns
    -------
    Tensor
        Shape (..., m, n).
    """
    a = convert_to_tensor(a, b.dtype.base_dtype if is_tensor(b) else None, name="a")
    b = convert_to_tensor(b, a.dtype.base_dtype, name="b")
    if all(tensor.shape.rank is None or tensor.shape.rank <= 2 for tensor in (a, b)):
        return apply("MatMul", a, b, transpose_a=transpose_a, transpose_b=transpose_b, name=name or "MatMul")
    return apply("BatchMatMulV2", a, b, adj_x=transpose_a, adj_y=transpose_b, name=name or "MatMul")

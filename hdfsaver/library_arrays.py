"""Conversion of arrays of other libraries to NumPy, without a copy if possible."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from hdfsaver import dtypes
from hdfsaver.tensor_info import Array

_SCALARS = (bool, int, float, complex, str, bytes, np.generic)


def as_numpy(value: Any, name: str) -> Array:
    """Convert an array of any library to a NumPy array, without a copy if possible.

    Parameters
    ----------
    value : array
        An array of NumPy, PyTorch or JAX, another object with ``__array__`` or DLPack, or a number or string, which
        becomes an array of shape ``()``.
    name : str
        Its name, for errors.

    Returns
    -------
    ndarray

    Raises
    ------
    TypeError
        It is not an array, or NumPy does not support it.
    """
    if isinstance(value, np.ndarray):
        return np.asarray(value)  # of a subclass the plain array: of a masked array the data
    if is_torch(value):
        return _from_torch(value, name)
    if isinstance(value, str | bytes):
        return _of_strings(value, ())
    if isinstance(value, _SCALARS):
        return np.asarray(value)
    if not is_array(value):
        raise TypeError(
            f"{name!r} is not an array but {_kind(value)}. Arrays of NumPy, PyTorch and JAX are supported, and "
            "objects with __array__ or __dlpack__; convert it with numpy.asarray."
        )
    try:
        return np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(f"{name!r}, {_kind(value)}, cannot be converted to a NumPy array: {error}") from error


def is_plain(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list or tuple has numbers or strings of one Python type, so that it stands for one array."""
    kinds = {type(each) for each in value}
    return len(kinds) == 1 and kinds <= {bool, int, float, complex, str, bytes}


def of_plain(value: list[Any] | tuple[Any, ...]) -> Array:
    """The array that such a list or tuple stands for."""
    return _of_strings(value, (len(value),)) if isinstance(value[0], str | bytes) else np.asarray(value)


def _of_strings(value: Any, shape: tuple[int, ...]) -> Array:
    """An array of a string or of several; not of NumPy's strings, which lose the NULs at their ends."""
    found = np.empty(shape, object)
    found[...] = value
    return found


def is_array(value: Any) -> bool:
    """Whether a value has an array interface."""
    return hasattr(value, "__array__") or hasattr(value, "__dlpack__")


def is_torch(value: Any) -> bool:
    """Whether a value is a PyTorch tensor, without importing PyTorch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _kind(value: Any) -> str:
    return f"a {type(value).__module__}.{type(value).__qualname__}"


def _from_torch(tensor: Any, name: str) -> Array:
    dtype = _named(str(tensor.dtype).removeprefix("torch."))
    try:
        plain = tensor.detach().cpu().resolve_conj().resolve_neg()
        if dtype is None or dtype.isbuiltin != 2:  # NumPy's own
            found: Array = plain.numpy()
            return found
        # NumPy does not support the small floats, but PyTorch can view their bits as another dtype.
        return np.asarray(plain.view(_bits(dtype.itemsize)).numpy().view(dtype))
    except (TypeError, RuntimeError) as error:
        raise TypeError(
            f"{name!r}, a tensor of {tensor.dtype}, cannot be converted to a NumPy array: {error}"
        ) from error


def _bits(itemsize: int) -> Any:
    return getattr(sys.modules["torch"], {1: "uint8", 2: "int16"}[itemsize])


def _named(torch_name: str) -> np.dtype[Any] | None:
    """NumPy's dtype for the name of a PyTorch dtype."""
    for row in dtypes.TABLE:
        if row.torch == torch_name:
            return dtypes.numpy_dtype(row.name)
    return None


def as_torch(array: Array, name: str) -> Any:
    """A PyTorch tensor that shares the array's memory.

    Raises
    ------
    TypeError
        PyTorch has no such dtype.
    """
    import torch  # type: ignore[import-not-found,unused-ignore]

    row = dtypes.ROW_BY_NAME[dtypes.name_of_numpy(array.dtype)]
    dtype = None if row.torch is None else getattr(torch, row.torch, None)
    if dtype is None:
        raise TypeError(
            f"{name!r} has dtype {row.name}, which PyTorch does not support; read it with hdfsaver.load_file."
        )
    if array.dtype.isbuiltin != 2:  # a dtype of NumPy's own
        return torch.from_numpy(array)
    return torch.from_numpy(array.view({1: np.uint8, 2: np.int16}[array.dtype.itemsize])).view(dtype)

"""The meaning of what PyTorch and NumPy put into a pickle: tensors, arrays, numbers, and what contains them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from hdfsaver import dtypes, limits
from hdfsaver.errors import DataLossError, InvalidArgumentError, OpError
from hdfsaver.formats.pickles import FROZEN_SET, SET, Made, Name, Pairs, Reference
from hdfsaver.tensor_info import Array, is_possible

_NAMES = {row.torch: row.name for row in reversed(dtypes.TABLE) if row.torch is not None}

_STORAGES = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "UntypedStorage": "uint8",
}  # fmt: skip
"""The dtype of each class of storages; an untyped one counts bytes."""

_OTHER_STORAGES = {
    "QInt8Storage": "int8", "QUInt8Storage": "uint8", "QInt32Storage": "int32", "QUInt4x2Storage": "uint8",
    "QUInt2x4Storage": "uint8",
}  # fmt: skip

_PARAMETERS = frozenset(
    f"torch._utils.{name}"
    for name in (
        "_rebuild_parameter", "_rebuild_parameter_with_state", "_rebuild_device_tensor_from_cpu_tensor",
        "_rebuild_device_tensor_from_numpy", "_rebuild_xla_tensor",
    )
)  # fmt: skip
"""Functions whose first argument has all values of the result."""

_SHOWN = 40
"""Characters of a name from the file that a message shows."""

_LONGEST = 200
"""Characters of a library's message that are shown; it may repeat a text of megabytes."""

_WRAPPERS = 4
_FLAGS = 4
"""The metadata of a tensor that are looked at; PyTorch has two."""

_INT64 = range(-(2**63), 2**63)
_WHOLE = range(-(2**63), 2**64)


class Storage(NamedTuple):
    """The block of memory of one or more tensors.

    Attributes
    ----------
    key : str
        Its name in the file.
    dtype : str
        The dtype of its elements.
    length : int
        The number of elements.
    start : int
        The first element in the block; not 0 for a view in a file of before PyTorch 0.4.
    """

    key: str
    dtype: str
    length: int
    start: int = 0


class Strided(NamedTuple):
    """A tensor: elements of a storage.

    Attributes
    ----------
    storage : Storage
    dtype : str
    offset : int
        The first element in the storage.
    shape, strides : tuple of int
        Strides count elements.
    conjugate, negative : bool
        Whether the values are the conjugates or the negatives of the stored ones.
    """

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    conjugate: bool = False
    negative: bool = False


class Stored(NamedTuple):
    """An array or scalar of NumPy, whose bytes are in the pickle itself."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    data: Any
    fortran: bool = False


class Members(NamedTuple):
    """A value that contains others.

    Attributes
    ----------
    pairs : sequence of tuple
        Keys and values.
    what : str
        Its kind, if it is more than its members: an object of a class; otherwise empty.
    is_module : bool
        Whether it is a module of a network, whose members are modules too.
    """

    pairs: Sequence[tuple[Any, Any]]
    what: str = ""
    is_module: bool = False


class NotAnArray(NamedTuple):
    """Something else, and what it is."""

    what: str


Plain: TypeAlias = "bool | int | float | complex | str | bytes"
Value: TypeAlias = "Plain | list[Any] | Strided | Stored | Members | NotAnArray | OpError"
"""A value of a checkpoint; a list has plain values of one type, an error says why a tensor cannot be read."""


def meaning(raw: Any) -> Value:
    """The meaning of a value of a pickle.

    Parameters
    ----------
    raw : object
        A value that `hdfsaver.formats.pickles.read_pickle` returns.

    Returns
    -------
    Value
    """
    if isinstance(raw, bool | float | complex | str | bytes):
        return raw
    if isinstance(raw, bytearray):
        return bytes(raw)
    if isinstance(raw, int):
        return raw if raw in _WHOLE else NotAnArray("an integer of more than 64 bits")
    if isinstance(raw, Pairs):
        return Members(raw.pairs) if raw.pairs else NotAnArray("an empty dict")
    if isinstance(raw, list | tuple):
        return _sequence(raw)
    try:
        if isinstance(raw, Reference):
            return _whole(storage_of(raw))
        return _made(raw) if isinstance(raw, Made) else _other(raw)
    except OpError as error:
        return error
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError) as error:
        return DataLossError(None, None, f"is damaged: {str(error)[:_LONGEST]}.")


def cost(raw: Any) -> int:
    """The work to find the meaning of a value: the elements that are looked at."""
    if not isinstance(raw, Made):
        return 1 + _length(raw)
    parts = (raw.args, raw.state, raw.items, raw.pairs)
    return (
        1
        + sum(_length(part) + sum(map(_length, part)) for part in parts if isinstance(part, tuple | list))
        + (_length(raw.state))
    )


def _length(raw: Any) -> int:
    if isinstance(raw, Pairs):
        return len(raw.pairs)
    return len(raw) if isinstance(raw, list | tuple | str | bytes | bytearray) else 0


def _other(raw: Any) -> NotAnArray:
    if isinstance(raw, Name):
        return NotAnArray(f"the name {_short(raw)}")
    return NotAnArray("None" if raw is None else f"a {type(raw).__name__}")


def _short(name: Name) -> str:
    """A name as messages show it; thousands of values may have one name of many bytes."""
    text = str(name)
    return text if len(text) <= 2 * _SHOWN else f"{text[: 2 * _SHOWN]}..."


def _sequence(raw: Sequence[Any]) -> Value:
    """A list or tuple: plain values of one type together are one array."""
    if not raw:
        return NotAnArray("an empty list")
    kinds = {type(each) for each in raw}
    is_array = len(kinds) == 1 and kinds <= {bool, int, float, complex, str, bytes}
    if is_array and (kinds != {int} or all(each in _INT64 for each in raw)):
        return list(raw)
    return Members(list(enumerate(raw)))


def _made(made: Made) -> Value:
    made = _unwrapped(made)
    function = _as_class(made)
    if not isinstance(function, Name):
        raise TypeError("it is made by something without a name")
    rule = _RULES.get(str(_modern(function)))
    if rule is not None:
        return rule(made)
    if function.module in ("torch._utils", "torch._tensor") and "_rebuild" in function.name:
        raise _unread(f"a tensor that only PyTorch's {function.name[:_SHOWN]} can rebuild", "a plain tensor")
    return _object(made, function)


def _unwrapped(made: Made) -> Made:
    """The tensor in a parameter, or in a tensor of a subclass; a file that nests them deeply is not PyTorch's."""
    for _ in range(_WRAPPERS):
        name = str(made.function) if isinstance(made.function, Name) else ""
        if name in _PARAMETERS:
            made = made.args[0]
        elif name == "torch._tensor._rebuild_from_type_v2":
            made = Made(made.args[0], made.args[2])
        else:
            return made
        if not isinstance(made, Made):
            raise TypeError("a parameter without a tensor")
    raise ValueError("parameters within parameters")


def _as_class(made: Made) -> Any:
    """The class or function; protocols 0 and 1 make objects by a helper of ``copyreg``."""
    is_helper = isinstance(made.function, Name) and made.function.name == "_reconstructor"
    return made.args[0] if is_helper else made.function


def _modern(name: Name) -> Name:
    """The present module of a name that has moved."""
    module = {"__builtin__": "builtins", "copy_reg": "copyreg"}.get(name.module, name.module)
    if module.startswith("numpy.core."):
        module = module.replace("numpy.core.", "numpy._core.", 1)
    return Name("torch" if module == "torch.cuda" else module, name.name)


def _object(made: Made, function: Any) -> Value:
    """An object of an unknown class: its attributes, elements and items, as far as the pickle has them."""
    is_object = made.is_class or function is not made.function or made.state is not None
    what = f"an object of {_short(function)}" if is_object else f"an object that {_short(function)} makes"
    attributes = _attributes(made.state)
    if modules := _module(attributes):
        return Members(modules, f"{what}, of which parameters and buffers are read", is_module=True)
    members = [*made.pairs, *enumerate(made.items), *attributes]
    if is_object and made.is_class and isinstance(made.args, tuple) and not members:
        members = list(enumerate(made.args))
    if str(function).startswith("__torch__."):
        members = [pair for pair in members if not isinstance(pair[1], bool | int | float | str | None)]
        return Members(members, f"{what} (TorchScript), of which tensors are read", is_module=True)
    return Members(members, f"{what}, whose members are read") if members else NotAnArray(what)


def _attributes(state: Any) -> list[tuple[Any, Any]]:
    """The attributes in a state: a dict, or a tuple of that and the dict of ``__slots__``."""
    parts = state if isinstance(state, tuple) and len(state) == 2 else (state,)
    return [pair for part in parts if isinstance(part, Pairs) for pair in part.pairs]


def _module(attributes: Sequence[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The members of a ``torch.nn.Module``, as its ``state_dict`` has them; empty for other objects."""
    found = {key: value for key, value in attributes if isinstance(key, str)}
    parts = [found.get(key) for key in ("_parameters", "_buffers", "_modules")]
    if any(part is None for part in parts):
        return []
    return [pair for part in parts for pair in _pairs(part)]


def _pairs(raw: Any) -> list[tuple[Any, Any]]:
    """The pairs of a dict or of an ordered dict."""
    if isinstance(raw, Made) and isinstance(raw.function, Name) and str(raw.function) == "collections.OrderedDict":
        found = _dict(raw)
        return list(found.pairs) if isinstance(found, Members) else []
    return raw.pairs if isinstance(raw, Pairs) else []


# -- dicts and lists ---------------------------------------------------------------------------------------------------


def _dict(made: Made) -> Value:
    """An ordered dict and the like: made of pairs, of a dict, or of nothing, and then filled."""
    pairs = list(made.pairs)
    for arg in made.args:
        if isinstance(arg, Pairs):
            pairs = [*arg.pairs, *pairs]
        elif isinstance(arg, list):
            pairs = [*((key, value) for key, value in arg), *pairs]
    return Members(pairs) if pairs else NotAnArray("an empty dict")


def _of_items(made: Made) -> Value:
    (items,) = made.args or ([],)
    return _sequence([*items, *made.items])


def _set(made: Made) -> NotAnArray:
    return NotAnArray("a set, which has no order")


def _complex(made: Made) -> complex:
    real, imaginary = made.args
    return complex(float(real), float(imaginary))


def _encoded(raw: Any) -> bytes:
    """Bytes, which the older protocols write as text: a character per byte."""
    if isinstance(raw, bytes | bytearray):
        return bytes(raw)
    if isinstance(raw, str):
        return raw.encode("latin-1")
    if not raw.args:
        return b""
    text, encoding = raw.args
    if not isinstance(raw.function, Name) or not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise ValueError("bytes in an unknown encoding")
    return text.encode("latin-1")


def _bytearray(made: Made) -> bytes:
    return _encoded(made if len(made.args) != 1 else made.args[0])


# -- tensors -----------------------------------------------------------------------------------------------------------


def _unread(what: str, instead: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, f"is {what}, which is not read; save {instead}.")


def storage_of(raw: Any, any_dtype: bool = False) -> Storage:
    """The storage of a persistent id.

    Parameters
    ----------
    raw : Reference
    any_dtype : bool
        Also describe a storage of a dtype that is not read, by one whose elements have as many bytes.

    Raises
    ------
    InvalidArgumentError
        It has a dtype that is not read.
    ValueError, TypeError, AttributeError
        It is malformed.
    """
    if not isinstance(raw, Reference):
        raise _unread("a tensor that pickle wrote, not torch.save", "it with torch.save")
    kind, *rest = raw.id
    if kind not in ("storage", b"storage"):
        raise ValueError("an unknown persistent id")
    cls, key, _, length, *view = rest
    dtypes_of = _STORAGES | _OTHER_STORAGES if any_dtype else _STORAGES
    if not isinstance(cls, Name) or cls.name not in dtypes_of:
        name = cls.name[:_SHOWN] if isinstance(cls, Name) else "storage of no class"
        raise _unread(f"a tensor of a {name}", "it as another dtype (tensor.dequantize())")
    start = 0
    if view and view[0] is not None:
        _, start, length = view[0]
    if not all(type(each) is int and 0 <= each < 2**48 for each in (start, length)):
        raise ValueError("a storage of an impossible length")
    return Storage(_text(key), dtypes_of[cls.name], length, start)


def _text(raw: Any) -> str:
    if not isinstance(raw, str | bytes):
        raise TypeError("what should be text is not")
    return raw.decode() if isinstance(raw, bytes) else raw


def _whole(storage: Storage) -> Strided:
    return Strided(storage, storage.dtype, 0, (storage.length,), (1,))


def _tensor(made: Made) -> Value:
    """A tensor of ``_rebuild_tensor_v2``, or of its older form without the last arguments."""
    storage, offset, shape, strides, *rest = made.args
    found = storage_of(storage)
    return _strided(found, found.dtype, offset, (shape, strides), rest[2] if len(rest) > 2 else None)


def _tensor_with_dtype(made: Made) -> Value:
    """A tensor of ``_rebuild_tensor_v3``, whose storage has no dtype."""
    storage, offset, shape, strides, _, _, dtype, *rest = made.args
    name = dtype.name if isinstance(dtype, Name) else "?"
    if name not in _NAMES:
        raise _unread(f"a tensor of dtype torch.{name[:_SHOWN]}", "it as another dtype")
    return _strided(storage_of(storage), _NAMES[name], offset, (shape, strides), rest[0] if rest else None)


def _strided(storage: Storage, dtype: str, offset: Any, layout: tuple[Any, Any], metadata: Any) -> Strided:
    shape, strides = (_size(each) for each in layout)
    whole = all(type(each) is int and 0 <= each < 2**48 for each in (offset, *shape, *strides))
    itemsize = dtypes.numpy_dtype(dtype).itemsize
    if not whole or len(shape) != len(strides) or not is_possible(shape, itemsize):
        raise ValueError("a tensor of an impossible shape")
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if math.prod(shape) and (last + 1) * itemsize > storage.length * dtypes.numpy_dtype(storage.dtype).itemsize:
        raise ValueError("a tensor beyond its storage")
    pairs = metadata.pairs if isinstance(metadata, Pairs) else []
    flags = {key for key, value in pairs[:_FLAGS] if isinstance(key, str) and value is True}
    return Strided(storage, dtype, offset, shape, strides, "conj" in flags, "neg" in flags)


def _size(raw: Any) -> tuple[Any, ...]:
    """A tuple of numbers, or a ``torch.Size`` of it."""
    found = raw.args[0] if isinstance(raw, Made) else raw
    if not isinstance(found, tuple | list):
        raise ValueError("a tensor without a shape")
    limits.check_rank("", len(found))
    return tuple(found)


def _refused(what: str, instead: str) -> Callable[[Made], Value]:
    def rule(made: Made) -> Value:
        raise _unread(what, instead)

    return rule


# -- NumPy -------------------------------------------------------------------------------------------------------------


def _array(made: Made) -> Value:
    """An array of NumPy: ``__reduce__`` makes an empty one, and the state has everything."""
    _, shape, dtype, fortran, data = made.state
    is_text = isinstance(data, list) and bool(data) and all(isinstance(item, str) for item in data)
    if is_text and len(_size(shape)) == 1 and shape[0] == len(data):  # an array of Python's strings
        return list(data)
    return _stored(dtype, _size(shape), data, bool(fortran))


def _scalar(made: Made) -> Value:
    dtype, data = made.args
    return _stored(dtype, (), data)


def _from_buffer(made: Made) -> Value:
    data, dtype, shape, order = made.args
    return _stored(dtype, _size(shape), data, order == "F")


def _stored(raw: Any, shape: tuple[Any, ...], data: Any, fortran: bool = False) -> Stored:
    dtype, code = _dtype(raw)
    if not all(type(size) is int and 0 <= size < 2**48 for size in shape) or not is_possible(shape, dtype.itemsize):
        raise ValueError("an array of an impossible shape")
    try:
        dtypes.name_of_numpy(dtype)
    except TypeError:
        dtype = np.dtype(object)
    if dtype.kind == "O":
        raise _unread(f"a NumPy array of dtype {code!r}", "numbers or strings")
    return Stored(dtype, shape, data, fortran)


def _dtype(raw: Any) -> tuple[np.dtype[Any], str]:
    """NumPy's dtype and its code; ``object`` for a code that is not read. The state has the byte order."""
    code = raw.args[0]
    if isinstance(code, Name):  # a dtype of ml_dtypes
        known = code.name in dtypes.ROW_BY_NAME
        return dtypes.numpy_dtype(code.name) if known else np.dtype(object), code.name[:_SHOWN]
    text = _text(code)
    if text[:1] not in tuple("?biufcSU"):
        return np.dtype(object), text[:_SHOWN]
    order = _text(raw.state[1]) if raw.state else "="
    found = np.dtype(text)
    return found if order == "|" else found.newbyteorder(order[:1]), text[:_SHOWN]  # type: ignore[arg-type]


def array_of(stored: Stored) -> Array:
    """The values of an array or scalar of NumPy; a view of its bytes."""
    data = _encoded(stored.data)
    if len(data) != math.prod(stored.shape) * stored.dtype.itemsize:
        raise ValueError("an array whose bytes do not have its length")
    array = np.frombuffer(data, stored.dtype) if stored.dtype.itemsize else np.zeros(stored.shape, stored.dtype)
    return array.reshape(stored.shape, order="F" if stored.fortran else "C")


_RULES: dict[str, Callable[[Made], Value]] = {
    "collections.OrderedDict": _dict,
    "collections.defaultdict": _dict,
    "collections.Counter": _dict,
    "collections.deque": _of_items,
    "builtins.dict": _dict,
    "builtins.list": _of_items,
    "builtins.tuple": _of_items,
    "builtins.complex": _complex,
    "builtins.bytes": _encoded,
    "builtins.bytearray": _bytearray,
    "_codecs.encode": _encoded,
    str(SET): _set,
    str(FROZEN_SET): _set,
    "torch.Size": _of_items,
    "torch.device": lambda made: NotAnArray("a device"),
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_with_dtype,
    "torch._utils._rebuild_qtensor": _refused("a quantized tensor", "tensor.dequantize()"),
    "torch._utils._rebuild_sparse_tensor": _refused("a sparse tensor", "tensor.to_dense()"),
    "torch._utils._rebuild_sparse_csr_tensor": _refused("a sparse tensor", "tensor.to_dense()"),
    "torch._utils._rebuild_nested_tensor": _refused("a nested tensor", "a list of tensors (tensor.unbind())"),
    "torch._utils._rebuild_meta_tensor_no_storage": _refused("a meta tensor, without values", "one with values"),
    "numpy._core.multiarray._reconstruct": _array,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.numeric._frombuffer": _from_buffer,
}

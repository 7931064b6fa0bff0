"""Strings split, joined, cut, changed by patterns, and read as numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hdfsaver import dtypes, shapes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.errors import UnimplementedError
from hdfsaver.graph.apply import apply, apply_list
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.definition import INDICES, Kernel, Node, register
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import convert_to_tensor, is_tensor
from hdfsaver.ops.base import Flat, dtype_name, invalid, normal_axis, scope, with_rank
from hdfsaver.ops.text_patterns import compiled, rewriting
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import Array

_UNITS = frozenset({b"BYTE", b"UTF8_CHAR"})


def strings(items: Sequence[bytes], shape: Sequence[int]) -> Array:
    """Strings as an array of a shape."""
    found = np.empty(len(items), object)
    found[:] = items
    return found.reshape(shape)


def each(function: Callable[[bytes], bytes]) -> Kernel:
    """A function of one text as one of an array of them."""
    return lambda values: strings([function(item) for item in np.ravel(values).tolist()], np.shape(values))


def characters(text: bytes) -> list[bytes]:
    """The characters of a text in UTF-8, each with its bytes; bytes that begin none go with those before them."""
    return re.findall(rb"[^\x80-\xbf][\x80-\xbf]*|^[\x80-\xbf]+", text)


class _OfTexts(Flat):
    """One text for each text."""

    signature = "input: string -> output: string"

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes[:1]


# -- splitting and joining ---------------------------------------------------------------------------------------------


def _split_parts(rows: Sequence[Sequence[bytes]]) -> tuple[Array, Array, Array]:
    """Rows of strings as the parts of a sparse tensor."""
    places = [(row, column) for row, parts in enumerate(rows) for column in range(len(parts))]
    longest = max((len(parts) for parts in rows), default=0)
    return (
        np.array(places, np.int64).reshape(-1, 2),
        strings([part for parts in rows for part in parts], (-1,)) if places else np.empty(0, object),
        np.array([len(rows), longest], np.int64),
    )


class _Split(Flat):
    def shapes(self, node: Node) -> Sequence[Shape]:
        """(unknown, 2), (unknown,) and (2,)."""
        with_rank(node.input_shapes[0], 1)
        with_rank(node.input_shapes[1], 0)
        return [(None, 2), (None,), (2,)]


@register
class StringSplit(_Split):
    """The parts of each text between any of the delimiter's bytes, as a sparse matrix."""

    type = "StringSplit"
    signature = "input: string, delimiter: string -> indices: int64, values: string, shape: int64"
    attrs = {"skip_empty": True}

    def kernel(self, node: Node) -> Kernel:
        skips = node.attrs["skip_empty"]

        def split(values: Array, delimiter: Any) -> tuple[Array, Array, Array]:
            ends = _single(delimiter)
            pattern = re.compile(b"|".join(re.escape(ends[i : i + 1]) for i in range(len(ends))))
            rows = []
            for text in np.asarray(values).tolist():
                parts = pattern.split(text) if ends else [text[i : i + 1] for i in range(len(text))]
                rows.append([part for part in parts if part] if skips else parts)
            return _split_parts(rows)

        return split


def _single(value: Any) -> bytes:
    found: bytes = value if isinstance(value, bytes) else np.asarray(value, object).item()
    return found


@register
class StringSplitV2(_Split):
    """The parts of each text between separators, or between white space, as a sparse matrix."""

    type = "StringSplitV2"
    signature = "input: string, sep: string -> indices: int64, values: string, shape: int64"
    attrs = {"maxsplit": -1}

    def kernel(self, node: Node) -> Kernel:
        most = node.attrs["maxsplit"]

        def split(values: Array, sep: Any) -> tuple[Array, Array, Array]:
            by = _single(sep) or None
            return _split_parts([_parts(text, by, most) for text in np.asarray(values).tolist()])

        return split


def _parts(text: bytes, sep: bytes | None, most: int) -> list[bytes]:
    if most == 0:
        return [text if sep is not None else text.lstrip(_WHITE)]
    return text.split(sep, most)


_WHITE = b" \t\n\v\f\r"


@register
class StringJoin(Flat):
    """Strings joined one by one; single ones stand beside all."""

    type = "StringJoin"
    signature = "inputs: N * string -> output: string"
    attrs = {"separator": b""}
    minimums = {"N": 0}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape that all inputs have which are not single strings."""
        found: Shape = ()
        for shape in node.input_shapes:
            if shape is None:
                return [None]
            if shape != ():
                found = shape if found == () else shapes.merge(found, shape)
        return [found]

    def kernel(self, node: Node) -> Kernel:
        separator: bytes = node.attrs["separator"]

        def join(*values: Any) -> Array:
            arrays = [np.asarray(value, object) for value in values]
            sizes = {array.shape for array in arrays if array.ndim}
            if len(sizes) > 1:
                raise invalid(f"Input shapes do not match: {' and '.join(map(str, sorted(sizes)))}.")
            shape = sizes.pop() if sizes else ()
            count = int(np.prod(shape))
            columns = [array.ravel().tolist() if array.ndim else [array.item()] * count for array in arrays]
            rows = zip(*columns, strict=True) if columns else [()] * count
            return strings([separator.join(row) for row in rows], shape)

        return join


@register
class ReduceJoin(Flat):
    """Strings joined along axes, in the order in which the axes are given."""

    type = "ReduceJoin"
    signature = "inputs: string, reduction_indices: int32 -> output: string"
    attrs = {"keep_dims": False, "separator": b""}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape without the axes, or with 1 there."""
        shape, axes = node.input_shapes[0], node.constant(1)
        if shape is None or axes is None:
            return [None]
        gone = {normal_axis(int(axis), len(shape)) for axis in np.ravel(axes)}
        if node.attrs["keep_dims"]:
            return [tuple(1 if axis in gone else size for axis, size in enumerate(shape))]
        return [tuple(size for axis, size in enumerate(shape) if axis not in gone)]

    def kernel(self, node: Node) -> Kernel:
        keeps, separator = node.attrs["keep_dims"], node.attrs["separator"]

        def join(values: Any, axes: Array) -> Array:
            values = np.asarray(values, object)
            gone = [normal_axis(int(axis), values.ndim) for axis in np.ravel(axes)]
            for axis in gone:
                if gone.count(axis) > 1:
                    raise invalid(f"Duplicate reduction dimension {axis}.")
            rest = [axis for axis in range(values.ndim) if axis not in gone]
            count, length = (int(np.prod([values.shape[a] for a in axes])) for axes in (rest, gone))
            rows = values.transpose([*rest, *reversed(gone)]).reshape(count, length)
            sizes = [1 if axis in gone else size for axis, size in enumerate(values.shape) if keeps or axis in rest]
            return strings([separator.join(row) for row in rows.tolist()], sizes)

        return join


# -- cutting -----------------------------------------------------------------------------------------------------------


@register
class Substr(Flat):
    """Parts of strings by place and length."""

    type = "Substr"
    signature = "input: string, pos: T, len: T -> output: string"
    types = {"T": INDICES}
    attrs = {"unit": b"BYTE"}
    allowed = {"unit": _UNITS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The broadcast shape of text and places."""
        text, pos, length = node.input_shapes
        if pos is not None and length is not None and len(pos) != len(length):
            raise ValueError(f"pos and len must have the same rank, not {len(pos)} and {len(length)}.")
        return [shapes.broadcast(text, shapes.merge(pos, length))]

    def kernel(self, node: Node) -> Kernel:
        cut = _bytes_at if node.attrs["unit"] == b"BYTE" else _characters_at

        def cut_all(values: Any, pos: Array, length: Array) -> Array:
            values = np.asarray(values, object)
            if np.shape(pos) != np.shape(length):
                raise invalid(f"pos and len should have the same shape, not {np.shape(pos)} and {np.shape(length)}.")
            given, starts, lengths = np.broadcast_arrays(values, pos, length)
            rows = zip(given.ravel().tolist(), starts.ravel().tolist(), lengths.ravel().tolist(), strict=True)
            return strings([cut(*row) for row in rows], given.shape)

        return cut_all


def _bytes_at(text: bytes, pos: int, length: int) -> bytes:
    start, end = _range(len(text), pos, length, text)
    return text[start:end]


def _characters_at(text: bytes, pos: int, length: int) -> bytes:
    found = characters(text)
    start, end = _range(len(found), pos, length, text)
    return b"".join(found[start:end])


def _range(size: int, pos: int, length: int, text: bytes) -> tuple[int, int]:
    if not -size <= pos <= size:
        raise invalid(f"pos {pos} out of range for string b'{text.decode('latin-1')}' of {size} elements.")
    start = pos + size if pos < 0 else pos
    return start, max(start, min(size, start + length))


@register
class StringLength(Flat):
    """The number of bytes, or of characters, of each text."""

    type = "StringLength"
    signature = "input: string -> output: int32"
    attrs = {"unit": b"BYTE"}
    allowed = {"unit": _UNITS}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        bytewise = node.attrs["unit"] == b"BYTE"

        def count(text: bytes) -> int:
            return len(text) if bytewise else sum((byte & 0xC0) != 0x80 for byte in text)

        return lambda values: np.array([count(item) for item in np.ravel(values).tolist()], np.int32).reshape(
            np.shape(values)
        )


# -- patterns ----------------------------------------------------------------------------------------------------------

_PATTERNS = (
    "Patterns are those of Python's re as far as TensorFlow's library RE2 has them; classes of Unicode are refused."
)


@register
class RegexReplace(_OfTexts):
    """Matches of a pattern, replaced."""

    type = "RegexReplace"
    signature = "input: string, pattern: string, rewrite: string -> output: string"
    attrs = {"replace_global": True}
    differs = _PATTERNS

    def kernel(self, node: Node) -> Kernel:
        everywhere = node.attrs["replace_global"]
        return lambda values, pattern, rewrite: each(rewriting(_single(pattern), _single(rewrite), everywhere))(values)


@register
class StaticRegexReplace(_OfTexts):
    """Matches of a pattern that the graph says, replaced."""

    type = "StaticRegexReplace"
    needed = {"pattern": "string", "rewrite": "string"}
    attrs = {"replace_global": True}
    differs = _PATTERNS

    def kernel(self, node: Node) -> Kernel:
        attrs = node.attrs
        return each(rewriting(attrs["pattern"], attrs["rewrite"], attrs["replace_global"]))


def _matching(pattern: bytes, values: Any) -> Array:
    wanted = compiled(pattern)
    items = np.ravel(np.asarray(values, object)).tolist()
    found = [wanted.fullmatch(item.decode("utf-8", "surrogateescape")) is not None for item in items]
    return np.array(found, bool).reshape(np.shape(values))


@register
class RegexFullMatch(Flat):
    """Whether each text as a whole matches a pattern."""

    type = "RegexFullMatch"
    signature = "input: string, pattern: string -> output: bool"
    differs = _PATTERNS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the strings."""
        with_rank(node.input_shapes[1], 0)
        return node.input_shapes[:1]

    def kernel(self, node: Node) -> Kernel:
        return lambda values, pattern: _matching(_single(pattern), values)


@register
class StaticRegexFullMatch(Flat):
    """Whether each text as a whole matches a pattern that the graph says."""

    type = "StaticRegexFullMatch"
    signature = "input: string -> output: bool"
    needed = {"pattern": "string"}
    differs = _PATTERNS

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        pattern = node.attrs["pattern"]
        return lambda values: _matching(pattern, values)


# -- numbers -----------------------------------------------------------------------------------------------------------

_FLOAT = re.compile(
    rb"[ \t\n\v\f\r]*([+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan|(0x[0-9a-f]+(?:\.[0-9a-f]*)?"
    rb"(?:p[+-]?\d+)?)))[ \t\n\v\f\r]*",
    re.IGNORECASE,
)
_INTEGER = re.compile(rb"[ \t\n\v\f\r]*([+-]?\d+)[ \t\n\v\f\r]*")


@register
class StringToNumber(Flat):
    """Strings read as numbers."""

    type = "StringToNumber"
    signature = "string_tensor: string -> output: out_type"
    types = {"out_type": frozenset({"float32", "float64", "int32", "int64", "uint32", "uint64"})}
    attrs = {"out_type": "float32"}

    def shapes(self, node: Node) -> Sequence[Shape]:
        """The shape of the input."""
        return node.input_shapes

    def kernel(self, node: Node) -> Kernel:
        dtype = dtypes.numpy_dtype(node.attrs["out_type"])
        read = _float_of if dtype.kind == "f" else _integer_of

        def numbers(values: Any) -> Array:
            items = np.ravel(np.asarray(values, object)).tolist()
            with np.errstate(over="ignore"):
                return np.array([read(item, dtype) for item in items], dtype).reshape(np.shape(values))

        return numbers


def _float_of(text: bytes, dtype: np.dtype[Any]) -> float:
    found = _FLOAT.fullmatch(text)
    if found is None:
        raise invalid(f"StringToNumberOp could not correctly convert string: {text.decode('latin-1')}")
    return float.fromhex(found[1].decode()) if found[2] else float(found[1])


def _integer_of(text: bytes, dtype: np.dtype[Any]) -> int:
    found = _INTEGER.fullmatch(text)
    ends = np.iinfo(dtype)
    if found is None or len(found[1]) > len(str(ends.max)) + 20 or not ends.min <= int(found[1]) <= ends.max:
        raise invalid(f"StringToNumberOp could not correctly convert string: {text.decode('latin-1')}")
    return int(found[1])


# -- the functions -----------------------------------------------------------------------------------------------------


def _sparse(parts: Sequence[Tensor]) -> SparseTensor:
    indices, values, shape = parts
    return SparseTensor(indices, values, shape)


def string_split(
    source: TensorLike | None = None,
    sep: str | None = None,
    skip_empty: bool = True,
    delimiter: TensorLike | None = None,
    result_type: str = "SparseTensor",
    name: str | None = None,
    input: TensorLike | None = None,
) -> SparseTensor:
    """The parts of each text between any of the bytes of a separator.

    Parameters
    ----------
    source : TensorLike
        A vector of strings.
    sep : str
        Each byte is a separator, a space by default; with an empty one, each byte of a text is a part.
    skip_empty : bool
        Whether empty parts are left out.
    delimiter : str, optional
        Another name of ``sep``.
    result_type : {"SparseTensor"}
        The class of the result; ragged tensors are missing.
    name : str, optional
        The name scope.
    input : TensorLike, optional
        Another name of ``source``.

    Returns
    -------
    SparseTensor
        A row for each text.

    Raises
    ------
    ValueError
        Not a vector; or two names of one argument are given.
    UnimplementedError
        A ragged tensor is asked for.
    """
    _no_ragged(result_type)
    by = _one_of(delimiter, sep, " ", "delimiter", "sep")
    given = _one_of(input, source, None, "input", "source")
    with scope(name, "StringSplit", given):
        separator = convert_to_tensor(by, dtypes.string)
        tensor = convert_to_tensor(given, dtypes.string)
        return _sparse(apply_list("StringSplit", tensor, separator, skip_empty=skip_empty))


def _one_of(first: Any, second: Any, default: Any, name: str, other: str) -> Any:
    if first is not None and second is not None:
        raise ValueError(f"Only one of {name} and {other} may be given.")
    found = second if first is None else first
    if found is None and default is None:
        raise ValueError(f"{other} must be given.")
    return default if found is None else found


def _no_ragged(result_type: str) -> None:
    if result_type != "SparseTensor":
        if result_type == "RaggedTensor":
            raise UnimplementedError(None, None, "Ragged tensors are not here: ask for a SparseTensor.")
        raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")


def split(
    input: TensorLike | None = None,
    sep: str | None = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: TensorLike | None = None,
    name: str | None = None,
) -> SparseTensor:
    """The parts of each text between separators, or between white space.

    Parameters
    ----------
    input : TensorLike
        Strings: one, or a vector.
    sep : str, optional
        The text between the parts, white space of any length by default.
    maxsplit : int
        The most cuts; -1 for no limit.
    result_type : {"SparseTensor"}
        The class of the result; ragged tensors are missing.
    source : TensorLike, optional
        Another name of ``input``.
    name : str, optional
        The name scope.

    Returns
    -------
    SparseTensor
        A row for each text.

    Raises
    ------
    ValueError
        The strings have more dimensions.
    UnimplementedError
        A ragged tensor is asked for.
    """
    _no_ragged(result_type)
    given = _one_of(source, input, None, "source", "input")
    with scope(name, "StringSplit", given):
        tensor = convert_to_tensor(given, dtypes.string, "input")
        if tensor.shape.ndims == 0:
            tensor = apply("ExpandDims", tensor, 0)
        separator = convert_to_tensor("" if sep is None else sep, dtypes.string)
        return _sparse(apply_list("StringSplitV2", tensor, separator, maxsplit=maxsplit))


def string_join(inputs: Sequence[TensorLike], separator: str = "", name: str | None = None) -> Tensor:
    """Strings joined one by one.

    Parameters
    ----------
    inputs : list of TensorLike
        Strings of one shape; single ones stand beside all.
    separator : str
        The text between them.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Strings of that shape.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    return apply("StringJoin", list(inputs), separator=_bytes(separator), name=name)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def reduce_join(
    inputs: TensorLike,
    axis: TensorLike | None = None,
    keep_dims: bool | None = None,
    separator: str = "",
    name: str | None = None,
    reduction_indices: TensorLike | None = None,
    keepdims: bool | None = None,
) -> Tensor:
    """Strings joined along axes.

    Parameters
    ----------
    inputs : TensorLike
        Strings.
    axis : int or list of int, optional
        In the order in which they are joined; all by default.
    keep_dims : bool, optional
        An older name of ``keepdims``.
    separator : str
        The text between them.
    name : str, optional
        The name scope.
    reduction_indices : int or list of int, optional
        An older name of ``axis``.
    keepdims : bool, optional
        Whether the axes stay, with length 1.

    Returns
    -------
    Tensor
        Strings.

    Raises
    ------
    ValueError
        An axis is out of range, or two names of one argument are given.
    """
    keeps = _one_of(keepdims, keep_dims, False, "keepdims", "keep_dims")
    with scope(name, "ReduceJoin", inputs):
        tensor = convert_to_tensor(inputs, dtypes.string)
        axes = _one_of(reduction_indices, axis, _all_axes(tensor, axis, reduction_indices), "reduction_indices", "axis")
        return apply("ReduceJoin", tensor, axes, keep_dims=keeps, separator=_bytes(separator))


def _all_axes(tensor: Tensor, *given: Any) -> Any:
    if any(value is not None for value in given):
        return []
    if tensor.shape.ndims is not None:
        return convert_to_tensor(np.arange(tensor.shape.ndims, dtype=np.int32)[::-1])
    return apply("Range", apply("Sub", apply("Rank", tensor), 1), -1, -1)


def substr(input: TensorLike, pos: TensorLike, len: TensorLike, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """Parts of strings.

    Parameters
    ----------
    input : TensorLike
        Strings.
    pos, len : TensorLike
        Where each part begins, from the end if negative, and how long it is at most.
    name : str, optional
        The name of the operation.
    unit : {"BYTE", "UTF8_CHAR"}
        The unit that is counted.

    Returns
    -------
    Tensor
        Strings of the broadcast shape.

    Raises
    ------
    InvalidArgumentError
        In the run: a part begins outside its text.
    """
    return apply("Substr", input, pos, len, unit=unit.encode(), name=name)


def regex_replace(
    input: TensorLike,
    pattern: TensorLike,
    rewrite: TensorLike,
    replace_global: bool = True,
    name: str | None = None,
) -> Tensor:
    r"""Replace what matches a pattern.

    Parameters
    ----------
    input : TensorLike
        Strings.
    pattern : str or Tensor
        A regular expression.
    rewrite : str or Tensor
        The text for each match; ``\0`` is the match, ``\1`` its first group.
    replace_global : bool
        Whether every match is replaced, not the first alone.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Strings of the same shape.

    Raises
    ------
    InvalidArgumentError
        In the run: the pattern is not one.
    """
    if is_tensor(pattern) or is_tensor(rewrite):
        return apply("RegexReplace", input, pattern, rewrite, replace_global=replace_global, name=name)
    attrs = {"pattern": _bytes(pattern), "rewrite": _bytes(rewrite), "replace_global": replace_global}  # type: ignore[arg-type]  # strings
    return apply("StaticRegexReplace", input, name=name, **attrs)


def regex_full_match(input: TensorLike, pattern: TensorLike, name: str | None = None) -> Tensor:
    """Whether each text as a whole matches a pattern.

    Parameters
    ----------
    input : TensorLike
        Strings.
    pattern : str or Tensor
        A regular expression.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        Of bool, of the same shape.

    Raises
    ------
    InvalidArgumentError
        In the run: the pattern is not one.
    """
    if is_tensor(pattern):
        return apply("RegexFullMatch", input, pattern, name=name)
    return apply("StaticRegexFullMatch", input, pattern=_bytes(pattern), name=name)  # type: ignore[arg-type]  # a string


def string_to_number(
    string_tensor: TensorLike | None = None,
    out_type: DTypeLike = dtypes.float32,
    name: str | None = None,
    input: TensorLike | None = None,
) -> Tensor:
    """Strings read as numbers.

    Parameters
    ----------
    string_tensor : TensorLike
        Strings.
    out_type : DTypeLike
        float32, float64, int32 or int64.
    name : str, optional
        The name of the operation.
    input : TensorLike, optional
        Another name of ``string_tensor``.

    Returns
    -------
    Tensor
        Numbers of the same shape.

    Raises
    ------
    InvalidArgumentError
        In the run: a text is not a number, or too great for an integer.
    """
    given = _one_of(input, string_tensor, None, "input", "string_tensor")
    return apply("StringToNumber", given, out_type=dtype_name(out_type), name=name)


def string_length(input: TensorLike, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """The lengths of strings.

    Parameters
    ----------
    input : TensorLike
        Strings.
    name : str, optional
        The name of the operation.
    unit : {"BYTE", "UTF8_CHAR"}
        The unit that is counted.

    Returns
    -------
    Tensor
        Of int32.

    Raises
    ------
    ValueError
        There is no such unit.
    """
    return apply("StringLength", input, unit=unit.encode(), name=name)

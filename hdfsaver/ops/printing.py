"""Operations that print values while a graph is run: ``tf.Print`` and ``tf.print``."""

from __future__ import annotations

import logging
import os
import pprint
import random
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from hdfsaver.graph.apply import apply, apply_op
from hdfsaver.graph.composite_tensors import SparseTensor
from hdfsaver.graph.definition import Kernel, Node, OpDef, register
from hdfsaver.graph.operation import Operation
from hdfsaver.graph.structures import leaves_of, mapped, parts_of
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.graph.tensor_conversion import is_tensor
from hdfsaver.ops.base import Flat, Grads, invalid
from hdfsaver.ops.resources import Resource
from hdfsaver.ops.value_texts import first_values, outer_values
from hdfsaver.shapes import Shape
from hdfsaver.tensor_info import STRING, Array

_SHOWN = 3
"""How many values are shown where a program does not say."""

_FILE = "file://"

_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_STREAMS = {
    "info": "log(info)",
    "warn": "log(warning)",
    "warning": "log(warning)",
    "error": "log(error)",
    logging.INFO: "log(info)",
    logging.WARNING: "log(warning)",
    logging.ERROR: "log(error)",
}


class KeepingState(Protocol):
    """The part of a session's state that operations keep objects in."""

    def resource(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The object of that key, made when it is first asked for."""


class _Printed(Resource):
    """How many times an operation has been asked to print."""

    times = 0


@register
class PrintValues(OpDef):
    """The input; prints a message and the first values of each tensor of data to the standard error stream."""

    type = "Print"
    signature = "input: T, data: [U] -> output: T"
    attrs = {"message": b"", "first_n": -1, "summarize": _SHOWN}
    minimums = {"U": 0}
    stateful = True
    differs = "Complex numbers are printed; TensorFlow prints a question mark."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """That of input."""
        return [node.input_shapes[0]]

    def kernel(self, node: Node) -> Kernel:
        message = node.attrs["message"].decode("utf-8", "replace")
        times, most = node.attrs["first_n"], node.attrs["summarize"]

        def show(state: KeepingState, value: Array, *data: Array) -> Array:
            if times >= 0:
                printed = state.resource(("Print", node.name), _Printed)
                printed.times += 1
                if printed.times > times:
                    return value
            sys.stderr.write(message + "".join(first_values(each, most) for each in data) + "\n")
            sys.stderr.flush()
            return value

        return show

    def gradient(self, op: Operation, *grads: Tensor | None) -> Grads:
        return [grads[0], *[None] * (len(op.inputs) - 1)]


@register
class StringFormat(Flat):
    """A text with the values of tensors in the places of a placeholder."""

    type = "StringFormat"
    signature = "inputs: [T] -> output: string"
    attrs = {"template": b"%s", "placeholder": b"%s", "summarize": _SHOWN}
    minimums = {"T": 0}
    differs = "Complex numbers are written; TensorFlow writes a question mark."

    def shapes(self, node: Node) -> Sequence[Shape]:
        """()."""
        return [()]

    def kernel(self, node: Node) -> Kernel:
        template, placeholder = (node.attrs[key].decode("utf-8", "replace") for key in ("template", "placeholder"))
        pieces = template.split(placeholder)
        most = node.attrs["summarize"]
        if len(pieces) - 1 != len(node.inputs):
            raise invalid(
                f"num placeholders in template and num inputs must match: {len(pieces) - 1} vs. {len(node.inputs)}"
            )

        def fill(*values: Array) -> Array:
            texts = [outer_values(value, most) for value in values]
            found = np.empty((), object)
            found[()] = (pieces[0] + "".join(map(str.__add__, texts, pieces[1:]))).encode()
            return found

        return fill


@register
class PrintV2(Flat):
    """Prints a text to a stream, a log or a file."""

    type = "PrintV2"
    signature = "input: string ->"
    attrs = {"output_stream": b"stderr", "end": b"\n"}
    stateful = True

    def shapes(self, node: Node) -> Sequence[Shape]:
        """No output."""
        return []

    def kernel(self, node: Node) -> Kernel:
        stream = node.attrs["output_stream"].decode("utf-8", "replace")
        end = node.attrs["end"].decode("utf-8", "replace")

        def show(state: object, value: Array) -> tuple[()]:
            if np.ndim(value):
                raise invalid(f"Input is expected to be scalar, but got {list(np.shape(value))}")
            _write(stream, np.asarray(value, object).item().decode("utf-8", "replace"), end)
            return ()

        return show


def _write(stream: str, text: str, end: str) -> None:
    if stream.startswith(_FILE):
        with open(stream.removeprefix(_FILE), "a", encoding="utf-8") as file:
            file.write(text + end)
    elif stream in ("stdout", "stderr"):
        target = getattr(sys, stream)
        target.write(text + end)
        target.flush()
    elif stream.startswith("log(") and stream[4:-1] in _LEVELS:
        logging.getLogger("hdfsaver").log(_LEVELS[stream[4:-1]], "%s", text)
    else:
        raise invalid(f"Unknown output stream: {stream!r}.")


def Print(  # noqa: N802, TensorFlow's name
    input_: TensorLike,
    data: Sequence[TensorLike],
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Pass a tensor on; a run prints tensors to the standard error stream.

    Parameters
    ----------
    input_ : Tensor or array_like
        The result.
    data : list of Tensor or array_like
        The tensors to print.
    message : str, optional
        It is printed first.
    first_n : int, optional
        Print at most that many times in a session; always by default.
    summarize : int, optional
        How many values of each tensor are printed: 3 by default, a negative number for all.
    name : str, optional
        Name of the operation, ``Print`` by default.

    Returns
    -------
    Tensor
        The same values.

    Raises
    ------
    TypeError
        ``data`` is not a list.
    """
    if not isinstance(data, list | tuple):
        raise TypeError(f"Expected list for 'data' argument to 'Print' Op, not {data!r}.")
    given = {"message": None if message is None else message.encode(), "first_n": first_n, "summarize": summarize}
    attrs = {key: value for key, value in given.items() if value is not None}
    return apply("Print", input_, list(data), name=name, **attrs)


def print_(
    *inputs: Any,
    output_stream: Any = None,
    summarize: int | None = _SHOWN,
    sep: str = " ",
    end: str = os.linesep,
    name: str | None = None,
) -> Operation:
    """An operation that prints values when it is run.

    Parameters
    ----------
    *inputs : Tensor, or any other value
        Also nested lists, tuples and dicts of them.
    output_stream : stream, function of ``tf.logging``, or str, optional
        ``sys.stderr`` by default; also ``sys.stdout``, ``tf.logging.info``, ``warning`` and ``error``, and
        ``file://PATH``, to which it appends.
    summarize : int, optional
        How many values are shown at each end of a dimension; -1 for all.
    sep : str
        Text between two inputs.
    end : str
        Text after the last.
    name : str, optional
        Name of the operation, ``PrintV2`` by default.

    Returns
    -------
    Operation
        It prints when it is fetched, or when an operation that waits for the result is run.

    Raises
    ------
    ValueError
        The stream is another one.

    Examples
    --------
    >>> import sys
    >>> import hdfsaver as tf
    >>> shown = tf.print("values:", tf.range(10), output_stream=sys.stdout)
    >>> tf.Session().run(shown)
    values: [0 1 2 ... 7 8 9]
    """
    stream = _stream_name(sys.stderr if output_stream is None else output_stream)
    only = inputs[0] if len(inputs) == 1 else None
    if isinstance(only, Tensor) and only.shape.rank == 0 and only.dtype.name == STRING:
        text = only
    else:
        template, placeholder, tensors = _template(inputs, sep)
        text = apply(
            "StringFormat",
            tensors,
            name=name and f"{name}_format",
            template=template.encode(),
            placeholder=placeholder.encode(),
            summarize=_SHOWN if summarize is None else summarize,
        )
    return apply_op("PrintV2", text, name=name, output_stream=stream.encode(), end=end.encode())


def _stream_name(stream: Any) -> str:
    if isinstance(stream, str) and stream.startswith(_FILE):
        return stream
    for name in ("stdout", "stderr"):
        if stream in (getattr(sys, name), getattr(sys, f"__{name}__")):
            return name
    key = getattr(stream, "__name__", stream)
    if not isinstance(key, str | int) or key not in _STREAMS or isinstance(stream, str):
        raise ValueError(
            f"Unsupported output stream, logging level, or file: {stream}. Supported are sys.stdout, sys.stderr, "
            "tf.logging.info, tf.logging.warning, tf.logging.error, and 'file://' with a path."
        )
    return _STREAMS[key]


def _template(inputs: Sequence[Any], sep: str) -> tuple[str, str, list[Any]]:
    """The text around tensors, what stands for each of them there, and the tensors."""
    ordered = [OrderedDict(sorted(each.items())) if isinstance(each, OrderedDict) else each for each in inputs]
    plain = mapped(lambda leaf: "" if _is_value(leaf) else leaf, ordered, whole=True)
    around = " ".join(pprint.pformat(each) for each in plain)
    placeholder = "{}"
    digits = random.Random(5)  # noqa: S311, the digits that TensorFlow takes
    while placeholder in around:
        placeholder += str(digits.randint(0, 9))

    def shown(leaf: Any) -> Any:
        if isinstance(leaf, SparseTensor):
            return f"SparseTensor(indices={placeholder}, values={placeholder}, shape={placeholder})"
        return placeholder if _is_value(leaf) else leaf

    texts = [each if isinstance(each, str) else pprint.pformat(mapped(shown, each, whole=True)) for each in inputs]
    found = [leaf for leaf in leaves_of(inputs, whole=True) if _is_value(leaf)]
    tensors = [part for leaf in found for part in (parts_of(leaf) if isinstance(leaf, SparseTensor) else [leaf])]
    return sep.join(texts).replace(f"'{placeholder}'", placeholder), placeholder, tensors


def _is_value(leaf: Any) -> bool:
    return is_tensor(leaf) or isinstance(leaf, SparseTensor)

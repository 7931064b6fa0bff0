"""The outputs of operations, according to the definitions of their types in the file.

A ``.meta`` file lists the definitions of all types in it (``stripped_op_list``), and functions have signatures of the
same kind. Without a definition, the outputs follow from the operation's attributes and from the
outputs that other operations take.
Source: ``tensorflow/core/framework/op_def.proto`` and ``node_def_util.cc`` (``OutputTypesForNode``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, repeat
from typing import NamedTuple, Self

from hdfsaver import dtypes, limits
from hdfsaver.messages import message_classes
from hdfsaver.messages.attr_values import AttributeReader
from hdfsaver.messages.tensor_types import InexpressibleError, type_name
from hdfsaver.schema import AttrValue
from hdfsaver.shapes import Shape

OUTPUT_SHAPES = "_output_shapes"
"""TensorFlow's attribute for the known shapes of an operation's outputs."""

OUTPUT_DTYPES = "_output_dtypes"
"""hdfsaver's attribute for their dtypes, on operations of an unknown type: nothing else tells their outputs."""

_TELLING_ATTRS = ("dtype", "out_type", "output_type", "DstT", "Tout", "T")
"""The attributes that most often say which dtype comes out of an operation."""

_MANY = 16
"""Outputs from which on equal descriptions are one object."""

Outputs = tuple[tuple[str, Shape], ...]
Attrs = Mapping[str, AttrValue]


class OpDefs:
    """The definitions of types of operations in one file.

    Parameters
    ----------
    definitions : iterable of OpDef
        Messages; the first of a name counts.
    size : int
        The length of the file in bytes, which bounds the number of outputs.
    """

    def __init__(self, definitions: Iterable[message_classes.OpDef], size: int = 0) -> None:
        self._budget = limits.Budget(size)
        self._by_type: dict[str, message_classes.OpDef] = {}
        for definition in definitions:
            self._by_type.setdefault(definition.name, definition)
        self._arguments: dict[str, list[_Argument]] = {}
        self._defaults: dict[str, dict[str, AttrValue]] = {}

    def __len__(self) -> int:
        return len(self._by_type)

    def __contains__(self, op: object) -> bool:
        return op in self._by_type

    def outputs(self, name: str, op: str, attrs: Attrs, taken: int) -> Outputs:
        """The outputs of an operation.

        Parameters
        ----------
        name : str
            The operation, for errors.
        op : str
            Its type.
        attrs : mapping
            Its attributes.
        taken : int
            How many of its outputs others take at least.

        Returns
        -------
        tuple of (str, shape)
            The dtype of each output, and its shape, None where it is unknown.

        Raises
        ------
        ResourceExhaustedError
            The operations have more outputs, all together, than the limit `elements` allows for the file.
        """
        found = self._dtypes(name, op, attrs)
        if found is None or len(found) < taken:
            self._take(name, taken)
            found = _guessed(attrs, taken)
        shapes = attrs.get(OUTPUT_SHAPES)
        known = shapes if isinstance(shapes, list) and all(map(_is_shape, shapes)) else []
        pairs = zip(found, chain(known, repeat(None)), strict=False)
        if len(found) < _MANY:
            return tuple(pairs)
        shared: dict[tuple[str, Shape], tuple[str, Shape]] = {}
        return tuple([shared.setdefault(pair, pair) for pair in pairs])

    def _take(self, name: str, count: int) -> None:
        if count > 1:
            self._budget.take(f"the outputs of operation {name!r}", elements=count)

    def _dtypes(self, name: str, op: str, attrs: Attrs) -> list[str] | None:
        definition = self._by_type.get(op)
        if definition is None:
            return None
        try:
            complete = {**self._defaults_of(definition), **attrs}
            arguments = self._outputs_of(definition)
            self._take(name, sum([argument.count(complete) for argument in arguments]))
            return [name for argument in arguments for name in argument.dtypes(complete)]
        except (InexpressibleError, KeyError, TypeError, ValueError):
            return None  # the operation is not as the definition has it

    def _outputs_of(self, definition: message_classes.OpDef) -> list[_Argument]:
        found = self._arguments.get(definition.name)
        if found is None:
            found = self._arguments[definition.name] = list(map(_Argument.of, definition.output_arg))
        return found

    def _defaults_of(self, definition: message_classes.OpDef) -> dict[str, AttrValue]:
        found = self._defaults.get(definition.name)
        if found is None:
            reader = AttributeReader()
            read = {attr.name: reader.read(attr.default_value) for attr in definition.attr}
            found = {name: value.plain for name, value in read.items() if value is not None}
            self._defaults[definition.name] = found
        return found


class _Argument(NamedTuple):
    """An ``ArgDef`` as plain values, which are read faster."""

    type: int
    type_attr: str
    number_attr: str
    type_list_attr: str
    is_ref: bool

    @classmethod
    def of(cls, message: message_classes.OpDef.ArgDef) -> Self:
        """The values of a message."""
        return cls(message.type, message.type_attr, message.number_attr, message.type_list_attr, message.is_ref)

    def count(self, attrs: Attrs) -> int:
        """The number of outputs; `ValueError` where it cannot be one."""
        if self.type_list_attr:
            return len(_checked_list(attrs[self.type_list_attr]))
        count = attrs[self.number_attr] if self.number_attr else 1
        if type(count) is not int or not 0 <= count <= limits.get().elements:
            raise ValueError(f"{count!r} is not a number of outputs")
        return count

    def dtypes(self, attrs: Attrs) -> list[str]:
        """The dtypes of the outputs."""
        if self.type_list_attr:
            names = list(map(_checked, _checked_list(attrs[self.type_list_attr])))
        else:
            names = [_checked(attrs[self.type_attr]) if self.type_attr else type_name(self.type)] * self.count(attrs)
        return [name + dtypes.REF_SUFFIX for name in names] if self.is_ref else names


def _checked(name: AttrValue) -> str:
    if not isinstance(name, str) or dtypes.base_name(name) not in dtypes.ROW_BY_NAME:
        raise TypeError(f"{name!r} is not a dtype")
    return name


def _checked_list(value: AttrValue) -> list[AttrValue]:
    if not isinstance(value, list):  # a string would be one of letters
        raise TypeError(f"{value!r} is not a list of dtypes")
    return value


def _guessed(attrs: Attrs, taken: int) -> list[str]:
    said = attrs.get(OUTPUT_DTYPES)
    if isinstance(said, list) and len(said) >= taken and all(isinstance(name, str) for name in said):
        return list(said)
    usual = next((attrs[key] for key in _TELLING_ATTRS if isinstance(attrs.get(key), str)), None)
    shapes = attrs.get(OUTPUT_SHAPES)
    count = len(shapes) if isinstance(shapes, list) else int(usual is not None)
    return [usual or "variant"] * max(count, taken)


def _is_shape(value: AttrValue) -> bool:
    return value is None or isinstance(value, tuple)

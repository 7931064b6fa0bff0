"""The outputs of operations, according to the definitions of their types in the file.

A ``.meta`` file lists the definitions of all types in it (``stripped_op_list``), and functions have signatures of the
same kind. Without a definition, the outputs follow from the operation's attributes and from the
outputs that other operations take.
Source: ``tensorflow/core/framework/op_def.proto`` and ``node_def_util.cc`` (``OutputTypesForNode``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hdfsaver import dtypes
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

_MAX_OUTPUTS = 2**20
"""More than any graph has: a number in a damaged file must not fill the memory."""

Outputs = tuple[tuple[str, Shape], ...]
Attrs = Mapping[str, AttrValue]


class OpDefs:
    """The definitions of types of operations in one file.

    Parameters
    ----------
    definitions : iterable of OpDef
        Messages; the first of a name counts.
    """

    def __init__(self, definitions: Iterable[message_classes.OpDef]) -> None:
        self._by_type: dict[str, message_classes.OpDef] = {}
        for definition in definitions:
            self._by_type.setdefault(definition.name, definition)
        self._defaults: dict[str, dict[str, AttrValue]] = {}

    def __len__(self) -> int:
        return len(self._by_type)

    def __contains__(self, op: object) -> bool:
        return op in self._by_type

    def outputs(self, op: str, attrs: Attrs, taken: int) -> Outputs:
        """The outputs of an operation.

        Parameters
        ----------
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
        """
        found = self._dtypes(op, attrs)
        if found is None or len(found) < taken:
            found = _guessed(attrs, taken)
        shapes = attrs.get(OUTPUT_SHAPES)
        known = shapes if isinstance(shapes, list) and all(map(_is_shape, shapes)) else []
        return tuple(zip(found, [*known, *[None] * len(found)], strict=False))

    def _dtypes(self, op: str, attrs: Attrs) -> list[str] | None:
        definition = self._by_type.get(op)
        if definition is None:
            return None
        try:
            complete = {**self._defaults_of(definition), **attrs}
            return [name for argument in definition.output_arg for name in _dtypes_of(argument, complete)]
        except (InexpressibleError, KeyError, TypeError, ValueError):
            return None  # the operation is not as the definition has it

    def _defaults_of(self, definition: message_classes.OpDef) -> dict[str, AttrValue]:
        found = self._defaults.get(definition.name)
        if found is None:
            reader = AttributeReader()
            read = {attr.name: reader.read(attr.default_value) for attr in definition.attr}
            found = {name: value.plain for name, value in read.items() if value is not None}
            self._defaults[definition.name] = found
        return found


def _dtypes_of(argument: message_classes.OpDef.ArgDef, attrs: Attrs) -> Iterator[str]:
    if argument.type_list_attr:
        names = [_checked(name) for name in attrs[argument.type_list_attr]]
    else:
        name = _checked(attrs[argument.type_attr]) if argument.type_attr else type_name(argument.type)
        count = attrs[argument.number_attr] if argument.number_attr else 1
        if type(count) is not int or not 0 <= count <= _MAX_OUTPUTS:
            raise ValueError(f"{count!r} is not a number of outputs")
        names = [name] * count
    yield from (name + dtypes.REF_SUFFIX if argument.is_ref else name for name in names)


def _checked(name: AttrValue) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{name!r} is not a dtype")
    return name


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

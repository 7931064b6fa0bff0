"""The attributes of operation types, and the check of a node's attributes against them.

The kinds are those of TensorFlow's ``OpDef``: ``type``, ``int``, ``float``, ``bool``, ``string``, ``shape``,
``tensor``, ``func``, and lists such as ``list(int)``. `hdfsaver.schema` says which Python value stands for which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from hdfsaver import dtypes
from hdfsaver.errors import InvalidNodeError
from hdfsaver.graph.signature import Signature
from hdfsaver.messages.op_defs import OUTPUT_DTYPES, OUTPUT_SHAPES
from hdfsaver.schema import AttrValue
from hdfsaver.tensor_info import is_utf8


class AttrDef(NamedTuple):
    """One attribute of an operation type.

    Attributes
    ----------
    name, kind : str
    allowed : frozenset or None
        The dtypes or strings that it may be, where not all are.
    minimum : int or None
        The least value of a number, the least length of a list.
    """

    name: str
    kind: str
    allowed: frozenset[AttrValue] | None = None
    minimum: int | None = None


class Expected(NamedTuple):
    """The dtypes of the inputs and of the outputs of an operation."""

    inputs: Sequence[str]
    outputs: Sequence[str]


class AttrDefs:
    """The attributes of one operation type.

    Parameters
    ----------
    op_type : str
    attrs : list of AttrDef
    signature : Signature
        Inputs and outputs depend on some of them.
    """

    def __init__(self, op_type: str, attrs: list[AttrDef], signature: Signature) -> None:
        self.op_type = op_type
        self.by_name = {attr.name: attr for attr in attrs}
        self._signature = signature
        implied = implied_kinds(signature)
        self._implied = tuple(attr for attr in attrs if attr.name in implied)
        self._others = tuple((attr.name, attr, _type_that_tells(attr)) for attr in attrs if attr.name not in implied)
        self._numbers = tuple(name for name, kind in implied.items() if kind == "int")
        self._numbered = any(argument.number_attr for argument in signature.inputs)
        self._key: Callable[[Any], Any] = itemgetter(*implied) if implied else len
        # Few combinations of these values are in a graph: each is checked once.
        self._sound: dict[Any, Expected] = {} if implied else {0: self._resolved({})}

    def check(self, node: str, attrs: Mapping[str, AttrValue]) -> None:
        """Check the attributes of a node, those included that have their default values.

        Parameters
        ----------
        node : str
            The name of the operation.
        attrs : mapping
            All its attributes; those that the type does not have may be anything.

        Raises
        ------
        InvalidNodeError
            An attribute is missing, of another kind, or not one of the values that it may be.
        """
        if self._implied and self._known(attrs) is None:
            for attr in self._implied:
                self._check_one(node, attr, attrs)
        for name, attr, python_type in self._others:
            if python_type is None or type(attrs.get(name)) is not python_type:
                self._check_one(node, attr, attrs)

    def expected(self, attrs: Mapping[str, AttrValue]) -> Expected:
        """The dtypes of inputs and outputs that attributes ask for, given that the attributes were checked."""
        if not self._implied:
            return self._sound[0]
        found = self._known(attrs)
        if found is None:
            found = self._resolved(attrs)
            if len(self._sound) < _REMEMBERED and len(found.inputs) + len(found.outputs) < _REMEMBERED:
                with suppress(TypeError):  # the dtypes are in a list
                    self._sound[self._key(attrs)] = found
        return found

    def input_dtypes(self, node: str, attrs: Mapping[str, AttrValue], found: int) -> Sequence[str]:
        """The dtype that each input must have.

        Parameters
        ----------
        node : str
            The name of the operation.
        attrs : mapping
            Its attributes, which were checked.
        found : int
            The number of its inputs.

        Returns
        -------
        sequence of str

        Raises
        ------
        InvalidNodeError
            The number of inputs is another one.
        """
        if self._numbered and self._input_count(attrs) > max(found, _SHOWN_DTYPES):
            shown = f"{self._input_count(attrs)} inputs"  # not made, as there may be billions
        else:
            expected = self.expected(attrs).inputs
            if len(expected) == found:
                return expected
            shown = f"inputs '{', '.join(map(dtypes.alias_of, expected[:_SHOWN_DTYPES]))}'"
            shown += f" and {len(expected) - _SHOWN_DTYPES} more" * (len(expected) > _SHOWN_DTYPES)
        text = f"NodeDef expected {shown} do not match {found} inputs specified, in node {node!r} ({self.op_type})."
        raise InvalidNodeError(None, None, text)

    def _input_count(self, attrs: Mapping[str, AttrValue]) -> int:
        counts = (
            attrs[argument.number_attr] if argument.number_attr else len(attrs[argument.dtypes_attr or ""])
            for argument in self._signature.inputs
            if argument.is_list
        )
        return sum(counts) + sum(not argument.is_list for argument in self._signature.inputs)

    def _known(self, attrs: Mapping[str, AttrValue]) -> Expected | None:
        for name in self._numbers:
            if type(attrs.get(name)) is not int:  # a bool or a float may equal a number
                return None
        try:
            return self._sound.get(self._key(attrs))
        except (KeyError, TypeError):  # one is missing, or a list
            return None

    def _resolved(self, attrs: Mapping[str, AttrValue]) -> Expected:
        inputs = [dtype for argument in self._signature.inputs for dtype in argument.resolve(attrs)]
        return Expected(inputs, self._signature.output_dtypes(attrs))

    def _check_one(self, node: str, attr: AttrDef, attrs: Mapping[str, AttrValue]) -> None:
        if attr.name not in attrs:
            text = f"NodeDef missing attr {attr.name!r} from Op<name={self.op_type}>, in node {node!r}."
            raise InvalidNodeError(None, None, text)
        wrong = fault(attr, attrs[attr.name])
        if wrong:
            raise InvalidNodeError(None, None, f"{wrong}, in node {node!r} ({self.op_type}).")


_SHOWN_DTYPES = 8
"""How many dtypes a message lists."""

_REMEMBERED = 512
"""The most combinations of values, and of inputs, that are remembered for each type."""


def implied_kinds(signature: Signature) -> dict[str, str]:
    """The kinds of the attributes that inputs and outputs depend on, by their names."""
    arguments = (*signature.inputs, *signature.outputs)
    kinds = {argument.number_attr: "int" for argument in arguments}
    kinds |= {argument.dtype_attr: "type" for argument in arguments}
    kinds |= {argument.dtypes_attr: "list(type)" for argument in arguments}
    return {name: kind for name, kind in kinds.items() if name is not None}


def kind_of_default(value: AttrValue) -> str:
    """The kind of an attribute that has this default; all lists are of integers."""
    return "list(int)" if isinstance(value, list) else kind_of(value)


# -- values ------------------------------------------------------------------------------------------------------------

_PYTHON_TYPES: dict[str, type] = {
    "int": int,
    "float": float,
    "bool": bool,
    "string": bytes,
    "tensor": np.ndarray,
}
"""The Python types that alone tell a kind."""

_KNOWN_BY_TYPE: dict[str, type] = {**_PYTHON_TYPES, "type": str}
"""Those that tell it where a value comes from a function of this package."""


def _type_that_tells(attr: AttrDef) -> type | None:
    """The Python type whose values are all right, if there is one."""
    return None if attr.allowed is not None or attr.minimum is not None else _PYTHON_TYPES.get(attr.kind)


def _is_shape(value: AttrValue) -> bool:
    # A bool is not a size, though Python counts with it.
    return value is None or (
        isinstance(value, tuple) and all(size is None or (type(size) is int and size >= 0) for size in value)
    )


_TESTS: dict[str, Callable[[AttrValue], bool]] = {
    "type": lambda value: isinstance(value, str),
    "int": lambda value: type(value) is int,
    "float": lambda value: isinstance(value, float),
    "bool": lambda value: type(value) is bool,
    "string": lambda value: isinstance(value, bytes),
    "shape": _is_shape,
    "tensor": lambda value: isinstance(value, np.ndarray),
    "func": lambda value: isinstance(value, dict) and "placeholder" not in value,
}

_ELEMENTS = {kind: (kind, False) for kind in _TESTS} | {f"list({kind})": (kind, True) for kind in _TESTS}
"""For each kind that of a value, or of the items of a list, and whether it is one of a list."""


def kind_of(value: AttrValue) -> str:
    """The kind of a value, for messages and defaults."""
    if isinstance(value, list):
        inner = {kind_of(item) for item in value}
        return f"list({' and '.join(sorted(inner))})"
    return next((kind for kind, test in _TESTS.items() if test(value)), "placeholder")


def fault(attr: AttrDef, value: AttrValue) -> str:
    """The fault of a value, as a sentence without its end; empty where it has none."""
    element, is_list = _ELEMENTS[attr.kind]
    if is_list != isinstance(value, list) or not all(map(_TESTS[element], value if is_list else [value])):
        kinds = f"AttrValue had value with type {kind_of(value)!r} when {attr.kind!r} expected"
        return f"{kinds} for attr {attr.name!r}: {_shown(value)}"
    for item in (value if is_list else [value]) if element == "type" or attr.allowed is not None else ():
        if element == "type" and item not in dtypes.ROW_BY_NAME:
            return f"Value for attr {attr.name!r} is the dtype {item!r}, which an operation cannot be told"
        if attr.allowed is not None and item not in attr.allowed:
            allowed = ", ".join(sorted(map(_shown, attr.allowed)))
            return f"Value for attr {attr.name!r} of {_shown(item)} is not in the list of allowed values: {allowed}"
    if attr.minimum is not None and (len(value) if is_list else value) < attr.minimum:
        measured = (
            f"Length for attr {attr.name!r} of {len(value)}" if is_list else f"Value for attr {attr.name!r} of {value}"
        )
        return f"{measured} must be at least minimum {attr.minimum}"
    return ""


def of_kind(attr: AttrDef, value: Any, node: str) -> Any:
    """The value that a call gives to an attribute, numbers converted as TensorFlow does.

    Parameters
    ----------
    attr : AttrDef
    value : object
    node : str
        The operation, for messages.

    Returns
    -------
    AttrValue
        Of the kind of the attribute. Whether it is one of those allowed is not looked at.

    Raises
    ------
    TypeError
        It is of another kind.
    ValueError
        It is an integer of more than 64 bits, or less than the operation takes.
    """
    wanted = _KNOWN_BY_TYPE.get(attr.kind)
    if type(value) is not wanted:
        if wanted in (int, float) and not isinstance(value, str | bytes):
            with suppress(TypeError, ValueError, OverflowError):
                value = wanted(value)
        if fault(AttrDef(attr.name, attr.kind), value):
            raise TypeError(f"Expected {attr.kind} for argument {attr.name!r} of {node}, not {value!r}.")
    if wanted is int and not -(2**63) <= value < 2**63:
        raise ValueError(f"Argument {attr.name!r} of {node} is {value}, which does not fit into 64 bits.")
    if wanted is int and attr.minimum is not None and (said := fault(attr, value)):
        raise ValueError(f"{said}, in {node}.")
    return value


def _shown(value: AttrValue) -> str:
    """A value as TensorFlow's messages show it: a dtype by its name, text between quotes."""
    if isinstance(value, str):
        text = dtypes.alias_of(value)
    elif isinstance(value, bytes):
        text = f'"{value.decode("utf-8", "replace")}"'
    else:
        text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


_SHOWN = 80
"""The most characters of a value in a message."""


# -- attributes of every type ------------------------------------------------------------------------------------------

COLOCATION = AttrDef("_class", "list(string)")

_OF_ALL = (COLOCATION, AttrDef(OUTPUT_SHAPES, "list(shape)"), AttrDef(OUTPUT_DTYPES, "list(type)"))
_NAMES_OF_ALL = frozenset(attr.name for attr in _OF_ALL)


def check_common(node: str, op_type: str, attrs: Mapping[str, Any]) -> None:
    """Check the attributes that operations of every type may have, also those of unknown types.

    Parameters
    ----------
    node, op_type : str
    attrs : mapping

    Raises
    ------
    InvalidNodeError
        One of them is of another kind.
    """
    for attr in () if _NAMES_OF_ALL.isdisjoint(attrs) else _OF_ALL:
        if attr.name in attrs:
            wrong = _common_fault(attr, attrs[attr.name])
            if wrong:
                raise InvalidNodeError(None, None, f"{wrong}, in node {node!r} ({op_type}).")


def _common_fault(attr: AttrDef, value: AttrValue) -> str:
    if attr.name == OUTPUT_DTYPES and isinstance(value, list):  # references are among them
        value = [dtypes.base_name(item) if isinstance(item, str) else item for item in value]
    wrong = fault(attr, value)
    if not wrong and attr is COLOCATION:
        said = f"Value for attr {attr.name!r} has the name"
        return next((f"{said} {_shown(item)}, which is not UTF-8" for item in value if not is_utf8(item)), "")
    return wrong

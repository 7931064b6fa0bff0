"""AttrValue: an attribute of an operation in the definition of a graph."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias

import numpy as np

from hdfsaver import dtypes, schema
from hdfsaver.protos.message import Message
from hdfsaver.protos.tensors import TensorProto, same_array
from hdfsaver.shapes import TensorShapeProto, as_shape

KINDS = ("s", "i", "f", "b", "type", "shape", "tensor", "list", "func", "placeholder")


class AttrMap(dict[str, "AttrValue"]):
    """The attributes of an operation. One that is asked for and not there is made, without a value."""

    __slots__ = ()

    def __missing__(self, key: str) -> AttrValue:
        value = self[key] = AttrValue()
        return value

    @classmethod
    def of(cls, attrs: Mapping[str, schema.AttrValue]) -> AttrMap:
        """The attributes of a node of the DiGraph."""
        return cls([(key, AttrValue.of(value)) for key, value in attrs.items()])

    def plain(self) -> dict[str, schema.AttrValue]:
        """The attributes as a node of the DiGraph holds them; those without a value are left out."""
        plain = {}
        for key, value in self.items():
            if value._kind is not None or value.WhichOneof("value") is not None:
                plain[key] = value.plain()
        return plain


@dataclass(slots=True, repr=False)
class ListValue(Message):
    """A list of one kind: TensorFlow's ``AttrValue.ListValue``, field for field."""

    s: list[bytes] = field(default_factory=list)
    i: list[int] = field(default_factory=list)
    f: list[float] = field(default_factory=list)
    b: list[bool] = field(default_factory=list)
    type: list[int] = field(default_factory=list)
    shape: list[TensorShapeProto] = field(default_factory=list)
    tensor: list[TensorProto] = field(default_factory=list)
    func: list[NameAttrList] = field(default_factory=list)

    def __repr__(self) -> str:
        said = ((kind, getattr(self, kind, None)) for kind in KINDS)
        return f"ListValue({', '.join(f'{kind}={items!r}' for kind, items in said if items)})"

    @classmethod
    def of(cls, items: list[schema.AttrValue]) -> ListValue:
        """The message for a list as the DiGraph holds it."""
        made = cls()
        for item in items:
            value = AttrValue.of(item)
            kind = value.WhichOneof("value") or ""
            getattr(made, kind).append(getattr(value, kind))
        return made

    def plain(self) -> list[schema.AttrValue]:
        """The list as the DiGraph holds it."""
        kinds = ((kind, getattr(self, kind)) for kind in KINDS if kind not in ("list", "placeholder"))
        return [AttrValue(**{kind: item}).plain() for kind, items in kinds for item in items]


@dataclass(slots=True)
class NameAttrList(Message):
    """A function with its attributes: TensorFlow's message of that name, field for field."""

    name: str = ""
    attr: AttrMap = field(default_factory=AttrMap)

    def __post_init__(self) -> None:
        self.attr = self.attr if isinstance(self.attr, AttrMap) else AttrMap(self.attr)

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> NameAttrList:
        """The message for a function as the DiGraph holds it."""
        return cls(value.get("name", ""), AttrMap.of(value.get("attr", {})))

    def plain(self) -> dict[str, Any]:
        """The function as the DiGraph holds it."""
        return {"name": self.name, "attr": self.attr.plain()}


_ListValue: TypeAlias = ListValue


class AttrValue:
    """One attribute: TensorFlow's message of that name. At most one of its fields says something.

    Parameters
    ----------
    **value
        One of ``s`` (bytes), ``i``, ``f``, ``b``, ``type`` (a number, name or `DType`), ``shape``
        (`TensorShapeProto`), ``tensor`` (`TensorProto`), ``list`` (`AttrValue.ListValue`), ``func`` (`NameAttrList`)
        and ``placeholder`` (str).

    Raises
    ------
    TypeError
        Several are given, or one that there is not, or of another type.
    """

    # `_value` is what the DiGraph holds, until somebody asks for the message: most attributes of a graph of 100,000
    # nodes are made and never looked at.
    __slots__ = ("_kind", "_value")

    ListValue: ClassVar = ListValue  # TensorFlow's name for it

    def __init__(self, **value: Any) -> None:
        if len(value) > 1:
            raise TypeError(f"An AttrValue has one value, not {len(value)}: {', '.join(value)}.")
        self._kind: str | None = None
        self._value: Any = None
        for kind, item in value.items():
            self._set(kind, item)

    def _set(self, kind: str, item: Any) -> None:
        if kind not in _CHECKED:
            raise TypeError(f"An AttrValue has no field {kind!r}; it has {', '.join(KINDS)}.")
        try:
            self._value = _CHECKED[kind](item)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{item!r} is no value for the field {kind!r} of an AttrValue: {error}") from None
        self._kind = kind

    @classmethod
    def of(cls, value: schema.AttrValue) -> AttrValue:
        """The message for an attribute as the DiGraph holds it."""
        new = cls.__new__(cls)
        new._kind = _KIND_BY_TYPE.get(type(value)) or _kind_of(value)
        if new._kind == "func" and "placeholder" in value:
            new._kind, value = "placeholder", value["placeholder"]
        new._value = value
        return new

    def plain(self) -> schema.AttrValue:
        """The attribute as the DiGraph holds it.

        Raises
        ------
        ValueError
            It has no value.
        """
        kind, value = self._kind or self.WhichOneof("value"), self._value
        if kind in _PLAIN:
            return value
        if kind is None:
            raise ValueError("An AttrValue without a value stands for nothing.")
        if kind == "placeholder":
            return {"placeholder": value}
        if isinstance(value, TensorProto):
            return value.value
        if isinstance(value, TensorShapeProto):
            return value.plain
        return value.plain() if isinstance(value, ListValue | NameAttrList) else value

    def WhichOneof(self, group: str) -> str | None:
        """Which field says something, or None; the only group is ``"value"``."""
        if group != "value":
            raise ValueError(f"An AttrValue has the group 'value', not {group!r}.")
        if self._kind is None and self._value is not None and self._value != type(self._value)():
            # What was handed out empty has been filled.
            self._kind = _KIND_BY_MESSAGE[type(self._value)]
        return self._kind

    def HasField(self, name: str) -> bool:
        """Whether that field is the one that says something."""
        if name not in KINDS:
            raise ValueError(f"An AttrValue has no field {name!r}; it has {', '.join(KINDS)}.")
        return self.WhichOneof("value") == name

    def CopyFrom(self, other: AttrValue) -> None:
        """Become equal to another attribute, sharing nothing with it but constant arrays."""
        if not isinstance(other, AttrValue):
            raise TypeError(f"An AttrValue cannot become a copy of a {type(other).__name__}.")
        self._kind = other.WhichOneof("value")
        self._value = None if self._kind is None else copy.deepcopy(other._value)

    def _get(self, kind: str, default: Any) -> Any:
        return self._value if self._kind == kind else default

    def _message(self, kind: str, make: type, convert: Callable[[Any], Any]) -> Any:
        if self._kind == kind:
            if not isinstance(self._value, make):
                self._value = convert(self._value)
            return self._value
        if self._kind is not None:
            return make()
        if not isinstance(self._value, make):
            self._value = make()
        return self._value

    @property
    def s(self) -> bytes:
        """A text."""
        found: bytes = self._get("s", b"")
        return found

    @s.setter
    def s(self, value: bytes) -> None:
        self._set("s", value)

    @property
    def i(self) -> int:
        """An integer."""
        found: int = self._get("i", 0)
        return found

    @i.setter
    def i(self, value: int) -> None:
        self._set("i", value)

    @property
    def f(self) -> float:
        """A float."""
        found: float = self._get("f", 0.0)
        return found

    @f.setter
    def f(self, value: float) -> None:
        self._set("f", value)

    @property
    def b(self) -> bool:
        """True or False."""
        found: bool = self._get("b", False)
        return found

    @b.setter
    def b(self, value: bool) -> None:
        self._set("b", value)

    @property
    def placeholder(self) -> str:
        """The name of an attribute of the function around."""
        found: str = self._get("placeholder", "")
        return found

    @placeholder.setter
    def placeholder(self, value: str) -> None:
        self._set("placeholder", value)

    @property
    def tensor(self) -> TensorProto:
        """An array."""
        found: TensorProto = self._message("tensor", TensorProto, TensorProto.of)
        return found

    @property
    def shape(self) -> TensorShapeProto:
        """A static shape."""
        found: TensorShapeProto = self._message("shape", TensorShapeProto, TensorShapeProto.of)
        return found

    @property
    def func(self) -> NameAttrList:
        """A function."""
        found: NameAttrList = self._message("func", NameAttrList, NameAttrList.of)
        return found

    @property
    def list(self) -> _ListValue:
        """A list."""
        found: _ListValue = self._message("list", ListValue, ListValue.of)
        return found

    @property
    def type(self) -> int:
        """A dtype, as TensorFlow's number of it; 0 is none."""
        name = self._get("type", None)
        return 0 if name is None else dtypes.as_dtype(name).as_datatype_enum

    @type.setter  # noqa: A003 - TensorFlow's name
    def type(self, value: Any) -> None:
        self._set("type", value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AttrValue):
            return NotImplemented
        if self.WhichOneof("value") != other.WhichOneof("value"):
            return False
        return self._kind is None or same_value(self.plain(), other.plain())

    __hash__ = None  # type: ignore[assignment]  # messages can be changed

    def __repr__(self) -> str:
        kind = self.WhichOneof("value")
        return "AttrValue()" if kind is None else f"AttrValue({kind}={getattr(self, kind)!r})"


def _bytes(item: Any) -> bytes:
    return item.encode() if isinstance(item, str) else bytes(memoryview(item))


def _dtype_name(item: Any) -> str:
    return dtypes.as_dtype(item).name


def _text(item: Any) -> str:
    if not isinstance(item, str):
        raise TypeError("text is needed.")
    return item


def _boolean(item: Any) -> bool:
    if not isinstance(item, bool | int | np.bool_):
        raise TypeError("True or False is needed.")
    return bool(item)


def _integer(item: Any) -> int:
    if isinstance(item, float | str):
        raise TypeError("an integer is needed.")
    return int(item)


def _shape(item: Any) -> TensorShapeProto:
    if isinstance(item, TensorShapeProto):
        return item
    return TensorShapeProto.of(as_shape(item))


def _instance(kind: type[Any]) -> Callable[[Any], Any]:
    def checked(item: Any) -> Any:
        if not isinstance(item, kind):
            raise TypeError(f"a {kind.__name__} is needed.")
        return item

    return checked


_CHECKED: dict[str, Callable[[Any], Any]] = {
    "s": _bytes,
    "i": _integer,
    "f": float,
    "b": _boolean,
    "type": _dtype_name,
    "shape": _shape,
    "tensor": _instance(TensorProto),
    "list": _instance(ListValue),
    "func": _instance(NameAttrList),
    "placeholder": _text,
}

_PLAIN = frozenset({"s", "i", "f", "b", "type"})

_KIND_BY_MESSAGE: dict[type, str] = {
    ListValue: "list",
    TensorProto: "tensor",
    TensorShapeProto: "shape",
    NameAttrList: "func",
}

_KIND_BY_TYPE: dict[type, str] = {
    bytes: "s",
    bool: "b",
    int: "i",
    float: "f",
    str: "type",
    tuple: "shape",
    type(None): "shape",
    np.ndarray: "tensor",
    list: "list",
    dict: "func",
}


def _kind_of(value: Any) -> str:
    for kind, name in _KIND_BY_TYPE.items():
        if isinstance(value, kind):
            return name
    raise TypeError(f"An attribute cannot be {value!r}.")


def same_value(first: schema.AttrValue, second: schema.AttrValue) -> bool:
    """Whether two attributes of nodes of a DiGraph are the same: of one type, arrays and NaN bit for bit."""
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return same_array(first, second)
    if type(first) is not type(second):
        return False
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same_value, first, second))
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same_value(first[key], second[key]) for key in first)
    return bool(first == second or (first != first and second != second))

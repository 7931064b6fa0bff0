"""The content of a pickle as plain values: nothing that it names is imported, and nothing is called.

Python's own unpickler runs the functions that a pickle names. Here each name stays a `Name`, and each call a `Made`
with its arguments, for the caller to interpret. Dicts become lists of pairs: the hash of nested tuples from a file
could take forever. Time and memory are in proportion to the bytes of the pickle.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, cast

from hdfsaver import limits, schema
from hdfsaver.errors import DataLossError, InvalidArgumentError

_LONGEST_LINE = 65536


class Bounded:
    """An open file with pickles: no read goes beyond its end, however many bytes it asks for.

    Parameters
    ----------
    file : file object
        At the beginning of a pickle.
    size : int
        The length of the file in bytes.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._size = size
        self._place = file.tell()

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, up to the end of the file."""
        rest = self._size - self._place
        data = self._file.read(size if 0 <= size <= rest else rest)
        self._place += len(data)
        return data

    def readline(self) -> bytes:
        """The bytes to the end of the line: a name, or a number in decimal digits."""
        line = self._file.readline(_LONGEST_LINE)
        self._place += len(line)
        if b"\\" in line:
            raise ValueError("a name has a backslash")
        return line

    def tell(self) -> int:
        """The position."""
        return self._place


@dataclass(frozen=True, slots=True)
class Name:
    """A class or function, by name."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A persistent id: an object outside the pickle."""

    id: Any


class Pairs:
    """A dict, as its keys and values in order."""

    def __init__(self, pairs: list[tuple[Any, Any]]) -> None:
        self.pairs = pairs


class Made:
    """An object that a function or class would make.

    Attributes
    ----------
    function : object
        A `Name`, or anything else in a malformed pickle.
    args : object
        The arguments, mostly a tuple.
    is_class : bool
        Whether ``__new__`` of a class would make it, not a call of a function.
    state : object
        Its state, mostly the attributes as `Pairs`; None without one.
    items : list
        The values that are appended or added to it.
    pairs : list of tuple
        The keys and values that are set in it.
    """

    __slots__ = ("args", "function", "is_class", "items", "pairs", "state")

    def __init__(self, function: Any, args: Any, is_class: bool = False) -> None:
        self.function = function
        self.args = args
        self.is_class = is_class
        self.state: Any = None
        self.items: list[Any] = []
        self.pairs: list[tuple[Any, Any]] = []


SET = Name("builtins", "set")
FROZEN_SET = Name("builtins", "frozenset")

_PLAIN = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "UNICODE",
    "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8",
})  # fmt: skip
"""Operations that push their argument."""

_OLD_TEXT = frozenset({"STRING", "BINSTRING", "SHORT_BINSTRING"})
"""Strings of Python 2, which are bytes."""

_IGNORED = frozenset({"PROTO", "FRAME"})


def read_pickle(file: Bounded, references: list[Reference] | None = None) -> Any:
    """Read one pickle from a file, which is then behind it.

    Parameters
    ----------
    file : Bounded
    references : list of Reference, optional
        Every persistent id is appended to it.

    Returns
    -------
    object
        Numbers, str, bytes, None, lists and tuples, `Pairs`, `Name`, `Made` and `Reference`.

    Raises
    ------
    DataLossError
        It is not a complete pickle.
    ResourceExhaustedError
        It is nested too deeply.
    InvalidArgumentError
        It uses what only a program can provide: registered extensions, buffers beside the pickle.
    """
    try:
        with schema.nothing_collected():
            return _run(_Machine(references), file)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataLossError(None, None, f"its pickle is damaged: {error}") from None


def _run(machine: _Machine, file: Bounded) -> Any:
    stack = machine.stack
    for opcode, arg, _ in pickletools.genops(cast("IO[bytes]", file)):
        name = opcode.name
        if name in _PLAIN:
            stack.append(arg)
        elif name in _OLD_TEXT:
            stack.append(str(arg).encode("latin-1"))
        elif name not in _IGNORED:
            _RULES.get(name, _unsupported)(machine, arg)
    return stack.pop()


class _Machine:
    def __init__(self, references: list[Reference] | None) -> None:
        self.references = references
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def after_mark(self) -> list[Any]:
        """Take everything above the topmost mark."""
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    def take(self, count: int) -> tuple[Any, ...]:
        """Take the topmost values."""
        if len(self.stack) < count:
            raise ValueError("a value is missing")
        found = tuple(self.stack[-count:])
        del self.stack[-count:]
        return found

    def add(self, values: list[Any]) -> None:
        """Append to the list or object on top."""
        target = self.stack[-1]
        (target if isinstance(target, list) else target.items).extend(values)

    def add_one(self) -> None:
        """Append the topmost value to the list or object below it."""
        value = self.stack.pop()
        target = self.stack[-1]
        (target if isinstance(target, list) else target.items).append(value)

    def put(self, flat: list[Any]) -> None:
        """Set pairs in the dict or object on top."""
        if len(flat) % 2:
            raise ValueError("a key has no value")
        self.stack[-1].pairs.extend(zip(flat[::2], flat[1::2], strict=True))


_MARKS_PER_LEVEL = 4
"""An object may be a level of several: its arguments, its state, its members."""

_Rule = Callable[[_Machine, Any], object]


def _unsupported(machine: _Machine, arg: Any) -> None:
    raise InvalidArgumentError(
        None, None, "its pickle refers to what only a program can provide (extensions of copyreg, buffers)."
    )


def _push(make: Callable[[_Machine], Any]) -> _Rule:
    return lambda machine, arg: machine.stack.append(make(machine))


def _push_reference(machine: _Machine, arg: Any) -> None:
    found = Reference(arg)
    machine.stack.append(found)
    if machine.references is not None:
        machine.references.append(found)


def _mark(machine: _Machine, arg: Any) -> None:
    # Each mark begins a list, dict, tuple or object within that of the mark before.
    if len(machine.marks) > _MARKS_PER_LEVEL * limits.get().depth:
        raise limits.refused("its pickle", f"it is nested {len(machine.marks)} levels deep", "depth")
    machine.marks.append(len(machine.stack))


def _made_of_set(machine: _Machine) -> Made:
    found = Made(FROZEN_SET, ())
    found.items = machine.after_mark()
    return found


def _pairs_of(flat: list[Any]) -> Pairs:
    return Pairs(list(zip(flat[::2], flat[1::2], strict=True)))


def _name(module: Any, name: Any) -> Name:
    if not (isinstance(module, str) and isinstance(name, str)):
        raise TypeError("a name is not text")
    return Name(module, name)


def _new(machine: _Machine) -> Made:
    cls, args = machine.take(2)
    return Made(cls, args, is_class=True)


def _new_with_keywords(machine: _Machine) -> Made:
    cls, args, _ = machine.take(3)
    return Made(cls, args, is_class=True)


def _instance(machine: _Machine, arg: str) -> None:
    args = tuple(machine.after_mark())
    machine.stack.append(Made(Name(*arg.split(" ", 1)), args, is_class=True))


def _object(machine: _Machine) -> Made:
    cls, *args = machine.after_mark()
    return Made(cls, tuple(args), is_class=True)


def _build(machine: _Machine, arg: Any) -> None:
    (state,) = machine.take(1)
    target = machine.stack[-1]
    if not isinstance(target, Made):
        raise TypeError(f"a {type(target).__name__} has no state")
    target.state = state


def _drop(machine: _Machine, arg: Any) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.stack.pop()


def _remember(machine: _Machine, arg: int) -> None:
    machine.memo[arg] = machine.stack[-1]


def _recall(machine: _Machine, arg: int) -> None:
    machine.stack.append(machine.memo[arg])


_RULES: dict[str, _Rule] = {
    "NONE": _push(lambda machine: None),
    "NEWTRUE": _push(lambda machine: True),
    "NEWFALSE": _push(lambda machine: False),
    "EMPTY_TUPLE": _push(lambda machine: ()),
    "EMPTY_LIST": _push(lambda machine: []),
    "EMPTY_DICT": _push(lambda machine: Pairs([])),
    "EMPTY_SET": _push(lambda machine: Made(SET, ())),
    "TUPLE1": _push(lambda machine: machine.take(1)),
    "TUPLE2": _push(lambda machine: machine.take(2)),
    "TUPLE3": _push(lambda machine: machine.take(3)),
    "TUPLE": _push(lambda machine: tuple(machine.after_mark())),
    "LIST": _push(_Machine.after_mark),
    "DICT": _push(lambda machine: _pairs_of(machine.after_mark())),
    "FROZENSET": _push(_made_of_set),
    "APPEND": lambda machine, arg: machine.add_one(),
    "APPENDS": lambda machine, arg: machine.add(machine.after_mark()),
    "ADDITEMS": lambda machine, arg: machine.add(machine.after_mark()),
    "SETITEM": lambda machine, arg: machine.put(list(machine.take(2))),
    "SETITEMS": lambda machine, arg: machine.put(machine.after_mark()),
    "GLOBAL": lambda machine, arg: machine.stack.append(Name(*arg.split(" ", 1))),
    "STACK_GLOBAL": _push(lambda machine: _name(*machine.take(2))),
    "REDUCE": _push(lambda machine: Made(*machine.take(2))),
    "NEWOBJ": _push(_new),
    "NEWOBJ_EX": _push(_new_with_keywords),
    "INST": _instance,
    "OBJ": _push(_object),
    "BUILD": _build,
    "PERSID": _push_reference,
    "BINPERSID": lambda machine, arg: _push_reference(machine, *machine.take(1)),
    "PUT": _remember,
    "BINPUT": _remember,
    "LONG_BINPUT": _remember,
    "MEMOIZE": lambda machine, arg: _remember(machine, len(machine.memo)),
    "GET": _recall,
    "BINGET": _recall,
    "LONG_BINGET": _recall,
    "MARK": _mark,
    "POP": _drop,
    "POP_MARK": lambda machine, arg: machine.after_mark(),
    "DUP": lambda machine, arg: machine.stack.append(machine.stack[-1]),
    "STOP": lambda machine, arg: None,
}

"""The names of the values in nested dicts and lists of a checkpoint: its levels, joined with slashes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hdfsaver import limits
from hdfsaver.errors import DataLossError, OpError
from hdfsaver.formats.pickles import Made
from hdfsaver.formats.torch_values import Members, NotAnArray, cost, meaning

_OPTIMIZERS = frozenset({
    "optimizer", "optimizers", "optimizer_state", "optimizer_states", "optimizer_state_dict",
})  # fmt: skip
"""The keys at the top of a checkpoint that programs use for the state of their optimizers."""

_OPTIMIZER_STATE = frozenset({"state", "param_groups"})
"""The keys of the ``state_dict`` of every optimizer of PyTorch."""

_LEAST = 10_000
_RATIO = 16
"""Elements that are looked at: this many, or this many times the bytes of the pickle, whichever is more."""


class Flat(NamedTuple):
    """The values of a checkpoint by name.

    Attributes
    ----------
    values : dict of str to Value
        Arrays, and numbers and strings, in the order of the file.
    unreadable : dict of str to OpError
        The tensors that are not read, with the reason.
    left_out : dict of str to str
        The values that are not arrays: the kind of each.
    optimizer : set of str
        The values that belong to an optimizer.
    """

    values: dict[str, Any]
    unreadable: dict[str, OpError]
    left_out: dict[str, str]
    optimizer: set[str]


class _Level(NamedTuple):
    """A dict or list whose members are being named."""

    rest: Iterator[tuple[Any, Any]]
    prefix: str
    in_optimizer: bool
    in_module: bool
    id: int


def flatten(root: Any, alone: str, size: int) -> Flat:
    """Name all values in nested dicts, lists, tuples and objects.

    Parameters
    ----------
    root : object
        A value that `hdfsaver.formats.pickles.read_pickle` returns.
    alone : str
        The name of the value if it is not in a dict or list.
    size : int
        The bytes of the pickle, which bound the number of elements.

    Returns
    -------
    Flat

    Raises
    ------
    DataLossError
        Elements share each other so often that there are far more of them than the pickle has bytes.
    ResourceExhaustedError
        They are nested too deeply.
    """
    return _Walk(max(_LEAST, _RATIO * size)).run(root, alone)


class _Walk:
    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._flat = Flat({}, {}, {}, set())
        self._levels: list[_Level] = []
        self._open: set[int] = set()
        self._objects: dict[int, str] = {}
        self._taken: dict[str, int] = {}

    def run(self, root: Any, alone: str) -> Flat:
        self._take("", root, alone, False)
        while self._levels:
            level = self._levels[-1]
            for key, raw in level.rest:
                text = _key(key)
                name = level.prefix + (text or "?")
                if text is None:
                    self._flat.left_out[self._free(name)] = "a value whose key is not text or a number"
                else:
                    is_optimizer = level.in_optimizer or (not level.prefix and text in _OPTIMIZERS)
                    self._take(f"{name}/", raw, name, is_optimizer)
                if self._levels[-1] is not level:
                    break  # its members come next
            else:
                self._levels.pop()
                self._open.discard(level.id)
        return self._flat

    def _take(self, prefix: str, raw: Any, name: str, in_optimizer: bool) -> None:
        """Name a value, or begin with its members."""
        self._budget -= cost(raw)
        if self._budget < 0:
            raise DataLossError(None, None, "its lists and dicts repeat each other without end.")
        value = meaning(raw)
        if isinstance(value, Members):
            self._enter(prefix, raw, name, value, in_optimizer)
        elif isinstance(value, NotAnArray):
            self._flat.left_out[self._free(name)] = value.what
        elif isinstance(value, OpError):
            text = f"{name!r} {value.message}"
            self._flat.unreadable[self._free(name)] = type(value)(None, None, text, value.error_code)
        else:
            free = self._free(name)
            self._flat.values[free] = value
            if in_optimizer:
                self._flat.optimizer.add(free)

    def _enter(self, prefix: str, raw: Any, name: str, value: Members, in_optimizer: bool) -> None:
        if value.what:
            if isinstance(raw, Made) and id(raw) in self._objects:
                self._flat.left_out[self._free(name)] = f"the same object as {self._objects[id(raw)]!r}"
                return
            self._objects[id(raw)] = name
            if not (value.is_module and self._levels and self._levels[-1].in_module):  # the outermost is enough
                self._flat.left_out[self._free(name)] = value.what
        if id(raw) in self._open:
            self._flat.left_out[self._free(name)] = "a reference to what contains it"
            return
        if len(self._levels) >= limits.get().depth:
            raise limits.refused(name[:_SHOWN], f"it is nested in {len(self._levels)} others", "depth")
        self._open.add(id(raw))
        keys = {key for key, _ in value.pairs if isinstance(key, str)} if len(value.pairs) <= _FEW else set()
        is_optimizer = in_optimizer or keys >= _OPTIMIZER_STATE
        self._levels.append(_Level(iter(value.pairs), prefix, is_optimizer, value.is_module, id(raw)))

    def _free(self, name: str) -> str:
        """The name itself; for a second value of that name, with a number behind it."""
        free = name
        while free in self._taken:
            self._taken[name] += 1
            free = f"{name}#{self._taken[name]}"
        self._taken[free] = 1
        return free


_SHOWN = 80
_FEW = 16
"""The state of an optimizer has two keys, or a few more."""


def _key(raw: Any) -> str | None:
    """The key of a dict in a name; None for one that has no short text."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bytes):
        return raw.decode("utf-8", "backslashreplace")
    if isinstance(raw, bool | float | None) or (isinstance(raw, int) and abs(raw) < 2**64):
        return str(raw)
    if isinstance(raw, tuple) and 0 < len(raw) <= _FEW and not any(isinstance(each, tuple) for each in raw):
        parts = [_key(each) for each in raw]
        return None if None in parts else ",".join(str(part) for part in parts)
    return None

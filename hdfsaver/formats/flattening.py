"""The names of the values in nested dicts and lists of a checkpoint: its levels, joined with slashes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hdfsaver import limits
from hdfsaver.errors import OpError, ResourceExhaustedError
from hdfsaver.formats.pickles import Made, Pairs
from hdfsaver.formats.torch_values import Members, NotAnArray, cost, meaning

_OPTIMIZERS = frozenset({
    "optimizer", "optimizers", "optimizer_state", "optimizer_states", "optimizer_state_dict",
})  # fmt: skip
"""The keys at the top of a checkpoint that programs use for the state of their optimizers."""

_OPTIMIZER_STATE = frozenset({"state", "param_groups"})
"""The keys of the ``state_dict`` of every optimizer of PyTorch."""

_FEW_ELEMENTS = 10_000
"""This many elements take no time: they are named without a survey of what repeats."""

_NAME_PART = 16
"""Bytes of a name that count as an element: the names of nested values grow with their depth."""

_MOST_REFUSED = 10_000


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
    ResourceExhaustedError
        Elements share each other so often, in thousands of places, that there are far more of them than the pickle has
        bytes. If it is in a few places, these are `Flat.unreadable`, as is what is nested too deeply.
    """
    try:
        return _Walk(max(_FEW_ELEMENTS, limits.ELEMENTS_PER_BYTE * size), None, size).run(root, alone)
    except _BeyondBudgetError:
        return _Walk(max(limits.get().elements, limits.ELEMENTS_PER_BYTE * size), survey(root), size).run(root, alone)


class _BeyondBudgetError(Exception):
    """There are more elements than a pickle needs that repeats nothing."""


class Survey(NamedTuple):
    """The containers of a pickle by their identity.

    Attributes
    ----------
    totals : dict of int to int
        The number of elements in each, all levels together.
    repeated : set of int
        Those that are in several others, and those that have one value several times.
    """

    totals: dict[int, int]
    repeated: set[int]


def survey(root: Any) -> Survey:
    """Count the elements of all containers; each is looked at once, however often it is repeated."""
    totals: dict[int, int] = {}
    repeated: set[int] = set()
    seen: set[int] = set()
    objects: set[int] = set()  # each is named once
    waiting: list[tuple[Any, list[Any] | None]] = [(root, None)]
    while waiting:
        raw, members = waiting.pop()
        key = id(raw)
        if members is not None:
            total = sum(1 if id(each) in objects else totals.get(id(each)) or cost(each) for each in members)
            totals[key] = min(cost(raw) + total, _MOST)
        elif key in seen:
            repeated.add(key)
        elif isinstance(raw, _CONTAINERS):
            seen.add(key)
            value = meaning(raw)
            if isinstance(value, Members):
                if value.what and isinstance(raw, Made):
                    objects.add(key)
                members = [member for _, member in value.pairs]
                large = [id(each) for each in members if isinstance(each, _CONTAINERS) or cost(each) > _FEW]
                if len(set(large)) < len(large):
                    repeated.add(key)
                waiting.append((raw, members))
                waiting += [(each, None) for each in members]
    return Survey(totals, repeated)


_CONTAINERS = (list, tuple, Pairs, Made)
_MOST = 2**62
"""A number that stands for all larger ones, which could have millions of digits."""


class _Walk:
    def __init__(self, budget: int, found: Survey | None, size: int) -> None:
        self._budget = budget
        self._allowed = budget
        self._survey = found
        self._size = size
        self._refused = 0
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
                    self._spend(1 + len(name) // _NAME_PART)
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
        if not self._spend(cost(raw) + len(name) // _NAME_PART, raw):
            self._refuse(name, self._total(raw))
            return
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

    def _spend(self, count: int, raw: Any = None) -> bool:
        """Count elements; False if there are more than are allowed with those of a container that is repeated."""
        if self._survey is not None and self._levels and id(raw) in self._survey.repeated:
            if self._total(raw) > self._budget:
                return False
        elif count > self._budget:
            if self._survey is None:
                raise _BeyondBudgetError
            return False
        self._budget -= count
        return True

    def _total(self, raw: Any) -> int:
        return cost(raw) if self._survey is None else self._survey.totals.get(id(raw), cost(raw))

    def _refuse(self, name: str, count: int) -> None:
        total = self._allowed - self._budget + count
        what = f"with it, lists and dicts that repeat each other have {total} elements in {self._size} bytes"
        self._leave_unread(name, limits.refused(_shown(name), what, "elements"))

    def _leave_unread(self, name: str, error: ResourceExhaustedError) -> None:
        self._refused += 1
        if self._refused > _MOST_REFUSED:
            raise error
        self._flat.unreadable[self._free(_shown(name))] = error

    def _enter(self, prefix: str, raw: Any, name: str, value: Members, in_optimizer: bool) -> None:
        if value.what:
            if isinstance(raw, Made) and id(raw) in self._objects:
                self._flat.left_out[self._free(name)] = f"the same object as {_shown(self._objects[id(raw)])!r}"
                return
            self._objects[id(raw)] = name
            if not (value.is_module and self._levels and self._levels[-1].in_module):  # the outermost is enough
                self._flat.left_out[self._free(name)] = value.what
        if id(raw) in self._open:
            self._flat.left_out[self._free(name)] = "a reference to what contains it"
            return
        if len(self._levels) >= limits.get().depth:
            what = f"it is nested in {len(self._levels)} others"
            self._leave_unread(name, limits.refused(_shown(name), what, "depth"))
            return
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


def _shown(name: str) -> str:
    return name if len(name) <= 2 * _SHOWN else f"{name[:_SHOWN]}...{name[-_SHOWN:]}"


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

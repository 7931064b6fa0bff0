"""The text of the function that several calls become: what stands around their loop.

    def call(v0, v1, v2):
        w0 = variables.get(v0)
        if w0 is None:
            return slow(v0, v1, v2)
        shape = w0.shape
        if v1.shape != shape or v2.shape:
            return slow(v0, v1, v2)
        o0 = empty(shape, d0)
        try:
            l(w0.ravel(), v1.ravel(), v2.item(), o0.ravel())
        except TypeError:
            return slow(v0, v1, v2)
        o0.setflags(False)
        variables[v0] = o0
        return v0

`slow` runs the calls unchanged, with the same results and errors. It is used where the arrays are not what the graph
says, where a variable has no value, and where the loop refuses an array, since it is not in order in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from hdfsaver.element_loops.loop_text import Input, Loop, Spread, Term
from hdfsaver.session.calls import Call, outputs_of
from hdfsaver.tensor_info import Array


class Change(NamedTuple):
    """The change of the state by a group.

    Attributes
    ----------
    variables : dict of str to ndarray
        The values of the state.
    keys : tuple of int
        The slots of the keys of the variables, in the order of ``old`` and ``new``.
    old : tuple of int
        The numbers, in the loop, of the values that the variables have; empty where none is needed.
    new : tuple of int
        Those of the values that they get.
    dtype : str
        That of these.
    by_handle : bool
        Whether the variables are behind handles; then the graph has no result of the change.
    shape : tuple of int, optional
        The shape that the new values must have.
    """

    variables: dict[str, Array]
    keys: tuple[int, ...]
    old: tuple[int, ...]
    new: tuple[int, ...]
    dtype: str
    by_handle: bool
    shape: tuple[int, ...] | None


class Group(NamedTuple):
    """Calls that become one.

    Attributes
    ----------
    calls : sequence of Call
        In their order.
    inputs : sequence of Input
        The values that come from elsewhere, by the slots that they are in, and the old values of variables.
    terms : sequence of Term
        The calls in the loop. Values have the numbers of their slots, and others negative ones.
    outputs : sequence of (int, str)
        The slots and dtypes of the values that are needed elsewhere.
    change : Change, optional
    rank : int
        Of the elements' arrays.
    """

    calls: Sequence[Call]
    inputs: Sequence[Input]
    terms: Sequence[Term]
    outputs: Sequence[tuple[int, str]]
    change: Change | None
    rank: int


class FunctionText:
    """The text for a group, and what it needs to know.

    Parameters
    ----------
    group : Group

    Attributes
    ----------
    slots, results : tuple of int
        Those of the arguments and of the results.
    overwrites : tuple of int
        The places of arguments into whose memory the only result can go.
    written : tuple of (int, str)
        The numbers and dtypes of the values that the loop writes.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        keys, self._old = ((), ()) if group.change is None else (group.change.keys, group.change.old)
        read = [each.value for each in group.inputs if each.value not in self._old]
        self.slots = tuple(dict.fromkeys((*keys, *read)))
        signals = () if group.change is None else outputs_of(group.calls[-1])
        self.results = (*(slot for slot, _ in group.outputs), *signals)
        self._names = {slot: f"v{place}" for place, slot in enumerate(self.slots)}
        self._names |= {value: f"w{place}" for place, value in enumerate(self._old)}
        written = dict(group.outputs)
        if group.change is not None:
            written |= dict.fromkeys(group.change.new, group.change.dtype)
        self.written = tuple(written.items())
        self.overwrites: tuple[int, ...] = ()
        if group.change is None and len(self.written) == 1:
            self.overwrites = tuple(place for place, each in enumerate(group.inputs) if self._may_take(each))
        self._is_nested = self.loop(None).is_nested

    def _may_take(self, each: Input) -> bool:
        return each.spread is Spread.EACH and each.dtype == self.written[0][1]

    def loop(self, target: int | None) -> Loop:
        """The loop, which writes into new memory or that of an input."""
        return Loop(tuple(self._group.inputs), tuple(self._group.terms), self.written, target)

    def text(self) -> str:
        """The text of the function `call`."""
        given = ", ".join(f"v{place}" for place in range(len(self.slots)))
        lead = next(each for each in self._group.inputs if each.spread is Spread.EACH)
        give_up = f"  return slow({given})"
        lines = [f"def call({given}{', out=None' * bool(self.overwrites)}):"]
        if self._group.change is not None and self._old:
            names = [self._names[value] for value in self._old]
            keys = [self._names[slot] for slot in self._group.change.keys]
            lines += [f" {name} = variables.get({key})" for name, key in zip(names, keys, strict=True)]
            lines += [f" if {' or '.join(f'{name} is None' for name in names)}:", give_up]
        lines.append(f" shape = {self._names[lead.value]}.shape")
        checks = self._checks(lead)
        if checks:
            lines += [f" if {' or '.join(checks)}:", give_up]
        lines += [" try:", *self._computation(), " except TypeError:", give_up, *self._changes()]
        results = [self._written_name(slot) for slot, _ in self._group.outputs]
        if self._group.change is not None:
            results.append("()" if self._group.change.by_handle else "v0")
        return "\n".join([*lines, f" return {', '.join(results)}"])

    def names(self) -> dict[str, Any]:
        """The values of names in it that are of the group."""
        found: dict[str, Any] = {f"d{place}": np.dtype(dtype) for place, (_, dtype) in enumerate(self.written)}
        if self._group.change is not None:
            found |= {"variables": self._group.change.variables, "wanted": self._group.change.shape}
        return found

    def _checks(self, lead: Input) -> list[str]:
        """Conditions under which the arrays are not what the graph says."""
        found = [text for each in self._group.inputs if each is not lead for text in self._misfits(each)]
        if self._is_nested:
            found.append("not shape[-1]")
        if self._group.change is not None and self._group.change.shape is not None:
            found.append("shape != wanted")
        return found

    def _misfits(self, each: Input) -> list[str]:
        name = self._names[each.value]
        if each.spread is Spread.EACH:
            return [f"{name}.shape != shape"]
        if each.spread is Spread.SCALAR:
            return [f"{name}.shape"]
        if each.spread is Spread.COLUMN:
            return [f"{name}.shape != (*shape[:-1], 1)"]
        return [f"{name}.shape[-1:] != shape[-1:]", f"{name}.size != shape[-1]", f"{name}.ndim > len(shape)"]

    def _computation(self) -> list[str]:
        makes = [f"o{place} = empty(shape, d{place})" for place in range(len(self.written))]
        outputs = [self._as_elements(f"o{place}") for place in range(len(self.written))]
        inputs = [self._as_given(each) for each in self._group.inputs]
        new = [*makes, f"{loop_name(None)}({', '.join([*inputs, *outputs])})"]
        if not self.overwrites:
            return [f"  {line}" for line in new]
        lines = ["  if out is None or not out.flags.c_contiguous:", *(f"   {line}" for line in new)]
        for place in self.overwrites:
            lines += [f"  elif out is v{place}:", f"   {loop_name(place)}({', '.join(inputs)})", "   o0 = out"]
        return [*lines, "  else:", *(f"   {line}" for line in new)]

    def _as_given(self, each: Input) -> str:
        name = self._names[each.value]
        if each.spread is Spread.EACH:
            return self._as_elements(name)
        return f"{name}.item()" if each.spread is Spread.SCALAR else f"{name}.ravel()"

    def _as_elements(self, name: str) -> str:
        if self._is_nested:
            return f"{name}.ravel().reshape(-1, shape[-1])"
        return name if self._group.rank == 1 else f"{name}.ravel()"

    def _written_name(self, value: int) -> str:
        return f"o{[number for number, _ in self.written].index(value)}"

    def _changes(self) -> list[str]:
        change = self._group.change
        if change is None:
            return []
        names = [self._written_name(value) for value in change.new]
        lines = [f" {name}.setflags(False)" for name in names]
        keys = [self._names[slot] for slot in change.keys]
        if len(names) == 1:
            return [*lines, f" variables[{keys[0]}] = {names[0]}"]
        pairs = ", ".join(f"{key}: {name}" for key, name in zip(keys, names, strict=True))
        return [*lines, f" variables.update({{{pairs}}})"]


def loop_name(target: int | None) -> str:
    """The name of the loop that writes into new memory, or into that of an argument."""
    return "l" if target is None else f"l{target}"

"""Which calls become one compiled loop.

Calls that compute element by element, each from the results of others, are a group as long as nothing else needs a
result of it: the group runs in the place of its last call. A call that changes variables ends a group, and stays where
it is among the others of this kind. Calls of no group are unchanged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from hdfsaver import dtypes
from hdfsaver.element_loops.formulas import ANY, CASTABLE, Formula, formula_of
from hdfsaver.element_loops.loop_text import Input, Spread, Term, gives_bool, work_of
from hdfsaver.element_loops.update_formulas import update_formula_of
from hdfsaver.session.calls import Call, outputs_of
from hdfsaver.session.joined_calls import joined_call
from hdfsaver.session.joined_text import Change, Group
from hdfsaver.session.rewrites.block import Slots, emptied_by, with_frees
from hdfsaver.shapes import Shape

_WORTH = ((5, 1), (3, 1 << 10), (2, 1 << 14))
"""How many operations are worth a loop, and from how many elements on."""

_MOST_ARRAYS = 24
"""How many arrays a loop may have, and ..."""

_MOST_CALLS = 40
"""... how many calls. Numba takes long for larger ones."""


def join_elements(calls: Sequence[Call], slots: Slots, alone: bool) -> list[Call]:
    """Join calls that compute element by element.

    Parameters
    ----------
    calls : sequence of Call
        Of which none is ever dead, unless each stays alone.
    slots : Slots
    alone : bool
        Whether each call stays one of its own.

    Returns
    -------
    list of Call
    """
    emptied = emptied_by(calls)
    groups = _groups(calls, slots, alone)
    used = _uses(calls)
    made: list[Call] = []
    for place, call in enumerate(calls):
        group = groups.get(place)
        if group is None or not group.pays():
            made.append(call)
        elif place == group.places[-1]:
            made.append(joined_call(group.made(used, emptied))._replace(frees=call.frees if alone else ()))
    return made if alone else with_frees(made, emptied)


def _uses(calls: Sequence[Call]) -> dict[int, set[int]]:
    """The places of the calls that need a slot."""
    found: dict[int, set[int]] = {}
    for place, call in enumerate(calls):
        for slot in (*call.inputs, *call.controls):
            found.setdefault(slot, set()).add(place)
    return found


class _Member(NamedTuple):
    """A call that computes element by element.

    Attributes
    ----------
    call : Call
    formula : Formula
    shape : tuple
        The static shape of its elements.
    inputs : sequence of Input
        By their slots; those of variables are left out.
    dtype : str
        That of its result.
    wanted : tuple of int, optional
        The shape of a value that is assigned.
    """

    call: Call
    formula: Formula
    shape: tuple[int | None, ...]
    inputs: Sequence[Input]
    dtype: str
    wanted: tuple[int, ...] | None


@dataclass
class _Group:
    """Members so far, in their order, and their places among all calls."""

    members: list[_Member] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    made_slots: set[int] = field(default_factory=set)
    is_open: bool = True

    def add(self, member: _Member, place: int) -> None:
        self.members.append(member)
        self.places.append(place)
        self.made_slots.update(outputs_of(member.call))
        self.is_open = not member.formula.kept

    def takes(self, member: _Member, others: _Group) -> bool:
        """Whether a member may follow that needs something of this group, and what it needs of other groups."""
        if not self.is_open or self.made_slots.intersection(member.call.controls):
            return False
        given = {each.value: each.spread for each in member.inputs}
        if any(given.get(slot) is not Spread.EACH for slot in self.made_slots.intersection(member.call.inputs)):
            return False
        members = [*self.members, *others.members, member]
        if not _same(self.members[0].shape, member.shape) or len(members) > _MOST_CALLS:
            return False
        arrays = {each.value for it in members for each in it.inputs}
        return len(arrays) + 2 * len(member.formula.results) <= _MOST_ARRAYS

    def with_members_of(self, other: _Group) -> _Group:
        """Both groups as one."""
        merged = _Group()
        pairs = [*zip(self.places, self.members, strict=True), *zip(other.places, other.members, strict=True)]
        for place, member in sorted(pairs, key=itemgetter(0)):
            merged.add(member, place)
        return merged

    def pays(self) -> bool:
        """Whether a loop is faster than the calls."""
        work = sum(work_of(it.formula) for it in self.members)
        size = max(_size(it.shape) for it in self.members)
        return any(work >= least and size >= elements for least, elements in _WORTH)

    def made(self, used: dict[int, set[int]], emptied: set[int]) -> Group:
        """The group for one call; ``emptied`` are the slots whose values nothing but the calls needs."""
        inputs: dict[int, Input] = {}
        terms: list[Term] = []
        outputs: list[tuple[int, str]] = []
        change: Change | None = None
        own = set(self.places)
        for it in self.members:
            inputs |= {each.value: each for each in it.inputs if each.value not in self.made_slots}
            if it.formula.kept:
                change, old = _change_of(it)
                inputs |= {each.value: each for each in old}
            elif not emptied.issuperset(outputs_of(it.call)) or used.get(outputs_of(it.call)[0], set()) - own:
                outputs.append((outputs_of(it.call)[0], it.dtype))
            if not it.formula.kept or it.formula.reads:
                terms.append(_term_of(it))
        if change is None and not outputs:
            outputs = [(outputs_of(self.members[-1].call)[0], self.members[-1].dtype)]
        calls = [it.call for it in self.members]
        return Group(calls, list(inputs.values()), terms, outputs, change, len(self.members[0].shape))


def _change_of(member: _Member) -> tuple[Change, Sequence[Input]]:
    """The change of a member, and the values that the change needs."""
    formula, call = member.formula, member.call
    function = call.function
    assert isinstance(function, partial), "its first argument is the state"
    keys = call.inputs[: formula.kept]
    old, new = _numbers(formula.kept) if formula.reads else ((), call.inputs[formula.kept :])
    variables = function.args[0].variables
    change = Change(variables, keys, old, new, formula.dtype, formula.by_handle, member.wanted)
    return change, [Input(number, formula.dtype, Spread.EACH) for number in old]


def _numbers(count: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Numbers for the values that variables have and get, which are in no slots."""
    return tuple(range(-count, 0)), tuple(range(-2 * count, -count))


def _term_of(member: _Member) -> Term:
    formula, call = member.formula, member.call
    if not formula.kept:
        return Term(formula, call.inputs, outputs_of(call))
    old, new = _numbers(formula.kept)
    return Term(formula, (*old, *call.inputs[formula.kept :]), new)


def _groups(calls: Sequence[Call], slots: Slots, alone: bool) -> dict[int, _Group]:
    """The groups by the places of their calls."""
    found: dict[int, _Group] = {}
    makers: dict[int, _Group] = {}
    for place, call in enumerate(calls):
        member = _member(call, slots)
        before = {id(makers[slot]): makers[slot] for slot in (*call.inputs, *call.controls) if slot in makers}
        group = _Group()
        for other in before.values():
            if member is not None and not alone and other.takes(member, group):
                group = group.with_members_of(other)
            else:
                other.is_open = False
        if member is None:
            continue
        group.add(member, place)
        for each in group.places:
            found[each] = group
        makers.update(dict.fromkeys(group.made_slots, group))
    return found


def _member(call: Call, slots: Slots) -> _Member | None:
    """A call as a member of a group; None where it is another one."""
    op_type = slots.type_of(call)
    if not op_type:
        return None
    node = slots.plan.digraph.nodes[call.node]
    formula = update_formula_of(op_type, node["attrs"]) or formula_of(op_type, node["attrs"])
    if formula is None or len(formula.arguments) != len(call.inputs) or len(outputs_of(call)) != 1:
        return None
    kinds = [_kind(slots, source) for source in node["inputs"]]
    shape = _shape_of(formula, node, kinds)
    if not shape:
        return None
    inputs: list[Input] = []
    for name, slot, (dtype, static) in list(zip(formula.arguments, call.inputs, kinds, strict=True))[formula.kept :]:
        spread = _spread(formula, name, op_type, static, shape)
        if spread is None or dtype not in (CASTABLE if op_type == "Cast" else ANY):
            return None
        inputs.append(Input(slot, dtype, spread))
    if not formula.reads and any(size is None for size in shape):
        return None
    if not any(each.spread is Spread.EACH for each in inputs):
        return None
    wanted = tuple(size for size in shape if size is not None) if not formula.reads else None
    dtype = "bool" if not formula.kept and gives_bool(formula) else formula.dtype
    return _Member(call, formula, shape, inputs, dtype, wanted)


def _kind(slots: Slots, source: tuple[str, int]) -> tuple[str, Shape]:
    """The dtype and the static shape of a tensor."""
    dtype, shape = slots.plan.digraph.nodes[source[0]]["outputs"][source[1]]
    return dtypes.base_name(dtype), shape


def _shape_of(formula: Formula, node: Any, kinds: Sequence[tuple[str, Shape]]) -> Shape:
    """The static shape of the elements that are computed: of the result, or of what a variable gets."""
    if not formula.kept:
        found: Shape = node["outputs"][0][1]
        return found
    arrays = [
        shape
        for name, (_, shape) in zip(formula.arguments, kinds, strict=True)
        if name not in formula.scalars and shape is not None and not (formula.by_handle and name in formula.results)
    ]
    known = [shape for shape in arrays if None not in shape]
    return known[0] if known else arrays[0] if arrays else None


def _spread(formula: Formula, name: str, op_type: str, static: Shape, shape: tuple[int | None, ...]) -> Spread | None:
    """How the elements of an input belong to those of the result; None where that is not known, or another way."""
    if name in formula.scalars:
        return Spread.SCALAR if static == () else None
    if formula.kept and static is None:
        return Spread.EACH
    if static is None:
        return None
    if name == "bias":
        return Spread.ROW if len(static) == 1 and static[0] is not None and static[0] == shape[-1] else None
    if _same(shape, static):
        return Spread.EACH
    if formula.whole:
        return Spread.SCALAR if name == "condition" and static == () else None
    return _broadcast(static, shape)


def _broadcast(static: tuple[int | None, ...], shape: tuple[int | None, ...]) -> Spread | None:
    if static == ():
        return Spread.SCALAR
    if len(static) > len(shape) or len(shape) < 2:
        return None
    if static[-1] == shape[-1] and static[-1] is not None and set(static[:-1]) <= {1}:
        return Spread.ROW
    if static[-1] == 1 and len(static) == len(shape) and _same(shape[:-1], static[:-1]):
        return Spread.COLUMN
    return None


def _same(shape: tuple[int | None, ...], static: tuple[int | None, ...]) -> bool:
    """Whether a shape is the other one, as far as known; one that may be repeated is not."""
    return len(static) == len(shape) and all(
        mine == other or mine is None or (other is None and mine != 1)
        for mine, other in zip(static, shape, strict=True)
    )


def _size(shape: Iterable[int | None]) -> float:
    """The number of elements; it counts as large where it is not known."""
    return math.prod(math.inf if size is None else size for size in shape)

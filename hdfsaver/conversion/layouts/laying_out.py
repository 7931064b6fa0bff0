"""The arrays of a file in the layout of another library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from hdfsaver.checkpoint.importing import import_meta_graph
from hdfsaver.conversion.layouts import gru_layout as gru
from hdfsaver.conversion.layouts import lstm_layout as lstm
from hdfsaver.conversion.layouts import split_cells as split
from hdfsaver.conversion.layouts.called_bodies import with_bodies
from hdfsaver.conversion.layouts.cudnn_layout import vector_arrays
from hdfsaver.conversion.layouts.found import Found, Part, Place
from hdfsaver.conversion.layouts.layer_names import in_scope, torch_name
from hdfsaver.conversion.layouts.variable_rules import NO_USE, Item, OfGRU, OfLSTM, OfSplit, OfVector, VariableRules
from hdfsaver.conversion.loaded_graphs import inferable
from hdfsaver.errors import InvalidArgumentError, OpError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.graph.graph import Graph
from hdfsaver.optimizer_slots import saved_names
from hdfsaver.schema import Structure
from hdfsaver.tensor_info import Array, TensorInfo, nbytes_of

OPTIMIZERS = "an optimizer's"
"""The reason for which an optimizer's array without a variable is unchanged."""


class Laid(NamedTuple):
    """Arrays in a layout.

    Attributes
    ----------
    parts : dict of str to Part
        By name in the target, how each array is made.
    unchanged : dict of str to str
        By name, the reason for each array that is unchanged, since no rule knows its use.
    remarks : list of str
        Sentences about cells that the library does not have.
    """

    parts: dict[str, Part]
    unchanged: dict[str, str]
    remarks: list[str]


_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
"""TensorFlow 2 adds this to the path of a variable."""

_SLOT = "/.OPTIMIZER_SLOT/"
"""In the path of an optimizer's variable, this is behind the path of the variable that it is for."""


class _Known(NamedTuple):
    """The knowledge of an array.

    Attributes
    ----------
    item : Item
        The finding of the rules for the array, or for the variable that it belongs to.
    base, suffix : str
        The name of that variable in the file, and what follows it: ``"/Adam"``.
    is_slot : bool
        Whether it is an optimizer's.
    """

    item: Item
    base: str
    suffix: str = ""
    is_slot: bool = False


def laid_out(entries: Mapping[str, TensorInfo], structure: Structure, layout: str) -> Laid:
    """Lay out the arrays of a file.

    Parameters
    ----------
    entries : mapping of str to TensorInfo
        The arrays to convert.
    structure : Structure
        The graph of the file.
    layout : str
        ``"torch"`` or ``"keras"``.

    Returns
    -------
    Laid
    """
    return _Layout(entries, structure, layout).laid()


def part_entry(part: Part, entries: Mapping[str, TensorInfo]) -> TensorInfo:
    """The description of an array in a layout, with the name of its first source."""
    first = entries[part.sources[0]]
    nbytes = first.nbytes if part.shape == first.shape else nbytes_of(first.dtype, part.shape)
    return TensorInfo(first.name, first.dtype, part.shape, nbytes)


def structure_for_layout(source: TensorFile) -> Structure:
    """The graph of a file, with the shapes of its values.

    Raises
    ------
    InvalidArgumentError
        It has no graph of operations, or one that cannot be read.
    """
    found = source.structure()
    if found is None or found.is_plain:
        raise InvalidArgumentError(
            None,
            None,
            f"{source.path} has no graph, which says how each array is used, and so in which layout it is. {_REMEDY}",
        )
    return _with_shapes(source.path, found)


def _with_shapes(path: str, structure: Structure) -> Structure:
    """The same graph with the bodies of its functions, checked, and with shapes inferred where the file lacks them."""
    graph = Graph()
    try:
        import_meta_graph(inferable(structure), graph=graph)
    except (OpError, ValueError, TypeError) as error:
        why = error.message if isinstance(error, OpError) else str(error)
        raise InvalidArgumentError(None, None, f"{path}: no layout is known, as its graph is wrong. {why}") from error
    return replace(structure, digraph=with_bodies(graph))


_REMEDY = (
    "Convert a file with the graph: a checkpoint with its .meta file beside it, a SavedModel, a frozen graph (.pb), or "
    "a checkpoint that hdfsaver's Saver wrote. Without layout (--layout) the arrays are converted unchanged, to "
    "other files than those of Keras."
)


class _Layout:
    """The arrays of a file, each with what is known of it."""

    def __init__(self, entries: Mapping[str, TensorInfo], structure: Structure, layout: str) -> None:
        self._entries = entries
        self._layout = layout
        ops: dict[str, list[str]] = {}
        for op, names in saved_names(structure).items():
            for name in names:
                ops.setdefault(name, []).append(op)
        shapes = {name: entry.shape for name, entry in entries.items()}
        wholes = {name: (found, shapes[name]) for name, found in ops.items() if len(found) > 1 and name in entries}
        self._rules = VariableRules(structure, layout, shapes, wholes)
        self._ops = {name: ops.get(name, [name] if self._rules.is_variable(name) else []) for name in entries}
        self._names = {found[0]: name for name, found in self._ops.items() if len(found) == 1}

    def laid(self) -> Laid:
        """All arrays."""
        known = {name: self._known(name, entry.shape) for name, entry in self._entries.items()}
        made = [
            (name, target, part)
            for name, entry in self._entries.items()
            for target, part in self._parts(name, entry, known[name])
        ]
        taken = {source for _, _, part in made for source in part.sources}
        unchanged = {name: _reason(known[name]) for name in self._entries if name not in taken}
        made += [(name, name, Part((name,), self._entries[name].shape, _itself, "")) for name in unchanged]
        remarks = [text for op, text in self._rules.remarks.items() if op in self._names or op in self._entries]
        places = {name: place for place, name in enumerate(self._entries)}
        return Laid(_told_apart(sorted(made, key=lambda it: places[it[0]])), unchanged, remarks)

    def _known(self, name: str, shape: tuple[int, ...]) -> _Known:
        ops, items = self._ops[name], self._rules.items
        if not ops and (saved := self._rules.compatible(name, shape)) is not None:
            return _Known(saved, name)
        if len(ops) != 1:
            return _Known(items.get(name, NO_USE) if ops else "the graph has no variable of that name", name)
        item = items.get(ops[0], NO_USE)
        declared = self._rules.shape_of(ops[0])
        if declared is not None and None not in declared and declared != shape:
            return _Known(f"its shape is {shape}, but {declared} in the graph, which is of other values", name)
        if not isinstance(item, str):
            return _Known(item, name.removesuffix(_VALUE))
        owner = self._rules.owner(ops[0], shape)
        if owner is None:
            return _Known(OPTIMIZERS if self._rules.is_slot(ops[0]) else item, name)
        if _SLOT in name:
            base, _, suffix = name.removesuffix(_VALUE).partition(_SLOT)
            return _Known(items[owner], base, f"/{suffix}", is_slot=True)
        # A moving average that is saved in place of its variable has its name.
        before, found, after = f"/{name}/".partition(f"/{owner}/")
        base, suffix = (f"{before}/{owner}".lstrip("/"), f"/{after}".rstrip("/")) if found else (name, "")
        return _Known(items[owner], base, suffix, self._rules.is_slot(ops[0]))

    def _parts(self, name: str, entry: TensorInfo, known: _Known) -> Iterator[tuple[str, Part]]:
        """The arrays of the target that are made of an array; those of a GRU are made of its first one."""
        item = known.item
        if isinstance(item, Found):
            target = torch_name(known.base, item.role) if self._layout == "torch" else known.base
            what = f"{item.rule} ({item.op}), {item.change}"
            place = self._place(known, item.rule, item.role, item.op, item.of)
            yield self._with_suffix(target, known), Part((name,), item.shape, item.make, what, place)
        elif isinstance(item, OfLSTM):
            for array in lstm.layer_arrays(item.cell, self._layout, entry.shape, item.is_bias, known.is_slot):
                target = self._with_suffix(in_scope(known.base, array.name, self._layout), known)
                what = f"LSTM ({item.cell.op}), {array.what}"
                place = self._place(known, "LSTM", array.name, item.cell.op)
                yield target, Part((name,), array.shape, array.make, what, place)
        elif isinstance(item, OfSplit):
            cell = item.cell
            for array in split.layer_arrays(cell, item.part, self._layout, entry.shape, is_value=not known.is_slot):
                target = self._with_suffix(in_scope(known.base, array.name, self._layout), known)
                place = self._place(known, cell.kind, array.name, cell.op)
                yield target, Part((name,), array.shape, array.make, f"{cell.kind} ({cell.op}), {array.what}", place)
        elif isinstance(item, OfVector):
            for array in vector_arrays(item.cell):
                target = self._with_suffix(in_scope(known.base, array.name, self._layout), known)
                yield target, Part((name,), array.shape, array.make, f"{item.cell.kind} ({item.cell.op}), {array.what}")
        elif isinstance(item, OfGRU) and not known.suffix and item.place == 0:
            yield from self._of_gru(name, entry, item.cell, self._place(known, "GRU", "weight", item.cell.op))

    def _of_gru(self, name: str, entry: TensorInfo, cell: gru.GRU, place: Place | None) -> Iterator[tuple[str, Part]]:
        candidate = self._names.get(cell.candidate)
        if candidate is None:
            return
        scope = name.removesuffix("/gates/kernel") + "/kernel" if name.endswith("/gates/kernel") else name
        for array in gru.layer_arrays(cell, entry.shape):
            sources = (name, candidate)
            if array.is_bias:
                sources = (self._names.get(cell.gate_bias or "", ""), self._names.get(cell.candidate_bias or "", ""))
            if "" not in sources:
                target = in_scope(scope, array.name, self._layout)
                yield target, Part(sources, array.shape, array.make, f"GRU ({cell.op}), {array.what}", place)

    def _place(self, known: _Known, rule: str, role: str, op: str, of: str = "") -> Place | None:
        """The place of an array among the layers; None if an optimizer or a moving average keeps it."""
        return None if known.suffix or known.is_slot else Place(rule, role, op, of, self._rules.order_of(op))

    def _with_suffix(self, target: str, known: _Known) -> str:
        return target + (known.suffix.replace("/", ".") if self._layout == "torch" else known.suffix)


def _reason(known: _Known) -> str:
    if isinstance(known.item, str):
        return known.item
    return f"of a GRU, whose variables are joined{'' if known.suffix else ', and not all of them are converted'}"


def _told_apart(made: Sequence[tuple[str, str, Part]]) -> dict[str, Part]:
    """The arrays by their names; those that would share one get that of their source before it."""
    counts = Counter(target for _, target, _ in made)
    sources = Counter(name for name, _, _ in made)
    found: dict[str, Part] = {}
    for name, target, part in made:
        alone = name if sources[name] == 1 else f"{name}.{target.rpartition('.')[2].rpartition('/')[2]}"
        found[target if counts[target] == 1 else alone] = part
    return found


def _itself(arrays: Sequence[Array]) -> Array:
    return arrays[0]

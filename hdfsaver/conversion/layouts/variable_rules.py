"""The findings of the rules for each variable of a graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hdfsaver.conversion.layouts.convolution_layout import bias, convolution, depthwise
from hdfsaver.conversion.layouts.cudnn_layout import Cudnn, compatible, cudnn
from hdfsaver.conversion.layouts.dense_layout import dense
from hdfsaver.conversion.layouts.embedding_layout import embedding
from hdfsaver.conversion.layouts.found import Found, SeenUse, Unfit, kept
from hdfsaver.conversion.layouts.gru_layout import GRU, gru
from hdfsaver.conversion.layouts.lstm_layout import LSTM, lstm
from hdfsaver.conversion.layouts.normalization_layout import ROLES, normalization
from hdfsaver.conversion.layouts.split_cells import SplitCell, split_cells, unfit
from hdfsaver.conversion.layouts.uses import CONSTANTS, MOST_SCOPES, VARIABLES, Use, Uses
from hdfsaver.optimizer_slots import SLOT, places_of, slots_of
from hdfsaver.schema import Structure

LAYOUTS = {"torch": "PyTorch", "keras": "Keras"}
"""The layouts, and the names of their libraries in sentences."""

RULES = (
    convolution,
    depthwise,
    dense,
    embedding,
    normalization,
    bias,
)
"""Each looks at one use of a variable, and finds a layout or None."""

NO_USE = "no operation of the model uses it"


class OfLSTM(NamedTuple):
    """An array of an LSTM: its matrix or its bias."""

    cell: LSTM
    is_bias: bool


class OfGRU(NamedTuple):
    """An array of a GRU; place 0 is the matrix of the gates, the others go with it."""

    cell: GRU
    place: int


class OfSplit(NamedTuple):
    """An array of a cell of Keras, or of a simple one; see `split_cells.layer_arrays` for the part that it is."""

    cell: SplitCell
    part: str


class OfVector(NamedTuple):
    """The vector of parameters of cuDNN's cells."""

    cell: Cudnn


Item = Found | OfLSTM | OfGRU | OfSplit | OfVector | str
"""The knowledge of a variable; a str is the reason for which nothing is."""


def _of_split(cell: SplitCell, layout: str) -> dict[str, Item]:
    """The knowledge of the variables of a cell."""
    reason = unfit(cell, layout)
    parts = {cell.kernel: "kernel", cell.recurrent: "recurrent_kernel", cell.bias: "bias"}
    if cell.kernel == cell.recurrent:
        parts[cell.kernel] = "both"
    return {variable: reason or OfSplit(cell, part) for variable, part in parts.items() if variable}


class VariableRules:
    """The variables of a graph, each with the finding of a rule.

    Parameters
    ----------
    structure : Structure
        The graph.
    layout : str
        A key of `LAYOUTS`.
    constants : mapping of str to tuple of int
        The shapes of constants that count as variables, as in a frozen graph.
    wholes : mapping of str to tuple
        By name, the operations of the parts of each partitioned variable, and its shape.

    Attributes
    ----------
    items : dict of str to Item
        By operation, or by name of a partitioned variable.
    remarks : dict of str to str
        By operation, a sentence on a cell that the library does not have.
    """

    def __init__(
        self,
        structure: Structure,
        layout: str,
        constants: Mapping[str, tuple[int, ...]],
        wholes: Mapping[str, tuple[Sequence[str], tuple[int, ...]]],
    ) -> None:
        self._layout = layout
        self._graph = Uses(structure.digraph)
        self._order = {name: place for place, name in enumerate(structure.digraph)}
        self._slots = slots_of(structure)
        self.items: dict[str, Item] = {}
        self.remarks: dict[str, str] = {}
        self._find_split_cells()
        for op, shape in self._variables(constants):
            self._add(op, self._graph.of(op, shape), shape)
        for name, (parts, shape) in wholes.items():
            self._add(name, self._uses_of_parts(parts, shape), shape)
        self._add_moving_statistics()

    def _find_split_cells(self) -> None:
        """The cells with a matrix for the input and one for the last output, whose variables have no other use."""
        found: dict[str, set[SplitCell]] = {}
        products: set[str] = set()
        cells = split_cells(self._graph)
        for seen in cells:
            products |= seen.products
            for variable in {seen.cell.kernel, seen.cell.recurrent, seen.cell.bias} - {""}:
                found.setdefault(variable, set()).add(seen.cell._replace(op=""))
        for seen in cells:
            cell = seen.cell
            variables = {cell.kernel, cell.recurrent, cell.bias} - {""}
            if any(len(found[variable]) > 1 for variable in variables) or self._are_used(variables, products):
                continue
            for variable, item in _of_split(cell, self._layout).items():
                self.items.setdefault(variable, item)

    def _are_used(self, variables: set[str], products: set[str]) -> bool:
        """Whether a variable is multiplied in another place than these products."""
        graph = self._graph
        return any(
            graph.kind(name) == "MatMul" and name not in products
            for variable in variables
            for name, _ in graph.users(variable)
        )

    def is_variable(self, op: str) -> bool:
        """Whether an operation holds a value."""
        return self._graph.kind(op) in VARIABLES | CONSTANTS

    def order_of(self, op: str) -> int:
        """The place of an operation in the graph."""
        return self._order[op]

    def is_slot(self, op: str) -> bool:
        """Whether a variable is an optimizer's."""
        return op in self._slots or SLOT.fullmatch(op) is not None

    def owner(self, op: str, shape: tuple[int, ...]) -> str | None:
        """The variable of the same shape that an optimizer or a moving average keeps this one for."""
        others = [self._slots.get(op, ""), *places_of(self._graph.nodes[op])]
        parts = op.split("/", MOST_SCOPES)
        others += ["/".join(parts[start:end]) for end in range(len(parts) - 1, 0, -1) for start in range(end)]
        known = (other for other in others if other != op and not isinstance(self.items.get(other, ""), str))
        return next((other for other in known if self.shape_of(other) == shape), None)

    def shape_of(self, op: str) -> tuple[int | None, ...] | None:
        """The shape of a variable in the graph."""
        if self._graph.kind(op) != "VarHandleOp":
            return self._graph.shape(op)
        found: tuple[int | None, ...] | None = self._graph.attr(op, "shape")
        return found

    def _variables(self, constants: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, tuple[int, ...]]]:
        for name in self._graph.nodes:
            if self._graph.kind(name) in VARIABLES:
                shape = self.shape_of(name)
                if shape is not None and None not in shape:
                    yield name, tuple(size for size in shape if size is not None)
            elif name in constants:
                yield name, constants[name]

    def _uses_of_parts(self, ops: Sequence[str], shape: tuple[int, ...]) -> list[Use]:
        """The uses of a partitioned variable: those of its parts joined, and rows chosen from each."""
        graph, found = self._graph, []
        for name, _ in graph.users(ops[0]):
            if graph.kind(name) in ("ConcatV2", "Concat"):
                if {graph.variable(source) for source, _ in graph.inputs(name)}.issuperset(ops):
                    found += graph.of(name, shape)
            else:
                found += [use for use in graph.of(ops[0], shape) if use.op == name]
        return found

    def _add(self, op: str, uses: list[Use], shape: tuple[int, ...]) -> None:
        if op not in self.items:  # the bias of a cell is known from its matrix
            self.items[op] = self._of_cell(op, uses, shape) or self._of_rules(uses, shape)
            if isinstance(self.items[op], str) and op in self.remarks:  # the cell is one operation
                self.items[op] = self.remarks.pop(op).partition(", since ")[2].rstrip(".")

    def compatible(self, name: str, shape: tuple[int, ...]) -> OfLSTM | None:
        """The knowledge of an array that is made of cuDNN's vector when it is saved."""
        found = compatible(self._graph, name, shape)
        return None if found is None else OfLSTM(*found)

    def _of_rules(self, uses: list[Use], shape: tuple[int, ...]) -> Item:
        found: list[Found] = []
        for use in uses:
            try:
                vector = cudnn(self._graph, use.op, use.position, shape, self._layout)
                if vector is not None:
                    return OfVector(vector)
                one = self._by_rules(use, shape)
            except Unfit as reason:
                return str(reason)
            found += [] if one is None else [one]
        if not found:
            names = list(dict.fromkeys(f"{use.op} ({self._graph.kind(use.op)})" for use in uses))
            more = f" and {len(names) - 2} more" if len(names) > 2 else ""
            return f"no rule for its use by {', '.join(names[:2])}{more}" if uses else NO_USE
        other = next((it for it in found if not it.agrees(found[0])), None)
        if other is None:
            return found[0]
        return f"its uses conflict: by {found[0].op} (a {found[0].rule}) and by {other.op} (a {other.rule})"

    def _by_rules(self, use: Use, shape: tuple[int, ...]) -> Found | None:
        """The finding of the first rule that knows a use."""
        seen = SeenUse(self._graph, use, shape, self._layout)
        return next((it for rule in RULES if (it := rule(seen)) is not None), None)

    def _is_known(self, use: Use, shape: tuple[int, ...]) -> bool:
        """Whether a rule knows a use, with or without a layout."""
        try:
            return self._by_rules(use, shape) is not None
        except Unfit:
            return True

    def _of_cell(self, op: str, uses: list[Use], shape: tuple[int, ...]) -> Item | None:
        """The cell whose matrix a variable is; its biases are noted."""
        found: list[LSTM | GRU] = []
        for use in uses:
            if use.axes != (0, 1):
                continue
            try:
                cell = lstm(self._graph, use.op, use.position, shape) or gru(self._graph, use.op, use.position, shape)
            except Unfit as reason:
                self._remark(op, str(reason), "an LSTM")
                return None
            if cell is not None:
                found.append(cell)
            elif self._is_known(use, shape):
                return None  # another layer shares the matrix
        if not found or any(cell[1:] != found[0][1:] for cell in found):
            return None
        if isinstance(found[0], LSTM):
            return self._of_lstm(found[0])
        return self._of_gru(op, found[0])

    def _of_lstm(self, cell: LSTM) -> Item:
        if cell.bias is not None:
            self.items[cell.bias] = OfLSTM(cell, True)
        return OfLSTM(cell, False)

    def _of_gru(self, op: str, cell: GRU) -> Item | None:
        if self._layout == "torch":
            self._remark(op, "the last output is reset before its matrix, not behind it", "a GRU")
            return None
        for place, variable in enumerate((cell.gate_bias, cell.candidate, cell.candidate_bias), 1):
            if variable is not None:
                self.items[variable] = OfGRU(cell, place)
        return OfGRU(cell, 0)

    def _remark(self, op: str, reason: str, cell: str) -> None:
        library = LAYOUTS[self._layout]
        self.remarks[op] = f"{op} is laid out as a dense layer, since {cell} of {library} differs: {reason}."

    def _add_moving_statistics(self) -> None:
        """The moving mean and variance of a normalization that is trained, which has no other use of them."""
        for op, item in list(self.items.items()):
            if not isinstance(item, Found) or item.rule != "normalization":
                continue
            scope = op[: len(op) - len(op.rpartition("/")[2])]
            for last in ("moving_mean", "moving_variance"):
                if isinstance(self.items.get(scope + last), str):
                    self.items[scope + last] = kept(item.rule, item.op, item.shape, ROLES[last])

"""A loop over elements as the text of a Python function, for Numba.

    def loop(a0, a1, a2, o0):
        x2 = float32(a2)
        for i in range(o0.size):
            x0 = a0[i]
            x1 = a1[i]
            y0 = x0 * x2
            y1 = y0 + x1
            o0[i] = y1

Where an input has one number for each row or column, arrays are matrices, and there is a loop in a loop. The text has
only names that are made here, and what is in the formulas. The same computation has the same text, whatever the names
of its operations are.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from hdfsaver.element_loops.formulas import Formula


class Spread(Enum):
    """How the elements of an input belong to those of the result."""

    EACH = "one for each"
    SCALAR = "one for all"
    ROW = "one for each place in the last dimension"
    COLUMN = "one for all places in the last dimension"


class Input(NamedTuple):
    """An array that a loop reads.

    Attributes
    ----------
    value : int
        The number of the value in the loop.
    dtype : str
    spread : Spread
    """

    value: int
    dtype: str
    spread: Spread


class Term(NamedTuple):
    """An operation in a loop: its formula, and the numbers of its inputs and results."""

    formula: Formula
    inputs: tuple[int, ...]
    results: tuple[int, ...]


class Loop(NamedTuple):
    """The computation of a loop.

    Attributes
    ----------
    inputs : tuple of Input
    terms : tuple of Term
        In an order in which each finds its inputs.
    outputs : tuple of (int, str)
        The numbers and dtypes of the values that are written.
    target : int or None
        The place of the input whose memory takes the only output.
    """

    inputs: tuple[Input, ...]
    terms: tuple[Term, ...]
    outputs: tuple[tuple[int, str], ...]
    target: int | None = None

    @property
    def is_nested(self) -> bool:
        """Whether arrays are given as matrices."""
        return any(each.spread in (Spread.ROW, Spread.COLUMN) for each in self.inputs)


class Parameter(NamedTuple):
    """A parameter of the function: the dtype and the rank of the array, and whether it is only read.

    One of rank 0 is a number of Python, which is given in less time than an array.
    """

    dtype: str
    rank: int
    is_read_only: bool


def loop_text(loop: Loop) -> tuple[str, tuple[Parameter, ...]]:
    """The text of the function `loop`, and what it takes: the inputs, then the outputs.

    Parameters
    ----------
    loop : Loop

    Returns
    -------
    (str, tuple of Parameter)
    """
    rank = 2 if loop.is_nested else 1
    ranks = {Spread.EACH: rank, Spread.SCALAR: 0, Spread.ROW: 1, Spread.COLUMN: 1}
    parameters = [
        Parameter(each.dtype, ranks[each.spread], place != loop.target) for place, each in enumerate(loop.inputs)
    ]
    names = [f"a{place}" for place in range(len(loop.inputs))]
    outputs = [f"o{place}" for place in range(len(loop.outputs))]
    if loop.target is not None:
        outputs = [names[loop.target]]
    else:
        parameters += [Parameter(dtype, rank, is_read_only=False) for _, dtype in loop.outputs]
        names += outputs
    return "\n".join([f"def loop({', '.join(names)}):", *_body(loop, outputs)]), tuple(parameters)


def _body(loop: Loop, outputs: Sequence[str]) -> list[str]:
    values = {each.value: f"x{place}" for place, each in enumerate(loop.inputs)}
    terms = _lines_of(loop.terms, values)
    element = "[i, j]" if loop.is_nested else "[i]"
    writes = [f"{name}{element} = {values[value]}" for name, (value, _) in zip(outputs, loop.outputs, strict=True)]
    inside = [*_reads(loop, Spread.EACH, element), *_reads(loop, Spread.ROW, "[j]"), *terms, *writes]
    scalars = [
        f" x{place} = {each.dtype if each.dtype != 'bool' else ''}(a{place})"
        for place, each in enumerate(loop.inputs)
        if each.spread is Spread.SCALAR
    ]
    if not loop.is_nested:
        return [*scalars, f" for i in range({outputs[0]}.size):", *(f"  {line}" for line in inside)]
    return [
        *scalars,
        f" for i in range({outputs[0]}.shape[0]):",
        *(f"  {line}" for line in _reads(loop, Spread.COLUMN, "[i]")),
        f"  for j in range({outputs[0]}.shape[1]):",
        *(f"   {line}" for line in inside),
    ]


def _reads(loop: Loop, spread: Spread, element: str) -> list[str]:
    return [f"x{place} = a{place}{element}" for place, each in enumerate(loop.inputs) if each.spread is spread]


def _lines_of(terms: Sequence[Term], values: dict[int, str]) -> list[str]:
    """The lines of terms, each of which gives its results new names; they are added to ``values``."""
    lines: list[str] = []
    for term in terms:
        names = dict(zip(term.formula.arguments, [values[number] for number in term.inputs], strict=True))
        for target, expression in statements_of(term.formula):
            text = ast.unparse(_Renamed(names, term.formula.dtype).visit(ast.parse(expression, mode="eval")))
            if term.formula.dtype.startswith("int") and not _is_bool(expression):
                text = f"{term.formula.dtype}({text})"  # Numba computes with 64 bits
            names[target] = f"y{len(lines)}"
            lines.append(f"{names[target]} = {text}")
        values.update(zip(term.results, [names[name] for name in term.formula.results], strict=True))
    return lines


@lru_cache(256)
def statements_of(formula: Formula) -> tuple[tuple[str, str], ...]:
    """The names and the expressions of the assignments of a formula."""
    tree = ast.parse("\n".join(line.strip() for line in formula.lines.splitlines()))
    found = []
    for statement in tree.body:
        assert isinstance(statement, ast.Assign), "formulas are assignments"
        found.append((ast.unparse(statement.targets[0]), ast.unparse(statement.value)))
    return tuple(found)


def gives_bool(formula: Formula) -> bool:
    """Whether the result of a formula is a truth value."""
    return _is_bool(statements_of(formula)[-1][1])


def _is_bool(expression: str) -> bool:
    body = ast.parse(expression, mode="eval").body
    return isinstance(body, ast.Compare | ast.BoolOp) or (
        isinstance(body, ast.UnaryOp) and isinstance(body.op, ast.Not)
    )


_WORK = ast.BinOp | ast.Call | ast.UnaryOp


@lru_cache(256)
def work_of(formula: Formula) -> int:
    """About how often NumPy goes through arrays for a formula: once for each operation or choice."""
    if formula.passes:
        return formula.passes
    bodies = [ast.parse(expression, mode="eval").body for _, expression in statements_of(formula)]
    return sum(max(_steps(body), 1) for body in bodies)


def _steps(node: ast.AST) -> int:
    """The number of operations in an expression; a choice among several is one, and what it depends on is none."""
    if isinstance(node, ast.IfExp):
        other = node.orelse
        while isinstance(other, ast.IfExp):
            other = other.orelse
        return 1 + _steps(node.body) + _steps(other)
    return isinstance(node, _WORK) + sum(map(_steps, ast.iter_child_nodes(node)))


class _Renamed(ast.NodeTransformer):
    """Puts the names of values into an expression, and makes its numbers those of a dtype."""

    def __init__(self, names: Mapping[str, str], dtype: str) -> None:
        self._names = names
        self._dtype = dtype

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Another name, where it is one of a value."""
        return ast.Name(self._names.get(node.id, node.id), ast.Load())

    def visit_Constant(self, node: ast.Constant) -> ast.Call:
        """A number of the dtype: Numba computes with plain ones in float64."""
        return ast.Call(ast.Name(self._dtype, ast.Load()), [node], [])

"""The command `diff`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, TypedDict

import typer

from hdfsaver.cli.arguments import AsJson, Group
from hdfsaver.cli.command_form import command
from hdfsaver.cli.exit_codes import ExitCode
from hdfsaver.cli.json_output import ArrayForm, described, real, say_json
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.inspection.differences import ArrayDifference, Difference
from hdfsaver.inspection.differences import diff as difference
from hdfsaver.inspection.graph_differences import GraphDifference
from hdfsaver.inspection.number_differences import Distance

_SHOWN = 20
"""Operations of each kind that are listed."""


class DistanceForm(TypedDict):
    """How far two arrays are from each other.

    Attributes
    ----------
    size : int
        The number of elements.
    unequal : int
        Elements that differ at all.
    beyond : int
        Elements that differ by more than the tolerances.
    largest : int or float or str
        The largest absolute difference; "Infinity" and "NaN" are strings.
    mean : int or float or str
        The mean absolute difference.
    ulps : int or None
        The largest difference in units in the last place.
    """

    size: int
    unequal: int
    beyond: int
    largest: int | float | str
    mean: int | float | str
    ulps: int | None


class ArrayDifferenceForm(TypedDict):
    """An array that differs.

    Attributes
    ----------
    name : str
    what : str
        "only in a", "only in b", "shape", "dtype", or "values".
    a : ArrayForm or None
    b : ArrayForm or None
    distance : DistanceForm or None
        Null where the values were not compared.
    """

    name: str
    what: str
    a: ArrayForm | None
    b: ArrayForm | None
    distance: DistanceForm | None


class GraphDifferenceForm(TypedDict):
    """The difference of two graphs.

    Attributes
    ----------
    a : int
    b : int
        The number of operations of each.
    only_a : list of str
    only_b : list of str
        The operations that only one of them has.
    changed : dict of str to list of str
        For each operation that differs, its differences.
    """

    a: int
    b: int
    only_a: list[str]
    only_b: list[str]
    changed: dict[str, list[str]]


class DiffResult(TypedDict):
    """The result of `diff`.

    Attributes
    ----------
    same : bool
    compared : int
        The number of arrays that were compared.
    arrays : list of ArrayDifferenceForm
        The arrays that differ.
    within : dict of str to DistanceForm
        The arrays that differ by no more than the tolerances.
    graph : GraphDifferenceForm or None
        Null where graphs were not compared.
    """

    same: bool
    compared: int
    arrays: list[ArrayDifferenceForm]
    within: dict[str, DistanceForm]
    graph: GraphDifferenceForm | None


@command(
    ("Compare two checkpoints.", "hdfsaver diff model.ckpt old.ckpt"),
    (
        "Compare a layer with one in 16 bits.",
        "hdfsaver diff model.ckpt half.npz 'dense/*' --ignore-dtypes --atol 1e-3",
    ),
    ("Compare names, dtypes and shapes; read no values.", "hdfsaver diff model.ckpt old.ckpt --no-values"),
    result=DiffResult,
    damaged=ExitCode.USAGE,
)
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A prefix, a file or a folder of any known kind.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    patterns: Annotated[
        list[str], typer.Argument(metavar="NAME", help="Compare only arrays with names like `dense/*`, and no graphs.")
    ] = [],  # noqa: B006
    rtol: Annotated[float, typer.Option(help="Allow differences relative to the number of B.")] = 0.0,
    atol: Annotated[float, typer.Option(help="Allow absolute differences.")] = 0.0,
    ignore_dtypes: Annotated[bool, typer.Option("--ignore-dtypes", help="Ignore the dtypes of equal numbers.")] = False,
    no_values: Annotated[bool, typer.Option("--no-values", help="Compare names, dtypes and shapes alone.")] = False,
    no_graph: Annotated[bool, typer.Option("--no-graph", help="Do not compare graphs.")] = False,
    group: Group = "",
    as_json: AsJson = False,
) -> None:
    """Compare two files: their arrays, and their graphs.

    For each array that differs, the output has the number of different elements, the largest and the mean absolute
    difference, and the largest difference in units in the last place. A number a differs from b if |a - b| is more than
    atol + rtol |b|; NaN is equal to NaN. Graphs are compared if both files have one, by the names of their operations;
    the operations that only save and restore are left out.

    The exit status is that of the program diff: 0 if nothing differs, 1 if something does, 2 or more if there is
    trouble; a damaged file is 2.
    """
    found = difference(
        a,
        b,
        include=patterns,
        rtol=rtol,
        atol=atol,
        ignore_dtypes=ignore_dtypes,
        values=not no_values,
        graph=not no_graph,
        group=group,
    )
    if as_json:
        say_json("diff", _form(found))
    else:
        say(_lines(found))
    if not found.same:
        raise typer.Exit(ExitCode.DIFFERS)


def _lines(found: Difference) -> Iterator[str]:
    for each in found.arrays:
        yield f"{each.name}: {_said(each)}"
    if found.graph is not None:
        yield from _graph_lines(found.graph)
    differ = f"{len(found.arrays):,} differ" if len(found.arrays) != 1 else "1 differs"
    more = f", {len(found.within):,} within the tolerances" if found.within else ""
    graphs = "" if found.graph is None else f" Graphs: {'the same' if found.graph.same else 'different'}."
    yield f"{count_of(found.compared, 'array')} compared, {differ}{more}.{graphs}"


def _said(each: ArrayDifference) -> str:
    if each.a is None or each.b is None:
        here = each.a or each.b
        return f"{each.what}" + (f" ({here.dtype} {here.shape})" if here is not None else "")
    parts = []
    if each.a.shape != each.b.shape:
        parts.append(f"shape {each.a.shape} -> {each.b.shape}")
    if each.a.dtype != each.b.dtype:
        parts.append(f"dtype {each.a.dtype} -> {each.b.dtype}")
    if each.distance is not None:
        parts.append(_distance(each.distance))
    return "; ".join(parts)


def _distance(found: Distance) -> str:
    if not found.unequal:
        return "the same values"
    numbers = f", max {found.largest:.6g}, mean {found.mean:.6g}" if found.largest else ""
    ulps = "" if found.ulps is None else f", {found.ulps:,} ulp{'' if found.ulps == 1 else 's'}"
    return f"{found.unequal:,} of {found.size:,} elements differ{numbers}{ulps}"


def _graph_lines(found: GraphDifference) -> Iterator[str]:
    for names, what in ((found.only_a, "only in a"), (found.only_b, "only in b")):
        yield from (f"operation {name}: {what}" for name in names[:_SHOWN])
        yield from _rest(len(names))
    for name, changes in islice(found.changed.items(), _SHOWN):
        yield f"operation {name}: {'; '.join(changes)}"
    yield from _rest(len(found.changed))


def _rest(count: int) -> Iterator[str]:
    if count > _SHOWN:
        yield f"and {count_of(count - _SHOWN, 'more operation')} (all with --json)"


def _form(found: Difference) -> DiffResult:
    graph = found.graph
    return DiffResult(
        same=found.same,
        compared=found.compared,
        arrays=[
            ArrayDifferenceForm(
                name=each.name,
                what=each.what,
                a=None if each.a is None else described(each.a),
                b=None if each.b is None else described(each.b),
                distance=None if each.distance is None else _distance_form(each.distance),
            )
            for each in found.arrays
        ],
        within={name: _distance_form(each) for name, each in found.within.items()},
        graph=None
        if graph is None
        else GraphDifferenceForm(a=graph.a, b=graph.b, only_a=graph.only_a, only_b=graph.only_b, changed=graph.changed),
    )


def _distance_form(found: Distance) -> DistanceForm:
    return DistanceForm(
        size=found.size,
        unequal=found.unequal,
        beyond=found.beyond,
        largest=real(found.largest),
        mean=real(found.mean),
        ulps=found.ulps,
    )

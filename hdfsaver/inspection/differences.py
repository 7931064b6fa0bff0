"""The difference of two files: their arrays by name, and their graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.inspection import graph_differences
from hdfsaver.inspection.array_blocks import AT_ONCE, keys
from hdfsaver.inspection.asked_arrays import check_patterns, matching
from hdfsaver.inspection.graph_differences import GraphDifference
from hdfsaver.inspection.number_differences import Distance, distance
from hdfsaver.reading.checkpoint_names import Source
from hdfsaver.tensor_info import STRING, TensorInfo


class ArrayDifference(NamedTuple):
    """An array that differs.

    Attributes
    ----------
    name : str
    what : str
        ``"only in a"``, ``"only in b"``, ``"shape"``, ``"dtype"`` or ``"values"``: the first of these that differs.
    a, b : TensorInfo or None
        Its description in both files; None where it is missing.
    distance : Distance or None
        How far the values are from each other; None where they were not compared.
    """

    name: str
    what: str
    a: TensorInfo | None
    b: TensorInfo | None
    distance: Distance | None


class Difference(NamedTuple):
    """The difference of two files.

    Attributes
    ----------
    compared : int
        The number of arrays that both have, or that one has.
    arrays : list of ArrayDifference
        The arrays that differ: beyond the tolerances, in dtype or shape, or because one file lacks them.
    within : dict of str to Distance
        The arrays whose values differ, but not by more than the tolerances.
    graph : GraphDifference or None
        The difference of the graphs; None if they were not compared, since no file has one or it was not wanted.
    """

    compared: int
    arrays: list[ArrayDifference]
    within: dict[str, Distance]
    graph: GraphDifference | None

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not self.arrays and (self.graph is None or self.graph.same)


def diff(
    a: Source,
    b: Source,
    *,
    include: Sequence[str] = (),
    rtol: float = 0.0,
    atol: float = 0.0,
    ignore_dtypes: bool = False,
    values: bool = True,
    graph: bool = True,
    group: str = "",
) -> Difference:
    """Compare two files of any kind that `convert` reads: arrays by name, and graphs by the names of operations.

    Parameters
    ----------
    a, b : path, URL or binary file
        See `hdfsaver.open_file`.
    include : sequence of str
        Compare only arrays with names that one of these patterns matches (``"dense/*"``), and no graphs.
    rtol, atol : float
        Numbers differ if ``abs(a - b) > atol + rtol * abs(b)``; NaN is equal to NaN.
    ignore_dtypes : bool
        Whether equal numbers of different dtypes are equal.
    values : bool
        Whether values are read and compared.
    graph : bool
        Whether graphs are compared, where both files have one.
    group : str
        The model, in files that have several.

    Returns
    -------
    Difference

    Raises
    ------
    NotFoundError
        A file does not exist, or no array of either has such a name.
    DataLossError, OpError
        A file is damaged, or cannot be read.
    ValueError
        A tolerance is negative.

    Examples
    --------
    >>> import numpy as np, hdfsaver
    >>> hdfsaver.save_file({"w": np.zeros(3), "b": np.ones(1)}, "a.h5")
    >>> hdfsaver.save_file({"w": np.array([0, 0, 0.5])}, "b.h5")
    >>> found = hdfsaver.diff("a.h5", "b.h5")
    >>> found.same, [(each.name, each.what) for each in found.arrays]
    (False, [('w', 'values'), ('b', 'only in a')])
    >>> found.arrays[0].distance.largest
    0.5
    """
    if not (rtol >= 0 and atol >= 0):
        raise ValueError(f"Tolerances are numbers that are not negative, not rtol={rtol} and atol={atol}.")
    with open_source(a, group) as one, open_source(b, group) as other:
        for file in (one, other):
            if not include:
                file.check_readable()
        if include:
            _check(one, other, include)
        names = matching(dict.fromkeys([*one.variables, *other.variables]), include)
        arrays, within = [], {}
        for name in names:
            found = _compared(one, other, name, rtol, atol, values)
            if found.what == "dtype" and ignore_dtypes:
                found = found._replace(what="values" if found.distance is not None else "")
            if found.what == "values" and found.distance is not None and not found.distance.beyond:
                within[name] = found.distance
            elif found.what:
                arrays.append(found)
        graphs = None if include or not graph else graph_differences.compared(one, other)
    return Difference(len(names), arrays, {name: it for name, it in within.items() if it.unequal}, graphs)


def _check(one: TensorFile, other: TensorFile, include: Sequence[str]) -> None:
    for pattern in include:
        if not matching(other.variables, [pattern]):
            check_patterns(one, [pattern])
    for file in (one, other):
        for name in matching(file.unreadable, include):
            file.read(name)


def _compared(one: TensorFile, other: TensorFile, name: str, rtol: float, atol: float, values: bool) -> ArrayDifference:
    a, b = one.variables.get(name), other.variables.get(name)
    if a is None or b is None:
        return ArrayDifference(name, "only in a" if b is None else "only in b", a, b, None)
    if a.shape != b.shape:
        return ArrayDifference(name, "shape", a, b, None)
    is_text = [it.dtype == STRING for it in (a, b)]
    if is_text[0] != is_text[1] or not values:
        return ArrayDifference(name, "" if a.dtype == b.dtype else "dtype", a, b, None)
    found = _distance(one, other, a, b, rtol, atol)
    return ArrayDifference(name, "dtype" if a.dtype != b.dtype else "values", a, b, found)


def _distance(one: TensorFile, other: TensorFile, a: TensorInfo, b: TensorInfo, rtol: float, atol: float) -> Distance:
    if max(a.nbytes, b.nbytes) <= AT_ONCE or a.dtype == STRING:
        return distance(one.read(a.name), other.read(b.name), rtol, atol)
    total = Distance()
    for key in keys(a):
        total = total.joined(distance(one.read_slice(a.name, key), other.read_slice(b.name, key), rtol, atol))
    return total

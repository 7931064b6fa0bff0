"""The result of a conversion: the parts that were written, those that were left out, and why."""

from __future__ import annotations

from typing import NamedTuple


class Conversion(NamedTuple):
    """The result of a conversion, of plain values.

    Attributes
    ----------
    names : dict of str to str
        The name in the source of each array, by its name in the target.
    nbytes : int
        Bytes of all arrays in the target; strings count with the bytes of their text.
    has_graph : bool
        Whether a graph was written.
    files : list of str
        The files that were written.
    left_out : dict of str to str
        By name, the reason for each array or other element of the source that is not in the target.
    changed : dict of str to str
        By name in the target, for arrays with numbers that are not in its dtype, how many became infinite, NaN or 0.
    remarks : list of str
        Sentences about everything else that differs: a graph, metadata or models of other groups that were not written,
        options without an effect.
    layout : dict of str to str
        By name in the target, what was done with each array for another layout: its layer, the operation that uses it,
        and the order of its axes.
    unchanged : dict of str to str
        By name in the source, the reason for each array that no rule of the layout knows, and that is unchanged.
    """

    names: dict[str, str]
    nbytes: int
    has_graph: bool
    files: list[str]
    left_out: dict[str, str]
    changed: dict[str, str]
    remarks: list[str]
    layout: dict[str, str] = {}  # noqa: RUF012 - nothing is written into it
    unchanged: dict[str, str] = {}  # noqa: RUF012 - nor into this


def listed(names: list[str], most: int = 5) -> str:
    """Names in a sentence, the first ones of many."""
    return ", ".join(map(repr, names[:most])) + (f" and {len(names) - most} more" if len(names) > most else "")

"""The result of an edit: what was written, what was left out, and what differs from the source."""

from __future__ import annotations

from typing import NamedTuple


class Edited(NamedTuple):
    """What an edit wrote, in plain values; of a dry run, what it would write.

    Attributes
    ----------
    files : list of str
        The files that are written.
    written : bool
        Whether they were: False after a dry run.
    names : dict of str to str
        The name in the source of each array, by its name in the result.
    nbytes : int
        Bytes of all arrays of the result, uncompressed; strings of a file that does not say it before they are read do
        not count.
    has_graph : bool
        Whether the result has a graph.
    left_out : dict of str to str
        By name in the source, the reason for each array or other element that the result lacks.
    changed : dict of str to str
        By name in the result, what was done with each array that is not the same as in the source.
    errors : dict of str to float
        By name in the result, the largest absolute difference that a new dtype makes.
    remarks : list of str
        Sentences about everything else.
    """

    files: list[str]
    written: bool
    names: dict[str, str]
    nbytes: int
    has_graph: bool
    left_out: dict[str, str]
    changed: dict[str, str]
    errors: dict[str, float]
    remarks: list[str]

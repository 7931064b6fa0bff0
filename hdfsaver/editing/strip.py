"""`hdfsaver.edit.strip`: a checkpoint without a part of its content."""

from __future__ import annotations

from collections.abc import Iterable

from hdfsaver.conversion.array_selection import slots_in
from hdfsaver.editing.edit_result import Edited
from hdfsaver.editing.edit_writing import Edit, Options, edit_one
from hdfsaver.editing.edited_arrays import copied
from hdfsaver.editing.read_model import edit_of, matching, unread
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import PathLike


def strip(
    source: PathLike,
    output: PathLike | None = None,
    *,
    slots: bool | None = None,
    exclude: Iterable[str] = (),
    graph: bool = False,
    in_place: bool = False,
    group: str = "",
    dry_run: bool = False,
    durable: bool = True,
    progress: Callback | None = None,
) -> Edited:
    """Write a checkpoint without the slots of optimizers, without some arrays, or without its graph.

    The rest is kept: values with their digests and their compression, metadata, collections and Saver of the graph, the
    models of other groups, and what other programs have added. The Saver of the graph no longer keeps what is gone, so
    that it restores the rest; run the initializers of slots before training goes on.

    Parameters
    ----------
    source : path
        A prefix, a file, a folder or a URL of any kind that `hdfsaver.convert` reads.
    output : path, optional
        The file to write; its ending tells the format, as for `hdfsaver.convert`. An existing file is replaced when the
        new one is complete.
    slots : bool, optional
        Leave out the arrays that belong to optimizers; by default if nothing else is asked for. The graph tells which
        they are, or TensorFlow's names of slots.
    exclude : iterable of str
        Shell patterns, in which ``*`` also matches slashes: leave out the arrays that match one of them.
    graph : bool
        Leave out the graph.
    in_place : bool
        Replace the source, which must be an hdfsaver checkpoint, when the result is complete.
    group : str
        The model, in a file that has several.
    dry_run : bool
        Write nothing, and return what would be written.
    durable : bool
        Return only when the result is on the disk.
    progress : callable, optional
        Called repeatedly with the bytes written and the bytes in total.

    Returns
    -------
    Edited
        What was written, left out and changed.

    Raises
    ------
    NotFoundError
        The source does not exist, or a pattern matches no array.
    ValueError
        There is neither ``output`` nor ``in_place``, or both; or they are the same file.
    InvalidArgumentError
        Nothing would be left, the source cannot be edited in place, or the output cannot have the result.
    DataLossError, OpError
        The source is damaged, or the output cannot be written. Source and output are as they were.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> values = {"w": np.ones(3, np.float32), "w/Adam": np.zeros(3, np.float32)}
    >>> hdfsaver.save_file(values, "trained.h5")
    >>> done = hdfsaver.edit.strip("trained.h5", "small.h5")
    >>> done.left_out
    {'w/Adam': "an optimizer's"}
    """
    patterns = exclude if isinstance(exclude, str) else tuple(exclude)
    drops_slots = not patterns and not graph if slots is None else slots

    def make(file: TensorFile) -> Edit:
        left_out = unread(file)
        remarks: list[str] = []
        for name in matching(file, patterns, "exclude"):
            left_out[name] = "a pattern of exclude matches"
        if drops_slots:
            found, remarks = slots_in(file, "There are no slots to leave out")
            left_out |= {name: "an optimizer's" for name in file.variables if name in found}
        arrays = {name: copied(file, name) for name in file.variables if name not in left_out}
        return edit_of(file, arrays, left_out, {}, remarks, keep_graph=not graph)

    return edit_one(source, group, Options(output, in_place, dry_run, durable, progress), make)

"""`hdfsaver.edit.merge`: one checkpoint with the arrays of several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from hdfsaver.editing.edit_result import Edited
from hdfsaver.editing.edit_writing import Edit, Options, edit_several
from hdfsaver.editing.edited_arrays import EditedArray, are_equal, copied
from hdfsaver.editing.read_model import edit_of, opened_all, unread
from hdfsaver.errors import AlreadyExistsError
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH
from hdfsaver.reading.checkpoint_names import PathLike

ON_CONFLICT = ("refuse", "first", "last")
"""Which of several arrays of one name is taken."""

OnConflict = Literal["refuse", "first", "last"]


def merge(
    sources: Iterable[PathLike],
    output: PathLike,
    *,
    on_conflict: OnConflict = "refuse",
    group: str = "",
    dry_run: bool = False,
    durable: bool = True,
    progress: Callback | None = None,
) -> Edited:
    """Write one checkpoint with the arrays of several.

    The graph, with its collections and its Saver, is that of the first source that has one; the others are named in
    ``remarks``. The metadata of all sources are kept. Models of other groups and the content of other programs are not.

    Parameters
    ----------
    sources : iterable of path
        As the source of `hdfsaver.edit.strip`.
    output, dry_run, durable, progress
        See `hdfsaver.edit.strip`.
    on_conflict : str
        What is done with arrays of one name that are not equal, and with such metadata: ``"refuse"`` raises an error
        that names one, ``"first"`` and ``"last"`` take that of the first or the last source.
    group : str
        The model in each source, where they have several.

    Returns
    -------
    Edited
        ``changed`` has the source of each array that was chosen among several.

    Raises
    ------
    AlreadyExistsError
        Two sources have different arrays, or metadata, under one name.
    ValueError
        There are no sources, ``on_conflict`` is unknown, or the output is a source.
    NotFoundError, InvalidArgumentError, DataLossError, OpError
        See `hdfsaver.edit.strip`.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> hdfsaver.save_file({"encoder/w": np.ones(3), "step": np.int64(7)}, "encoder.h5")
    >>> hdfsaver.save_file({"decoder/w": np.zeros(3), "step": np.int64(7)}, "decoder.h5")
    >>> list(hdfsaver.edit.merge(["encoder.h5", "decoder.h5"], "both.h5").names)
    ['encoder/w', 'step', 'decoder/w']
    """
    if on_conflict not in ON_CONFLICT:
        raise ValueError(f"on_conflict must be one of {', '.join(ON_CONFLICT)}, not {on_conflict!r}.")
    with opened_all(sources, group) as files:
        options = Options(output, False, dry_run, durable, progress)
        return edit_several(files, options, lambda: _merged(files, on_conflict))


def _merged(files: list[TensorFile], on_conflict: OnConflict) -> Edit:
    chosen: dict[str, TensorFile] = {}
    left_out: dict[str, str] = {}
    changed: dict[str, str] = {}
    for file in files:
        left_out |= unread(file)
        for name in file.variables:
            other = chosen.get(name)
            if name == OBJECT_GRAPH or other is None:
                chosen.setdefault(name, file)
            elif not are_equal((other, name), (file, name)):
                chosen[name] = _one_of(other, file, name, on_conflict)
                changed[name] = f"from {chosen[name].path}"
    if OBJECT_GRAPH in chosen and len(files) > 1:
        left_out[OBJECT_GRAPH] = "the objects of TensorFlow 2, which do not match the arrays any more"
        del chosen[OBJECT_GRAPH]
    arrays: dict[str, EditedArray] = {name: copied(file, name) for name, file in chosen.items()}
    graphs = [file for file in files if file.has_graph()]
    edit = edit_of(graphs[0] if graphs else files[0], arrays, left_out, changed, [], keep_graph=bool(graphs))
    remarks = [*edit.remarks]
    if graphs[1:]:
        others = ", ".join(file.path for file in graphs[1:])
        remarks.append(f"The graph is that of {graphs[0].path}; those of {others} are left out.")
    return edit._replace(metadata=_metadata(files, on_conflict), remarks=remarks)


def _one_of(first: TensorFile, last: TensorFile, name: str, on_conflict: OnConflict) -> TensorFile:
    if on_conflict == "refuse":
        raise _conflict(f"array {name!r}", first, last)
    return first if on_conflict == "first" else last


def _conflict(what: str, first: TensorFile, last: TensorFile) -> AlreadyExistsError:
    return AlreadyExistsError(
        None,
        None,
        f"{first.path} and {last.path} have a different {what}. Nothing was written. Rename it in one of them, or "
        "choose 'first' or 'last' as on_conflict (--on-conflict).",
    )


def _metadata(files: list[TensorFile], on_conflict: OnConflict) -> dict[str, str]:
    found: dict[str, str] = {}
    owners: dict[str, TensorFile] = {}
    for file in files:
        for key, text in file.metadata().items():
            if found.setdefault(key, text) != text:
                if on_conflict == "refuse":
                    raise _conflict(f"value of the metadata {key!r}", owners[key], file)
                found[key] = text if on_conflict == "last" else found[key]
            owners.setdefault(key, file)
    return found

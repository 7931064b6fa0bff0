"""What an edit needs of its source: the arrays that can be read, the graph, and the choice of arrays by patterns."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from fnmatch import fnmatchcase

from hdfsaver.conversion.report import listed
from hdfsaver.editing.edit_writing import Edit
from hdfsaver.editing.edited_arrays import EditedArray
from hdfsaver.editing.edited_graphs import with_names
from hdfsaver.errors import DataLossError, InvalidArgumentError, NotFoundError, UnimplementedError
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH
from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.schema import Structure
from hdfsaver.storage.chunks.compression import Compression
from hdfsaver.tensor_info import STRING


@contextmanager
def opened_all(sources: Iterable[PathLike], group: str) -> Iterator[list[TensorFile]]:
    """Open the model of each source, in order.

    Raises
    ------
    TypeError
        ``sources`` is one path, and no list.
    ValueError
        There are none.
    OpError
        One cannot be opened.
    """
    if isinstance(sources, str | bytes | os.PathLike):
        raise TypeError(f"sources must be a list of paths, not the path {sources!r}.")
    paths = list(sources)
    if not paths:
        raise ValueError("There are no sources.")
    with ExitStack() as stack:
        yield [stack.enter_context(open_source(path, group)) for path in paths]


def unread(file: TensorFile) -> dict[str, str]:
    """The elements of a file that no edit keeps, each with the reason; damage is an error.

    Raises
    ------
    DataLossError
        An element cannot be read because of damage.
    """
    for name, fault in file.unreadable.items():
        if isinstance(fault, DataLossError):
            advice = "Use another copy of the file, or convert the rest of it with --exclude."
            raise DataLossError(None, None, f"{file.path}: {name}: {fault.message} {advice}")
    unreadable = {name: fault.message for name, fault in file.unreadable.items()}
    return unreadable | {name: f"not read: {what}" for name, what in file.left_out.items()}


def matching(file: TensorFile, patterns: Iterable[str], option: str) -> list[str]:
    """The arrays that shell patterns match, in the order of the file.

    Raises
    ------
    NotFoundError
        A pattern matches no array.
    TypeError
        ``patterns`` is a str, which would be read letter by letter.
    """
    if isinstance(patterns, str):
        raise TypeError(f"{option} must be a list of patterns, not a str.")
    wanted = list(patterns)
    for pattern in wanted:
        if not any(fnmatchcase(name, pattern) for name in file.variables):
            raise no_match(file, pattern)
    return [name for name in file.variables if any(fnmatchcase(name, pattern) for pattern in wanted)]


def no_match(file: TensorFile, pattern: str) -> NotFoundError:
    """The error for a pattern or a name without any array."""
    arrays = f"The arrays are {listed(list(file.variables))}." if file.variables else "It has no arrays."
    return NotFoundError(None, None, f"No array of {file.path} matches {pattern!r}. {arrays}")


def edit_of(
    file: TensorFile,
    arrays: dict[str, EditedArray],
    left_out: dict[str, str],
    changed: dict[str, str],
    remarks: list[str],
    *,
    keep_graph: bool = True,
    compression: Mapping[str, Compression] | None = None,
) -> Edit:
    """An edit of one model, with its metadata and its graph, whose Savers know the new names.

    Parameters
    ----------
    file : TensorFile
    arrays : dict of str to EditedArray
    left_out, changed, remarks
        See `Edit`.
    keep_graph : bool
        Whether the graph stays.
    compression : mapping of str to Compression, optional
        See `Edit`.
    """
    structure, why = _graph_of(file) if keep_graph else (None, "")
    arrays = _without_objects(file, arrays, left_out)
    if structure is not None:
        structure = with_names(structure, {array.origin: name for name, array in arrays.items()})
    random = {} if structure is None else file.random_places()
    said = [*remarks, why] if why else remarks
    return Edit(arrays, structure, file.metadata(), random, compression or {}, left_out, changed, {}, said)


def _graph_of(file: TensorFile) -> tuple[Structure | None, str]:
    """The graph of a file, or a remark on why it has none that can be read."""
    try:
        return file.structure(), ""
    except (InvalidArgumentError, UnimplementedError) as error:
        return None, f"The graph is left out: it cannot be read. {error.message}"


def _without_objects(
    file: TensorFile, arrays: dict[str, EditedArray], left_out: dict[str, str]
) -> dict[str, EditedArray]:
    """Leave out the objects of TensorFlow 2 where they name arrays that are gone or have other names."""
    entry = file.variables.get(OBJECT_GRAPH)
    if entry is None or entry.dtype != STRING or entry.shape:
        return arrays
    origins = {array.origin: name for name, array in arrays.items()}
    if all(origins.get(name) == name for name in file.variables if name != OBJECT_GRAPH):
        return arrays
    if OBJECT_GRAPH in origins:
        left_out[OBJECT_GRAPH] = "the objects of TensorFlow 2, which do not match the arrays any more"
    return {name: array for name, array in arrays.items() if array.origin != OBJECT_GRAPH}

"""`hdfsaver.edit.compress`: a checkpoint whose values are compressed in another way, or not at all."""

from __future__ import annotations

from collections.abc import Iterable

from hdfsaver.conversion.report import listed
from hdfsaver.conversion.targets import target_of
from hdfsaver.editing.edit_result import Edited
from hdfsaver.editing.edit_writing import Edit, Options, edit_one
from hdfsaver.editing.edited_arrays import copied
from hdfsaver.editing.read_model import edit_of, matching, unread
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.storage.chunks.compression import Choices, Compression, by_name, checked, grid_for
from hdfsaver.tensor_info import STRING, TensorInfo, numpy_dtype


def compress(
    source: PathLike,
    output: PathLike | None = None,
    *,
    compression: Choices = "gzip",
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    in_place: bool = False,
    group: str = "",
    dry_run: bool = False,
    durable: bool = True,
    progress: Callback | None = None,
) -> Edited:
    """Write a checkpoint whose values are compressed, or not compressed any more; they do not change.

    Everything else is kept, see `hdfsaver.edit.strip`. An array that is compressed with the codec already keeps its
    chunks, unless a level is given. Strings and arrays of less than 64 KiB are not compressed.

    Parameters
    ----------
    source, in_place, group, dry_run, durable, progress
        See `hdfsaver.edit.strip`.
    output : path, optional
        As there; a name in ``.h5`` or ``.hdf5``, since only an hdfsaver checkpoint is compressed.
    compression : str, Compression, dict or None
        As for `Saver`: ``"gzip"``, ``"zstd"``, ``"lz4"`` or ``"blosc2"``, with a level as `hdfsaver.Compression`, or a
        dict of these by name, in which missing arrays stay as they are. None stores values without compression.
    include, exclude : iterable of str
        Shell patterns, in which ``*`` also matches slashes: change only arrays that match a pattern of ``include``, if
        there are any, and none of ``exclude``. The others stay as they are.

    Returns
    -------
    Edited

    Raises
    ------
    NotFoundError
        The source does not exist, or a pattern matches no array.
    TypeError, ValueError
        A codec or a level is unknown; the output is not an hdfsaver checkpoint; or see `hdfsaver.edit.strip`.
    ImportError
        The codec is not installed.
    InvalidArgumentError, DataLossError, OpError
        See `hdfsaver.edit.strip`.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> hdfsaver.save_file({"w": np.zeros((300, 300), np.float32)}, "large.h5")
    >>> done = hdfsaver.edit.compress("large.h5", "packed.h5", compression="gzip")
    >>> done.changed
    {'w': 'compressed (shuffle gzip)'}
    """
    choices = checked(compression)
    given = tuple(_patterns(patterns) for patterns in (include, exclude))

    def make(file: TensorFile) -> Edit:
        wanted = set(matching(file, given[0], "include") if given[0] else file.variables)
        wanted -= set(matching(file, given[1], "exclude"))
        if isinstance(choices, dict):
            wanted &= choices.keys()
        chosen = {name: how for name, how in by_name(choices, file.variables).items() if name in wanted}
        chosen = {name: how for name, how in chosen.items() if _applies(file.variables[name], how)}
        gone = {name for name in wanted - chosen.keys() if file.variables[name].filters and _is_none(choices, name)}
        changed = {name: f"compressed ({_filters(file.variables[name], how)})" for name, how in chosen.items()}
        changed |= dict.fromkeys(sorted(gone), "not compressed any more")
        arrays = {name: copied(file, name, unpacked=name in chosen or name in gone) for name in file.variables}
        remarks = [] if changed else ["No array is stored in another way than before."]
        small = [name for name in wanted if _is_small(file.variables[name])]
        if small and choices is not None and len(small) < len(file.variables):
            remarks.append(f"Too small to be compressed, or strings: {listed(sorted(small))}.")
        return edit_of(file, arrays, unread(file), changed, remarks, compression=chosen)

    if output is not None and target_of(as_prefix(output))[0].name != "hdf5":
        raise ValueError(f"Only an hdfsaver checkpoint (.h5) can be compressed, not {as_prefix(output)}.")
    return edit_one(source, group, Options(output, in_place, dry_run, durable, progress), make)


def _patterns(patterns: Iterable[str]) -> tuple[str, ...]:
    if isinstance(patterns, str):
        raise TypeError("include and exclude must be lists of patterns, not a str.")
    return tuple(patterns)


def _is_none(choices: Choices, name: str) -> bool:
    return choices is None or (isinstance(choices, dict) and choices[name] is None)


def _is_small(entry: TensorInfo) -> bool:
    return entry.dtype == STRING or grid_for(entry.dtype, entry.shape, numpy_dtype(entry.dtype).itemsize) is None


def _filters(entry: TensorInfo, how: Compression) -> str:
    return " ".join(how.filters_for(numpy_dtype(entry.dtype).itemsize))


def _applies(entry: TensorInfo, how: Compression) -> bool:
    """Whether a value is stored in another way with a compression than it is now."""
    if _is_small(entry):
        return False
    return how.level is not None or entry.filters != how.filters_for(numpy_dtype(entry.dtype).itemsize)

"""`hdfsaver.edit.average`: the mean of the checkpoints of one run."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from hdfsaver import dtypes
from hdfsaver.conversion.report import listed
from hdfsaver.editing.averaged_blocks import mean_of
from hdfsaver.editing.edit_result import Edited
from hdfsaver.editing.edit_writing import Edit, Options, edit_several
from hdfsaver.editing.edited_arrays import BLOCK, EditedArray, are_equal, copied, in_blocks, nothing_stored
from hdfsaver.editing.read_model import edit_of, opened_all, unread
from hdfsaver.errors import InvalidArgumentError, NotFoundError
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.interop.bundle.object_graph import OBJECT_GRAPH
from hdfsaver.reading.checkpoint_names import PathLike, as_prefix
from hdfsaver.reading.find_checkpoint import get_checkpoint_state
from hdfsaver.storage.reading import compression_of
from hdfsaver.tensor_info import STRING, Array, TensorInfo, numpy_dtype

INTEGERS = ("last", "refuse")
"""What is done with integers and strings that differ."""

Integers = Literal["last", "refuse"]


def average(
    sources: PathLike | Iterable[PathLike],
    output: PathLike,
    *,
    last: int | None = None,
    weights: Sequence[float] | None = None,
    decay: float | None = None,
    integers: Integers = "last",
    group: str = "",
    dry_run: bool = False,
    durable: bool = True,
    progress: Callback | None = None,
) -> Edited:
    """Write the mean of several checkpoints of one run, which often is better than the last one of them.

    Real and complex numbers are added in float64, those of that precision with the rounding errors of the sum, and the
    mean is rounded to the dtype of the array at the end. Everything else is that of the last source: integers such as
    the step, truth values and strings, graph, metadata and compression.

    Parameters
    ----------
    sources : list of path, or path
        As the source of `hdfsaver.edit.strip`, the oldest first; or a folder, of which the checkpoints that its state
        file names are taken.
    output, dry_run, durable, progress
        See `hdfsaver.edit.strip`.
    last : int, optional
        Take only so many of the sources, the last ones.
    weights : sequence of float, optional
        A weight for each source, not negative; by default all weigh the same.
    decay : float, optional
        Instead of ``weights``: each source weighs so many times as much as the next one, between 0 and 1, which gives
        an exponential average.
    integers : str
        Integers, truth values and strings that are not the same in all sources are those of the ``"last"`` one, or
        are an error: ``"refuse"``.
    group : str
        The model in each source, where they have several.

    Returns
    -------
    Edited
        ``changed`` says which arrays are means, and which are those of the last source although they differ.

    Raises
    ------
    InvalidArgumentError
        The sources have different arrays, or arrays of different shapes or dtypes; or, with ``"refuse"``, different
        integers or strings.
    ValueError
        Weights, decay or the number of sources are not valid, or the output is a source.
    NotFoundError, DataLossError, OpError
        See `hdfsaver.edit.strip`.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> for step in (1, 2):
    ...     hdfsaver.save_file({"w": np.full(2, step, np.float32), "step": np.int64(step)}, f"run-{step}.h5")
    >>> done = hdfsaver.edit.average(["run-1.h5", "run-2.h5"], "mean.h5")
    >>> hdfsaver.load_file("mean.h5")["w"]
    array([1.5, 1.5], dtype=float32)
    """
    if integers not in INTEGERS:
        raise ValueError(f"integers must be one of {', '.join(INTEGERS)}, not {integers!r}.")
    paths = _paths(sources, last)
    given = _weights(len(paths), weights, decay)
    with opened_all(paths, group) as files:
        options = Options(output, False, dry_run, durable, progress)
        return edit_several(files[::-1], options, lambda: _averaged(files, given, integers))


def _paths(sources: PathLike | Iterable[PathLike], last: int | None) -> list[PathLike]:
    if last is not None and last < 1:
        raise ValueError(f"last must be at least 1, not {last}.")
    paths = _of_folder(as_prefix(sources)) if isinstance(sources, str | bytes | os.PathLike) else list(sources)
    if last is not None and len(paths) < last:
        raise ValueError(f"There are {len(paths)} checkpoints, but the last {last} were asked for.")
    return paths if last is None else paths[-last:]


def _of_folder(folder: str) -> list[PathLike]:
    """The checkpoints that the state file of a folder names, the oldest first."""
    is_folder = os.path.isdir(folder)
    state = get_checkpoint_state(folder) if is_folder else None
    if state is None or not state.all_model_checkpoint_paths:
        what = "has no file 'checkpoint' that names checkpoints" if is_folder else "is not a folder"
        raise NotFoundError(None, None, f"{folder} {what}. Give the checkpoints one by one.")
    return list(state.all_model_checkpoint_paths)


def _weights(count: int, weights: Sequence[float] | None, decay: float | None) -> list[float]:
    """The weight of each source; 1 for each where all are the same."""
    if weights is not None and decay is not None:
        raise ValueError("Give either weights or decay.")
    if decay is not None:
        if not 0 < decay <= 1:
            raise ValueError(f"decay must be between 0 and 1, not {decay}.")
        return [decay ** (count - 1 - place) for place in range(count)]
    found = [1.0] * count if weights is None else [float(weight) for weight in weights]
    if len(found) != count:
        raise ValueError(f"There are {len(found)} weights for {count} checkpoints.")
    if not all(math.isfinite(weight) and weight >= 0 for weight in found) or not math.isfinite(sum(found)):
        raise ValueError(f"Weights must be finite and not negative, not {found}.")
    if not sum(found) and found:
        raise ValueError("At least one weight must not be 0.")
    return found


def _averaged(files: list[TensorFile], weights: list[float], integers: Integers) -> Edit:
    final = files[-1]
    for file in files[:-1]:
        _check_alike(file, final)
    arrays: dict[str, EditedArray] = {}
    changed: dict[str, str] = {}
    means: dict[str, TensorInfo] = {}
    for name, entry in final.variables.items():
        arrays[name] = copied(final, name)
        if _is_averaged(entry.dtype):
            if len(files) > 1:
                arrays[name] = _mean(files, weights, name)
                means[name] = entry
            changed[name] = f"mean of {len(files)}"
        elif name != OBJECT_GRAPH and not all(are_equal((file, name), (final, name)) for file in files[:-1]):
            if integers == "refuse":
                raise InvalidArgumentError(
                    None,
                    None,
                    f"{name!r} ({entry.dtype}) is not the same in all checkpoints, and has no mean. Nothing was "
                    "written. Strip it, or allow 'last' as integers (--integers).",
                )
            changed[name] = "that of the last, as the sources differ"
    edit = edit_of(final, arrays, unread(final), changed, [], compression=compression_of(means))
    remarks = [*edit.remarks]
    if len(files) > 1:
        remarks.append(f"Graph, metadata and all that is not averaged are those of {final.path}.")
    return edit._replace(remarks=remarks)


def _check_alike(file: TensorFile, final: TensorFile) -> None:
    """Check that two checkpoints have the same arrays, with their shapes and dtypes."""
    one, other = file.variables, final.variables
    for left, right, entries in ((final, file, one.keys() - other.keys()), (file, final, other.keys() - one.keys())):
        if entries:
            raise InvalidArgumentError(
                None,
                None,
                f"{left.path} has no {listed(sorted(entries))}, but {right.path} has. Nothing was written. Strip what "
                "not all checkpoints have.",
            )
    for name, entry in one.items():
        if entry[1:3] != other[name][1:3]:
            kinds = " and ".join(f"{each.dtype}{list(each.shape)}" for each in (entry, other[name]))
            raise InvalidArgumentError(
                None, None, f"{name!r} is {kinds} in {file.path} and {final.path}. Nothing was written."
            )


def _is_averaged(dtype: str) -> bool:
    found = None if dtype == STRING else dtypes.as_dtype(dtype)
    return found is not None and (found.is_floating or found.is_complex)


def _mean(files: list[TensorFile], weights: list[float], name: str) -> EditedArray:
    entry = files[-1].variables[name]
    dtype: np.dtype[Any] = numpy_dtype(entry.dtype)

    def pieces() -> Iterator[Array]:
        streams = [in_blocks(file.pieces(name), BLOCK) for file in files]
        return (mean_of(blocks, weights, dtype) for blocks in zip(*streams, strict=True))

    return EditedArray(entry._replace(filters=(), chunk=()), name, pieces, nothing_stored)

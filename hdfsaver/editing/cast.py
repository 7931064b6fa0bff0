"""`hdfsaver.edit.cast`: a checkpoint whose real numbers have another dtype."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Literal

import ml_dtypes
import numpy as np

from hdfsaver import dtypes
from hdfsaver.conversion.array_selection import checked_dtype
from hdfsaver.conversion.converted_arrays import converted
from hdfsaver.editing.edit_result import Edited
from hdfsaver.editing.edit_writing import Edit, Options, edit_one
from hdfsaver.editing.edited_arrays import EditedArray, copied, nothing_stored
from hdfsaver.editing.read_model import edit_of, no_match, unread
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.storage.reading import compression_of
from hdfsaver.tensor_info import STRING, Array, nbytes_of, numpy_dtype

OVERFLOW = ("refuse", "saturate", "infinite")
"""What is done with numbers beyond the new dtype."""

Overflow = Literal["refuse", "saturate", "infinite"]


def cast(
    source: PathLike,
    output: PathLike | None = None,
    *,
    dtype: str | Mapping[str, str],
    overflow: Overflow = "refuse",
    in_place: bool = False,
    group: str = "",
    dry_run: bool = False,
    durable: bool = True,
    progress: Callback | None = None,
) -> Edited:
    """Write a checkpoint whose real numbers have another dtype.

    Everything else is kept, see `hdfsaver.edit.strip`; so is the graph, whose variables keep their dtypes: restore with
    ``cast=True``, which converts the values back. TensorFlow cannot do that, so its checkpoints are written without
    the graph. A compressed array stays compressed.

    Parameters
    ----------
    source, output, in_place, group, dry_run, durable, progress
        See `hdfsaver.edit.strip`.
    dtype : str, or mapping of str to str
        The new dtype of all real numbers, such as ``"bfloat16"``; or dtypes by names or shell patterns, of which the
        first counts that matches a name. Integers, complex numbers and strings stay as they are.
    overflow : str
        ``"refuse"``: a number beyond the new dtype is an error. ``"saturate"``: it becomes the largest or the smallest
        number. ``"infinite"``: it becomes infinite, or NaN in a dtype without infinities.

    Returns
    -------
    Edited
        ``errors`` has the largest absolute error of each array, ``changed`` this in words.

    Raises
    ------
    NotFoundError
        The source does not exist, or a name or a pattern matches no array.
    ValueError
        A dtype is not one of real numbers, a name is that of an array of other values, or see `hdfsaver.edit.strip`.
    InvalidArgumentError
        A number is beyond the new dtype; or see `hdfsaver.edit.strip`.
    DataLossError, OpError
        See `hdfsaver.edit.strip`.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> hdfsaver.save_file({"w": np.array([1.0, 0.3], np.float32), "step": np.int64(7)}, "exact.h5")
    >>> done = hdfsaver.edit.cast("exact.h5", "half.h5", dtype="bfloat16")
    >>> done.errors
    {'w': 0.0007812380790710449}
    """
    if overflow not in OVERFLOW:
        raise ValueError(f"overflow must be one of {', '.join(OVERFLOW)}, not {overflow!r}.")
    wanted = {"*": dtype} if isinstance(dtype, str) else dict(dtype)
    rules = {pattern: checked_dtype(name) for pattern, name in wanted.items()}

    def make(file: TensorFile) -> Edit:
        chosen = _chosen(file, rules)
        changed: dict[str, str] = {}
        errors: dict[str, float] = {}
        arrays = {name: copied(file, name) for name in file.variables}
        for name, new in chosen.items():
            arrays[name] = _cast(file, name, new, overflow, changed, errors)
        remarks = [] if chosen else ["No array has real numbers of another dtype."]
        packed = compression_of({name: file.variables[name] for name in chosen})
        edit = edit_of(file, arrays, unread(file), changed, remarks, compression=packed)
        why = "its variables have other dtypes than the arrays" if chosen else ""
        return edit._replace(errors=errors, why_no_graph=why, check=_checking([arrays[name] for name in chosen]))

    return edit_one(source, group, Options(output, in_place, dry_run, durable, progress), make)


def _checking(arrays: list[EditedArray]) -> Callable[[], None]:
    """Make all values, for a dry run."""

    def check() -> None:
        for array in arrays:
            for _ in array.pieces():
                pass

    return check


def _chosen(file: TensorFile, rules: Mapping[str, str]) -> dict[str, str]:
    """The new dtypes of arrays that get another one."""
    for pattern in rules:
        matched = [entry for name, entry in file.variables.items() if fnmatchcase(name, pattern)]
        if not matched and pattern != "*":
            raise no_match(file, pattern)
        if pattern in file.variables and not _is_real(file.variables[pattern].dtype):
            kept = file.variables[pattern].dtype
            raise ValueError(f"{pattern!r} has dtype {kept}: only real numbers get another dtype of real numbers.")
    found = {}
    for name, entry in file.variables.items():
        new = next((new for pattern, new in rules.items() if fnmatchcase(name, pattern)), entry.dtype)
        if _is_real(entry.dtype) and new != entry.dtype:
            found[name] = new
    return found


def _is_real(dtype: str) -> bool:
    return dtype != STRING and dtypes.as_dtype(dtype).is_floating


def _cast(
    file: TensorFile, name: str, dtype: str, overflow: Overflow, changed: dict[str, str], errors: dict[str, float]
) -> EditedArray:
    before = file.variables[name]
    entry = before._replace(dtype=dtype, nbytes=nbytes_of(dtype, before.shape), filters=(), chunk=())
    changed[name] = f"{before.dtype} to {dtype}"

    def pieces() -> Iterator[Array]:
        largest, became_zero, beyond = 0.0, 0, 0
        for piece in file.pieces(name):
            new, exact = converted(piece, dtype), piece.astype(np.float64)
            lost = np.flatnonzero(np.isfinite(exact) & ~np.isfinite(new.astype(np.float64)))
            if lost.size and overflow == "refuse":
                raise _too_large(file.path, name, float(exact[lost[0]]), dtype)
            if overflow == "saturate":
                new = _saturated(exact, new, dtype)
            found = new.astype(np.float64)
            beyond += lost.size
            became_zero += int(np.count_nonzero((found == 0) & (exact != 0)))
            largest = max(largest, _error(exact, found))
            yield new
        errors[name] = largest
        changed[name] = _said(before.dtype, dtype, largest, became_zero, beyond, overflow)

    return EditedArray(entry, name, pieces, nothing_stored)


def _error(before: Array, after: Array) -> float:
    """The largest absolute difference of finite numbers."""
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.abs(after - before)
    finite = found[np.isfinite(found)]
    return float(finite.max()) if finite.size else 0.0


def _saturated(before: Array, after: Array, dtype: str) -> Array:
    """Numbers beyond the dtype, and infinities, at its ends."""
    largest = ml_dtypes.finfo(numpy_dtype(dtype)).max
    wrong = ~np.isfinite(after.astype(np.float64)) & ~np.isnan(before)
    found = after.copy()
    found[wrong] = converted(np.where(before[wrong] > 0, 1.0, -1.0) * float(largest), dtype)
    return found


def _too_large(path: str, name: str, value: float, dtype: str) -> InvalidArgumentError:
    largest = float(ml_dtypes.finfo(numpy_dtype(dtype)).max)
    return InvalidArgumentError(
        None,
        None,
        f"{path}: {name!r} has the number {value:g}, which is beyond {dtype} (at most {largest:g}). Nothing was "
        "written. Choose a larger dtype for it, or allow 'saturate' or 'infinite' as overflow (--overflow).",
    )


def _said(old: str, new: str, largest: float, became_zero: int, beyond: int, overflow: Overflow) -> str:
    parts = [f"{old} to {new}, largest error {largest:.3g}"]
    if became_zero:
        parts.append(f"{became_zero:,} became 0")
    if beyond:
        parts.append(f"{beyond:,} became {'the largest number' if overflow == 'saturate' else 'infinite or NaN'}")
    return ", ".join(parts) if math.isfinite(largest) else parts[0]

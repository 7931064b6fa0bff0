"""The reads of a restore: whole values in parallel, and parts of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from hdfsaver import limits
from hdfsaver.checkpoint.restore_casts import cast_all
from hdfsaver.checkpoint.saveables.saveable import Saveable
from hdfsaver.files.progress import Callback
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.tensor_info import Array


def load(
    file: TensorFile,
    wanted: Mapping[str, Saveable],
    reshape: bool,
    mmap_mode: str | None = None,
    progress: Callback | None = None,
    cast: Sequence[str] = (),
) -> dict[str, Array]:
    """Read the values for a session's state.

    Parameters
    ----------
    file : TensorFile
    wanted : mapping of str to Saveable
        The variables to restore, by their names in the file, which must exist.
    reshape : bool
        Whether values are reshaped to the shapes of the variables.
    mmap_mode, progress
        See `TensorFile.read_many`. Values are mapped as a whole.
    cast : sequence of str
        The names whose values are converted to the dtypes of the variables.

    Returns
    -------
    dict of str to ndarray
        The values by the keys of the state.

    Raises
    ------
    InvalidArgumentError
        A number is beyond the range of the dtype that it is converted to.
    """
    whole = [name for name, saveable in wanted.items() if saveable.read_keys is None or mmap_mode]
    # The program has variables of these sizes, so a file with such sizes is not a decompression bomb.
    expected = sum(file.variables[name].nbytes for name in whole)
    raised = limits.use(declared_bytes=expected) if expected > limits.get().declared_bytes else nullcontext()
    with raised:
        found = file.read_many(whole, mmap_mode=mmap_mode, progress=progress)
    parts = {
        name: [file.read_slice(name, key) for key in saveable.read_keys or ()]
        for name, saveable in wanted.items()
        if name not in found
    }
    for name in cast:
        entry, saveable = file.variables[name], wanted[name]
        described = (
            f"{file.path}: {saveable.label} has dtype {saveable.dtype}, but {name!r} in the file has {entry.dtype}"
        )
        if name in parts:
            parts[name] = cast_all(parts[name], saveable.dtype, described)
        else:
            (found[name],) = cast_all([found[name]], saveable.dtype, described)
    # Everything is read before the first value is set, because some values are written to the program's own arrays.
    loaded: dict[str, Array] = {}
    for name, saveable in wanted.items():
        if name in parts:
            loaded.update(saveable.take_parts(parts[name]))
        else:
            loaded.update(saveable.take(_shaped(found[name], saveable, reshape)))
    return loaded


def _shaped(value: Array, saveable: Saveable, reshape: bool) -> Array:
    if reshape and saveable.shape.is_fully_defined():
        return value.reshape(tuple(map(int, saveable.shape)))
    return value

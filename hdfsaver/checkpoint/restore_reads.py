"""What a restore reads: whole values in parallel, and of the others the parts that are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

from hdfsaver import limits
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
) -> dict[str, Array]:
    """Read what a session's state is to hold.

    Parameters
    ----------
    file : TensorFile
    wanted : mapping of str to Saveable
        By the names in the file, which has all of them.
    reshape : bool
        Whether values take the shape that is wanted.
    mmap_mode, progress
        See `TensorFile.read_many`. A value that is mapped is mapped as a whole.

    Returns
    -------
    dict of str to ndarray
        By the keys of the state.
    """
    whole = [name for name, saveable in wanted.items() if saveable.read_keys is None or mmap_mode]
    # The program has variables of these sizes, so that a file which declares them is no bomb.
    expected = sum(file.variables[name].nbytes for name in whole)
    raised = limits.use(declared_bytes=expected) if expected > limits.get().declared_bytes else nullcontext()
    with raised:
        found = file.read_many(whole, mmap_mode=mmap_mode, progress=progress)
    parts = {
        name: [file.read_slice(name, key) for key in saveable.read_keys or ()]
        for name, saveable in wanted.items()
        if name not in found
    }
    # All is read before the first value is taken: some are written on arrays of the program's.
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

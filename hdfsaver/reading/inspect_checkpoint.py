"""Inspecting a checkpoint: its variables, and the value of one variable."""

from __future__ import annotations

from typing import Any

from hdfsaver.files.remote.names import sharing
from hdfsaver.reading.checkpoint_names import Source
from hdfsaver.reading.find_checkpoint import resolve
from hdfsaver.reading.reader import as_name, open_checkpoint, read_tensor


def list_variables(ckpt_dir_or_file: Source, *, group: str = "") -> list[tuple[str, list[int]]]:
    """The names and shapes of the variables in a checkpoint.

    Parameters
    ----------
    ckpt_dir_or_file : path
        A prefix, a file, or a folder, whose latest checkpoint is read.
    group : str
        The model to list, in a file that has several.

    Returns
    -------
    list of (str, list of int)
        Sorted by name.

    Raises
    ------
    ValueError
        The folder has no checkpoint.
    OpError
        See `hdfsaver.reading.reader.NewCheckpointReader`.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver as tf
    >>> tf.save_file({"weights": np.array([1.0, 2.0]), "step": 7}, "model.h5")
    >>> tf.train.list_variables("model.h5")
    [('step', []), ('weights', [2])]
    """
    with sharing():
        opened = open_checkpoint(resolve(ckpt_dir_or_file), group)
    with opened as file:
        return [(name, list(file.variables[name].shape)) for name in sorted(file.variables)]


def load_variable(ckpt_dir_or_file: Source, name: str, *, group: str = "") -> Any:
    """The value of one variable in a checkpoint.

    Parameters
    ----------
    ckpt_dir_or_file : path
        A prefix, a file, or a folder, whose latest checkpoint is read.
    name : str
        The variable's name in the checkpoint; a final ``:0``, as in ``variable.name``, is removed.
    group : str
        The model to read, in a file that has several.

    Returns
    -------
    ndarray, NumPy scalar or bytes
        See `hdfsaver.reading.reader.CheckpointReader.get_tensor`.

    Raises
    ------
    NotFoundError
        The checkpoint does not exist, or has no such variable.
    ValueError
        The folder has no checkpoint.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver as tf
    >>> tf.save_file({"weights": np.array([1.0, 2.0]), "step": 7}, "model.h5")
    >>> tf.train.load_variable("model.h5", "weights")
    array([1., 2.])
    """
    wanted = as_name(name).removesuffix(":0")
    with sharing():
        opened = open_checkpoint(resolve(ckpt_dir_or_file), group)
    with opened as file:
        return read_tensor(file, wanted)

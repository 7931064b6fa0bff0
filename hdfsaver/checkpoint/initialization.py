"""Initial values from a checkpoint."""

from __future__ import annotations

import os
from typing import Any

from hdfsaver.checkpoint.assignment_map import Checkpoint, Loading, Shared, loadings_of
from hdfsaver.files.remote.names import RemoteName, give, sharing
from hdfsaver.graph.apply import apply_list
from hdfsaver.ops import state_ops
from hdfsaver.reading.checkpoint_names import PathLike, as_source
from hdfsaver.reading.find_checkpoint import resolve
from hdfsaver.reading.reader import open_checkpoint
from hdfsaver.variables.get_variable import shared_variables


def init_from_checkpoint(ckpt_dir_or_file: PathLike, assignment_map: Any) -> None:
    """Set the initializers of variables to read a checkpoint.

    Names and shapes are checked now; the values are read whenever the initializer runs, by an operation of the graph
    (``checkpoint_initializer``, of type RestoreV2) that keeps the checkpoint's prefix. So the values are those of the
    file at that time, the graph has no large constants, and a graph that is exported and imported also reads the
    checkpoint. An initializer operation that was created before this call still gives the old values: create it again.

    Parameters
    ----------
    ckpt_dir_or_file : path or URL
        A prefix, a file, or a folder, whose latest checkpoint is used. A URL is read by graphs that this program makes:
        one that is imported from a file, by another program, is not asked for its URL.
    assignment_map : dict, or iterable of pairs
        From names in the checkpoint to variables in the default graph. A list of pairs can give one tensor to several
        variables. Names are looked up among the variables of `get_variable`.

        ==================================  ==========================================================
        ``"scope/": "other_scope/"``        each variable in ``other_scope``, by the rest of its name
        ``"/": "other_scope/"``             the same, from the checkpoint's root
        ``"scope/": "/"``                   each variable, from a scope of the checkpoint
        ``"scope/name": "other/name"``      one variable by its name
        ``"scope/name": variable``          one variable, created in any way
        ``"scope/name": [part, ...]``       parts of one partitioned variable, each of which reads only its slice
        ``"scope/name": partitioned``       all parts of a partitioned variable
        ==================================  ==========================================================

    Raises
    ------
    ValueError
        A tensor or a variable is missing, a shape differs, the map is malformed, or the folder has no checkpoint. No
        variable is changed.
    TypeError
        An entry of the map is neither a variable nor a name.
    OpError
        The checkpoint cannot be read; `NotFoundError` if it is missing.

    Notes
    -----
    As in TensorFlow, dtypes are compared when the initializer runs: `InvalidArgumentError`. The same holds for the
    shapes of variables in a scope, and of parts.
    """
    source = as_source(ckpt_dir_or_file)
    if isinstance(source, RemoteName) and source.held is not None:
        raise TypeError(
            f"The graph keeps the name of the checkpoint, which {source} does not have. Give a path or URL."
        )
    with sharing():
        prefix = resolve(source)
        opened = open_checkpoint(prefix)
    with opened as file:
        checkpoint = Checkpoint(source, file.variables, file.unreadable)
        loadings = loadings_of(assignment_map, checkpoint, Shared(shared_variables()))
    give(prefix)
    for loading in loadings:
        _set_initializer(loading, prefix)


def _set_initializer(loading: Loading, prefix: str) -> None:
    variable = loading.variable
    graph = variable.graph
    with graph.as_default():
        with graph.device(variable.device), graph.device("/cpu:0"):
            (value,) = apply_list(
                "RestoreV2",
                os.fsencode(prefix),
                [loading.tensor_name],
                [loading.spec],
                name="checkpoint_initializer",
                dtypes=[variable.dtype.base_dtype.name],
            )
        with graph.device(None), graph.device(variable.device):
            assigned = state_ops.assign(variable, value, validate_shape=variable.shape.is_fully_defined())
    value.set_shape(variable.shape)
    variable.replace_initializer(value, assigned.op)

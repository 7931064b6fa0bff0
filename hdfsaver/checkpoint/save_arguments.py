"""The arguments of `Saver.save` and `Saver.restore`: what is refused, and what is converted."""

from __future__ import annotations

import operator
import os
from typing import Any

import numpy as np

from hdfsaver.errors import PermissionDeniedError, without_secrets
from hdfsaver.files.opening import is_folder
from hdfsaver.files.remote.names import RemoteName
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.tensor import Tensor
from hdfsaver.reading import checkpoint_names
from hdfsaver.reading.checkpoint_names import Source, as_source
from hdfsaver.reading.find_checkpoint import Located, locate, not_found
from hdfsaver.session import Session
from hdfsaver.storage.graph.annotation_tables import check_annotations
from hdfsaver.storage.incremental import Sharing
from hdfsaver.training import tf_logging
from hdfsaver.variables.variable import Variable


def check_session(sess: Any) -> None:
    """Raise `TypeError` for an object that is not a session, and `RuntimeError` for a closed session."""
    if not isinstance(sess, Session):
        raise TypeError(f"'sess' must be a Session; {sess!r}")
    _ = sess.state  # raises if the session is closed


def prefix_of(
    sess: Any, save_path: str, global_step: Any, latest_filename: str | None, pad: bool, sharded: bool = False
) -> str:
    """The prefix of a checkpoint that is going to be saved.

    Parameters
    ----------
    sess, save_path, global_step, latest_filename
        See `Saver.save`.
    pad : bool
        Write steps with eight digits.
    sharded : bool
        Allow the name of the state file, as TensorFlow does where its files have the numbers of shards in their names.

    Returns
    -------
    str

    Raises
    ------
    TypeError
        The step is not an integer.
    ValueError
        The state file cannot have this name, or not beside this checkpoint.
    """
    if latest_filename is not None and os.path.dirname(latest_filename):
        raise ValueError(f"'latest_filename' should not contain path components: {latest_filename!r}.")
    if latest_filename is not None and latest_filename.endswith(checkpoint_names.SUFFIXES):
        raise ValueError(
            f"'latest_filename' has the ending of a checkpoint, which it could replace: {latest_filename!r}."
        )
    if global_step is not None:
        return checkpoint_names.with_step(save_path, _step_number(sess, global_step), pad)
    if os.path.basename(save_path) == (latest_filename or "checkpoint") and not sharded:
        raise ValueError(
            f"'latest_filename' collides with 'save_path': {latest_filename or 'checkpoint'!r} and {save_path!r}."
        )
    return save_path


def _step_number(sess: Session | None, global_step: Any) -> int:
    if sess is not None and isinstance(global_step, str | Variable | Tensor):
        global_step = sess.run(global_step)
        if isinstance(global_step, np.floating):  # TensorFlow accepts a step variable of any dtype
            global_step = int(global_step)
    try:
        return operator.index(global_step)
    except TypeError:
        raise TypeError(f"global_step must be an integer, not {global_step!r}.") from None


def metric_number(sess: Session | None, metric: Any) -> float:
    """A metric, or its value in the session, as a number; `TypeError` if it is not one."""
    value = sess.run(metric) if sess is not None and isinstance(metric, str | Variable | Tensor) else metric
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"metric must be a number, not {value!r}.") from None


def check_values(graph: Graph) -> None:
    """Refuse, before anything is written, what a program has put on the graph and no file can hold."""
    try:
        check_annotations(graph.data)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"The graph cannot be saved: {error}") from error


def sharing_of(incremental: Any) -> Sharing | None:
    """Make the object for ``Saver(incremental=...)``; None if it is off.

    Raises
    ------
    TypeError
        It is neither a bool nor an integer.
    ValueError
        It is negative.
    """
    if isinstance(incremental, bool | np.bool_):
        return Sharing(None, _tell) if incremental else None
    try:
        most = operator.index(incremental)
    except TypeError:
        raise TypeError(f"incremental must be True, False or a number of saves, not {incremental!r}.") from None
    if most < 0:
        raise ValueError(f"incremental must be True, False or a number of saves from 0, not {most}.")
    return Sharing(most, _tell) if most else None


def _tell(why: str) -> None:
    tf_logging.warning("The incremental save of %s", why)


def make_parent(prefix: str) -> None:
    """Make the folder of a prefix where only it is missing, as TensorFlow does.

    Raises
    ------
    ValueError
        More than one folder is missing, or the folder cannot be made.
    """
    if isinstance(prefix, RemoteName):  # folders of object stores are parts of names
        return
    parent = os.path.dirname(prefix)
    if not parent or is_folder(parent):
        return
    try:
        os.mkdir(parent)
    except FileExistsError:  # by another program, in this moment; or a file has that name
        if is_folder(parent):
            return
        raise _no_parent(prefix, f"{parent} is a file.") from None
    except OSError as error:
        raise _no_parent(prefix, f"{parent}: {error.strerror}. Make it with os.makedirs first.") from error


def _no_parent(prefix: str, note: str) -> ValueError:
    """TensorFlow's error, whose message programs compare; a traceback shows the note below it."""
    error = ValueError(f"Parent directory of {prefix} doesn't exist, can't save.")
    error.add_note(note)
    return error


def located(save_path: Source | None) -> Located:
    """The checkpoint to restore; `ValueError` if it does not exist."""
    if save_path is None:
        raise ValueError("Can't load save_path when it is None.")
    prefix = as_source(save_path)
    found = locate(prefix) if prefix else None
    if found is None:
        missing = not_found(prefix) if prefix else None
        if isinstance(missing, PermissionDeniedError):
            raise missing
        why = f". {missing.message}" if missing is not None else ""
        raise ValueError(f"The passed save_path is not a valid checkpoint: {without_secrets(prefix)}{why}")
    return found

"""SessionManager: makes sessions whose variables have values, from a checkpoint or from the initializers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hdfsaver.checkpoint.saver import Saver
from hdfsaver.errors import DeadlineExceededError, FailedPreconditionError
from hdfsaver.graph.default import get_default_graph
from hdfsaver.graph.graph import Graph
from hdfsaver.graph.tensor import Tensor
from hdfsaver.monitoring.scaffold import Runnable
from hdfsaver.reading import state_file
from hdfsaver.reading.checkpoint_names import PathLike, as_source
from hdfsaver.session import Session
from hdfsaver.training import tf_logging as log


class SessionManager:
    """Makes sessions that are ready to train.

    Parameters
    ----------
    local_init_op : Operation, optional
        Run in every session, as soon as ``ready_for_local_init_op`` gives no variable.
    ready_op : Tensor, optional
        Gives the names of variables without a value; the model is ready when it gives no names.
    ready_for_local_init_op : Tensor, optional
        The same for the variables that ``local_init_op`` needs.
    graph : Graph, optional
        The default graph where none is given.
    recovery_wait_secs : float
        Seconds between two tries to find a checkpoint, or a model that is ready.
    local_init_run_options : RunOptions, optional
        The options of the run of ``local_init_op``.
    local_init_feed_dict : dict, optional
        The feeds of ``local_init_op``.

    Raises
    ------
    ValueError
        There is a ``ready_for_local_init_op`` and no ``local_init_op``.
    """

    def __init__(
        self,
        local_init_op: Runnable | None = None,
        ready_op: Tensor | None = None,
        ready_for_local_init_op: Tensor | None = None,
        graph: Graph | None = None,
        recovery_wait_secs: float = 30,
        local_init_run_options: object = None,
        local_init_feed_dict: Mapping[Any, Any] | None = None,
    ) -> None:
        if ready_for_local_init_op is not None and local_init_op is None:
            raise ValueError(
                "If you pass a ready_for_local_init_op you must also pass a local_init_op , "
                f"ready_for_local_init_op [{ready_for_local_init_op}]"
            )
        self._local_init_op = local_init_op
        self._ready_op = ready_op
        self._ready_for_local_init_op = ready_for_local_init_op
        self._graph = get_default_graph() if graph is None else graph
        self._recovery_wait_secs = recovery_wait_secs
        self._local_init_run_options = local_init_run_options
        self._local_init_feed_dict = local_init_feed_dict

    def prepare_session(
        self,
        master: str,
        init_op: Runnable | None = None,
        saver: Saver | None = None,
        checkpoint_dir: PathLike | None = None,
        checkpoint_filename_with_path: PathLike | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: object = None,
        init_feed_dict: Mapping[Any, Any] | None = None,
        init_fn: Callable[[Session], object] | None = None,
    ) -> Session:
        """A session that is ready: restored where there is a checkpoint, initialized otherwise.

        Parameters
        ----------
        master, config : object
            Accepted for programs that give them, as `Session` does.
        init_op : Operation, optional
            Initializes the model.
        saver : Saver, optional
            Restores the model.
        checkpoint_dir : path, optional
            The folder whose latest checkpoint is restored.
        checkpoint_filename_with_path : path, optional
            A checkpoint to restore instead.
        wait_for_checkpoint : bool
            Wait for a checkpoint in the folder.
        max_wait_secs : float
            Seconds to wait at most.
        init_feed_dict : dict, optional
            The feeds of ``init_op``.
        init_fn : callable, optional
            Called with the session after ``init_op``.

        Returns
        -------
        Session
            The session.

        Raises
        ------
        RuntimeError
            There is no checkpoint and nothing to initialize with, or the model is not ready after that.
        ValueError
            Both a folder and a checkpoint are given, or the checkpoint is missing.
        OpError
            The checkpoint cannot be restored; see `Saver.restore`.
        """
        sess, is_loaded = self._restored(
            master, saver, checkpoint_dir, checkpoint_filename_with_path, wait_for_checkpoint, max_wait_secs, config
        )
        if not is_loaded:
            if init_op is None and init_fn is None and self._local_init_op is None:
                raise RuntimeError("Model is not initialized and no init_op or init_fn or local_init_op was given.")
            if init_op is not None:
                sess.run(init_op, feed_dict=init_feed_dict)
            if init_fn is not None:
                init_fn(sess)
        said = f"Init op: {getattr(init_op, 'name', init_op)}, init fn: {init_fn}"
        problem = self._run_local_init_op(sess)
        if problem:
            raise RuntimeError(f"Init operations did not make model ready for local_init. {said}, error: {problem}")
        problem = _not_ready(self._ready_op, sess)
        if problem:
            raise RuntimeError(
                f"Init operations did not make model ready. {said}, local_init_op: {self._local_init_op}, "
                f"error: {problem}"
            )
        return sess

    def recover_session(
        self,
        master: str,
        saver: Saver | None = None,
        checkpoint_dir: PathLike | None = None,
        checkpoint_filename_with_path: PathLike | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: object = None,
    ) -> tuple[Session, bool]:
        """A session that is restored where there is a checkpoint, but not initialized.

        Parameters
        ----------
        master, config : object
            Accepted for programs that give them, as `Session` does.
        saver : Saver, optional
            Restores the model.
        checkpoint_dir : path, optional
            The folder whose latest checkpoint is restored.
        checkpoint_filename_with_path : path, optional
            A checkpoint to restore instead.
        wait_for_checkpoint : bool
            Wait for a checkpoint in the folder.
        max_wait_secs : float
            Seconds to wait at most.

        Returns
        -------
        session : Session
            The session.
        is_ready : bool
            Whether it was restored and the model is ready.

        Raises
        ------
        ValueError
            Both a folder and a checkpoint are given, or the checkpoint is missing.
        OpError
            The checkpoint cannot be restored; see `Saver.restore`.
        """
        sess, is_loaded = self._restored(
            master, saver, checkpoint_dir, checkpoint_filename_with_path, wait_for_checkpoint, max_wait_secs, config
        )
        problem = self._run_local_init_op(sess)
        if not is_loaded:
            return sess, False
        problem = problem or _not_ready(self._ready_op, sess)
        if problem:
            log.info("Restoring model from %s did not make model ready: %s", checkpoint_dir, problem)
            return sess, False
        log.info("Restored model from %s", checkpoint_dir)
        return sess, True

    def wait_for_session(
        self, master: str, config: object = None, max_wait_secs: float | None = float("inf")
    ) -> Session:
        """A session of a worker, whose model a chief makes ready.

        A session has its own values here, so that no chief can set them: it is ready at once, as a model without
        variables is, or never.

        Parameters
        ----------
        master, config : object
            Accepted for programs that give them, as `Session` does.
        max_wait_secs : float, optional
            Seconds to wait at most; None to wait without a limit.

        Returns
        -------
        Session
            The session.

        Raises
        ------
        DeadlineExceededError
            The model is not ready after that time.
        """
        end = time.monotonic() + (float("inf") if max_wait_secs is None else max_wait_secs)
        while True:
            sess = Session(master, self._graph, config)
            problem = self._run_local_init_op(sess) or _not_ready(self._ready_op, sess)
            if not problem:
                return sess
            sess.close()
            log.info("Waiting for model to be ready: %s", problem)
            if time.monotonic() + self._recovery_wait_secs > end:
                raise DeadlineExceededError(
                    None, None, f"Session was not ready after waiting {max_wait_secs} secs. {problem}"
                )
            time.sleep(self._recovery_wait_secs)

    def _restored(
        self,
        master: str,
        saver: Saver | None,
        folder: PathLike | None,
        checkpoint: PathLike | None,
        waits: bool,
        max_wait_secs: float,
        config: object,
    ) -> tuple[Session, bool]:
        if folder and checkpoint:
            raise ValueError("Can not provide both checkpoint_dir and checkpoint_filename_with_path.")
        sess = Session(master, self._graph, config)
        if saver is None or not (folder or checkpoint):
            return sess, False
        if checkpoint:
            saver.restore(sess, checkpoint)
            return sess, True
        assert folder is not None
        # As in TensorFlow, the time that was waited is compared: at least one wait, however long each of them is.
        left = max_wait_secs if waits else 0
        # Strict: where a disk does not answer, an error is better than a training that begins again.
        state = state_file.read(as_source(folder), strict=True)
        while state is None:
            if left <= 0:
                return sess, False
            log.info("Waiting for checkpoint to be available.")
            time.sleep(self._recovery_wait_secs)
            left -= self._recovery_wait_secs
            state = state_file.read(as_source(folder), strict=True)
        saver.restore(sess, state.model_checkpoint_path)
        saver.recover_last_checkpoints([*state.all_model_checkpoint_paths])
        return sess, True

    def _run_local_init_op(self, sess: Session) -> str:
        """Run the operation if the variables that it needs have values; gives the reason if not, or an empty string."""
        if self._local_init_op is None:
            return ""
        problem = _not_ready(self._ready_for_local_init_op, sess)
        if not problem:
            sess.run(self._local_init_op, feed_dict=self._local_init_feed_dict, options=self._local_init_run_options)
        return problem


def _not_ready(op: Tensor | None, sess: Session) -> str:
    """The reason why a model is not ready, or an empty string."""
    if op is None:
        return ""
    try:
        names = sess.run(op)
    except FailedPreconditionError as error:
        if "uninitialized" not in str(error):
            raise
        return str(error)
    if names is None or not isinstance(names, np.ndarray) or names.dtype.kind == "i" or not names.size:
        return ""
    return f"Variables not initialized: {', '.join(name.decode() for name in names)}"

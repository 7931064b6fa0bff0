"""Session creators, which make the session of a monitored session."""

from __future__ import annotations

from abc import ABC, abstractmethod

from hdfsaver.graph.default import get_default_graph
from hdfsaver.monitoring.scaffold import Scaffold
from hdfsaver.monitoring.session_manager import SessionManager
from hdfsaver.reading.checkpoint_names import PathLike
from hdfsaver.session import Session


class SessionCreator(ABC):
    """The base of session creators."""

    @abstractmethod
    def create_session(self) -> Session:
        """A new session that is ready to run."""


def _manager(scaffold: Scaffold) -> SessionManager:
    return SessionManager(
        local_init_op=scaffold.local_init_op,
        local_init_feed_dict=scaffold.local_init_feed_dict,
        ready_op=scaffold.ready_op,
        ready_for_local_init_op=scaffold.ready_for_local_init_op,
        graph=get_default_graph(),
    )


class ChiefSessionCreator(SessionCreator):
    """Makes sessions that are restored from a checkpoint, or initialized.

    Parameters
    ----------
    scaffold : Scaffold, optional
        The operations and the Saver; by default a new one.
    master, config : object
        Accepted for programs that give them, as `Session` does.
    checkpoint_dir : path, optional
        The folder whose latest checkpoint is restored.
    checkpoint_filename_with_path : path, optional
        A checkpoint to restore instead.
    """

    def __init__(
        self,
        scaffold: Scaffold | None = None,
        master: str = "",
        config: object = None,
        checkpoint_dir: PathLike | None = None,
        checkpoint_filename_with_path: PathLike | None = None,
    ) -> None:
        self._scaffold = scaffold or Scaffold()
        self._master = master
        self._config = config
        self._folder = checkpoint_dir
        self._checkpoint = checkpoint_filename_with_path

    def create_session(self) -> Session:
        """A session that is ready; see `SessionManager.prepare_session`."""
        scaffold = self._scaffold.finalize()
        return _manager(scaffold).prepare_session(
            self._master,
            saver=scaffold.saver,
            checkpoint_dir=self._folder,
            checkpoint_filename_with_path=self._checkpoint,
            config=self._config,
            init_op=scaffold.init_op,
            init_feed_dict=scaffold.init_feed_dict,
            init_fn=scaffold.init_fn,
        )


class WorkerSessionCreator(SessionCreator):
    """Makes sessions whose variables get their values from a chief; see `SessionManager.wait_for_session`.

    Parameters
    ----------
    scaffold : Scaffold, optional
        The operations; by default a new one.
    master, config : object
        Accepted for programs that give them, as `Session` does.
    max_wait_secs : float
        Seconds to wait at most.
    """

    def __init__(
        self, scaffold: Scaffold | None = None, master: str = "", config: object = None, max_wait_secs: float = 30 * 60
    ) -> None:
        self._scaffold = scaffold or Scaffold()
        self._master = master
        self._config = config
        self._max_wait_secs = max_wait_secs

    def create_session(self) -> Session:
        """A session that is ready; see `SessionManager.wait_for_session`."""
        return _manager(self._scaffold.finalize()).wait_for_session(
            self._master, config=self._config, max_wait_secs=self._max_wait_secs
        )

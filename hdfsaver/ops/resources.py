"""Objects that a session keeps from run to run, such as queues and tables."""

from __future__ import annotations


class Resource:
    """An object that operations keep in a session; see `hdfsaver.session.session_state.SessionState.resource`."""

    def release(self) -> None:
        """Let go of files and threads: the session is closed."""

"""Running graphs: plans, the seam for engines, and the session that keeps the variables' values."""

from hdfsaver.session.session import InteractiveSession, Session

__all__ = ["InteractiveSession", "Session"]

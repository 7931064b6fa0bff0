"""Running graphs: plans, engines, and the session that keeps the variables' values."""

from hdfsaver.session.session import InteractiveSession, Session, get_default_session

__all__ = ["InteractiveSession", "Session", "get_default_session"]

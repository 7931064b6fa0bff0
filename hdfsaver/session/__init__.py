"""Running graphs: plans, engines, and the session that keeps the variables' values."""

from hdfsaver.session import timeline
from hdfsaver.session.conversions import register_session_run_conversion_functions
from hdfsaver.session.interactive_session import InteractiveSession
from hdfsaver.session.session import Session, get_default_session

__all__ = [
    "InteractiveSession",
    "Session",
    "get_default_session",
    "register_session_run_conversion_functions",
    "timeline",
]
